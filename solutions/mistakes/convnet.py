"""Wrong answers to convnet."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import convnet as right
from solutions.numpy.activations import relu, relu_backward
from solutions.numpy.affine import affine, affine_backward
from solutions.numpy.conv2d import conv2d, conv2d_backward
from solutions.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from solutions.numpy.pooling import max_pool2d, max_pool2d_backward


def _draw(rng, side, std):
    """Parameters of the right shapes, whose weights have the standard deviation std(inputs, outputs, places)."""
    D = 16 * (side // 4) ** 2
    return {
        "w1": rng.normal(size=(8, 1, 5, 5)) * std(1, 8, 25),
        "b1": np.zeros(8),
        "w2": rng.normal(size=(16, 8, 5, 5)) * std(8, 16, 25),
        "b2": np.zeros(16),
        "W3": rng.normal(size=(D, 10)) * std(D, 10, 1),
        "b3": np.zeros(10),
    }


def _there_and_back(
    params,
    x,
    labels,
    convolve=conv2d,
    through_relu=relu_backward,
    through_pooling=max_pool2d_backward,
    through_convolution=conv2d_backward,
    through_layer=affine_backward,
    through_loss=cross_entropy_backward,
):
    """The right network, with some of its steps replaced."""
    w1, b1, w2, b2, W3, b3 = (params[name] for name in ("w1", "b1", "w2", "b2", "W3", "b3"))
    z1 = convolve(x, w1, b1, 1, w1.shape[2] // 2)
    h1 = relu(z1)
    p1 = max_pool2d(h1, 2, 2)
    z2 = convolve(p1, w2, b2, 1, w2.shape[2] // 2)
    h2 = relu(z2)
    p2 = max_pool2d(h2, 2, 2)
    row = p2.reshape(len(x), -1)
    logits = affine(row, W3, b3)
    loss = cross_entropy(logits, labels)
    dlogits = through_loss(1.0, logits, labels)
    drow, dW3, db3 = through_layer(dlogits, row, W3, b3)
    dz2 = through_relu(through_pooling(drow.reshape(p2.shape), h2, 2, 2), z2)
    dp1, dw2, db2 = through_convolution(dz2, p1, w2, b2, 1, w2.shape[2] // 2)
    dz1 = through_relu(through_pooling(dp1, h1, 2, 2), z1)
    _, dw1, db1 = through_convolution(dz1, x, w1, b1, 1, w1.shape[2] // 2)
    return loss, {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2, "W3": dW3, "b3": db3}


@mistake(
    "missing-scale",
    "out[w1]",
    says="these are standard normal numbers, not scaled to what is added up: the scores are huge and softmax starts out saturated",
)
def init(rng, side=28):
    return _draw(rng, side, lambda inputs, outputs, places: 1.0)


@mistake(
    "missing-term",
    "out[w1]",
    says="the fan counts the channels that come in, but a kernel adds up K · K products for each of them",
)
def init(rng, side=28):
    return _draw(rng, side, lambda inputs, outputs, places: math.sqrt(2 / inputs))


@mistake(
    "fan-swapped",
    "out[w1]",
    says="the fan counts the channels that go out; what is added up for one number are the channels that come in",
)
def init(rng, side=28):
    return _draw(rng, side, lambda inputs, outputs, places: math.sqrt(2 / (outputs * places)))


@mistake(
    "wrong-factor",
    "out[w1]",
    says="√(1/fan) suits tanh; relu drops half of the signal, and the 2 in √(2/fan) makes up for it",
)
def init(rng, side=28):
    return _draw(rng, side, lambda inputs, outputs, places: math.sqrt(1 / (inputs * places)))


@mistake(
    "argument-unused",
    "out[W3]",
    says="W3 has 784 rows whatever `side` is; an image of 8 × 8 pixels leaves 64 numbers after two poolings",
)
def init(rng, side=28):
    return right.init(rng)


@mistake(
    "transposed",
    "out[W3]",
    says="W3 is stored as classes × features, as nn.Linear does; row @ W3 needs features × classes",
)
def init(rng, side=28):
    params = right.init(rng, side)
    return params | {"W3": params["W3"].T.copy()}


@mistake(
    "wrong-order", "out[w1]", says="the kernels are stored as inputs × outputs; conv2d takes (outputs, inputs, K, K)"
)
def init(rng, side=28):
    params = right.init(rng, side)
    return params | {name: params[name].transpose(1, 0, 2, 3).copy() for name in ("w1", "w2")}


@mistake(
    "extra-axis",
    "out[b1]",
    says="the biases have the shape (1, O, 1, 1), ready to be broadcast over an image; conv2d takes (O) and does that itself",
)
def init(rng, side=28):
    params = right.init(rng, side)
    return params | {name: params[name][None, :, None, None] for name in ("b1", "b2")}


@mistake(
    "nondeterministic",
    says="randn without generator= draws from torch's global state: the same seed gives other weights each time",
    track="torch",
)
def init(generator, side=28):
    import torch

    from solutions.torch import convnet

    return {
        name: torch.randn(param.shape) * param.std() if name[0] in "wW" else param
        for name, param in convnet.init(generator, side).items()
    }


@mistake(
    "missing-mean",
    "grads[w1]",
    says="the loss is a mean over the examples and the gradients are those of the sum: they are N times too large",
)
def loss_and_grads(params, x, labels):
    loss, grads = right.loss_and_grads(params, x, labels)
    return loss, {name: grad * len(labels) for name, grad in grads.items()}


@mistake(
    "sign-flipped",
    "grads[w1]",
    says="the backward pass starts from y − p, so it returns the direction downhill; the gradient is p − y",
)
def loss_and_grads(params, x, labels):
    loss, grads = right.loss_and_grads(params, x, labels)
    return loss, {name: -grad for name, grad in grads.items()}


@mistake(
    "transposed",
    "grads[W3]",
    says="this is dlogitsᵀ row, of shape (C, D); a gradient is stored like its weight, (D, C)",
)
def loss_and_grads(params, x, labels):
    loss, grads = right.loss_and_grads(params, x, labels)
    return loss, grads | {"W3": grads["W3"].T}


@mistake(
    "wrong-operand",
    "grads[w1]",
    says="dW3 stands where W3 belongs: the gradient goes back through the weights, dlogits W3ᵀ, not through their gradient",
)
def loss_and_grads(params, x, labels):
    def through_layer(dlogits, row, W3, b3):
        dW3 = row.T @ dlogits
        return dlogits @ dW3.T, dW3, dlogits.sum(axis=0)

    return _there_and_back(params, x, labels, through_layer=through_layer)


@mistake(
    "missing-term",
    "grads[w1]",
    says="the gradient does not pass through relu: where z was negative it has to be 0 before it meets the kernels below",
)
def loss_and_grads(params, x, labels):
    return _there_and_back(params, x, labels, through_relu=lambda dh, z: dh)


@mistake(
    "wrong-argument",
    "grads[w1]",
    says="relu's mask is where the gradient is positive; its slope depends on what went into relu, so the mask is where z is positive",
)
def loss_and_grads(params, x, labels):
    return _there_and_back(params, x, labels, through_relu=lambda dh, z: relu_backward(dh, dh))


@mistake(
    "ties",
    "grads[w1]",
    says="the pooled gradient is copied to all four pixels of its window; only the maximum had an influence, so only it gets the gradient",
)
def loss_and_grads(params, x, labels):
    def through_pooling(dp, h, size, stride):
        dh = np.zeros_like(h)
        copies = dp.repeat(2, axis=2).repeat(2, axis=3)
        dh[:, :, : copies.shape[2], : copies.shape[3]] = copies
        return dh

    return _there_and_back(params, x, labels, through_pooling=through_pooling)


@mistake(
    "gradient-not-carried",
    "grads[w1]",
    says="the gradient stops at the second convolution: the first kernels keep their zeros and never learn",
)
def loss_and_grads(params, x, labels):
    loss, grads = right.loss_and_grads(params, x, labels)
    return loss, grads | {name: np.zeros_like(params[name]) for name in ("w1", "b1")}


@mistake(
    "wrong-axis",
    "grads[b1]",
    says="the gradient of a bias is summed over channels, lines and columns, one number for each example; it is one for each channel",
)
def loss_and_grads(params, x, labels):
    def through_convolution(dout, x, w, b, stride, padding):
        dx, dw, _ = conv2d_backward(dout, x, w, b, stride, padding)
        return dx, dw, dout.sum(axis=(1, 2, 3))

    return _there_and_back(params, x, labels, through_convolution=through_convolution)


@mistake(
    "not-summed",
    "grads[b3]",
    says="b3 is added to every example of the batch, so its gradient is the sum of dlogits over the batch, not dlogits itself",
)
def loss_and_grads(params, x, labels):
    def through_layer(dlogits, row, W3, b3):
        return dlogits @ W3.T, row.T @ dlogits, dlogits

    return _there_and_back(params, x, labels, through_layer=through_layer)


@mistake(
    "extra-mean",
    "grads[b1]",
    says="the gradient of a kernel's bias is a mean over the batch and all places; the 1/N of the loss is in dz already, so what is left is a sum",
)
def loss_and_grads(params, x, labels):
    def through_convolution(dout, x, w, b, stride, padding):
        dx, dw, _ = conv2d_backward(dout, x, w, b, stride, padding)
        return dx, dw, dout.mean(axis=(0, 2, 3))

    return _there_and_back(params, x, labels, through_convolution=through_convolution)


@mistake(
    "kernel-flipped",
    "loss",
    says="the kernels are turned by 180° before they slide, as mathematicians convolve; here they are used as they are stored",
)
def loss_and_grads(params, x, labels):
    turned = {name: param[:, :, ::-1, ::-1] if param.ndim == 4 else param for name, param in params.items()}
    loss, grads = right.loss_and_grads(turned, x, labels)
    return loss, {name: grad[:, :, ::-1, ::-1] if grad.ndim == 4 else grad for name, grad in grads.items()}


@mistake(
    "wrong-order",
    "loss",
    says="the row runs through lines, columns and then channels; it is channels, lines, columns, as they lie in memory",
)
def loss_and_grads(params, x, labels):
    D, C = params["W3"].shape
    O = len(params["b2"])
    places = D // O
    W3 = params["W3"].reshape(places, O, C).transpose(1, 0, 2).reshape(D, C)
    loss, grads = right.loss_and_grads(params | {"W3": W3}, x, labels)
    dW3 = grads["W3"].reshape(O, places, C).transpose(1, 0, 2).reshape(D, C)
    return loss, grads | {"W3": dW3}


@mistake(
    "wrong-nonlinearity",
    "loss",
    says="relu runs behind the last layer too: every negative score becomes 0, though scores may have either sign",
)
def loss_and_grads(params, x, labels):
    *_, row, logits = right._forward(params, x)
    h = relu(logits)
    loss, dz = cross_entropy(h, labels), relu_backward(cross_entropy_backward(1.0, h, labels), logits)
    _, grads = _there_and_back(params, x, labels, through_loss=lambda dout, logits, labels: dz)
    return loss, grads


@mistake(
    "padding-ignored",
    "loss",
    says="the images stand in the corner of the border, with all of its zeros below and to the right; it has to be the same on all four sides",
)
def loss_and_grads(params, x, labels):
    def convolve(x, w, b, stride, padding):
        moved = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))
        return conv2d(moved, w, b, stride, 0)

    return _there_and_back(params, x, labels, convolve=convolve)


@mistake(
    "mutates-input",
    says="the images are moved to mean 0 in place: the caller's batch comes back changed",
)
def loss_and_grads(params, x, labels):
    found = right.loss_and_grads(params, x, labels)
    x -= x.mean()
    return found


@mistake(
    "dtype-drift",
    "grads[W3]",
    says="p − y starts from float64 one-hot rows, and every gradient below it becomes float64",
)
def loss_and_grads(params, x, labels):
    def through_loss(dout, logits, labels):
        return cross_entropy_backward(dout, logits.astype(np.float64), labels)

    return _there_and_back(params, x, labels, through_loss=through_loss)


@mistake(
    "graph-broken",
    "grads[w1]",
    says="the second convolution is given a detached image: the graph ends there, and the first kernels get no gradient at all",
    track="torch",
)
def loss_and_grads(params, x, labels):
    import torch

    from solutions.torch.conv2d import conv2d
    from solutions.torch.pooling import max_pool2d

    leaves = {name: param.detach().clone().requires_grad_() for name, param in params.items()}
    w1, b1, w2, b2, W3, b3 = leaves.values()
    p1 = max_pool2d(torch.relu(conv2d(x, w1, b1, 1, w1.shape[2] // 2)), 2, 2).detach()
    p2 = max_pool2d(torch.relu(conv2d(p1, w2, b2, 1, w2.shape[2] // 2)), 2, 2)
    loss = torch.nn.functional.cross_entropy(p2.flatten(1) @ W3 + b3, labels)
    loss.backward()
    return loss, {name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in leaves.items()}


@mistake(
    "wrong-type",
    "grads[w1]",
    says=".numpy() turns the gradients into numpy arrays; whoever updates params needs tensors",
    track="torch",
)
def loss_and_grads(params, x, labels):
    from solutions.torch import convnet

    loss, grads = convnet.loss_and_grads(params, x, labels)
    return loss, {name: grad.numpy() for name, grad in grads.items()}


@mistake(
    "wrong-axis",
    says="argmax runs along the examples: it answers which image has most of a class; the classes are axis 1",
)
def predict(params, x):
    *_, logits = right._forward(params, x)
    return logits.argmax(axis=0)


@mistake("sign-flipped", says="argmin takes the class with the lowest score")
def predict(params, x):
    *_, logits = right._forward(params, x)
    return logits.argmin(axis=1)


@mistake("wrong-argument", says="this is the highest score itself; what is asked for is the class that has it")
def predict(params, x):
    *_, logits = right._forward(params, x)
    return logits.max(axis=1)


@mistake(
    "wrong-nonlinearity",
    says="relu runs behind the scores: where all of them are negative they become equal, and class 0 wins",
)
def predict(params, x):
    *_, logits = right._forward(params, x)
    return relu(logits).argmax(axis=1)


@mistake("extra-axis", says="keepdims leaves a column, (N, 1); the answer is one label for each image, (N)")
def predict(params, x):
    *_, logits = right._forward(params, x)
    return logits.argmax(axis=1, keepdims=True)


@mistake(
    "lost-axis", says="argmax runs over all scores of the batch at once: one number comes out, for however many images"
)
def predict(params, x):
    *_, logits = right._forward(params, x)
    return np.argmax(logits)
