"""Right answers to softmax in another style."""

import numpy as np


def softmax__loops(x):
    rows = x.reshape(-1, x.shape[-1])
    out = np.empty_like(rows)
    for n, row in enumerate(rows):
        top = max(row)
        total = sum(np.exp(value - top) for value in row)
        for c, value in enumerate(row):
            out[n, c] = np.exp(value - top) / total
    return out.reshape(x.shape)


def softmax__through_logarithms(x):
    return np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True))


def softmax_backward__einsum(dout, x):
    p = np.exp(x - x.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return p * dout - p * np.einsum("...c,...c->...", dout, p)[..., None]


def softmax_backward__row_by_row(dout, x):
    dx = np.zeros_like(x)
    for index in np.ndindex(x.shape[:-1]):
        p = np.exp(x[index] - np.max(x[index]))
        p = p / np.sum(p)
        dx[index] = p * dout[index] - p * np.dot(p, dout[index])
    return dx


def log_softmax__transposed(x):
    moved = np.moveaxis(x, -1, 0)
    top = np.amax(moved, axis=0)
    return np.moveaxis(moved - (top + np.log(np.sum(np.exp(moved - top), axis=0))), 0, -1)


def log_softmax_backward__loops(dout, x):
    dx = np.array(dout)
    for index in np.ndindex(x.shape[:-1]):
        p = np.exp(x[index] - x[index].max())
        p = p / p.sum()
        total = dout[index].sum()
        for c in range(x.shape[-1]):
            dx[index + (c,)] -= p[c] * total
    return dx
