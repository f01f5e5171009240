"""pooling: an image becomes smaller, one number for each window: its maximum or its mean."""

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view


def max_pool2d(x: Float[np.ndarray, "N C H W"], size: int, stride: int) -> Float[np.ndarray, "N C Hout Wout"]:
    """The largest number of every window of `size` × `size` pixels; windows start every `stride` pixels.

        out_nchw = max_ij x_{n, c, h·stride + i, w·stride + j}        i, j = 0 … size − 1

    There is no padding, and a window that would reach beyond the image is left out:
    Hout = ⌊(H − size) / stride⌋ + 1, and Wout the same of W. Windows overlap where `stride` is less than `size`, and skip
    pixels where it is more.

    >>> max_pool2d(np.array([[[[1.0, 2.0, 9.0], [3.0, 0.0, 9.0]]]]), 2, 2)
    array([[[[3.]]]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.3.
    """
    return _windows("max_pool2d", x, size, stride).max(axis=(4, 5))


def max_pool2d_backward(
    dout: Float[np.ndarray, "N C Hout Wout"], x: Float[np.ndarray, "N C H W"], size: int, stride: int
) -> Float[np.ndarray, "N C H W"]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `max_pool2d(x, size, stride)`.

        dx_ncyx = Σ dout_nchw over the windows h, w whose maximum is the pixel y, x

    Only the maximum of a window has an influence. Where several pixels of a window share it, the first one in row-major
    order (as one reads: row by row, from the left) gets the whole gradient. A pixel that is the maximum of several
    windows gets the sum, all others get zero.

    >>> max_pool2d_backward(np.array([[[[7.0]]]]), np.array([[[[1.0, 2.0], [2.0, 0.0]]]]), 2, 2)
    array([[[[0., 7.],
             [0., 0.]]]])

    Source: solutions/derivations/pooling.md works it out.
    """
    windows = _windows("max_pool2d_backward", x, size, stride, dout)
    N, C, Hout, Wout = windows.shape[:4]
    first = windows.reshape(N, C, Hout, Wout, size * size).argmax(axis=4)  # argmax takes the first one of a tie
    dx = np.zeros_like(x)
    for i in range(size):
        for j in range(size):
            is_here = first == i * size + j  # N C Hout Wout
            dx[:, :, i : i + stride * Hout : stride, j : j + stride * Wout : stride] += dout * is_here
    return dx


def avg_pool2d(x: Float[np.ndarray, "N C H W"], size: int, stride: int) -> Float[np.ndarray, "N C Hout Wout"]:
    """The mean of every window of `size` × `size` pixels; windows start every `stride` pixels.

        out_nchw = Σ_ij x_{n, c, h·stride + i, w·stride + j} / size²        i, j = 0 … size − 1

    The windows are those of `max_pool2d`.

    >>> avg_pool2d(np.array([[[[1.0, 2.0, 9.0], [3.0, 0.0, 9.0]]]]), 2, 2)
    array([[[[1.5]]]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.3.
    """
    return _windows("avg_pool2d", x, size, stride).mean(axis=(4, 5))


def avg_pool2d_backward(
    dout: Float[np.ndarray, "N C Hout Wout"], x: Float[np.ndarray, "N C H W"], size: int, stride: int
) -> Float[np.ndarray, "N C H W"]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `avg_pool2d(x, size, stride)`.

        dx_ncyx = Σ dout_nchw / size² over the windows h, w that contain the pixel y, x

    >>> avg_pool2d_backward(np.array([[[[8.0]]]]), np.array([[[[1.0, 2.0, 9.0], [3.0, 0.0, 9.0]]]]), 2, 2)
    array([[[[2., 2., 0.],
             [2., 2., 0.]]]])

    Source: solutions/derivations/pooling.md works it out.
    """
    Hout, Wout = _windows("avg_pool2d_backward", x, size, stride, dout).shape[2:4]
    dx = np.zeros_like(x)
    for i in range(size):
        for j in range(size):
            dx[:, :, i : i + stride * Hout : stride, j : j + stride * Wout : stride] += dout / size**2
    return dx


def _windows(name: str, x: np.ndarray, size: int, stride: int, dout: np.ndarray | None = None) -> np.ndarray:
    """A view of every complete window: N C Hout Wout size size."""
    if x.ndim != 4 or size < 1 or stride < 1 or size > min(x.shape[2:]):
        raise ValueError(
            f"{name}: x {x.shape}, size {size}, stride {stride}: a window of at least 1 pixel that fits "
            "into (N, C, H, W), and a stride of at least 1, are needed"
        )
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    if dout is not None and dout.shape != windows.shape[:4]:
        raise ValueError(f"{name}: dout {dout.shape} for x {x.shape}: {windows.shape[:4]} is needed")
    return windows
