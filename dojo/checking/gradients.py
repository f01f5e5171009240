"""Derivatives by central differences: the truth that every backward is held against."""

from collections.abc import Callable

import numpy as np

EPS = 1e-6
RTOL = 1e-5  # what central differences in float64 can promise for values of order 1


def numerical_gradients(f: Callable, douts: tuple, args: tuple, wanted: list[int]) -> list:
    """The gradient of Σ dout·f(*args) for each argument whose position is in `wanted`.

    Each such argument is a float64 array or a dict of them; the gradient has the same form. `f` must not keep its
    arguments. (f(x+ε) − f(x−ε)) / 2ε with ε = 1e-6; error O(ε²) + O(1e-16/ε).
    """

    def loss() -> float:
        outputs = f(*args)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return float(sum(np.sum(np.asarray(dout) * out) for dout, out in zip(douts, outputs, strict=False)))

    return [_gradient(loss, args[position]) for position in wanted]


def _gradient(loss: Callable[[], float], x):
    if isinstance(x, dict):
        return {key: _gradient(loss, value) for key, value in x.items()}
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        saved = x[index]
        x[index] = saved + EPS
        above = loss()
        x[index] = saved - EPS
        below = loss()
        x[index] = saved
        gradient[index] = (above - below) / (2 * EPS)
    return gradient
