"""The two gradients of a sigmoid neuron: known values, the slope of the cost itself, and the saturated neuron."""

import math

import numpy as np


def quadratic(z, t):
    return (1 / (1 + math.exp(-z)) - t) ** 2 / 2


def cross_entropy(z, t):
    return -t * math.log(1 / (1 + math.exp(-z))) - (1 - t) * math.log(1 / (1 + math.exp(z)))


def slopes(cost, z, target):
    """The derivative of `cost` for each z by central differences."""
    pairs = zip(z.ravel(), target.ravel(), strict=True)
    return np.array([(cost(v + 1e-5, t) - cost(v - 1e-5, t)) / 2e-5 for v, t in pairs]).reshape(z.shape)


def test_quadratic_output_gradient_of_known_values(kata):
    # a is 1/2, 3/4 and 1/5
    z, target = np.array([0.0, np.log(3), -np.log(4)]), np.array([0.0, 1.0, 0.5])
    kata.assert_close(kata.quadratic_output_gradient(z, target), [1 / 8, -3 / 64, -0.048])


def test_quadratic_output_gradient_is_the_slope_of_its_cost(kata):
    rng = np.random.default_rng(0)
    for shape in [(1,), (4, 3), (2, 3, 5)]:
        z, target = 2 * rng.normal(size=shape), rng.uniform(size=shape)
        kata.assert_close(kata.quadratic_output_gradient(z, target), slopes(quadratic, z, target), rtol=1e-7)


def test_quadratic_output_gradient_is_small_though_the_neuron_is_badly_wrong(kata):
    # Nielsen's neuron: weight 2, bias 2, input 1, target 0; its output is 0.98
    kata.assert_close(kata.quadratic_output_gradient(np.array([4.0]), np.array([0.0])), [0.017345021070840124])


def test_quadratic_output_gradient_vanishes_for_a_saturated_neuron(kata):
    z, target = np.array([1e4, 1e4, -1e4, -1e4, 750.0, -750.0]), np.array([0.0, 1.0, 0.0, 1.0, 0.25, 0.25])
    kata.assert_close(kata.quadratic_output_gradient(z, target), np.zeros(6))


def test_quadratic_output_gradient_keeps_float32(kata):
    z, target = np.array([[0.0, np.log(3), 1e4]], np.float32), np.array([[0.0, 1.0, 0.0]], np.float32)
    kata.assert_close(kata.quadratic_output_gradient(z, target), [[0.125, -0.046875, 0]])


def test_cross_entropy_output_gradient_of_known_values(kata):
    z, target = np.array([0.0, np.log(3), -np.log(4)]), np.array([0.0, 1.0, 0.5])
    kata.assert_close(kata.cross_entropy_output_gradient(z, target), [0.5, -0.25, -0.3])


def test_cross_entropy_output_gradient_is_the_slope_of_its_cost(kata):
    rng = np.random.default_rng(1)
    for shape in [(1,), (4, 3), (2, 3, 5)]:
        z, target = 2 * rng.normal(size=shape), rng.uniform(size=shape)
        kata.assert_close(kata.cross_entropy_output_gradient(z, target), slopes(cross_entropy, z, target), rtol=1e-7)


def test_cross_entropy_output_gradient_is_large_where_the_neuron_is_badly_wrong(kata):
    kata.assert_close(kata.cross_entropy_output_gradient(np.array([4.0]), np.array([0.0])), [0.9820137900379085])


def test_cross_entropy_output_gradient_is_the_whole_error_of_a_saturated_neuron(kata):
    z, target = np.array([1e4, 1e4, -1e4, -1e4, 750.0, -750.0]), np.array([0.0, 1.0, 0.0, 1.0, 0.25, 0.25])
    kata.assert_close(kata.cross_entropy_output_gradient(z, target), [1, 0, 0, -1, 0.75, -0.25])


def test_cross_entropy_output_gradient_keeps_float32(kata):
    z, target = np.array([[0.0, np.log(3), 1e4]], np.float32), np.array([[0.0, 1.0, 0.0]], np.float32)
    kata.assert_close(kata.cross_entropy_output_gradient(z, target), [[0.5, -0.25, 1]])
