"""char_rnn: a recurrent cell reads a text character by character, learns to expect the next one, and then writes."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from solutions.numpy.affine import affine, affine_backward
from solutions.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from solutions.numpy.embedding import embedding, embedding_backward
from solutions.numpy.gradient_flow import clip_by_global_norm
from solutions.numpy.optimizers import adam_step
from solutions.numpy.sampling import generate
from solutions.numpy.text import decode, encode, lm_batches

State = np.ndarray | tuple[np.ndarray, np.ndarray] | None  # given


def init(V: int, H: int, rng: np.random.Generator, cell: str) -> dict[str, np.ndarray]:
    """Parameters to start from, for V characters and H units, in float64; `cell` is "rnn", "lstm" or "gru".

        rnn:    Wx: V × H     Wh: H × H     b: H
        lstm:   Wx: V × 4H    Wh: H × 4H    b: 4H            gates in the order i, f, g, o, as in the kata lstm
        gru:    Wx: V × 3H    Wh: H × 3H    bx, bh: 3H       gates in the order r, z, n, as in the kata gru
        all:    Wy: H × V     by: V                          from the state to the scores of the next character

    The weights are independent and uniform between −1/√H and 1/√H, the biases are 0. Only the biases of the LSTM's forget
    gates are 1: σ(1) = 0.73 of the memory stays at each step, instead of half, so that an early gradient reaches further
    back. The input is a character, so its one-hot row times Wx is row `id` of Wx. All of the randomness comes from `rng`.

    >>> {name: param.shape for name, param in init(5, 3, np.random.default_rng(0), "lstm").items()}
    {'Wx': (5, 12), 'Wh': (3, 12), 'b': (12,), 'Wy': (3, 5), 'by': (5,)}

    Source: torch.nn.LSTM for the range; Jozefowicz, Zaremba, Sutskever: An Empirical Exploration of Recurrent Network
    Architectures (2015), section 2.3, for the forget gate.
    """
    if cell not in BLOCKS or V < 1 or H < 1:
        raise ValueError(
            f"cell is {cell!r}, V is {V}, H is {H}; cell is one of {', '.join(BLOCKS)}, V and H are 1 or more"
        )
    M, bound = BLOCKS[cell] * H, 1 / math.sqrt(H)
    params = {
        "Wx": rng.uniform(-bound, bound, size=(V, M)),
        "Wh": rng.uniform(-bound, bound, size=(H, M)),
        **({"bx": np.zeros(M), "bh": np.zeros(M)} if cell == "gru" else {"b": np.zeros(M)}),
        "Wy": rng.uniform(-bound, bound, size=(H, V)),
        "by": np.zeros(V),
    }
    if cell == "lstm":
        params["b"][H : 2 * H] = 1.0
    return params


def loss_and_grads(
    params: dict[str, np.ndarray], ids: Int[np.ndarray, "N T"], targets: Int[np.ndarray, "N T"], state: State
) -> tuple[Float[np.ndarray, ""], dict[str, np.ndarray], State]:
    """How surprised the network is by `targets`, when it has read `ids` up to each of them; the gradients; the last state.

        hs = cell(one_hot(ids), state, Wx, Wh, b)     a row of zeros and a 1 for each character
        logits = hs Wy + by                           N × T × V
        loss = −1/(N·T) · Σ_n Σ_t log softmax(logits)_{n,t,targets_nt}

    The cell can be told from `params`: see `init`; all sizes are those of `params`. `state` is what the network remembers
    of the text before: h, "N H", for rnn and gru, and (h, c) for lstm; None stands for zeros. The third result is the
    state after the last character, in the same form, for the next piece of the text. No gradient goes back into the state
    that came in: back-propagation through time is cut off between the pieces. `grads` has the keys, shapes and dtypes of
    `params`.

    >>> params = {"Wx": np.zeros((4, 2)), "Wh": np.zeros((2, 2)), "b": np.zeros(2), "Wy": np.zeros((2, 4)), "by": np.zeros(4)}
    >>> loss, grads, state = loss_and_grads(params, np.array([[0, 3]]), np.array([[3, 1]]), None)
    >>> loss.round(4), grads["by"], state  # four equal chances
    (np.float64(1.3863), array([ 0.25, -0.25,  0.25, -0.25]), array([[0., 0.]]))

    Source: Karpathy: min-char-rnn (2015); Williams, Peng: An efficient gradient-based algorithm for on-line training of
    recurrent network trajectories (1990), for the cut; solutions/derivations/char_rnn.md works it out.
    """
    _check(params, ids, targets, state)
    forward, backward = CELLS[_cell(params)]
    hs, state, kept = forward(params, ids.T, state)  # T+1 N H; time comes first: a step lies in one piece of memory
    h, labels = hs[1:].reshape(ids.size, -1), targets.T.ravel()  # one row for each step of each example
    logits = affine(h, params["Wy"], params["by"])
    loss = cross_entropy(logits, labels)
    dlogits = cross_entropy_backward(1.0, logits, labels)
    dh, dWy, dby = affine_backward(dlogits, h, params["Wy"], params["by"])
    grads = backward(dh.reshape(hs[1:].shape), params, ids.T, hs, kept) | {"Wy": dWy, "by": dby}
    return loss, grads, state


def train(
    ids: Int[np.ndarray, " length"],
    V: int,
    H: int,
    cell: str,
    steps: int,
    batch_size: int,
    T: int,
    lr: float,
    rng: np.random.Generator,
    on_step: Callable[[int, float, dict[str, np.ndarray]], None] | None = None,
) -> dict[str, np.ndarray]:
    """Train a fresh network on the text `ids`, by `steps` steps of Adam, and return its parameters.

        params = init(V, H, rng, cell);   for each batch of lm_batches(ids, batch_size, T):
            loss, grads, state = loss_and_grads(params, inputs, targets, state)
            params = adam_step(params, grads clipped to a global norm of 1, lr)

    The state of one batch goes into the next, since the rows of the text go on there. When the text is over, it starts
    again from its beginning, and the state from None. After each step, `on_step(step, loss, params)` is called, if it is
    given, with the number of the step (the first is 0), the loss of its batch before the step, and the parameters after
    it. A KeyboardInterrupt (Ctrl-C), raised there or anywhere in the loop, ends the training and loses nothing: the
    parameters reached are returned.

    >>> vocab, losses = ["a", "b", "c"], []
    >>> ids = encode("abc" * 20, vocab)
    >>> params = train(ids, 3, 8, "gru", 60, 2, 5, 0.03, np.random.default_rng(0), lambda step, loss, params: losses.append(loss))
    >>> len(losses), round(float(losses[0])), round(float(losses[-1]), 1)
    (60, 1, 0.0)

    Source: Karpathy: The Unreasonable Effectiveness of Recurrent Neural Networks (2015); Pascanu, Mikolov, Bengio: On the
    difficulty of training recurrent neural networks (2013), for the clipping.
    """
    params, optimizer, step = init(V, H, rng, cell), {}, 0
    try:
        while step < steps:
            state = None
            for inputs, targets in lm_batches(ids, batch_size, T):
                loss, grads, state = loss_and_grads(params, inputs, targets, state)
                grads, _ = clip_by_global_norm(grads, 1.0)
                params, optimizer = adam_step(params, grads, optimizer, lr)
                if on_step is not None:
                    on_step(step, loss, params)
                step += 1
                if step == steps:
                    break
    except KeyboardInterrupt:
        pass  # params is whole at every moment: a step binds it anew, it never changes it bit by bit
    return params


def sample_text(
    params: dict[str, np.ndarray],
    vocab: list[str],
    prime: str,
    length: int,
    temperature: float,
    rng: np.random.Generator,
) -> str:
    """Let the network write: it reads `prime`, and goes on for `length` characters, which are the result.

        state after prime;   then character = sample(logits / temperature), and it is the next input

    The result does not repeat `prime`. The prime has a character or more, all of them in `vocab`; others raise ValueError,
    as in `encode`. The network has read every character once, in order, before it draws the first one of its own. A
    temperature of 0 always writes the likeliest character. All of the randomness comes from `rng`.

    >>> vocab = ["a", "b", "c"]
    >>> params = train(encode("abc" * 20, vocab), 3, 8, "gru", 60, 2, 5, 0.03, np.random.default_rng(0))
    >>> sample_text(params, vocab, "ab", 5, 0.0, np.random.default_rng(0))
    'cabca'

    Source: Graves: Generating Sequences With Recurrent Neural Networks (2013), section 2, arXiv 1308.0850.
    """
    if not prime or len(vocab) != len(params["by"]):
        raise ValueError(
            f"prime is {prime!r} (it needs a character or more), vocab has {len(vocab)} of {len(params['by'])}"
        )
    forward, _ = CELLS[_cell(params)]

    def step(token, state):
        hs, state, _ = forward(params, np.array([[token]]), state)
        return affine(hs[-1], params["Wy"], params["by"])[0], state

    *before, last = encode(prime, vocab)
    state = None
    if before:
        _, state, _ = forward(params, np.array(before)[:, None], None)
    return decode(np.array(generate(step, state, last, length, temperature, rng), dtype=int), vocab)


BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}  # how many blocks of H columns Wx and Wh have


def _cell(params):
    H, M = params["Wh"].shape
    return {blocks: cell for cell, blocks in BLOCKS.items()}[M // H]


def _rnn(params, ids, state):
    """States "T+1 N H", the first one included, the last one alone, and nothing else: tanh' needs only its value."""
    Wh = params["Wh"]
    z = embedding(ids, params["Wx"] + params["b"])  # T N H: a row per character is all there is to the input
    hs = _from(state, z, len(Wh))
    for t in range(len(z)):
        hs[t + 1] = np.tanh(z[t] + hs[t] @ Wh)
    return hs, hs[-1].copy(), None


