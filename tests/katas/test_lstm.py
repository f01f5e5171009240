"""lstm: gates by hand, sequences step by step, and the way back through both memories against central differences."""

import math

import numpy as np


def draw(seed, N=2, T=4, D=3, H=5, dtype=float):
    """xs, h0, c0, Wx, Wh, b: nothing is zero, and no two axes have one size unless asked for."""
    rng = np.random.default_rng(seed)
    shapes = (N, T, D), (N, H), (N, H), (D, 4 * H), (H, 4 * H), (4 * H,)
    return tuple((rng.normal(size=shape) * 0.8).astype(dtype) for shape in shapes)


def upstream(seed, N=2, T=4, H=5, dtype=float):
    """A gradient for every step of every example, and one for the last memory."""
    rng = np.random.default_rng(seed + 1000)
    return rng.normal(size=(N, T, H)).astype(dtype), rng.normal(size=(N, H)).astype(dtype)


def cell(seed, **sizes):
    """x, h, c, Wx, Wh, b for one step."""
    xs, *rest = draw(seed, T=1, **sizes)
    return xs[:, 0], *rest


def cell_upstream(seed, **sizes):
    dhs, dcT = upstream(seed, T=1, **sizes)
    return dhs[:, 0], dcT


def sigma(z):
    return (1 + math.tanh(z / 2)) / 2


def step_by_hand(x, h, c, Wx, Wh, b):
    """The equations, number by number; the gates of unit j stand in the columns j, H + j, 2H + j and 3H + j."""
    H = h.shape[1]
    new_h, new_c = np.empty(h.shape), np.empty(h.shape)
    for n, j in np.ndindex(h.shape):
        z_i, z_f, z_g, z_o = (
            b[k] + sum(x[n, d] * Wx[d, k] for d in range(len(Wx))) + sum(h[n, m] * Wh[m, k] for m in range(H))
            for k in (j, H + j, 2 * H + j, 3 * H + j)
        )
        new_c[n, j] = sigma(z_f) * c[n, j] + sigma(z_i) * math.tanh(z_g)
        new_h[n, j] = sigma(z_o) * math.tanh(new_c[n, j])
    return new_h, new_c


def walk_by_hand(xs, h0, c0, Wx, Wh, b):
    """The states of all steps and the last memory, number by number."""
    h, c, hs = h0, c0, []
    for t in range(xs.shape[1]):
        h, c = step_by_hand(xs[:, t], h, c, Wx, Wh, b)
        hs.append(h)
    return np.stack(hs, axis=1), c


def one_unit(z_i, z_f, z_g, z_o, c):
    """Arguments of a cell with one unit whose gates are given the sums of their own."""
    return np.zeros((1, 1)), np.zeros((1, 1)), np.array([[c]]), *np.zeros((2, 1, 4)), np.array([z_i, z_f, z_g, z_o])


def test_lstm_cell_of_one_unit(kata):
    h, c = kata.lstm_cell(*one_unit(math.log(3), math.log(4), 0.7, math.log(9), 2.0))
    memory = 0.8 * 2 + 0.75 * math.tanh(0.7)
    kata.assert_close(c, [[memory]])
    kata.assert_close(h, [[0.9 * math.tanh(memory)]])


def test_lstm_cell_number_by_number(kata):
    args = cell(0)
    kata.assert_close(kata.lstm_cell(*args), step_by_hand(*args))


def test_lstm_cell_with_more_inputs_than_units(kata):
    args = cell(1, N=3, D=4, H=2)
    kata.assert_close(kata.lstm_cell(*args), step_by_hand(*args))


def test_lstm_cell_with_gates_wide_open_and_shut(kata):
    """Whatever is kept is kept whole, and what is shut lets nothing through."""
    for z, expected in (
        ((-1e4, 1e4, 1e4, 1e4), 3.0),  # keeps
        ((1e4, -1e4, 1e4, 1e4), 1.0),  # writes 1
        ((1e4, -1e4, -1e4, 1e4), -1.0),  # writes −1
        ((1e4, 1e4, 1e4, 1e4), 4.0),  # adds
    ):
        h, c = kata.lstm_cell(*one_unit(*z, 3.0))
        kata.assert_close(c, [[expected]])
        kata.assert_close(h, [[math.tanh(expected)]])
    h, c = kata.lstm_cell(*one_unit(-1e4, 1e4, 1e4, -1e4, 3.0))  # keeps, and does not show
    kata.assert_close((h, c), ([[0.0]], [[3.0]]))


def test_lstm_cell_keeps_float32(kata):
    args = cell(2, dtype=np.float32)
    h, c = step_by_hand(*args)
    kata.assert_close(kata.lstm_cell(*args), (h.astype(np.float32), c.astype(np.float32)))


def test_lstm_cell_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("lstm_cell", *cell_upstream(3, N=4, H=2), *cell(3, N=4, D=3, H=2))


def test_lstm_cell_backward_of_a_single_example_and_unit(kata):
    kata.assert_gradients("lstm_cell", *cell_upstream(4, N=1, H=1), *cell(4, N=1, D=2, H=1))


def test_lstm_cell_backward_of_the_memory_alone(kata):
    """What arrives at c_new reaches c through f, and never the output gate."""
    args = one_unit(math.log(3), math.log(4), 0.7, math.log(9), 2.0)
    _, _, dc, _, _, db = kata.grads("lstm_cell", np.zeros((1, 1)), np.ones((1, 1)), *args)
    kata.assert_close(dc, [[0.8]])
    g = math.tanh(0.7)
    kata.assert_close(db, [g * 0.75 * 0.25, 2 * 0.8 * 0.2, 0.75 * (1 - g * g), 0])


