"""lstm: a cell that keeps a memory behind gates, and the gradient that passes it by addition."""

import numpy as np
from jaxtyping import Float


def lstm_cell(
    x: Float[np.ndarray, "N D"],
    h: Float[np.ndarray, "N H"],
    c: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D 4H"],
    Wh: Float[np.ndarray, "H 4H"],
    b: Float[np.ndarray, " 4H"],
) -> tuple[Float[np.ndarray, "N H"], Float[np.ndarray, "N H"]]:
    """One step: the new state and the new memory (h, c), from the input `x` and what the step before has left.

        z = x Wx + h Wh + b,   four blocks of H columns: z_i, z_f, z_g, z_o
        i = σ(z_i)    f = σ(z_f)    g = tanh(z_g)    o = σ(z_o)
        c_new = f · c + i · g        h_new = o · tanh(c_new)

    The gates are shares between 0 and 1: how much to let in (i), to keep (f), to show (o). g is what could be let in. It
    must survive z of ±1e4, where a gate is open or closed.

    >>> h, c = lstm_cell(np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), 8.0), *np.zeros((2, 1, 4)), np.zeros(4))
    >>> h.round(4), c  # every gate is half open, and g is 0
    (array([[0.4997]]), array([[4.]]))

    Source: Gers, Schmidhuber, Cummins: Learning to Forget (2000); torch.nn.LSTMCell, whose order of gates this is.
    """
    i, f, g, o = np.split(_gates(x @ Wx + h @ Wh + b), 4, axis=-1)  # each N H
    c = f * c + i * g
    h = o * np.tanh(c)
    return h, c


def lstm_cell_backward(
    dh_new: Float[np.ndarray, "N H"],
    dc_new: Float[np.ndarray, "N H"],
    x: Float[np.ndarray, "N D"],
    h: Float[np.ndarray, "N H"],
    c: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D 4H"],
    Wh: Float[np.ndarray, "H 4H"],
    b: Float[np.ndarray, " 4H"],
) -> tuple[
    Float[np.ndarray, "N D"],
    Float[np.ndarray, "N H"],
    Float[np.ndarray, "N H"],
    Float[np.ndarray, "D 4H"],
    Float[np.ndarray, "H 4H"],
    Float[np.ndarray, " 4H"],
]:
    """The gradients (dx, dh, dc, dWx, dWh, db) of the loss, given `dh_new` and `dc_new`, its gradients for both results.

        d = dc_new + dh_new · o · (1 − tanh²(c_new))          all that arrives at c_new
        dz_i = d · g · i(1−i)    dz_f = d · c · f(1−f)    dz_g = d · i · (1−g²)    dz_o = dh_new · tanh(c_new) · o(1−o)
        dc = d · f    dx = dz Wxᵀ    dh = dz Whᵀ    dWx = xᵀ dz    dWh = hᵀ dz    db_j = Σ_n dz_nj

    c_new reaches the loss twice, directly and through h_new.

    >>> one, zero = np.ones((1, 1)), np.zeros((1, 1))
    >>> dx, dh, dc, dWx, dWh, db = lstm_cell_backward(zero, one, zero, zero, one, *np.zeros((2, 1, 4)), np.zeros(4))
    >>> dc, db  # half of the memory is kept; a little more of it for every bit that f opens
    (array([[0.5]]), array([0.  , 0.25, 0.5 , 0.  ]))

    Source: solutions/derivations/lstm.md works it out.
    """
    i, f, g, o = np.split(_gates(x @ Wx + h @ Wh + b), 4, axis=-1)
    dz, dc = _step_backward(dh_new, dc_new, c, np.tanh(f * c + i * g), i, f, g, o)
    dz = np.concatenate(dz, axis=-1)  # N 4H
    return dz @ Wx.T, dz @ Wh.T, dc, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def lstm(
    xs: Float[np.ndarray, "N T D"],
    h0: Float[np.ndarray, "N H"],
    c0: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D 4H"],
    Wh: Float[np.ndarray, "H 4H"],
    b: Float[np.ndarray, " 4H"],
) -> tuple[Float[np.ndarray, "N T H"], Float[np.ndarray, "N H"]]:
    """The state after every step and the memory after the last one (hs, cT): `lstm_cell` walks along the sequence.

        h_t, c_t = lstm_cell(x_t, h_{t−1}, c_{t−1}, Wx, Wh, b)    for t = 1 … T,    h_0 and c_0 given

    hs[:, 0] is the state after the first step, and hs[:, -1] and cT are what the next piece of the sequence starts from.
    Any length must do, 1 too.

    >>> hs, cT = lstm(np.zeros((1, 3, 1)), np.zeros((1, 1)), np.full((1, 1), 8.0), *np.zeros((2, 1, 4)), np.zeros(4))
    >>> hs.round(2).ravel(), cT  # every step forgets half
    (array([0.5 , 0.48, 0.38]), array([[1.]]))

    Source: Gers, Schmidhuber, Cummins (2000); torch.nn.LSTM.
    """
    hs, cs, _ = _unroll(xs, h0, c0, Wx, Wh, b)
    hs, cT = hs[1:].swapaxes(0, 1), cs[-1]
    return hs, cT


