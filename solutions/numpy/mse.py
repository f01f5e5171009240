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
    if y.ndim != 2 or y.shape != target.shape:
        raise ValueError(f"mse: y {y.shape}, target {target.shape}: (N, M) and (N, M) are needed")
    error = y - target  # N M
    return (error * error).sum() / (2 * y.shape[0])


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
    if y.ndim != 2 or y.shape != target.shape or np.ndim(dout) != 0:
        shapes = f"dout {np.shape(dout)} for y {y.shape}, target {target.shape}"
        raise ValueError(f"mse_backward: {shapes}: () for (N, M) and (N, M) is needed")
    dy = dout * (y - target) / y.shape[0]  # the 2 of the square and the half have cancelled
    dtarget = -dy  # the loss sees only the difference
    return dy, dtarget
