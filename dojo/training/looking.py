"""Where a trained translator looks: the weights of its attention, from its parameters, by the formulas of the references.

The katas of the models give words, not weights, so the dojo walks through the reference with the learner's parameters.
"""

from importlib import import_module

import numpy as np

from dojo.training.outcomes import Params
from dojo.training.sentences import BOS


def weights(params: Params, source: list[int], written: list[int]) -> np.ndarray:
    """How much each written word, and the end behind them, looked at each source word: "T S", rows that sum to 1.

    Of a transformer, the mean over the heads of its last block that writes; of seq2seq, its attention. ValueError for a
    model without attention.
    """
    return (
        _transformer(params, source, written)
        if "Es" in params and "dec1_Wq" in params
        else _seq2seq(params, source, written)
    )


def _seq2seq(params: Params, source: list[int], written: list[int]) -> np.ndarray:
    if "Wq" not in params:
        raise ValueError("a model without attention looks nowhere")
    kata = import_module("solutions.numpy.seq2seq")
    hs, h = kata.encode(np.array([source]), np.array([len(source)]), params)
    mask, rows = np.ones((1, len(source)), bool), []
    for word in [BOS, *written]:
        _, h, seen = kata.decode_step(np.array([word]), h, hs, mask, params)
        rows.append(seen[0])
    return np.array(rows)


def _transformer(params: Params, source: list[int], written: list[int]) -> np.ndarray:
    kata = import_module("solutions.numpy.transformer")
    heads, attention = (import_module(f"solutions.numpy.{name}") for name in ("multi_head", "attention"))
    mask = np.ones((1, 1, len(source)), bool)
    hs, _ = kata._read(np.array([source]), mask, params)
    ys = kata._write(np.array([[BOS, *written]]), hs, mask, params)
    last = kata._of(kata._parts(params, "dec")[-1], params)
    _, _, c, *_ = kata._writing_block(ys[-2], hs, last, mask)  # what the block asks with
    q, k = (heads.split_heads(x @ last[name], kata.HEADS) for x, name in ((c, "cross_Wq"), (hs, "cross_Wk")))
    return attention.attention_weights(q, k)[0].mean(axis=0)
