"""softmax: scores become probabilities, and why the derivative needs no Jacobian matrix."""

import numpy as np
from jaxtyping import Float


def softmax(x: Float[np.ndarray, "... C"]) -> Float[np.ndarray, "... C"]:
    """Turn scores into probabilities along the last axis.

        p_c = exp(x_c) / Σ_k exp(x_k)

    It must survive scores of ±1e4, and of -inf (probability 0) as long as one score in the row is finite.

    >>> softmax(np.array([[0.0, np.log(3.0)]])).round(2)
    array([[0.25, 0.75]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), sections 4.1 and 6.2.2.3.
    """
    raise NotImplementedError("softmax")


def softmax_backward(dout: Float[np.ndarray, "... C"], x: Float[np.ndarray, "... C"]) -> Float[np.ndarray, "... C"]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `softmax(x)`.

        dx_c = p_c · (dout_c − Σ_k dout_k p_k)

    Each row's Jacobian is C×C; the formula multiplies by it without ever building it, so that memory stays
    proportional to `x`.

    >>> softmax_backward(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([[ 0.25, -0.25]])

    Source: solutions/derivations/softmax.md works it out.
    """
    raise NotImplementedError("softmax_backward")


def log_softmax(x: Float[np.ndarray, "... C"]) -> Float[np.ndarray, "... C"]:
    """The logarithm of `softmax(x)` along the last axis, computed without taking the logarithm of a probability.

        log p_c = x_c − log Σ_k exp(x_k)

    It must survive scores of ±1e4, where the probability itself rounds to 0 but its logarithm is an ordinary number,
    and of -inf (logarithm -inf).

    >>> log_softmax(np.array([[0.0, -1e4]]))
    array([[     0., -10000.]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 4.1.
    """
    raise NotImplementedError("log_softmax")


def log_softmax_backward(dout: Float[np.ndarray, "... C"], x: Float[np.ndarray, "... C"]) -> Float[np.ndarray, "... C"]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `log_softmax(x)`.

        dx_c = dout_c − p_c · Σ_k dout_k

    >>> log_softmax_backward(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([[ 0.5, -0.5]])

    Source: solutions/derivations/softmax.md works it out.
    """
    raise NotImplementedError("log_softmax_backward")
