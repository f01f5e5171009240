"""Right answers to additive_attention in another style."""

import numpy as np


def additive_attention__one_line_after_the_other(query, keys, values, Wq, Wk, v, mask=None):
    z = (query @ Wq)[:, None, :] + keys @ Wk
    h = np.tanh(z)
    scores = h @ v
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = exps / exps.sum(axis=1, keepdims=True)
    if mask is not None:
        weights = weights * mask
    context = np.sum(weights[:, :, None] * values, axis=1)
    return context, weights


def additive_attention__einsum(query, keys, values, Wq, Wk, v, mask=None):
    h = np.tanh(np.einsum("nh,ha->na", query, Wq)[:, np.newaxis] + np.einsum("nsh,ha->nsa", keys, Wk))
    scores = np.einsum("nsa,a->ns", h, v)
    seen = np.ones(scores.shape, dtype=bool) if mask is None else mask
    top = np.max(scores, axis=1, keepdims=True, where=seen, initial=-1e30)
    exps = np.where(seen, np.exp(np.where(seen, scores - top, 0)), 0)
    total = exps.sum(axis=1, keepdims=True)
    weights = np.divide(exps, total, out=np.zeros_like(exps), where=total > 0)
    return np.einsum("ns,nsf->nf", weights, values), weights


def additive_attention__example_by_example(query, keys, values, Wq, Wk, v, mask=None):
    context = np.zeros((len(query), values.shape[2]), dtype=query.dtype)
    weights = np.zeros(keys.shape[:2], dtype=query.dtype)
    for n in range(len(query)):
        here = np.arange(keys.shape[1]) if mask is None else np.flatnonzero(mask[n])
        if len(here):
            scores = np.tanh(query[n] @ Wq + keys[n, here] @ Wk) @ v
            exps = np.exp(scores - scores.max())
            weights[n, here] = exps / exps.sum()
            context[n] = weights[n] @ values[n]
    return context, weights


def additive_attention_backward__one_line_after_the_other(
    dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None
):
    h = np.tanh((query @ Wq)[:, None, :] + keys @ Wk)
    scores = h @ v
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = exps / exps.sum(axis=1, keepdims=True)
    if mask is not None:
        weights = weights * mask
    dvalues = weights[:, :, None] * dcontext[:, None, :]
    dw = dweights + np.sum(values * dcontext[:, None, :], axis=2)
    dscores = weights * (dw - np.sum(dw * weights, axis=1, keepdims=True))
    dv = np.sum(dscores[:, :, None] * h, axis=(0, 1))
    dh = dscores[:, :, None] * v
    dz = dh * (1 - h**2)
    dkeys = dz @ Wk.T
    dWk = np.sum(keys.swapaxes(1, 2) @ dz, axis=0)
    dquery = np.sum(dz, axis=1) @ Wq.T
    dWq = query.T @ np.sum(dz, axis=1)
    return dquery, dkeys, dvalues, dWq, dWk, dv


def additive_attention_backward__einsum(dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None):
    h = np.tanh((query @ Wq)[:, None, :] + keys @ Wk)
    _, weights = additive_attention__einsum(query, keys, values, Wq, Wk, v, mask)
    g = dweights + np.einsum("nf,nsf->ns", dcontext, values)
    dscore = weights * g - weights * np.einsum("ns,ns->n", g, weights)[:, None]
    dz = np.einsum("ns,a,nsa->nsa", dscore, v, 1 - h * h)
    return (
        np.einsum("nsa,ha->nh", dz, Wq),
        np.einsum("nsa,ha->nsh", dz, Wk),
        np.einsum("ns,nf->nsf", weights, dcontext),
        np.einsum("nh,nsa->ha", query, dz),
        np.einsum("nsh,nsa->ha", keys, dz),
        np.einsum("ns,nsa->a", dscore, h),
    )
