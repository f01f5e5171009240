"""gradient_flow: what is left of a gradient layer by layer, and two ways to hold down one that has grown too large."""

import math

import numpy as np
from jaxtyping import Float

from solutions.numpy.activations import relu, relu_backward, sigmoid, sigmoid_backward, tanh, tanh_backward

FORWARD = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}
BACKWARD = {"tanh": tanh_backward, "relu": relu_backward, "sigmoid": sigmoid_backward}


def layer_gradient_norms(
    weights: list[Float[np.ndarray, "D M"]],
    x: Float[np.ndarray, "N D"],
    dout: Float[np.ndarray, "N M"],
    activation: str,
) -> Float[np.ndarray, " L"]:
    """The length of the gradient of every weight in a network of L layers, the first layer first.

        h_0 = x        z_l = h_{l−1} W_l        h_l = f(z_l), behind the last layer too        out = h_L
        norm_l = √ Σ_ij (dW_l)_ij²              dW_l the gradient for W_l, given dout, the gradient for out

    `weights` is a list of L ≥ 1 matrices, there are no biases, and f is the function that `activation` names: "tanh",
    "relu" or "sigmoid". The list and the arrays in it stay as they are; float32 stays float32. It must work for any
    number of layers: in thirty of them a gradient can vanish (1e-20) or explode (1e20), and the norms show it.

    >>> weights = [np.array([[2.0]]), np.array([[3.0]]), np.array([[5.0]])]
    >>> layer_gradient_norms(weights, np.array([[1.0]]), np.array([[1.0]]), "relu")
    array([15., 10.,  6.])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 5; Glorot, Bengio: Understanding the difficulty of
    training deep feedforward neural networks (2010). solutions/derivations/gradient_flow.md works it out.
    """
    if activation not in FORWARD:
        raise ValueError(f"activation {activation!r} is none of {', '.join(FORWARD)}")
    L = len(weights)
    z, h = {}, {0: x}  # by layer: z[l] and h[l] are N M
    for l in range(1, L + 1):
        z[l] = h[l - 1] @ weights[l - 1]
        h[l] = FORWARD[activation](z[l])
    norms, dh = {}, dout
    for l in range(L, 0, -1):
        dz = BACKWARD[activation](dh, z[l])  # N M
        dW = h[l - 1].T @ dz  # D M
        dh = dz @ weights[l - 1].T  # N D
        norms[l] = np.sqrt((dW**2).sum())
    return np.array([norms[l] for l in range(1, L + 1)])


def clip_by_value(grads: dict[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    """Every number of every gradient, cut off at ±limit.

        g ← −limit if g < −limit,   limit if g > limit,   else g

    It may turn the direction of the whole: large entries shrink, small ones stay. The result is a new dict; `grads` and
    its arrays stay as they are, and float32 stays float32.

    >>> clip_by_value({"W": np.array([0.5, -3.0, 10.0])}, 1.0)
    {'W': array([ 0.5, -1. ,  1. ])}

    Source: Mikolov: Statistical Language Models Based on Neural Networks (2012), section 3.2.2.
    """
    if limit < 0:
        raise ValueError(f"clip_by_value: the limit is {limit}; it cannot be negative")
    return {name: np.clip(grad, -limit, limit) for name, grad in grads.items()}


def clip_by_global_norm(
    grads: dict[str, np.ndarray], max_norm: float
) -> tuple[dict[str, np.ndarray], Float[np.ndarray, ""]]:
    """All gradients scaled by one factor, so that together they are no longer than `max_norm`; and how long they were.

        norm = √ Σ g²,  over every number of every gradient        g ← g · max_norm / norm,  if norm > max_norm

    One factor for all of them keeps the direction. Gradients shorter than `max_norm` come back as they are, and
    gradients of nothing but zeros come back as zeros. The norm returned is the one before clipping. `grads` and its
    arrays stay as they are, and float32 stays float32. (PyTorch adds 1e-6 to the norm below the line; you may too.)

    >>> clip_by_global_norm({"W": np.array([3.0, 0.0]), "b": np.array([-4.0])}, 1.0)
    ({'W': array([0.6, 0. ]), 'b': array([-0.8])}, 5.0)

    Source: Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks (2013), algorithm 1.
    """
    if max_norm <= 0:
        raise ValueError(f"clip_by_global_norm: max_norm is {max_norm}; it has to be positive")
    norm = math.sqrt(sum(float((grad**2).sum()) for grad in grads.values()))
    scale = max_norm / max(norm, max_norm)  # 1 where the gradients are short already; a norm of 0 divides nothing
    grads = {name: scale * grad for name, grad in grads.items()}
    return grads, norm
