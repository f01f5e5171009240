"""mse: half the squared distance between outputs and targets, averaged over the examples."""

import numpy as np
from jaxtyping import Float


def mse(y: Float[np.ndarray, "N M"], target: Float[np.ndarray, "N M"]) -> Float[np.ndarray, ""]:
    """The quadratic cost of the outputs `y`: a single number.

        loss = 1/N Σ_n 1/2 Σ_m (y_nm − target_nm)²

    A sum over the M outputs, a mean over the N examples: the number of examples does not change the size of the loss,
    and more outputs make it larger. It must refuse anything but two matrices of one shape, because (N, 1) − (N,) is
    (N, N): ValueError, with both shapes in the message.

    >>> float(mse(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[1.0, 2.0, 5.0], [0.0, 5.0, 6.0]])))
    5.0

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 1, section “Learning with gradient descent”.
    """
    raise NotImplementedError("mse")


def mse_backward(
    dout: Float[np.ndarray, ""], y: Float[np.ndarray, "N M"], target: Float[np.ndarray, "N M"]
) -> tuple[Float[np.ndarray, "N M"], Float[np.ndarray, "N M"]]:
    """The gradients (dy, dtarget), given `dout`, the gradient for the number `mse(y, target)`: a number as well.

        dy_nm = dout · (y_nm − target_nm) / N        dtarget_nm = −dy_nm

    It must refuse what `mse` refuses, and a `dout` that has axes: ValueError, with all three shapes in the message.

    >>> dy, dtarget = mse_backward(np.array(1.0), np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]]))
    >>> dy.tolist(), dtarget.tolist()
    ([[-1.0], [-1.5]], [[1.0], [1.5]])

    Source: solutions/derivations/mse.md works it out.
    """
    raise NotImplementedError("mse_backward")
