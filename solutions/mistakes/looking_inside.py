"""Wrong answers to looking_inside."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import looking_inside as right


@mistake(
    "sign-flipped",
    says="the sign is left in: a pixel that pulls the score down counts as less than one without influence",
)
def saliency(logits_grad_fn, x, label):
    return logits_grad_fn(x, label).max(axis=1)


@mistake(
    "wrong-order", says="the maximum is taken before the absolute value, so a strong negative channel has lost already"
)
def saliency(logits_grad_fn, x, label):
    return np.abs(logits_grad_fn(x, label).max(axis=1))


@mistake("extra-mean", says="this is the mean over the channels; the strongest of them counts")
def saliency(logits_grad_fn, x, label):
    return np.abs(logits_grad_fn(x, label)).mean(axis=1)


@mistake("wrong-axis", says="the maximum runs over the last axis, the columns of the image; the channels are axis 1")
def saliency(logits_grad_fn, x, label):
    return np.abs(logits_grad_fn(x, label)).max(axis=-1)


@mistake("extra-axis", says="there is one map for each channel: no maximum has been taken over them")
def saliency(logits_grad_fn, x, label):
    return np.abs(logits_grad_fn(x, label))


@mistake(
    "batch-mixed",
    says="the strongest pixel of the whole batch divides every map: one image's map depends on the others",
)
def saliency(logits_grad_fn, x, label):
    out = right.saliency(logits_grad_fn, x, label)
    return out / max(out.max(), 1e-30)


@mistake(
    "wrong-argument",
    says="the gradient is multiplied by the image: what is asked for is how the score reacts, whatever the pixel's value",
)
def saliency(logits_grad_fn, x, label):
    return np.abs(logits_grad_fn(x, label) * x).max(axis=1)


@mistake("argument-unused", says="the gradient of class 0 is asked for, whichever label an image has")
def saliency(logits_grad_fn, x, label):
    return right.saliency(logits_grad_fn, x, np.zeros_like(label))


@mistake(
    "mutates-input",
    says="the patches are painted into the image itself, which belongs to the caller; each place needs a copy",
)
def occlusion_map(predict_proba, image, label, size, stride, fill):
    H, W = image.shape
    tops, lefts = range(0, H - size + 1, stride), range(0, W - size + 1, stride)
    covered = []
    for top in tops:
        for left in lefts:
            image[top : top + size, left : left + size] = fill
            covered.append(image)
    return predict_proba(np.stack(covered))[:, label].reshape(len(tops), len(lefts))


@mistake(
    "batch-mixed",
    says="one copy serves all places, and the earlier patches are still in it; each place starts from the whole image",
)
def occlusion_map(predict_proba, image, label, size, stride, fill):
    H, W = image.shape
    out = np.zeros(((H - size) // stride + 1, (W - size) // stride + 1), image.dtype)
    copy = image.copy()
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            copy[i * stride : i * stride + size, j * stride : j * stride + size] = fill
            out[i, j] = predict_proba(copy[None])[0, label]
    return out


@mistake(
    "off-by-one",
    says="the last place in each direction is left out: a patch that ends exactly at the border still fits",
)
def occlusion_map(predict_proba, image, label, size, stride, fill):
    H, W = image.shape
    tops, lefts = range(0, H - size, stride), range(0, W - size, stride)
    out = np.zeros((len(tops), len(lefts)), image.dtype)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            copy = image.copy()
            copy[top : top + size, left : left + size] = fill
            out[i, j] = predict_proba(copy[None])[0, label]
    return out


@mistake("stride-ignored", says="the patch moves one pixel at a time, whatever stride says")
def occlusion_map(predict_proba, image, label, size, stride, fill):
    return right.occlusion_map(predict_proba, image, label, size, 1, fill)


@mistake("wrong-operand", says="the patch moves by its own size, so places never overlap; stride says how far it moves")
def occlusion_map(predict_proba, image, label, size, stride, fill):
    return right.occlusion_map(predict_proba, image, label, size, size, fill)


@mistake(
    "transposed", says="rows and columns of the map have changed places: the first axis belongs to the patch's top edge"
)
def occlusion_map(predict_proba, image, label, size, stride, fill):
    return right.occlusion_map(predict_proba, image, label, size, stride, fill).T


@mistake("wrong-order", says="the places were visited column by column, and the probabilities are laid out row by row")
def occlusion_map(predict_proba, image, label, size, stride, fill):
    out = right.occlusion_map(predict_proba, image, label, size, stride, fill)
    return out.T.reshape(out.shape)


@mistake(
    "argument-unused", says="this is the probability of whichever class is most likely; the label's own is asked for"
)
def occlusion_map(predict_proba, image, label, size, stride, fill):
    H, W = image.shape
    out = np.zeros(((H - size) // stride + 1, (W - size) // stride + 1), image.dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            copy = image.copy()
            copy[i * stride : i * stride + size, j * stride : j * stride + size] = fill
            out[i, j] = predict_proba(copy[None])[0].max()
    return out


@mistake("missing-term", says="the patch is always 0: fill, the value that belongs in it, does not come in")
def occlusion_map(predict_proba, image, label, size, stride, fill):
    return right.occlusion_map(predict_proba, image, label, size, stride, 0.0)


@mistake("mask-inverted", says="all but the patch is covered here: the network sees only what should be hidden")
def occlusion_map(predict_proba, image, label, size, stride, fill):
    H, W = image.shape
    out = np.zeros(((H - size) // stride + 1, (W - size) // stride + 1), image.dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            place = np.s_[i * stride : i * stride + size, j * stride : j * stride + size]
            copy = np.full_like(image, fill)
            copy[place] = image[place]
            out[i, j] = predict_proba(copy[None])[0, label]
    return out


@mistake(
    "lost-axis",
    says="the probabilities stand in one long row, a place after the other; the map has a row for each top edge",
)
def occlusion_map(predict_proba, image, label, size, stride, fill):
    return right.occlusion_map(predict_proba, image, label, size, stride, fill).ravel()


@mistake(
    "batch-mixed",
    says="the switches are used as places in the whole array, so every map is written into the first one; they count within H·W",
)
def max_unpool2d(y, switches, shape):
    out = np.zeros(shape, y.dtype)
    out.reshape(-1)[switches] = y
    return out


@mistake("off-by-one", says="the switches are taken to count from 1, and every number stands one pixel too early")
def max_unpool2d(y, switches, shape):
    N, C, H, W = shape
    flat = np.zeros((N, C, H * W), y.dtype)
    np.put_along_axis(flat, switches.reshape(N, C, -1) - 1, y.reshape(N, C, -1), axis=2)
    return flat.reshape(shape)


@mistake("transposed", says="the pixels are laid out as W rows of H; shape says that there are H rows of W")
def max_unpool2d(y, switches, shape):
    N, C, H, W = shape
    return right.max_unpool2d(y, switches, shape).reshape(N, C, W, H)


@mistake(
    "wrong-axis", says="the row of a pixel is the switch divided by W, the length of a row; here it is divided by H"
)
def max_unpool2d(y, switches, shape):
    N, C, H, W = shape
    out = np.zeros(shape, y.dtype)
    n, c = np.ogrid[:N, :C]
    out[n[..., None, None], c[..., None, None], switches // H, switches % H] = y
    return out


@mistake("lost-axis", says="the pixels of each map still stand in one row of H·W; shape asks for H rows of W")
def max_unpool2d(y, switches, shape):
    N, C, H, W = shape
    return right.max_unpool2d(y, switches, shape).reshape(N, C, H * W)


@mistake("argument-unused", says="the switches are never looked at: each number fills its whole window")
def max_unpool2d(y, switches, shape):
    rows = np.arange(shape[2]) * y.shape[2] // shape[2]
    columns = np.arange(shape[3]) * y.shape[3] // shape[3]
    return y[:, :, rows][:, :, :, columns]


@mistake(
    "mutates-input",
    says="the offset of each map is added into switches, which belong to the caller; make a new array for the sum",
)
def max_unpool2d(y, switches, shape):
    N, C, H, W = shape
    switches += (np.arange(N * C) * H * W).reshape(N, C, 1, 1)
    out = np.zeros(N * C * H * W, y.dtype)
    out[switches] = y
    return out.reshape(shape)


@mistake("dtype-drift", says="np.zeros makes float64 unless told otherwise, so float32 maps come back as float64")
def max_unpool2d(y, switches, shape):
    return right.max_unpool2d(y.astype(np.float64), switches, shape)


@mistake(
    "kernel-flipped",
    says="the kernel is turned round before it is laid down; that is for a sum over its places, and here it is laid down as it is",
)
def deconv2d(y, w, stride, padding):
    return right.deconv2d(y, w[:, :, ::-1, ::-1], stride, padding)


@mistake(
    "padding-ignored",
    says="the border is not cut off: the result is larger than the image by the padding on all four sides",
)
def deconv2d(y, w, stride, padding):
    return right.deconv2d(y, w, stride, 0)


@mistake("stride-ignored", says="the kernels are laid down one pixel apart, whatever the stride is")
def deconv2d(y, w, stride, padding):
    (N, _, h, v), (_, C, K, _) = y.shape, w.shape
    full = np.zeros((N, C, h - 1 + K, v - 1 + K), y.dtype)
    for i in range(K):
        for j in range(K):
            full[:, :, i : i + h, j : j + v] += np.einsum("nohv,oc->nchv", y, w[:, :, i, j])
    return full[:, :, padding : h - 1 + K - padding, padding : v - 1 + K - padding]


@mistake("not-accumulated", says="where kernels overlap, the later one overwrites the earlier; they have to add up")
def deconv2d(y, w, stride, padding):
    (N, _, h, v), (_, C, K, _) = y.shape, w.shape
    H, W = (h - 1) * stride + K, (v - 1) * stride + K
    full = np.zeros((N, C, H, W), y.dtype)
    for p in range(h):
        for q in range(v):
            patch = np.tensordot(y[:, :, p, q], w, axes=1)
            full[:, :, p * stride : p * stride + K, q * stride : q * stride + K] = patch
    return full[:, :, padding : H - padding, padding : W - padding]


@mistake(
    "channels-not-summed",
    says="each output channel's map is used by itself and only the last is kept; all of them add up in every image channel",
)
def deconv2d(y, w, stride, padding):
    return right.deconv2d(y[:, -1:], w[-1:], stride, padding)


@mistake("transposed", says="the kernel lies on its side: its rows and columns have changed places")
def deconv2d(y, w, stride, padding):
    return right.deconv2d(y, w.swapaxes(2, 3), stride, padding)


@mistake(
    "off-by-one",
    says="the result has room for one stride too many: the kernels start at h places, which are h − 1 strides apart",
)
def deconv2d(y, w, stride, padding):
    (N, _, h, v), (_, C, K, _) = y.shape, w.shape
    H, W = h * stride + K, v * stride + K
    full = np.zeros((N, C, H, W), y.dtype)
    for i in range(K):
        for j in range(K):
            full[:, :, i : i + stride * h : stride, j : j + stride * v : stride] += np.einsum(
                "nohv,oc->nchv", y, w[:, :, i, j]
            )
    return full[:, :, padding : H - padding, padding : W - padding]


@mistake("dtype-drift", says="np.zeros makes float64 unless told otherwise, so float32 maps come back as float64")
def deconv2d(y, w, stride, padding):
    return right.deconv2d(y.astype(np.float64), w.astype(np.float64), stride, padding)


@mistake(
    "mutates-input",
    says="requires_grad_ with its underscore marks x itself, which belongs to the caller; the gradient is handed to you anyway",
    track="torch",
)
def saliency(logits_grad_fn, x, label):
    x.requires_grad_(True)
    return logits_grad_fn(x, label).abs().amax(dim=1)


@mistake(
    "wrong-type",
    says="max along an axis gives values and indices in torch; amax, or the first of the two, is the maximum",
    track="torch",
)
def saliency(logits_grad_fn, x, label):
    return logits_grad_fn(x, label).abs().max(dim=1)


@mistake(
    "graph-broken",
    says=".item() takes the numbers out of the graph: what is written from them has no way back to y",
    track="torch",
)
def max_unpool2d(y, switches, shape):
    N, C, H, W = shape
    out = y.new_zeros(N * C, H * W)
    for row, places, values in zip(out, switches.reshape(N * C, -1), y.reshape(N * C, -1), strict=True):
        for place, value in zip(places, values, strict=True):
            row[place] = value.item()
    return out.reshape(shape)


@mistake(
    "graph-broken",
    says=".data leaves the graph: the sum of the kernels has no way back to w",
    track="torch",
)
def deconv2d(y, w, stride, padding):
    (N, _, h, v), (_, C, K, _) = y.shape, w.shape
    H, W = (h - 1) * stride + K, (v - 1) * stride + K
    full = y.new_zeros(N, C, H, W)
    for p in range(h):
        for q in range(v):
            patch = (y.data[:, :, p, q, None, None, None] * w.data).sum(dim=1)
            full[:, :, p * stride : p * stride + K, q * stride : q * stride + K] += patch
    return full[:, :, padding : H - padding, padding : W - padding]
