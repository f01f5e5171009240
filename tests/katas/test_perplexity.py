"""entropy, kl_divergence, perplexity and bits_per_char: known values, probabilities of 0, numbers and arrays."""

import math

import numpy as np

LN2 = 0.6931471805599453


def distributions(seed, *shape):
    """Random probabilities that add up to 1 along the last axis."""
    draws = np.random.default_rng(seed).uniform(0.1, 1, size=shape)
    return draws / draws.sum(axis=-1, keepdims=True)


def test_entropy_of_a_fair_coin_is_log_two(kata):
    kata.assert_close(kata.entropy(np.array([0.5, 0.5])), LN2)


def test_entropy_of_each_row(kata):
    p = np.array([[0.25, 0.25, 0.25, 0.25], [0.5, 0.25, 0.125, 0.125], [0.7, 0.1, 0.1, 0.1]])
    kata.assert_close(kata.entropy(p), [2 * LN2, 1.75 * LN2, 0.9404479886553263])


def test_entropy_takes_the_last_axis_of_any_shape(kata):
    p = distributions(0, 2, 3, 4)
    expected = [[-sum(v * math.log(v) for v in row) for row in block] for block in p]
    kata.assert_close(kata.entropy(p), expected)


def test_entropy_counts_zero_probabilities_as_nothing(kata):
    p = np.array([[0.5, 0.0, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.25, 0.25, 0.25, 0.25]])
    kata.assert_close(kata.entropy(p), [LN2, 0, 2 * LN2])


def test_entropy_of_a_single_class_is_zero(kata):
    kata.assert_close(kata.entropy(np.array([[1.0], [1.0]])), [0, 0])


def test_entropy_survives_tiny_probabilities(kata):
    kata.assert_close(kata.entropy(np.array([[1e-300, 1.0], [1e-6, 1 - 1e-6]])), [0, 1.4815510057964276e-05])


def test_entropy_keeps_float32(kata):
    p = np.array([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]], np.float32)
    kata.assert_close(kata.entropy(p), [LN2, 1.5 * LN2])


def test_kl_divergence_of_known_values(kata):
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    kata.assert_close(kata.kl_divergence(p, q), 0.14384103622589045)
    kata.assert_close(kata.kl_divergence(q, p), 0.13081203594113694)


def test_kl_divergence_takes_the_last_axis_of_any_shape(kata):
    p, q = distributions(1, 2, 3, 4), distributions(2, 2, 3, 4)
    expected = np.zeros((2, 3))
    for n, t in np.ndindex(2, 3):
        expected[n, t] = sum(p[n, t, c] * math.log(p[n, t, c] / q[n, t, c]) for c in range(4))
    kata.assert_close(kata.kl_divergence(p, q), expected)


def test_kl_divergence_from_itself_is_zero(kata):
    p = np.array([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]])
    kata.assert_close(kata.kl_divergence(p, p.copy()), [0, 0])
    kata.assert_close(kata.kl_divergence(np.array([[1.0], [1.0]]), np.array([[1.0], [1.0]])), [0, 0])


def test_kl_divergence_counts_what_never_happens_as_nothing(kata):
    p = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    q = np.array([[0.5, 0.25, 0.25], [0.0, 0.25, 0.75]])
    kata.assert_close(kata.kl_divergence(p, q), [LN2, 0.14384103622589045])


def test_kl_divergence_is_infinite_where_the_impossible_happens(kata):
    p = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    q = np.array([[1.0, 0.0, 0.0], [0.25, 0.25, 0.5], [0.5, 0.5, 0.0]])
    kata.assert_close(kata.kl_divergence(p, q), [np.inf, LN2, np.inf])


def test_kl_divergence_survives_tiny_probabilities(kata):
    kata.assert_close(kata.kl_divergence(np.array([0.5, 0.5]), np.array([1e-300, 1.0])), 150 * math.log(10) - LN2)


def test_kl_divergence_keeps_float32(kata):
    p, q = np.array([[0.5, 0.5], [0.0, 1.0]], np.float32), np.array([[0.25, 0.75], [1.0, 0.0]], np.float32)
    kata.assert_close(kata.kl_divergence(p, q), [0.143841036, np.inf])


def test_perplexity_of_a_uniform_guess_is_the_number_of_choices(kata):
    kata.assert_close(kata.perplexity(math.log(27)), 27)


def test_perplexity_takes_a_scalar_array(kata):
    kata.assert_close(kata.perplexity(np.array(1.5)), 4.4816890703380645)


def test_perplexity_takes_arrays_of_any_shape(kata):
    kata.assert_close(kata.perplexity(np.array([1.0])), [math.e])
    kata.assert_close(kata.perplexity(np.log([[2.0, 3.0, 5.0], [1.0, 10.0, 0.5]])), [[2, 3, 5], [1, 10, 0.5]])


def test_perplexity_of_a_perfect_and_of_a_hopeless_model(kata):
    kata.assert_close(kata.perplexity(np.array([0.0, 1e4])), [1, np.inf])


def test_perplexity_keeps_float32(kata):
    kata.assert_close(kata.perplexity(np.array([0.0, 2.0], np.float32)), [1, 7.3890561])


def test_bits_per_char_of_a_coin_flip_is_one(kata):
    kata.assert_close(kata.bits_per_char(math.log(2)), 1)


def test_bits_per_char_takes_a_scalar_array(kata):
    kata.assert_close(kata.bits_per_char(np.array(1.5)), 2.1640425613334453)


def test_bits_per_char_takes_arrays_of_any_shape(kata):
    kata.assert_close(kata.bits_per_char(np.array([1e4])), [14426.950408889634])
    kata.assert_close(kata.bits_per_char(np.log([[2.0, 4.0, 8.0], [1.0, 0.5, 32.0]])), [[1, 2, 3], [0, -1, 5]])


def test_bits_per_char_keeps_float32(kata):
    kata.assert_close(kata.bits_per_char(np.array([0.0, 2.0], np.float32)), [0, 2.88539])
