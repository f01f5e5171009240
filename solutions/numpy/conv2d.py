"""conv2d: one small kernel slides over the whole image, and the gradient of each of its three arguments."""

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view


def conv2d(
    x: Float[np.ndarray, "N C H W"],
    w: Float[np.ndarray, "O C K K"],
    b: Float[np.ndarray, " O"],
    stride: int,
    padding: int,
) -> Float[np.ndarray, "N O Hout Wout"]:
    """Every output channel slides its own kernel over all channels of the image, and adds its bias.

        out_nohw = b_o + Σ_c Σ_i Σ_j x_{n, c, h·stride + i − padding, w·stride + j − padding} · w_ocij

    Where the index falls outside of the image, x is zero: that is the padding, a border of zeros on all four sides. The
    kernel is not flipped (mathematicians call this cross-correlation). The output is as large as the kernel has places:
    Hout = ⌊(H + 2·padding − K) / stride⌋ + 1, and Wout the same of W.

    It must refuse shapes that are not (N, C, H, W), (O, C, K, K) and (O,), and a kernel larger than the padded image,
    with a ValueError that prints all three shapes.

    >>> x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    >>> conv2d(x, np.array([[[[1.0, 0.0], [0.0, 2.0]]]]), np.array([100.0]), 1, 0)
    array([[[[111., 114.],
             [120., 123.]]]])

    Source: Dumoulin, Visin: A guide to convolution arithmetic for deep learning (2016), arXiv 1603.07285, chapter 2.
    """
    _check("conv2d", x, w, b, stride, padding)
    (N, *_), (O, C, K, _) = x.shape, w.shape
    Hout, Wout = _output_size(x, w, stride, padding)
    rows = _rows(x, K, stride, padding)  # H+2p  N·Wout  K·C
    kernel = w.transpose(2, 3, 1, 0).reshape(K, K * C, O)
    out = np.zeros((Hout, N * Wout, O), x.dtype)
    for i in range(K):  # one matrix product for each row of the kernel; its sum runs over j and c
        out += rows[i : i + stride * Hout : stride] @ kernel[i]
    return (out + b).reshape(Hout, N, Wout, O).transpose(1, 3, 0, 2)


def conv2d_backward(
    dout: Float[np.ndarray, "N O Hout Wout"],
    x: Float[np.ndarray, "N C H W"],
    w: Float[np.ndarray, "O C K K"],
    b: Float[np.ndarray, " O"],
    stride: int,
    padding: int,
) -> tuple[Float[np.ndarray, "N C H W"], Float[np.ndarray, "O C K K"], Float[np.ndarray, " O"]]:
    """The gradients (dx, dw, db) of the loss, given `dout`, its gradient for `conv2d(x, w, b, stride, padding)`.

        dw_ocij = Σ_n Σ_h Σ_w dout_nohw · x_{n, c, h·stride + i − padding, w·stride + j − padding}
        db_o    = Σ_n Σ_h Σ_w dout_nohw
        dx      : each dout_nohw · w_ocij is added to the pixel that w_ocij was multiplied by

    What falls on the border of zeros is dropped. It must refuse what `conv2d` refuses, and a `dout` that has not the
    shape of its output: ValueError, with all four shapes in the message.

    >>> dout, x, w = np.array([[[[10.0, 1.0]]]]), np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[5.0]]]])
    >>> dx, dw, db = conv2d_backward(dout, x, w, np.zeros(1), 2, 0)
    >>> dx.tolist(), dw.tolist(), db.tolist()
    ([[[[50.0, 0.0, 5.0]]]], [[[[13.0]]]], [11.0])

    Source: solutions/derivations/conv2d.md works it out.
    """
    _check("conv2d_backward", x, w, b, stride, padding, dout)
    (N, _, H, W), (O, C, K, _) = x.shape, w.shape
    Hout, Wout = _output_size(x, w, stride, padding)
    rows = _rows(x, K, stride, padding)  # H+2p  N·Wout  K·C
    up = dout.transpose(2, 0, 3, 1).reshape(Hout, N * Wout, O)
    db = up.sum(axis=(0, 1))
    dkernel = np.empty((K, K * C, O), w.dtype)
    for i in range(K):  # the sum runs over every place of the kernel in every example
        dkernel[i] = np.tensordot(rows[i : i + stride * Hout : stride], up, axes=([0, 1], [0, 1]))
    dw = dkernel.reshape(K, K, C, O).transpose(3, 2, 0, 1)
    kernel = w.transpose(2, 0, 3, 1).reshape(K, O, K * C)
    del rows  # its memory is free for drows
    drows = np.zeros((H + 2 * padding, N * Wout, K * C), x.dtype)
    for i in range(K):  # the sum runs over o
        drows[i : i + stride * Hout : stride] += up @ kernel[i]
    drows = drows.reshape(H + 2 * padding, N, Wout, K, C)
    dpadded = np.zeros((H + 2 * padding, N, W + 2 * padding, C), x.dtype)
    for j in range(K):  # a pixel lies in up to K windows of its row, and collects from each
        dpadded[:, :, j : j + stride * Wout : stride] += drows[:, :, :, j]
    dx = dpadded[padding : padding + H, :, padding : padding + W].transpose(1, 3, 0, 2)
    return dx, dw, db


def _rows(x: np.ndarray, K: int, stride: int, padding: int) -> np.ndarray:
    """Every window of 1 × K pixels of the padded image with all its channels, as a row: H+2p  N·Wout  K·C.

    With the channels last, a window lies in memory in one piece. This takes K times the memory of `x` and not K², and
    row i of the kernel finds what it needs at every place by counting from row i of the image.
    """
    border = (padding, padding)
    padded = np.pad(x.transpose(2, 0, 3, 1), (border, (0, 0), border, (0, 0)))  # H+2p  N  W+2p  C
    windows = sliding_window_view(padded, K, axis=2)[:, :, ::stride]  # H+2p  N  Wout  C  K
    height, N, Wout, C, _ = windows.shape
    return windows.swapaxes(3, 4).reshape(height, N * Wout, K * C)


def _output_size(x: np.ndarray, w: np.ndarray, stride: int, padding: int) -> tuple[int, int]:
    H, W = ((side + 2 * padding - w.shape[2]) // stride + 1 for side in x.shape[2:])
    return H, W


def _check(name, x, w, b, stride, padding, dout=None) -> None:
    shapes = f"x {x.shape}, w {w.shape}, b {b.shape}" + ("" if dout is None else f", dout {dout.shape}")
    if stride < 1 or padding < 0:
        raise ValueError(f"{name}: stride {stride} must be at least 1 and padding {padding} at least 0; {shapes}")
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"{name}: {shapes}: (N, C, H, W), (O, C, K, K) and (O,) are needed")
    if w.shape[2] != w.shape[3] or w.shape[2] > min(x.shape[2:]) + 2 * padding:
        raise ValueError(f"{name}: {shapes}: a square kernel, no larger than the image padded by {padding}, is needed")
    if dout is not None and dout.shape != (len(x), len(w), *_output_size(x, w, stride, padding)):
        raise ValueError(f"{name}: {shapes}: dout needs the shape of the output, (N, O, Hout, Wout)")
