"""Wrong answers to rnn."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import rnn as right


def _walk_back(dhs, hs, h0, Wh):
    """dz "N T H" and dh0 as they should be, from the states that came out."""
    dz, dh = np.zeros_like(hs), np.zeros_like(h0)
    for t in reversed(range(hs.shape[1])):
        dz[:, t] = (dhs[:, t] + dh) * (1 - hs[:, t] ** 2)
        dh = dz[:, t] @ Wh.T
    return dz, dh


def _gradients(dz, dh0, xs, hs, h0, Wx):
    """All gradients as they follow from dz "N T H"."""
    before = np.concatenate([h0[:, None], hs[:, :-1]], axis=1)
    dWx, dWh = np.einsum("ntd,nth->dh", xs, dz), np.einsum("ntk,nth->kh", before, dz)
    return dz @ Wx.T, dh0, dWx, dWh, dz.sum(axis=(0, 1))


# ---------------------------------------------------------------------- rnn_cell


@mistake(
    "wrong-nonlinearity",
    says="the sum goes through a sigmoid, so no state is ever negative; this cell squashes with tanh",
)
def rnn_cell(x, h, Wx, Wh, b):
    return 1 / (1 + np.exp(-(x @ Wx + h @ Wh + b)))


@mistake("missing-term", says="the bias is left out: b belongs in the sum, once")
def rnn_cell(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + h @ Wh)


@mistake(
    "transposed",
    says="the state weights are transposed, as if they were stored as nn.RNN stores them; Wh is square, so no shape objects",
)
def rnn_cell(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + h @ Wh.T + b)


@mistake("elementwise-for-matmul", says="each unit only hears of itself: h is multiplied by the diagonal of Wh")
def rnn_cell(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + h * np.diag(Wh) + b)


@mistake("mutates-input", says="h += … writes into the caller's state, which is still needed on the way back")
def rnn_cell(x, h, Wx, Wh, b):
    z = h @ Wh
    h *= 0
    h += np.tanh(x @ Wx + z + b)
    return h


@mistake(
    "dtype-drift", says="np.zeros makes float64 unless it is told otherwise, and a float32 state comes back as float64"
)
def rnn_cell(x, h, Wx, Wh, b):
    out = np.zeros(h.shape)
    for n in range(len(x)):
        out[n] = np.tanh(x[n] @ Wx + h[n] @ Wh + b)
    return out


# ---------------------------------------------------------------------- rnn_cell_backward


@mistake("missing-term", "dx", says="the slope of tanh is missing: dh_new goes straight into the products")
def rnn_cell_backward(dh_new, x, h, Wx, Wh, b):
    return dh_new @ Wx.T, dh_new @ Wh.T, x.T @ dh_new, h.T @ dh_new, dh_new.sum(axis=0)


@mistake(
    "wrong-argument",
    "dx",
    says="the slope is taken at the state that went in; it is one minus the square of the one that came out",
)
def rnn_cell_backward(dh_new, x, h, Wx, Wh, b):
    dz = dh_new * (1 - h**2)
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz, dz.sum(axis=0)


@mistake("upstream-ignored", "dx", says="dz is the slope alone: the upstream gradient dh_new does not come in")
def rnn_cell_backward(dh_new, x, h, Wx, Wh, b):
    dz = 1 - right.rnn_cell(x, h, Wx, Wh, b) ** 2
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz, dz.sum(axis=0)


@mistake(
    "transposed",
    "dh",
    says="dh is dz @ Wh; the way back goes through the transpose, and Wh is square, so no shape objects",
)
def rnn_cell_backward(dh_new, x, h, Wx, Wh, b):
    dz = dh_new * (1 - right.rnn_cell(x, h, Wx, Wh, b) ** 2)
    return dz @ Wx.T, dz @ Wh, x.T @ dz, h.T @ dz, dz.sum(axis=0)


@mistake(
    "not-summed", "db", says="db still has a row for each example; the bias was added to all of them, so they add up"
)
def rnn_cell_backward(dh_new, x, h, Wx, Wh, b):
    dz = dh_new * (1 - right.rnn_cell(x, h, Wx, Wh, b) ** 2)
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz, dz


@mistake(
    "extra-mean",
    "dWx",
    says="the weight gradients are divided by the number of examples; the upstream gradient has that in it already",
)
def rnn_cell_backward(dh_new, x, h, Wx, Wh, b):
    dz = dh_new * (1 - right.rnn_cell(x, h, Wx, Wh, b) ** 2)
    N = len(x)
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz / N, h.T @ dz / N, dz.mean(axis=0)


@mistake("sign-flipped", "dx", says="the slope is h² − 1 here; it is 1 − h²")
def rnn_cell_backward(dh_new, x, h, Wx, Wh, b):
    dz = dh_new * (right.rnn_cell(x, h, Wx, Wh, b) ** 2 - 1)
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz, dz.sum(axis=0)


# ---------------------------------------------------------------------- rnn


@mistake("state-not-carried", says="every step starts from h0: the state that a step leaves never reaches the next one")
def rnn(xs, h0, Wx, Wh, b):
    return np.stack([right.rnn_cell(xs[:, t], h0, Wx, Wh, b) for t in range(xs.shape[1])], axis=1)


@mistake("reversed", says="the sequence is walked from its end: the first state is that of the last input")
def rnn(xs, h0, Wx, Wh, b):
    h, hs = h0, []
    for t in reversed(range(xs.shape[1])):
        h = right.rnn_cell(xs[:, t], h, Wx, Wh, b)
        hs.append(h)
    return np.stack(hs, axis=1)


@mistake("off-by-one", says="each state is stored before its step: h0 stands first and the last state is missing")
def rnn(xs, h0, Wx, Wh, b):
    h, hs = h0, []
    for t in range(xs.shape[1]):
        hs.append(h)
        h = right.rnn_cell(xs[:, t], h, Wx, Wh, b)
    return np.stack(hs, axis=1)


@mistake("only-last-step", says="only the state after the last step comes back; the states of all steps are wanted")
def rnn(xs, h0, Wx, Wh, b):
    h = h0
    for t in range(xs.shape[1]):
        h = right.rnn_cell(xs[:, t], h, Wx, Wh, b)
    return h


@mistake("transposed", says="the steps run along the first axis, (T, N, H); the batch comes first, (N, T, H)")
def rnn(xs, h0, Wx, Wh, b):
    h, hs = h0, []
    for t in range(xs.shape[1]):
        h = right.rnn_cell(xs[:, t], h, Wx, Wh, b)
        hs.append(h)
    return np.stack(hs)


@mistake("argument-unused", says="the walk starts from zeros: the state h0 that was handed in makes no difference")
def rnn(xs, h0, Wx, Wh, b):
    return right.rnn(xs, np.zeros_like(h0), Wx, Wh, b)


@mistake(
    "wrong-nonlinearity", says="nothing squashes the sum: the state is linear in everything, and grows without end"
)
def rnn(xs, h0, Wx, Wh, b):
    h, hs = h0, []
    for t in range(xs.shape[1]):
        h = xs[:, t] @ Wx + h @ Wh + b
        hs.append(h)
    return np.stack(hs, axis=1)


@mistake(
    "dtype-drift", says="np.zeros makes float64 unless it is told otherwise, and float32 states come back as float64"
)
def rnn(xs, h0, Wx, Wh, b):
    N, T, _ = xs.shape
    hs = np.zeros((N, T, h0.shape[1]))
    h = h0
    for t in range(T):
        h = right.rnn_cell(xs[:, t], h, Wx, Wh, b)
        hs[:, t] = h
    return hs


@mistake(
    "mutates-input",
    says="h = h0 is the caller's array, and h[:] = … writes into it; h = … makes a new one at each step",
)
def rnn(xs, h0, Wx, Wh, b):
    h, hs = h0, []
    for t in range(xs.shape[1]):
        h[:] = right.rnn_cell(xs[:, t], h, Wx, Wh, b)
        hs.append(h.copy())
    return np.stack(hs, axis=1)


# ---------------------------------------------------------------------- rnn_backward


@mistake(
    "gradient-not-carried",
    "dxs",
    says="each step only knows the gradient of its own output; what comes back from the step behind it is dropped",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz = dhs * (1 - hs**2)
    return _gradients(dz, dz[:, 0] @ Wh.T, xs, hs, h0, Wx)


@mistake(
    "only-last-step",
    "dxs",
    says="only the gradient of the last state comes in; every step's state is an output and has a gradient of its own",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, dh = np.zeros_like(hs), dhs[:, -1]
    for t in reversed(range(xs.shape[1])):
        dz[:, t] = dh * (1 - hs[:, t] ** 2)
        dh = dz[:, t] @ Wh.T
    return _gradients(dz, dh, xs, hs, h0, Wx)


@mistake(
    "reversed",
    "dxs",
    says="the gradients of the inputs stand in the order in which the walk back finds them, the last step first",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    dxs, *rest = right.rnn_backward(dhs, xs, h0, Wx, Wh, b)
    return dxs[:, ::-1], *rest


@mistake(
    "not-accumulated",
    "dWx",
    says="the weight gradients are overwritten at each step; every step used the weights, so its part is added",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, dh0 = _walk_back(dhs, hs, h0, Wh)
    return dz @ Wx.T, dh0, xs[:, 0].T @ dz[:, 0], h0.T @ dz[:, 0], dz[:, 0].sum(axis=0)


@mistake(
    "off-by-one", "dWh", says="dWh takes the state after each step; what Wh was multiplied by is the state before it"
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, dh0 = _walk_back(dhs, hs, h0, Wh)
    dxs, dh0, dWx, _, db = _gradients(dz, dh0, xs, hs, h0, Wx)
    return dxs, dh0, dWx, np.einsum("ntk,nth->kh", hs, dz), db


@mistake(
    "missing-term",
    "dWh",
    says="the first step is left out of dWh; h0 was multiplied by Wh too, and it need not be zero",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, dh0 = _walk_back(dhs, hs, h0, Wh)
    dxs, dh0, dWx, _, db = _gradients(dz, dh0, xs, hs, h0, Wx)
    return dxs, dh0, dWx, np.einsum("ntk,nth->kh", hs[:, :-1], dz[:, 1:]), db


@mistake(
    "wrong-argument",
    "dxs",
    says="tanh is taken of the states, which are tanh's outputs already: the slope is one minus their square",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, dh0 = _walk_back(dhs, np.tanh(hs), h0, Wh)
    return _gradients(dz, dh0, xs, hs, h0, Wx)


@mistake("upstream-ignored", "dxs", says="the gradients of the states are taken as 1: dhs does not come in")
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    return right.rnn_backward(np.ones_like(dhs), xs, h0, Wx, Wh, b)


@mistake(
    "not-summed",
    "db",
    says="db is summed over the examples and still has a row for each step; the bias was added at all of them",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, dh0 = _walk_back(dhs, hs, h0, Wh)
    return *_gradients(dz, dh0, xs, hs, h0, Wx)[:4], dz.sum(axis=0)


@mistake(
    "transposed",
    "dxs",
    says="what is handed to the step before is dz @ Wh; the way back goes through the transpose of Wh",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, dh0 = _walk_back(dhs, hs, h0, Wh.T)
    return _gradients(dz, dh0, xs, hs, h0, Wx)


@mistake(
    "wrong-operand",
    "dh0",
    says="dh0 is dz of the first step as it is; h0 reached it through Wh, so the way back does too",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, _ = _walk_back(dhs, hs, h0, Wh)
    return _gradients(dz, dz[:, 0], xs, hs, h0, Wx)


@mistake(
    "mutates-input",
    says="dhs[:, t] += dh adds what comes from behind into the caller's own array; dh + dhs[:, t] makes a new one",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, dh = np.zeros_like(hs), np.zeros_like(h0)
    for t in reversed(range(xs.shape[1])):
        dhs[:, t] += dh
        dz[:, t] = dhs[:, t] * (1 - hs[:, t] ** 2)
        dh = dz[:, t] @ Wh.T
    return _gradients(dz, dh, xs, hs, h0, Wx)


@mistake(
    "dtype-drift",
    "dxs",
    says="np.zeros makes float64 unless it is told otherwise, and a float32 gradient comes back as float64",
)
def rnn_backward(dhs, xs, h0, Wx, Wh, b):
    hs = right.rnn(xs, h0, Wx, Wh, b)
    dz, dh0 = _walk_back(dhs, hs, h0, Wh)
    dxs = np.zeros(xs.shape)
    for t in range(xs.shape[1]):
        dxs[:, t] = dz[:, t] @ Wx.T
    return dxs, *_gradients(dz, dh0, xs, hs, h0, Wx)[1:]


# ---------------------------------------------------------------------- torch


@mistake(
    "graph-broken",
    "dh",
    says=".data is h without its history: the value is right, and no gradient finds its way back to the old state",
    track="torch",
)
def rnn_cell(x, h, Wx, Wh, b):
    import torch

    return torch.tanh(x @ Wx + h.data @ Wh + b)


@mistake(
    "graph-broken",
    "dxs",
    says="detach cuts every state off before the next step uses it: the gradient of a step ends at the step itself",
    track="torch",
)
def rnn(xs, h0, Wx, Wh, b):
    import torch

    h, hs = h0, []
    for x in xs.unbind(dim=1):
        h = torch.tanh(x @ Wx + h @ Wh + b)
        hs.append(h)
        h = h.detach()
    return torch.stack(hs, dim=1)
