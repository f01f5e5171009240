"""learning_slowdown: one sigmoid neuron, two costs, and why one of them learns when it is badly wrong."""

import numpy as np
from jaxtyping import Float

from solutions.numpy.activations import sigmoid


def quadratic_output_gradient(
    z: Float[np.ndarray, "..."], target: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """The derivative, for each `z`, of the quadratic cost of a neuron whose output is a = σ(z).

        cost = (a − t)² / 2
        ∂cost/∂z = (a − t) · σ'(z) = (a − t) · a · (1 − a)

    Every element is a neuron of its own: nothing is summed or averaged. It must survive ±1e4, where the gradient is 0
    even if the neuron is completely wrong.

    >>> quadratic_output_gradient(np.array([0.0, 4.0, 1e4]), np.array([0.0, 0.0, 0.0])).round(3)
    array([0.125, 0.017, 0.   ])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 3, section “The cross-entropy cost function”.
    """
    a = sigmoid(z)
    return (a - target) * a * (1 - a)


def cross_entropy_output_gradient(
    z: Float[np.ndarray, "..."], target: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """The derivative, for each `z`, of the binary cross-entropy of a neuron whose output is a = σ(z).

        cost = −t · log a − (1 − t) · log(1 − a)
        ∂cost/∂z = a − t

    Every element is a neuron of its own: nothing is summed or averaged. The target may be any number from 0 to 1. It must
    survive ±1e4, where the derivative for `a` is infinite and the slope of the sigmoid is 0.

    >>> cross_entropy_output_gradient(np.array([0.0, 4.0, 1e4]), np.array([0.0, 0.0, 0.0])).round(3)
    array([0.5  , 0.982, 1.   ])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 3, section “The cross-entropy cost function”.
    """
    return sigmoid(z) - target
