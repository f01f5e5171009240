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
    r, z, n, _ = _gates(x @ Wx + bx, h @ Wh + bh)  # each N H
    return (1 - z) * n + z * h


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
    gates = _gates(x @ Wx + bx, h @ Wh + bh)
    da, du, dh = _step_backward(dh_new, h, *gates)
    return da @ Wx.T, dh + du @ Wh.T, x.T @ da, h.T @ du, da.sum(axis=0), du.sum(axis=0)


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
    hs, _ = _unroll(xs, h0, Wx, Wh, bx, bh)
    return hs[1:].swapaxes(0, 1)


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
    N, T = xs.shape[:2]
    hs, gates = _unroll(xs, h0, Wx, Wh, bx, bh)
    WhT = np.ascontiguousarray(Wh.T)  # turned once, not at every step
    da, du = np.empty((2, T, N, Wx.shape[1]), hs.dtype)
    dh = np.zeros_like(hs[0])  # what the steps behind t have to say about h_t
    for t in reversed(range(T)):
        da[t], du[t], dh = _step_backward(dhs[:, t] + dh, hs[t], *gates[t])
        dh = dh + du[t] @ WhT
    x, h, da, du = (a.reshape(T * N, -1) for a in (xs.swapaxes(0, 1), hs[:-1], da, du))  # N rows for each step
    dxs = (da @ Wx.T).reshape(T, N, -1).swapaxes(0, 1)
    return dxs, dh, x.T @ da, h.T @ du, da.sum(axis=0), du.sum(axis=0)


def _gates(a: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """r, z, n and u_n, from what the input (`a`) and the state (`u`) send to the three blocks."""
    H = a.shape[-1] // 3
    shares = 0.5 * np.tanh(0.5 * (a[:, : 2 * H] + u[:, : 2 * H])) + 0.5  # this is σ, and nothing overflows
    r, z, u_n = shares[:, :H], shares[:, H:], u[:, 2 * H :]
    return r, z, np.tanh(a[:, 2 * H :] + r * u_n), u_n


def _unroll(xs, h0, Wx, Wh, bx, bh) -> tuple[np.ndarray, list]:
    """`h0` and the state after every step, "T+1 N H", and the gates of every step.

    Time comes first, so that one step lies in one piece of memory.
    """
    N, T = xs.shape[:2]
    a = xs.swapaxes(0, 1).reshape(T * N, -1) @ Wx + bx  # all inputs are known before the loop: one product
    a = a.reshape(T, N, -1)
    hs, gates = np.empty((T + 1, *h0.shape), a.dtype), []
    hs[0] = h0
    for t in range(T):
        r, z, n, u_n = _gates(a[t], hs[t] @ Wh + bh)
        hs[t + 1] = (1 - z) * n + z * hs[t]
        gates.append((r, z, n, u_n))
    return hs, gates


def _step_backward(dh, h, r, z, n, u_n) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of a and u, "N 3H" each, and what reaches the old state `h` past all gates."""
    da_n = dh * (1 - z) * (1 - n * n)
    da_z = dh * (h - n) * z * (1 - z)
    da_r = da_n * u_n * r * (1 - r)
    da = np.concatenate([da_r, da_z, da_n], axis=-1)
    du = np.concatenate([da_r, da_z, da_n * r], axis=-1)  # the reset stands between u_n and n
    return da, du, dh * z