def test_lstm_cell_backward_is_finite_where_the_gates_are_saturated(kata):
    args = one_unit(-1e4, 1e4, 1e4, 1e4, 0.5)
    slope = 1 - math.tanh(0.5) ** 2
    dx, dh, dc, dWx, dWh, db = kata.grads("lstm_cell", np.ones((1, 1)), np.full((1, 1), 2.0), *args)
    kata.assert_close(dc, [[2 + slope]])
    kata.assert_close((dx, dh, dWx, dWh, db), ([[0.0]], [[0.0]], np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4)))


def test_lstm_cell_backward_keeps_float32(kata):
    same_in_float32(kata, "lstm_cell", *cell_upstream(5), *cell(5))


def test_lstm_number_by_number(kata):
    args = draw(6)
    kata.assert_close(kata.lstm(*args), walk_by_hand(*args))


def test_lstm_of_a_single_step(kata):
    args = draw(7, T=1)
    kata.assert_close(kata.lstm(*args), walk_by_hand(*args))


def test_lstm_of_a_single_example(kata):
    args = draw(8, N=1, T=5, D=2, H=3)
    kata.assert_close(kata.lstm(*args), walk_by_hand(*args))


def test_lstm_of_one_input_and_one_unit(kata):
    args = draw(9, N=3, T=2, D=1, H=1)
    kata.assert_close(kata.lstm(*args), walk_by_hand(*args))


def test_lstm_goes_on_where_it_stopped(kata):
    """Two pieces, the second from where the first one ended, are the whole sequence."""
    xs, h0, c0, *weights = draw(10, T=5)
    states, memory = walk_by_hand(xs, h0, c0, *weights)
    hs, c = kata.lstm(xs[:, :2], h0, c0, *weights)
    kata.assert_close(kata.lstm(xs[:, 2:], hs[:, -1], c, *weights), (states[:, 2:], memory))


def test_lstm_counts_without_forgetting(kata):
    """Every gate is wide open and every input writes 1: the memory counts the steps."""
    T = 7
    z = np.full(4, 1e4)
    hs, cT = kata.lstm(np.zeros((2, T, 1)), np.zeros((2, 1)), np.array([[0.0], [5.0]]), *np.zeros((2, 1, 4)), z)
    kata.assert_close(cT, [[T], [5 + T]])
    kata.assert_close(hs, np.tanh(np.arange(1, T + 1)[:, None] + np.array([0.0, 5.0])[:, None, None]))


def test_lstm_keeps_float32(kata):
    args = draw(11, dtype=np.float32)
    hs, cT = walk_by_hand(*args)
    kata.assert_close(kata.lstm(*args), (hs.astype(np.float32), cT.astype(np.float32)))


def test_lstm_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("lstm", *upstream(12, N=3, T=4, H=2), *draw(12, N=3, T=4, D=5, H=2))


def test_lstm_backward_of_a_single_step(kata):
    kata.assert_gradients("lstm", *upstream(13, T=1, H=3), *draw(13, T=1, D=1, H=3))


def test_lstm_backward_of_a_single_example(kata):
    kata.assert_gradients("lstm", *upstream(14, N=1, T=5, H=2), *draw(14, N=1, T=5, D=3, H=2))


def test_lstm_backward_of_the_last_memory_alone(kata):
    """With gates that do not move, the gradient of the memory is halved at every step, and nothing else is left of it."""
    zeros = np.zeros((2, 4, 1))
    args = zeros, np.zeros((2, 1)), np.ones((2, 1)), *np.zeros((2, 1, 4)), np.zeros(4)
    dxs, dh0, dc0, *_ = kata.grads("lstm", zeros, np.array([[1.0], [-3.0]]), *args)
    kata.assert_close(dc0, [[1 / 16], [-3 / 16]])
    kata.assert_close((dxs, dh0), (zeros, np.zeros((2, 1))))


def test_lstm_backward_when_only_the_first_step_counts(kata):
    """A gradient at the first state knows nothing of later inputs."""
    xs, *rest = draw(15, T=3, D=2, H=1)
    dhs, dcT = upstream(15, T=3, H=1)
    dhs[:, 1:], dcT[:] = 0, 0
    dxs, *_ = kata.grads("lstm", dhs, dcT, xs, *rest)
    kata.assert_close(dxs[:, 1:], np.zeros((2, 2, 2)))


def test_lstm_backward_does_not_fade_where_nothing_is_forgotten(kata):
    """f = 1 along forty steps: all of the gradient of the last memory arrives at the first one."""
    T = 40
    b = np.array([0.0, 1e4, 0.0, 0.0])
    args = np.zeros((1, T, 1)), np.zeros((1, 1)), np.ones((1, 1)), *np.zeros((2, 1, 4)), b
    _, _, dc0, *_ = kata.grads("lstm", np.zeros((1, T, 1)), np.full((1, 1), 0.75), *args)
    kata.assert_close(dc0, [[0.75]])


def test_lstm_backward_keeps_float32(kata):
    same_in_float32(kata, "lstm", *upstream(16), *draw(16))


def same_in_float32(kata, function, *args):
    """float32 gives the gradients of float64, to the digits that it has."""
    rounded = [arg.astype(np.float32) for arg in args]
    expected = kata.grads(function, *(arg.astype(float) for arg in rounded))
    got = kata.grads(function, *rounded)
    kata.assert_close(got, tuple(gradient.astype(np.float32) for gradient in expected))
