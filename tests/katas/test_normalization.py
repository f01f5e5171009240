"""batch_norm, layer_norm and running_stats: values, what moves what, and derivatives against central differences."""

import numpy as np


def normal(seed, *shapes):
    """One random array of float64 for each shape, away from mean 0 and variance 1."""
    rng = np.random.default_rng(seed)
    return [rng.normal(loc=0.7, scale=1.6, size=shape) for shape in shapes]


def one_row(values, gamma, beta, eps):
    """The formula for one list of numbers; `gamma` and `beta` are lists of the same length."""
    mean = sum(values) / len(values)
    var = sum((value - mean) ** 2 for value in values) / len(values)
    return [g * (value - mean) / (var + eps) ** 0.5 + b for value, g, b in zip(values, gamma, beta, strict=True)]


def by_columns(x, gamma, beta, eps):
    """batch_norm in loops: the same formula for each column."""
    columns = [one_row(x[:, d], [gamma[d]] * len(x), [beta[d]] * len(x), eps) for d in range(x.shape[1])]
    return np.array(columns).T


# ---------------------------------------------------------------------- batch_norm


def test_batch_norm_by_hand(kata):
    x, gamma, beta = np.array([[1.0, 2.0], [3.0, 8.0]]), np.array([1.0, 10.0]), np.array([0.0, 5.0])
    kata.assert_close(kata.batch_norm(x, gamma, beta, 0.0), [[-1, -5], [1, 15]])
    kata.assert_close(kata.batch_norm(x, gamma, beta, 3.0), [[-0.5, 5 - 30 / 12**0.5], [0.5, 5 + 30 / 12**0.5]])


def test_batch_norm_normalises_each_feature_over_the_batch(kata):
    x, gamma, beta = normal(0, (5, 3), 3, 3)
    kata.assert_close(kata.batch_norm(x, gamma, beta, 0.3), by_columns(x, gamma, beta, 0.3))


def test_batch_norm_leaves_mean_0_and_variance_1(kata):
    (x,) = normal(1, (4, 5))
    out = kata.batch_norm(3 * x - 8, np.ones(5), np.zeros(5), 0.0)
    kata.assert_close(out.mean(axis=0), np.zeros(5))
    kata.assert_close((out**2).mean(axis=0), np.ones(5))


def test_batch_norm_of_a_constant_feature_is_beta(kata):
    x, (gamma, beta) = np.array([[2.0, -4.0, 0.0]] * 4), normal(2, 3, 3)
    kata.assert_close(kata.batch_norm(x, gamma, beta, 1e-5), [beta] * 4)


def test_batch_norm_takes_size_1(kata):
    (beta,) = normal(3, 3)
    kata.assert_close(kata.batch_norm(np.array([[1.0, -2.0, 3.0]]), np.ones(3), beta, 0.1), [beta])
    x = np.array([[1.0], [2.0], [6.0]])
    kata.assert_close(kata.batch_norm(x, np.array([2.0]), np.array([1.0]), 0.5), by_columns(x, [2], [1], 0.5))


def test_batch_norm_survives_large_and_tiny_values(kata):
    steps = np.array([[-2.0, 4.0], [-1.0, -3.0], [0.0, 0.0], [1.0, 1.0], [2.0, -2.0]])
    gamma, beta = np.array([2.0, -1.0]), np.array([0.5, 0.0])
    expected = by_columns(steps, gamma, beta, 0.25)
    kata.assert_close(kata.batch_norm(1e8 + steps, gamma, beta, 0.25), expected)
    kata.assert_close(kata.batch_norm(steps * 1e4, gamma, beta, 0.25e8), expected)
    kata.assert_close(kata.batch_norm(steps * 1e-4, gamma, beta, 0.25e-8), expected)


def test_batch_norm_keeps_float32(kata):
    x, gamma, beta = (array.astype(np.float32) for array in normal(4, (4, 3), 3, 3))
    kata.assert_close(kata.batch_norm(x, gamma, beta, 1e-3), by_columns(x, gamma, beta, 1e-3))


