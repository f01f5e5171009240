"""sigmoid, tanh, relu, leaky_relu and gelu: values, extremes, and slopes against central differences."""

import math

import numpy as np


def elementwise(formula, x):
    """`formula` of every element, one Python number at a time."""
    return np.array([formula(float(value)) for value in x.ravel()]).reshape(x.shape)


def test_sigmoid_of_known_values(kata):
    kata.assert_close(kata.sigmoid(np.array([0.0, np.log(3), -np.log(4)])), [0.5, 0.75, 0.2])


def test_sigmoid_takes_any_shape(kata):
    for shape in [(1,), (3, 2), (2, 4, 3)]:
        x = 3 * np.random.default_rng(0).normal(size=shape)
        kata.assert_close(kata.sigmoid(x), elementwise(lambda v: 1 / (1 + math.exp(-v)), x))


def test_sigmoid_survives_extreme_values(kata):
    kata.assert_close(kata.sigmoid(np.array([-1e4, -750.0, 0.0, 750.0, 1e4])), [0, 0, 0.5, 1, 1])


def test_sigmoid_keeps_float32(kata):
    kata.assert_close(kata.sigmoid(np.array([[-1e4, 1e4], [1.5, -1.5]], np.float32)), [[0, 1], [0.8175745, 0.1824255]])


def test_sigmoid_backward_agrees_with_central_differences(kata):
    rng = np.random.default_rng(1)
    kata.assert_gradients("sigmoid", rng.normal(size=(2, 3, 4)), 2 * rng.normal(size=(2, 3, 4)))


def test_sigmoid_backward_at_zero(kata):
    kata.assert_close(kata.grads("sigmoid", np.array([3.0, -2.0]), np.zeros(2)), [0.75, -0.5])


def test_sigmoid_backward_survives_extreme_values(kata):
    dout = np.random.default_rng(2).normal(size=4)
    kata.assert_close(kata.grads("sigmoid", dout, np.array([-1e4, -750.0, 750.0, 1e4])), np.zeros(4))


def test_sigmoid_backward_keeps_float32(kata):
    dout, x = np.array([[2.0, -1.0, 4.0]], np.float32), np.array([[np.log(3), 0.0, -1e4]], np.float32)
    kata.assert_close(kata.grads("sigmoid", dout, x), [[0.375, -0.25, 0]])


def test_tanh_of_known_values(kata):
    kata.assert_close(kata.tanh(np.array([0.0, np.log(3), -np.log(2)])), [0, 0.8, -0.6])


def test_tanh_takes_any_shape(kata):
    for shape in [(1,), (3, 2), (2, 4, 3)]:
        x = 2 * np.random.default_rng(3).normal(size=shape)
        kata.assert_close(kata.tanh(x), elementwise(math.tanh, x))


def test_tanh_survives_extreme_values(kata):
    kata.assert_close(kata.tanh(np.array([-1e4, -750.0, 0.0, 750.0, 1e4])), [-1, -1, 0, 1, 1])


def test_tanh_keeps_float32(kata):
    kata.assert_close(kata.tanh(np.array([[-1e4, 1e4], [0.5, -0.5]], np.float32)), [[-1, 1], [0.46211716, -0.46211716]])


def test_tanh_backward_agrees_with_central_differences(kata):
    rng = np.random.default_rng(4)
    kata.assert_gradients("tanh", rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4)))


def test_tanh_backward_at_zero(kata):
    kata.assert_close(kata.grads("tanh", np.array([3.0, -2.0]), np.zeros(2)), [3, -2])


def test_tanh_backward_survives_extreme_values(kata):
    dout = np.random.default_rng(5).normal(size=4)
    kata.assert_close(kata.grads("tanh", dout, np.array([-1e4, -750.0, 750.0, 1e4])), np.zeros(4))


def test_tanh_backward_keeps_float32(kata):
    dout, x = np.array([[5.0, -1.0, 4.0]], np.float32), np.array([[np.log(3), 0.0, -1e4]], np.float32)
    kata.assert_close(kata.grads("tanh", dout, x), [[1.8, -1, 0]])


def test_relu_keeps_the_positive(kata):
    kata.assert_close(kata.relu(np.array([-2.0, 0.0, 3.0, 0.5])), [0, 0, 3, 0.5])


def test_relu_takes_any_shape(kata):
    for shape in [(1,), (3, 2), (2, 4, 3)]:
        x = np.random.default_rng(6).normal(size=shape)
        kata.assert_close(kata.relu(x), elementwise(lambda v: max(v, 0.0), x))


