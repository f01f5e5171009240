"""Right answers to feature_maps in another style."""

import numpy as np


def edge_kernels__written_out():
    return np.array(
        [
            [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]],
            [[[-1, -2, -1], [0, 0, 0], [1, 2, 1]]],
            [[[0, 1, 0], [1, -4, 1], [0, 1, 0]]],
        ],
        dtype=np.float64,
    )


def edge_kernels__smoothing_times_difference():
    smooth, slope = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    curve = np.outer([0.0, 1.0, 0.0], [1.0, -2.0, 1.0])
    return np.array([np.outer(smooth, slope), np.outer(slope, smooth), curve + curve.T]).reshape(3, 1, 3, 3)


def feature_maps__tap_by_tap(images, kernels):
    (N, H, W), (O, _, K, _) = images.shape, kernels.shape
    r = K // 2
    padded = np.zeros((N, H + 2 * r, W + 2 * r), images.dtype)
    padded[:, r : r + H, r : r + W] = images
    out = np.zeros((N, O, H, W), images.dtype)
    for i in range(K):
        for j in range(K):
            out += kernels[:, 0, i, j][:, None, None] * padded[:, None, i : i + H, j : j + W]
    return out


def feature_maps__windows_and_einsum(images, kernels):
    K = kernels.shape[3]
    r = K // 2
    padded = np.pad(images, ((0, 0), (r, r), (r, r)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K, K), axis=(1, 2))
    return np.einsum("nhwij,oij->nohw", windows, kernels[:, 0])


def feature_maps__loops(images, kernels):
    N, H, W = images.shape
    O, K = kernels.shape[0], kernels.shape[2]
    r = K // 2
    padded = np.pad(images, ((0, 0), (r, r), (r, r)))
    out = np.empty((N, O, H, W), images.dtype)
    for n in range(N):
        for o in range(O):
            for h in range(H):
                for w in range(W):
                    out[n, o, h, w] = (padded[n, h : h + K, w : w + K] * kernels[o, 0]).sum()
    return out


def feature_maps__without_a_border(images, kernels):
    N, H, W = images.shape
    O, _, K, _ = kernels.shape
    out = np.zeros((N, O, H, W), images.dtype)
    for i in range(K):
        for j in range(K):
            down, right = i - K // 2, j - K // 2
            to = np.s_[:, max(-down, 0) : max(H - max(down, 0), 0), max(-right, 0) : max(W - max(right, 0), 0)]
            seen = np.zeros_like(images)
            part = images[:, max(down, 0) : max(H + down, 0), max(right, 0) : max(W + right, 0)]
            if part.size:
                seen[to] = part
            out += np.multiply.outer(kernels[:, 0, i, j], seen).swapaxes(0, 1)
    return out


def feature_maps__fourier(images, kernels):
    K, (_, H, W) = kernels.shape[-1], images.shape
    size = (H + K - 1, W + K - 1)
    flipped = np.flip(kernels[:, 0], axis=(1, 2)).astype(np.float64)
    product = np.fft.rfft2(images.astype(np.float64), size)[:, None] * np.fft.rfft2(flipped, size)
    r = K // 2
    return np.fft.irfft2(product, size)[:, :, r : r + H, r : r + W].astype(images.dtype)


def shared_parameter_count__weights_and_biases(C, O, K):
    weights = C * O * K**2
    biases = O
    return weights + biases


def dense_parameter_count__weights_and_biases(C, H, W, O):
    inputs, units = C * H * W, O * H * W
    return inputs * units + units