def test_batch_norm_backward_by_hand(kata):
    x, gamma, beta = np.array([[1.0], [3.0]]), np.array([3.0]), np.array([7.0])
    dx, dgamma, dbeta = kata.grads("batch_norm", np.array([[2.0], [1.0]]), x, gamma, beta, 1.0)
    kata.assert_close(dx, np.array([[0.75], [-0.75]]) / 2**0.5)
    kata.assert_close(dgamma, [-1 / 2**0.5])
    kata.assert_close(dbeta, [3])


def test_batch_norm_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("batch_norm", *normal(5, (5, 3), (5, 3), 3, 3), 0.4)
    kata.assert_gradients("batch_norm", *normal(6, (4, 5), (4, 5), 5, 5), 1e-5)


def test_batch_norm_backward_agrees_with_the_whole_jacobian(kata):
    (dout, x, gamma, beta), eps, N = normal(7, (4, 2), (4, 2), 2, 2), 0.2, 4
    dx = np.zeros((4, 2))
    for d in range(2):
        centred, std = x[:, d] - x[:, d].mean(), (x[:, d].var() + eps) ** 0.5
        for n, m in np.ndindex(N, N):
            slope = ((n == m) - 1 / N) / std - centred[n] * centred[m] / N / std**3
            dx[m, d] += dout[n, d] * gamma[d] * slope
    kata.assert_close(kata.grads("batch_norm", dout, x, gamma, beta, eps)[0], dx)


def test_batch_norm_backward_takes_size_1(kata):
    dout, x, gamma, beta = normal(8, (1, 3), (1, 3), 3, 3)
    expected = (np.zeros((1, 3)), np.zeros(3), dout[0])
    kata.assert_close(kata.grads("batch_norm", dout, x, gamma, beta, 0.1), expected)
    kata.assert_gradients("batch_norm", *normal(9, (4, 1), (4, 1), 1, 1), 0.1)


def test_batch_norm_backward_survives_a_constant_feature(kata):
    (dout, gamma, beta), x = normal(10, (4, 3), 3, 3), np.full((4, 3), 2.0)
    expected = (gamma * (dout - dout.mean(axis=0)) / 0.01, np.zeros(3), dout.sum(axis=0))
    kata.assert_close(kata.grads("batch_norm", dout, x, gamma, beta, 1e-4), expected)


def test_batch_norm_backward_survives_values_far_from_0(kata):
    dout, gamma, beta = normal(11, (5, 1), 1, 1)
    near = np.array([[-2.0], [4.0], [0.0], [-3.0], [1.0]])
    far = kata.grads("batch_norm", dout, 1e8 + near, gamma, beta, 0.5)
    kata.assert_close(far, kata.grads("batch_norm", dout, near, gamma, beta, 0.5))


# ---------------------------------------------------------------------- layer_norm


def test_layer_norm_by_hand(kata):
    x, gamma, beta = np.array([[1.0, 3.0], [50.0, 10.0]]), np.array([1.0, 10.0]), np.array([0.0, 5.0])
    kata.assert_close(kata.layer_norm(x, gamma, beta, 0.0), [[-1, 15], [1, -5]])
    kata.assert_close(kata.layer_norm(x[:1], gamma, beta, 3.0), [[-0.5, 10]])


def test_layer_norm_normalises_each_row_by_itself(kata):
    x, gamma, beta = normal(20, (3, 5), 5, 5)
    kata.assert_close(kata.layer_norm(x, gamma, beta, 0.3), [one_row(row, gamma, beta, 0.3) for row in x])


def test_layer_norm_takes_the_last_axis_of_any_shape(kata):
    for shape in [(4,), (2, 3, 4), (2, 1, 3, 5)]:
        x, gamma, beta = normal(21, shape, shape[-1], shape[-1])
        expected = [one_row(row, gamma, beta, 0.3) for row in x.reshape(-1, shape[-1])]
        kata.assert_close(kata.layer_norm(x, gamma, beta, 0.3), np.reshape(expected, shape))


