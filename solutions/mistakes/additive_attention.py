"""Wrong answers to additive_attention."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import additive_attention as right
from solutions.numpy.softmax import softmax


def hidden(scores, mask):
    return scores if mask is None else np.where(mask, scores, np.finfo(scores.dtype).min)


def shares(scores, mask):
    weights = softmax(hidden(scores, mask))
    return weights if mask is None else weights * mask


def averaged(weights, values):
    return (weights[:, :, None] * values).sum(axis=1), weights


def layer(query, keys, Wq, Wk):
    return np.tanh((query @ Wq)[:, None, :] + keys @ Wk)


@mistake("mask-ignored", "context", says="the mask changes nothing: the padding takes its share too")
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    return averaged(softmax(layer(query, keys, Wq, Wk) @ v), values)


@mistake("mask-inverted", "context", says="the scores are lowered where the mask is True, and True means may look")
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    return averaged(shares(layer(query, keys, Wq, Wk) @ v, None if mask is None else ~mask), values)


@mistake(
    "mask-after-softmax",
    "context",
    says="the mask comes after the softmax, so the weights that are left do not add up to 1",
)
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    weights = softmax(layer(query, keys, Wq, Wk) @ v)
    return averaged(weights if mask is None else weights * mask, values)


@mistake(
    "padding-leaks",
    "context",
    says="where an example may look nowhere all scores are equally low, so the softmax shares equally; zeros belong there",
)
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    return averaged(softmax(hidden(layer(query, keys, Wq, Wk) @ v, mask)), values)


@mistake("wrong-axis", "context", says="the softmax runs over the examples; the weights of each example add up to 1")
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    weights = softmax(hidden(layer(query, keys, Wq, Wk) @ v, mask).T).T
    return averaged(weights if mask is None else weights * mask, values)


@mistake("not-normalised", "context", says="these are the exponentials of the scores, not yet divided by their sum")
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    scores = hidden(layer(query, keys, Wq, Wk) @ v, mask)
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    return averaged(exps if mask is None else exps * mask, values)


@mistake(
    "unstable", "context", says="nothing is subtracted before exp: a large score overflows to inf, and inf/inf is nan"
)
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    exps = np.exp(layer(query, keys, Wq, Wk) @ v)
    exps = exps if mask is None else np.where(mask, exps, 0)
    total = exps.sum(axis=1, keepdims=True)
    return averaged(exps / np.where(total == 0, 1, total), values)


@mistake("wrong-nonlinearity", "context", says="the hidden layer has no tanh: query and key are only added up")
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    return averaged(shares(((query @ Wq)[:, None, :] + keys @ Wk) @ v, mask), values)


@mistake(
    "missing-term",
    "context",
    says="the query is missing from the hidden layer: the weights are the same for every query",
)
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    return averaged(shares(np.tanh(keys @ Wk) @ v, mask), values)


@mistake("wrong-operand", "context", says="Wq stands where Wk belongs: queries and keys have a matrix each")
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    return averaged(shares(layer(query, keys, Wq, Wq) @ v, mask), values)


@mistake("extra-mean", "context", says="the weighted values are averaged once more; the weights add up to 1 already")
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    weights = shares(layer(query, keys, Wq, Wk) @ v, mask)
    return (weights[:, :, None] * values).mean(axis=1), weights


@mistake("wrong-order", "context", says="weights come first and context second; the context is the first of the two")
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    context, weights = averaged(shares(layer(query, keys, Wq, Wk) @ v, mask), values)
    return weights, context


def back(dscore, dcontext, weights, h, query, keys, Wq, Wk, v, slope=None):
    """What follows when the gradient of the scores is known."""
    dz = dscore[:, :, None] * v * (1 - h**2 if slope is None else slope)
    dWk = np.einsum("nsh,nsa->ha", keys, dz)
    dvalues = weights[:, :, None] * dcontext[:, None]
    return dz.sum(1) @ Wq.T, dz @ Wk.T, dvalues, query.T @ dz.sum(1), dWk, np.einsum("ns,nsa->a", dscore, h)


def ahead(query, keys, Wq, Wk, v, mask):
    h = layer(query, keys, Wq, Wk)
    return h, shares(h @ v, mask)


def jacobian(g, weights):
    return weights * (g - (g * weights).sum(axis=1, keepdims=True))


@mistake("upstream-ignored", "dquery", says="dweights does not come in: the weights are an output of their own")
def additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None):
    h, weights = ahead(query, keys, Wq, Wk, v, mask)
    g = np.einsum("nf,nsf->ns", dcontext, values)
    return back(jacobian(g, weights), dcontext, weights, h, query, keys, Wq, Wk, v)


@mistake("diagonal-only", "dquery", says="weights · (1 − weights) is the diagonal of the softmax's Jacobian only")
def additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None):
    h, weights = ahead(query, keys, Wq, Wk, v, mask)
    g = dweights + np.einsum("nf,nsf->ns", dcontext, values)
    return back(g * weights * (1 - weights), dcontext, weights, h, query, keys, Wq, Wk, v)


@mistake(
    "missing-term",
    "dquery",
    says="the softmax's second term is missing: the sum of gradient times weight over the keys",
)
def additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None):
    h, weights = ahead(query, keys, Wq, Wk, v, mask)
    g = dweights + np.einsum("nf,nsf->ns", dcontext, values)
    return back(g * weights, dcontext, weights, h, query, keys, Wq, Wk, v)


@mistake("wrong-argument", "dquery", says="the slope of tanh is 1 − h² of its output h, and got its input")
def additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None):
    h, weights = ahead(query, keys, Wq, Wk, v, mask)
    g = dweights + np.einsum("nf,nsf->ns", dcontext, values)
    z = (query @ Wq)[:, None, :] + keys @ Wk
    return back(jacobian(g, weights), dcontext, weights, h, query, keys, Wq, Wk, v, 1 - z**2)


@mistake("mask-ignored", "dquery", says="the weights are computed again without the mask")
def additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None):
    return right.additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v)


@mistake("wrong-operand", "dquery", says="Wk stands where Wq belongs on the way back to the query")
def additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None):
    dquery, *rest = right.additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v, mask)
    h, weights = ahead(query, keys, Wq, Wk, v, mask)
    g = dweights + np.einsum("nf,nsf->ns", dcontext, values)
    dz = jacobian(g, weights)[:, :, None] * v * (1 - h**2)
    return dz.sum(axis=1) @ Wk.T, *rest


@mistake("extra-mean", "dquery", says="dz is averaged over the keys; a query that served every key gets the sum")
def additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None):
    dquery, dkeys, dvalues, dWq, dWk, dv = right.additive_attention_backward(
        dcontext, dweights, query, keys, values, Wq, Wk, v, mask
    )
    return dquery / keys.shape[1], dkeys, dvalues, dWq / keys.shape[1], dWk, dv


@mistake(
    "not-summed", "dWk", says="dWk has one matrix for each example; the gradient of a weight is summed over the batch"
)
def additive_attention_backward(dcontext, dweights, query, keys, values, Wq, Wk, v, mask=None):
    dquery, dkeys, dvalues, dWq, _, dv = right.additive_attention_backward(
        dcontext, dweights, query, keys, values, Wq, Wk, v, mask
    )
    h, weights = ahead(query, keys, Wq, Wk, v, mask)
    g = dweights + np.einsum("nf,nsf->ns", dcontext, values)
    dz = jacobian(g, weights)[:, :, None] * v * (1 - h**2)
    return dquery, dkeys, dvalues, dWq, keys.swapaxes(1, 2) @ dz, dv


@mistake(
    "graph-broken", "dquery", says="detach cuts the graph: autograd takes the weights for constants", track="torch"
)
def additive_attention(query, keys, values, Wq, Wk, v, mask=None):
    import torch

    scores = torch.tanh((query @ Wq)[:, None, :] + keys @ Wk) @ v
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        weights = torch.softmax(scores.masked_fill(~mask, torch.finfo(scores.dtype).min), dim=-1) * mask
    weights = weights.detach()
    return (weights[:, :, None] * values).sum(dim=1), weights