def _rnn_backward(dhs, params, ids, hs, kept):
    """dz_t = (dhs_t + dz_{t+1} Whᵀ) · (1 − h_t²)"""
    WhT = np.ascontiguousarray(params["Wh"].T)  # turned once, not at every step
    slope = 1 - hs[1:] ** 2
    dz, carried = np.empty_like(slope), 0.0
    for t in reversed(range(len(dz))):
        dz[t] = (dhs[t] + carried) * slope[t]
        carried = dz[t] @ WhT
    dWx, dWh = _weights(dz, dz, params, ids, hs)
    return {"Wx": dWx, "Wh": dWh, "b": dWx.sum(axis=0)}  # every z has a character: summed over all, that is all of dz


def _lstm(params, ids, state):
    """States "T+1 N H", the last (h, c), and what the backward needs: memories "T+1 N H" and gates "T N 4H".

    σ(z) = ½ tanh(½ z) + ½ and tanh(z) = 1 · tanh(1 · z) + 0: one line for all four gates.
    """
    H = len(params["Wh"])
    share = np.repeat([0.5, 0.5, 1.0, 0.5], H).astype(params["Wh"].dtype)
    Wh, shift = params["Wh"] * share, 1 - share
    gates = embedding(ids, (params["Wx"] + params["b"]) * share)  # T N 4H: what the input says, at first
    i, f, g, o = np.split(gates, 4, axis=-1)  # views: what is written into `gates` stands in them
    h0, c0 = (None, None) if state is None else state
    hs, cs = _from(h0, gates, H), _from(c0, gates, H)
    for t in range(len(gates)):
        z = hs[t] @ Wh
        z += gates[t]  # in place: new arrays cost as much as the arithmetic
        gates[t] = np.tanh(z, out=z) * share + shift
        cs[t + 1] = f[t] * cs[t] + i[t] * g[t]
        hs[t + 1] = o[t] * np.tanh(cs[t + 1])
    return hs, (hs[-1].copy(), cs[-1].copy()), (cs, gates)


