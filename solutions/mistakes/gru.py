"""Wrong answers to gru."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import gru as right


def _sigmoid(z):
    return 0.5 * np.tanh(0.5 * z) + 0.5


def _gates(x, h, Wx, Wh, bx, bh):
    """r, z, n and the state's part of the third block, as they should be."""
    a_r, a_z, a_n = np.split(x @ Wx + bx, 3, axis=1)
    u_r, u_z, u_n = np.split(h @ Wh + bh, 3, axis=1)
    r, z = _sigmoid(a_r + u_r), _sigmoid(a_z + u_z)
    return r, z, np.tanh(a_n + r * u_n), u_n


def _blocks_backward(dh_new, h, r, z, n, u_n):
    """The gradients of the sums of r, z and n, as they should be."""
    da_n = dh_new * (1 - z) * (1 - n**2)
    return da_n * u_n * r * (1 - r), dh_new * (h - n) * z * (1 - z), da_n


def _from_blocks(da, du, past, x, h, Wx, Wh):
    """All gradients of a cell as they follow from those of the two lists of blocks."""
    da, du = np.concatenate(da, axis=1), np.concatenate(du, axis=1)
    return da @ Wx.T, past + du @ Wh.T, x.T @ da, h.T @ du, da.sum(axis=0), du.sum(axis=0)


def _walk(xs, h, *weights):
    """The state before each step, and the last one."""
    states = [h]
    for t in range(xs.shape[1]):
        states.append(right.gru_cell(xs[:, t], states[t], *weights))
    return states


def _walk_back(dhs, xs, h0, *weights, carry=lambda dh: dh):
    """All gradients; `carry` says what becomes of the one that is handed to the step before."""
    states, dh, dxs, sums = _walk(xs, h0, *weights), np.zeros_like(h0), [], [0, 0, 0, 0]
    for t in reversed(range(xs.shape[1])):
        dx, dh, *parts = right.gru_cell_backward(dhs[:, t] + dh, xs[:, t], states[t], *weights)
        dxs.insert(0, dx)
        sums = [one + other for one, other in zip(sums, parts, strict=True)]
        dh = carry(dh) if t else dh
    return np.stack(dxs, axis=1), dh, *sums


# ---------------------------------------------------------------------- gru_cell


@mistake("gate-swapped", says="the first block is taken for z and the second for r; their order is r, z, n")
def gru_cell(x, h, Wx, Wh, bx, bh):
    a_z, a_r, a_n = np.split(x @ Wx + bx, 3, axis=1)
    u_z, u_r, u_n = np.split(h @ Wh + bh, 3, axis=1)
    r, z = _sigmoid(a_r + u_r), _sigmoid(a_z + u_z)
    return (1 - z) * np.tanh(a_n + r * u_n) + z * h


@mistake(
    "wrong-order",
    says="z and 1 − z have changed places, as in the first paper: here z is the share of the old state that stays",
)
def gru_cell(x, h, Wx, Wh, bx, bh):
    r, z, n, _ = _gates(x, h, Wx, Wh, bx, bh)
    return z * n + (1 - z) * h


@mistake(
    "wrong-operand",
    says="the reset is applied to h before the product with Wh; here it multiplies the product, bias and all",
)
def gru_cell(x, h, Wx, Wh, bx, bh):
    H = h.shape[1]
    r, z, _, _ = _gates(x, h, Wx, Wh, bx, bh)
    n = np.tanh(x @ Wx[:, 2 * H :] + bx[2 * H :] + (r * h) @ Wh[:, 2 * H :] + bh[2 * H :])
    return (1 - z) * n + z * h


@mistake("missing-term", says="the reset is left out: the state's part of the proposal comes in whole, whatever r is")
def gru_cell(x, h, Wx, Wh, bx, bh):
    _, z, _, _ = _gates(x, h, Wx, Wh, bx, bh)
    n = np.tanh(np.split(x @ Wx + bx + h @ Wh + bh, 3, axis=1)[2])
    return (1 - z) * n + z * h


