"""Wrong answers to network."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import network as right
from solutions.numpy.backprop import forward, loss_and_grads
from solutions.numpy.sgd import minibatches, sgd_step


@mistake(
    "argument-unused",
    says="every weight starts at 0 and rng is never asked: equal units get equal gradients and stay equal for ever",
)
def init(sizes, rng):
    params = {}
    for l in range(1, len(sizes)):
        params[f"W{l}"] = np.zeros((sizes[l - 1], sizes[l]))
        params[f"b{l}"] = np.zeros(sizes[l])
    return params


@mistake(
    "missing-scale",
    "out[W1]",
    says="these are standard normal numbers, not scaled to the layer: the scores grow with every layer and softmax starts out saturated",
)
def init(sizes, rng):
    params = {}
    for l in range(1, len(sizes)):
        params[f"W{l}"] = rng.normal(size=(sizes[l - 1], sizes[l]))
        params[f"b{l}"] = np.zeros(sizes[l])
    return params


@mistake(
    "fan-swapped",
    "out[W1]",
    says="the scale is √(2/M), with the size of the output; D, the number of inputs that are added up, belongs there",
)
def init(sizes, rng):
    params = {}
    for l in range(1, len(sizes)):
        params[f"W{l}"] = rng.normal(0, math.sqrt(2 / sizes[l]), size=(sizes[l - 1], sizes[l]))
        params[f"b{l}"] = np.zeros(sizes[l])
    return params


@mistake(
    "wrong-factor",
    "out[W1]",
    says="√(1/D) suits tanh; relu drops half of the signal, and the 2 in √(2/D) makes up for it",
)
def init(sizes, rng):
    params = {}
    for l in range(1, len(sizes)):
        params[f"W{l}"] = rng.normal(size=(sizes[l - 1], sizes[l])) / math.sqrt(sizes[l - 1])
        params[f"b{l}"] = np.zeros(sizes[l])
    return params


@mistake(
    "missing-term", "out[W1]", says="2/D is the variance; the generator wants the standard deviation, its square root"
)
def init(sizes, rng):
    params = {}
    for l in range(1, len(sizes)):
        params[f"W{l}"] = rng.normal(0, 2 / sizes[l - 1], size=(sizes[l - 1], sizes[l]))
        params[f"b{l}"] = np.zeros(sizes[l])
    return params


@mistake(
    "transposed", "out[W1]", says="W is stored as outputs × inputs, as nn.Linear does; x @ W needs inputs × outputs"
)
def init(sizes, rng):
    params = {}
    for l in range(1, len(sizes)):
        params[f"W{l}"] = rng.normal(size=(sizes[l], sizes[l - 1])) * math.sqrt(2 / sizes[l - 1])
        params[f"b{l}"] = np.zeros(sizes[l])
    return params


@mistake(
    "extra-axis",
    "out[b1]",
    says="the biases are rows of shape (1, M); one axis of M numbers is enough, broadcasting does the rest",
)
def init(sizes, rng):
    params = right.init(sizes, rng)
    for l in range(1, len(sizes)):
        params[f"b{l}"] = np.zeros((1, sizes[l]))
    return params


@mistake("off-by-one", says="enumerate starts at 0, so the first layer is W0, b0; it should be W1, b1")
def init(sizes, rng):
    params = {}
    for l, (D, M) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        params[f"W{l}"] = rng.normal(size=(D, M)) * math.sqrt(2 / D)
        params[f"b{l}"] = np.zeros(M)
    return params


@mistake(
    "nondeterministic",
    says="randn without generator= draws from torch's global state: the same seed gives other weights each time",
    track="torch",
)
def init(sizes, generator):
    import torch

    params = {}
    for l in range(1, len(sizes)):
        params[f"W{l}"] = torch.randn(sizes[l - 1], sizes[l]) * math.sqrt(2 / sizes[l - 1])
        params[f"b{l}"] = torch.zeros(sizes[l])
    return params


@mistake("sign-flipped", says="the step is added: the loss climbs from batch to batch")
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    try:
        for epoch in range(epochs):
            for xb, yb in minibatches(x, labels, batch_size, rng):
                _, grads = loss_and_grads(params, xb, yb)
                params = {name: params[name] + lr * grads[name] for name in params}
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "state-not-carried",
    says="sgd_step returns new parameters and leaves the old ones alone; nothing catches what it returns",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    try:
        for epoch in range(epochs):
            for xb, yb in minibatches(x, labels, batch_size, rng):
                _, grads = loss_and_grads(params, xb, yb)
                sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "extra-mean",
    says="lr is divided by the batch size, as for gradients that are sums; these are means over the batch already",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    try:
        for epoch in range(epochs):
            for xb, yb in minibatches(x, labels, batch_size, rng):
                _, grads = loss_and_grads(params, xb, yb)
                params = sgd_step(params, grads, lr / len(xb))
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "batch-dropped",
    says="the number of batches is rounded down, so the examples behind the last full batch are never learned from",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    batch_size = min(batch_size, len(x))
    try:
        for epoch in range(epochs):
            order = rng.permutation(len(x))
            for k in range(len(x) // batch_size):
                batch = order[k * batch_size : (k + 1) * batch_size]
                _, grads = loss_and_grads(params, x[batch], labels[batch])
                params = sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "only-last-step",
    says="the step stands behind the loop over the batches, not inside: one step an epoch, with the gradients of the last batch",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    try:
        for epoch in range(epochs):
            for xb, yb in minibatches(x, labels, batch_size, rng):
                _, grads = loss_and_grads(params, xb, yb)
            params = sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "pairing-lost",
    says="x is shuffled and the labels are not: from the first epoch on, every image has the label of another",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    try:
        for epoch in range(epochs):
            shuffled = rng.permutation(x)
            for start in range(0, len(x), batch_size):
                stop = start + batch_size
                _, grads = loss_and_grads(params, shuffled[start:stop], labels[start:stop])
                params = sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "wrong-order",
    says="the batches are made once, before the loop over the epochs; every epoch repeats them in the same order",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    batches = list(minibatches(x, labels, batch_size, rng))
    try:
        for epoch in range(epochs):
            for xb, yb in batches:
                _, grads = loss_and_grads(params, xb, yb)
                params = sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "nondeterministic",
    says="the batches are shuffled by a generator of their own, made without a seed; rng is there to be passed on",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    try:
        for epoch in range(epochs):
            for xb, yb in minibatches(x, labels, batch_size, np.random.default_rng()):
                _, grads = loss_and_grads(params, xb, yb)
                params = sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake("argument-unused", says="on_epoch is never called, so nobody can follow the training or stop it")
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    for _ in range(epochs):
        for xb, yb in minibatches(x, labels, batch_size, rng):
            _, grads = loss_and_grads(params, xb, yb)
            params = sgd_step(params, grads, lr)
    return params


@mistake("off-by-one", says="the epochs are counted from 1; the first one that on_epoch hears of should be 0")
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    try:
        for epoch in range(1, epochs + 1):
            for xb, yb in minibatches(x, labels, batch_size, rng):
                _, grads = loss_and_grads(params, xb, yb)
                params = sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "wrong-operand",
    says="on_epoch stands at the top of the loop and gets the parameters from before the epoch, not those it ended with",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    try:
        for epoch in range(epochs):
            if on_epoch is not None:
                on_epoch(epoch, params)
            for xb, yb in minibatches(x, labels, batch_size, rng):
                _, grads = loss_and_grads(params, xb, yb)
                params = sgd_step(params, grads, lr)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "wrong-type",
    says="a KeyboardInterrupt comes out in place of the parameters: Ctrl-C throws away all that has been learned",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    for epoch in range(epochs):
        for xb, yb in minibatches(x, labels, batch_size, rng):
            _, grads = loss_and_grads(params, xb, yb)
            params = sgd_step(params, grads, lr)
        if on_epoch is not None:
            on_epoch(epoch, params)
    return params


@mistake(
    "dtype-drift",
    "out[W1]",
    says="init gives float64 and nothing turns it into the dtype of x: float32 images are trained in float64, at half the speed",
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = right.init(sizes, rng)
    try:
        for epoch in range(epochs):
            for xb, yb in minibatches(x, labels, batch_size, rng):
                _, grads = loss_and_grads(params, xb, yb)
                params = sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "mutates-input", says="the caller's x and labels are shuffled in place, and stay shuffled when the training is over"
)
def train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: param.astype(x.dtype) for name, param in right.init(sizes, rng).items()}
    try:
        for epoch in range(epochs):
            order = rng.permutation(len(x))
            x[:], labels[:] = x[order], labels[order]
            for start in range(0, len(x), batch_size):
                stop = start + batch_size
                _, grads = loss_and_grads(params, x[start:stop], labels[start:stop])
                params = sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "missing-mean",
    says='reduction="sum" adds up the losses of the batch: the step is as many times too long as the batch has examples',
    track="torch",
)
def train(x, labels, sizes, epochs, batch_size, lr, generator, on_epoch=None):
    import torch

    from solutions.torch import backprop, network, sgd

    params = {name: param.to(x) for name, param in network.init(sizes, generator).items()}
    try:
        for epoch in range(epochs):
            for xb, yb in sgd.minibatches(x, labels, batch_size, generator):
                leaves = {name: param.requires_grad_() for name, param in params.items()}
                loss = torch.nn.functional.cross_entropy(backprop.forward(leaves, xb), yb, reduction="sum")
                grads = dict(zip(leaves, torch.autograd.grad(loss, leaves.values()), strict=True))
                params = sgd.sgd_step(leaves, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        pass
    return params


@mistake(
    "extra-axis",
    says="these are the scores, a row for each example; the answer is the index of the highest one in each row",
)
def predict(params, x):
    return forward(params, x)


@mistake(
    "wrong-axis",
    says="argmax runs down the columns: it finds the best example for each class, not the best class of each example",
)
def predict(params, x):
    return forward(params, x).argmax(axis=0)


@mistake(
    "lost-axis", says="argmax without an axis gives a single index into the flattened scores, one for the whole batch"
)
def predict(params, x):
    return forward(params, x).argmax()


@mistake("wrong-operand", says="this is the highest score itself; its place in the row is asked for")
def predict(params, x):
    return forward(params, x).max(axis=1)


@mistake(
    "wrong-nonlinearity", says="there is no relu between the layers: without it any number of layers is a single one"
)
def predict(params, x):
    h = x
    for l in range(1, len(params) // 2 + 1):
        h = h @ params[f"W{l}"] + params[f"b{l}"]
    return h.argmax(axis=1)


@mistake("missing-term", says="the biases are left out of the forward pass; training has used them")
def predict(params, x):
    L = len(params) // 2
    h = x
    for l in range(1, L):
        h = np.maximum(h @ params[f"W{l}"], 0)
    return (h @ params[f"W{L}"]).argmax(axis=1)


@mistake(
    "wrong-type",
    says="`.numpy()` turns the labels into a NumPy array; here tensors come in and tensors go out",
    track="torch",
)
def predict(params, x):
    from solutions.torch import backprop

    return backprop.forward(params, x).argmax(dim=1).numpy()