def _lstm_backward(dhs, params, ids, hs, kept):
    """dc_t = dc_{t+1} · f_{t+1} + dh_t · o(1 − tanh²c_t)

    dz = (dc·g, dc·c_{t−1}, dc·i, dh·tanh c) · (i(1−i), f(1−f), 1−g², o(1−o)), side by side in one row.
    """
    cs, gates = kept
    i, f, g, o = np.split(gates, 4, axis=-1)
    is_share = np.repeat(np.array([1, 1, 0, 1], gates.dtype), len(params["Wh"]))
    WhT = np.ascontiguousarray(params["Wh"].T)
    dz = np.empty_like(gates)
    dz_i, dz_f, dz_g, dz_o = np.split(dz, 4, axis=-1)  # views
    carried, dc = 0.0, 0.0
    for t in reversed(range(len(dz))):
        tanh_c = np.tanh(cs[t + 1])
        dh = dhs[t] + carried
        dc = dc + dh * o[t] * (1 - tanh_c * tanh_c)
        dz_i[t], dz_f[t], dz_g[t], dz_o[t] = dc * g[t], dc * cs[t], dc * i[t], dh * tanh_c
        dz[t] *= (is_share - gates[t]) * gates[t] + (1 - is_share)  # σ' = σ(1 − σ), and tanh' = 1 − tanh²
        dc = dc * f[t]
        carried = dz[t] @ WhT
    dWx, dWh = _weights(dz, dz, params, ids, hs)
    return {"Wx": dWx, "Wh": dWh, "b": dWx.sum(axis=0)}  # every z has a character: summed over all, that is all of dz


