"""Wrong answers to pooling."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import pooling as right


def windows(x, size, stride):
    """N C Hout Wout size size."""
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    return view[:, :, ::stride, ::stride]


def corners(dout, stride):
    """Place in the output, and the pixel in which its window begins."""
    for h in range(dout.shape[2]):
        for v in range(dout.shape[3]):
            yield h, v, h * stride, v * stride


# ---------------------------------------------------------------------- the maximum


@mistake("stride-ignored", says="the windows start one pixel after the other, whatever the stride is")
def max_pool2d(x, size, stride):
    return windows(x, size, 1).max(axis=(4, 5))


@mistake(
    "wrong-operand",
    says="the windows lie side by side, as if the stride were the size; they start every `stride` pixels",
)
def max_pool2d(x, size, stride):
    N, C, H, W = x.shape
    H, W = H // size, W // size
    return x[:, :, : H * size, : W * size].reshape(N, C, H, size, W, size).max(axis=(3, 5))


@mistake("extra-mean", says="this is the mean of each window where its maximum belongs")
def max_pool2d(x, size, stride):
    return windows(x, size, stride).mean(axis=(4, 5))


@mistake("transposed", says="rows and columns of the output are exchanged")
def max_pool2d(x, size, stride):
    return windows(x, size, stride).max(axis=(4, 5)).swapaxes(2, 3)


@mistake(
    "wrong-axis",
    says="the maximum runs over the windows and keeps the places in a window; it should be the other way round",
)
def max_pool2d(x, size, stride):
    return windows(x, size, stride).max(axis=(2, 3))


@mistake("lost-axis", says="the maximum is that of the whole image, so both axes of the image are gone")
def max_pool2d(x, size, stride):
    return x.max(axis=(2, 3))


@mistake("off-by-one", says="the last window of every row and column is missing: the size lacks its + 1")
def max_pool2d(x, size, stride):
    return windows(x, size, stride).max(axis=(4, 5))[:, :, :-1, :-1]


@mistake("dtype-drift", says="np.zeros without a dtype makes float64, whatever x is")
def max_pool2d(x, size, stride):
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - size) // stride + 1, (W - size) // stride + 1))
    for h, v, top, left in corners(out, stride):
        out[:, :, h, v] = x[:, :, top : top + size, left : left + size].max(axis=(2, 3))
    return out


@mistake(
    "mutates-input",
    says="the running maximum is kept in a slice of x, which is a view: the caller's pixels are written over",
)
def max_pool2d(x, size, stride):
    H, W = (x.shape[2] - size) // stride + 1, (x.shape[3] - size) // stride + 1
    best = x[:, :, : stride * H : stride, : stride * W : stride]
    for i in range(size):
        for j in range(size):
            np.maximum(best, x[:, :, i : i + stride * H : stride, j : j + stride * W : stride], out=best)
    return best.copy()


@mistake(
    "ties",
    "dx",
    says="every pixel that equals the maximum of its window gets the gradient; only the first one may have it",
)
def max_pool2d_backward(dout, x, size, stride):
    dx = np.zeros_like(x)
    for h, v, top, left in corners(dout, stride):
        window = x[:, :, top : top + size, left : left + size]
        is_largest = window == window.max(axis=(2, 3), keepdims=True)
        dx[:, :, top : top + size, left : left + size] += is_largest * dout[:, :, h : h + 1, v : v + 1]
    return dx


@mistake(
    "not-accumulated",
    "dx",
    says="where windows overlap, the last one writes over what the others gave; a pixel collects from all of them",
)
def max_pool2d_backward(dout, x, size, stride):
    first = windows(x, size, stride).reshape(*dout.shape, -1).argmax(axis=4)
    dx = np.zeros_like(x)
    for n, c, h, v in np.ndindex(*dout.shape):
        i, j = divmod(first[n, c, h, v], size)
        dx[n, c, h * stride + i, v * stride + j] = dout[n, c, h, v]
    return dx


@mistake("upstream-ignored", "dx", says="each maximum gets a 1; dout, what comes from above, never went in")
def max_pool2d_backward(dout, x, size, stride):
    return right.max_pool2d_backward(np.ones_like(dout), x, size, stride)


@mistake(
    "transposed",
    "dx",
    says="the number of the maximum in its window is taken apart the wrong way: its row is used as the column",
)
def max_pool2d_backward(dout, x, size, stride):
    first = windows(x, size, stride).reshape(*dout.shape, -1).argmax(axis=4)
    dx = np.zeros_like(x)
    for n, c, h, v in np.ndindex(*dout.shape):
        j, i = divmod(first[n, c, h, v], size)
        dx[n, c, h * stride + i, v * stride + j] += dout[n, c, h, v]
    return dx


@mistake(
    "stride-ignored",
    "dx",
    says="on the way back the windows start one pixel after the other, whatever the stride is",
)
def max_pool2d_backward(dout, x, size, stride):
    first = windows(x, size, stride).reshape(*dout.shape, -1).argmax(axis=4)
    dx = np.zeros_like(x)
    for n, c, h, v in np.ndindex(*dout.shape):
        i, j = divmod(first[n, c, h, v], size)
        dx[n, c, h + i, v + j] += dout[n, c, h, v]
    return dx


@mistake(
    "wrong-operand",
    "dx",
    says="the maximum itself is put back in its place, times dout; its slope is 1, whatever it is",
)
def max_pool2d_backward(dout, x, size, stride):
    return right.max_pool2d_backward(dout * right.max_pool2d(x, size, stride), x, size, stride)


@mistake("dtype-drift", "dx", says="dx is collected in np.zeros without a dtype, which is float64 whatever x is")
def max_pool2d_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    dx += right.max_pool2d_backward(dout, x, size, stride)
    return dx


@mistake("mutates-input", says="dx is another name for the caller's x, which is set to zero and filled")
def max_pool2d_backward(dout, x, size, stride):
    first = windows(x, size, stride).reshape(*dout.shape, -1).argmax(axis=4)
    dx = x
    dx[:] = 0
    for n, c, h, v in np.ndindex(*dout.shape):
        i, j = divmod(first[n, c, h, v], size)
        dx[n, c, h * stride + i, v * stride + j] += dout[n, c, h, v]
    return dx


# ---------------------------------------------------------------------- the mean


@mistake("missing-mean", says="the pixels of a window are added up and not divided by their number")
def avg_pool2d(x, size, stride):
    return windows(x, size, stride).sum(axis=(4, 5))


@mistake("missing-term", says="the sum is divided by the size once; a window has size · size pixels")
def avg_pool2d(x, size, stride):
    return windows(x, size, stride).sum(axis=(4, 5)) / size


@mistake("stride-ignored", says="the windows start one pixel after the other, whatever the stride is")
def avg_pool2d(x, size, stride):
    return windows(x, size, 1).mean(axis=(4, 5))


@mistake("wrong-axis", says="the mean runs over the windows and keeps the places in a window")
def avg_pool2d(x, size, stride):
    return windows(x, size, stride).mean(axis=(2, 3))


@mistake("extra-axis", says="the pixels of a window still stand beside each other, in two axes that nothing added up")
def avg_pool2d(x, size, stride):
    return windows(x, size, stride) / size**2


@mistake("dtype-drift", says="np.zeros without a dtype makes float64, whatever x is")
def avg_pool2d(x, size, stride):
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - size) // stride + 1, (W - size) // stride + 1))
    for h, v, top, left in corners(out, stride):
        out[:, :, h, v] = x[:, :, top : top + size, left : left + size].mean(axis=(2, 3))
    return out


@mistake(
    "missing-mean",
    "dx",
    says="every pixel of a window gets the whole gradient; each has only its share in the mean",
)
def avg_pool2d_backward(dout, x, size, stride):
    dx = np.zeros_like(x)
    for h, v, top, left in corners(dout, stride):
        dx[:, :, top : top + size, left : left + size] += dout[:, :, h : h + 1, v : v + 1]
    return dx


@mistake("missing-term", "dx", says="the gradient is divided by the size once; a window has size · size pixels")
def avg_pool2d_backward(dout, x, size, stride):
    dx = np.zeros_like(x)
    for h, v, top, left in corners(dout, stride):
        dx[:, :, top : top + size, left : left + size] += dout[:, :, h : h + 1, v : v + 1] / size
    return dx


@mistake(
    "not-accumulated",
    "dx",
    says="where windows overlap, the last one writes over what the others gave; a pixel collects from all of them",
)
def avg_pool2d_backward(dout, x, size, stride):
    dx = np.zeros_like(x)
    for h, v, top, left in corners(dout, stride):
        dx[:, :, top : top + size, left : left + size] = dout[:, :, h : h + 1, v : v + 1] / size**2
    return dx


@mistake("stride-ignored", "dx", says="on the way back the windows start one pixel after the other")
def avg_pool2d_backward(dout, x, size, stride):
    dx = np.zeros_like(x)
    for h, v, top, left in corners(dout, 1):
        dx[:, :, top : top + size, left : left + size] += dout[:, :, h : h + 1, v : v + 1] / size**2
    return dx


@mistake("upstream-ignored", "dx", says="every window hands out shares of 1; dout never went in")
def avg_pool2d_backward(dout, x, size, stride):
    return right.avg_pool2d_backward(np.ones_like(dout), x, size, stride)


@mistake("extra-mean", "dx", says="dx is divided by the number of examples; that mean belongs to the loss")
def avg_pool2d_backward(dout, x, size, stride):
    return right.avg_pool2d_backward(dout, x, size, stride) / len(x)


@mistake("dtype-drift", "dx", says="dx is collected in np.zeros without a dtype, which is float64 whatever x is")
def avg_pool2d_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    dx += right.avg_pool2d_backward(dout, x, size, stride)
    return dx


# ---------------------------------------------------------------------- only in torch


@mistake(
    "ties",
    "dx",
    says="amax shares the gradient among all pixels that reach the maximum; an index, as argmax gives it, keeps to the "
    "first",
    track="torch",
)
def max_pool2d(x, size, stride):
    return x.unfold(2, size, stride).unfold(3, size, stride).amax(dim=(4, 5))


@mistake(
    "graph-broken",
    says="the maxima are written into a new tensor as plain numbers, and the way back to x is lost",
    track="torch",
)
def max_pool2d(x, size, stride):
    import torch

    windows = x.unfold(2, size, stride).unfold(3, size, stride)
    out = torch.zeros(windows.shape[:4], dtype=x.dtype)
    for place in np.ndindex(*out.shape):
        out[place] = windows[place].max().item()
    return out


@mistake(
    "graph-broken",
    says="detach takes x out of the graph, so no gradient reaches it",
    track="torch",
)
def avg_pool2d(x, size, stride):
    return x.detach().unfold(2, size, stride).unfold(3, size, stride).mean(dim=(4, 5))
