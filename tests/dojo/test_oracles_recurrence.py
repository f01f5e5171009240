"""Recurrent cells and sequences agree with torch.nn.RNN, LSTM and GRU and their cells: values and gradients, weights mapped."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference

torch = pytest.importorskip("torch")
EXACT = {"float64": 1e-12, "float32": 1e-6}
BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}  # of H columns in a weight
few = settings(max_examples=6, deadline=None, derandomize=True, database=None)
tracks = pytest.mark.parametrize("track", ["numpy", "torch"])
katas = pytest.mark.parametrize("kata", BLOCKS)
seeds = st.integers(0, 2**32 - 1)
sizes = st.fixed_dictionaries(
    {"N": st.integers(1, 4), "T": st.integers(1, 6), "D": st.integers(1, 5), "H": st.integers(1, 5)}
)


def draw(kata: str, seed: int, dtype: str, N: int, T: int, D: int, H: int) -> tuple[list, list]:
    """Upstream gradients and arguments of a sequence: states, weights and biases that are not zero."""
    rng, width = np.random.default_rng(seed), BLOCKS[kata] * H
    states, biases = (2 if kata == "lstm" else 1), (2 if kata == "gru" else 1)
    args = [(N, T, D), *[(N, H)] * states, (D, width), (H, width), *[(width,)] * biases]
    douts = [(N, T, H), *[(N, H)] * (states - 1)]
    make = [[torch.from_numpy(rng.normal(size=shape).astype(dtype)) for shape in shapes] for shapes in (douts, args)]
    return make[0], make[1]


def parameters(kata: str, Wx, Wh, *biases) -> dict:
    """The same weights as torch stores them, transposed, and with two biases always."""
    bx, bh = biases if kata == "gru" else (biases[0], torch.zeros_like(biases[0]))
    return {"weight_ih": Wx.T, "weight_hh": Wh.T, "bias_ih": bx, "bias_hh": bh}


def whole(kata: str, xs, *rest):
    """What torch.nn makes of a sequence, in the order of our results."""
    states, weights = (rest[:2], rest[2:]) if kata == "lstm" else (rest[:1], rest[1:])
    module = getattr(torch.nn, kata.upper())(xs.shape[2], states[0].shape[1], batch_first=True, dtype=xs.dtype)
    mapped = {f"{name}_l0": value for name, value in parameters(kata, *weights).items()}
    first = tuple(state[None] for state in states) if kata == "lstm" else states[0][None]
    out, last = torch.func.functional_call(module, mapped, (xs, first))
    return (out, last[1][0]) if kata == "lstm" else (out,)


def one_step(kata: str, x, *rest):
    """What torch's cell makes of one step."""
    states, weights = (rest[:2], rest[2:]) if kata == "lstm" else (rest[:1], rest[1:])
    module = getattr(torch.nn, f"{kata.upper()}Cell")(x.shape[1], states[0].shape[1], dtype=x.dtype)
    out = torch.func.functional_call(module, parameters(kata, *weights), (x, states if kata == "lstm" else states[0]))
    return out if kata == "lstm" else (out,)


def close(got, expected, dtype: str) -> None:
    got, expected = np.asarray(got), expected.detach().numpy()
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=EXACT[dtype], atol=EXACT[dtype] * scale)


def agree(kata: str, function: str, truth, track: str, douts: list, args: list, dtype: str) -> None:
    """Values and gradients of a reference are those of `truth`."""
    leaves = [arg.clone().requires_grad_() for arg in args]
    expected = truth(kata, *leaves)
    gradients = torch.autograd.grad(expected, leaves, douts)
    mine = reference(kata, track).module
    if track == "numpy":
        plain = [arg.numpy() for arg in args]
        out = getattr(mine, function)(*plain)
        got = getattr(mine, f"{function}_backward")(*[dout.numpy() for dout in douts], *plain)
    else:
        leaves = [arg.clone().requires_grad_() for arg in args]
        out = getattr(mine, function)(*leaves)
        got = torch.autograd.grad(out, leaves, douts)
        out = [part.detach() for part in out] if isinstance(out, tuple) else out.detach()
    for one, other in zip(out if isinstance(out, tuple | list) else [out], expected, strict=True):
        close(one, other, dtype)
    for one, other in zip(got, gradients, strict=True):
        close(one, other, dtype)


@tracks
@katas
@few
@given(seeds, sizes)
def test_sequences_agree_with_the_built_in_forward_and_backward(track, kata, seed, sizes):
    for dtype in EXACT:
        agree(kata, kata, whole, track, *draw(kata, seed, dtype, **sizes), dtype)


@tracks
@katas
@pytest.mark.parametrize(("N", "T"), [(1, 1), (3, 1), (1, 5)])
def test_sequences_of_one_step_and_of_one_example_agree_with_the_built_in(track, kata, N, T):
    for dtype in EXACT:
        agree(kata, kata, whole, track, *draw(kata, 10 * N + T, dtype, N, T, D=3, H=2), dtype)


@tracks
@katas
@few
@given(seeds, sizes)
def test_cells_agree_with_the_built_in_forward_and_backward(track, kata, seed, sizes):
    for dtype in EXACT:
        douts, (xs, *rest) = draw(kata, seed, dtype, **{**sizes, "T": 1})
        douts = [douts[0][:, 0], *douts[1:]]
        agree(kata, f"{kata}_cell", one_step, track, douts, [xs[:, 0], *rest], dtype)


@katas
def test_sequences_go_on_where_they_stopped(kata):
    """Two pieces with the state carried over are the whole, also in float32."""
    _, (xs, *rest) = draw(kata, 1, "float32", N=2, T=5, D=3, H=4)
    xs, *rest = [value.numpy() for value in (xs, *rest)]
    mine = getattr(reference(kata, "numpy").module, kata)
    if kata == "lstm":
        (full, cT), (first, c) = mine(xs, *rest), mine(xs[:, :3], *rest)
        second, last = mine(xs[:, 3:], first[:, -1], c, *rest[2:])
        np.testing.assert_allclose(last, cT, rtol=1e-6)
    else:
        full, first = mine(xs, *rest), mine(xs[:, :3], *rest)
        second = mine(xs[:, 3:], first[:, -1], *rest[1:])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), full, rtol=1e-6, atol=1e-7)
