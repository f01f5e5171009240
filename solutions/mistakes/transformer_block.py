"""Wrong answers to transformer_block."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import transformer_block as right
from solutions.numpy.activations import relu_backward
from solutions.numpy.affine import affine_backward
from solutions.numpy.multi_head import multi_head_attention, multi_head_attention_backward
from solutions.numpy.normalization import batch_norm, layer_norm, layer_norm_backward

EPS = 1e-5


def _norm(x, p, which):
    """The first or the second layer norm of a block."""
    return layer_norm(x, p[f"gamma{which}"], p[f"beta{which}"], EPS)


def _attend(a, p, G, mask):
    return multi_head_attention(a, a, p["Wq"], p["Wk"], p["Wv"], p["Wo"], G, mask)


def _think(b, p):
    return right.feed_forward(b, p["W1"], p["b1"], p["W2"], p["b2"])


def _backwards(
    dout,
    x,
    p,
    G,
    mask,
    through_norm=layer_norm_backward,
    at_y=lambda dout, dy_norm: dout + dy_norm,
    reads_first=lambda x, a: x,
    first="gamma1",
):
    """The right backward pass, with one of its steps replaced."""
    a = _norm(x, p, 1)
    y = x + _attend(a, p, G, mask)
    b = _norm(y, p, 2)
    db, dW1, db1, dW2, db2 = right.feed_forward_backward(dout, b, p["W1"], p["b1"], p["W2"], p["b2"])
    dy_norm, dgamma2, dbeta2 = through_norm(db, y, p["gamma2"], p["beta2"], EPS)
    dy = at_y(dout, dy_norm)
    da_q, da_kv, dWq, dWk, dWv, dWo = multi_head_attention_backward(
        dy, a, a, p["Wq"], p["Wk"], p["Wv"], p["Wo"], G, mask
    )
    dx_norm, dgamma1, dbeta1 = through_norm(da_q + da_kv, reads_first(x, a), p[first], p["beta1"], EPS)
    found = (dgamma1, dbeta1, dWq, dWk, dWv, dWo, dgamma2, dbeta2, dW1, db1, dW2, db2)
    return dy + dx_norm, dict(zip(right.NAMES, found, strict=True))


# ---------------------------------------------------------------------- feed_forward


@mistake("wrong-nonlinearity", says="the relu is missing: two layers with nothing between them are one layer")
def feed_forward(x, W1, b1, W2, b2):
    return (x @ W1 + b1) @ W2 + b2


@mistake("missing-term", says="b2 is not added behind the second layer")
def feed_forward(x, W1, b1, W2, b2):
    return np.maximum(x @ W1 + b1, 0) @ W2


@mistake("wrong-order", says="relu is applied to what comes in; it belongs between the two layers")
def feed_forward(x, W1, b1, W2, b2):
    return (np.maximum(x, 0) @ W1 + b1) @ W2 + b2


@mistake(
    "dtype-drift",
    says="the hidden layer is copied into a fresh array of float64, and everything behind it becomes float64",
)
def feed_forward(x, W1, b1, W2, b2):
    z = x @ W1 + b1
    h = np.zeros(z.shape)
    h[z > 0] = z[z > 0]
    return h @ W2 + b2


@mistake(
    "missing-term",
    "dx",
    says="the gradient does not pass through relu: where x W1 + b1 was negative, it has to be 0 before it meets W1",
)
def feed_forward_backward(dout, x, W1, b1, W2, b2):
    h = np.maximum(x @ W1 + b1, 0)
    dz = dout @ W2.T
    dW1 = np.einsum("nte,ntf->ef", x, dz)
    dW2 = np.einsum("ntf,nte->fe", h, dout)
    return dz @ W1.T, dW1, dz.sum(axis=(0, 1)), dW2, dout.sum(axis=(0, 1))


@mistake("wrong-argument", "dW2", says="dW2 is made with x W1 + b1, which went into relu; W2 met what came out of it")
def feed_forward_backward(dout, x, W1, b1, W2, b2):
    dx, dW1, db1, dW2, db2 = right.feed_forward_backward(dout, x, W1, b1, W2, b2)
    z = x @ W1 + b1
    dW2 = np.einsum("ntf,nte->fe", z, dout)
    return dx, dW1, db1, dW2, db2


@mistake(
    "wrong-operand",
    "dx",
    says="dW2 stands where W2 belongs: the gradient goes back through the weights, not through their gradient",
)
def feed_forward_backward(dout, x, W1, b1, W2, b2):
    rows, drows = x.reshape(-1, x.shape[2]), dout.reshape(-1, x.shape[2])
    z = rows @ W1 + b1
    dW2 = np.maximum(z, 0).T @ drows
    dz = relu_backward(drows @ dW2.T, z)
    dx, dW1, db1 = affine_backward(dz, rows, W1, b1)
    return dx.reshape(x.shape), dW1, db1, dW2, drows.sum(axis=0)


@mistake(
    "not-summed",
    "db1",
    says="db1 is dz itself and db2 is dout; a bias is added at every place of every sequence, so it collects from all of them",
)
def feed_forward_backward(dout, x, W1, b1, W2, b2):
    dx, dW1, _, dW2, _ = right.feed_forward_backward(dout, x, W1, b1, W2, b2)
    return dx, dW1, np.where(x @ W1 + b1 > 0, dout @ W2.T, 0), dW2, dout


@mistake(
    "wrong-axis",
    "db1",
    says="db1 and db2 are summed over the batch and not over the places: a bias is added at every place",
)
def feed_forward_backward(dout, x, W1, b1, W2, b2):
    dx, dW1, _, dW2, _ = right.feed_forward_backward(dout, x, W1, b1, W2, b2)
    dz = np.where(x @ W1 + b1 > 0, dout @ W2.T, 0)
    return dx, dW1, dz.sum(axis=0), dW2, dout.sum(axis=0)


@mistake(
    "extra-mean",
    "dW1",
    says="the gradients of the weights are means over the places; each place adds its own part, so they are sums",
)
def feed_forward_backward(dout, x, W1, b1, W2, b2):
    dx, *rest = right.feed_forward_backward(dout, x, W1, b1, W2, b2)
    return dx, *(d / (x.shape[0] * x.shape[1]) for d in rest)


@mistake(
    "not-accumulated",
    "dW1",
    says="a loop over the places assigns the gradients of the weights anew each time, so only the last place counts",
)
def feed_forward_backward(dout, x, W1, b1, W2, b2):
    dx = np.zeros_like(x)
    for t in range(x.shape[1]):
        z = x[:, t] @ W1 + b1
        dz = relu_backward(dout[:, t] @ W2.T, z)
        dW1, db1 = x[:, t].T @ dz, dz.sum(axis=0)
        dW2, db2 = np.maximum(z, 0).T @ dout[:, t], dout[:, t].sum(axis=0)
        dx[:, t] = dz @ W1.T
    return dx, dW1, db1, dW2, db2


@mistake("transposed", "dW1", says="this is dzᵀ x, of shape (F, E); a gradient is stored like its weight, (E, F)")
def feed_forward_backward(dout, x, W1, b1, W2, b2):
    dx, dW1, db1, dW2, db2 = right.feed_forward_backward(dout, x, W1, b1, W2, b2)
    return dx, dW1.T, db1, dW2.T, db2


# ---------------------------------------------------------------------- block


@mistake(
    "wrong-order",
    says="each sum is normalised after the addition: that is post-norm, as in the first paper. Here each part reads a "
    "normalised copy, and the sums stay as they are",
)
def block(x, params, G, mask=None):
    y = _norm(x + _attend(x, params, G, mask), params, 1)
    return _norm(y + _think(y, params), params, 2)


@mistake(
    "missing-term",
    says="the second sum is missing: the small network's answer replaces y instead of being added to it",
)
def block(x, params, G, mask=None):
    y = x + _attend(_norm(x, params, 1), params, G, mask)
    return _think(_norm(y, params, 2), params)


@mistake(
    "argument-unused",
    says="gamma1 and beta1 serve both norms; the second norm has numbers of its own, gamma2 and beta2",
)
def block(x, params, G, mask=None):
    y = x + _attend(_norm(x, params, 1), params, G, mask)
    return y + _think(_norm(y, params, 1), params)


@mistake("wrong-argument", says="the attention reads x itself, and not the copy that the first norm makes of it")
def block(x, params, G, mask=None):
    y = x + _attend(x, params, G, mask)
    return y + _think(_norm(y, params, 2), params)


@mistake(
    "batch-mixed",
    says="mean and variance of each feature are taken over all places of all sequences, which is batch normalisation; "
    "a layer norm takes them over the features of one place",
)
def block(x, params, G, mask=None):
    def norm(x, which):
        rows = x.reshape(-1, x.shape[2])
        return batch_norm(rows, params[f"gamma{which}"], params[f"beta{which}"], EPS).reshape(x.shape)

    y = x + _attend(norm(x, 1), params, G, mask)
    return y + _think(norm(y, 2), params)


@mistake("mask-ignored", says="the mask is not handed on to the attention, so every place sees all others")
def block(x, params, G, mask=None):
    return right.block(x, params, G)


@mistake(
    "mask-inverted",
    says="True is taken for a place that is hidden, as in torch's key_padding_mask; here True means may look",
)
def block(x, params, G, mask=None):
    return right.block(x, params, G, None if mask is None else ~mask)


@mistake(
    "future-leaks",
    says="the mask is handed on transposed: its rows are who looks and its columns are what is looked at, so a causal "
    "mask now shows the future",
)
def block(x, params, G, mask=None):
    return right.block(x, params, G, None if mask is None else mask.swapaxes(-1, -2))


@mistake(
    "mutates-input", says="x += … writes what the attention brings into the caller's array; x = x + … makes a new one"
)
def block(x, params, G, mask=None):
    x += _attend(_norm(x, params, 1), params, G, mask)
    return x + _think(_norm(x, params, 2), params)


@mistake(
    "eps-misplaced",
    says="the norms are written out with eps added to the standard deviation; it belongs inside the root",
)
def block(x, params, G, mask=None):
    def norm(x, which):
        centred = x - x.mean(axis=-1, keepdims=True)
        return params[f"gamma{which}"] * centred / (x.std(axis=-1, keepdims=True) + EPS) + params[f"beta{which}"]

    y = x + _attend(norm(x, 1), params, G, mask)
    return y + _think(norm(y, 2), params)


@mistake(
    "dtype-drift",
    says="np.float64(1e-5) is given as eps: a NumPy number of float64 turns the whole norm into float64, a plain one does not",
)
def block(x, params, G, mask=None):
    def norm(x, which):
        return layer_norm(x, params[f"gamma{which}"], params[f"beta{which}"], np.float64(1e-5))

    y = x + _attend(norm(x, 1), params, G, mask)
    return y + _think(norm(y, 2), params)


# ---------------------------------------------------------------------- block_backward


@mistake(
    "missing-term",
    "dx",
    says="dy is only what comes through the norm and the small network; y also reaches out straight, so dout is added",
)
def block_backward(dout, x, params, G, mask=None):
    return _backwards(dout, x, params, G, mask, at_y=lambda dout, dy_norm: dy_norm)


@mistake(
    "mask-ignored",
    "dx",
    says="the mask is not handed on, so gradients flow between places that could not see each other",
)
def block_backward(dout, x, params, G, mask=None):
    return _backwards(dout, x, params, G, None)


@mistake(
    "wrong-argument",
    "dx",
    says="the backward of the first norm is given a, which came out of it; its formula wants x, which went in",
)
def block_backward(dout, x, params, G, mask=None):
    return _backwards(dout, x, params, G, mask, reads_first=lambda x, a: a)


@mistake(
    "wrong-operand",
    "dx",
    says="gamma2 stands where gamma1 belongs: the backward of the first norm takes the scale of the second",
)
def block_backward(dout, x, params, G, mask=None):
    return _backwards(dout, x, params, G, mask, first="gamma2")


@mistake(
    "wrong-order",
    "dparams[gamma1]",
    says="the gradients of gamma and beta have changed places: layer_norm_backward returns that of gamma first",
)
def block_backward(dout, x, params, G, mask=None):
    dx, d = right.block_backward(dout, x, params, G, mask)
    return dx, d | {"gamma1": d["beta1"], "beta1": d["gamma1"], "gamma2": d["beta2"], "beta2": d["gamma2"]}


@mistake(
    "diagonal-only",
    "dx",
    says="the norms are passed by multiplying with γ/σ alone; each number also moves the mean and the spread of its row, and "
    "with them all the others",
)
def block_backward(dout, x, params, G, mask=None):
    def through_norm(dout, x, gamma, beta, eps):
        _, dgamma, dbeta = layer_norm_backward(dout, x, gamma, beta, eps)
        return dout * gamma / np.sqrt(x.var(axis=-1, keepdims=True) + eps), dgamma, dbeta

    return _backwards(dout, x, params, G, mask, through_norm=through_norm)


@mistake("mutates-input", says="dout += … writes into the caller's gradient, and dout + … makes a new array")
def block_backward(dout, x, params, G, mask=None):
    def at_y(dout, dy_norm):
        dout += dy_norm
        return dout

    return _backwards(dout, x, params, G, mask, at_y=at_y)


@mistake(
    "dtype-drift",
    "dx",
    says="dx is collected in a fresh array of float64; np.zeros_like keeps the dtype of x",
)
def block_backward(dout, x, params, G, mask=None):
    dx = np.zeros(x.shape)
    part, dparams = right.block_backward(dout, x, params, G, mask)
    dx += part
    return dx, dparams


# ---------------------------------------------------------------------- torch


@mistake(
    "graph-broken",
    "dx",
    says="y is detached before the small network reads it, so nothing below learns what that network makes of it",
    track="torch",
)
def block(x, params, G, mask=None):
    from solutions.torch.multi_head import multi_head_attention
    from solutions.torch.normalization import layer_norm
    from solutions.torch.transformer_block import feed_forward

    a = layer_norm(x, params["gamma1"], params["beta1"], EPS)
    y = x + multi_head_attention(a, a, params["Wq"], params["Wk"], params["Wv"], params["Wo"], G, mask)
    b = layer_norm(y.detach(), params["gamma2"], params["beta2"], EPS)
    return y + feed_forward(b, params["W1"], params["b1"], params["W2"], params["b2"])
