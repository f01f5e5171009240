"""Right answers to pooling in another style."""

import numpy as np


def max_pool2d__window_by_window(x, size, stride):
    N, C, H, W = x.shape
    Hout = (H - size) // stride + 1
    Wout = (W - size) // stride + 1
    out = np.zeros((N, C, Hout, Wout), dtype=x.dtype)
    for h in range(Hout):
        for v in range(Wout):
            window = x[:, :, h * stride : h * stride + size, v * stride : v * stride + size]
            out[:, :, h, v] = window.max(axis=(2, 3))
    return out


def max_pool2d__running_maximum(x, size, stride):
    H, W = ((side - size) // stride + 1 for side in x.shape[2:])
    best = np.full((*x.shape[:2], H, W), -np.inf, dtype=x.dtype)
    for i in range(size):
        for j in range(size):
            best = np.maximum(best, x[:, :, i : i + stride * H : stride, j : j + stride * W : stride])
    return best


def max_pool2d__rows_then_columns(x, size, stride):
    view = np.lib.stride_tricks.sliding_window_view
    by_rows = view(x, size, axis=2)[:, :, ::stride].max(axis=-1)
    return view(by_rows, size, axis=3)[:, :, :, ::stride].max(axis=-1)


def max_pool2d_backward__number_by_number(dout, x, size, stride):
    dx = np.zeros_like(x)
    for n in range(dout.shape[0]):
        for c in range(dout.shape[1]):
            for h in range(dout.shape[2]):
                for v in range(dout.shape[3]):
                    window = x[n, c, h * stride : h * stride + size, v * stride : v * stride + size]
                    i, j = np.unravel_index(np.argmax(window), window.shape)
                    dx[n, c, h * stride + i, v * stride + j] += dout[n, c, h, v]
    return dx


def max_pool2d_backward__added_at_indices(dout, x, size, stride):
    N, C, Hout, Wout = dout.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    first = windows.reshape(N, C, Hout, Wout, -1).argmax(-1)
    n, c, h, v = np.indices(dout.shape)
    dx = np.zeros_like(x)
    np.add.at(dx, (n, c, h * stride + first // size, v * stride + first % size), dout)
    return dx


def max_pool2d_backward__not_taken_yet(dout, x, size, stride):
    Hout, Wout = dout.shape[2:]
    dx, taken = np.zeros_like(x), np.zeros(dout.shape, dtype=bool)
    places = [
        (slice(None), slice(None), slice(i, i + stride * Hout, stride), slice(j, j + stride * Wout, stride))
        for i in range(size)
        for j in range(size)
    ]
    best = np.max([x[place] for place in places], axis=0)
    for place in places:
        chosen = (x[place] == best) & ~taken
        dx[place] += np.where(chosen, dout, 0)
        taken |= chosen
    return dx


def avg_pool2d__window_by_window(x, size, stride):
    N, C, H, W = x.shape
    Hout = (H - size) // stride + 1
    Wout = (W - size) // stride + 1
    out = np.zeros((N, C, Hout, Wout), dtype=x.dtype)
    for h in range(Hout):
        for v in range(Wout):
            window = x[:, :, h * stride : h * stride + size, v * stride : v * stride + size]
            out[:, :, h, v] = window.mean(axis=(2, 3))
    return out


def avg_pool2d__sum_of_slices(x, size, stride):
    H, W = ((side - size) // stride + 1 for side in x.shape[2:])
    total = 0
    for i in range(size):
        for j in range(size):
            total = total + x[:, :, i : i + stride * H : stride, j : j + stride * W : stride] / size**2
    return total


def avg_pool2d_backward__window_by_window(dout, x, size, stride):
    dx = np.zeros_like(x)
    for h in range(dout.shape[2]):
        for v in range(dout.shape[3]):
            share = dout[:, :, h, v] / (size * size)
            dx[:, :, h * stride : h * stride + size, v * stride : v * stride + size] += share[:, :, None, None]
    return dx


def avg_pool2d_backward__rows_and_columns_as_matrices(dout, x, size, stride):
    def covers(side):
        first = np.arange(0, side - size + 1, stride)[:, None]
        pixel = np.arange(side)[None]
        return ((pixel >= first) & (pixel < first + size)).astype(dout.dtype)

    rows, columns = covers(x.shape[2]), covers(x.shape[3])
    return np.einsum("nchv,hy,vx->ncyx", dout, rows, columns) / size**2
