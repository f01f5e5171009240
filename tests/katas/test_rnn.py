"""rnn: one cell by hand, sequences step by step, and the way back through time against central differences."""

import math

import numpy as np


def draw(seed, N=2, T=4, D=3, H=5, dtype=float):
    """xs, h0, Wx, Wh, b: nothing is zero, and no two axes have one size unless asked for."""
    rng = np.random.default_rng(seed)
    shapes = (N, T, D), (N, H), (D, H), (H, H), (H,)
    return tuple((rng.normal(size=shape) * 0.8).astype(dtype) for shape in shapes)


def upstream(seed, N=2, T=4, H=5, dtype=float):
    """A gradient for every step of every example."""
    return np.random.default_rng(seed + 1000).normal(size=(N, T, H)).astype(dtype)


def step_by_hand(x, h, Wx, Wh, b):
    """The equation, number by number."""
    new = np.empty((len(x), len(b)))
    for n, j in np.ndindex(new.shape):
        z = b[j] + sum(x[n, d] * Wx[d, j] for d in range(len(Wx))) + sum(h[n, k] * Wh[k, j] for k in range(len(Wh)))
        new[n, j] = math.tanh(z)
    return new


def walk_by_hand(xs, h0, Wx, Wh, b):
    """The states of all steps, number by number."""
    states = [h0]
    for t in range(xs.shape[1]):
        states.append(step_by_hand(xs[:, t], states[-1], Wx, Wh, b))
    return np.stack(states[1:], axis=1)


def cell(seed, **sizes):
    """x, h, Wx, Wh, b for one step."""
    xs, *rest = draw(seed, T=1, **sizes)
    return xs[:, 0], *rest


def test_rnn_cell_of_one_number(kata):
    x, h, Wx, Wh, b = np.array([[2.0]]), np.array([[3.0]]), np.array([[0.5]]), np.array([[-0.25]]), np.array([0.125])
    kata.assert_close(kata.rnn_cell(x, h, Wx, Wh, b), [[math.tanh(1.0 - 0.75 + 0.125)]])


def test_rnn_cell_number_by_number(kata):
    args = cell(0)
    kata.assert_close(kata.rnn_cell(*args), step_by_hand(*args))


def test_rnn_cell_with_more_inputs_than_units(kata):
    args = cell(1, N=3, D=4, H=2)
    kata.assert_close(kata.rnn_cell(*args), step_by_hand(*args))


def test_rnn_cell_saturates(kata):
    x = np.array([[1e4], [-1e4]])
    got = kata.rnn_cell(x, np.zeros((2, 3)), np.array([[1.0, -1.0, 0.0]]), np.eye(3), np.zeros(3))
    kata.assert_close(got, [[1, -1, 0], [-1, 1, 0]])


def test_rnn_cell_keeps_float32(kata):
    args = cell(2, dtype=np.float32)
    kata.assert_close(kata.rnn_cell(*args), step_by_hand(*args).astype(np.float32))


def test_rnn_cell_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("rnn_cell", upstream(3)[:, 0], *cell(3))


def test_rnn_cell_backward_of_a_single_example_and_unit(kata):
    kata.assert_gradients("rnn_cell", upstream(4, N=1, H=1)[:, 0], *cell(4, N=1, D=2, H=1))


def test_rnn_cell_backward_is_zero_where_the_cell_is_saturated(kata):
    x, h, Wx, Wh, b = np.array([[1e4], [-1e4]]), np.ones((2, 3)), np.ones((1, 3)), np.eye(3), np.zeros(3)
    for gradient in kata.grads("rnn_cell", np.ones((2, 3)), x, h, Wx, Wh, b):
        kata.assert_close(gradient, np.zeros(gradient.shape))


def test_rnn_cell_backward_keeps_float32(kata):
    same_in_float32(kata, "rnn_cell", upstream(5)[:, 0], *cell(5))


def test_rnn_adds_up_what_it_sees(kata):
    """With tiny weights tanh is a straight line: the state is the sum of the inputs so far."""
    xs = np.array([[[1.0], [2.0], [-5.0], [4.0]], [[0.0], [3.0], [0.0], [1.0]]])
    one = np.ones((1, 1))
    got = kata.rnn(1e-6 * xs, np.array([[1e-5], [0.0]]), one, one, np.zeros(1))
    kata.assert_close(got, 1e-6 * np.array([[[11], [13], [8], [12]], [[0], [3], [3], [4]]]), atol=1e-12)


