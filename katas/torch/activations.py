"""activations: the bends between two layers; autograd finds their slopes, if the formula lets it."""

import math
import torch
from jaxtyping import Float


def sigmoid(x: Float[torch.Tensor, "..."]) -> Float[torch.Tensor, "..."]:
    """Squeeze every element into the interval from 0 to 1.

        σ(x) = 1 / (1 + e^−x) = e^(−log(1 + e^−x))

    It must survive ±1e4, and so must its gradient: autograd multiplies the slopes of your steps, and 0 · ∞ is nan. The
    slope at exactly 0 is 1/4. The built-in sigmoid is what you are writing here, so it is not allowed.

    >>> sigmoid(torch.tensor([0.0, math.log(3.0), -1e4]))
    tensor([0.5000, 0.7500, 0.0000])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 3.10.
    """
    raise NotImplementedError("sigmoid")


def tanh(x: Float[torch.Tensor, "..."]) -> Float[torch.Tensor, "..."]:
    """Squeeze every element into the interval from −1 to 1.

        tanh(x) = (e^x − e^−x) / (e^x + e^−x) = (e^2x − 1) / (e^2x + 1)

    It must survive ±1e4, and so must its gradient; the slope at exactly 0 is 1. The built-in tanh is not allowed.

    >>> tanh(torch.tensor([0.0, math.log(3.0), -1e4]))
    tensor([ 0.0000,  0.8000, -1.0000])

    Source: LeCun, Bottou, Orr, Müller: Efficient BackProp (1998), section 4.4.
    """
    raise NotImplementedError("tanh")


def relu(x: Float[torch.Tensor, "..."]) -> Float[torch.Tensor, "..."]:
    """Keep what is positive, and put 0 in place of the rest.

        relu(x) = max(x, 0)

    At exactly 0 there is no derivative, and 0 is used there: find out what autograd makes of your formula at that
    point. The built-in relu is not allowed.

    >>> relu(torch.tensor([-2.0, 0.0, 3.0]))
    tensor([0., 0., 3.])

    Source: Nair, Hinton: Rectified Linear Units Improve Restricted Boltzmann Machines (2010).
    """
    raise NotImplementedError("relu")


def leaky_relu(x: Float[torch.Tensor, "..."], slope: float) -> Float[torch.Tensor, "..."]:
    """A relu that lets a little of the negative side through.

        leaky(x) = x where x > 0, and slope · x elsewhere

    `slope` may be any number: above 1 and below 0 too. At exactly 0 the derivative is `slope`. The built-in leaky_relu
    is not allowed.

    >>> leaky_relu(torch.tensor([-2.0, 0.0, 3.0]), 0.5)
    tensor([-1.,  0.,  3.])

    Source: Maas, Hannun, Ng: Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
    """
    raise NotImplementedError("leaky_relu")


def gelu(x: Float[torch.Tensor, "..."]) -> Float[torch.Tensor, "..."]:
    """Weigh every element by the chance that a standard normal number lies below it.

        gelu(x) = x · Φ(x),   Φ(x) = (1 + erf(x / √2)) / 2

    This is the exact form, not the approximation by tanh. It must survive ±1e4. `torch.erf` is a tool; the built-in
    gelu is not allowed.

    >>> gelu(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])

    Source: Hendrycks, Gimpel: Gaussian Error Linear Units (2016), arXiv 1606.08415.
    """
    raise NotImplementedError("gelu")
