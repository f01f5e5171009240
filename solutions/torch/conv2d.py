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
    _check(x, w, b, stride, padding)
    (N, _, H, W), (O, C, K, _) = x.shape, w.shape
    Hout, Wout = ((side + 2 * padding - K) // stride + 1 for side in (H, W))
    rows = _rows(x, K, stride, padding)  # H+2p  N·Wout  K·C
    kernel = w.permute(2, 3, 1, 0).reshape(K, K * C, O)
    # one matrix product for each row of the kernel; its sum runs over j and c
    out = sum(rows[i : i + stride * Hout : stride] @ kernel[i] for i in range(K)) + b
    return out.reshape(Hout, N, Wout, O).permute(1, 3, 0, 2)


def _rows(x: torch.Tensor, K: int, stride: int, padding: int) -> torch.Tensor:
    """Every window of 1 × K pixels of the padded image with all its channels, as a row: H+2p  N·Wout  K·C.

    With the channels last, a window lies in memory in one piece. This takes K times the memory of `x` and not K², and
    row i of the kernel finds what it needs at every place by counting from row i of the image.
    """
    border = (padding, padding)
    padded = torch.nn.functional.pad(x.permute(2, 0, 3, 1), (0, 0, *border, 0, 0, *border))  # H+2p  N  W+2p  C
    windows = padded.unfold(2, K, stride)  # H+2p  N  Wout  C  K
    return windows.transpose(3, 4).flatten(3).flatten(1, 2)


def _check(x, w, b, stride, padding) -> None:
    shapes = f"x {tuple(x.shape)}, w {tuple(w.shape)}, b {tuple(b.shape)}"
    if stride < 1 or padding < 0:
        raise ValueError(f"conv2d: stride {stride} must be at least 1 and padding {padding} at least 0; {shapes}")
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"conv2d: {shapes}: (N, C, H, W), (O, C, K, K) and (O,) are needed")
    if w.shape[2] != w.shape[3] or w.shape[2] > min(x.shape[2:]) + 2 * padding:
        raise ValueError(f"conv2d: {shapes}: a square kernel, no larger than the image padded by {padding}, is needed")
