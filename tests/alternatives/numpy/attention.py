"""Right answers to attention in another style."""

import math

import numpy as np


def causal_mask__compared(T):
    steps = np.arange(T)
    return steps[None, :] <= steps[:, None]


def causal_mask__triangle_above(T):
    return ~np.triu(np.ones((T, T), dtype=bool), k=1)


def padding_mask__row_by_row(lengths, S):
    mask = np.zeros((len(lengths), S), dtype=bool)
    for n, length in enumerate(lengths):
        mask[n, :length] = True
    return mask


def attention_weights__minus_infinity(q, k, mask=None):
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    top = scores.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    exps = np.exp(scores - top)
    total = exps.sum(axis=-1, keepdims=True)
    total[total == 0] = 1
    return exps / total


def attention_weights__large_negative_number(q, k, mask=None):
    d_k = q.shape[-1]
    scores = np.matmul(q, np.swapaxes(k, -1, -2)) / math.sqrt(d_k)
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    scores = scores - np.max(scores, axis=-1, keepdims=True)
    weights = np.exp(scores)
    weights = weights / np.sum(weights, axis=-1, keepdims=True)
    if mask is not None:
        weights = weights * mask
    return weights


def attention_weights__einsum(q, k, mask=None):
    scores = np.einsum("...te,...se->...ts", q, k) / math.sqrt(k.shape[-1])
    if mask is None:
        mask = np.ones(scores.shape, dtype=bool)
    top = np.max(scores, axis=-1, keepdims=True, where=mask, initial=-1e30)
    exps = np.where(mask, np.exp(np.where(mask, scores - top, 0)), 0)
    total = exps.sum(axis=-1, keepdims=True)
    return np.divide(exps, total, out=np.zeros_like(exps), where=total > 0)


def attention__in_one_piece(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    if mask is not None:
        weights = weights * mask
    return weights @ v


def attention__query_by_query(q, k, v, mask=None):
    out = np.zeros((*q.shape[:-1], v.shape[-1]), dtype=q.dtype)
    seen = np.ones((*q.shape[:-1], k.shape[-2]), dtype=bool)
    if mask is not None:
        seen = seen & mask
    for index in np.ndindex(q.shape[:-1]):
        here = seen[index]
        if here.any():
            keys, values = k[index[:-1]][here], v[index[:-1]][here]
            scores = keys @ q[index] / math.sqrt(q.shape[-1])
            exps = np.exp(scores - scores.max())
            out[index] = exps @ values / exps.sum()
    return out


def attention_backward__step_by_step(dout, q, k, v, mask=None):
    scale = 1 / math.sqrt(q.shape[-1])
    scores = (q @ np.swapaxes(k, -1, -2)) * scale
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    if mask is not None:
        weights = weights * mask
    dv = np.swapaxes(weights, -1, -2) @ dout
    dweights = dout @ np.swapaxes(v, -1, -2)
    dscores = weights * (dweights - np.sum(dweights * weights, axis=-1, keepdims=True))
    if mask is not None:
        dscores = np.where(mask, dscores, 0)
    dq = dscores @ k * scale
    dk = np.swapaxes(dscores, -1, -2) @ q * scale
    return dq, dk, dv


def attention_backward__einsum(dout, q, k, v, mask=None):
    weights = attention_weights__minus_infinity(q, k, mask)
    out = np.einsum("...ts,...sf->...tf", weights, v)
    dv = np.einsum("...ts,...tf->...sf", weights, dout)
    dweights = np.einsum("...tf,...sf->...ts", dout, v)
    dscores = weights * (dweights - np.einsum("...tf,...tf->...t", dout, out)[..., None]) / math.sqrt(q.shape[-1])
    return np.einsum("...ts,...se->...te", dscores, k), np.einsum("...ts,...te->...se", dscores, q), dv
