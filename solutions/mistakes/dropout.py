"""Wrong answers to dropout."""

import numpy as np

from solutions.mistakes import mistake


@mistake(
    "not-inverted",
    "mask",
    says="what is kept stays as it is, so that the mean sinks by 1 − p; it must be divided by it",
)
def dropout(x, p, rng, train=True):
    mask = (rng.random(x.shape) >= p).astype(x.dtype) if train else np.ones_like(x)
    return x * mask, mask


@mistake("mask-inverted", "mask", says="p is taken for the probability to keep; it is the probability to drop")
def dropout(x, p, rng, train=True):
    mask = (rng.random(x.shape) < p).astype(x.dtype) / max(p, 1e-12) if train else np.ones_like(x)
    return x * mask, mask


@mistake(
    "wrong-factor", "mask", says="what is kept is multiplied by 1 − p; to keep the mean, it must be divided by that"
)
def dropout(x, p, rng, train=True):
    mask = (rng.random(x.shape) >= p).astype(x.dtype) * (1 - p) if train else np.ones_like(x)
    return x * mask, mask


@mistake("train-test-confused", "mask", says="train is never looked at, so numbers are dropped at test time, too")
def dropout(x, p, rng, train=True):
    mask = (rng.random(x.shape) >= p).astype(x.dtype) / (1 - p)
    return x * mask, mask


@mistake("batch-mixed", "mask", says="one row of draws serves all examples, so that all of them lose the same units")
def dropout(x, p, rng, train=True):
    row = (rng.random(x.shape[1:]) >= p).astype(x.dtype) / (1 - p) if train else np.ones(x.shape[1:], x.dtype)
    mask = np.ones_like(x) * row
    return x * mask, mask


@mistake(
    "lost-axis", "mask", says="the mask has the last axis only; broadcasting spreads it over the examples unnoticed"
)
def dropout(x, p, rng, train=True):
    mask = (rng.random(x.shape[-1]) >= p).astype(x.dtype) / (1 - p) if train else np.ones(x.shape[-1], x.dtype)
    return x * mask, mask


@mistake(
    "wrong-operand",
    "mask",
    says="normal numbers are compared with p; only uniform ones between 0 and 1 are below p with probability p",
)
def dropout(x, p, rng, train=True):
    mask = (rng.normal(size=x.shape) >= p).astype(x.dtype) / (1 - p) if train else np.ones_like(x)
    return x * mask, mask


@mistake("argument-unused", says="a generator with a fixed seed is made inside, so every call drops the same numbers")
def dropout(x, p, rng, train=True):
    rng = np.random.default_rng(0)
    mask = (rng.random(x.shape) >= p).astype(x.dtype) / (1 - p) if train else np.ones_like(x)
    return x * mask, mask


@mistake("nondeterministic", says="the mask is drawn from numpy's global state, not from rng: no seed repeats the run")
def dropout(x, p, rng, train=True):
    mask = (np.random.random(x.shape) >= p).astype(x.dtype) / (1 - p) if train else np.ones_like(x)
    return x * mask, mask


@mistake("mutates-input", says="`*=` writes into x itself, and the caller finds zeros there; multiply into a new array")
def dropout(x, p, rng, train=True):
    mask = (rng.random(x.shape) >= p).astype(x.dtype) / (1 - p) if train else np.ones_like(x)
    x *= mask
    return x, mask


@mistake("dtype-drift", "out", says="a comparison divided by a number is float64, and so is float32 x times that")
def dropout(x, p, rng, train=True):
    mask = (rng.random(x.shape) >= p) / (1 - p) if train else np.ones(x.shape)
    return x * mask, mask


@mistake("wrong-order", "out", says="the mask is returned first and the result second; it is the other way round")
def dropout(x, p, rng, train=True):
    mask = (rng.random(x.shape) >= p).astype(x.dtype) / (1 - p) if train else np.ones_like(x)
    return mask, x * mask


@mistake("wrong-type", says="only the result comes back; the backward pass needs the mask as well")
def dropout(x, p, rng, train=True):
    return x * (rng.random(x.shape) >= p) / (1 - p) if train else x


@mistake("mask-ignored", "out", says="the mask is drawn and returned, but x is never multiplied by it")
def dropout(x, p, rng, train=True):
    mask = (rng.random(x.shape) >= p).astype(x.dtype) / (1 - p) if train else np.ones_like(x)
    return x.copy(), mask


@mistake(
    "wrong-axis",
    "mask",
    says="there is one draw for each example, which loses all of its numbers or none",
)
def dropout(x, p, rng, train=True):
    each = (rng.random((len(x),) + (1,) * (x.ndim - 1)) >= p).astype(x.dtype) / (1 - p)
    mask = np.ones_like(x) * each if train else np.ones_like(x)
    return x * mask, mask


@mistake(
    "graph-broken",
    says="`.data` leaves the graph behind: the layers below dropout get no gradient",
    track="torch",
)
def dropout(x, p, generator, train=True):
    import torch

    mask = (torch.rand(x.shape, generator=generator) >= p).to(x) / (1 - p) if train else torch.ones_like(x)
    return x.data * mask, mask


@mistake("upstream-ignored", "dx", says="this is the mask alone; the chain rule multiplies it by dout")
def dropout_backward(dout, mask):
    return mask.copy()


@mistake("mask-ignored", "dx", says="dout goes through as it is, also to the numbers that were dropped")
def dropout_backward(dout, mask):
    return dout.copy()


@mistake(
    "not-inverted", "dx", says="only where the mask is 0 is looked at; the scale 1/(1 − p) belongs to the gradient, too"
)
def dropout_backward(dout, mask):
    return dout * (mask > 0)


@mistake("wrong-factor", "dx", says="the scale comes in twice; the mask holds it already, so one product is enough")
def dropout_backward(dout, mask):
    return dout * mask * mask


@mistake("mask-inverted", "dx", says="the gradient goes to the numbers that were dropped, and to no other")
def dropout_backward(dout, mask):
    return dout * (mask == 0)


@mistake(
    "missing-scale", "dx", says="dout is divided by the scale; the derivative of x · mask is the mask, scale included"
)
def dropout_backward(dout, mask):
    return np.where(mask > 0, dout / np.where(mask > 0, mask, 1), 0)


@mistake("extra-mean", "dx", says="this is divided by the size of the batch; nothing was averaged in the forward pass")
def dropout_backward(dout, mask):
    return dout * mask / len(dout)


@mistake("mutates-input", says="`*=` writes into dout, which others may still need; multiply into a new array")
def dropout_backward(dout, mask):
    dout *= mask
    return dout


@mistake(
    "nondeterministic",
    "dx",
    says="a new mask is drawn for the backward pass; it must be the one that the forward pass used",
)
def dropout_backward(dout, mask):
    return dout * np.random.permutation(mask.ravel()).reshape(mask.shape)


@mistake("dtype-drift", "dx", says="the mask is turned into float64 on the way, so that a float32 gradient grows")
def dropout_backward(dout, mask):
    return dout * mask.astype(np.float64)
