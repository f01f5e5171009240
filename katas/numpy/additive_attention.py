"""additive_attention: a small network says how well a query and a key match, as in the first translators that attended."""

import numpy as np
from jaxtyping import Bool, Float
from katas.numpy.softmax import softmax


def additive_attention(
    query: Float[np.ndarray, "N H"],
    keys: Float[np.ndarray, "N S H"],
    values: Float[np.ndarray, "N S F"],
    Wq: Float[np.ndarray, "H A"],
    Wk: Float[np.ndarray, "H A"],
    v: Float[np.ndarray, " A"],
    mask: Bool[np.ndarray, "N S"] | None = None,
) -> tuple[Float[np.ndarray, "N F"], Float[np.ndarray, "N S"]]:
    """For one query per example: the average of its S values, weighted by a score that a small network gives each key.

        score_ns   = v · tanh(query_n Wq + keys_ns Wk)
        weights_ns = exp(score_ns) / Σ_r exp(score_nr)
        context_n  = Σ_s weights_ns · values_ns

    Returns (context, weights). Where `mask` is False there is padding: its weight is 0, and it is not in the sum below. An
    example that may look nowhere gets zero weights and a zero context.

    >>> one, keys, values = np.ones((1, 1)), np.array([[[0.0], [5.0]]]), np.array([[[2.0], [6.0]]])
    >>> context, weights = additive_attention(one, keys, values, one, np.zeros((1, 1)), np.ones(1))
    >>> context.tolist(), weights.tolist()  # Wk is zero: all keys look the same
    ([[4.0]], [[0.5, 0.5]])

    Source: Bahdanau, Cho, Bengio: Neural Machine Translation by Jointly Learning to Align and Translate (2014), arXiv
    1409.0473, section 3.1 and appendix A.1.2.
    """
    raise NotImplementedError("additive_attention")


def additive_attention_backward(
    dcontext: Float[np.ndarray, "N F"],
    dweights: Float[np.ndarray, "N S"],
    query: Float[np.ndarray, "N H"],
    keys: Float[np.ndarray, "N S H"],
    values: Float[np.ndarray, "N S F"],
    Wq: Float[np.ndarray, "H A"],
    Wk: Float[np.ndarray, "H A"],
    v: Float[np.ndarray, " A"],
    mask: Bool[np.ndarray, "N S"] | None = None,
) -> tuple[
    Float[np.ndarray, "N H"],
    Float[np.ndarray, "N S H"],
    Float[np.ndarray, "N S F"],
    Float[np.ndarray, "H A"],
    Float[np.ndarray, "H A"],
    Float[np.ndarray, " A"],
]:
    """The gradients (dquery, dkeys, dvalues, dWq, dWk, dv), given those for both outputs, `dcontext` and `dweights`.

        dvalues_ns = weights_ns · dcontext_n
        g_ns       = dweights_ns + dcontext_n · values_ns        (the weights reach the loss on both ways)
        dscore_ns  = weights_ns · (g_ns − Σ_r g_nr · weights_nr)
        dz_ns      = dscore_ns · v · (1 − h_ns²)                 (h = tanh(z), z_ns = query_n Wq + keys_ns Wk)
        dquery_n   = Σ_s dz_ns Wqᵀ        dWq = Σ_n Σ_s query_nᵀ dz_ns
        dkeys_ns   = dz_ns Wkᵀ            dWk = Σ_n Σ_s keys_nsᵀ dz_ns        dv = Σ_n Σ_s dscore_ns · h_ns

    >>> one, keys, values = np.ones((1, 1)), np.array([[[0.0], [5.0]]]), np.array([[[2.0], [6.0]]])
    >>> zero = np.zeros((1, 1))
    >>> _, dkeys, dvalues, *_ = additive_attention_backward(one, np.zeros((1, 2)), zero, keys, values, one, zero, one[0])
    >>> dkeys.tolist(), dvalues.tolist()
    ([[[0.0], [0.0]]], [[[0.5], [0.5]]])

    Source: solutions/derivations/additive_attention.md works it out.
    """
    raise NotImplementedError("additive_attention_backward")
