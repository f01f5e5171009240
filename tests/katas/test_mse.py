"""mse: half the squared error, summed over outputs, averaged over examples; its gradients; and what it must refuse."""

import numpy as np

MISFITS = [  # y and target; the first four are what broadcasting lets through
    ((4, 1), (4,)),
    ((4, 3), (3,)),
    ((4, 3), (4, 1)),
    ((1, 3), (4, 3)),
    ((4, 3), ()),
    ((4, 3), (3, 4)),
    ((4, 3), (4,)),
    ((4, 3), (2, 4, 3)),
    ((4,), (4,)),
    ((2, 4, 3), (2, 4, 3)),
    ((), ()),
]

Y = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [0.0, 1.0, 2.0]])
TARGET = np.array([[0.0, 0.0, 4.0], [7.0, 4.0, 4.0], [5.0, 9.0, 8.0], [2.0, 2.0, 0.0]])


def batch(seed, *shape):
    """Random outputs and targets, and a random upstream gradient: a number, since the loss is one."""
    rng = np.random.default_rng(seed)
    return np.float64(rng.normal()), rng.normal(size=shape), rng.normal(size=shape)


def test_mse_by_hand(kata):
    kata.assert_close(kata.mse(Y, TARGET), 35 / 8)


def test_mse_sums_over_outputs_and_averages_over_examples(kata):
    _, y, target = batch(0, 4, 3)
    costs = [sum((y[n, m] - target[n, m]) ** 2 for m in range(3)) / 2 for n in range(4)]
    kata.assert_close(kata.mse(y, target), sum(costs) / 4)


def test_mse_of_a_batch_repeated_is_the_same(kata):
    _, y, target = batch(1, 2, 5)
    once = kata.mse(y, target)
    kata.assert_close(kata.mse(np.tile(y, (3, 1)), np.tile(target, (3, 1))), once)
    kata.assert_close(kata.mse(np.tile(y, (1, 3)), np.tile(target, (1, 3))), 3 * once)


def test_mse_takes_size_1(kata):
    kata.assert_close(kata.mse(np.array([[5.0]]), np.array([[2.0]])), 4.5)
    kata.assert_close(kata.mse(np.array([[5.0], [0.0]]), np.array([[2.0], [1.0]])), 2.5)
    kata.assert_close(kata.mse(np.array([[5.0, 0.0]]), np.array([[2.0, 1.0]])), 5.0)


def test_mse_survives_extreme_values(kata):
    kata.assert_close(kata.mse(np.array([[1e4, -1e4]]), np.array([[-1e4, 1e4]])), 4e8)
    kata.assert_close(kata.mse(np.full((2, 3), 1e300), np.full((2, 3), 1e300)), 0.0)
    kata.assert_close(kata.mse(np.array([[1e150], [0.0]]), np.zeros((2, 1))), 2.5e299)


def test_mse_takes_float32(kata):
    _, y, target = (array.astype(np.float32) for array in batch(2, 3, 4))
    kata.assert_close(kata.mse(y, target), np.sum(np.square(y - target)) / 6)


def test_mse_refuses_shapes_that_differ_or_are_no_matrices(kata):
    for y, target in MISFITS:
        kata.refuses("mse", np.ones(y), np.ones(target))


def test_mse_backward_by_hand(kata):
    dy, dtarget = kata.grads("mse", np.float64(10.0), Y, TARGET)
    kata.assert_close(dy, [[2.5, 5, -2.5], [-7.5, 2.5, 5], [5, -2.5, 2.5], [-5, -2.5, 5]])
    kata.assert_close(dtarget, [[-2.5, -5, 2.5], [7.5, -2.5, -5], [-5, 2.5, -2.5], [5, 2.5, -5]])


def test_mse_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("mse", *batch(3, 4, 3))


def test_mse_backward_takes_size_1(kata):
    for shape in [(1, 1), (1, 4), (5, 1)]:
        kata.assert_gradients("mse", *batch(4, *shape))


def test_mse_backward_is_zero_where_the_target_is_met(kata):
    _, y, _ = batch(5, 2, 3)
    kata.assert_close(kata.grads("mse", np.float64(7.0), y, y), (np.zeros((2, 3)), np.zeros((2, 3))))


def test_mse_backward_survives_extreme_values(kata):
    dy, dtarget = kata.grads("mse", np.float64(-1e4), np.array([[1e150, 1e4], [-1e150, 0.0]]), np.zeros((2, 2)))
    kata.assert_close(dy, [[-5e153, -5e7], [5e153, 0]])
    kata.assert_close(dtarget, [[5e153, 5e7], [-5e153, 0]])


def test_mse_backward_keeps_float32(kata):
    _, y, target = (array.astype(np.float32) for array in batch(6, 4, 5))
    dy = np.multiply(y - target, np.float32(0.75))
    kata.assert_close(kata.grads("mse", np.float32(3.0), y, target), (dy, np.negative(dy)))


def test_mse_backward_refuses_what_mse_refuses(kata):
    for y, target in MISFITS:
        kata.refuses("mse_backward", np.float64(1.0), np.ones(y), np.ones(target))
    kata.assert_close(kata.grads("mse", np.float64(1.0), np.ones((4, 3)), np.zeros((4, 3)))[0], np.full((4, 3), 0.25))


def test_mse_backward_refuses_a_dout_with_axes(kata):
    for dout in [(4,), (3,), (4, 1), (4, 3)]:
        kata.refuses("mse_backward", np.ones(dout), np.ones((4, 3)), np.ones((4, 3)))
    kata.assert_close(kata.grads("mse", np.float64(1.0), np.zeros((2, 3)), np.ones((2, 3)))[1], np.full((2, 3), 0.5))
