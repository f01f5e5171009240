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
    raise NotImplementedError("max_pool2d")


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
    raise NotImplementedError("max_pool2d_backward")


def avg_pool2d(x: Float[np.ndarray, "N C H W"], size: int, stride: int) -> Float[np.ndarray, "N C Hout Wout"]:
    """The mean of every window of `size` × `size` pixels; windows start every `stride` pixels.

        out_nchw = Σ_ij x_{n, c, h·stride + i, w·stride + j} / size²        i, j = 0 … size − 1

    The windows are those of `max_pool2d`.

    >>> avg_pool2d(np.array([[[[1.0, 2.0, 9.0], [3.0, 0.0, 9.0]]]]), 2, 2)
    array([[[[1.5]]]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.3.
    """
    raise NotImplementedError("avg_pool2d")


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
    raise NotImplementedError("avg_pool2d_backward")
