"""The references of positions agree with the complex exponential, forward and backward, and refuse bad values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
EXACT = {"float64": 1e-12, "float32": 1e-6}
few = settings(max_examples=6, deadline=None, derandomize=True, database=None)
seeds, small = st.integers(0, 2**32 - 1), st.integers(1, 5)
shapes = st.tuples(st.lists(small, max_size=2), small, st.integers(1, 4)).map(lambda s: (*s[0], s[1], 2 * s[2]))
bases = st.floats(1.5, 20000.0)
both = pytest.mark.parametrize("track", ["numpy", "torch"])


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def function(name, track):
    return getattr(reference("positions", track).module, name)


def by_complex_numbers(x, base):
    """As in llama: a pair is a complex number, and a rotation is a product."""
    T, E = x.shape[-2:]
    rates = base ** (-torch.arange(0, E, 2, dtype=torch.float64) / E)
    phase = torch.polar(torch.ones(T, E // 2, dtype=torch.float64), torch.arange(T)[:, None] * rates)
    z = torch.view_as_complex(x.double().reshape(*x.shape[:-1], -1, 2)) * phase
    return torch.view_as_real(z).flatten(-2).to(x.dtype)


def close(got, expected, dtype):
    got, expected = (
        np.asarray(value.detach() if isinstance(value, torch.Tensor) else value) for value in (got, expected)
    )
    assert got.shape == expected.shape and str(got.dtype) == dtype
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=EXACT[dtype], atol=EXACT[dtype] * scale)


@both
@few
@given(seeds, shapes, bases)
def test_rotary_and_its_gradient_agree_with_complex_numbers(track, seed, shape, base):
    rng = np.random.default_rng(seed)
    for dtype in EXACT:
        x, dout = (rng.normal(size=shape).astype(dtype) for _ in range(2))
        theirs = torch.from_numpy(x.copy()).requires_grad_()
        expected = by_complex_numbers(theirs, base)
        (dx,) = torch.autograd.grad((expected * torch.from_numpy(dout)).sum(), theirs)
        if track == "numpy":
            close(function("rotary", track)(x, base), expected, dtype)
            close(function("rotary_backward", track)(dout, x, base), dx, dtype)
        else:
            mine = torch.from_numpy(x.copy()).requires_grad_()
            out = function("rotary", track)(mine, base)
            close(out, expected, dtype)
            close(torch.autograd.grad((out * torch.from_numpy(dout)).sum(), mine)[0], dx, dtype)


@both
@few
@given(st.integers(0, 40), st.integers(1, 6))
def test_sinusoidal_positions_are_a_complex_exponential(track, T, pairs):
    E = 2 * pairs
    z = np.exp(1j * np.outer(np.arange(T), 10000.0 ** (-np.arange(pairs) / pairs)))
    expected = np.stack([z.imag, z.real], axis=-1).reshape(T, E)
    dtype = "float64" if track == "numpy" else "float32"
    close(function("sinusoidal_positions", track)(T, E), expected.astype(dtype), dtype)


def test_sinusoidal_positions_of_torch_follow_the_default_dtype():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        close(
            function("sinusoidal_positions", "torch")(7, 4), function("sinusoidal_positions", "numpy")(7, 4), "float64"
        )
    finally:
        torch.set_default_dtype(before)


@both
@few
@given(seeds, st.integers(2, 5), st.integers(1, 4), bases)
def test_products_depend_on_the_distance_only(track, seed, T, pairs, base):
    q, k = np.random.default_rng(seed).normal(size=(2, 1, 2 * pairs)).repeat(T, axis=1)
    q, k = (part if track == "numpy" else torch.from_numpy(part) for part in (q, k))
    rotary = function("rotary", track)
    scores = np.asarray(rotary(q, base) @ rotary(k, base).T)
    for distance in range(1 - T, T):
        np.testing.assert_allclose(
            np.diagonal(scores, distance), np.diagonal(scores, distance)[0], rtol=1e-9, atol=1e-9
        )


@both
def test_bad_values_are_refused_by_name(track):
    make = np.ones if track == "numpy" else torch.ones
    for T, E in ((3, 5), (3, 0), (-1, 4)):
        with pytest.raises(ValueError, match=f"T is {T} and E is {E}"):
            function("sinusoidal_positions", track)(T, E)
    names = ["rotary"] + ["rotary_backward"] * (track == "numpy")
    for name in names:
        for shape in ((2, 3), (4,), (2, 4, 1)):
            args = [make(shape)] * (1 + name.endswith("backward"))
            with pytest.raises(ValueError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
                function(name, track)(*args, 100.0)
        args = [make((2, 4))] * (1 + name.endswith("backward"))
        for base in (0.0, -3.0):
            with pytest.raises(ValueError, match=f"base is {base}"):
                function(name, track)(*args, base)
