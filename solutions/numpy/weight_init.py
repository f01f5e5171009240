"""weight_init: weights to start from, such that a signal neither dies nor explodes on its way through the layers."""

import math

import numpy as np
from jaxtyping import Float

from solutions.numpy.activations import relu, sigmoid, tanh


def xavier_uniform(D: int, M: int, rng: np.random.Generator) -> Float[np.ndarray, "D M"]:
    """Weights for D inputs and M outputs, uniform between −a and a, in float64.

        W_dm ~ U(−a, a)        a = √(6/(D + M))        so that the standard deviation, a/√3, is √(2/(D + M))

    D is the fan-in, M the fan-out, as in x @ W. A compromise: 1/D would keep the size of what goes forward, 1/M that of
    what comes back. It suits activations with slope 1 at 0, such as tanh. All of the randomness comes from `rng`.

    >>> W = xavier_uniform(4, 2, np.random.default_rng(0))  # a = √(6/6) = 1
    >>> W.shape, bool(np.abs(W).max() <= 1)
    ((4, 2), True)

    Source: Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks (2010), section 4.2.1.
    """
    a = math.sqrt(6 / (D + M))
    return rng.uniform(-a, a, size=(D, M))


def xavier_normal(D: int, M: int, rng: np.random.Generator) -> Float[np.ndarray, "D M"]:
    """Weights for D inputs and M outputs, normal with mean 0, in float64.

        W_dm ~ N(0, σ²)        σ = √(2/(D + M))

    The same spread as `xavier_uniform`, with another shape of the distribution. All of the randomness comes from `rng`.

    >>> xavier_normal(300, 200, np.random.default_rng(0)).std().round(3)  # √(2/500) = 0.0632
    np.float64(0.063)

    Source: Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks (2010), section 4.2.1.
    """
    sigma = math.sqrt(2 / (D + M))
    return rng.normal(0, sigma, size=(D, M))


def he_uniform(D: int, M: int, rng: np.random.Generator) -> Float[np.ndarray, "D M"]:
    """Weights for D inputs and M outputs, uniform between −a and a, for layers with relu behind them, in float64.

        W_dm ~ U(−a, a)        a = √(6/D)        so that the standard deviation, a/√3, is √(2/D)

    Only the fan-in D counts. relu throws half of the signal away, and the gain √2 makes up for it.
    All of the randomness comes from `rng`.

    >>> W = he_uniform(6, 2, np.random.default_rng(0))  # a = √(6/6) = 1
    >>> W.shape, bool(np.abs(W).max() <= 1)
    ((6, 2), True)

    Source: He, Zhang, Ren, Sun: Delving Deep into Rectifiers (2015), section 2.2, arXiv 1502.01852.
    """
    a = math.sqrt(6 / D)
    return rng.uniform(-a, a, size=(D, M))


def he_normal(D: int, M: int, rng: np.random.Generator) -> Float[np.ndarray, "D M"]:
    """Weights for D inputs and M outputs, normal with mean 0, for layers with relu behind them, in float64.

        W_dm ~ N(0, σ²)        σ = √(2/D)

    Only the fan-in D counts; the 2 is the square of relu's gain √2. All of the randomness comes from `rng`.

    >>> he_normal(200, 300, np.random.default_rng(0)).std().round(3)  # √(2/200) = 0.1
    np.float64(0.1)

    Source: He, Zhang, Ren, Sun: Delving Deep into Rectifiers (2015), section 2.2, arXiv 1502.01852.
    """
    sigma = math.sqrt(2 / D)
    return rng.normal(0, sigma, size=(D, M))


def orthogonal(D: int, M: int, rng: np.random.Generator) -> Float[np.ndarray, "D M"]:
    """Random weights whose columns are orthonormal if D ≥ M, and whose rows are if not, in float64.

        Wᵀ W = I (M × M)  if D ≥ M        W Wᵀ = I (D × D)  otherwise

    A product of such matrices neither stretches nor shrinks, however many there are. A QR decomposition of normal
    numbers gives orthonormal columns; for D < M take the transpose of those for M, D. All of the randomness comes from
    `rng`.

    >>> W = orthogonal(4, 2, np.random.default_rng(0))
    >>> np.abs(W.T @ W).round(9).tolist()
    [[1.0, 0.0], [0.0, 1.0]]

    Source: Saxe, McClelland, Ganguli: Exact solutions to the nonlinear dynamics of learning (2014), arXiv 1312.6120.
    """
    if D < M:
        return orthogonal(M, D, rng).T
    Q, R = np.linalg.qr(rng.normal(size=(D, M)))  # D M, M M
    return Q * np.sign(
        np.diag(R)
    )  # QR fixes the signs by its own convention; this makes every direction equally likely


def activation_stds(weights: list[np.ndarray], x: Float[np.ndarray, "N D"], activation: str) -> Float[np.ndarray, " L"]:
    """How widely the activations of each layer spread: their standard deviation, first layer first.

        h_0 = x        h_l = f(h_{l−1} W_l)        stds_l = √(mean over all entries of (h_l − mean of h_l)²)

    f is "tanh", "relu" or "sigmoid" and follows every layer, the last one too; there are no biases. The spread is taken
    over all N × M entries of a layer at once, and divided by their number (not by one less).

    >>> activation_stds([np.array([[2.0, -2.0]]), np.array([[1.0], [0.0]])], np.array([[1.0], [2.0]]), "relu")
    array([1.6583124, 1.       ])

    Source: Glorot, Bengio (2010), section 3, which plots these numbers against the depth.
    """
    f = _function(activation)
    h = x
    stds = []
    for W in weights:
        z = h @ W  # N M
        h = f(z)
        stds.append(h.std())
    return np.array(stds, dtype=x.dtype)


def _function(activation: str):
    functions = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}
    if activation not in functions:
        raise ValueError(f"activation is {activation!r}; it must be one of {', '.join(functions)}")
    return functions[activation]
