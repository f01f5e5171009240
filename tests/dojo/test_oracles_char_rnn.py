"""The references of char_rnn agree with torch.nn.RNN, LSTM and GRU on one-hot rows, forward and backward."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
EXACT = {"float64": 1e-12, "float32": 1e-5}
BUILT_IN = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
few = settings(max_examples=6, deadline=None, derandomize=True, database=None)


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


@st.composite
def texts(draw):
    """Rows, steps, characters, units, whether a state is given, and where randomness begins."""
    sizes = [draw(st.integers(low, high)) for low, high in ((1, 4), (1, 6), (1, 6), (1, 5))]
    return (*sizes, draw(st.booleans()), draw(st.integers(0, 2**32 - 1)))


def drawn(cell: str, text, dtype: str):
    N, T, V, H, carried, seed = text
    rng, M = np.random.default_rng(seed), {"rnn": 1, "lstm": 4, "gru": 3}[cell] * H
    biases = {"bx": (M,), "bh": (M,)} if cell == "gru" else {"b": (M,)}
    shapes = {"Wx": (V, M), "Wh": (H, M), **biases, "Wy": (H, V), "by": (V,)}
    params = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    state = rng.normal(size=(2, N, H)).astype(dtype) if carried else None
    state = state if state is None else (state[0], state[1]) if cell == "lstm" else state[0]
    return params, rng.integers(V, size=(N, T)), rng.integers(V, size=(N, T)), state


def built_in(cell: str, params, ids, targets, state):
    """Loss, gradients and last state by torch.nn, whose weights are transposed and whose biases are two."""
    (V, M), H = params["Wx"].shape, len(params["Wh"])
    leaves = {name: torch.from_numpy(param.copy()).requires_grad_() for name, param in params.items()}
    zeros = torch.zeros(M, dtype=leaves["Wx"].dtype)
    weights = {"weight_ih_l0": leaves["Wx"].T, "weight_hh_l0": leaves["Wh"].T}
    weights |= {"bias_ih_l0": leaves.get("bx", leaves.get("b")), "bias_hh_l0": leaves.get("bh", zeros)}
    module = BUILT_IN[cell](V, H, batch_first=True).to(zeros.dtype)
    xs = torch.nn.functional.one_hot(torch.from_numpy(ids), V).to(zeros.dtype)
    first = None
    if state is not None:
        first = (
            tuple(torch.from_numpy(part)[None] for part in state) if cell == "lstm" else torch.from_numpy(state)[None]
        )
    hs, last = torch.func.functional_call(module, weights, (xs, first))
    logits = hs @ leaves["Wy"] + leaves["by"]
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.from_numpy(targets).flatten())
    grads = torch.autograd.grad(loss, list(leaves.values()))
    last = last if isinstance(last, tuple) else (last,)
    grads = {name: grad.numpy() for name, grad in zip(leaves, grads, strict=True)}
    return loss.item(), grads, [part[0].detach().numpy() for part in last]


@pytest.mark.parametrize("track", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", EXACT)
@pytest.mark.parametrize("cell", BUILT_IN)
@few
@given(text=texts())
def test_loss_gradients_and_state(track, dtype, cell, text):
    params, ids, targets, state = drawn(cell, text, dtype)
    loss, grads, last = built_in(cell, params, ids, targets, state)
    native = (lambda value: torch.from_numpy(value.copy())) if track == "torch" else np.copy
    carried = state if state is None else tuple(map(native, state)) if cell == "lstm" else native(state)
    kata = reference("char_rnn", track).module
    given = {name: native(param) for name, param in params.items()}, native(ids), native(targets), carried
    got_loss, got, got_last = kata.loss_and_grads(*given)
    tolerance = EXACT[dtype]
    np.testing.assert_allclose(float(got_loss), loss, rtol=tolerance)
    assert set(got) == set(grads)
    for name, grad in grads.items():
        assert str(got[name].dtype).endswith(dtype)
        np.testing.assert_allclose(np.asarray(got[name]), grad, rtol=tolerance, atol=tolerance)
    got_last = got_last if isinstance(got_last, tuple) else (got_last,)
    for mine, theirs in zip(got_last, last, strict=True):
        np.testing.assert_allclose(np.asarray(mine), theirs, rtol=tolerance, atol=tolerance)
