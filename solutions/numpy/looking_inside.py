"""looking_inside: what does the network look at? Two questions to the input, and two steps back from the feature maps."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int


def saliency(
    logits_grad_fn: Callable[[Float[np.ndarray, "N C H W"], Int[np.ndarray, " N"]], Float[np.ndarray, "N C H W"]],
    x: Float[np.ndarray, "N C H W"],
    label: Int[np.ndarray, " N"],
) -> Float[np.ndarray, "N H W"]:
    """How strongly the score of each image's label reacts to each pixel.

        out_nhw = max over c of |∂logit_{n, label_n} / ∂x_nchw|

    `logits_grad_fn(x, label)` gives that derivative, for the whole batch at once. A pixel that pulls the score down
    matters as much as one that lifts it, so the sign goes before the channels meet.

    >>> saliency(lambda x, label: x - 2, np.array([[[[1.0, 2.0]], [[0.0, 5.0]]]]), np.array([0]))
    array([[[2., 3.]]])

    Source: Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks (2013), arXiv 1312.6034, section 3.1.
    """
    dx = logits_grad_fn(x, label)  # N C H W
    if x.ndim != 4 or dx.shape != x.shape:
        raise ValueError(f"saliency: x {x.shape} and its gradient {dx.shape}: (N, C, H, W) twice is needed")
    return np.abs(dx).max(axis=1)


def occlusion_map(
    predict_proba: Callable[[Float[np.ndarray, "N H W"]], Float[np.ndarray, "N C"]],
    image: Float[np.ndarray, "H W"],
    label: int,
    size: int,
    stride: int,
    fill: float,
) -> Float[np.ndarray, "Hout Wout"]:
    """How probable the label still is with a patch over part of the image, for each place of the patch.

        out_ij = p(label | image with the pixels [i·stride, i·stride + size) × [j·stride, j·stride + size) set to fill)

    The patch stays inside of the image: Hout = ⌊(H − size) / stride⌋ + 1, and Wout the same of W. Where the map is low,
    the patch hides what the network needs. `predict_proba` takes a batch of images and gives a row of probabilities for
    each; how many you hand it at a time is your choice. The image itself must be left as it was.

    >>> brightness = lambda images: np.stack([images.mean((1, 2)), 1 - images.mean((1, 2))], axis=1)
    >>> occlusion_map(brightness, np.array([[0.5, 1.0], [0.0, 0.5]]), 0, 1, 1, 0.0)
    array([[0.375, 0.25 ],
           [0.5  , 0.375]])

    Source: Zeiler, Fergus: Visualizing and Understanding Convolutional Networks (2013), arXiv 1311.2901, section 4.2.
    """
    if image.ndim != 2 or not 1 <= size <= min(image.shape) or stride < 1:
        raise ValueError(
            f"occlusion_map: size {size} and stride {stride} for an image {image.shape}: one patch must fit"
        )
    H, W = image.shape
    tops, lefts = (range(0, side - size + 1, stride) for side in (H, W))
    covered = np.tile(image, (len(tops), len(lefts), 1, 1))  # Hout Wout H W: a copy of the image for each place
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            covered[i, j, top : top + size, left : left + size] = fill
    p = predict_proba(covered.reshape(-1, H, W))  # Hout·Wout C
    return p[:, label].reshape(len(tops), len(lefts))


def max_unpool2d(
    y: Float[np.ndarray, "N C h w"], switches: Int[np.ndarray, "N C h w"], shape: tuple[int, int, int, int]
) -> Float[np.ndarray, "N C H W"]:
    """Max pooling backwards, as far as that goes: every maximum returns to the pixel it came from, all others are 0.

        out_{n, c, s // W, s % W} = y_nchw,   s = switches_nchw

    A switch is the place of a window's maximum, counted row by row through the H × W pixels of its own image and
    channel, from 0. `shape` is (N, C, H, W), the size before pooling. Where windows overlapped, several switches may
    name one pixel; they brought along the same value, and it stands there once.

    >>> max_unpool2d(np.array([[[[7.0, 8.0]]]]), np.array([[[[1, 6]]]]), (1, 1, 2, 4))
    array([[[[0., 7., 0., 0.],
             [0., 0., 8., 0.]]]])

    Source: Zeiler, Fergus: Visualizing and Understanding Convolutional Networks (2013), arXiv 1311.2901, section 2.1.
    """
    if len(shape) != 4 or y.shape != switches.shape or y.shape[:2] != tuple(shape[:2]):
        raise ValueError(f"max_unpool2d: y {y.shape} and switches {switches.shape} do not fit shape {shape}")
    N, C, H, W = shape
    if switches.size and not 0 <= switches.min() <= switches.max() < H * W:
        raise ValueError(f"max_unpool2d: switches from {switches.min()} to {switches.max()}; 0..{H * W - 1} are pixels")
    flat = np.zeros((N, C, H * W), y.dtype)
    np.put_along_axis(flat, switches.reshape(N, C, -1), y.reshape(N, C, -1), axis=2)
    return flat.reshape(shape)


def deconv2d(
    y: Float[np.ndarray, "N O h v"], w: Float[np.ndarray, "O C K K"], stride: int, padding: int
) -> Float[np.ndarray, "N C H W"]:
    """Convolution's way back to the image: every number of `y` lays down the kernel that it was made with.

        out_ncpq = Σ y_nohv · w_ocij,   summed over o, and over all h, v, i, j with
                   h·stride + i − padding = p   and   v·stride + j − padding = q

    Where kernels overlap they add up; what falls on the padding, outside of the image, is dropped. `w` is stored as the
    convolution has it, not flipped: this is its adjoint, Σ conv2d(x)·y = Σ x·deconv2d(y) without a bias. The side of the
    result is H = (h − 1)·stride − 2·padding + K.

    >>> deconv2d(np.array([[[[1.0, 10.0]]]]), np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), 1, 0)
    array([[[[ 1., 12., 20.],
             [ 3., 34., 40.]]]])

    Source: Zeiler, Fergus: Visualizing and Understanding Convolutional Networks (2013), arXiv 1311.2901, section 2.1.
    """
    if y.ndim != 4 or w.ndim != 4 or y.shape[1] != len(w) or w.shape[2] != w.shape[3]:
        raise ValueError(f"deconv2d: y {y.shape} and w {w.shape}: (N, O, h, v) and (O, C, K, K) are needed")
    (N, _, h, v), (_, C, K, _) = y.shape, w.shape
    H, W = (h - 1) * stride + K, (v - 1) * stride + K  # with the border that is cut off below
    if stride < 1 or not 0 <= 2 * padding < min(H, W):
        raise ValueError(f"deconv2d: stride {stride} and padding {padding} leave nothing of y {y.shape}, w {w.shape}")
    spread = np.tensordot(w, y, axes=(0, 1))  # C K K N h v: the sum over o is one matrix product
    full = np.zeros((N, C, H, W), y.dtype)
    for i in range(K):
        for j in range(K):
            full[:, :, i : i + stride * h : stride, j : j + stride * v : stride] += spread[:, i, j].swapaxes(0, 1)
    return full[:, :, padding : H - padding, padding : W - padding]
