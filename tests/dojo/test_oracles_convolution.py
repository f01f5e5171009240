"""conv2d and pooling agree with torch's built-ins, forward and backward, over sizes, strides, paddings and remainders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
F = torch.nn.functional
EXACT = {"float64": 1e-12, "float32": 1e-6}
TRACKS = ["numpy", "torch"]
many = settings(max_examples=15, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 2**32 - 1)
few = st.integers(1, 4)


@st.composite
def convolutions(draw) -> tuple:
    """Shapes of x, w and b, stride and padding, for every remainder that a stride may leave."""
    K, padding, stride = draw(st.integers(1, 5)), draw(st.integers(0, 3)), draw(st.integers(1, 4))
    N, C, O = draw(few), draw(few), draw(few)  # noqa: E741
    H, W = (max(K - 2 * padding, 1) + draw(st.integers(0, 5)) for _ in "HW")
    return ((N, C, H, W), (O, C, K, K), (O,)), stride, padding


@st.composite
def poolings(draw) -> tuple:
    """A shape of x, a size and a stride: windows side by side, overlapping and with gaps."""
    size, stride = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    return (draw(few), draw(few), size + draw(st.integers(0, 6)), size + draw(st.integers(0, 6))), size, stride


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def leaves(arrays) -> list:
    return [torch.from_numpy(array.copy()).requires_grad_() for array in arrays]


def answers(kata: str, function: str, track: str, arrays: list, numbers: tuple, dout) -> list:
    """The output of a reference and its gradients."""
    module = reference(kata, track).module
    if track == "numpy":
        out = getattr(module, function)(*arrays, *numbers)
        grads = getattr(module, f"{function}_backward")(dout, *arrays, *numbers)
        return [out, *(grads if isinstance(grads, tuple) else (grads,))]
    given_arrays = leaves(arrays)
    out = getattr(module, function)(*given_arrays, *numbers)
    return [out, *torch.autograd.grad(out, given_arrays, torch.from_numpy(dout))]


def agree(kata: str, function: str, track: str, arrays: list, numbers: tuple, built_in, rng) -> None:
    """A reference and a built-in give one output and the same gradients, in both precisions."""
    for dtype, exact in EXACT.items():
        cast = [array.astype(dtype) for array in arrays]
        truth_of = leaves(cast)
        truth = built_in(*truth_of)
        dout = rng.normal(size=tuple(truth.shape)).astype(dtype)
        expected = [truth, *torch.autograd.grad(truth, truth_of, torch.from_numpy(dout))]
        for got, right in zip(answers(kata, function, track, cast, numbers, dout), expected, strict=True):
            got, right = np.asarray(got.detach() if hasattr(got, "detach") else got), right.detach().numpy()
            assert (got.shape, got.dtype) == (right.shape, right.dtype)
            scale = max(1.0, float(np.abs(right).max(initial=0.0)))
            np.testing.assert_allclose(got, right, rtol=exact, atol=2 * exact * scale)


@pytest.mark.parametrize("track", TRACKS)
@many
@given(seeds, convolutions())
def test_conv2d_agrees_with_the_built_in(track, seed, drawn):
    shapes, stride, padding = drawn
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=shape) for shape in shapes]
    built_in = lambda x, w, b: F.conv2d(x, w, b, stride=stride, padding=padding)  # noqa: E731
    agree("conv2d", "conv2d", track, arrays, (stride, padding), built_in, rng)


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("function", ["max_pool2d", "avg_pool2d"])
@many
@given(seeds, poolings(), st.booleans())
def test_pooling_agrees_with_the_built_in(track, function, seed, drawn, tied):
    shape, size, stride = drawn
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, size=shape).astype(float) if tied else rng.normal(size=shape)
    built_in = lambda x: getattr(F, function)(x, size, stride)  # noqa: E731
    agree("pooling", function, track, [x], (size, stride), built_in, rng)


@pytest.mark.parametrize("track", TRACKS)
def test_values_that_make_no_sense_are_refused_by_name(track):
    conv, pool = (reference(kata, track).module for kata in ("conv2d", "pooling"))
    give = (lambda array: array) if track == "numpy" else torch.from_numpy
    x, w, b = (give(np.ones(shape)) for shape in [(2, 3, 5, 4), (6, 3, 2, 2), (6,)])
    for stride, padding, word in [(0, 1, "stride 0"), (-2, 1, "stride -2"), (1, -1, "padding -1")]:
        with pytest.raises(ValueError, match=word) as refused:
            conv.conv2d(x, w, b, stride, padding)
        assert all(shape in str(refused.value) for shape in ("(2, 3, 5, 4)", "(6, 3, 2, 2)", "(6,)"))
    for name in ("max_pool2d", "avg_pool2d"):
        for size, stride in [(0, 1), (-1, 1), (2, 0), (2, -3), (5, 1)]:
            with pytest.raises(ValueError, match=rf"\(2, 3, 5, 4\), size {size}, stride {stride}"):
                getattr(pool, name)(x, size, stride)


def test_the_numpy_convolution_holds_no_more_than_the_input_unfolded_over_both_axes():
    import tracemalloc

    module = reference("conv2d", "numpy").module
    rng = np.random.default_rng(0)
    N, C, O, side, K = 16, 16, 32, 14, 5  # noqa: E741
    x, w, b = (rng.normal(size=shape) for shape in [(N, C, side, side), (O, C, K, K), (O,)])
    dout = rng.normal(size=(N, O, side, side))
    tracemalloc.start()
    try:
        module.conv2d(x, w, b, 1, 2)
        module.conv2d_backward(dout, x, w, b, 1, 2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < N * C * K * K * side * side * x.itemsize
