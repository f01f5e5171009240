"""additive_attention: a small network says how well a query and a key match, as in the first translators that attended."""

import numpy as np
from jaxtyping import Bool, Float

from solutions.numpy.softmax import softmax


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
    _check(query, keys, values, mask)
    h = _hidden(query, keys, Wq, Wk)  # N S A
    weights = _masked_softmax(h @ v, mask)  # N S
    context = (weights[:, None, :] @ values)[:, 0]
    return context, weights


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
    N, S, H = keys.shape
    h = _hidden(query, keys, Wq, Wk)  # N S A
    weights = _masked_softmax(h @ v, mask)  # N S
    dvalues = weights[:, :, None] * dcontext[:, None, :]
    g = dweights + (values @ dcontext[:, :, None])[:, :, 0]  # N S
    dscore = weights * (g - (g * weights).sum(axis=1, keepdims=True))
    dz = dscore[:, :, None] * v * (1 - h**2)  # N S A
    rows = dz.reshape(N * S, -1)  # one row for each key of each example
    dz_query = dz.sum(axis=1)  # N A: the query was broadcast to every key
    dv = dscore.reshape(N * S) @ h.reshape(N * S, -1)
    dWk = keys.reshape(N * S, H).T @ rows
    dWq = query.T @ dz_query
    dkeys = (rows @ Wk.T).reshape(N, S, H)
    dquery = dz_query @ Wq.T
    return dquery, dkeys, dvalues, dWq, dWk, dv


def _hidden(query: np.ndarray, keys: np.ndarray, Wq: np.ndarray, Wk: np.ndarray) -> np.ndarray:
    """The small network's hidden layer, "N S A"."""
    return np.tanh((query @ Wq)[:, None, :] + keys @ Wk)


def _masked_softmax(scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """`softmax`, with 0 wherever the mask hides a key, and all zeros where it hides a whole row."""
    if mask is None:
        return softmax(scores)
    lowest = np.finfo(scores.dtype).min  # exp makes it 0, unless the whole row is hidden
    return softmax(np.where(mask, scores, lowest)) * mask


def _check(query, keys, values, mask) -> None:
    N, S = keys.shape[:2]
    if len(query) != N or values.shape[:2] != (N, S):
        shapes = f"query {query.shape}, keys {keys.shape}, values {values.shape}"
        raise ValueError(f"additive_attention: {shapes}: (N, H), (N, S, H) and (N, S, F) are needed")
    if mask is not None and mask.dtype != bool:
        raise ValueError(f"additive_attention: the mask holds {mask.dtype}; bool is needed, True for a token")
    if mask is not None and mask.shape != (N, S):
        raise ValueError(f"additive_attention: the mask is {mask.shape}; (N, S) = {(N, S)} is needed")
