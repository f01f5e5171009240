"""The references of l2 agree with torch's own functions and autograd, and refuse a negative price."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
F = torch.nn.functional
EXACT = {"float64": 1e-12, "float32": 1e-6}
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
seeds, rates = st.integers(0, 2**32 - 1), st.floats(0.0, 3.0)
sizes = st.lists(st.integers(1, 5), min_size=5, max_size=5)
both = pytest.mark.parametrize("track", ["numpy", "torch"])


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def function(name, track):
    return getattr(reference("l2", track).module, name)


def draw(seed, sizes, dtype):
    N, D, M, C, K = sizes
    rng = np.random.default_rng(seed)
    shapes = {"W1": (D, M), "b1": (M,), "E": (N, D), "kernels": (C, N, K, K), "gamma": (D,)}
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def of_track(params, track):
    return {key: value.copy() if track == "numpy" else torch.from_numpy(value.copy()) for key, value in params.items()}


def leaves(params):
    return {key: torch.from_numpy(value.copy()).requires_grad_() for key, value in params.items()}


def squared_error(params, lam):
    """λ/2 times the squared distance of the weights from 0, by torch's own loss."""
    weights = [value for value in params.values() if value.ndim > 1]
    return lam / 2 * sum(F.mse_loss(W, torch.zeros_like(W), reduction="sum") for W in weights)


def close(got, expected, dtype):
    got, expected = np.asarray(got), expected.detach().numpy()
    assert got.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=EXACT[dtype], atol=EXACT[dtype] * scale)


@both
@few
@given(seeds, sizes, rates)
def test_the_penalty_and_its_gradient_agree_with_a_squared_error(track, seed, sizes, lam):
    for dtype in EXACT:
        params = draw(seed, sizes, dtype)
        truth = leaves(params)
        expected = squared_error(truth, lam)
        close(function("l2_penalty", track)(of_track(params, track), lam), expected, dtype)
        slopes = torch.autograd.grad(expected, truth.values(), allow_unused=True, materialize_grads=True)
        got = function("l2_grads", track)(of_track(params, track), lam)
        assert list(got) == list(params)
        for key, slope in zip(params, slopes, strict=True):
            close(got[key], slope, dtype)
            assert str(got[key].dtype).endswith(dtype)


@few
@given(seeds, sizes, rates)
def test_autograd_finds_the_way_through_the_penalty(seed, sizes, lam):
    params = draw(seed, sizes, "float64")
    mine, truth = leaves(params), leaves(params)
    function("l2_penalty", "torch")(mine, lam).backward()
    squared_error(truth, lam).backward()
    for key in params:
        assert (mine[key].grad is None) == (params[key].ndim == 1)
        if mine[key].grad is not None:
            close(mine[key].grad, truth[key].grad, "float64")


@both
@few
@given(seeds, sizes, rates, rates)
def test_a_step_agrees_with_descent_on_loss_and_penalty(track, seed, sizes, lr, lam):
    params, slopes = draw(seed, sizes, "float64"), draw(seed + 1, sizes, "float64")
    truth = leaves(params)
    loss = sum((truth[key] * torch.from_numpy(slopes[key])).sum() for key in params)  # its gradient is `slopes`
    (loss + squared_error(truth, lam)).backward()
    got = function("weight_decay_step", track)(of_track(params, track), of_track(slopes, track), lr, lam)
    assert list(got) == list(params)
    for key, value in truth.items():
        close(got[key], torch.add(value.detach(), value.grad, alpha=-lr), "float64")


@both
def test_biases_alone_cost_nothing(track):
    params = of_track({"b": np.array([1.0, 2.0])}, track)
    assert float(function("l2_penalty", track)(params, 0.5)) == 0
    assert function("l2_grads", track)(params, 0.5)["b"].tolist() == [0, 0]


@both
@pytest.mark.parametrize("lam", [-0.25, float("nan")])
def test_a_negative_price_is_refused_by_its_value(track, lam):
    params = of_track({"W": np.ones((2, 3)), "b": np.ones(3)}, track)
    for name, args in (("l2_penalty", ()), ("l2_grads", ()), ("weight_decay_step", (params, 0.1))):
        with pytest.raises(ValueError, match=str(lam)):
            function(name, track)(params, *args, lam)
