"""Right answers to conv2d in another style."""

import numpy as np


def refuse_what_does_not_fit(x, w, b, padding):
    fits = np.ndim(x) == np.ndim(w) == 4 and x.shape[1] == w.shape[1] and b.shape == (len(w),)
    if not fits or w.shape[2] != w.shape[3] or w.shape[2] > min(x.shape[2], x.shape[3]) + 2 * padding:
        raise ValueError(f"x is {x.shape}, w is {w.shape}, b is {b.shape}")


def refuse_dout(dout, x, w, b, stride, padding):
    if not (x.ndim == w.ndim == 4 and w.shape[2] == w.shape[3] and x.shape[1] == w.shape[1] and b.shape == w.shape[:1]):
        raise ValueError(f"{dout.shape} {x.shape} {w.shape} {b.shape}")
    H, W = [(side + 2 * padding - w.shape[2]) // stride + 1 for side in x.shape[2:]]
    if H < 1 or W < 1 or dout.shape != (len(x), len(w), H, W):
        raise ValueError(f"{dout.shape} {x.shape} {w.shape} {b.shape}")


def conv2d__slice_for_each_kernel_pixel(x, w, b, stride, padding):
    refuse_what_does_not_fit(x, w, b, padding)
    N, C, H, W = x.shape
    O, _, K, _ = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    Hout = (H + 2 * padding - K) // stride + 1
    Wout = (W + 2 * padding - K) // stride + 1
    out = np.zeros((N, O, Hout, Wout), dtype=x.dtype)
    for i in range(K):
        for j in range(K):
            seen = padded[:, :, i : i + stride * Hout : stride, j : j + stride * Wout : stride]
            out += np.einsum("nchv,oc->nohv", seen, w[:, :, i, j])
    return out + b.reshape(1, -1, 1, 1)


def conv2d__window_by_window(x, w, b, stride, padding):
    refuse_what_does_not_fit(x, w, b, padding)
    K = w.shape[2]
    padded = np.zeros((x.shape[0], x.shape[1], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding), dtype=x.dtype)
    padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]] = x
    Hout = (padded.shape[2] - K) // stride + 1
    Wout = (padded.shape[3] - K) // stride + 1
    out = np.zeros((len(x), len(w), Hout, Wout), dtype=x.dtype)
    for n in range(len(x)):
        for o in range(len(w)):
            for h in range(Hout):
                for v in range(Wout):
                    window = padded[n, :, h * stride : h * stride + K, v * stride : v * stride + K]
                    out[n, o, h, v] = np.sum(window * w[o]) + b[o]
    return out


def conv2d__place_by_place(x, w, b, stride, padding):
    refuse_what_does_not_fit(x, w, b, padding)
    K = w.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    Hout = (x.shape[2] + 2 * padding - K) // stride + 1
    Wout = (x.shape[3] + 2 * padding - K) // stride + 1
    out = np.zeros((len(x), len(w), Hout, Wout), dtype=x.dtype)
    for h in range(Hout):
        for v in range(Wout):
            window = padded[:, :, h * stride : h * stride + K, v * stride : v * stride + K]
            out[:, :, h, v] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out


def conv2d__unfolded_to_one_product(x, w, b, stride, padding):
    refuse_what_does_not_fit(x, w, b, padding)
    K = w.shape[2]
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K, K), axis=(2, 3))[:, :, ::stride, ::stride]
    N, C, Hout, Wout = windows.shape[:4]
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(N * Hout * Wout, C * K * K)
    out = columns @ w.reshape(len(w), -1).T + b
    return np.ascontiguousarray(out.reshape(N, Hout, Wout, len(w)).transpose(0, 3, 1, 2))


def conv2d__tensordot_over_windows(x, w, b, stride, padding):
    refuse_what_does_not_fit(x, w, b, padding)
    K = len(w[0, 0])
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K, K), (2, 3))[..., ::stride, ::stride, :, :]
    out = np.tensordot(windows, w, axes=([1, 4, 5], [1, 2, 3])) + b  # N Hout Wout O
    return np.moveaxis(out, -1, 1)


def conv2d_backward__slice_for_each_kernel_pixel(dout, x, w, b, stride, padding):
    refuse_dout(dout, x, w, b, stride, padding)
    Hout, Wout = dout.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded = np.zeros_like(padded)
    dw = np.zeros_like(w)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            rows = slice(i, i + stride * Hout, stride)
            columns = slice(j, j + stride * Wout, stride)
            dw[:, :, i, j] = np.einsum("nohv,nchv->oc", dout, padded[:, :, rows, columns])
            dpadded[:, :, rows, columns] += np.einsum("nohv,oc->nchv", dout, w[:, :, i, j])
    db = dout.sum(axis=3).sum(axis=2).sum(axis=0)
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, db


def conv2d_backward__window_by_window(dout, x, w, b, stride, padding):
    refuse_dout(dout, x, w, b, stride, padding)
    K = w.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros_like(b)
    for n in range(len(x)):
        for o in range(len(w)):
            for h in range(dout.shape[2]):
                for v in range(dout.shape[3]):
                    top, left = h * stride, v * stride
                    dpadded[n, :, top : top + K, left : left + K] += dout[n, o, h, v] * w[o]
                    dw[o] += dout[n, o, h, v] * padded[n, :, top : top + K, left : left + K]
                    db[o] += dout[n, o, h, v]
    if padding:
        dpadded = dpadded[:, :, padding:-padding, padding:-padding]
    return dpadded, dw, db


def conv2d_backward__place_by_place(dout, x, w, b, stride, padding):
    refuse_dout(dout, x, w, b, stride, padding)
    K = w.shape[2]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for h in range(dout.shape[2]):
        for v in range(dout.shape[3]):
            rows = slice(h * stride, h * stride + K)
            columns = slice(v * stride, v * stride + K)
            dpadded[:, :, rows, columns] += np.tensordot(dout[:, :, h, v], w, axes=(1, 0))
            dw += np.tensordot(dout[:, :, h, v], padded[:, :, rows, columns], axes=(0, 0))
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, np.einsum("nohv->o", dout)


def conv2d_backward__convolution_with_the_kernel_turned_round(dout, x, w, b, stride, padding):
    refuse_dout(dout, x, w, b, stride, padding)
    (N, _, H, W), K = x.shape, w.shape[2]
    view = np.lib.stride_tricks.sliding_window_view
    spread = np.zeros((N, len(w), H + 2 * padding + K - 1, W + 2 * padding + K - 1), dtype=dout.dtype)
    spread[:, :, K - 1 : H + 2 * padding : stride, K - 1 : W + 2 * padding : stride] = dout
    dx = np.einsum("nohvij,ocij->nchv", view(spread, (K, K), axis=(2, 3)), w[:, :, ::-1, ::-1])
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = view(padded, (K, K), axis=(2, 3))[:, :, ::stride, ::stride]
    dw = np.einsum("nohv,nchvij->ocij", dout, windows)
    db = np.einsum("nohv->o", dout)
    return [dx[:, :, padding : padding + H, padding : padding + W], dw, db]
