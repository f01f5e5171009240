"""Wrong answers to lstm."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import lstm as right


def _sigmoid(z):
    return 0.5 * np.tanh(0.5 * z) + 0.5


def _gates(x, h, Wx, Wh, b):
    """i, f, g, o as they should be."""
    i, f, g, o = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
    return _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)


def _from_gates(i, f, g, o, c):
    """(h, c) as they should be."""
    c = f * c + i * g
    return o * np.tanh(c), c


def _from_dz(dz_i, dz_f, dz_g, dz_o, dc, x, h, Wx, Wh):
    """All gradients of a cell as they follow from those of the four sums."""
    dz = np.concatenate([dz_i, dz_f, dz_g, dz_o], axis=1)
    return dz @ Wx.T, dz @ Wh.T, dc, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def _walk(xs, h, c, Wx, Wh, b):
    """The states and memories before each step, and the last ones."""
    before = []
    for t in range(xs.shape[1]):
        before.append((h, c))
        h, c = right.lstm_cell(xs[:, t], h, c, Wx, Wh, b)
    return before, h, c


def _walk_back(dhs, dcT, xs, h0, c0, Wx, Wh, b, carry=lambda dh, dc: (dh, dc)):
    """All gradients; `carry` says what becomes of the two that are handed to the step before."""
    before, _, _ = _walk(xs, h0, c0, Wx, Wh, b)
    dh, dc, dxs, sums = np.zeros_like(h0), dcT, [], [0, 0, 0]
    for t in reversed(range(xs.shape[1])):
        dx, dh, dc, *parts = right.lstm_cell_backward(dhs[:, t] + dh, dc, xs[:, t], *before[t], Wx, Wh, b)
        dxs.insert(0, dx)
        sums = [one + other for one, other in zip(sums, parts, strict=True)]
        dh, dc = carry(dh, dc) if t else (dh, dc)
    return np.stack(dxs, axis=1), dh, dc, *sums


# ---------------------------------------------------------------------- lstm_cell


@mistake(
    "gate-swapped",
    "h",
    says="the blocks are read as i, f, o, g: the proposal g and the output gate o have changed places",
)
def lstm_cell(x, h, c, Wx, Wh, b):
    i, f, o, g = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
    return _from_gates(_sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o), c)


@mistake(
    "wrong-nonlinearity",
    "h",
    says="g goes through a sigmoid like the gates, so nothing negative can be written; it is a tanh",
)
def lstm_cell(x, h, c, Wx, Wh, b):
    i, f, g, o = np.split(_sigmoid(x @ Wx + h @ Wh + b), 4, axis=1)
    return _from_gates(i, f, g, o, c)


@mistake("missing-term", "h", says="the bias is left out: b belongs in the sum, once")
def lstm_cell(x, h, c, Wx, Wh, b):
    return right.lstm_cell(x, h, c, Wx, Wh, np.zeros_like(b))


@mistake("wrong-argument", "h", says="the memory is not squashed on its way out: h is o · tanh(c), and this is o · c")
def lstm_cell(x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    c = f * c + i * g
    return o * c, c


@mistake("wrong-operand", "h", says="h is made from the old memory; the output gate shows the new one")
def lstm_cell(x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    return o * np.tanh(c), f * c + i * g


@mistake("wrong-order", "h", says="the results come back as (c, h); the state stands first, then the memory")
def lstm_cell(x, h, c, Wx, Wh, b):
    h, c = right.lstm_cell(x, h, c, Wx, Wh, b)
    return c, h


@mistake("unstable", "h", says="σ is written as e^z / (1 + e^z): a large sum overflows to inf, and inf/inf is nan")
def lstm_cell(x, h, c, Wx, Wh, b):
    z = x @ Wx + h @ Wh + b
    i, f, g, o = np.split(z, 4, axis=1)
    i, f, o = np.exp(i) / (1 + np.exp(i)), np.exp(f) / (1 + np.exp(f)), np.exp(o) / (1 + np.exp(o))
    return _from_gates(i, f, np.tanh(g), o, c)


@mistake("mutates-input", says="c *= f writes into the caller's memory, which is still needed on the way back")
def lstm_cell(x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    c *= f
    c += i * g
    return o * np.tanh(c), c


@mistake(
    "dtype-drift",
    "h",
    says="np.zeros makes float64 unless it is told otherwise, and a float32 state comes back as float64",
)
def lstm_cell(x, h, c, Wx, Wh, b):
    out = np.zeros(h.shape)
    out[:], c = right.lstm_cell(x, h, c, Wx, Wh, b)
    return out, c


# ---------------------------------------------------------------------- lstm_cell_backward


@mistake(
    "missing-term",
    "dx",
    says="what reaches the memory through h is missing: dh_new · o · (1 − tanh²(c_new)) belongs beside dc_new",
)
def lstm_cell_backward(dh_new, dc_new, x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    do = dh_new * np.tanh(f * c + i * g)
    dc = dc_new
    dz = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), do * o * (1 - o)
    return _from_dz(*dz, dc * f, x, h, Wx, Wh)


@mistake(
    "wrong-argument", "dx", says="the slope of tanh is taken as 1 − c_new²; it is one minus the square of tanh(c_new)"
)
def lstm_cell_backward(dh_new, dc_new, x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    c_new = f * c + i * g
    dc = dc_new + dh_new * o * (1 - c_new**2)
    do = dh_new * np.tanh(c_new)
    dz = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), do * o * (1 - o)
    return _from_dz(*dz, dc * f, x, h, Wx, Wh)


@mistake(
    "wrong-nonlinearity",
    "dx",
    says="g is given the slope of a sigmoid, g(1 − g); it went through tanh, whose slope is 1 − g²",
)
def lstm_cell_backward(dh_new, dc_new, x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    c_new = f * c + i * g
    dc = dc_new + dh_new * o * (1 - np.tanh(c_new) ** 2)
    do = dh_new * np.tanh(c_new)
    dz = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * g * (1 - g), do * o * (1 - o)
    return _from_dz(*dz, dc * f, x, h, Wx, Wh)


@mistake("gate-swapped", "dx", says="the gradients of f and g have changed places when the four are put side by side")
def lstm_cell_backward(dh_new, dc_new, x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    c_new = f * c + i * g
    dc = dc_new + dh_new * o * (1 - np.tanh(c_new) ** 2)
    do = dh_new * np.tanh(c_new)
    dz = dc * g * i * (1 - i), dc * i * (1 - g**2), dc * c * f * (1 - f), do * o * (1 - o)
    return _from_dz(*dz, dc * f, x, h, Wx, Wh)


@mistake("wrong-operand", "dx", says="the forget gate is given the new memory; what it multiplies is the old one")
def lstm_cell_backward(dh_new, dc_new, x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    c_new = f * c + i * g
    dc = dc_new + dh_new * o * (1 - np.tanh(c_new) ** 2)
    do = dh_new * np.tanh(c_new)
    dz = dc * g * i * (1 - i), dc * c_new * f * (1 - f), dc * i * (1 - g**2), do * o * (1 - o)
    return _from_dz(*dz, dc * f, x, h, Wx, Wh)


@mistake(
    "not-summed", "db", says="db still has a row for each example; the bias was added to all of them, so they add up"
)
def lstm_cell_backward(dh_new, dc_new, x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    c_new = f * c + i * g
    dc = dc_new + dh_new * o * (1 - np.tanh(c_new) ** 2)
    do = dh_new * np.tanh(c_new)
    dz = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), do * o * (1 - o)
    return *_from_dz(*dz, dc * f, x, h, Wx, Wh)[:5], np.concatenate(dz, axis=1)


@mistake("mutates-input", says="dc_new += … adds into the caller's gradient; dc = dc_new + … makes a new array")
def lstm_cell_backward(dh_new, dc_new, x, h, c, Wx, Wh, b):
    i, f, g, o = _gates(x, h, Wx, Wh, b)
    tanh_c = np.tanh(f * c + i * g)
    dc_new += dh_new * o * (1 - tanh_c**2)
    dz = dc_new * g * i * (1 - i), dc_new * c * f * (1 - f), dc_new * i * (1 - g**2), dh_new * tanh_c * o * (1 - o)
    return _from_dz(*dz, dc_new * f, x, h, Wx, Wh)


# ---------------------------------------------------------------------- lstm


@mistake(
    "state-not-carried",
    "hs",
    says="every step starts from the memory c0: what a step has written is lost before the next one",
)
def lstm(xs, h0, c0, Wx, Wh, b):
    h, hs = h0, []
    for t in range(xs.shape[1]):
        h, c = right.lstm_cell(xs[:, t], h, c0, Wx, Wh, b)
        hs.append(h)
    return np.stack(hs, axis=1), c


@mistake(
    "argument-unused", "hs", says="the walk starts from zeros: the h0 and c0 that were handed in make no difference"
)
def lstm(xs, h0, c0, Wx, Wh, b):
    return right.lstm(xs, np.zeros_like(h0), np.zeros_like(c0), Wx, Wh, b)


@mistake("off-by-one", "hs", says="each state is stored before its step: h0 stands first and the last state is missing")
def lstm(xs, h0, c0, Wx, Wh, b):
    before, _, c = _walk(xs, h0, c0, Wx, Wh, b)
    return np.stack([h for h, _ in before], axis=1), c


@mistake("transposed", "hs", says="the steps run along the first axis, (T, N, H); the batch comes first, (N, T, H)")
def lstm(xs, h0, c0, Wx, Wh, b):
    hs, cT = right.lstm(xs, h0, c0, Wx, Wh, b)
    return hs.swapaxes(0, 1), cT


@mistake("wrong-operand", "cT", says="the last state comes back in the place of the last memory")
def lstm(xs, h0, c0, Wx, Wh, b):
    hs, _ = right.lstm(xs, h0, c0, Wx, Wh, b)
    return hs, hs[:, -1]


@mistake(
    "wrong-order",
    "hs",
    says="h0 and c0 have changed places: the state is taken for the memory and the memory for the state",
)
def lstm(xs, h0, c0, Wx, Wh, b):
    return right.lstm(xs, c0, h0, Wx, Wh, b)


# ---------------------------------------------------------------------- lstm_backward


@mistake(
    "gradient-not-carried",
    "dxs",
    says="the gradient of the memory ends at its own step; it has to be handed on, multiplied by f, to the step before",
)
def lstm_backward(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    return _walk_back(dhs, dcT, xs, h0, c0, Wx, Wh, b, carry=lambda dh, dc: (dh, np.zeros_like(dc)))


@mistake(
    "missing-term",
    "dxs",
    says="only the memory's gradient is handed on: what goes back to the state through Wh is left out",
)
def lstm_backward(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    return _walk_back(dhs, dcT, xs, h0, c0, Wx, Wh, b, carry=lambda dh, dc: (np.zeros_like(dh), dc))


@mistake("argument-unused", "dxs", says="dcT does not come in: the walk back starts with a memory gradient of zero")
def lstm_backward(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    return _walk_back(dhs, np.zeros_like(dcT), xs, h0, c0, Wx, Wh, b)


@mistake(
    "only-last-step",
    "dxs",
    says="only the gradient of the last state comes in; every step's state is an output and has a gradient of its own",
)
def lstm_backward(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    last = np.zeros_like(dhs)
    last[:, -1] = dhs[:, -1]
    return _walk_back(last, dcT, xs, h0, c0, Wx, Wh, b)


@mistake(
    "not-accumulated",
    "dWx",
    says="the weight gradients are overwritten at each step; every step used the weights, so its part is added",
)
def lstm_backward(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    before, _, _ = _walk(xs, h0, c0, Wx, Wh, b)
    dh, dc, dxs = np.zeros_like(h0), dcT, []
    for t in reversed(range(xs.shape[1])):
        dx, dh, dc, dWx, dWh, db = right.lstm_cell_backward(dhs[:, t] + dh, dc, xs[:, t], *before[t], Wx, Wh, b)
        dxs.insert(0, dx)
    return np.stack(dxs, axis=1), dh, dc, dWx, dWh, db


@mistake(
    "reversed",
    "dxs",
    says="the gradients of the inputs stand in the order in which the walk back finds them, the last step first",
)
def lstm_backward(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    dxs, *rest = _walk_back(dhs, dcT, xs, h0, c0, Wx, Wh, b)
    return dxs[:, ::-1], *rest


@mistake(
    "off-by-one", "dWh", says="dWh takes the state after each step; what Wh was multiplied by is the state before it"
)
def lstm_backward(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    dxs, dh0, dc0, dWx, _, db = _walk_back(dhs, dcT, xs, h0, c0, Wx, Wh, b)
    before, last, _ = _walk(xs, h0, c0, Wx, Wh, b)
    after = [h for h, _ in before[1:]] + [last]
    dh, dc, dWh = np.zeros_like(h0), dcT, np.zeros_like(Wh)
    for t in reversed(range(xs.shape[1])):
        h, c = before[t]
        i, f, g, o = _gates(xs[:, t], h, Wx, Wh, b)
        dz, dc = right._step_backward(dhs[:, t] + dh, dc, c, np.tanh(f * c + i * g), i, f, g, o)
        dz = np.concatenate(dz, axis=1)
        dWh += after[t].T @ dz
        dh = dz @ Wh.T
    return dxs, dh0, dc0, dWx, dWh, db


@mistake(
    "mutates-input",
    says="dhs[:, t] += dh adds what comes from behind into the caller's own array; dh + dhs[:, t] makes a new one",
)
def lstm_backward(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    before, _, _ = _walk(xs, h0, c0, Wx, Wh, b)
    dh, dc, dxs, sums = np.zeros_like(h0), dcT, [], [0, 0, 0]
    for t in reversed(range(xs.shape[1])):
        dhs[:, t] += dh
        dx, dh, dc, *parts = right.lstm_cell_backward(dhs[:, t], dc, xs[:, t], *before[t], Wx, Wh, b)
        dxs.insert(0, dx)
        sums = [one + other for one, other in zip(sums, parts, strict=True)]
    return np.stack(dxs, axis=1), dh, dc, *sums


# ---------------------------------------------------------------------- torch


@mistake(
    "graph-broken",
    "dc",
    says=".data is c without its history: the value is right, and no gradient finds its way back to the old memory",
    track="torch",
)
def lstm_cell(x, h, c, Wx, Wh, b):
    import torch

    i, f, g, o = (x @ Wx + h @ Wh + b).chunk(4, dim=1)
    c = torch.sigmoid(f) * c.data + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


@mistake(
    "graph-broken",
    "dxs",
    says="detach cuts the memory off before the next step uses it: its gradient ends at each step",
    track="torch",
)
def lstm(xs, h0, c0, Wx, Wh, b):
    import torch

    h, c, hs = h0, c0, []
    for x in xs.unbind(dim=1):
        i, f, g, o = (x @ Wx + h @ Wh + b).chunk(4, dim=1)
        c = torch.sigmoid(f) * c.detach() + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        hs.append(h)
    return torch.stack(hs, dim=1), c