def test_layer_norm_of_a_constant_row_is_beta(kata):
    gamma, beta = normal(22, 5, 5)
    kata.assert_close(kata.layer_norm(np.array([[2.0] * 5, [-3.0] * 5]), gamma, beta, 1e-5), [beta, beta])


def test_layer_norm_takes_size_1(kata):
    x, gamma, beta = normal(23, (3, 1), 1, 1)
    kata.assert_close(kata.layer_norm(x, gamma, beta, 0.1), [beta] * 3)
    x, gamma, beta = normal(24, (1, 4), 4, 4)
    kata.assert_close(kata.layer_norm(x, gamma, beta, 0.1), [one_row(x[0], gamma, beta, 0.1)])


def test_layer_norm_survives_large_and_tiny_values(kata):
    steps = np.array([[-2.0, -1.0, 0.0, 1.0, 2.0], [4.0, -3.0, 0.0, 1.0, -2.0]])
    gamma, beta = normal(25, 5, 5)
    expected = np.array([one_row(row, gamma, beta, 0.25) for row in steps])
    kata.assert_close(kata.layer_norm(1e8 + steps, gamma, beta, 0.25), expected)
    kata.assert_close(kata.layer_norm(steps * 1e4, gamma, beta, 0.25e8), expected)
    kata.assert_close(kata.layer_norm(steps * 1e-4, gamma, beta, 0.25e-8), expected)


def test_layer_norm_keeps_float32(kata):
    x, gamma, beta = (array.astype(np.float32) for array in normal(26, (3, 4), 4, 4))
    kata.assert_close(kata.layer_norm(x, gamma, beta, 1e-3), [one_row(row, gamma, beta, 1e-3) for row in x])


def test_layer_norm_backward_by_hand(kata):
    x, gamma, beta = np.array([[1.0, 3.0]]), np.array([1.0, 2.0]), np.array([5.0, 7.0])
    dx, dgamma, dbeta = kata.grads("layer_norm", np.array([[2.0, 4.0]]), x, gamma, beta, 1.0)
    kata.assert_close(dx, np.array([[-1.5, 1.5]]) / 2**0.5)
    kata.assert_close(dgamma, np.array([-2.0, 4.0]) / 2**0.5)
    kata.assert_close(dbeta, [2, 4])


def test_layer_norm_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("layer_norm", *normal(27, (3, 5), (3, 5), 5, 5), 0.4)
    kata.assert_gradients("layer_norm", *normal(28, (5, 4), (5, 4), 4, 4), 1e-5)


def test_layer_norm_backward_takes_any_shape(kata):
    kata.assert_gradients("layer_norm", *normal(29, (2, 3, 4), (2, 3, 4), 4, 4), 0.4)
    kata.assert_gradients("layer_norm", *normal(30, (4,), (4,), 4, 4), 0.4)


def test_layer_norm_backward_takes_size_1(kata):
    dout, x, gamma, beta = normal(31, (3, 1), (3, 1), 1, 1)
    expected = (np.zeros((3, 1)), np.zeros(1), dout.sum(axis=0))
    kata.assert_close(kata.grads("layer_norm", dout, x, gamma, beta, 0.1), expected)
    kata.assert_gradients("layer_norm", *normal(32, (1, 4), (1, 4), 4, 4), 0.1)


def test_layer_norm_backward_survives_a_constant_row(kata):
    (dout, gamma, beta), x = normal(33, (2, 4), 4, 4), np.full((2, 4), 2.0)
    dx_hat = dout * gamma
    expected = ((dx_hat - dx_hat.mean(axis=1, keepdims=True)) / 0.01, np.zeros(4), dout.sum(axis=0))
    kata.assert_close(kata.grads("layer_norm", dout, x, gamma, beta, 1e-4), expected)