def test_relu_keeps_float32(kata):
    kata.assert_close(kata.relu(np.array([[-1e4, 1e4], [-0.25, 0.25]], np.float32)), [[0, 1e4], [0, 0.25]])


def test_relu_backward_agrees_with_central_differences(kata):
    rng = np.random.default_rng(7)
    kata.assert_gradients("relu", rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4)))


def test_relu_backward_at_zero_is_zero(kata):
    kata.assert_close(
        kata.grads("relu", np.array([3.0, -2.0, 4.0, 5.0]), np.array([0.0, 0.0, 1e4, -1e4])), [0, 0, 4, 0]
    )


def test_relu_backward_keeps_float32(kata):
    dout, x = np.array([[2.0, -1.0, 4.0]], np.float32), np.array([[0.5, 3.0, -0.5]], np.float32)
    kata.assert_close(kata.grads("relu", dout, x), [[2, -1, 0]])


def test_leaky_relu_of_known_values(kata):
    kata.assert_close(kata.leaky_relu(np.array([-2.0, 0.0, 3.0]), 0.1), [-0.2, 0, 3])


def test_leaky_relu_takes_any_shape(kata):
    for shape in [(1,), (3, 2), (2, 4, 3)]:
        x = np.random.default_rng(8).normal(size=shape)
        kata.assert_close(kata.leaky_relu(x, 0.3), elementwise(lambda v: v if v > 0 else 0.3 * v, x))


def test_leaky_relu_takes_any_slope(kata):
    x = np.array([-1e4, -2.0, 0.0, 3.0, 1e4])
    for slope in (2.5, 1.0, 0.0, -1.5):
        kata.assert_close(kata.leaky_relu(x, slope), [-1e4 * slope, -2 * slope, 0, 3, 1e4])


def test_leaky_relu_keeps_float32(kata):
    kata.assert_close(kata.leaky_relu(np.array([[-4.0, 4.0]], np.float32), 0.1), [[-0.4, 4]])


def test_leaky_relu_backward_agrees_with_central_differences(kata):
    rng = np.random.default_rng(9)
    for slope in (0.2, 1.5):
        kata.assert_gradients("leaky_relu", rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), slope)


def test_leaky_relu_backward_at_zero_is_the_slope(kata):
    dout, x = np.array([3.0, -2.0, 4.0, 5.0]), np.array([0.0, 0.0, 1e4, -1e4])
    for slope in (0.25, -2.0):
        kata.assert_close(kata.grads("leaky_relu", dout, x, slope), [3 * slope, -2 * slope, 4, 5 * slope])


def test_leaky_relu_backward_keeps_float32(kata):
    dout, x = np.array([[2.0, -1.0, 4.0]], np.float32), np.array([[0.5, 3.0, -0.5]], np.float32)
    kata.assert_close(kata.grads("leaky_relu", dout, x, 0.1), [[2, -1, 0.4]])


def test_gelu_of_known_values(kata):
    kata.assert_close(
        kata.gelu(np.array([0.0, 1.0, -1.0, 2.0])), [0, 0.8413447460685429, -0.15865525393145707, 1.954499736103642]
    )


def test_gelu_takes_any_shape(kata):
    for shape in [(1,), (3, 2), (2, 4, 3)]:
        x = 2 * np.random.default_rng(10).normal(size=shape)
        kata.assert_close(kata.gelu(x), elementwise(lambda v: v * math.erfc(-v / math.sqrt(2)) / 2, x))


def test_gelu_survives_extreme_values(kata):
    kata.assert_close(kata.gelu(np.array([-1e4, -50.0, 0.0, 50.0, 1e4])), [0, 0, 0, 50, 1e4])


def test_gelu_keeps_float32(kata):
    kata.assert_close(kata.gelu(np.array([[-1e4, 1e4], [2.0, -2.0]], np.float32)), [[0, 1e4], [1.9544997, -0.0455003]])


def test_gelu_backward_agrees_with_central_differences(kata):
    rng = np.random.default_rng(11)
    kata.assert_gradients("gelu", rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4)))


def test_gelu_backward_survives_extreme_values(kata):
    dout = np.array([3.0, -2.0, 5.0, 4.0, -6.0])
    kata.assert_close(kata.grads("gelu", dout, np.array([-1e4, -50.0, 0.0, 50.0, 1e4])), [0, 0, 2.5, 4, -6])


def test_gelu_backward_keeps_float32(kata):
    dout, x = np.array([[2.0, -1.0]], np.float32), np.array([[1.0, -1.0]], np.float32)
    kata.assert_close(kata.grads("gelu", dout, x), [[2.1666309, 0.0833155]])