def lstm_backward(
    dhs: Float[np.ndarray, "N T H"],
    dcT: Float[np.ndarray, "N H"],
    xs: Float[np.ndarray, "N T D"],
    h0: Float[np.ndarray, "N H"],
    c0: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D 4H"],
    Wh: Float[np.ndarray, "H 4H"],
    b: Float[np.ndarray, " 4H"],
) -> tuple[
    Float[np.ndarray, "N T D"],
    Float[np.ndarray, "N H"],
    Float[np.ndarray, "N H"],
    Float[np.ndarray, "D 4H"],
    Float[np.ndarray, "H 4H"],
    Float[np.ndarray, " 4H"],
]:
    """The gradients (dxs, dh0, dc0, dWx, dWh, db) of the loss, given `dhs` and `dcT`, its gradients for `lstm(xs, …)`.

        from t = T down to 1:    dz_t, dh_{t−1}, dc_{t−1} from dhs_t + dh_t and dc_t, as in `lstm_cell_backward`
        dh_T = 0,  dc_T = dcT    dx_t = dz_t Wxᵀ    dWx = Σ_t x_tᵀ dz_t    dWh = Σ_t h_{t−1}ᵀ dz_t    db = Σ_t Σ_n dz_tn

    Two gradients are carried from step to step, of the state and of the memory. The second is only multiplied by f: as
    long as f stays near 1 it does not fade.

    >>> dcT, zeros = np.ones((1, 1)), np.zeros((1, 3, 1))
    >>> lstm_backward(zeros, dcT, zeros, *np.zeros((2, 1, 1)), *np.zeros((2, 1, 4)), np.zeros(4))[2]  # dc0 = f · f · f
    array([[0.125]])

    Source: Graves, Schmidhuber: Framewise phoneme classification with bidirectional LSTM (2005), for the full gradient;
    solutions/derivations/lstm.md works it out.
    """
    N, T = xs.shape[:2]
    hs, cs, gates = _unroll(xs, h0, c0, Wx, Wh, b)
    i, f, g, o = np.split(gates, 4, axis=-1)  # each T N H
    tanh_cs = np.tanh(cs[1:])
    WhT = np.ascontiguousarray(Wh.T)  # turned once, not at every step
    dz = np.empty_like(gates)  # T N 4H
    dh, dc = np.zeros_like(hs[0]), dcT  # what the steps behind t have to say about h_t and c_t
    for t in reversed(range(T)):
        dz_t, dc = _step_backward(dhs[:, t] + dh, dc, cs[t], tanh_cs[t], i[t], f[t], g[t], o[t])
        np.concatenate(dz_t, axis=-1, out=dz[t])
        dh = dz[t] @ WhT
    x, h, dz = (a.reshape(T * N, -1) for a in (xs.swapaxes(0, 1), hs[:-1], dz))  # one row for each step of each example
    dxs = (dz @ Wx.T).reshape(T, N, -1).swapaxes(0, 1)
    return dxs, dh, dc, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def _gates(z: np.ndarray) -> np.ndarray:
    """i, f, g, o side by side, written over `z`. σ(z) = ½ tanh(z/2) + ½, so one tanh does for three, without overflow."""
    H = z.shape[-1] // 4
    g = np.tanh(z[:, 2 * H : 3 * H])  # no share: it has a sign
    z *= 0.5
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5
    z[:, 2 * H : 3 * H] = g
    return z


def _unroll(xs, h0, c0, Wx, Wh, b) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States "T+1 N H" and memories "T+1 N H", the first ones included, and gates "T N 4H".

    Time comes first, so that one step lies in one piece of memory.
    """
    N, T = xs.shape[:2]
    gates = (xs.swapaxes(0, 1).reshape(T * N, -1) @ Wx).reshape(T, N, -1)  # all inputs are known: one product
    gates += b  # in place from here on: a new array for every step costs more than the sum
    i, f, g, o = np.split(gates, 4, axis=-1)  # views: what is written into `gates` stands in them
    hs, cs = np.empty((2, T + 1, *h0.shape), gates.dtype)
    hs[0], cs[0] = h0, c0
    for t in range(T):
        gates[t] += hs[t] @ Wh
        _gates(gates[t])
        cs[t + 1] = f[t] * cs[t] + i[t] * g[t]
        hs[t + 1] = o[t] * np.tanh(cs[t + 1])
    return hs, cs, gates


def _step_backward(dh, dc, c, tanh_c, i, f, g, o) -> tuple[tuple, np.ndarray]:
    """The gradients of z_i, z_f, z_g, z_o and of the memory `c` before the step, from those of its two results."""
    do = dh * o
    dc = dc + do * (1 - tanh_c * tanh_c)  # the memory reaches the loss directly and through the state
    di, df = dc * i, dc * f  # each serves twice below
    return (di * g * (1 - i), df * c * (1 - f), di * (1 - g * g), do * tanh_c * (1 - o)), df
