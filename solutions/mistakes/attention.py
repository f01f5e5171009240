"""Wrong answers to attention."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import attention as right


def scores_of(q, k):
    return q @ np.swapaxes(k, -1, -2) / math.sqrt(q.shape[-1])


def hidden(scores, mask):
    return scores if mask is None else np.where(mask, scores, np.finfo(scores.dtype).min)


def softmax(scores, mask, axis=-1):
    exps = np.exp(scores - scores.max(axis=axis, keepdims=True))
    weights = exps / exps.sum(axis=axis, keepdims=True)
    return weights if mask is None else weights * mask


@mistake("off-by-one", says="the diagonal is hidden: a step may look at itself too")
def causal_mask(T):
    return np.tri(T, k=-1, dtype=bool)


@mistake("transposed", says="this is the transpose: each step looks at itself and at what comes after it")
def causal_mask(T):
    return np.triu(np.ones((T, T), dtype=bool))


@mistake("mask-inverted", says="this is True where a step must not look; True means may look")
def causal_mask(T):
    return ~np.tri(T, dtype=bool)


@mistake("wrong-type", says="these are the numbers 1 and 0; a mask is True and False")
def causal_mask(T):
    return np.tri(T)


@mistake("off-by-one", says="the comparison is ≤, so the first place of the padding is shown too")
def padding_mask(lengths, S):
    return np.arange(S) <= lengths[:, None]


@mistake("mask-inverted", says="this is True in the padding; True means may look")
def padding_mask(lengths, S):
    return np.arange(S) >= lengths[:, None]


@mistake("reversed", says="the tokens are taken to stand at the end of the row; they stand at its beginning")
def padding_mask(lengths, S):
    return np.arange(S)[::-1] < lengths[:, None]


@mistake("missing-scale", says="the products are not divided by √E")
def attention_weights(q, k, mask=None):
    scores = q @ np.swapaxes(k, -1, -2)
    return softmax(hidden(scores, mask), mask)


@mistake("wrong-factor", says="the products are divided by E where √E belongs")
def attention_weights(q, k, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / q.shape[-1]
    return softmax(hidden(scores, mask), mask)


@mistake("mask-ignored", says="the mask changes nothing: hidden keys get their weight too")
def attention_weights(q, k, mask=None):
    return softmax(scores_of(q, k), None)


@mistake("mask-inverted", says="the scores are lowered where the mask is True, and True means may look")
def attention_weights(q, k, mask=None):
    return softmax(hidden(scores_of(q, k), None if mask is None else ~mask), None if mask is None else ~mask)


@mistake("mask-after-softmax", says="the mask comes after the softmax, so the weights that are left do not add up to 1")
def attention_weights(q, k, mask=None):
    return softmax(scores_of(q, k), mask)


@mistake("wrong-axis", says="the softmax runs over the queries; each query's weights for the keys add up to 1")
def attention_weights(q, k, mask=None):
    return softmax(hidden(scores_of(q, k), mask), mask, axis=-2)


@mistake("not-normalised", says="these are the exponentials, not yet divided by their sum over the keys")
def attention_weights(q, k, mask=None):
    scores = hidden(scores_of(q, k), mask)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exps if mask is None else exps * mask


@mistake("unstable", says="nothing is subtracted before exp: a score of 1e4 overflows to inf, and inf/inf is nan")
def attention_weights(q, k, mask=None):
    exps = np.exp(scores_of(q, k))
    exps = exps if mask is None else np.where(mask, exps, 0)
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total == 0, 1, total)


@mistake("dtype-drift", says="np.sqrt gives a float64, which makes float64 of float32; math.sqrt gives a plain number")
def attention_weights(q, k, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    return softmax(hidden(scores, mask), mask)


@mistake(
    "batch-mixed", says="the sum below has no axis: each weight is divided by the total over all queries and examples"
)
def attention_weights(q, k, mask=None):
    scores = hidden(scores_of(q, k), mask)
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
    exps = exps if mask is None else exps * mask
    return exps / max(exps.sum(), np.finfo(exps.dtype).tiny)


@mistake(
    "padding-leaks",
    says="in a row that may look nowhere all scores are equally low, so the softmax shares equally; zeros belong there",
)
def attention_weights(q, k, mask=None):
    return softmax(hidden(scores_of(q, k), mask), None)


@mistake("mask-ignored", says="the mask does not come in: queries look at hidden keys too")
def attention(q, k, v, mask=None):
    return right.attention_weights(q, k) @ v


@mistake("missing-scale", says="the products are not divided by √E")
def attention(q, k, v, mask=None):
    return right.attention_weights(q * math.sqrt(q.shape[-1]), k, mask) @ v


@mistake("mask-inverted", says="the mask is turned round: True means may look")
def attention(q, k, v, mask=None):
    return right.attention_weights(q, k, None if mask is None else ~mask) @ v


@mistake(
    "padding-leaks",
    says="a hidden score becomes 0, and exp(0) is 1: what is hidden still takes a share of the sum",
)
def attention(q, k, v, mask=None):
    scores = scores_of(q, k)
    return softmax(scores if mask is None else np.where(mask, scores, 0), mask) @ v


@mistake("unstable", says="the softmax here subtracts nothing before exp, and a large score overflows to inf")
def attention(q, k, v, mask=None):
    exps = np.exp(scores_of(q, k))
    exps = exps if mask is None else np.where(mask, exps, 0)
    total = exps.sum(axis=-1, keepdims=True)
    return (exps / np.where(total == 0, 1, total)) @ v


@mistake(
    "wrong-order", "dq", says="the gradients come back in the order dv, dq, dk; each stands in its argument's place"
)
def attention_backward(dout, q, k, v, mask=None):
    dq, dk, dv = right.attention_backward(dout, q, k, v, mask)
    return dv, dq, dk


def parts(dout, q, k, v, mask):
    weights = right.attention_weights(q, k, mask)
    dweights = dout @ v.swapaxes(-1, -2)
    return weights, dweights, 1 / math.sqrt(q.shape[-1])


def finish(dscores, weights, dout, q, k, scale):
    return dscores @ k * scale, dscores.swapaxes(-1, -2) @ q * scale, weights.swapaxes(-1, -2) @ dout


@mistake("missing-scale", "dq", says="the scale 1/√E of the scores is missing on the way back to q and k")
def attention_backward(dout, q, k, v, mask=None):
    weights, dweights, _ = parts(dout, q, k, v, mask)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True))
    return finish(dscores, weights, dout, q, k, 1)


@mistake("diagonal-only", "dq", says="weights · (1 − weights) is the diagonal of the softmax's Jacobian only")
def attention_backward(dout, q, k, v, mask=None):
    weights, dweights, scale = parts(dout, q, k, v, mask)
    return finish(dweights * weights * (1 - weights), weights, dout, q, k, scale)


@mistake("missing-term", "dq", says="the softmax's second term is missing: the sum of dweights · weights over the keys")
def attention_backward(dout, q, k, v, mask=None):
    weights, dweights, scale = parts(dout, q, k, v, mask)
    return finish(dweights * weights, weights, dout, q, k, scale)


@mistake("wrong-axis", "dq", says="dweights · weights is summed over the queries where it is summed over the keys")
def attention_backward(dout, q, k, v, mask=None):
    weights, dweights, scale = parts(dout, q, k, v, mask)
    dscores = weights * (dweights - (dweights * weights).sum(axis=-2, keepdims=True))
    return finish(dscores, weights, dout, q, k, scale)


@mistake("mask-ignored", "dq", says="the weights are computed again without the mask")
def attention_backward(dout, q, k, v, mask=None):
    return right.attention_backward(dout, q, k, v)


@mistake("upstream-ignored", "dv", says="dv is the sum of the weights over the queries: dout does not come in")
def attention_backward(dout, q, k, v, mask=None):
    dq, dk, _ = right.attention_backward(dout, q, k, v, mask)
    return dq, dk, right.attention_weights(q, k, mask).swapaxes(-1, -2) @ np.ones_like(dout)


@mistake("sign-flipped", "dq", says="the softmax's two terms are subtracted the wrong way round")
def attention_backward(dout, q, k, v, mask=None):
    weights, dweights, scale = parts(dout, q, k, v, mask)
    dscores = weights * ((dweights - (dweights * weights).sum(axis=-1, keepdims=True)) * -1)
    return finish(dscores, weights, dout, q, k, scale)


@mistake("wrong-argument", "dq", says="the softmax's backward is given the scores where the weights belong")
def attention_backward(dout, q, k, v, mask=None):
    weights, dweights, scale = parts(dout, q, k, v, mask)
    scores = scores_of(q, k) if mask is None else np.where(mask, scores_of(q, k), 0)
    dscores = scores * (dweights - (dweights * scores).sum(axis=-1, keepdims=True))
    return finish(dscores, weights, dout, q, k, scale)


@mistake("graph-broken", says="detach cuts the graph: autograd takes the weights for constants", track="torch")
def attention_weights(q, k, mask=None):
    import torch

    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    if mask is None:
        return torch.softmax(scores, dim=-1).detach()
    low = torch.finfo(scores.dtype).min
    return (torch.softmax(scores.masked_fill(~mask, low), dim=-1) * mask).detach()