def test_rnn_number_by_number(kata):
    args = draw(6)
    kata.assert_close(kata.rnn(*args), walk_by_hand(*args))


def test_rnn_of_a_single_step(kata):
    args = draw(7, T=1)
    kata.assert_close(kata.rnn(*args), walk_by_hand(*args))


def test_rnn_of_a_single_example(kata):
    args = draw(8, N=1, T=5, D=2, H=3)
    kata.assert_close(kata.rnn(*args), walk_by_hand(*args))


def test_rnn_of_one_input_and_one_unit(kata):
    args = draw(9, N=3, T=2, D=1, H=1)
    kata.assert_close(kata.rnn(*args), walk_by_hand(*args))


def test_rnn_goes_on_where_it_stopped(kata):
    """Two pieces, the second from where the first one ended, are the whole sequence."""
    xs, *rest = draw(10, T=5)
    expected = walk_by_hand(xs, *rest)
    first = kata.rnn(xs[:, :2], *rest)
    kata.assert_close(kata.rnn(xs[:, 2:], first[:, -1], *rest[1:]), expected[:, 2:])


def test_rnn_remembers_in_saturation(kata):
    """One input at the start throws a switch, and the state holds it."""
    xs = np.zeros((2, 6, 1))
    xs[:, 0, 0] = 1e4, -1e4
    got = kata.rnn(xs, np.zeros((2, 1)), np.ones((1, 1)), np.full((1, 1), 1e4), np.zeros(1))
    kata.assert_close(got, np.array([1.0, -1.0])[:, None, None] * np.ones((2, 6, 1)))


def test_rnn_keeps_float32(kata):
    args = draw(11, dtype=np.float32)
    kata.assert_close(kata.rnn(*args), walk_by_hand(*args).astype(np.float32))


def test_rnn_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("rnn", upstream(12, N=3, T=4, H=2), *draw(12, N=3, T=4, D=5, H=2))


def test_rnn_backward_of_a_single_step(kata):
    kata.assert_gradients("rnn", upstream(13, T=1, H=3), *draw(13, T=1, D=4, H=3))


def test_rnn_backward_of_a_single_example(kata):
    kata.assert_gradients("rnn", upstream(14, N=1, T=5, H=3), *draw(14, N=1, T=5, D=2, H=3))


def test_rnn_backward_when_only_the_last_step_counts(kata):
    """The gradient that enters at the end reaches the first input and h0, smaller at every step by hand."""
    N, T, H = 1, 4, 1
    xs, h0, Wx, Wh, b = draw(15, N=N, T=T, D=1, H=H)
    dhs = np.zeros((N, T, H))
    dhs[:, -1] = 2.0
    dxs, dh0, *_ = kata.grads("rnn", dhs, xs, h0, Wx, Wh, b)
    hs, carried = walk_by_hand(xs, h0, Wx, Wh, b), 2.0
    expected = np.zeros((N, T, 1))
    for t in reversed(range(T)):
        dz = carried * (1 - hs[0, t, 0] ** 2)
        expected[0, t, 0], carried = dz * Wx[0, 0], dz * Wh[0, 0]
    kata.assert_close(dxs, expected)
    kata.assert_close(dh0, [[carried]])


def test_rnn_backward_when_only_the_first_step_counts(kata):
    """A gradient at the first state knows nothing of later inputs."""
    xs, h0, Wx, Wh, b = draw(16, T=3, D=2, H=1)
    dhs = upstream(16, T=3, H=1)
    dhs[:, 1:] = 0
    dxs, dh0, *_ = kata.grads("rnn", dhs, xs, h0, Wx, Wh, b)
    dz = dhs[:, 0] * (1 - step_by_hand(xs[:, 0], h0, Wx, Wh, b) ** 2)
    kata.assert_close(dh0, dz * Wh[0, 0])
    kata.assert_close(dxs[:, 1:], np.zeros((2, 2, 2)))
    kata.assert_close(dxs[:, 0], dz * Wx[:, 0])


def test_rnn_backward_keeps_float32(kata):
    same_in_float32(kata, "rnn", upstream(17), *draw(17))


def same_in_float32(kata, function, *args):
    """float32 gives the gradients of float64, to the digits that it has."""
    rounded = [arg.astype(np.float32) for arg in args]
    expected = kata.grads(function, *(arg.astype(float) for arg in rounded))
    got = kata.grads(function, *rounded)
    kata.assert_close(got, tuple(gradient.astype(np.float32) for gradient in expected))
