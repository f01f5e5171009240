"""Right answers to rnn in another style."""

import math

import numpy as np


def rnn_cell__number_by_number(x, h, Wx, Wh, b):
    out = np.empty_like(h)
    for n in range(len(x)):
        for j in range(len(b)):
            z = b[j]
            for d in range(x.shape[1]):
                z = z + x[n, d] * Wx[d, j]
            for k in range(h.shape[1]):
                z = z + h[n, k] * Wh[k, j]
            out[n, j] = math.tanh(z)
    return out


def rnn_cell__one_product(x, h, Wx, Wh, b):
    return np.tanh(np.concatenate([x, h], axis=1) @ np.concatenate([Wx, Wh], axis=0) + b)


def rnn_cell_backward__einsum(dh_new, x, h, Wx, Wh, b):
    h_new = np.tanh(x @ Wx + h @ Wh + b)
    dz = np.einsum("nh,nh->nh", dh_new, 1 - h_new * h_new)
    dx = np.einsum("nh,dh->nd", dz, Wx)
    dh = np.einsum("nh,kh->nk", dz, Wh)
    dWx = np.einsum("nd,nh->dh", x, dz)
    dWh = np.einsum("nk,nh->kh", h, dz)
    return dx, dh, dWx, dWh, np.einsum("nh->h", dz)


def rnn_cell_backward__line_by_line(dh_new, x, h, Wx, Wh, b):
    z = x @ Wx + h @ Wh + b
    h_new = np.tanh(z)
    dz = dh_new * (1 - h_new**2)
    dx = dz @ Wx.T
    dh = dz @ Wh.T
    dWx = x.T @ dz
    dWh = h.T @ dz
    db = np.sum(dz, axis=0)
    return dx, dh, dWx, dWh, db


def rnn_cell_backward__slope_by_cosh(dh_new, x, h, Wx, Wh, b):
    z = np.clip(x @ Wx + h @ Wh + b, -300, 300) if x.dtype == np.float64 else np.clip(x @ Wx + h @ Wh + b, -80, 80)
    dz = dh_new / np.cosh(z) / np.cosh(z)
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz, np.ones(len(x), dz.dtype) @ dz


def rnn__list_of_states(xs, h0, Wx, Wh, b):
    h = h0
    hs = []
    for t in range(xs.shape[1]):
        h = np.tanh(xs[:, t] @ Wx + h @ Wh + b)
        hs.append(h)
    return np.stack(hs, axis=1)


def rnn__batch_first_in_place(xs, h0, Wx, Wh, b):
    N, T, _ = xs.shape
    hs = np.zeros((N, T, h0.shape[1]), dtype=xs.dtype)
    prev = h0
    for t in range(T):
        hs[:, t, :] = np.tanh(np.dot(xs[:, t, :], Wx) + np.dot(prev, Wh) + b)
        prev = hs[:, t, :]
    return hs


def rnn__example_by_example(xs, h0, Wx, Wh, b):
    out = []
    for sequence, h in zip(xs, h0, strict=True):
        states = []
        for x in sequence:
            h = np.tanh(b + Wx.T @ x + Wh.T @ h)
            states.append(h)
        out.append(states)
    return np.array(out)


def rnn_backward__accumulates_step_by_step(dhs, xs, h0, Wx, Wh, b):
    N, T, D = xs.shape
    hs = [h0]
    for t in range(T):
        hs.append(np.tanh(xs[:, t] @ Wx + hs[-1] @ Wh + b))
    dxs = np.zeros_like(xs)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(T)):
        dh = dhs[:, t] + dh_next
        dz = dh * (1 - hs[t + 1] ** 2)
        dxs[:, t] = dz @ Wx.T
        dWx += xs[:, t].T @ dz
        dWh += hs[t].T @ dz
        db += dz.sum(axis=0)
        dh_next = dz @ Wh.T
    return dxs, dh_next, dWx, dWh, db


def rnn_backward__cell_by_cell(dhs, xs, h0, Wx, Wh, b):
    T = xs.shape[1]
    before = [h0]
    for t in range(T - 1):
        before.append(np.tanh(xs[:, t] @ Wx + before[t] @ Wh + b))
    dxs, parts, dh = [], [], np.zeros_like(h0)
    for t in range(T - 1, -1, -1):
        x, h = xs[:, t], before[t]
        h_new = np.tanh(x @ Wx + h @ Wh + b)
        dz = (dh + dhs[:, t]) * (1 - h_new) * (1 + h_new)
        dh = dz @ Wh.T
        dxs.insert(0, dz @ Wx.T)
        parts.append((x.T @ dz, h.T @ dz, dz.sum(0)))
    return np.stack(dxs, axis=1), dh, *map(sum, zip(*parts, strict=True))


def rnn_backward__one_product_at_the_end(dhs, xs, h0, Wx, Wh, b):
    hs = rnn__list_of_states(xs, h0, Wx, Wh, b)
    dz = np.empty_like(hs)
    carried = 0
    for t in range(xs.shape[1])[::-1]:
        dz[:, t] = (1 - hs[:, t] ** 2) * (dhs[:, t] + carried)
        carried = np.einsum("nh,kh->nk", dz[:, t], Wh)
    before = np.concatenate([h0[:, None, :], hs[:, :-1, :]], axis=1)
    dWx = np.tensordot(xs, dz, axes=([0, 1], [0, 1]))
    dWh = np.tensordot(before, dz, axes=([0, 1], [0, 1]))
    return np.matmul(dz, Wx.T), carried, dWx, dWh, dz.sum(axis=(0, 1))
