"""Normalization agrees with torch's layers: values, gradients and the statistics kept for later; bad values are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference

torch = pytest.importorskip("torch")
F = torch.nn.functional
EXACT = {"float64": 1e-12, "float32": 1e-6}
few = settings(max_examples=5, deadline=None, derandomize=True, database=None)
sizes = st.integers(1, 6)
tracks = pytest.mark.parametrize("track", ["numpy", "torch"])


def function(name: str, track: str):
    return getattr(reference("normalization", track).module, name)


def draw(seed: int, dtype: str, *shapes) -> list:
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.normal(loc=0.5, scale=2.0, size=shape).astype(dtype)) for shape in shapes]


def close(got, expected, dtype: str) -> None:
    got, expected = np.asarray(got), expected.detach().numpy()
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=EXACT[dtype], atol=EXACT[dtype] * scale)


def agree(name: str, truth, shape: tuple[int, ...], seed: int, track: str) -> None:
    """Value and gradients of a reference are those of `truth(x, gamma, beta, eps)`, in both precisions."""
    for dtype, eps in (("float64", 1e-5), ("float32", 0.5)):
        dout, x, gamma, beta = draw(seed, dtype, shape, shape, shape[-1], shape[-1])
        leaves = [item.clone().requires_grad_() for item in (x, gamma, beta)]
        expected = truth(*leaves, eps)
        grads = torch.autograd.grad((expected * dout).sum(), leaves)
        mine = function(name, track)
        if track == "numpy":
            args = [item.numpy() for item in (x, gamma, beta)]
            out, got = mine(*args, eps), function(f"{name}_backward", track)(dout.numpy(), *args, eps)
        else:
            leaves = [item.clone().requires_grad_() for item in (x, gamma, beta)]
            result = mine(*leaves, eps)
            out, got = result.detach(), torch.autograd.grad((result * dout).sum(), leaves)
        close(out, expected, dtype)
        for one, other in zip(got, grads, strict=True):
            close(one, other, dtype)


@tracks
@few
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), sizes)
def test_batch_norm_agrees_with_the_built_in_forward_and_backward(track, seed, N, D):
    def truth(x, gamma, beta, eps):
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)

    agree("batch_norm", truth, (N, D), seed, track)


@tracks
@few
@given(st.integers(0, 2**32 - 1), st.lists(sizes, max_size=2), st.integers(2, 7))
def test_layer_norm_agrees_with_the_built_in_forward_and_backward(track, seed, rows, D):
    def truth(x, gamma, beta, eps):
        return F.layer_norm(x, (D,), gamma, beta, eps)

    agree("layer_norm", truth, (*rows, D), seed, track)


@tracks
@pytest.mark.parametrize("dtype", EXACT)
@pytest.mark.parametrize("momentum", [0.1, 0.37, 1.0])
def test_running_stats_agree_with_those_of_a_layer(track, dtype, momentum):
    layer = torch.nn.BatchNorm1d(3, momentum=momentum).to(getattr(torch, dtype))
    stats = (np.zeros(3, dtype), np.ones(3, dtype))
    stats = stats if track == "numpy" else tuple(map(torch.from_numpy, stats))
    for step, N in enumerate([2, 5, 3, 7]):
        (x,) = draw(step, dtype, (N, 3))
        layer(x)
        stats = function("running_stats", track)(*stats, x.numpy() if track == "numpy" else x, momentum)
        close(stats[0], layer.running_mean, dtype)
        close(stats[1], layer.running_var, dtype)


@tracks
@pytest.mark.parametrize(
    ("name", "shapes", "number", "said"),
    [
        ("batch_norm", [(4, 3), (4,), (3,)], 0.1, r"\(4, 3\).*\(4,\).*\(3,\)"),
        ("batch_norm", [(3,), (3,), (3,)], 0.1, r"\(3,\)"),
        ("batch_norm", [(4, 3), (3,), (3,)], -0.1, "-0.1"),
        ("layer_norm", [(4, 3), (3,), (1, 3)], 0.1, r"\(4, 3\).*\(3,\).*\(1, 3\)"),
        ("layer_norm", [(4, 3), (3,), (3,)], -0.1, "-0.1"),
        ("running_stats", [(3,), (3,), (1, 3)], 0.1, r"\(1, 3\)"),
        ("running_stats", [(3,), (3,), (4, 2)], 0.1, r"\(3,\).*\(4, 2\)"),
        ("running_stats", [(3,), (3,), (4, 3)], 1.5, "1.5"),
        ("batch_norm_backward", [(4, 1), (4, 3), (3,), (3,)], 0.1, r"\(4, 1\).*\(4, 3\)"),
        ("layer_norm_backward", [(4, 3), (4, 3), (3,), (2,)], 0.1, r"\(4, 3\).*\(2,\)"),
    ],
)
def test_references_refuse_what_makes_no_sense(track, name, shapes, number, said):
    if track == "torch" and name.endswith("_backward"):
        return
    arrays = draw(0, "float64", *shapes)
    arrays = [item.numpy() for item in arrays] if track == "numpy" else arrays
    with pytest.raises(ValueError, match=said):
        function(name, track)(*arrays, number)
