"""Wrong answers to transformer."""

import importlib.util
import math
from contextlib import contextmanager

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import transformer as right
from solutions.numpy.cross_entropy import cross_entropy_backward
from solutions.numpy.embedding import embedding, embedding_backward
from solutions.numpy.multi_head import multi_head_attention, multi_head_attention_backward
from solutions.numpy.normalization import layer_norm
from solutions.numpy.positions import sinusoidal_positions
from solutions.numpy.transformer_block import block, block_backward, feed_forward

CROSS = right.CROSS


def _copy():
    """The right answer once more, in a module of its own, whose parts can be replaced."""
    spec = importlib.util.spec_from_file_location("transformer_to_change", right.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


other = _copy()


@contextmanager
def _changed(**parts):
    """`other` with some of its functions replaced for a while."""
    kept = {name: vars(other)[name] for name in parts}
    vars(other).update(parts)
    try:
        yield other
    finally:
        vars(other).update(kept)


def _draw(sizes, std):
    """`init` with the spread of every matrix chosen by `std(rows, columns)`."""
    *sizes, rng = sizes
    params = right.init(*sizes, rng)
    for name, value in params.items():
        if value.ndim == 2 and name not in ("Es", "Et"):
            params[name] = value * math.sqrt(len(value)) * std(*value.shape)
    return params


# ---------------------------------------------------------------------- init


@mistake(
    "missing-scale",
    "out[enc1_Wq]",
    says="the weights are standard normal numbers, not scaled to how many products are added up",
)
def init(source_vocab, target_vocab, E, F, L, rng):
    return _draw((source_vocab, target_vocab, E, F, L, rng), lambda D, M: 1.0)


@mistake(
    "fan-swapped",
    "out[enc1_W1]",
    says="the spread is 1/√M, of the number of columns; what is added up for one number are the D rows",
)
def init(source_vocab, target_vocab, E, F, L, rng):
    return _draw((source_vocab, target_vocab, E, F, L, rng), lambda D, M: 1 / math.sqrt(M))


@mistake("wrong-operand", "out[Es]", says="the sizes of the two vocabularies have changed places: Es is for the source")
def init(source_vocab, target_vocab, E, F, L, rng):
    return right.init(target_vocab, source_vocab, E, F, L, rng)


@mistake(
    "wrong-factor",
    "out[Es]",
    says="the embeddings have the spread 1: they are multiplied by √E later, so they start at 1/√E",
)
def init(source_vocab, target_vocab, E, F, L, rng):
    params = right.init(source_vocab, target_vocab, E, F, L, rng)
    return params | {name: params[name] * math.sqrt(E) for name in ("Es", "Et")}


@mistake(
    "missing-term", "out[enc1_gamma1]", says="the gains start at 0, so that every norm gives zeros; they start at 1"
)
def init(source_vocab, target_vocab, E, F, L, rng):
    params = right.init(source_vocab, target_vocab, E, F, L, rng)
    return params | {name: 0 * value for name, value in params.items() if "gamma" in name}


# ---------------------------------------------------------------------- loss_and_grads


@mistake("missing-scale", "loss", says="the embeddings are not multiplied by √E before the positions are added")
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def embed(ids, E):
        return embedding(ids, E) + sinusoidal_positions(ids.shape[1], E.shape[1]).astype(E.dtype)

    with _changed(_embed=embed, _embed_backward=embedding_backward) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake("missing-term", "loss", says="no positions are added: the model cannot tell the order of the words")
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    with _changed(sinusoidal_positions=lambda T, E: np.zeros((T, E))) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake(
    "future-leaks", "loss", says="whoever writes may look at all words of the target, also at those to be predicted"
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    with _changed(causal_mask=lambda T: np.ones((T, T), bool)) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake(
    "mask-inverted",
    "loss",
    says="the mask of the target is upside down: each place sees itself and what comes behind it",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    with _changed(causal_mask=lambda T: np.tri(T, dtype=bool).T) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake(
    "padding-leaks", "loss", says="the source is read and looked at without a mask: its padding is taken for words"
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    with _changed(
        block=lambda x, p, G, mask: block(x, p, G),
        block_backward=lambda dout, x, p, G, mask: block_backward(dout, x, p, G),
        multi_head_attention=_unless_causal(multi_head_attention),
        multi_head_attention_backward=_unless_causal(multi_head_attention_backward),
    ) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


def _unless_causal(attend):
    """The same attention, which keeps a mask "T T" and drops one for each example."""
    return lambda *args: attend(*args[:-1], args[-1] if args[-1].ndim == 2 else None)


@mistake(
    "not-normalised",
    "loss",
    says="the norm behind the last block that reads is left out: the source is looked at as it is",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def norm(x, gamma, beta, eps):
        return x if gamma is params["enc_gamma"] else layer_norm(x, gamma, beta, eps)

    with _changed(layer_norm=norm) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake(
    "wrong-order",
    "loss",
    says="in the blocks that write, the sum of both is normalised (post-norm); the copy that goes into each part should be",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def post(y, hs, p, mask):
        causal = right.causal_mask(y.shape[1])
        own = (p[name] for name in ("Wq", "Wk", "Wv", "Wo"))
        y1 = layer_norm(y + multi_head_attention(y, y, *own, right.HEADS, causal), p["gamma1"], p["beta1"], right.EPS)
        looked = y1 + multi_head_attention(y1, hs, *(p[name] for name in CROSS), right.HEADS, mask)
        y2 = layer_norm(looked, p["cross_gamma"], p["cross_beta"], right.EPS)
        out = layer_norm(y2 + feed_forward(y2, p["W1"], p["b1"], p["W2"], p["b2"]), p["gamma2"], p["beta2"], right.EPS)
        return y, y1, y1, y2, y2, out

    with _changed(_writing_block=post) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake(
    "wrong-argument",
    "loss",
    says="keys and values of the second attention come from the target; they belong to the source",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def self_only(y, hs, p, mask):
        causal = right.causal_mask(y.shape[1])
        a = layer_norm(y, p["gamma1"], p["beta1"], right.EPS)
        y1 = y + multi_head_attention(a, a, p["Wq"], p["Wk"], p["Wv"], p["Wo"], right.HEADS, causal)
        c = layer_norm(y1, p["cross_gamma"], p["cross_beta"], right.EPS)
        y2 = y1 + multi_head_attention(c, c, *(p[name] for name in CROSS), right.HEADS, causal)
        b = layer_norm(y2, p["gamma2"], p["beta2"], right.EPS)
        return a, y1, c, y2, b, y2 + feed_forward(b, p["W1"], p["b1"], p["W2"], p["b2"])

    with _changed(_writing_block=self_only) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake(
    "off-by-one", "loss", says="the words that are given are the words that are wanted: nothing is left to predict"
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def write(given, hs, mask, params):
        return right._write(target[:, 1:], hs, mask, params)

    with _changed(_write=write) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake("missing-mean", "loss", says="the losses of the words are added up; their mean is wanted")
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    count = (target_lengths - 1).sum()
    loss, grads = right.loss_and_grads(params, source, source_lengths, target, target_lengths)
    return loss * count, {name: value * value.dtype.type(count) for name, value in grads.items()}


@mistake(
    "extra-mean",
    "grads[bo]",
    says="the gradients are divided by the number of words once more: the gradient of the loss has that in it",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    count = int((target_lengths - 1).sum())
    with _changed(
        cross_entropy_backward=lambda dout, logits, labels: cross_entropy_backward(dout, logits, labels) / count
    ) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake(
    "gradient-not-carried",
    "grads[Es]",
    says="only the first block that writes sends its gradient to the source; every block has looked at it, and they add up",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    waiting = right._parts(params, "dec")

    def one(dout, y, hs, p, mask):
        dy, dhs, found = right._writing_block_backward(dout, y, hs, p, mask)
        waiting.pop()
        return dy, 0 * dhs if waiting else dhs, found

    with _changed(_writing_block_backward=one) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake(
    "not-accumulated",
    "grads[Es]",
    says="a word that stands in several places gets the gradient of the last of them; they add up",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def overwritten(dout, ids, E):
        dE = np.zeros_like(E)
        dE[ids] = dout * math.sqrt(E.shape[1])
        return dE

    with _changed(_embed_backward=overwritten) as it:
        return it.loss_and_grads(params, source, source_lengths, target, target_lengths)


@mistake(
    "dtype-drift",
    "grads[Es]",
    says="the positions are float64 and make float64 of all that they are added to",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def drift(ids, E):
        return embedding(ids, E) * math.sqrt(E.shape[1]) + sinusoidal_positions(ids.shape[1], E.shape[1])

    with _changed(_embed=drift) as it:
        loss, grads = it.loss_and_grads(params, source, source_lengths, target, target_lengths)
    return loss, {name: value.astype(np.float64) for name, value in grads.items()}


@mistake("mutates-input", says="the embeddings in `params` are multiplied by √E in place, again at every call")
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    result = right.loss_and_grads(params, source, source_lengths, target, target_lengths)
    params["Es"] *= math.sqrt(params["Es"].shape[1])
    params["Et"] *= math.sqrt(params["Et"].shape[1])
    return result


# ---------------------------------------------------------------------- greedy_decode


@mistake(
    "state-not-carried", says="only the last word is given to the blocks; attention needs all that is written so far"
)
def greedy_decode(source, lengths, params, bos, eos, max_length):
    with _changed(_write=lambda given, *rest: right._write(given[:, -1:], *rest)) as it:
        return it.greedy_decode(source, lengths, params, bos, eos, max_length)


@mistake("wrong-operand", says="the next word is read off the first place; the last one knows all that is written")
def greedy_decode(source, lengths, params, bos, eos, max_length):
    with _changed(_write=lambda *args: [right._write(*args)[-1][:, :1]]) as it:
        return it.greedy_decode(source, lengths, params, bos, eos, max_length)


@mistake("padding-leaks", says="the padding of the source is read and looked at as if it were words")
def greedy_decode(source, lengths, params, bos, eos, max_length):
    with _changed(padding_mask=lambda lengths, S: np.ones((len(lengths), S), bool)) as it:
        return it.greedy_decode(source, lengths, params, bos, eos, max_length)


@mistake(
    "missing-term", says="nothing ends a sentence: `eos` is written like any other word, and writing goes on behind it"
)
def greedy_decode(source, lengths, params, bos, eos, max_length):
    return right.greedy_decode(source, lengths, params, bos, -1, max_length)


@mistake("off-by-one", says="bos is among the ids that are given back")
def greedy_decode(source, lengths, params, bos, eos, max_length):
    return [[bos, *ids] for ids in right.greedy_decode(source, lengths, params, bos, eos, max_length)]


@mistake("reversed", says="the words come back last one first")
def greedy_decode(source, lengths, params, bos, eos, max_length):
    return [ids[::-1] for ids in right.greedy_decode(source, lengths, params, bos, eos, max_length)]


# ---------------------------------------------------------------------- what only torch can do


@mistake(
    "graph-broken",
    track="torch",
    says="the embeddings of the target go through numpy, and autograd cannot find its way back to them",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    import torch

    from solutions.torch import transformer as reference

    leaves = {name: param.detach().requires_grad_() for name, param in params.items()}
    cut = leaves | {"Et": torch.from_numpy(leaves["Et"].detach().numpy())}
    loss = reference._loss(cut, source, source_lengths, target, target_lengths)
    found = torch.autograd.grad(loss, list(leaves.values()))
    return loss.detach(), dict(zip(leaves, found, strict=True))