@mistake(
    "wrong-nonlinearity",
    says="the proposal goes through a sigmoid like the gates, so it is never negative; it is a tanh",
)
def gru_cell(x, h, Wx, Wh, bx, bh):
    H = h.shape[1]
    r, z, _, u_n = _gates(x, h, Wx, Wh, bx, bh)
    return (1 - z) * _sigmoid((x @ Wx + bx)[:, 2 * H :] + r * u_n) + z * h


@mistake("unstable", says="σ is written as e^z / (1 + e^z): a large sum overflows to inf, and inf/inf is nan")
def gru_cell(x, h, Wx, Wh, bx, bh):
    a_r, a_z, a_n = np.split(x @ Wx + bx, 3, axis=1)
    u_r, u_z, u_n = np.split(h @ Wh + bh, 3, axis=1)
    r = np.exp(a_r + u_r) / (1 + np.exp(a_r + u_r))
    z = np.exp(a_z + u_z) / (1 + np.exp(a_z + u_z))
    return (1 - z) * np.tanh(a_n + r * u_n) + z * h


@mistake("mutates-input", says="h *= z writes into the caller's state, which is still needed on the way back")
def gru_cell(x, h, Wx, Wh, bx, bh):
    _, z, n, _ = _gates(x, h, Wx, Wh, bx, bh)
    h *= z
    h += (1 - z) * n
    return h


# ---------------------------------------------------------------------- gru_cell_backward


@mistake(
    "gradient-not-carried",
    "dh",
    says="dh only comes back through Wh; the share z of the old state that stayed has a way of its own: dh_new · z",
)
def gru_cell_backward(dh_new, x, h, Wx, Wh, bx, bh):
    r, z, n, u_n = _gates(x, h, Wx, Wh, bx, bh)
    da_r, da_z, da_n = _blocks_backward(dh_new, h, r, z, n, u_n)
    return _from_blocks((da_r, da_z, da_n), (da_r, da_z, da_n * r), 0, x, h, Wx, Wh)


@mistake(
    "missing-term",
    "dh",
    says="the state's list of blocks is that of the input; in the third block it lacks the factor r",
)
def gru_cell_backward(dh_new, x, h, Wx, Wh, bx, bh):
    r, z, n, u_n = _gates(x, h, Wx, Wh, bx, bh)
    da = _blocks_backward(dh_new, h, r, z, n, u_n)
    return _from_blocks(da, da, dh_new * z, x, h, Wx, Wh)


@mistake("sign-flipped", "dx", says="the update gate is given n − h; opening it brings more of h and less of n")
def gru_cell_backward(dh_new, x, h, Wx, Wh, bx, bh):
    r, z, n, u_n = _gates(x, h, Wx, Wh, bx, bh)
    da_r, da_z, da_n = _blocks_backward(dh_new, h, r, z, n, u_n)
    return _from_blocks((da_r, -da_z, da_n), (da_r, -da_z, da_n * r), dh_new * z, x, h, Wx, Wh)


@mistake("gate-swapped", "dx", says="the gradients of r and z have changed places when the three are put side by side")
def gru_cell_backward(dh_new, x, h, Wx, Wh, bx, bh):
    r, z, n, u_n = _gates(x, h, Wx, Wh, bx, bh)
    da_r, da_z, da_n = _blocks_backward(dh_new, h, r, z, n, u_n)
    return _from_blocks((da_z, da_r, da_n), (da_z, da_r, da_n * r), dh_new * z, x, h, Wx, Wh)


@mistake(
    "wrong-nonlinearity",
    "dx",
    says="n is given the slope of a sigmoid, n(1 − n); it went through tanh, whose slope is 1 − n²",
)
def gru_cell_backward(dh_new, x, h, Wx, Wh, bx, bh):
    r, z, n, u_n = _gates(x, h, Wx, Wh, bx, bh)
    da_n = dh_new * (1 - z) * n * (1 - n)
    da_r, da_z = da_n * u_n * r * (1 - r), dh_new * (h - n) * z * (1 - z)
    return _from_blocks((da_r, da_z, da_n), (da_r, da_z, da_n * r), dh_new * z, x, h, Wx, Wh)


