"""Right answers to looking_inside in another style."""

import numpy as np


def saliency__loops_over_channels(logits_grad_fn, x, label):
    dx = logits_grad_fn(x, label)
    out = np.zeros(dx[:, 0].shape, x.dtype)
    for c in range(dx.shape[1]):
        out = np.maximum(out, np.abs(dx[:, c]))
    return out


def saliency__image_by_image(logits_grad_fn, x, label):
    return np.stack([abs(logits_grad_fn(x[n : n + 1], label[n : n + 1])[0]).max(0) for n in range(len(x))])


def occlusion_map__masks(predict_proba, image, label, size, stride, fill):
    H, W = image.shape
    top = np.arange(0, H - size + 1, stride)[:, None]
    left = np.arange(0, W - size + 1, stride)[:, None]
    rows = (np.arange(H) >= top) & (np.arange(H) < top + size)
    columns = (np.arange(W) >= left) & (np.arange(W) < left + size)
    hidden = rows[:, None, :, None] & columns[None, :, None, :]
    batch = np.where(hidden, np.array(fill, image.dtype), image).reshape(-1, H, W)
    return predict_proba(batch)[:, label].reshape(len(top), len(left))


def occlusion_map__one_image_at_a_time(predict_proba, image, label, size, stride, fill):
    H, W = image.shape
    out = np.zeros(((H - size) // stride + 1, (W - size) // stride + 1), image.dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            copy = image.copy()
            copy[i * stride : i * stride + size, j * stride : j * stride + size] = fill
            out[i, j] = predict_proba(copy[None])[0, label]
    return out


def occlusion_map__row_by_row(predict_proba, image, label, size, stride, fill):
    maps = []
    for top in range(0, image.shape[0] - size + 1, stride):
        batch = []
        for left in range(0, image.shape[1] - size + 1, stride):
            copy = np.array(image)
            copy[top : top + size, left : left + size] = fill
            batch.append(copy)
        maps.append(predict_proba(np.stack(batch))[:, label])
    return np.stack(maps)


def max_unpool2d__loops(y, switches, shape):
    out = np.zeros(shape, dtype=y.dtype)
    for n in range(shape[0]):
        for c in range(shape[1]):
            for i in range(y.shape[2]):
                for j in range(y.shape[3]):
                    s = switches[n, c, i, j]
                    out[n, c, s // shape[3], s % shape[3]] = y[n, c, i, j]
    return out


def max_unpool2d__numbered_pixels(y, switches, shape):
    N, C, H, W = shape
    places = np.arange(N * C * H * W).reshape(N, C, H * W)  # the number of each pixel in the whole array
    out = np.zeros(N * C * H * W, y.dtype)
    out[np.take_along_axis(places, switches.reshape(N, C, -1), axis=2)] = y.reshape(N, C, -1)
    return out.reshape(N, C, H, W)


def max_unpool2d__rows_and_columns(y, switches, shape):
    N, C, _, W = shape
    out = np.zeros(shape, y.dtype)
    n, c = np.arange(N).reshape(N, 1, 1, 1), np.arange(C).reshape(1, C, 1, 1)
    out[n, c, switches // W, switches % W] = y
    return out


def deconv2d__number_by_number(y, w, stride, padding):
    (N, _, h, v), (_, C, K, _) = y.shape, w.shape
    H, W = (h - 1) * stride + K, (v - 1) * stride + K
    full = np.zeros((N, C, H, W), y.dtype)
    for p in range(h):
        for q in range(v):
            patch = np.tensordot(y[:, :, p, q], w, axes=1)  # N C K K
            full[:, :, p * stride : p * stride + K, q * stride : q * stride + K] += patch
    return full[:, :, padding : H - padding, padding : W - padding]


def deconv2d__tap_by_tap(y, w, stride, padding):
    (N, _, h, v), (_, C, K, _) = y.shape, w.shape
    H, W = (h - 1) * stride + K, (v - 1) * stride + K
    full = np.zeros((N, C, H, W), y.dtype)
    for i in range(K):
        for j in range(K):
            part = np.einsum("nohv,oc->nchv", y, w[:, :, i, j])
            full[:, :, i : i + stride * h : stride, j : j + stride * v : stride] += part
    return full[:, :, padding : H - padding, padding : W - padding]


def deconv2d__gaps_then_flipped_kernel(y, w, stride, padding):
    (N, O, h, v), K = y.shape, w.shape[-1]
    spread = np.zeros((N, O, (h - 1) * stride + 2 * K - 1, (v - 1) * stride + 2 * K - 1), y.dtype)
    spread[:, :, K - 1 : K - 1 + h * stride : stride, K - 1 : K - 1 + v * stride : stride] = y
    windows = np.lib.stride_tricks.sliding_window_view(spread, (K, K), axis=(2, 3))
    full = np.einsum("nohwij,ocij->nchw", windows, w[:, :, ::-1, ::-1])
    H, W = full.shape[2:]
    return full[:, :, padding : H - padding, padding : W - padding]


def deconv2d__matrix(y, w, stride, padding):
    (N, O, h, v), (_, C, K, _) = y.shape, w.shape
    H, W = (h - 1) * stride - 2 * padding + K, (v - 1) * stride - 2 * padding + K
    matrix = np.zeros((O, h, v, C, H, W), y.dtype)
    for p, q, i, j in np.ndindex(h, v, K, K):
        row, column = p * stride + i - padding, q * stride + j - padding
        if 0 <= row < H and 0 <= column < W:
            matrix[:, p, q, :, row, column] += w[:, :, i, j]
    return (y.reshape(N, -1) @ matrix.reshape(O * h * v, -1)).reshape(N, C, H, W)
