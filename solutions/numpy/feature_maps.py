"""feature_maps: three small kernels that find edges, and why sharing a kernel is cheap."""

import numpy as np
from jaxtyping import Float


def edge_kernels() -> Float[np.ndarray, "3 1 3 3"]:
    """Three classical kernels, float64, stacked as (O, 1, K, K): Sobel x, Sobel y and the Laplacian, in this order.

        Sobel x         Sobel y         Laplacian
        −1  0  1        −1 −2 −1         0  1  0
        −2  0  2         0  0  0         1 −4  1
        −1  0  1         1  2  1         0  1  0

    The first is large where an image becomes brighter from left to right, the second where it does from top to bottom,
    the third where a pixel is darker than its four neighbours.

    >>> edge_kernels().shape
    (3, 1, 3, 3)

    Source: Gonzalez, Woods: Digital Image Processing, 4th edition (2018), section 3.6.
    """
    sobel_x = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    laplacian = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    return np.stack([sobel_x, sobel_x.T, laplacian])[:, None]  # O 1 3 3


def feature_maps(
    images: Float[np.ndarray, "N H W"], kernels: Float[np.ndarray, "O 1 K K"]
) -> Float[np.ndarray, "N O H W"]:
    """One map for each image and kernel, as large as the image: where does it look like the kernel, and how much?

        out_nohw = Σ_i Σ_j kernels_{o, 0, i, j} · images_{n, h + i − r, w + j − r},   r = ⌊K/2⌋

    K is odd, so the kernel has a middle, and that lies on the pixel h, w. The kernel is not flipped (cross-correlation).
    Where the index falls outside of the image, the image is zero: a border of r zeros on all four sides.

    >>> feature_maps(np.array([[[0.0, 0.0, 5.0, 5.0]]]), np.array([[[[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]]))
    array([[[[ 0.,  5.,  5., -5.]]]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.1, figure 9.6.
    """
    K = kernels.shape[-1]
    if images.ndim != 3 or kernels.shape != (len(kernels), 1, K, K) or K % 2 == 0:
        shapes = f"images {images.shape}, kernels {kernels.shape}"
        raise ValueError(f"feature_maps: {shapes}: (N, H, W) and (O, 1, K, K) with an odd K are needed")
    r = K // 2
    padded = np.pad(images, ((0, 0), (r, r), (r, r)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K, K), axis=(1, 2))  # N H W K K, one for each pixel
    maps = np.tensordot(kernels[:, 0], windows, axes=((1, 2), (3, 4)))  # O N H W: one matrix product
    return maps.swapaxes(0, 1)


def shared_parameter_count(C: int, O: int, K: int) -> int:
    """How many numbers a convolution learns: C channels in, O channels out, kernels of K × K, biases included.

    Every output channel has one kernel, which looks at all input channels, and one bias, whatever the image's size.

    >>> shared_parameter_count(3, 8, 5)
    608

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.2, on parameter sharing.
    """
    if min(C, O, K) < 1:
        raise ValueError(f"shared_parameter_count: C {C}, O {O} and K {K} must be at least 1")
    return O * (C * K * K + 1)


def dense_parameter_count(C: int, H: int, W: int, O: int) -> int:
    """How many numbers an affine layer of the same size learns: from C × H × W inputs to O × H × W units, with biases.

    Every unit has a weight for every input, and a bias of its own.

    >>> dense_parameter_count(3, 32, 32, 8)
    25174016

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.2, on parameter sharing.
    """
    if min(C, H, W, O) < 1:
        raise ValueError(f"dense_parameter_count: C {C}, H {H}, W {W} and O {O} must be at least 1")
    inputs = C * H * W
    units = O * H * W
    return (inputs + 1) * units
