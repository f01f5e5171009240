"""Wrong answers to multi_head."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import multi_head as right
from solutions.numpy.attention import attention, attention_backward

split, merge = right.split_heads, right.merge_heads


def for_heads(mask):
    return mask if mask is None or mask.ndim == 2 else mask[:, None]


def projected(x_q, x_kv, Wq, Wk, Wv, G):
    return split(x_q @ Wq, G), split(x_kv @ Wk, G), split(x_kv @ Wv, G)


@mistake(
    "wrong-order",
    says="one reshape from (N, T, E) to (N, G, T, D) mixes steps with heads: E is split first, then axes change",
)
def split_heads(x, G):
    N, T, E = x.shape
    return x.reshape(N, G, T, E // G)


@mistake("transposed", says="steps and heads have not changed places: this is (N, T, G, D)")
def split_heads(x, G):
    N, T, E = x.shape
    return x.reshape(N, T, G, E // G)


@mistake("wrong-axis", says="every G-th feature goes to one head; a head's features are a block of neighbours")
def split_heads(x, G):
    N, T, E = x.shape
    return x.reshape(N, T, E // G, G).transpose(0, 3, 1, 2)


@mistake("wrong-order", says="heads and steps change no places before the reshape, which then mixes them")
def merge_heads(x):
    N, G, T, D = x.shape
    return x.reshape(N, T, G * D)


@mistake("wrong-axis", says="the features of all heads are interleaved; each head's block stays together")
def merge_heads(x):
    N, G, T, D = x.shape
    return x.transpose(0, 2, 3, 1).reshape(N, T, G * D)


@mistake("extra-axis", says="heads and features are still two axes: this is (N, T, G, D)")
def merge_heads(x):
    return x.swapaxes(1, 2)


@mistake("lost-axis", says="the heads are added up where they belong side by side")
def merge_heads(x):
    return x.sum(axis=1)


@mistake("mask-ignored", says="the mask does not come in: queries look at hidden keys too")
def multi_head_attention(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    return merge(attention(*projected(x_q, x_kv, Wq, Wk, Wv, G))) @ Wo


@mistake("mask-inverted", says="the mask is turned round: True means may look")
def multi_head_attention(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    turned = None if mask is None else ~for_heads(mask)
    return merge(attention(*projected(x_q, x_kv, Wq, Wk, Wv, G), turned)) @ Wo


@mistake("missing-term", says="the product with Wo is missing: the heads lie side by side, unmixed")
def multi_head_attention(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    return merge(attention(*projected(x_q, x_kv, Wq, Wk, Wv, G), for_heads(mask)))


@mistake("wrong-operand", says="keys and values are made of x_q; they come from x_kv")
def multi_head_attention(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    steps = np.arange(x_kv.shape[1]) % x_q.shape[1]
    return merge(attention(*projected(x_q, x_q[:, steps], Wq, Wk, Wv, G), for_heads(mask))) @ Wo


@mistake("wrong-order", says="Wk and Wv have changed places: keys are made with the matrix of the values")
def multi_head_attention(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    return merge(attention(*projected(x_q, x_kv, Wq, Wv, Wk, G), for_heads(mask))) @ Wo


@mistake("transposed", says="the matrices are transposed first; here a weight is stored the way it is used, x @ W")
def multi_head_attention(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    return merge(attention(*projected(x_q, x_kv, Wq.T, Wk.T, Wv.T, G), for_heads(mask))) @ Wo.T


@mistake("argument-unused", says="G makes no difference: this is one head with all the features")
def multi_head_attention(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    return merge(attention(*projected(x_q, x_kv, Wq, Wk, Wv, 1), for_heads(mask))) @ Wo


@mistake("wrong-factor", says="the scores are divided by √E of all features; each head has only D = E/G of them")
def multi_head_attention(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    q, k, v = projected(x_q, x_kv, Wq, Wk, Wv, G)
    return merge(attention(q / G**0.5, k, v, for_heads(mask))) @ Wo


def backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask):
    """The gradients of all parts: heads, dq, dk, dv, each merged."""
    q, k, v = projected(x_q, x_kv, Wq, Wk, Wv, G)
    heads = merge(attention(q, k, v, for_heads(mask)))
    parts = attention_backward(split(dout @ Wo.T, G), q, k, v, for_heads(mask))
    return heads, *(merge(part) for part in parts)


def summed(x, dout):
    return np.einsum("nti,ntj->ij", x, dout)


@mistake(
    "missing-term",
    "dx_kv",
    says="only the way through the keys is there; x_kv reaches the result through the values too",
)
def multi_head_attention_backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    heads, dq, dk, dv = backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask)
    return dq @ Wq.T, dk @ Wk.T, summed(x_q, dq), summed(x_kv, dk), summed(x_kv, dv), summed(heads, dout)


@mistake("transposed", "dx_q", says="the matrices are not transposed on the way back to the inputs")
def multi_head_attention_backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    heads, dq, dk, dv = backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask)
    return dq @ Wq, dk @ Wk + dv @ Wv, summed(x_q, dq), summed(x_kv, dk), summed(x_kv, dv), summed(heads, dout)


@mistake("mask-ignored", "dx_q", says="the mask does not come in on the way back")
def multi_head_attention_backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    return right.multi_head_attention_backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G)


@mistake("wrong-operand", "dWq", says="dWq is made with the gradient of the keys' side: dk and dq have changed places")
def multi_head_attention_backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    heads, dq, dk, dv = backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask)
    dx_kv = dk @ Wk.T + dv @ Wv.T
    dWq = summed(x_kv, dk)
    return dq @ Wq.T, dx_kv, dWq, summed(x_kv, dk), summed(x_kv, dv), summed(heads, dout)


@mistake("upstream-ignored", "dWo", says="dWo adds up the heads themselves: the upstream gradient does not come in")
def multi_head_attention_backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    heads, dq, dk, dv = backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask)
    dx_kv = dk @ Wk.T + dv @ Wv.T
    dWo = summed(heads, np.ones_like(dout))
    return dq @ Wq.T, dx_kv, summed(x_q, dq), summed(x_kv, dk), summed(x_kv, dv), dWo


@mistake(
    "not-summed", "dWq", says="there is one matrix for each example; the gradient of a weight is summed over the batch"
)
def multi_head_attention_backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    heads, dq, dk, dv = backward(dout, x_q, x_kv, Wq, Wk, Wv, Wo, G, mask)
    one = [x.swapaxes(1, 2) @ d for x, d in ((x_q, dq), (x_kv, dk), (x_kv, dv), (heads, dout))]
    return dq @ Wq.T, dk @ Wk.T + dv @ Wv.T, *one


@mistake("graph-broken", says="detach cuts the graph: autograd finds no way from the heads back to x", track="torch")
def split_heads(x, G):
    N, T, E = x.shape
    return x.detach().reshape(N, T, G, E // G).transpose(1, 2)
