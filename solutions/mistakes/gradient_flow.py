"""Wrong answers to gradient_flow."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy.gradient_flow import BACKWARD, FORWARD


def _layers(weights, x, activation):
    """zs and hs of the right forward pass; hs[l] enters layer l."""
    zs, hs = [], [x]
    for W in weights:
        zs.append(hs[-1] @ W)
        hs.append(FORWARD[activation](zs[-1]))
    return zs, hs


def _walk(weights, x, dout, activation, slope=None, through=None, weight=None):
    """The right norms, with one of the three products of the way back replaced."""
    slope = slope or (lambda dh, z, h: BACKWARD[activation](dh, z))
    through = through or (lambda dz, W, dW: dz @ W.T)
    weight = weight or (lambda h, dz, out: h.T @ dz)
    zs, hs = _layers(weights, x, activation)
    norms, dh = [], dout
    for l in reversed(range(len(weights))):
        dz = slope(dh, zs[l], hs[l + 1])
        dW = weight(hs[l], dz, hs[l + 1])
        dh = through(dz, weights[l], dW)
        norms.append(np.sqrt((dW**2).sum()))
    return np.array(norms[::-1])


@mistake("reversed", says="the norms stand in the order in which they were found, the last layer first")
def layer_gradient_norms(weights, x, dout, activation):
    return _walk(weights, x, dout, activation)[::-1].copy()


@mistake(
    "missing-term",
    says="the slope of the activation is missing on the way back: dz is dh times that slope, element by element",
)
def layer_gradient_norms(weights, x, dout, activation):
    return _walk(weights, x, dout, activation, slope=lambda dh, z, h: dh)


@mistake(
    "off-by-one",
    says="dz meets the activation that leaves its layer; the gradient of a weight wants the one that came in",
)
def layer_gradient_norms(weights, x, dout, activation):
    return _walk(weights, x, dout, activation, weight=lambda h, dz, out: out.T @ dz)


@mistake(
    "wrong-argument", says="the slope is taken at the output h; its formula wants z, what came into the activation"
)
def layer_gradient_norms(weights, x, dout, activation):
    return _walk(weights, x, dout, activation, slope=lambda dh, z, h: BACKWARD[activation](dh, h))


@mistake(
    "wrong-operand",
    says="dz travels back through dW, the gradient of the weight, where the weight itself belongs: the shapes agree",
)
def layer_gradient_norms(weights, x, dout, activation):
    return _walk(weights, x, dout, activation, through=lambda dz, W, dW: dz @ dW.T)


@mistake("upstream-ignored", says="the way back begins with ones: dout does not come in")
def layer_gradient_norms(weights, x, dout, activation):
    return _walk(weights, x, np.ones_like(dout), activation)


@mistake("extra-mean", says="the gradients are divided by N: whatever mean the loss takes is in dout already")
def layer_gradient_norms(weights, x, dout, activation):
    return _walk(weights, x, dout, activation, weight=lambda h, dz, out: h.T @ dz / len(x))


@mistake("argument-unused", says="the activation is tanh whatever its name says: the argument makes no difference")
def layer_gradient_norms(weights, x, dout, activation):
    return _walk(weights, x, dout, "tanh")


@mistake("wrong-type", says="the norms come back in a list; an array of them was asked for")
def layer_gradient_norms(weights, x, dout, activation):
    return list(_walk(weights, x, dout, activation))


@mistake("dtype-drift", says="np.zeros makes an array of float64 for the norms, and float32 ones become float64 in it")
def layer_gradient_norms(weights, x, dout, activation):
    norms = np.zeros(len(weights))
    norms[:] = _walk(weights, x, dout, activation)
    return norms


@mistake(
    "mutates-input",
    says="weights.reverse() turns round the list of whoever called; reversed(weights) only walks it backwards",
)
def layer_gradient_norms(weights, x, dout, activation):
    norms = _walk(weights, x, dout, activation)
    weights.reverse()
    return norms


@mistake(
    "not-accumulated",
    says=(
        "detach comes between the layers, so each weight but the last has no way to the output; its gradient counts as 0"
    ),
    track="torch",
)
def layer_gradient_norms(weights, x, dout, activation):
    import torch

    leaves = [W.detach().requires_grad_() for W in weights]
    h = x
    for W in leaves:
        h = getattr(torch, activation)(h.detach() @ W)
    found = torch.autograd.grad(h, leaves, dout, allow_unused=True)
    return torch.stack([torch.zeros_like(x[0, 0]) if dW is None else dW.norm() for dW in found])


@mistake("wrong-nonlinearity", "out[W1]", says="only the upper end is cut off: a gradient below −limit goes through")
def clip_by_value(grads, limit):
    return {name: np.minimum(grad, limit) for name, grad in grads.items()}


@mistake("unstable", "out[W1]", says="g / |g| is 0 / 0 for a gradient of 0, and that is nan")
def clip_by_value(grads, limit):
    return {name: grad / abs(grad) * np.minimum(abs(grad), limit) for name, grad in grads.items()}


@mistake(
    "missing-scale",
    "out[W1]",
    says="everything is cut off at ±1: limit, which says how large a number may be, does not come in",
)
def clip_by_value(grads, limit):
    return {name: np.clip(grad, -1, 1) for name, grad in grads.items()}


@mistake("missing-term", "out[W1]", says="the size is cut off and the sign is lost: every gradient comes out positive")
def clip_by_value(grads, limit):
    return {name: np.minimum(abs(grad), limit) for name, grad in grads.items()}


@mistake("mutates-input", says="out=grad writes the result over the gradients that were given")
def clip_by_value(grads, limit):
    return {name: np.clip(grad, -limit, limit, out=grad) for name, grad in grads.items()}


@mistake(
    "dtype-drift", "out[W1]", says="np.float64(limit) turns a float32 gradient into float64; a plain number does not"
)
def clip_by_value(grads, limit):
    limit = np.float64(limit)
    return {name: np.clip(grad, -limit, limit) for name, grad in grads.items()}


@mistake(
    "wrong-operand",
    "out[W1]",
    says="the whole array is scaled by its length, as clipping by norm does it; here each number is cut off by itself",
)
def clip_by_value(grads, limit):
    return {name: grad * min(1.0, limit / max(float(np.sqrt((grad**2).sum())), limit)) for name, grad in grads.items()}


def _norm(grads):
    return math.sqrt(sum(float((grad**2).sum()) for grad in grads.values()))


@mistake(
    "wrong-operand",
    "grads[W1]",
    says="each array is scaled by its own norm, which turns the direction; one norm over all of them belongs there",
)
def clip_by_global_norm(grads, max_norm):
    own = {name: float(np.sqrt((grad**2).sum())) for name, grad in grads.items()}
    return {name: grad * (max_norm / max(own[name], max_norm)) for name, grad in grads.items()}, _norm(grads)


@mistake(
    "wrong-nonlinearity",
    "grads[W1]",
    says="the gradients are always scaled to max_norm: those that are shorter grow, where they should stay as they are",
)
def clip_by_global_norm(grads, max_norm):
    norm = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
    return {name: grad * (max_norm / norm) for name, grad in grads.items()}, norm


@mistake(
    "missing-term",
    "grads[W1]",
    says="this is the sum of squares: the root, which makes it a length, is missing",
)
def clip_by_global_norm(grads, max_norm):
    norm = _norm(grads) ** 2
    scale = max_norm / norm if norm > max_norm else 1.0
    return {name: scale * grad for name, grad in grads.items()}, norm


@mistake("wrong-argument", "norm", says="the norm is measured after the clipping; the one before it is asked for")
def clip_by_global_norm(grads, max_norm):
    norm = _norm(grads)
    scale = max_norm / norm if norm > max_norm else 1.0
    grads = {name: scale * grad for name, grad in grads.items()}
    return grads, _norm(grads)


@mistake("unstable", "grads[W1]", says="gradients of 0 have the norm 0, and 0 / 0 is nan")
def clip_by_global_norm(grads, max_norm):
    norm = np.asarray(_norm(grads))
    unit = {name: grad / norm.astype(grad.dtype) for name, grad in grads.items()}
    return {name: grad * min(float(norm), max_norm) for name, grad in unit.items()}, norm


@mistake(
    "extra-mean",
    "grads[W1]",
    says="the squares are averaged where they should be summed: this is the size of a typical entry, not a length",
)
def clip_by_global_norm(grads, max_norm):
    norm = _norm(grads) / math.sqrt(sum(grad.size for grad in grads.values()))
    scale = max_norm / norm if norm > max_norm else 1.0
    return {name: scale * grad for name, grad in grads.items()}, norm


@mistake(
    "missing-scale",
    "grads[W1]",
    says="what is longer than 1 is scaled to the length 1: max_norm does not come in",
)
def clip_by_global_norm(grads, max_norm):
    norm = _norm(grads)
    scale = 1 / norm if norm > 1 else 1.0
    return {name: scale * grad for name, grad in grads.items()}, norm


@mistake(
    "sign-flipped",
    "grads[W1]",
    says="the comparison is the wrong way round: short gradients are stretched, and long ones go through",
)
def clip_by_global_norm(grads, max_norm):
    norm = _norm(grads)
    scale = 1.0 if norm > max_norm else max_norm / norm
    return {name: scale * grad for name, grad in grads.items()}, norm


@mistake("mutates-input", says="*= scales the gradients that were given; build new ones")
def clip_by_global_norm(grads, max_norm):
    norm = _norm(grads)
    for grad in grads.values():
        grad *= max_norm / max(norm, max_norm)
    return grads, norm


@mistake("wrong-type", says="only the gradients come back; their norm before the clipping belongs beside them")
def clip_by_global_norm(grads, max_norm):
    scale = max_norm / max(_norm(grads), max_norm)
    return {name: scale * grad for name, grad in grads.items()}


@mistake(
    "dtype-drift",
    "grads[W1]",
    says="np.sqrt of a plain number is a NumPy float64, and turns float32 gradients into float64; math.sqrt does not",
)
def clip_by_global_norm(grads, max_norm):
    norm = np.sqrt(sum(float((grad**2).sum()) for grad in grads.values()))
    return {name: grad * (max_norm / np.maximum(norm, max_norm)) for name, grad in grads.items()}, norm
