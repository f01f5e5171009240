"""The references of dropout keep the mean, agree with torch's own dropout where it is not random, and refuse a wrong p."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference

torch = pytest.importorskip("torch")
F = torch.nn.functional
EXACT = {"float64": 1e-12, "float32": 1e-6}
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
seeds, shares = st.integers(0, 2**32 - 1), st.floats(0.0, 0.95)
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4)
both = pytest.mark.parametrize("track", ["numpy", "torch"])


def dropout(track, x, p, seed, *train):
    """(out, mask) of a reference as arrays."""
    function = reference("dropout", track).module.dropout
    if track == "numpy":
        return function(x.copy(), p, np.random.default_rng(seed), *train)
    out, mask = function(torch.from_numpy(x.copy()), p, torch.Generator().manual_seed(seed), *train)
    return out.numpy(), mask.numpy()


def through_torch(x, dout, p, seed):
    """The mask of torch's own dropout, and the gradient that autograd sends through it."""
    x = torch.from_numpy(x).requires_grad_()
    torch.manual_seed(seed)
    F.dropout(x, p).backward(torch.from_numpy(dout))
    torch.manual_seed(seed)
    return F.dropout(torch.ones_like(x), p).detach().numpy(), x.grad.numpy()


@both
@few
@given(seeds, st.integers(1, 5), st.floats(0.05, 0.95))
def test_the_mask_holds_the_same_numbers_as_torch_dropout(track, seed, size, p):
    for dtype, exact in EXACT.items():
        out, mask = dropout(track, np.ones((size, 400), dtype), p, seed)
        with torch.random.fork_rng(devices=[]):
            theirs, _ = through_torch(np.ones((size, 400), dtype), np.ones((size, 400), dtype), p, seed)
        assert str(mask.dtype) == str(out.dtype) == dtype
        np.testing.assert_allclose(np.unique(mask), np.unique(theirs), rtol=exact)


@both
@few
@given(seeds, st.floats(0.0, 0.9))
def test_the_result_is_x_on_average(track, seed, p):
    rng = np.random.default_rng(seed)
    x, draws = rng.normal(size=(4, 3)), 3000
    out, mask = dropout(track, np.tile(x, (draws, 1, 1)), p, seed)
    chance = np.abs(x) * math.sqrt(p / (1 - p) / draws)  # what the mean of so many draws deviates by
    assert np.all(np.abs(out.mean(axis=0) - x) <= 6 * chance + 1e-12)
    spread = mask.var() - p / (1 - p)
    fourth = p / (1 - p) * abs(1 / (1 - p) - 2) + 0.01  # the standard deviation of (mask − 1)², and a little
    assert abs(spread) <= 6 * fourth / math.sqrt(mask.size) + 0.01


@both
@few
@given(seeds, shapes, shares)
def test_test_time_changes_nothing(track, seed, shape, p):
    for dtype in EXACT:
        x = np.random.default_rng(seed).normal(size=shape).astype(dtype)
        out, mask = dropout(track, x, p, seed, False)
        assert np.array_equal(out, x) and np.array_equal(mask, np.ones(shape)) and str(mask.dtype) == dtype


@few
@given(seeds, shapes, shares)
def test_the_backward_agrees_with_autograd_through_torch_dropout(seed, shape, p):
    rng = np.random.default_rng(seed)
    for dtype, exact in EXACT.items():
        x, dout = rng.normal(size=(2, *shape)).astype(dtype)
        with torch.random.fork_rng(devices=[]):
            mask, expected = through_torch(x, dout, p, seed)
        got = reference("dropout").module.dropout_backward(dout, mask)
        assert str(got.dtype) == dtype
        np.testing.assert_allclose(got, expected, rtol=exact, atol=exact)


@few
@given(seeds, shapes, shares)
def test_autograd_sends_the_gradient_through_the_mask(seed, shape, p):
    rng = np.random.default_rng(seed)
    x, dout = torch.from_numpy(rng.normal(size=shape)).requires_grad_(), torch.from_numpy(rng.normal(size=shape))
    out, mask = reference("dropout", "torch").module.dropout(x, p, torch.Generator().manual_seed(seed))
    out.backward(dout)
    assert not mask.requires_grad
    torch.testing.assert_close(x.grad, dout * mask, rtol=1e-12, atol=1e-12)


@both
@pytest.mark.parametrize("p", [1.0, -0.25, 1.5, float("nan")])
@pytest.mark.parametrize("train", [True, False])
def test_a_share_that_is_none_is_refused_by_its_value(track, p, train):
    with pytest.raises(ValueError, match=str(p)):
        dropout(track, np.ones((2, 3)), p, 0, train)
