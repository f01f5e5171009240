"""Right answers to dropout in another style."""

import numpy as np


def dropout__early_return(x, p, rng, train=True):
    if not train or p == 0:
        return x.copy(), np.ones(x.shape, x.dtype)
    mask = np.where(rng.random(x.shape) < p, 0.0, 1.0 / (1.0 - p)).astype(x.dtype)
    return mask * x, mask


def dropout__binomial(x, p, rng, train=True):
    keep = rng.binomial(1, 1 - p, size=x.shape) if train else np.ones(x.shape)
    mask = (keep / (1 - p) if train else keep).astype(x.dtype)
    return np.multiply(x, mask), mask


def dropout__choice(x, p, rng, train=True):
    q = 1 - p
    mask = rng.choice([0, 1 / q], size=x.shape, p=[p, q]) if train else np.ones_like(x)
    mask = mask.astype(x.dtype)
    return x * mask, mask


def dropout__element_by_element(x, p, rng, train=True):
    out, mask = np.zeros_like(x), np.zeros_like(x)
    for index in np.ndindex(x.shape):
        if not train:
            mask[index] = 1
        elif rng.uniform() > p or p == 0:
            mask[index] = 1 / (1 - p)
        out[index] = x[index] * mask[index]
    return out, mask


def dropout__the_draw_comes_first(x, p, rng, train=True):
    u = rng.uniform(0, 1, x.shape).astype(x.dtype)
    mask = np.ones_like(x)
    if train:
        mask[u < p] = 0
        mask /= 1 - p
    return [x * mask, mask]


def dropout__zeros_written_in(x, p, rng, train=True):
    if not train:
        return x, np.ones_like(x)
    gone = rng.random(x.size).reshape(x.shape) < p
    out, mask = x / (1 - p), np.full_like(x, 1 / (1 - p))
    out[gone], mask[gone] = 0, 0
    return out, mask


def dropout_backward__element_by_element(dout, mask):
    dx = np.zeros_like(dout)
    for index in np.ndindex(dout.shape):
        dx[index] = dout[index] * mask[index]
    return dx


def dropout_backward__copy(dout, mask):
    dx = dout.copy()
    dx *= mask
    return dx


def dropout_backward__einsum(dout, mask):
    return np.einsum("...,...->...", mask, dout)