def _gru(params, ids, state):
    """States "T+1 N H", the last one alone, and what the backward needs: r and z "T N 2H", n and u_n "T N H"."""
    Wh, bh, H = params["Wh"], params["bh"], len(params["Wh"])
    a = embedding(ids, params["Wx"] + params["bx"])  # T N 3H
    hs = _from(state, a, H)
    shares, n, u_n = np.empty_like(a[..., : 2 * H]), np.empty_like(hs[1:]), np.empty_like(hs[1:])
    r, z = np.split(shares, 2, axis=-1)  # views
    for t in range(len(a)):
        u = hs[t] @ Wh + bh
        shares[t] = 0.5 * np.tanh(0.5 * (a[t, :, : 2 * H] + u[:, : 2 * H])) + 0.5  # this is σ, and nothing overflows
        u_n[t] = u[:, 2 * H :]
        n[t] = np.tanh(a[t, :, 2 * H :] + r[t] * u_n[t])  # the reset comes after the product
        hs[t + 1] = n[t] + z[t] * (hs[t] - n[t])
    return hs, hs[-1].copy(), (r, z, n, u_n)


def _gru_backward(dhs, params, ids, hs, kept):
    """da_n = dh(1−z)(1−n²)   da_z = dh(h−n)z(1−z)   da_r = da_n·u_n·r(1−r)   du = da, but du_n = da_n·r"""
    r, z, n, u_n = kept
    to_n, to_z, to_r = (
        (1 - z) * (1 - n * n),
        (hs[:-1] - n) * z * (1 - z),
        u_n * r * (1 - r),
    )  # all known before the walk
    WhT = np.ascontiguousarray(params["Wh"].T)
    T, N, H = dhs.shape
    da, du = np.empty((2, T, N, 3 * H), dhs.dtype)
    carried = 0.0
    for t in reversed(range(T)):
        dh = dhs[t] + carried
        da_n = dh * to_n[t]
        da[t, :, :H] = du[t, :, :H] = da_n * to_r[t]
        da[t, :, H : 2 * H] = du[t, :, H : 2 * H] = dh * to_z[t]
        da[t, :, 2 * H :], du[t, :, 2 * H :] = da_n, da_n * r[t]
        carried = dh * z[t] + du[t] @ WhT  # the old state counts twice: as itself, and through Wh
    dWx, dWh = _weights(da, du, params, ids, hs)
    return {"Wx": dWx, "Wh": dWh, "bx": dWx.sum(axis=0), "bh": du.sum(axis=(0, 1))}


def _weights(da, du, params, ids, hs):
    """The gradients of Wx and Wh, from all that the steps of all examples ask of the products: one product each."""
    h, du = hs[:-1].reshape(-1, hs.shape[2]), du.reshape(-1, du.shape[2])
    return embedding_backward(da, ids, params["Wx"]), h.T @ du


def _from(first, z, H):
    """Room for a state before and after every step, "T+1 N H"; the one before the first step is in it."""
    states = np.empty((len(z) + 1, z.shape[1], H), z.dtype)
    states[0] = 0.0 if first is None else first
    return states


CELLS = {"rnn": (_rnn, _rnn_backward), "lstm": (_lstm, _lstm_backward), "gru": (_gru, _gru_backward)}


def _check(params, ids, targets, state) -> None:
    expected = (len(ids), len(params["Wh"]))
    found = [part.shape for part in (state if isinstance(state, tuple) else (state,)) if part is not None]
    if ids.ndim != 2 or not ids.size or ids.shape != targets.shape or any(shape != expected for shape in found):
        raise ValueError(f"ids {ids.shape}, targets {targets.shape}, state {found}: N T twice, and N H {expected}")