@mistake("wrong-operand", "dx", says="the reset gate is given h; what it multiplies is the third block of h Wh + bh")
def gru_cell_backward(dh_new, x, h, Wx, Wh, bx, bh):
    r, z, n, _ = _gates(x, h, Wx, Wh, bx, bh)
    da = _blocks_backward(dh_new, h, r, z, n, h)
    return _from_blocks(da, (da[0], da[1], da[2] * r), dh_new * z, x, h, Wx, Wh)


@mistake(
    "not-summed",
    "dbx",
    says="the bias gradients still have a row for each example; the biases were added to all of them",
)
def gru_cell_backward(dh_new, x, h, Wx, Wh, bx, bh):
    r, z, n, u_n = _gates(x, h, Wx, Wh, bx, bh)
    da = _blocks_backward(dh_new, h, r, z, n, u_n)
    du = (da[0], da[1], da[2] * r)
    rows = np.concatenate(da, axis=1), np.concatenate(du, axis=1)
    return *_from_blocks(da, du, dh_new * z, x, h, Wx, Wh)[:4], *rows


@mistake("mutates-input", says="dh_new *= 1 − z writes into the caller's gradient; dh_new * (1 − z) makes a new array")
def gru_cell_backward(dh_new, x, h, Wx, Wh, bx, bh):
    r, z, n, u_n = _gates(x, h, Wx, Wh, bx, bh)
    da_z, past = dh_new * (h - n) * z * (1 - z), dh_new * z
    dh_new *= 1 - z
    da_n = dh_new * (1 - n**2)
    da_r = da_n * u_n * r * (1 - r)
    return _from_blocks((da_r, da_z, da_n), (da_r, da_z, da_n * r), past, x, h, Wx, Wh)


# ---------------------------------------------------------------------- gru


@mistake("state-not-carried", says="every step starts from h0: the state that a step leaves never reaches the next one")
def gru(xs, h0, Wx, Wh, bx, bh):
    return np.stack([right.gru_cell(xs[:, t], h0, Wx, Wh, bx, bh) for t in range(xs.shape[1])], axis=1)


@mistake("argument-unused", says="the walk starts from zeros: the state h0 that was handed in makes no difference")
def gru(xs, h0, Wx, Wh, bx, bh):
    return right.gru(xs, np.zeros_like(h0), Wx, Wh, bx, bh)


@mistake("off-by-one", says="each state is stored before its step: h0 stands first and the last state is missing")
def gru(xs, h0, Wx, Wh, bx, bh):
    return np.stack(_walk(xs, h0, Wx, Wh, bx, bh)[:-1], axis=1)


@mistake("transposed", says="the steps run along the first axis, (T, N, H); the batch comes first, (N, T, H)")
def gru(xs, h0, Wx, Wh, bx, bh):
    return np.stack(_walk(xs, h0, Wx, Wh, bx, bh)[1:])


@mistake("wrong-order", says="bx and bh have changed places: bh belongs to the state's product, under the reset")
def gru(xs, h0, Wx, Wh, bx, bh):
    return right.gru(xs, h0, Wx, Wh, bh, bx)


@mistake(
    "dtype-drift", says="np.zeros makes float64 unless it is told otherwise, and float32 states come back as float64"
)
def gru(xs, h0, Wx, Wh, bx, bh):
    hs = np.zeros((*xs.shape[:2], h0.shape[1]))
    hs[:] = right.gru(xs, h0, Wx, Wh, bx, bh)
    return hs


# ---------------------------------------------------------------------- gru_backward


@mistake(
    "gradient-not-carried",
    "dxs",
    says="each step only knows the gradient of its own output; what comes back from the step behind it is dropped",
)
def gru_backward(dhs, xs, h0, Wx, Wh, bx, bh):
    return _walk_back(dhs, xs, h0, Wx, Wh, bx, bh, carry=np.zeros_like)


