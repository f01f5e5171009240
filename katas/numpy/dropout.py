"""dropout: units are left out at random while training, so that none comes to rely on another."""

import numpy as np
from jaxtyping import Float


def dropout(
    x: Float[np.ndarray, "..."], p: float, rng: np.random.Generator, train: bool = True
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Set each number of `x` to 0 with probability `p`, scale up the others, and return (out, mask).

        mask = 0 with probability p, else 1/(1 − p), for each element by itself        out = x · mask

    0 ≤ p < 1 is the probability to drop, not to keep. The division makes the mean of `mask` 1, so that `out` is `x` on
    average and nothing has to be done at test time: with train=False, `out` equals `x` and the mask is all ones. The
    mask has the shape and dtype of `x`; every call draws a fresh one from `rng`, and from nothing else.

    >>> out, mask = dropout(np.array([[1.0, 2.0, 3.0]]), 0.5, np.random.default_rng(3))
    >>> out.tolist(), mask.tolist()
    ([[0.0, 0.0, 6.0]], [[0.0, 0.0, 2.0]])

    Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout (2014), sections 4 and 10.
    """
    raise NotImplementedError("dropout")


def dropout_backward(dout: Float[np.ndarray, "..."], mask: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The gradient of `x`, given `dout`, the gradient of `out`, and the mask that `dropout` returned.

        dx = dout · mask

    The mask is the one of the forward pass, scale included: a new one would send the gradient through units that were
    off, and none to units that were on.

    >>> dropout_backward(np.array([[1.0, -1.0, 5.0]]), np.array([[0.0, 2.0, 2.0]]))
    array([[ 0., -2., 10.]])

    Source: solutions/derivations/dropout.md works it out.
    """
    raise NotImplementedError("dropout_backward")
