"""cross_entropy: the loss of a classifier, computed from its scores, and the short derivative that falls out."""

import numpy as np
from jaxtyping import Float, Int

from solutions.numpy.softmax import log_softmax, softmax


def one_hot(labels: Int[np.ndarray, " N"], C: int) -> Float[np.ndarray, "N C"]:
    """A row for each label, with a 1 at the label's class and 0 everywhere else, in float64.

        y_nc = 1 if c = labels_n, else 0

    A label below 0 or above C − 1 raises ValueError, and the message contains that label.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])

    Source: Bishop: Pattern Recognition and Machine Learning (2006), section 4.3.4, the 1-of-K scheme.
    """
    _check_labels(labels, C)
    y = np.zeros((len(labels), C))
    y[np.arange(len(labels)), labels] = 1  # one entry in each row
    return y


def cross_entropy(logits: Float[np.ndarray, "N C"], labels: Int[np.ndarray, " N"]) -> Float[np.ndarray, ""]:
    """The mean, over the examples, of the surprise at the true class: minus the logarithm of its probability.

        loss = −1/N · Σ_n log p_{n,labels_n}        p = softmax(logits)

    It must survive scores of ±1e4, and a score of -inf at a class that is not the label: the loss stays finite. A label
    below 0 or above C − 1 raises ValueError, and the message contains that label.

    >>> cross_entropy(np.array([[0.0, np.log(3.0)]]), np.array([1])).round(4)
    np.float64(0.2877)

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), sections 5.5 and 6.2.2.3.
    """
    _check_labels(labels, logits.shape[1])
    log_p = log_softmax(logits)  # N C
    # picked by index, not multiplied by a one-hot row: 0 · (−inf) would be nan
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_backward(
    dout: Float[np.ndarray, ""], logits: Float[np.ndarray, "N C"], labels: Int[np.ndarray, " N"]
) -> Float[np.ndarray, "N C"]:
    """The gradient for `logits`, given `dout`, the gradient for `cross_entropy(logits, labels)`.

        dlogits_nc = dout/N · (p_nc − y_nc)        p = softmax(logits), y = one_hot(labels)

    >>> cross_entropy_backward(np.array(1.0), np.array([[0.0, 0.0]]), np.array([1]))
    array([[ 0.5, -0.5]])

    Source: solutions/derivations/cross_entropy.md works it out.
    """
    N, C = logits.shape
    p = softmax(logits)  # N C
    y = one_hot(labels, C).astype(logits.dtype)  # float64 would pull a float32 gradient along
    return dout * (p - y) / N


def binary_cross_entropy(logits: Float[np.ndarray, " N"], targets: Float[np.ndarray, " N"]) -> Float[np.ndarray, ""]:
    """The mean loss of N yes-or-no questions; each has one score, and a target between 0 (no) and 1 (yes).

        loss = −1/N · Σ_n ( t_n log p_n + (1 − t_n) log(1 − p_n) )        p = σ(logits), t = targets
             =  1/N · Σ_n ( log(1 + exp z_n) − t_n z_n )                  z = logits

    It must survive scores of ±1e4, where a confident wrong answer costs 1e4, not inf or nan.

    >>> binary_cross_entropy(np.array([-1e4]), np.array([1.0]))
    np.float64(10000.0)

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.2.2.2.
    """
    # log(1 + exp z) = max(z, 0) + log(1 + exp(−|z|)), whose exponential cannot overflow
    softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))  # N
    return (softplus - targets * logits).mean()


def binary_cross_entropy_backward(
    dout: Float[np.ndarray, ""], logits: Float[np.ndarray, " N"], targets: Float[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """The gradients for `logits` and `targets`, given `dout`, the gradient for `binary_cross_entropy(logits, targets)`.

        dlogits_n = dout/N · (σ(z_n) − t_n)
        dtargets_n = −dout/N · z_n

    It must survive scores of ±1e4.

    >>> binary_cross_entropy_backward(np.array(1.0), np.array([1e4]), np.array([0.5]))
    (array([0.5]), array([-10000.]))

    Source: solutions/derivations/cross_entropy.md works it out.
    """
    N = len(logits)
    p = np.exp(-np.logaddexp(0, -logits))  # σ(z) = exp(−log(1 + exp(−z))): no overflow at either end
    dlogits = dout * (p - targets) / N
    dtargets = -dout * logits / N
    return dlogits, dtargets


def _check_labels(labels, C):
    outside = labels[(labels < 0) | (labels >= C)]  # numpy would take −1 for the last class and say nothing
    if outside.size:
        raise ValueError(f"label {outside[0]} is outside the {C} classes 0..{C - 1}")
