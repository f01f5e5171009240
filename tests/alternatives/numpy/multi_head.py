"""Right answers to multi_head in another style."""

import math

import numpy as np


def split_heads__blocks(x, G):
    return np.stack(np.split(x, G, axis=2), axis=1)


def split_heads__transpose(x, G):
    N, T, E = x.shape
    return x.reshape(N, T, G, E // G).transpose(0, 2, 1, 3)


def merge_heads__side_by_side(x):
    return np.concatenate([x[:, g] for g in range(x.shape[1])], axis=2)


def merge_heads__transpose(x):
    N, G, T, D = x.shape
    return x.transpose(0, 2, 1, 3).reshape(N, T, -1)


def softmax_of(scores, mask):
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = exps / exps.sum(axis=-1, keepdims=True)
    return weights if mask is None else weights * mask


def multi_head_attention__in_one_piece(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    N, T, E = x_q.shape
    S = x_kv.shape[1]
    D = E // G
    q = (x_q @ Wq).reshape(N, T, G, D).transpose(0, 2, 1, 3)
    k = (x_kv @ Wk).reshape(N, S, G, D).transpose(0, 2, 1, 3)
    v = (x_kv @ Wv).reshape(N, S, G, D).transpose(0, 2, 1, 3)
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(D)
    if mask is not None and mask.ndim == 3:
        mask = mask[:, None]
    weights = softmax_of(scores, mask)
    heads = (weights @ v).transpose(0, 2, 1, 3).reshape(N, T, E)
    return heads @ Wo


def multi_head_attention__head_by_head(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    D = x_q.shape[2] // G
    out = np.zeros_like(x_q)
    for g in range(G):
        own = slice(g * D, (g + 1) * D)
        q, k, v = x_q @ Wq[:, own], x_kv @ Wk[:, own], x_kv @ Wv[:, own]
        weights = softmax_of(q @ k.swapaxes(1, 2) / math.sqrt(D), mask)
        out += weights @ v @ Wo[own]
    return out


def multi_head_attention_backward__head_by_head(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    D = x_q.shape[2] // G
    dx_q, dx_kv = np.zeros_like(x_q), np.zeros_like(x_kv)
    dWq, dWk, dWv, dWo = (np.zeros_like(W) for W in (Wq, Wk, Wv, Wo))
    for g in range(G):
        own = slice(g * D, (g + 1) * D)
        q, k, v = x_q @ Wq[:, own], x_kv @ Wk[:, own], x_kv @ Wv[:, own]
        weights = softmax_of(q @ k.swapaxes(1, 2) / math.sqrt(D), mask)
        dhead = dout @ Wo[own].T
        dWo[own] = np.einsum("ntd,nte->de", weights @ v, dout)
        dv = weights.swapaxes(1, 2) @ dhead
        dweights = dhead @ v.swapaxes(1, 2)
        dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True)) / math.sqrt(D)
        dq, dk = dscores @ k, dscores.swapaxes(1, 2) @ q
        dWq[:, own] = np.einsum("nte,ntd->ed", x_q, dq)
        dWk[:, own] = np.einsum("nse,nsd->ed", x_kv, dk)
        dWv[:, own] = np.einsum("nse,nsd->ed", x_kv, dv)
        dx_q += dq @ Wq[:, own].T
        dx_kv += dk @ Wk[:, own].T + dv @ Wv[:, own].T
    return dx_q, dx_kv, dWq, dWk, dWv, dWo
