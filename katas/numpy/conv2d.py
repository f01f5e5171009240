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
    raise NotImplementedError("conv2d")


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
    raise NotImplementedError("conv2d_backward")
