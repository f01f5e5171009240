"""pooling: an image becomes smaller, one number for each window: its maximum or its mean; autograd goes back."""

import torch
from jaxtyping import Float


def max_pool2d(x: Float[torch.Tensor, "N C H W"], size: int, stride: int) -> Float[torch.Tensor, "N C Hout Wout"]:
    """The largest number of every window of `size` × `size` pixels; windows start every `stride` pixels.

        out_nchw = max_ij x_{n, c, h·stride + i, w·stride + j}        i, j = 0 … size − 1

    There is no padding, and a window that would reach beyond the image is left out:
    Hout = ⌊(H − size) / stride⌋ + 1, and Wout the same of W. Windows overlap where `stride` is less than `size`, and skip
    pixels where it is more.

    The gradient must reach `x`. Where several pixels of a window share the maximum, the first one in row-major order (as
    one reads: row by row, from the left) gets the whole gradient; `amax` would share it out. The built-in poolings are
    what you are writing here, so they are not allowed.

    >>> max_pool2d(torch.tensor([[[[1.0, 2.0, 9.0], [3.0, 0.0, 9.0]]]]), 2, 2)
    tensor([[[[3.]]]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.3.
    """
    raise NotImplementedError("max_pool2d")


def avg_pool2d(x: Float[torch.Tensor, "N C H W"], size: int, stride: int) -> Float[torch.Tensor, "N C Hout Wout"]:
    """The mean of every window of `size` × `size` pixels; windows start every `stride` pixels.

        out_nchw = Σ_ij x_{n, c, h·stride + i, w·stride + j} / size²        i, j = 0 … size − 1

    The windows are those of `max_pool2d`, and the gradient must reach `x`.

    >>> avg_pool2d(torch.tensor([[[[1.0, 2.0, 9.0], [3.0, 0.0, 9.0]]]]), 2, 2)
    tensor([[[[1.5000]]]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 9.3.
    """
    raise NotImplementedError("avg_pool2d")
