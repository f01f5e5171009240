"""The references of weight_init draw from the distributions of torch.nn.init, whose fans are those of the transpose."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
seeds, wide, narrow = st.integers(0, 2**32 - 1), st.integers(60, 240), st.integers(1, 6)
both = pytest.mark.parametrize("track", ["numpy", "torch"])
BUILT_IN = {  # on a weight as nn.Linear stores it, M × D
    "xavier_uniform": torch.nn.init.xavier_uniform_,
    "xavier_normal": torch.nn.init.xavier_normal_,
    "he_uniform": lambda weight: torch.nn.init.kaiming_uniform_(weight, nonlinearity="relu"),
    "he_normal": lambda weight: torch.nn.init.kaiming_normal_(weight, nonlinearity="relu"),
}
MODULES = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def function(name, track):
    return getattr(reference("weight_init", track).module, name)


def rng(track, seed):
    return np.random.default_rng(seed) if track == "numpy" else torch.Generator().manual_seed(seed)


def array(value):
    return value.numpy() if isinstance(value, torch.Tensor) else value


def built_in(fill, D, M, seed):
    """What torch's own function gives for D inputs and M outputs, as D × M."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return fill(torch.empty(M, D)).T.numpy()


def farthest_apart(one, other):
    """How far the distribution functions of two samples of one size are apart (Kolmogorov and Smirnov)."""
    one, other = np.sort(one, axis=None), np.sort(other, axis=None)
    both = np.concatenate([one, other])
    below = [np.searchsorted(sample, both, side="right") / sample.size for sample in (one, other)]
    return float(np.abs(below[0] - below[1]).max())


def by_chance(n):
    """What two samples of n numbers from one distribution exceed once in 10^9 cases: 2·exp(−n·d²) = 10^−9."""
    return math.sqrt(math.log(2e9) / n)


@both
@pytest.mark.parametrize("name", BUILT_IN)
@few
@given(seeds, wide, wide)
def test_an_initialiser_draws_from_torchs_distribution(name, track, seed, D, M):
    W, theirs = array(function(name, track)(D, M, rng(track, seed))), built_in(BUILT_IN[name], D, M, seed)
    assert W.shape == (D, M)
    assert W.dtype == (np.float64 if track == "numpy" else np.float32)
    assert farthest_apart(W, theirs) < by_chance(W.size)
    relative = 0.71 / math.sqrt(W.size) * math.sqrt(2)  # of the difference of two standard deviations
    assert abs(W.std() / theirs.std() - 1) < 6 * relative
    assert abs(W.mean()) < 6 * W.std() / math.sqrt(W.size)


@pytest.mark.parametrize("name", ["xavier_uniform", "he_uniform"])
@pytest.mark.parametrize("track", ["numpy", "torch"])
def test_a_uniform_initialiser_goes_up_to_torchs_limit(name, track):
    W, theirs = array(function(name, track)(150, 90, rng(track, 0))), built_in(BUILT_IN[name], 150, 90, 0)
    assert abs(np.abs(W).max() / np.abs(theirs).max() - 1) < 0.005


@both
@few
@given(seeds, narrow, narrow)
def test_orthogonal_is_orthonormal_along_the_shorter_side(track, seed, D, M):
    W = array(function("orthogonal", track)(D, M, rng(track, seed)))
    assert W.shape == (D, M)
    products = W.T @ W if D >= M else W @ W.T
    np.testing.assert_allclose(products, np.eye(min(D, M)), atol=1e-12 if track == "numpy" else 1e-6)


@both
@pytest.mark.parametrize(("D", "M"), [(3, 2), (2, 3)])
def test_orthogonal_favours_no_direction(track, D, M):
    """A coordinate of a random direction in space is uniform between −1 and 1 (Archimedes), at every place of the matrix."""
    draws, source = 500, rng(track, 1)
    drawn = np.array([array(function("orthogonal", track)(D, M, source)) for _ in range(draws)])
    uniform = np.linspace(-1, 1, draws)
    for place in np.ndindex(D, M):
        assert farthest_apart(drawn[(..., *place)], uniform) < by_chance(2 * draws)


@both
@pytest.mark.parametrize("activation", MODULES)
@few
@given(seeds, st.lists(narrow, min_size=2, max_size=5), narrow)
def test_activation_stds_agree_with_modules(activation, track, seed, sizes, N):
    source = np.random.default_rng(seed)
    for dtype, exact in (("float64", 1e-12), ("float32", 1e-6)):
        weights = [source.normal(size=pair).astype(dtype) for pair in zip(sizes[:-1], sizes[1:], strict=True)]
        x = source.normal(size=(N, sizes[0])).astype(dtype)
        h, expected = torch.from_numpy(x), []
        for W in weights:
            linear = torch.nn.Linear(*W.shape, bias=False).to(h.dtype)
            linear.weight = torch.nn.Parameter(torch.from_numpy(W.T.copy()))
            h = torch.nn.Sequential(linear, MODULES[activation]())(h).detach()
            expected.append(torch.var_mean(h, correction=0)[0].sqrt().item())
        given_weights, given_x = weights, x
        if track == "torch":
            given_weights, given_x = [torch.from_numpy(W) for W in weights], torch.from_numpy(x)
        got = array(function("activation_stds", track)(given_weights, given_x, activation))
        assert str(got.dtype) == dtype and got.shape == (len(weights),)
        np.testing.assert_allclose(got, expected, rtol=exact, atol=exact)


def test_he_keeps_the_signal_of_relu_alive_and_xavier_that_of_tanh():
    x, depth = np.random.default_rng(3).normal(size=(60, 50)), 12

    def spread(name, activation):
        source = np.random.default_rng(4)
        weights = [function(name, "numpy")(50, 50, source) for _ in range(depth)]
        return function("activation_stds", "numpy")(weights, x, activation)

    assert 0.5 < spread("he_normal", "relu")[-1] / spread("he_normal", "relu")[0] < 2
    assert spread("xavier_normal", "relu")[-1] < 0.05 * spread("xavier_normal", "relu")[0]  # (1/√2)^11 = 0.022
    assert spread("xavier_normal", "tanh")[-1] > 0.15
    assert spread("orthogonal", "tanh")[-1] > 0.15


@both
def test_an_unknown_activation_is_refused_by_its_name(track):
    W, x = np.ones((2, 3)), np.ones((4, 2))
    if track == "torch":
        W, x = torch.from_numpy(W), torch.from_numpy(x)
    with pytest.raises(ValueError, match="'swish'.*tanh, relu, sigmoid"):
        function("activation_stds", track)([W], x, "swish")
