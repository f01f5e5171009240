"""conv2d: one small kernel slides over the whole image; autograd gives the gradient of each of its three arguments."""

import torch
from jaxtyping import Float


def conv2d(
    x: Float[torch.Tensor, "N C H W"],
    w: Float[torch.Tensor, "O C K K"],
    b: Float[torch.Tensor, " O"],
    stride: int,
    padding: int,
) -> Float[torch.Tensor, "N O Hout Wout"]:
    """Every output channel slides its own kernel over all channels of the image, and adds its bias.

        out_nohw = b_o + Σ_c Σ_i Σ_j x_{n, c, h·stride + i − padding, w·stride + j − padding} · w_ocij

    Where the index falls outside of the image, x is zero: that is the padding, a border of zeros on all four sides. The
    kernel is not flipped (mathematicians call this cross-correlation). The output is as large as the kernel has places:
    Hout = ⌊(H + 2·padding − K) / stride⌋ + 1, and Wout the same of W.

    It must refuse shapes that are not (N, C, H, W), (O, C, K, K) and (O,), and a kernel larger than the padded image,
    with a ValueError that prints all three shapes as tuples. Gradients must reach `x`, `w` and `b`. The built-in
    convolutions are what you are writing here, so they are not allowed.

    >>> x = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    >>> conv2d(x, torch.tensor([[[[1.0, 0.0], [0.0, 2.0]]]]), torch.tensor([100.0]), 1, 0)
    tensor([[[[111., 114.],
              [120., 123.]]]])

    Source: Dumoulin, Visin: A guide to convolution arithmetic for deep learning (2016), arXiv 1603.07285, chapter 2.
    """
    raise NotImplementedError("conv2d")
