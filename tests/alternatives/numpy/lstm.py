"""Right answers to lstm in another style."""

import math

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -50, 50)))


def lstm_cell__four_slices(x, h, c, Wx, Wh, b):
    H = h.shape[1]
    z = x @ Wx + h @ Wh + b
    i = sigmoid(z[:, :H])
    f = sigmoid(z[:, H : 2 * H])
    g = np.tanh(z[:, 2 * H : 3 * H])
    o = sigmoid(z[:, 3 * H :])
    c_new = f * c + i * g
    h_new = o * np.tanh(c_new)
    return h_new, c_new


def lstm_cell__number_by_number(x, h, c, Wx, Wh, b):
    H = h.shape[1]
    new_h, new_c = np.empty_like(h), np.empty_like(c)
    for n in range(len(x)):
        for j in range(H):
            z = [float(x[n] @ Wx[:, k] + h[n] @ Wh[:, k] + b[k]) for k in (j, H + j, 2 * H + j, 3 * H + j)]
            i, f, o = (0.5 + 0.5 * math.tanh(z[k] / 2) for k in (0, 1, 3))
            new_c[n, j] = f * float(c[n, j]) + i * math.tanh(z[2])
            new_h[n, j] = o * math.tanh(new_c[n, j])
    return new_h, new_c


def lstm_cell__blocks_of_weights(x, h, c, Wx, Wh, b):
    N, H = h.shape
    z = np.einsum("nd,dgh->gnh", x, Wx.reshape(-1, 4, H)) + np.einsum("nk,kgh->gnh", h, Wh.reshape(-1, 4, H))
    z = z + b.reshape(4, 1, H)
    with np.errstate(over="ignore"):
        i, f, o = 1 / (1 + np.exp(-z[[0, 1, 3]]))
    c = f * c + i * np.tanh(z[2])
    return o * np.tanh(c), c


def lstm_cell_backward__line_by_line(dh_new, dc_new, x, h, c, Wx, Wh, b):
    z = x @ Wx + h @ Wh + b
    z_i, z_f, z_g, z_o = np.split(z, 4, axis=1)
    i, f, g, o = sigmoid(z_i), sigmoid(z_f), np.tanh(z_g), sigmoid(z_o)
    c_new = f * c + i * g
    tanh_c = np.tanh(c_new)
    do = dh_new * tanh_c
    dc = dc_new + dh_new * o * (1 - tanh_c**2)
    di = dc * g
    df = dc * c
    dg = dc * i
    dz_i = di * i * (1 - i)
    dz_f = df * f * (1 - f)
    dz_g = dg * (1 - g**2)
    dz_o = do * o * (1 - o)
    dz = np.concatenate([dz_i, dz_f, dz_g, dz_o], axis=1)
    dx = dz @ Wx.T
    dh = dz @ Wh.T
    dWx = x.T @ dz
    dWh = h.T @ dz
    db = dz.sum(axis=0)
    return dx, dh, dc * f, dWx, dWh, db


def lstm_cell_backward__gate_after_gate(dh_new, dc_new, x, h, c, Wx, Wh, b):
    H = h.shape[1]
    blocks = [slice(k * H, (k + 1) * H) for k in range(4)]
    i, f, g, o = (
        np.tanh(z) if k == 2 else sigmoid(z) for k, z in enumerate(x @ Wx[:, s] + h @ Wh[:, s] + b[s] for s in blocks)
    )
    shown = np.tanh(c * f + g * i)
    total = np.add(dc_new, (1 + shown) * (1 - shown) * o * dh_new)
    slopes = (
        total * g * (i - i * i),
        total * c * (f - f * f),
        total * i * (1 - g * g),
        dh_new * shown * (o - o * o),
    )
    dx, dh = np.zeros_like(x), np.zeros_like(h)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    for s, dz in zip(blocks, slopes, strict=True):
        dx += dz @ Wx[:, s].T
        dh += dz @ Wh[:, s].T
        dWx[:, s] = np.einsum("nd,nh->dh", x, dz)
        dWh[:, s] = np.einsum("nk,nh->kh", h, dz)
        db[s] = dz.sum(0)
    return dx, dh, f * total, dWx, dWh, db


def lstm__list_of_states(xs, h0, c0, Wx, Wh, b):
    h, c = h0, c0
    hs = []
    for t in range(xs.shape[1]):
        h, c = lstm_cell__four_slices(xs[:, t], h, c, Wx, Wh, b)
        hs.append(h)
    return np.stack(hs, axis=1), c


def lstm__example_by_example(xs, h0, c0, Wx, Wh, b):
    hs, cs = np.empty((*xs.shape[:2], h0.shape[1]), xs.dtype), []
    for n, sequence in enumerate(xs):
        h, c = h0[n : n + 1], c0[n : n + 1]
        for t, x in enumerate(sequence):
            h, c = lstm_cell__blocks_of_weights(x[None], h, c, Wx, Wh, b)
            hs[n, t] = h[0]
        cs.append(c[0])
    return hs, np.array(cs)


def lstm_backward__accumulates_step_by_step(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    T = xs.shape[1]
    hs, cs = [h0], [c0]
    for t in range(T):
        h, c = lstm_cell__four_slices(xs[:, t], hs[t], cs[t], Wx, Wh, b)
        hs.append(h)
        cs.append(c)
    dxs = np.zeros_like(xs)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dh_next = np.zeros_like(h0)
    dc_next = dcT
    for t in reversed(range(T)):
        dh = dhs[:, t] + dh_next
        dx, dh_next, dc_next, dWx_t, dWh_t, db_t = lstm_cell_backward__line_by_line(
            dh, dc_next, xs[:, t], hs[t], cs[t], Wx, Wh, b
        )
        dxs[:, t] = dx
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dxs, dh_next, dc_next, dWx, dWh, db


def lstm_backward__all_gates_kept(dhs, dcT, xs, h0, c0, Wx, Wh, b):
    kept, h, c = [], h0, c0
    for x in np.moveaxis(xs, 1, 0):
        i, f, g, o = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        kept.append((h, c, i, f, g, o))
        c = f * c + i * g
        h = o * np.tanh(c)
    dzs, dh, dc = [], 0, dcT
    for t, (_, c, i, f, g, o) in reversed(list(enumerate(kept))):
        tanh_c = np.tanh(f * c + i * g)
        dh = dh + dhs[:, t]
        dc = dc + dh * o * (1 - tanh_c**2)
        parts = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * tanh_c * o * (1 - o)]
        dzs.append(np.hstack(parts))
        dh, dc = dzs[-1] @ Wh.T, dc * f
    dz = np.stack(dzs[::-1], axis=1)
    before = np.stack([step[0] for step in kept], axis=1)
    dWx, dWh = np.einsum("ntd,ntz->dz", xs, dz), np.einsum("nth,ntz->hz", before, dz)
    return dz @ Wx.T, dh, dc, dWx, dWh, dz.sum(axis=(0, 1))
