"""Right answers to gru in another style."""

import math

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -50, 50)))


def gru_cell__three_slices(x, h, Wx, Wh, bx, bh):
    H = h.shape[1]
    a = x @ Wx + bx
    u = h @ Wh + bh
    r = sigmoid(a[:, :H] + u[:, :H])
    z = sigmoid(a[:, H : 2 * H] + u[:, H : 2 * H])
    n = np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :])
    return (1 - z) * n + z * h


def gru_cell__number_by_number(x, h, Wx, Wh, bx, bh):
    H = h.shape[1]
    new = np.empty_like(h)
    for k in range(len(x)):
        for j in range(H):
            a = [float(x[k] @ Wx[:, c] + bx[c]) for c in (j, H + j, 2 * H + j)]
            u = [float(h[k] @ Wh[:, c] + bh[c]) for c in (j, H + j, 2 * H + j)]
            r, z = (0.5 + 0.5 * math.tanh((a[c] + u[c]) / 2) for c in (0, 1))
            n = math.tanh(a[2] + r * u[2])
            new[k, j] = n + z * (float(h[k, j]) - n)
    return new


def gru_cell__blocks_of_weights(x, h, Wx, Wh, bx, bh):
    H = h.shape[1]
    Wr, Wz, Wn = np.split(Wx, 3, axis=1)
    Ur, Uz, Un = np.split(Wh, 3, axis=1)
    r = sigmoid(x @ Wr + h @ Ur + (bx + bh)[:H])
    z = sigmoid(x @ Wz + h @ Uz + (bx + bh)[H : 2 * H])
    n = np.tanh(x @ Wn + bx[2 * H :] + np.multiply(r, h @ Un + bh[2 * H :]))
    return z * h + (1 - z) * n


def gru_cell_backward__line_by_line(dh_new, x, h, Wx, Wh, bx, bh):
    a_r, a_z, a_n = np.split(x @ Wx + bx, 3, axis=1)
    u_r, u_z, u_n = np.split(h @ Wh + bh, 3, axis=1)
    r, z = sigmoid(a_r + u_r), sigmoid(a_z + u_z)
    n = np.tanh(a_n + r * u_n)
    dn = dh_new * (1 - z)
    dz = dh_new * (h - n)
    da_n = dn * (1 - n**2)
    dr = da_n * u_n
    da_z = dz * z * (1 - z)
    da_r = dr * r * (1 - r)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    du = np.concatenate([da_r, da_z, da_n * r], axis=1)
    dx = da @ Wx.T
    dh = dh_new * z + du @ Wh.T
    dWx = x.T @ da
    dWh = h.T @ du
    dbx = da.sum(axis=0)
    dbh = du.sum(axis=0)
    return dx, dh, dWx, dWh, dbx, dbh


def gru_cell_backward__block_after_block(dh_new, x, h, Wx, Wh, bx, bh):
    H = h.shape[1]
    blocks = [slice(k * H, (k + 1) * H) for k in range(3)]
    a, u = [x @ Wx[:, s] + bx[s] for s in blocks], [h @ Wh[:, s] + bh[s] for s in blocks]
    r, z = sigmoid(a[0] + u[0]), sigmoid(a[1] + u[1])
    n = np.tanh(a[2] + r * u[2])
    into_n = dh_new * (1 - z) * (1 - n * n)
    from_x = into_n * u[2] * (r - r * r), dh_new * (h - n) * (z - z * z), into_n
    from_h = from_x[0], from_x[1], r * into_n
    dx, dh = np.zeros_like(x), z * dh_new
    dWx, dWh, dbx, dbh = map(np.zeros_like, (Wx, Wh, bx, bh))
    for s, da, du in zip(blocks, from_x, from_h, strict=True):
        dx += da @ Wx[:, s].T
        dh += du @ Wh[:, s].T
        dWx[:, s], dWh[:, s] = np.einsum("nd,nh->dh", x, da), np.einsum("nk,nh->kh", h, du)
        dbx[s], dbh[s] = np.sum(da, axis=0), np.sum(du, axis=0)
    return dx, dh, dWx, dWh, dbx, dbh


def gru__list_of_states(xs, h0, Wx, Wh, bx, bh):
    h = h0
    hs = []
    for t in range(xs.shape[1]):
        h = gru_cell__three_slices(xs[:, t], h, Wx, Wh, bx, bh)
        hs.append(h)
    return np.stack(hs, axis=1)


def gru__example_by_example(xs, h0, *weights):
    hs = np.empty((*xs.shape[:2], h0.shape[1]), xs.dtype)
    for k, sequence in enumerate(xs):
        h = h0[k : k + 1]
        for t in range(len(sequence)):
            h = gru_cell__blocks_of_weights(sequence[t : t + 1], h, *weights)
            hs[k, t] = h[0]
    return hs


def gru_backward__accumulates_step_by_step(dhs, xs, h0, Wx, Wh, bx, bh):
    T = xs.shape[1]
    hs = [h0]
    for t in range(T):
        hs.append(gru_cell__three_slices(xs[:, t], hs[t], Wx, Wh, bx, bh))
    dxs = np.zeros_like(xs)
    dWx, dWh = np.zeros_like(Wx), np.zeros_like(Wh)
    dbx, dbh = np.zeros_like(bx), np.zeros_like(bh)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(T)):
        dh = dhs[:, t] + dh_next
        dx, dh_next, dWx_t, dWh_t, dbx_t, dbh_t = gru_cell_backward__line_by_line(dh, xs[:, t], hs[t], Wx, Wh, bx, bh)
        dxs[:, t] = dx
        dWx += dWx_t
        dWh += dWh_t
        dbx += dbx_t
        dbh += dbh_t
    return dxs, dh_next, dWx, dWh, dbx, dbh


def gru_backward__all_gates_kept(dhs, xs, h0, Wx, Wh, bx, bh):
    kept, h = [], h0
    for x in np.moveaxis(xs, 1, 0):
        a, u = np.split(x @ Wx + bx, 3, axis=1), np.split(h @ Wh + bh, 3, axis=1)
        r, z = sigmoid(a[0] + u[0]), sigmoid(a[1] + u[1])
        n = np.tanh(a[2] + r * u[2])
        kept.append((h, r, z, n, u[2]))
        h = (1 - z) * n + z * h
    das, dus, dh = [], [], 0
    for t, (h, r, z, n, u_n) in reversed(list(enumerate(kept))):
        dh = dh + dhs[:, t]
        da_n = dh * (1 - z) * (1 - n**2)
        both = [da_n * u_n * r * (1 - r), dh * (h - n) * z * (1 - z)]
        das.append(np.hstack([*both, da_n]))
        dus.append(np.hstack([*both, da_n * r]))
        dh = dh * z + dus[-1] @ Wh.T
    da, du = np.stack(das[::-1], axis=1), np.stack(dus[::-1], axis=1)
    before = np.stack([step[0] for step in kept], axis=1)
    dWx, dWh = np.einsum("ntd,nta->da", xs, da), np.einsum("nth,nta->ha", before, du)
    return da @ Wx.T, dh, dWx, dWh, da.sum(axis=(0, 1)), du.sum(axis=(0, 1))
