"""Wrong answers to backprop."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import backprop as right
from solutions.numpy.activations import relu, relu_backward
from solutions.numpy.affine import affine, affine_backward


def _layers(params, x):
    """zs and hs of the right forward pass; hs[l] enters layer l + 1."""
    zs, hs = [], [x]
    for l in range(1, len(params) // 2 + 1):
        zs.append(affine(hs[-1], params[f"W{l}"], params[f"b{l}"]))
        hs.append(relu(zs[-1]))
    return zs, hs


def _backwards(params, x, labels, through_layer=affine_backward, through_relu=relu_backward):
    """The right backward pass, with one of its two steps replaced."""
    zs, hs = _layers(params, x)
    loss, dz = right._softmax_cross_entropy(zs[-1], labels)
    grads = {}
    for l in range(len(zs), 0, -1):
        dh, grads[f"W{l}"], grads[f"b{l}"] = through_layer(dz, hs[l - 1], params[f"W{l}"], params[f"b{l}"])
        if l > 1:
            dz = through_relu(dh, zs[l - 2])
    return loss, {key: grads[key] for key in params}


@mistake(
    "wrong-nonlinearity",
    says="relu runs after the last layer too: every negative logit becomes 0, though logits may have either sign",
)
def forward(params, x):
    h = x
    for l in range(1, len(params) // 2 + 1):
        h = relu(affine(h, params[f"W{l}"], params[f"b{l}"]))
    return h


@mistake(
    "off-by-one", says="the loop ends one layer early, so the last hidden layer comes back where the logits belong"
)
def forward(params, x):
    h = x
    for l in range(1, len(params) // 2):
        h = relu(affine(h, params[f"W{l}"], params[f"b{l}"]))
    return h


@mistake(
    "wrong-order",
    says="the keys are sorted as text, and there W10 stands before W2: from ten layers on, they run in the wrong order",
)
def forward(params, x):
    weights = sorted(key for key in params if key[0] == "W")
    h = x
    for key in weights[:-1]:
        h = relu(affine(h, params[key], params["b" + key[1:]]))
    return affine(h, params[weights[-1]], params["b" + weights[-1][1:]])


@mistake(
    "argument-unused",
    says="exactly two layers are written out: W3 and b3 are never read, and a network of one layer has no W2",
)
def forward(params, x):
    h = relu(affine(x, params["W1"], params["b1"]))
    return affine(h, params["W2"], params["b2"])


@mistake(
    "mutates-input",
    says="what each layer computes is kept in params: the caller's dict comes back with keys that are no parameters",
)
def forward(params, x):
    h = x
    for l, z in enumerate(_layers(params, x)[0], start=1):
        params[f"z{l}"] = h = z
    return h


@mistake(
    "missing-mean",
    "grads[W1]",
    says="the loss is a mean over the examples and the gradients are those of the sum: they are N times too large",
)
def loss_and_grads(params, x, labels):
    loss, grads = right.loss_and_grads(params, x, labels)
    return loss, {key: value * len(labels) for key, value in grads.items()}


@mistake(
    "sign-flipped",
    "grads[W1]",
    says="the backward pass starts from y − p, so it returns the direction downhill; the gradient is p − y",
)
def loss_and_grads(params, x, labels):
    loss, grads = right.loss_and_grads(params, x, labels)
    return loss, {key: -value for key, value in grads.items()}


@mistake(
    "transposed", "grads[W1]", says="this is dzᵀ h, of shape (out, in); a gradient is stored like its weight, (in, out)"
)
def loss_and_grads(params, x, labels):
    loss, grads = right.loss_and_grads(params, x, labels)
    return loss, {key: value.T for key, value in grads.items()}


@mistake(
    "off-by-one",
    "grads[W1]",
    says=(
        "dz is multiplied by the activation that leaves its layer; the weight's gradient wants the one that "
        "entered it, one earlier in the list"
    ),
)
def loss_and_grads(params, x, labels):
    zs, hs = _layers(params, x)
    loss, dz = right._softmax_cross_entropy(zs[-1], labels)
    grads = {}
    for l in range(len(zs), 0, -1):
        grads[f"W{l}"], grads[f"b{l}"] = hs[l].T @ dz, dz.sum(axis=0)
        if l > 1:
            dz = relu_backward(dz @ params[f"W{l}"].T, zs[l - 2])
    return loss, grads


@mistake(
    "not-summed",
    "grads[b1]",
    says=(
        "a bias is added to every example of the batch, so its gradient is the sum of dz over the batch, not dz itself"
    ),
)
def loss_and_grads(params, x, labels):
    def through_layer(dz, h, W, b):
        return dz @ W.T, h.T @ dz, dz

    return _backwards(params, x, labels, through_layer)


@mistake(
    "extra-mean",
    "grads[b1]",
    says="db is a mean over the batch; the 1/N of the loss is in dz already, so what is left is a sum",
)
def loss_and_grads(params, x, labels):
    def through_layer(dz, h, W, b):
        return dz @ W.T, h.T @ dz, dz.mean(axis=0)

    return _backwards(params, x, labels, through_layer)


@mistake(
    "wrong-axis",
    "grads[b1]",
    says=(
        "dz is summed over the units, one number for each example; a bias wants one for each unit, summed over "
        "the examples"
    ),
)
def loss_and_grads(params, x, labels):
    def through_layer(dz, h, W, b):
        return dz @ W.T, h.T @ dz, dz.sum(axis=1)

    return _backwards(params, x, labels, through_layer)


@mistake("extra-axis", "grads[b1]", says="the sum keeps its axis and gives (1, M), where b is (M)")
def loss_and_grads(params, x, labels):
    def through_layer(dz, h, W, b):
        return dz @ W.T, h.T @ dz, dz.sum(axis=0, keepdims=True)

    return _backwards(params, x, labels, through_layer)


@mistake(
    "wrong-operand",
    "grads[W1]",
    says="dW stands where W belongs: the gradient goes back through the weights, dz Wᵀ, not through their gradient",
)
def loss_and_grads(params, x, labels):
    def through_layer(dz, h, W, b):
        dW = h.T @ dz
        return dz @ dW.T, dW, dz.sum(axis=0)

    return _backwards(params, x, labels, through_layer)


@mistake(
    "missing-term",
    "grads[W1]",
    says=(
        "the gradient does not pass through relu: where z was negative it has to be 0 before it meets the weights below"
    ),
)
def loss_and_grads(params, x, labels):
    return _backwards(params, x, labels, through_relu=lambda dh, z: dh)


@mistake(
    "wrong-argument",
    "grads[W1]",
    says=(
        "the gradient is multiplied by what relu gave, h; the chain rule wants relu's slope there, which is 1 where z is "
        "positive and 0 elsewhere"
    ),
)
def loss_and_grads(params, x, labels):
    return _backwards(params, x, labels, through_relu=lambda dh, z: dh * relu(z))


@mistake(
    "wrong-nonlinearity",
    "grads[W1]",
    says="the logits' gradient is masked where the logits are negative, but no relu stands after the last layer",
)
def loss_and_grads(params, x, labels):
    zs, hs = _layers(params, x)
    loss, dh = right._softmax_cross_entropy(zs[-1], labels)
    grads = {}
    for l in range(len(zs), 0, -1):
        dz = relu_backward(dh, zs[l - 1])
        dh, grads[f"W{l}"], grads[f"b{l}"] = affine_backward(dz, hs[l - 1], params[f"W{l}"], params[f"b{l}"])
    return loss, grads


@mistake(
    "reversed",
    "grads[W1]",
    says=(
        "the relu masks come in the order of the forward pass while the gradient walks back, so each layer gets "
        "the mask of another one; equal widths hide it"
    ),
)
def loss_and_grads(params, x, labels):
    masks = iter(_layers(params, x)[0])

    def through_relu(dh, z):
        mask = next(masks)
        return relu_backward(
            dh, mask if mask.shape == dh.shape else z
        )  # unequal widths would raise, and be found at once

    return _backwards(params, x, labels, through_relu=through_relu)


@mistake(
    "gradient-not-carried",
    "grads[W1]",
    says="the gradient goes back through two layers and stops: the layers below keep their zeros",
)
def loss_and_grads(params, x, labels):
    zs, hs = _layers(params, x)
    loss, dz = right._softmax_cross_entropy(zs[-1], labels)
    grads = {key: np.zeros_like(value) for key, value in params.items()}
    L = len(zs)
    dh, grads[f"W{L}"], grads[f"b{L}"] = affine_backward(dz, hs[L - 1], params[f"W{L}"], params[f"b{L}"])
    if L > 1:
        dz = relu_backward(dh, zs[L - 2])
        grads[f"W{L - 1}"], grads[f"b{L - 1}"] = hs[L - 2].T @ dz, dz.sum(axis=0)
    return loss, grads


@mistake(
    "dtype-drift",
    "grads[W1]",
    says="p − y starts from float64 one-hot rows, and every gradient below it becomes float64",
)
def loss_and_grads(params, x, labels):
    zs, hs = _layers(params, x)
    z = zs[-1]
    log_p = z - z.max(axis=1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    y = np.eye(z.shape[1])[labels]
    loss, dz, grads = -(y * log_p).sum() / len(z), (np.exp(log_p) - y) / len(z), {}
    for l in range(len(zs), 0, -1):
        dh, grads[f"W{l}"], grads[f"b{l}"] = affine_backward(dz, hs[l - 1], params[f"W{l}"], params[f"b{l}"])
        if l > 1:
            dz = relu_backward(dh, zs[l - 2])
    return loss, {key: grads[key] for key in params}


@mistake(
    "dtype-drift", says=".float() turns everything into float32, also where the caller works in float64", track="torch"
)
def forward(params, x):
    h = x.float()
    for l in range(1, len(params) // 2 + 1):
        h = (h.relu() if l > 1 else h) @ params[f"W{l}"].float() + params[f"b{l}"].float()
    return h


@mistake(
    "graph-broken",
    "grads[W1]",
    says="each layer is given a detached activation: the graph ends there, and the layers below get no gradient at all",
    track="torch",
)
def loss_and_grads(params, x, labels):
    import torch

    leaves = {key: value.detach().clone().requires_grad_() for key, value in params.items()}
    h, L = x, len(params) // 2
    for l in range(1, L + 1):
        h = h.detach() @ leaves[f"W{l}"] + leaves[f"b{l}"]
        h = torch.relu(h) if l < L else h
    loss = torch.nn.functional.cross_entropy(h, labels)
    loss.backward()
    return loss, {key: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for key, leaf in leaves.items()}


@mistake(
    "wrong-type",
    "grads[W1]",
    says=".numpy() turns the gradients into numpy arrays; whoever updates params needs tensors",
    track="torch",
)
def loss_and_grads(params, x, labels):
    from solutions.torch import backprop

    loss, grads = backprop.loss_and_grads(params, x, labels)
    return loss, {key: value.numpy() for key, value in grads.items()}