@mistake(
    "only-last-step",
    "dxs",
    says="only the gradient of the last state comes in; every step's state is an output and has a gradient of its own",
)
def gru_backward(dhs, xs, h0, Wx, Wh, bx, bh):
    last = np.zeros_like(dhs)
    last[:, -1] = dhs[:, -1]
    return _walk_back(last, xs, h0, Wx, Wh, bx, bh)


@mistake(
    "not-accumulated",
    "dWx",
    says="the weight gradients are overwritten at each step; every step used the weights, so its part is added",
)
def gru_backward(dhs, xs, h0, Wx, Wh, bx, bh):
    states, dh, dxs = _walk(xs, h0, Wx, Wh, bx, bh), np.zeros_like(h0), []
    for t in reversed(range(xs.shape[1])):
        dx, dh, *parts = right.gru_cell_backward(dhs[:, t] + dh, xs[:, t], states[t], Wx, Wh, bx, bh)
        dxs.insert(0, dx)
    return np.stack(dxs, axis=1), dh, *parts


@mistake(
    "reversed",
    "dxs",
    says="the gradients of the inputs stand in the order in which the walk back finds them, the last step first",
)
def gru_backward(dhs, xs, h0, Wx, Wh, bx, bh):
    dxs, *rest = _walk_back(dhs, xs, h0, Wx, Wh, bx, bh)
    return dxs[:, ::-1], *rest


@mistake("upstream-ignored", "dxs", says="the gradients of the states are taken as 1: dhs does not come in")
def gru_backward(dhs, xs, h0, Wx, Wh, bx, bh):
    return _walk_back(np.ones_like(dhs), xs, h0, Wx, Wh, bx, bh)


@mistake(
    "mutates-input",
    says="dhs[:, t] += dh adds what comes from behind into the caller's own array; dh + dhs[:, t] makes a new one",
)
def gru_backward(dhs, xs, h0, Wx, Wh, bx, bh):
    states, dh, dxs, sums = _walk(xs, h0, Wx, Wh, bx, bh), np.zeros_like(h0), [], [0, 0, 0, 0]
    for t in reversed(range(xs.shape[1])):
        dhs[:, t] += dh
        dx, dh, *parts = right.gru_cell_backward(dhs[:, t], xs[:, t], states[t], Wx, Wh, bx, bh)
        dxs.insert(0, dx)
        sums = [one + other for one, other in zip(sums, parts, strict=True)]
    return np.stack(dxs, axis=1), dh, *sums


# ---------------------------------------------------------------------- torch


@mistake(
    "graph-broken",
    "dh",
    says=".data is h without its history: the value is right, and the old state's own share has no way back",
    track="torch",
)
def gru_cell(x, h, Wx, Wh, bx, bh):
    import torch

    a_r, a_z, a_n = (x @ Wx + bx).chunk(3, dim=1)
    u_r, u_z, u_n = (h @ Wh + bh).chunk(3, dim=1)
    r, z = torch.sigmoid(a_r + u_r), torch.sigmoid(a_z + u_z)
    return (1 - z) * torch.tanh(a_n + r * u_n) + z * h.data


@mistake(
    "graph-broken",
    "dxs",
    says="detach cuts every state off before the next step uses it: the gradient of a step ends at the step itself",
    track="torch",
)
def gru(xs, h0, Wx, Wh, bx, bh):
    import torch

    h, hs = h0, []
    for x in xs.unbind(dim=1):
        a_r, a_z, a_n = (x @ Wx + bx).chunk(3, dim=1)
        u_r, u_z, u_n = (h @ Wh + bh).chunk(3, dim=1)
        r, z = torch.sigmoid(a_r + u_r), torch.sigmoid(a_z + u_z)
        state = (1 - z) * torch.tanh(a_n + r * u_n) + z * h
        hs.append(state)
        h = state.detach()
    return torch.stack(hs, dim=1)
