"""affine: the layer x @ W + b, and the gradient of each of its three arguments."""

import numpy as np
from jaxtyping import Float


def affine(
    x: Float[np.ndarray, "N D"], W: Float[np.ndarray, "D M"], b: Float[np.ndarray, " M"]
) -> Float[np.ndarray, "N M"]:
    """One layer of weights for a whole batch: each row of `x` is an example.

        y_nm = Σ_d x_nd W_dm + b_m

    It must refuse shapes that are not (N, D), (D, M) and (M,), with a ValueError that prints all three. A weight stored
    the other way round and a bias stored as a column are refused too.

    >>> affine(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, 3.0], [0.0, 1.0, 1.0]]), np.array([10.0, 20.0, 30.0]))
    array([[11., 22., 35.]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.3, where the layer is called affine.
    """
    raise NotImplementedError("affine")


def affine_backward(
    dout: Float[np.ndarray, "N M"],
    x: Float[np.ndarray, "N D"],
    W: Float[np.ndarray, "D M"],
    b: Float[np.ndarray, " M"],
) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, "D M"], Float[np.ndarray, " M"]]:
    """The gradients (dx, dW, db) of the loss, given `dout`, its gradient for `affine(x, W, b)`.

        dx_nd = Σ_m dout_nm W_dm        dW_dm = Σ_n x_nd dout_nm        db_m = Σ_n dout_nm

    Each gradient has the shape of its argument. It must refuse what `affine` refuses, and a `dout` that is not (N, M):
    ValueError, with all four shapes in the message.

    >>> dx, dW, db = affine_backward(np.array([[1.0]]), np.array([[2.0, 3.0]]), np.array([[4.0], [5.0]]), np.zeros(1))
    >>> dx.tolist(), dW.tolist(), db.tolist()
    ([[4.0, 5.0]], [[2.0], [3.0]], [1.0])

    Source: solutions/derivations/affine.md works it out.
    """
    raise NotImplementedError("affine_backward")
