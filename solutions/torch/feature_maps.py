"""feature_maps: three small kernels that find edges, and why sharing a kernel is cheap."""

import torch
from jaxtyping import Float


def edge_kernels() -> Float[torch.Tensor, "3 1 3 3"]:
    """Three classical kernels in torch's default dtype, stacked as (O, 1, K, K): Sobel x, Sobel y and the Laplacian.

        Sobel x         Sobel y         Laplacian
        −1  0  1        −1 −2 −1         0  1  0
        −2  0  2         0  0  0         1 −4  1
        −1  0  1         1  2  1         0  1  0

    The first is large where an image becomes brighter from left to right, the second where it does from top to bottom,
    the third where a pixel is darker than its four neighbours.

    >>> edge_kernels().shape
    torch.Size([3, 1, 3, 3])

    Source: Gonzalez, Woods: Digital Image Processing, 4th edition (2018), section 3.6.
    """
    sobel_x = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    laplacian = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    return torch.stack([sobel_x, sobel_x.T, laplacian])[:, None]  # O 1 3 3


def feature_maps(
    images: Float[torch.Tensor, "N H W"], kernels: Float[torch.Tensor, "O 1 K K"]
) -> Float[torch.Tensor, "N O H W"]:
    """One map for each image and kernel, as large as the image: where does it look like the kernel, and how much?

        out_nohw = Σ_i Σ_j kernels_{o, 0, i, j} · images_{n, h + i − r, w + j − r},   r = ⌊K/2⌋

    K is odd, so the kernel has a middle, and that lies on the pixel h, w. The kernel is not flipped (cross-correlation).
    Where the index falls outside of the image, the image is zero: a border of r zeros on all four sides. Autograd must
    find its way back to both arguments. The built-in convolutions are what you are writing here, so they are not allowed.

    >>> images = torch.tensor([[[0.0, 0.0, 5.0, 5.0]]])
    >>> feature_maps(images, torch.tensor([[[[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]]))
    tensor([[[[ 0.,  5.,  5., -5.]]]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.1, figure 9.6.
    """
    K = kernels.shape[-1]
    if images.ndim != 3 or kernels.shape != (len(kernels), 1, K, K) or K % 2 == 0:
        shapes = f"images {tuple(images.shape)}, kernels {tuple(kernels.shape)}"
        raise ValueError(f"feature_maps: {shapes}: (N, H, W) and (O, 1, K, K) with an odd K are needed")
    r = K // 2
    padded = torch.nn.functional.pad(images, (r, r, r, r))
    windows = padded.unfold(1, K, 1).unfold(2, K, 1)  # N H W K K: what the kernel sees at each pixel
    maps = torch.tensordot(kernels[:, 0], windows, dims=((1, 2), (3, 4)))  # O N H W: one matrix product
    return maps.swapaxes(0, 1)


def shared_parameter_count(C: int, O: int, K: int) -> int:
    """How many numbers a convolution learns: C channels in, O channels out, kernels of K × K, biases included.

    Every output channel has one kernel, which looks at all input channels, and one bias, whatever the image's size.
    `torch.nn.Conv2d(C, O, K)` has as many.

    >>> shared_parameter_count(3, 8, 5)
    608

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.2, on parameter sharing.
    """
    if min(C, O, K) < 1:
        raise ValueError(f"shared_parameter_count: C {C}, O {O} and K {K} must be at least 1")
    return O * (C * K * K + 1)


def dense_parameter_count(C: int, H: int, W: int, O: int) -> int:
    """How many numbers an affine layer of the same size learns: from C × H × W inputs to O × H × W units, with biases.

    Every unit has a weight for every input, and a bias of its own. `torch.nn.Linear(C * H * W, O * H * W)` has as many.

    >>> dense_parameter_count(3, 32, 32, 8)
    25174016

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.2, on parameter sharing.
    """
    if min(C, H, W, O) < 1:
        raise ValueError(f"dense_parameter_count: C {C}, H {H}, W {W} and O {O} must be at least 1")
    inputs = C * H * W
    units = O * H * W
    return (inputs + 1) * units
