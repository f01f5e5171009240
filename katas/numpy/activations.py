"""activations: the bends between two layers, and the slope of each."""

import math
import numpy as np
from jaxtyping import Float


def sigmoid(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Squeeze every element into the interval from 0 to 1.

        σ(x) = 1 / (1 + e^−x) = e^x / (1 + e^x)

    It must survive ±1e4: the answers there are 1 and 0, and neither may turn into nan.

    >>> sigmoid(np.array([0.0, np.log(3.0), -1e4])).round(2)
    array([0.5 , 0.75, 0.  ])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 3.10.
    """
    raise NotImplementedError("sigmoid")


def sigmoid_backward(dout: Float[np.ndarray, "..."], x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `sigmoid(x)`.

        dx = dout · σ(x) · (1 − σ(x))

    It must survive ±1e4, where the slope is 0: a saturated neuron.

    >>> sigmoid_backward(np.array([1.0, 16.0]), np.array([0.0, np.log(3.0)])).round(2)
    array([0.25, 3.  ])

    Source: solutions/derivations/activations.md works it out.
    """
    raise NotImplementedError("sigmoid_backward")


def tanh(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Squeeze every element into the interval from −1 to 1.

        tanh(x) = (e^x − e^−x) / (e^x + e^−x) = (e^2x − 1) / (e^2x + 1)

    It must survive ±1e4: the answers there are 1 and −1. `np.tanh` is what you are writing here, so it is not allowed.

    >>> tanh(np.array([0.0, np.log(3.0), -1e4])).round(2)
    array([ 0. ,  0.8, -1. ])

    Source: LeCun, Bottou, Orr, Müller: Efficient BackProp (1998), section 4.4.
    """
    raise NotImplementedError("tanh")


def tanh_backward(dout: Float[np.ndarray, "..."], x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `tanh(x)`.

        dx = dout · (1 − tanh(x)²)

    It must survive ±1e4, where the slope is 0.

    >>> tanh_backward(np.array([1.0, 25.0]), np.array([0.0, np.log(3.0)])).round(2)
    array([1., 9.])

    Source: solutions/derivations/activations.md works it out.
    """
    raise NotImplementedError("tanh_backward")


def relu(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Keep what is positive, and put 0 in place of the rest.

        relu(x) = max(x, 0)

    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])

    Source: Nair, Hinton: Rectified Linear Units Improve Restricted Boltzmann Machines (2010).
    """
    raise NotImplementedError("relu")


def relu_backward(dout: Float[np.ndarray, "..."], x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `relu(x)`.

        dx = dout where x > 0, and 0 elsewhere

    At exactly 0 there is no derivative; as in PyTorch, 0 is used there.

    >>> relu_backward(np.array([5.0, 6.0, 7.0]), np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 7.])

    Source: solutions/derivations/activations.md works it out.
    """
    raise NotImplementedError("relu_backward")


def leaky_relu(x: Float[np.ndarray, "..."], slope: float) -> Float[np.ndarray, "..."]:
    """A relu that lets a little of the negative side through.

        leaky(x) = x where x > 0, and slope · x elsewhere

    `slope` may be any number: above 1 and below 0 too.

    >>> leaky_relu(np.array([-2.0, 0.0, 3.0]), 0.5)
    array([-1.,  0.,  3.])

    Source: Maas, Hannun, Ng: Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
    """
    raise NotImplementedError("leaky_relu")


def leaky_relu_backward(
    dout: Float[np.ndarray, "..."], x: Float[np.ndarray, "..."], slope: float
) -> Float[np.ndarray, "..."]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `leaky_relu(x, slope)`.

        dx = dout where x > 0, and slope · dout elsewhere

    At exactly 0 the derivative is taken to be `slope`, as in PyTorch. `slope` is a setting and gets no gradient.

    >>> leaky_relu_backward(np.array([5.0, 6.0, 7.0]), np.array([-2.0, 0.0, 3.0]), 0.5)
    array([2.5, 3. , 7. ])

    Source: solutions/derivations/activations.md works it out.
    """
    raise NotImplementedError("leaky_relu_backward")


def _erf(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:  # given
    """The error function of every element; `math.erf` takes one number at a time, and numpy has none."""
    return np.vectorize(math.erf, otypes=[x.dtype])(x)


def gelu(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Weigh every element by the chance that a standard normal number lies below it.

        gelu(x) = x · Φ(x),   Φ(x) = (1 + erf(x / √2)) / 2

    This is the exact form, not the approximation by tanh. It must survive ±1e4, and `√2` must not turn float32 into
    float64.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(3)
    array([-0.159,  0.   ,  0.841])

    Source: Hendrycks, Gimpel: Gaussian Error Linear Units (2016), arXiv 1606.08415.
    """
    raise NotImplementedError("gelu")


def gelu_backward(dout: Float[np.ndarray, "..."], x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `gelu(x)`.

        dx = dout · (Φ(x) + x · φ(x)),   φ(x) = e^(−x²/2) / √(2π)

    It must survive ±1e4, where the slope is 1 and 0.

    >>> gelu_backward(np.array([1.0, 1.0, 1.0]), np.array([-1.0, 0.0, 1.0])).round(3)
    array([-0.083,  0.5  ,  1.083])

    Source: solutions/derivations/activations.md works it out.
    """
    raise NotImplementedError("gelu_backward")