def test_layer_norm_backward_survives_values_far_from_0(kata):
    dout, gamma, beta = normal(34, (1, 5), 5, 5)
    near = np.array([[-2.0, 4.0, 0.0, -3.0, 1.0]])
    far = kata.grads("layer_norm", dout, 1e8 + near, gamma, beta, 0.5)
    kata.assert_close(far, kata.grads("layer_norm", dout, near, gamma, beta, 0.5))


def test_gradients_keep_float32(kata):
    dout, x, gamma, beta = (array.astype(np.float32) for array in normal(35, (2, 3), (2, 3), 3, 3))
    for function, axis in [("batch_norm", 0), ("layer_norm", 1)]:
        std = np.sqrt(x.var(axis=axis, keepdims=True) + 0.1)
        x_hat, dx_hat = (x - x.mean(axis=axis, keepdims=True)) / std, dout * gamma
        along = (dx_hat * x_hat).mean(axis=axis, keepdims=True)
        dx = (dx_hat - dx_hat.mean(axis=axis, keepdims=True) - x_hat * along) / std
        expected = (dx, (dout * x_hat).sum(axis=0), dout.sum(axis=0))
        kata.assert_close(kata.grads(function, dout, x, gamma, beta, 0.1), expected)


# ---------------------------------------------------------------------- running_stats


def test_running_stats_by_hand(kata):
    x = np.array([[1.0, 10.0], [3.0, 40.0]])
    mean, var = kata.running_stats(np.array([1.0, 5.0]), np.array([4.0, 50.0]), x, 0.2)
    kata.assert_close(mean, [1.2, 9])
    kata.assert_close(var, [3.6, 130])


def test_running_stats_move_towards_mean_and_unbiased_variance(kata):
    mean, var, x = normal(40, 3, 3, (5, 3))
    var, mu = var**2, x.sum(axis=0) / 5
    got = kata.running_stats(mean, var, x, 0.3)
    spread = sum((row - mu) ** 2 for row in x) / 4
    kata.assert_close(got, (0.7 * mean + 0.3 * mu, 0.7 * var + 0.3 * spread))


def test_running_stats_stay_or_jump_at_the_ends_of_momentum(kata):
    mean, var, x = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), np.array([[1.0, 5.0, 9.0], [3.0, 1.0, 9.0]])
    kata.assert_close(kata.running_stats(mean, var, x, 0.0), (mean, var))
    kata.assert_close(kata.running_stats(mean, var, x, 1.0), (np.array([2.0, 3.0, 9.0]), np.array([2.0, 8.0, 0.0])))


def test_running_stats_over_many_batches_reach_those_of_the_data(kata):
    mean, var = np.zeros(2), np.ones(2)
    x = np.array([[1.0, -5.0], [3.0, 1.0], [8.0, 7.0]])
    for _ in range(60):
        mean, var = kata.running_stats(mean, var, x, 0.4)
    kata.assert_close((mean, var), (np.array([4.0, 1.0]), np.array([13.0, 36.0])))


def test_running_stats_take_size_1(kata):
    got = kata.running_stats(np.array([1.0]), np.array([2.0]), np.array([[1.0], [2.0], [6.0]]), 0.5)
    kata.assert_close(got, (np.array([2.0]), np.array([4.5])))


def test_running_stats_survive_values_far_from_0(kata):
    x = 1e8 + np.array([[-2.0, 4.0], [-1.0, -3.0], [0.0, 0.0], [1.0, 1.0], [2.0, -2.0]])
    kata.assert_close(kata.running_stats(np.zeros(2), np.zeros(2), x, 0.5)[1], [1.25, 3.75])


def test_running_stats_keep_float32(kata):
    mean, var, x = (array.astype(np.float32) for array in normal(41, 3, 3, (4, 3)))
    mu = x.sum(axis=0) / 4
    expected = (0.9 * mean + 0.1 * mu, 0.9 * var + 0.1 * ((x - mu) ** 2).sum(axis=0) / 3)
    kata.assert_close(kata.running_stats(mean, var, x, 0.1), expected)
