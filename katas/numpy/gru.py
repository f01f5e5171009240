"""gru: two gates and no separate memory: the new state is a mixture of the old one and a proposal."""

import numpy as np
from jaxtyping import Float


def gru_cell(
    x: Float[np.ndarray, "N D"],
    h: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D 3H"],
    Wh: Float[np.ndarray, "H 3H"],
    bx: Float[np.ndarray, " 3H"],
    bh: Float[np.ndarray, " 3H"],
) -> Float[np.ndarray, "N H"]:
    """One step: the new state, from the input `x` of this step and the state `h` that the step before has left.

        a = x Wx + bx        u = h Wh + bh        three blocks of H columns each, for r, z and n
        r = σ(a_r + u_r)     z = σ(a_z + u_z)     n = tanh(a_n + r · u_n)
        h_new = (1 − z) · n + z · h

    n is a proposal, z the share of the old state that stays. The reset r is applied after the product with Wh and its
    bias, as PyTorch does it; that is why there are two biases. It must survive sums of ±1e4.

    >>> zeros = np.zeros((1, 3))
    >>> gru_cell(np.zeros((1, 1)), np.ones((1, 1)), zeros, zeros, np.zeros(3), np.array([0.0, 0.0, np.log(9.0)])).round(2)
    array([[0.9]])

    Source: Cho and others: Learning Phrase Representations using RNN Encoder–Decoder (2014); torch.nn.GRUCell, whose
    order of gates this is.
    """
    raise NotImplementedError("gru_cell")


def gru_cell_backward(
    dh_new: Float[np.ndarray, "N H"],
    x: Float[np.ndarray, "N D"],
    h: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D 3H"],
    Wh: Float[np.ndarray, "H 3H"],
    bx: Float[np.ndarray, " 3H"],
    bh: Float[np.ndarray, " 3H"],
) -> tuple[
    Float[np.ndarray, "N D"],
    Float[np.ndarray, "N H"],
    Float[np.ndarray, "D 3H"],
    Float[np.ndarray, "H 3H"],
    Float[np.ndarray, " 3H"],
    Float[np.ndarray, " 3H"],
]:
    """The gradients (dx, dh, dWx, dWh, dbx, dbh) of the loss, given `dh_new`, its gradient for `gru_cell(x, h, …)`.

        da_n = dh_new · (1 − z) · (1 − n²)    da_z = dh_new · (h − n) · z(1−z)    da_r = da_n · u_n · r(1−r)
        du_n = da_n · r                       du_z = da_z                         du_r = da_r
        dx = da Wxᵀ    dh = dh_new · z + du Whᵀ    dWx = xᵀ da    dWh = hᵀ du    dbx = Σ_n da_n    dbh = Σ_n du_n

    In the last line da and du are the three blocks side by side, and the sums run over the examples. Only in the block
    of n do the two differ. The old state counts twice: as itself, and through Wh.

    >>> zeros, one = np.zeros((1, 3)), np.ones((1, 1))
    >>> dx, dh, dWx, dWh, dbx, dbh = gru_cell_backward(one, 0 * one, one, zeros, zeros, np.zeros(3), np.zeros(3))
    >>> dh, dbx, dbh  # r and z are half open
    (array([[0.5]]), array([0.  , 0.25, 0.5 ]), array([0.  , 0.25, 0.25]))

    Source: solutions/derivations/gru.md works it out.
    """
    raise NotImplementedError("gru_cell_backward")


def gru(
    xs: Float[np.ndarray, "N T D"],
    h0: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D 3H"],
    Wh: Float[np.ndarray, "H 3H"],
    bx: Float[np.ndarray, " 3H"],
    bh: Float[np.ndarray, " 3H"],
) -> Float[np.ndarray, "N T H"]:
    """The state after every step: `gru_cell`, with the same weights, walks along the sequence from its start.

        h_t = gru_cell(x_t, h_{t−1}, Wx, Wh, bx, bh)    for t = 1 … T,    h_0 given

    hs[:, 0] is the state after the first step: `h0` itself is not among them. Any length must do, 1 too.

    >>> zeros = np.zeros((1, 3))
    >>> gru(np.zeros((1, 3, 1)), np.full((1, 1), 8.0), zeros, zeros, np.zeros(3), np.zeros(3)).ravel()  # z = ½, n = 0
    array([4., 2., 1.])

    Source: Cho and others (2014); torch.nn.GRU.
    """
    raise NotImplementedError("gru")


def gru_backward(
    dhs: Float[np.ndarray, "N T H"],
    xs: Float[np.ndarray, "N T D"],
    h0: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D 3H"],
    Wh: Float[np.ndarray, "H 3H"],
    bx: Float[np.ndarray, " 3H"],
    bh: Float[np.ndarray, " 3H"],
) -> tuple[
    Float[np.ndarray, "N T D"],
    Float[np.ndarray, "N H"],
    Float[np.ndarray, "D 3H"],
    Float[np.ndarray, "H 3H"],
    Float[np.ndarray, " 3H"],
    Float[np.ndarray, " 3H"],
]:
    """The gradients (dxs, dh0, dWx, dWh, dbx, dbh) of the loss, given `dhs`, its gradient for the states `gru(xs, …)`.

        from t = T down to 1:    da_t, du_t and dh_{t−1} from dhs_t + dh_t, as in `gru_cell_backward`;    dh_T = 0
        dx_t = da_t Wxᵀ    dWx = Σ_t x_tᵀ da_t    dWh = Σ_t h_{t−1}ᵀ du_t    dbx = Σ_t Σ_n da_tn    dbh = Σ_t Σ_n du_tn

    A state reaches the loss twice: as an output of its own step, and through the step after it.

    >>> dhs, zeros = np.array([[[0.0], [0.0], [1.0]]]), np.zeros((1, 3))
    >>> gru_backward(dhs, np.zeros((1, 3, 1)), np.zeros((1, 1)), zeros, zeros, np.zeros(3), np.zeros(3))[1]  # z · z · z
    array([[0.125]])

    Source: solutions/derivations/gru.md works it out.
    """
    raise NotImplementedError("gru_backward")
