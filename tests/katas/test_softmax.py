"""softmax and log_softmax: values, extreme scores, and derivatives against central differences."""

import numpy as np


def test_softmax_of_one_row(kata):
    kata.assert_close(kata.softmax(np.log([1.0, 2.0, 5.0])), [0.125, 0.25, 0.625])


def test_softmax_rows_are_separate(kata):
    x = np.random.default_rng(0).normal(size=(3, 4))
    expected = np.array([[np.exp(v) / sum(np.exp(u) for u in row) for v in row] for row in x])
    kata.assert_close(kata.softmax(x), expected)


def test_softmax_takes_the_last_axis_of_any_shape(kata):
    x = np.random.default_rng(1).normal(size=(2, 3, 4))
    kata.assert_close(kata.softmax(x), np.exp(x) / np.exp(x).sum(-1)[..., None])


def test_softmax_of_a_single_class_is_one(kata):
    kata.assert_close(kata.softmax(np.array([[3.0], [-7.0]])), [[1.0], [1.0]])


def test_softmax_survives_extreme_scores(kata):
    x = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4], [0.0, -np.inf, 0.0]])
    kata.assert_close(kata.softmax(x), [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0, 0.5]])


def test_softmax_keeps_float32(kata):
    x = np.random.default_rng(2).normal(size=(3, 5)).astype(np.float32)
    kata.assert_close(kata.softmax(x), np.exp(x) / np.exp(x).sum(-1, keepdims=True))


def test_log_softmax_is_the_logarithm_of_softmax(kata):
    x = np.random.default_rng(3).normal(size=(3, 5))
    kata.assert_close(kata.log_softmax(x), x - np.log(np.exp(x).sum(-1, keepdims=True)))


def test_log_softmax_survives_extreme_scores(kata):
    x = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4], [0.0, -np.inf, 0.0]])
    expected = [[0, -1e4, -2e4], [-np.log(3)] * 3, [-np.log(2), -np.inf, -np.log(2)]]
    kata.assert_close(kata.log_softmax(x), expected)


def test_softmax_backward_agrees_with_central_differences(kata):
    rng = np.random.default_rng(4)
    kata.assert_gradients("softmax", rng.normal(size=(3, 5)), rng.normal(size=(3, 5)))


def test_softmax_backward_takes_any_shape(kata):
    rng = np.random.default_rng(5)
    kata.assert_gradients("softmax", rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4)))


def test_softmax_backward_survives_extreme_scores(kata):
    dout = np.random.default_rng(6).normal(size=(2, 3))
    dx = kata.grads("softmax", dout, np.array([[1e4, 0.0, -1e4], [-1e4, -np.inf, -1e4]]))
    kata.assert_close(dx, [[0, 0, 0], (dout[1, 0] - dout[1, 2]) / 4 * np.array([1, 0, -1])])


def test_softmax_backward_never_builds_the_jacobian(kata):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 3000))
    peak = kata.peak_memory("softmax", x, x)
    kata.law(
        peak < 40 * x.nbytes,
        f"for an input of {x.nbytes:,} bytes it used {peak:,} bytes: a matrix of C×C is built somewhere",
        function="softmax_backward",
    )


def test_log_softmax_backward_agrees_with_central_differences(kata):
    rng = np.random.default_rng(8)
    kata.assert_gradients("log_softmax", rng.normal(size=(3, 5)), rng.normal(size=(3, 5)))


def test_log_softmax_backward_survives_extreme_scores(kata):
    dout = np.random.default_rng(9).normal(size=(1, 3))
    dx = kata.grads("log_softmax", dout, np.array([[1e4, 0.0, -1e4]]))
    kata.assert_close(dx, dout - np.array([[1.0, 0, 0]]) * dout.sum())


def test_gradients_keep_float32(kata):
    rng = np.random.default_rng(10)
    dout, x = rng.normal(size=(2, 3, 4)).astype(np.float32)
    p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    kata.assert_close(kata.grads("softmax", dout, x), p * (dout - (dout * p).sum(-1, keepdims=True)))
    kata.assert_close(kata.grads("log_softmax", dout, x), dout - p * dout.sum(-1, keepdims=True))
