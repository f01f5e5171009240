"""attention: every query looks at all keys, and takes the average of the values, weighted by how well they match."""

import math

import numpy as np
from jaxtyping import Bool, Float, Int

TILE, QUERIES = 2**16, 64  # numbers in a tile of scores: 256 KB of float32; and how many queries it has at most
SMALL = 1e-25  # a row of exponentials whose sum lies between this and its inverse needs no shift


def causal_mask(T: int) -> Bool[np.ndarray, "T T"]:
    """Who may look where in a sequence that is written from left to right: step t at the steps 0 … t, itself included.

    True means may look.

    >>> causal_mask(3)
    array([[ True, False, False],
           [ True,  True, False],
           [ True,  True,  True]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.3.
    """
    return np.tri(T, dtype=bool)


def padding_mask(lengths: Int[np.ndarray, " N"], S: int) -> Bool[np.ndarray, "N S"]:
    """Which of S places hold a token and not padding: in row n the first `lengths[n]`. True means may look.

    Whoever attends with T queries adds an axis: `mask[:, None, :]` is (N, 1, S).

    >>> padding_mask(np.array([1, 3]), 3)
    array([[ True, False, False],
           [ True,  True,  True]])
    """
    if np.any(lengths < 0) or np.any(lengths > S):
        raise ValueError(f"padding_mask: lengths {lengths.tolist()} must lie between 0 and S = {S}")
    return np.arange(S) < lengths[:, None]


def attention_weights(
    q: Float[np.ndarray, "... T E"],
    k: Float[np.ndarray, "... S E"],
    mask: Bool[np.ndarray, "... T S"] | None = None,
) -> Float[np.ndarray, "... T S"]:
    """How much each query looks at each key: the scaled products, made into probabilities along the keys.

        scores_ts = q_t · k_s / √E        weights_ts = exp(scores_ts) / Σ_r exp(scores_tr)

    `mask` says where a query may look (True) and where not (False: weight 0, and not in the sum below). It is (T, S), the
    same for every example, or has leading axes that broadcast to those of the scores. A row that may look nowhere is all
    zeros. It must survive scores of ±1e4, also hidden ones.

    >>> q, k = np.array([[2.0 * np.log(3.0), 0.0, 0.0, 0.0]]), np.eye(3, 4)
    >>> attention_weights(q, k).round(2)
    array([[0.6, 0.2, 0.2]])
    >>> attention_weights(q, k, np.array([[True, True, False]])).round(2)
    array([[0.75, 0.25, 0.  ]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.1.
    """
    _check(q, k, mask)
    scale = 1 / math.sqrt(q.shape[-1])  # math.sqrt leaves float32 what it is
    with np.errstate(over="ignore"):  # rows that overflow are shifted and done again
        exps, total = _exps(q * scale, k.swapaxes(-1, -2), mask)
    return exps / total


