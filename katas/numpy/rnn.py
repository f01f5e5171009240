"""rnn: one cell, used at every step of a sequence, and the gradient that walks back through all of them."""

import numpy as np
from jaxtyping import Float


def rnn_cell(
    x: Float[np.ndarray, "N D"],
    h: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D H"],
    Wh: Float[np.ndarray, "H H"],
    b: Float[np.ndarray, " H"],
) -> Float[np.ndarray, "N H"]:
    """One step: the new state, from the input `x` of this step and the state `h` that the step before has left.

        h_new = tanh(x Wx + h Wh + b)

    >>> rnn_cell(np.array([[1.0]]), np.array([[0.0, 2.0]]), np.array([[0.5, 0.0]]), np.eye(2), np.zeros(2)).round(2)
    array([[0.46, 0.96]])

    Source: Elman: Finding Structure in Time (1990); torch.nn.RNNCell with weights stored the way they are used.
    """
    raise NotImplementedError("rnn_cell")


def rnn_cell_backward(
    dh_new: Float[np.ndarray, "N H"],
    x: Float[np.ndarray, "N D"],
    h: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D H"],
    Wh: Float[np.ndarray, "H H"],
    b: Float[np.ndarray, " H"],
) -> tuple[
    Float[np.ndarray, "N D"],
    Float[np.ndarray, "N H"],
    Float[np.ndarray, "D H"],
    Float[np.ndarray, "H H"],
    Float[np.ndarray, " H"],
]:
    """The gradients (dx, dh, dWx, dWh, db) of the loss, given `dh_new`, its gradient for `rnn_cell(x, h, Wx, Wh, b)`.

        dz = dh_new · (1 − h_new²)
        dx = dz Wxᵀ    dh = dz Whᵀ    dWx = xᵀ dz    dWh = hᵀ dz    db_j = Σ_n dz_nj

    Each gradient has the shape of its argument.

    >>> one, two = np.ones((1, 1)), np.full((1, 1), 2.0)
    >>> dx, dh, dWx, dWh, db = rnn_cell_backward(one, two, np.zeros((1, 1)), two, 3 * one, np.array([-4.0]))
    >>> dx.item(), dh.item(), dWx.item(), dWh.item(), db.item()  # 2 · 2 + 0 · 3 − 4 = 0, where the slope of tanh is 1
    (2.0, 3.0, 2.0, 0.0, 1.0)

    Source: solutions/derivations/rnn.md works it out.
    """
    raise NotImplementedError("rnn_cell_backward")


def rnn(
    xs: Float[np.ndarray, "N T D"],
    h0: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D H"],
    Wh: Float[np.ndarray, "H H"],
    b: Float[np.ndarray, " H"],
) -> Float[np.ndarray, "N T H"]:
    """The state after every step: the same cell, with the same weights, walks along the sequence from its start.

        h_t = tanh(x_t Wx + h_{t−1} Wh + b)    for t = 1 … T,    h_0 given

    hs[:, 0] is the state after the first step: `h0` itself is not among them. Any length must do, 1 too.

    >>> rnn(np.array([[[1.0], [0.0]]]), np.zeros((1, 1)), np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)).round(2)
    array([[[0.76],
            [0.64]]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 10.2; torch.nn.RNN.
    """
    raise NotImplementedError("rnn")


def rnn_backward(
    dhs: Float[np.ndarray, "N T H"],
    xs: Float[np.ndarray, "N T D"],
    h0: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D H"],
    Wh: Float[np.ndarray, "H H"],
    b: Float[np.ndarray, " H"],
) -> tuple[
    Float[np.ndarray, "N T D"],
    Float[np.ndarray, "N H"],
    Float[np.ndarray, "D H"],
    Float[np.ndarray, "H H"],
    Float[np.ndarray, " H"],
]:
    """The gradients (dxs, dh0, dWx, dWh, db) of the loss, given `dhs`, its gradient for the states `rnn(xs, …)`.

        dz_t = (dhs_t + dz_{t+1} Whᵀ) · (1 − h_t²)    for t = T … 1,    dz_{T+1} = 0
        dx_t = dz_t Wxᵀ    dh0 = dz_1 Whᵀ    dWx = Σ_t x_tᵀ dz_t    dWh = Σ_t h_{t−1}ᵀ dz_t    db = Σ_t Σ_n dz_tn

    A state reaches the loss twice: as an output of its own step, and through the step after it.

    >>> one = np.ones((1, 1))
    >>> dxs, dh0, dWx, dWh, db = rnn_backward(np.ones((1, 2, 1)), np.zeros((1, 2, 1)), 0 * one, one, 2 * one, np.zeros(1))
    >>> dxs.tolist(), dh0.tolist()  # tanh has slope 1 here; each step back is a factor of 2
    ([[[3.0], [1.0]]], [[6.0]])

    Source: Werbos: Backpropagation Through Time (1990); solutions/derivations/rnn.md works it out.
    """
    raise NotImplementedError("rnn_backward")
