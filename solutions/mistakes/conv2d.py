"""Wrong answers to conv2d. Most of them slide the kernel pixel by pixel, as people do before they look for speed."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import conv2d as right


def pad(x, padding):
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def sides(x, w, stride, padding):
    return [(side + 2 * padding - w.shape[2]) // stride + 1 for side in x.shape[2:]]


@mistake(
    "kernel-flipped",
    says="the kernel is turned round in both directions first, as mathematicians do; here it lies on the image as it is",
)
def conv2d(x, w, b, stride, padding):
    return right.conv2d(x, w[:, :, ::-1, ::-1], b, stride, padding)


@mistake("transposed", says="rows and columns of the kernel are exchanged: w_ocji stands where w_ocij belongs")
def conv2d(x, w, b, stride, padding):
    right.conv2d(x, w, b, stride, padding)
    padded, (H, W) = pad(x, padding), sides(x, w, stride, padding)
    out = np.zeros((len(x), len(w), H, W), x.dtype)
    for i in range(w.shape[2]):
        for j in range(w.shape[2]):
            seen = padded[:, :, i : i + stride * H : stride, j : j + stride * W : stride]
            out += np.einsum("nchv,oc->nohv", seen, w[:, :, j, i])
    return out + b[:, None, None]


@mistake("padding-ignored", says="no border of zeros is laid around the image, whatever the padding is")
def conv2d(x, w, b, stride, padding):
    right.conv2d(x, w, b, stride, padding)
    return right.conv2d(x, w, b, stride, 0)


@mistake("stride-ignored", says="the kernel moves by one pixel at a time, whatever the stride is")
def conv2d(x, w, b, stride, padding):
    right.conv2d(x, w, b, stride, padding)
    return right.conv2d(x, w, b, 1, padding)


@mistake(
    "channels-not-summed",
    says="there is one image for every pair of input and output channel; an output channel is the sum over all inputs",
)
def conv2d(x, w, b, stride, padding):
    right.conv2d(x, w, b, stride, padding)
    apart = [right.conv2d(x[:, [c]], w[:, [c]], b, stride, padding) for c in range(x.shape[1])]
    return np.stack(apart, axis=2)


@mistake("missing-term", says="the bias is left out")
def conv2d(x, w, b, stride, padding):
    return right.conv2d(x, w, np.zeros_like(b), stride, padding)


@mistake(
    "wrong-axis",
    says="b is laid along the columns of the image, the last axis; it has one number for each output channel",
)
def conv2d(x, w, b, stride, padding):
    return right.conv2d(x, w, np.zeros_like(b), stride, padding) + b


@mistake(
    "not-accumulated",
    says="each pixel of the kernel writes over what the one before it gave; the products have to add up",
)
def conv2d(x, w, b, stride, padding):
    right.conv2d(x, w, b, stride, padding)
    padded, (H, W) = pad(x, padding), sides(x, w, stride, padding)
    out = np.zeros((len(x), len(w), H, W), x.dtype)
    for i in range(w.shape[2]):
        for j in range(w.shape[2]):
            seen = padded[:, :, i : i + stride * H : stride, j : j + stride * W : stride]
            out = np.einsum("nchv,oc->nohv", seen, w[:, :, i, j])
    return out + b[:, None, None]


@mistake("extra-mean", says="the mean of the products in a window is taken; a convolution is their sum")
def conv2d(x, w, b, stride, padding):
    right.conv2d(x, w, b, stride, padding)
    padded, (H, W), K = pad(x, padding), sides(x, w, stride, padding), w.shape[2]
    out = np.zeros((len(x), len(w), H, W), x.dtype)
    for n, o, h, v in np.ndindex(*out.shape):
        window = padded[n, :, h * stride : h * stride + K, v * stride : v * stride + K]
        out[n, o, h, v] = (window * w[o]).mean() + b[o]
    return out


@mistake("off-by-one", says="the last row and the last column are missing: the size lacks its + 1")
def conv2d(x, w, b, stride, padding):
    return right.conv2d(x, w, b, stride, padding)[:, :, :-1, :-1]


@mistake("dtype-drift", says="np.zeros without a dtype makes float64, and float32 that is added to it becomes float64")
def conv2d(x, w, b, stride, padding):
    right.conv2d(x, w, b, stride, padding)
    padded, (H, W) = pad(x, padding), sides(x, w, stride, padding)
    out = np.zeros((len(x), len(w), H, W))
    for i in range(w.shape[2]):
        for j in range(w.shape[2]):
            seen = padded[:, :, i : i + stride * H : stride, j : j + stride * W : stride]
            out += np.einsum("nchv,oc->nohv", seen, w[:, :, i, j])
    return out + b[:, None, None]


@mistake(
    "mutates-input",
    says="the bias starts out as a view of the caller's b and every product is added into it; the sum needs an array of its own",
)
def conv2d(x, w, b, stride, padding):
    right.conv2d(x, w, b, stride, padding)
    padded, (H, W), K = pad(x, padding), sides(x, w, stride, padding), w.shape[2]
    out = np.zeros((len(x), len(w), H, W), x.dtype)
    for n, o, h, v in np.ndindex(*out.shape):
        total = b[o : o + 1]
        total += (padded[n, :, h * stride : h * stride + K, v * stride : v * stride + K] * w[o]).sum()
        out[n, o, h, v] = total[0]
    return out


@mistake(
    "shape-not-checked",
    says="a single channel stretches to meet any number of them, and a bias of any shape that broadcasts is taken; the "
    "shapes have to be compared before anything is computed",
)
def conv2d(x, w, b, stride, padding):
    padded, (H, W), K = pad(x, padding), sides(x, w, stride, padding), w.shape[2]
    out = np.zeros((len(x), len(w), H, W), x.dtype)
    for h in range(H):
        for v in range(W):
            window = padded[:, None, :, h * stride : h * stride + K, v * stride : v * stride + K]
            out[:, :, h, v] = (window * w).sum(axis=(2, 3, 4))
    return out + b.reshape(-1, 1, 1)


# ---------------------------------------------------------------------- backward


@mistake(
    "kernel-flipped",
    "dx",
    says="dx slides the kernel over dout as the forward did; on the way back it has to be turned round in both directions",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    _, dw, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    dx, _, _ = right.conv2d_backward(dout, x, w[:, :, ::-1, ::-1], b, stride, padding)
    return dx, dw, db


@mistake(
    "padding-ignored",
    "dx",
    says="dx still has the border of zeros around it, H + 2·padding by W + 2·padding; only the image inside of it is x",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    right.conv2d_backward(dout, x, w, b, stride, padding)
    return right.conv2d_backward(dout, pad(x, padding), w, b, stride, 0)


@mistake(
    "stride-ignored",
    "dx",
    says="the windows are taken one pixel apart on the way back, whatever the stride was on the way there",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    right.conv2d_backward(dout, x, w, b, stride, padding)
    padded, (H, W), K = pad(x, padding), dout.shape[2:], w.shape[2]
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(K):
        for j in range(K):
            dpadded[:, :, i : i + H, j : j + W] += np.einsum("nohv,oc->nchv", dout, w[:, :, i, j])
            dw[:, :, i, j] = np.einsum("nohv,nchv->oc", dout, padded[:, :, i : i + H, j : j + W])
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, dout.sum(axis=(0, 2, 3))


@mistake(
    "not-accumulated",
    "dx",
    says="each window writes over what the one before it left in dx; a pixel under several windows collects from all",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    _, dw, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    (H, W), K = dout.shape[2:], w.shape[2]
    dpadded = np.zeros_like(pad(x, padding))
    for h in range(H):
        for v in range(W):
            share = np.einsum("no,ocij->ncij", dout[:, :, h, v], w)
            dpadded[:, :, h * stride : h * stride + K, v * stride : v * stride + K] = share
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, db


@mistake(
    "upstream-ignored",
    "dx",
    says="dout does not come in: every output counts as if its gradient were 1",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    right.conv2d_backward(dout, x, w, b, stride, padding)
    return right.conv2d_backward(np.ones_like(dout), x, w, b, stride, padding)


@mistake(
    "channels-not-summed",
    "dx",
    says="dx has one image for every output channel; a pixel feeds all of them, and its gradient is their sum",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    _, dw, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    apart = [right.conv2d_backward(dout[:, [o]], x, w[[o]], b[[o]], stride, padding)[0] for o in range(len(w))]
    return np.stack(apart, axis=1), dw, db


@mistake("wrong-operand", "dx", says="dx is built with dw, the gradient of the kernel, where the kernel itself belongs")
def conv2d_backward(dout, x, w, b, stride, padding):
    _, dw, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    dx, _, _ = right.conv2d_backward(dout, x, dw, b, stride, padding)
    return dx, dw, db


@mistake("dtype-drift", "dx", says="dx is collected in np.zeros without a dtype, which is float64 whatever x is")
def conv2d_backward(dout, x, w, b, stride, padding):
    _, dw, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    (H, W), K = dout.shape[2:], w.shape[2]
    dpadded = np.zeros((len(x), x.shape[1], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding))
    for h in range(H):
        for v in range(W):
            share = np.einsum("no,ocij->ncij", dout[:, :, h, v], w)
            dpadded[:, :, h * stride : h * stride + K, v * stride : v * stride + K] += share
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, db


@mistake("wrong-order", "dx", says="the gradients come back as (dw, dx, db); they follow the arguments x, w, b")
def conv2d_backward(dout, x, w, b, stride, padding):
    dx, dw, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    return dw, dx, db


@mistake("transposed", "dw", says="rows and columns of every kernel in dw are exchanged: it holds dw_ocji")
def conv2d_backward(dout, x, w, b, stride, padding):
    dx, dw, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    padded, (H, W), K = pad(x, padding), dout.shape[2:], w.shape[2]
    for i in range(K):
        for j in range(K):
            seen = padded[:, :, i : i + stride * H : stride, j : j + stride * W : stride]
            dw[:, :, j, i] = np.einsum("nohv,nchv->oc", dout, seen)
    return dx, dw, db


@mistake(
    "extra-mean",
    "dw",
    says="dw and db are divided by the number of examples; that mean belongs to the loss, and dout has it already",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    dx, dw, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    return dx, dw / len(x), db / len(x)


@mistake(
    "not-summed",
    "dw",
    says="dw still has one kernel for every example; all examples share the kernel, and their gradients add up",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    dx, _, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    each = [right.conv2d_backward(dout[[n]], x[[n]], w, b, stride, padding)[1] for n in range(len(x))]
    return dx, np.array(each), db


@mistake(
    "wrong-axis", "db", says="dout is summed over everything but the examples; b has one number per output channel"
)
def conv2d_backward(dout, x, w, b, stride, padding):
    dx, dw, _ = right.conv2d_backward(dout, x, w, b, stride, padding)
    return dx, dw, dout.sum(axis=(1, 2, 3))


@mistake("lost-axis", "db", says="the sum has no axis, so the output channels have run together into one number")
def conv2d_backward(dout, x, w, b, stride, padding):
    dx, dw, _ = right.conv2d_backward(dout, x, w, b, stride, padding)
    return dx, dw, dout.sum()


@mistake("extra-axis", "db", says="only examples are summed, or the summed axes are kept: db is not (O,), as b is")
def conv2d_backward(dout, x, w, b, stride, padding):
    dx, dw, _ = right.conv2d_backward(dout, x, w, b, stride, padding)
    return dx, dw, dout.sum(axis=(0, 2, 3), keepdims=True)


@mistake(
    "mutates-input",
    says="without padding the padded image is the caller's own x, and the gradient is collected in it",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    _, dw, db = right.conv2d_backward(dout, x, w, b, stride, padding)
    (H, W), K = dout.shape[2:], w.shape[2]
    padded = pad(x, padding) if padding else x
    dpadded = padded
    dpadded[:] = 0
    for h in range(H):
        for v in range(W):
            share = np.einsum("no,ocij->ncij", dout[:, :, h, v], w)
            dpadded[:, :, h * stride : h * stride + K, v * stride : v * stride + K] += share
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, db


@mistake(
    "shape-not-checked",
    says="nothing compares the shapes, so a dout of another size goes through or dies in a slice that does not name it; "
    "the backward refuses what the forward refuses",
)
def conv2d_backward(dout, x, w, b, stride, padding):
    padded, K = pad(x, padding), w.shape[2]
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for h in range(dout.shape[2]):
        for v in range(dout.shape[3]):
            rows, columns = slice(h * stride, h * stride + K), slice(v * stride, v * stride + K)
            dpadded[:, :, rows, columns] += np.einsum("no,ocij->ncij", dout[:, :, h, v], w)
            dw += np.einsum("no,ncij->ocij", dout[:, :, h, v], padded[:, :, rows, columns])
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, dout.sum(axis=(0, 2, 3))


# ---------------------------------------------------------------------- only in torch


@mistake(
    "graph-broken",
    "dw",
    says="torch.tensor makes a new tensor out of the numbers of w, and the way back to w is lost",
    track="torch",
)
def conv2d(x, w, b, stride, padding):
    import torch

    check(x, w, b, padding)
    kernel = torch.tensor(w.tolist(), dtype=w.dtype)
    windows = unfolded(x, w, stride, padding)
    return torch.einsum("nchvij,ocij->nohv", windows, kernel) + b[:, None, None]


def unfolded(x, w, stride, padding):
    import torch

    K = w.shape[2]
    padded = torch.nn.functional.pad(x, (padding, padding, padding, padding))
    return padded.unfold(2, K, stride).unfold(3, K, stride)


def check(x, w, b, padding):
    fits = x.ndim == w.ndim == 4 and x.shape[1] == w.shape[1] and tuple(b.shape) == (len(w),)
    if not fits or w.shape[2] != w.shape[3] or w.shape[2] > min(x.shape[2:]) + 2 * padding:
        raise ValueError(f"conv2d: {tuple(x.shape)}, {tuple(w.shape)}, {tuple(b.shape)} do not fit")
