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
    N, (O, C, K, _) = len(x), w.shape
    Hout, Wout = _output_size(x, w, stride, padding)
    rows = _rows(x, K, stride, padding)
    out = np.empty((N, O, Hout * Wout), x.dtype)
    out[:] = b[:, None]
    for i in range(K):  # one matrix product for each row of the kernel: its sum runs over c and j
        out += w[:, :, i].reshape(O, C * K) @ _seen(rows, i, stride, Hout)
    return out.reshape(N, O, Hout, Wout)


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
    N, (O, C, K, _), (H, W) = len(x), w.shape, x.shape[2:]
    Hout, Wout = _output_size(x, w, stride, padding)
    rows, flat = _rows(x, K, stride, padding), dout.reshape(N, O, Hout * Wout)
    drows, dw = np.zeros_like(rows), np.empty_like(w)
    for i in range(K):
        dw[:, :, i] = (flat @ _seen(rows, i, stride, Hout).transpose(0, 2, 1)).sum(axis=0).reshape(O, C, K)
        seen = w[:, :, i].reshape(O, C * K).T @ flat
        drows[:, :, i : i + stride * Hout : stride] += seen.reshape(N, C * K, Hout, Wout)
    drows = drows.reshape(N, C, K, -1, Wout)
    dpadded = np.zeros((N, C, H + 2 * padding, W + 2 * padding), x.dtype)
    for j in range(K):
        dpadded[:, :, :, j : j + stride * Wout : stride] += drows[:, :, j]
    dx = dpadded[:, :, padding : padding + H, padding : padding + W]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def _rows(x: np.ndarray, K: int, stride: int, padding: int) -> np.ndarray:
    """Every window of one row and K columns of the padded image: N (C·K) H+2p Wout, K times the memory of `x`."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(padded, K, axis=3)[:, :, :, ::stride]  # N C H+2p Wout K
    N, C, height, Wout, _ = windows.shape
    return windows.transpose(0, 1, 4, 2, 3).reshape(N, C * K, height, Wout)


def _seen(rows: np.ndarray, i: int, stride: int, Hout: int) -> np.ndarray:
    """What row `i` of the kernel sees at each of its places: N (C·K) (Hout·Wout)."""
    return rows[:, :, i : i + stride * Hout : stride].reshape(*rows.shape[:2], -1)


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
