"""affine: x @ W + b, its three gradients, and ValueError for every shape that does not fit."""

import numpy as np


def normal(seed, *shapes):
    """One random array of float64 for each shape."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def test_affine_by_hand(kata):
    x, W, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]]), np.array([100.0, 200.0])
    kata.assert_close(kata.affine(x, W, b), [[119, 222], [143, 250]])


def test_affine_is_a_weighted_sum_and_a_bias(kata):
    x, W, b = normal(0, (4, 3), (3, 5), 5)
    expected = np.array([[sum(x[n, d] * W[d, m] for d in range(3)) + b[m] for m in range(5)] for n in range(4)])
    kata.assert_close(kata.affine(x, W, b), expected)


def test_affine_takes_size_1(kata):
    kata.assert_close(kata.affine(np.array([[2.0]]), np.array([[3.0]]), np.array([4.0])), [[10]])
    kata.assert_close(kata.affine(np.array([[2.0, 5.0]]), np.array([[3.0], [1.0]]), np.array([4.0])), [[15]])
    kata.assert_close(
        kata.affine(np.array([[2.0], [5.0]]), np.array([[3.0, 1.0]]), np.array([4.0, 0.0])), [[10, 2], [19, 5]]
    )


def test_affine_survives_extreme_values(kata):
    x, W = np.array([[1e150, 0.0, -1e-150], [1e4, -1e4, 1.0]]), np.array([[1e-150], [1e-150], [-1e150]])
    kata.assert_close(kata.affine(x[:1], W, np.array([-3.0])), [[-1]])
    kata.assert_close(kata.affine(x[1:], np.array([[1e4], [1e4], [2.0]]), np.array([1e8])), [[1e8 + 2]])


def test_affine_keeps_float32(kata):
    x, W, b = (array.astype(np.float32) for array in normal(1, (2, 3), (3, 4), 4))
    kata.assert_close(kata.affine(x, W, b), np.einsum("nd,dm->nm", x, W) + b)


def test_affine_refuses_to_stretch_the_bias(kata):
    for b in [(4, 1), (1,), (), (1, 5), (4, 5), (3,), (4,), (5, 1)]:
        kata.refuses("affine", np.ones((4, 3)), np.ones((3, 5)), np.ones(b))
    kata.refuses("affine", np.ones((4, 3)), np.ones((3, 1)), np.ones(5))


def test_affine_refuses_a_weight_that_does_not_fit(kata):
    for W in [(2, 3, 5), (5, 3), (4, 5), (1, 5), (3,)]:
        kata.refuses("affine", np.ones((4, 3)), np.ones(W), np.ones(5))
    kata.refuses("affine", np.ones((4, 3)), np.ones(3), np.ones(()))


def test_affine_refuses_an_x_that_is_not_a_batch(kata):
    for x in [(2, 4, 3), (3,), (4, 2), (4, 1), (3, 4)]:
        kata.refuses("affine", np.ones(x), np.ones((3, 5)), np.ones(5))


def test_affine_backward_by_hand(kata):
    dout, x, b = np.array([[1.0, 0.0], [2.0, -1.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([100.0, 200.0])
    dx, dW, db = kata.grads("affine", dout, x, np.array([[5.0, 6.0], [7.0, 8.0]]), b)
    kata.assert_close(dx, [[5, 7], [4, 6]])
    kata.assert_close(dW, [[7, -3], [10, -4]])
    kata.assert_close(db, [3, -1])


def test_affine_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("affine", *normal(2, (4, 5), (4, 3), (3, 5), 5))


def test_affine_backward_agrees_with_loops(kata):
    dout, x, W, b = normal(3, (5, 2), (5, 4), (4, 2), 2)
    dx, dW, db = np.zeros((5, 4)), np.zeros((4, 2)), np.zeros(2)
    for n, d, m in np.ndindex(5, 4, 2):
        dx[n, d] += dout[n, m] * W[d, m]
        dW[d, m] += dout[n, m] * x[n, d]
        db[m] += dout[n, m] / 4  # each of the four inputs of an output comes by once
    kata.assert_close(kata.grads("affine", dout, x, W, b), (dx, dW, db))


def test_affine_backward_takes_size_1(kata):
    for dout, x, W, b in [((1, 1), (1, 1), (1, 1), 1), ((1, 2), (1, 3), (3, 2), 2), ((4, 1), (4, 2), (2, 1), 1)]:
        kata.assert_gradients("affine", *normal(4, dout, x, W, b))


def test_affine_backward_survives_extreme_values(kata):
    dout, x, W = np.array([[1e150], [-1e150]]), np.array([[1e-150], [1e-150]]), np.array([[1e-150]])
    dx, dW, db = kata.grads("affine", dout, x, W, np.array([1e4]))
    kata.assert_close(dx, [[1], [-1]])
    kata.assert_close(dW, [[0]])
    kata.assert_close(db, [0])


def test_affine_backward_keeps_float32(kata):
    dout, x, W, b = (array.astype(np.float32) for array in normal(5, (4, 5), (4, 3), (3, 5), 5))
    expected = (np.einsum("nm,dm->nd", dout, W), np.einsum("nd,nm->dm", x, dout), np.einsum("nm->m", dout))
    kata.assert_close(kata.grads("affine", dout, x, W, b), expected)


def test_affine_backward_refuses_what_affine_refuses(kata):
    for x, W, b in [((4, 3), (3, 5), 3), ((4, 3), (3, 5), (1, 5)), ((4, 3), (5, 3), 5), ((4, 2), (3, 5), 5)]:
        kata.refuses("affine_backward", np.ones((4, 5)), np.ones(x), np.ones(W), np.ones(b))
    kata.refuses("affine_backward", np.ones((2, 4, 5)), np.ones((2, 4, 3)), np.ones((3, 5)), np.ones(5))
    kata.assert_close(kata.grads("affine", *map(np.ones, [(2, 5), (2, 3), (3, 5), 5]))[0], np.full((2, 3), 5.0))


def test_affine_backward_refuses_a_dout_that_does_not_fit(kata):
    for dout in [(2, 4, 5), (4, 1), (1, 5), (1, 1), (5, 4), (3, 5), (5,), (4,), ()]:
        kata.refuses("affine_backward", np.ones(dout), np.ones((4, 3)), np.ones((3, 5)), np.ones(5))
    kata.assert_close(kata.grads("affine", *map(np.ones, [(4, 5), (4, 3), (3, 5), 5]))[2], [4, 4, 4, 4, 4])
