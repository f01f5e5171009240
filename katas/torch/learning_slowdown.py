"""learning_slowdown: one sigmoid neuron, two costs, and why one of them learns when it is badly wrong."""

import torch
from jaxtyping import Float
from katas.torch.activations import sigmoid


def quadratic_output_gradient(
    z: Float[torch.Tensor, "..."], target: Float[torch.Tensor, "..."]
) -> Float[torch.Tensor, "..."]:
    """The derivative, for each `z`, of the quadratic cost of a neuron whose output is a = σ(z).

        cost = (a − t)² / 2
        ∂cost/∂z: what `torch.autograd.grad` finds, or your own formula

    Every element is a neuron of its own: the gradient must not be averaged. It must survive ±1e4, where it is 0 even if
    the neuron is completely wrong.

    >>> quadratic_output_gradient(torch.tensor([0.0, 4.0, 1e4]), torch.zeros(3))
    tensor([0.1250, 0.0173, 0.0000])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 3, section “The cross-entropy cost function”.
    """
    raise NotImplementedError("quadratic_output_gradient")


def cross_entropy_output_gradient(
    z: Float[torch.Tensor, "..."], target: Float[torch.Tensor, "..."]
) -> Float[torch.Tensor, "..."]:
    """The derivative, for each `z`, of the binary cross-entropy of a neuron whose output is a = σ(z).

        cost = −t · log a − (1 − t) · log(1 − a) = log(1 + e^z) − t · z
        ∂cost/∂z: what `torch.autograd.grad` finds, or your own formula

    Every element is a neuron of its own: the gradient must not be averaged. The target may be any number from 0 to 1. It
    must survive ±1e4, where the logarithm of a rounded `a` is infinite.

    >>> cross_entropy_output_gradient(torch.tensor([0.0, 4.0, 1e4]), torch.zeros(3))
    tensor([0.5000, 0.9820, 1.0000])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 3, section “The cross-entropy cost function”.
    """
    raise NotImplementedError("cross_entropy_output_gradient")
