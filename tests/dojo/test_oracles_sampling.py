"""The references of sampling draw with the probabilities of torch's own top-k and cumulative sums, and refuse bad values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
few = settings(max_examples=3, deadline=None, derandomize=True, database=None)
both = pytest.mark.parametrize("track", ["numpy", "torch"])
cuts = st.tuples(st.none() | st.integers(1, 6), st.none() | st.floats(0.05, 1.0))


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def native(track, logits):
    return logits if track == "numpy" else torch.from_numpy(logits)


def generator(track, seed):
    return np.random.default_rng(seed) if track == "numpy" else torch.Generator().manual_seed(seed)


def by_masking(logits, temperature, top_k, top_p):
    """The usual filter of text generation: scores of -inf for what is cut off, one setting after the other."""
    z = torch.from_numpy(logits.copy()) / temperature
    if top_k is not None:
        z = torch.where(z < torch.topk(z, top_k).values[-1], -torch.inf, z)
    if top_p is not None:
        ordered, places = torch.sort(z, descending=True)
        over = torch.softmax(ordered, dim=-1).cumsum(dim=-1) > top_p
        over[1:], over[0] = over[:-1].clone(), False  # moved on by one: the token that crosses stays
        z = torch.where(torch.zeros_like(over).scatter(0, places, over), -torch.inf, z)
    return torch.softmax(z, dim=-1).numpy()


@both
@few
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 5.0), cuts)
def test_draws_come_as_often_as_torch_says(track, seed, temperature, cut):
    sample, rng, n = reference("sampling", track).module.sample, generator(track, seed), 600
    for dtype in (np.float64, np.float32):
        logits = np.random.default_rng(seed).normal(size=6, scale=1.5).astype(dtype)
        counts = np.bincount([sample(native(track, logits), temperature, rng, *cut) for _ in range(n)], minlength=6)
        p = by_masking(logits.astype(np.float64), temperature, *cut)
        assert np.all(counts[p == 0] == 0)
        assert np.all(np.abs(counts - n * p) <= 6 * np.sqrt(n * p * (1 - p)) + 3)


@both
@few
@given(st.integers(0, 2**32 - 1))
def test_temperature_0_is_argmax_and_the_result_is_an_int(track, seed):
    logits = np.random.default_rng(seed).normal(size=7)
    sample = reference("sampling", track).module.sample
    for temperature in (0, 0.0, 1e-9, 1.0):
        token = sample(native(track, logits), temperature, generator(track, seed))
        assert type(token) is int and (temperature == 1.0 or token == int(np.argmax(logits)))


@both
def test_generate_follows_a_chain_of_known_probabilities(track):
    """A Markov chain visits its states as often as its stationary distribution says."""
    P = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.4, 0.4, 0.2]])
    scores = native(track, np.log(P))
    generate, length = reference("sampling", track).module.generate, 2000
    tokens = generate(lambda token, state: (scores[token], state), None, 0, length, 1.0, generator(track, 0))
    values, vectors = np.linalg.eig(P.T)
    stationary = np.real(vectors[:, np.argmax(np.real(values))])
    stationary /= stationary.sum()
    assert np.abs(np.bincount(tokens, minlength=3) / length - stationary).max() < 0.05
    moves = np.zeros((3, 3))
    np.add.at(moves, (tokens[:-1], tokens[1:]), 1)
    np.testing.assert_allclose(moves / moves.sum(axis=1, keepdims=True), P, atol=0.12)


@both
def test_bad_values_are_refused_by_name(track):
    module, rng = reference("sampling", track).module, generator(track, 0)
    logits = native(track, np.array([0.0, 1.0, 2.0]))
    for temperature in (-0.5, float("nan")):
        with pytest.raises(ValueError, match=f"temperature is {temperature}"):
            module.sample(logits, temperature, rng)
    for top_k in (0, -1, 4):
        with pytest.raises(ValueError, match=f"top_k is {top_k}; .* 1 to 3"):
            module.sample(logits, 1.0, rng, top_k)
    for top_p in (0.0, -0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match=f"top_p is {top_p}"):
            module.sample(logits, 1.0, rng, None, top_p)
    with pytest.raises(ValueError, match="length is -1"):
        module.generate(lambda token, state: (logits, state), None, 0, -1, 1.0, rng)