def attention(
    q: Float[np.ndarray, "... T E"],
    k: Float[np.ndarray, "... S E"],
    v: Float[np.ndarray, "... S F"],
    mask: Bool[np.ndarray, "... T S"] | None = None,
) -> Float[np.ndarray, "... T F"]:
    """For each of T queries an average of the S values, weighted by how well the query matches each key.

        out_t = Σ_s weights_ts · v_s        weights = attention_weights(q, k, mask)

    A query that may look nowhere gets zeros.

    >>> q, k = np.array([[0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> attention(q, k, np.array([[2.0], [6.0]]))
    array([[4.]])
    >>> attention(q, k, np.array([[2.0], [6.0]]), np.array([[False, True]]))
    array([[6.]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.1.
    """
    _check(q, k, mask)
    (*batch, T, E), S = q.shape, k.shape[-2]
    if mask is not None:
        mask = np.broadcast_to(mask, (*batch, T, S)).reshape(-1, T, S)
    q, k, v = (a.reshape(-1, *a.shape[-2:]) for a in (q, k, v))  # B T E, B S E, B S F
    out = np.empty((len(q), T, v.shape[-1]), v.dtype)
    scale = 1 / math.sqrt(E)
    with np.errstate(over="ignore"):  # rows that overflow are shifted and done again
        # tile by tile, so that the scores never leave the processor's cache: the idea of FlashAttention
        for some in _slices(len(q), TILE // (min(T, QUERIES) * S)):
            kT = np.ascontiguousarray((k[some] * scale).swapaxes(-1, -2))
            for here in _slices(T, QUERIES):
                exps, total = _exps(q[some, here], kT, None if mask is None else mask[some, here])
                np.matmul(exps, v[some], out=out[some, here])
                out[some, here] /= total  # F numbers in each row; the weights would be S
    return out.reshape(*batch, T, -1)


def attention_backward(
    dout: Float[np.ndarray, "... T F"],
    q: Float[np.ndarray, "... T E"],
    k: Float[np.ndarray, "... S E"],
    v: Float[np.ndarray, "... S F"],
    mask: Bool[np.ndarray, "... T S"] | None = None,
) -> tuple[
    Float[np.ndarray, "... T E"],
    Float[np.ndarray, "... S E"],
    Float[np.ndarray, "... S F"],
]:
    """The gradients (dq, dk, dv) of the loss, given `dout`, its gradient for `attention(q, k, v, mask)`.

        dv_s         = Σ_t weights_ts · dout_t
        dweights_ts  = dout_t · v_s
        dscores_ts   = weights_ts · (dweights_ts − Σ_r dweights_tr · weights_tr)
        dq_t         = Σ_s dscores_ts · k_s / √E
        dk_s         = Σ_t dscores_ts · q_t / √E

    Where the mask is False, the weight is 0 and nothing flows. A query that may look nowhere gets zeros here too.

    >>> q, k, v = np.array([[0.0]]), np.array([[1.0], [2.0]]), np.array([[2.0], [6.0]])
    >>> dq, dk, dv = attention_backward(np.array([[1.0]]), q, k, v)
    >>> dq.tolist(), dk.tolist(), dv.tolist()
    ([[1.0]], [[0.0], [0.0]], [[0.5], [0.5]])

    Source: solutions/derivations/attention.md works it out.
    """
    scale = 1 / math.sqrt(q.shape[-1])
    weights = attention_weights(q, k, mask)  # ... T S
    dv = weights.swapaxes(-1, -2) @ dout
    dweights = dout @ v.swapaxes(-1, -2)  # ... T S
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True))
    dq = dscores @ (k * scale)
    dk = dscores.swapaxes(-1, -2) @ (q * scale)
    return dq, dk, dv


def _exps(q: np.ndarray, kT: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The exponentials of the scores, 0 where the mask is False, and the sum of each row to divide them by."""
    scores = _scores(q, kT, mask)
    exps = np.exp(scores, out=scores)  # in place: nothing here is larger
    total = np.einsum("...s->...", exps)[..., None]  # quicker than .sum() where rows are short
    in_range = total.min(initial=1) > SMALL and total.max(initial=1) < 1 / SMALL  # False where there is a nan
    if not in_range:
        scores = _scores(q, kT, mask)
        exps = np.exp(scores - scores.max(axis=-1, keepdims=True))  # shifting by the row maximum changes nothing
        exps = exps if mask is None else exps * mask  # a row that may look nowhere has become exp(0) all along
        total = exps.sum(axis=-1, keepdims=True)
        total[total == 0] = 1  # and stays zero
    return exps, total


def _scores(q: np.ndarray, kT: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """The scores, and the lowest number there is where the mask is False: its exponential is 0."""
    scores = q @ kT
    return scores if mask is None else np.where(mask, scores, np.finfo(scores.dtype).min)


def _slices(length: int, step: int) -> list[slice]:
    step = max(step, 1)
    return [slice(start, start + step) for start in range(0, length, step)]


def _check(q, k, mask) -> None:
    if q.shape[:-2] != k.shape[:-2] or q.shape[-1] != k.shape[-1]:
        raise ValueError(f"attention: q {q.shape} and k {k.shape} do not fit: (..., T, E) and (..., S, E) are needed")
    if mask is None:
        return
    if mask.dtype != bool:
        raise ValueError(f"attention: the mask holds {mask.dtype}; bool is needed, True where a query may look")
    shape = (*q.shape[:-1], k.shape[-2])
    if mask.ndim > len(shape) or any(m not in (1, s) for m, s in zip(mask.shape[::-1], shape[::-1], strict=False)):
        raise ValueError(f"attention: the mask {mask.shape} does not broadcast to the scores, (..., T, S) = {shape}")
