"""Wrong answers to feature_maps."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from solutions.mistakes import mistake
from solutions.numpy import feature_maps as right


@mistake(
    "transposed", says="Sobel x and Sobel y have changed places: columns −1 and 1 look left and right, rows up and down"
)
def edge_kernels():
    return right.edge_kernels().swapaxes(2, 3)


@mistake("kernel-flipped", says="the kernels are turned round in both directions, as for a convolution that flips them")
def edge_kernels():
    return right.edge_kernels()[:, :, ::-1, ::-1].copy()


@mistake(
    "sign-flipped", says="the Laplacian has its signs the other way round: its middle is −4, and its four neighbours 1"
)
def edge_kernels():
    kernels = right.edge_kernels()
    kernels[2] *= -1
    return kernels


@mistake(
    "lost-axis", says="the kernels stand in (O, K, K): the axis of the one input channel is missing between O and K"
)
def edge_kernels():
    return right.edge_kernels()[:, 0]


@mistake(
    "wrong-factor",
    says="the kernels are divided by the sum of their positive weights; the classical ones hold whole numbers",
)
def edge_kernels():
    return right.edge_kernels() / 4


@mistake(
    "missing-term",
    says="the corners of the Laplacian count too here, and its middle is −8; only four neighbours belong in it",
)
def edge_kernels():
    kernels = right.edge_kernels()
    kernels[2, 0] = [[1, 1, 1], [1, -8, 1], [1, 1, 1]]
    return kernels


@mistake(
    "dtype-drift", says="the kernels hold integers, as they were typed; images and maps are floating-point numbers"
)
def edge_kernels():
    return right.edge_kernels().astype(int)


@mistake("kernel-flipped", says="the kernel is turned round in both directions before it is laid on the image")
def feature_maps(images, kernels):
    return right.feature_maps(images, kernels[:, :, ::-1, ::-1])


@mistake(
    "padding-ignored",
    says="the border of zeros is missing, so the maps are smaller than the image by K − 1 on each axis",
)
def feature_maps(images, kernels):
    K = kernels.shape[-1]
    windows = sliding_window_view(images, (K, K), axis=(1, 2))
    return np.einsum("nhwij,oij->nohw", windows, kernels[:, 0])


@mistake(
    "off-by-one",
    says="all of the zeros were put below and to the right, so the kernel's corner lies on the pixel, not its middle",
)
def feature_maps(images, kernels):
    K = kernels.shape[-1]
    padded = np.pad(images, ((0, 0), (0, K - 1), (0, K - 1)))
    windows = sliding_window_view(padded, (K, K), axis=(1, 2))
    return np.einsum("nhwij,oij->nohw", windows, kernels[:, 0])


@mistake("wrong-operand", says="outside of the image its outermost pixels are repeated; zeros belong there")
def feature_maps(images, kernels):
    K = kernels.shape[-1]
    r = K // 2
    padded = np.pad(images, ((0, 0), (r, r), (r, r)), mode="edge")
    windows = sliding_window_view(padded, (K, K), axis=(1, 2))
    return np.einsum("nhwij,oij->nohw", windows, kernels[:, 0])


@mistake(
    "not-accumulated",
    says="each tap of the kernel overwrites the map where it should be added: only the last one is left",
)
def feature_maps(images, kernels):
    (N, H, W), (O, _, K, _) = images.shape, kernels.shape
    r = K // 2
    padded = np.pad(images, ((0, 0), (r, r), (r, r)))
    out = np.zeros((N, O, H, W), images.dtype)
    for i in range(K):
        for j in range(K):
            out[:] = kernels[:, 0, i, j][:, None, None] * padded[:, None, i : i + H, j : j + W]
    return out


@mistake("transposed", says="the maps stand in the last axis, (N, H, W, O); they belong in the second, (N, O, H, W)")
def feature_maps(images, kernels):
    return np.moveaxis(right.feature_maps(images, kernels), 1, 3)


@mistake(
    "wrong-nonlinearity",
    says="the absolute value is taken, as for a picture; the map keeps its sign, which says on which side it is bright",
)
def feature_maps(images, kernels):
    return np.abs(right.feature_maps(images, kernels))


@mistake("dtype-drift", says="np.zeros makes float64 unless told otherwise, so float32 images give float64 maps")
def feature_maps(images, kernels):
    (N, H, W), (O, _, K, _) = images.shape, kernels.shape
    r = K // 2
    padded = np.pad(images, ((0, 0), (r, r), (r, r)))
    out = np.zeros((N, O, H, W))
    for i in range(K):
        for j in range(K):
            out += kernels[:, 0, i, j][:, None, None] * padded[:, None, i : i + H, j : j + W]
    return out


@mistake("missing-term", says="the biases are not counted: every output channel learns one")
def shared_parameter_count(C, O, K):
    return O * C * K * K


@mistake(
    "channels-not-summed",
    says="every pair of an input and an output channel is given a bias; the kernel adds the input channels up, and one bias is left",
)
def shared_parameter_count(C, O, K):
    return O * C * (K * K + 1)


@mistake("missing-term", says="the biases are not counted: every unit learns one")
def dense_parameter_count(C, H, W, O):
    return C * H * W * O * H * W


@mistake("wrong-operand", says="the layer is given O units; its output is as large as the maps are, and has O·H·W")
def dense_parameter_count(C, H, W, O):
    return (C * H * W + 1) * O


@mistake(
    "graph-broken",
    "dimages",
    says="images.detach() leaves the graph: what is written into a new tensor from it has no way back to the images",
    track="torch",
)
def feature_maps(images, kernels):
    K = kernels.shape[-1]
    r = K // 2
    N, H, W = images.shape
    padded = images.new_zeros(N, H + 2 * r, W + 2 * r)
    padded[:, r : r + H, r : r + W] = images.detach()
    return torch_windows(padded, kernels, K)


def torch_windows(padded, kernels, K):
    import torch

    windows = padded.unfold(1, K, 1).unfold(2, K, 1)
    return torch.einsum("nhwij,oij->nohw", windows, kernels[:, 0])
