"""gru: gates by hand, sequences step by step, and the way back through time against central differences."""

import math

import numpy as np


def draw(seed, N=2, T=4, D=3, H=5, dtype=float):
    """xs, h0, Wx, Wh, bx, bh: nothing is zero, and no two axes have one size unless asked for."""
    rng = np.random.default_rng(seed)
    shapes = (N, T, D), (N, H), (D, 3 * H), (H, 3 * H), (3 * H,), (3 * H,)
    return tuple((rng.normal(size=shape) * 0.8).astype(dtype) for shape in shapes)


def upstream(seed, N=2, T=4, H=5, dtype=float):
    """A gradient for every step of every example."""
    return np.random.default_rng(seed + 1000).normal(size=(N, T, H)).astype(dtype)


def cell(seed, **sizes):
    """x, h, Wx, Wh, bx, bh for one step."""
    xs, *rest = draw(seed, T=1, **sizes)
    return xs[:, 0], *rest


def sigma(z):
    return (1 + math.tanh(z / 2)) / 2


def step_by_hand(x, h, Wx, Wh, bx, bh):
    """The equations, number by number; the gates of unit j stand in the columns j, H + j and 2H + j."""
    H = h.shape[1]
    new = np.empty(h.shape)
    for n, j in np.ndindex(h.shape):
        columns = (j, H + j, 2 * H + j)
        a_r, a_z, a_n = (bx[k] + sum(x[n, d] * Wx[d, k] for d in range(len(Wx))) for k in columns)
        u_r, u_z, u_n = (bh[k] + sum(h[n, m] * Wh[m, k] for m in range(H)) for k in columns)
        z = sigma(a_z + u_z)
        new[n, j] = (1 - z) * math.tanh(a_n + sigma(a_r + u_r) * u_n) + z * h[n, j]
    return new


def walk_by_hand(xs, h0, *weights):
    """The states of all steps, number by number."""
    states = [h0]
    for t in range(xs.shape[1]):
        states.append(step_by_hand(xs[:, t], states[-1], *weights))
    return np.stack(states[1:], axis=1)


def one_unit(h, bx, bh):
    """Arguments of a cell with one unit whose sums are the biases."""
    return np.zeros((1, 1)), np.array([[h]]), *np.zeros((2, 1, 3)), np.array(bx), np.array(bh)


def test_gru_cell_of_one_unit(kata):
    got = kata.gru_cell(*one_unit(2.0, [0.0, math.log(2), 0.3], [math.log(3), math.log(2), -0.8]))
    kata.assert_close(got, [[0.2 * math.tanh(0.3 - 0.75 * 0.8) + 0.8 * 2]])


def test_gru_cell_number_by_number(kata):
    args = cell(0)
    kata.assert_close(kata.gru_cell(*args), step_by_hand(*args))


def test_gru_cell_with_more_inputs_than_units(kata):
    args = cell(1, N=3, D=4, H=2)
    kata.assert_close(kata.gru_cell(*args), step_by_hand(*args))


def test_gru_cell_with_gates_wide_open_and_shut(kata):
    for (r, z), expected in (
        ((0.0, 1e4), 3.0),  # keeps
        ((1e4, -1e4), math.tanh(0.5 + 0.25)),  # proposes anew, with what the state sends
        ((-1e4, -1e4), math.tanh(0.5)),  # proposes anew, without it
    ):
        kata.assert_close(kata.gru_cell(*one_unit(3.0, [r, z, 0.5], [0.0, 0.0, 0.25])), [[expected]])
    kata.assert_close(kata.gru_cell(*one_unit(3.0, [0.0, -1e4, -1e4], [0.0, 0.0, 0.0])), [[-1.0]])


def test_gru_cell_keeps_float32(kata):
    args = cell(2, dtype=np.float32)
    kata.assert_close(kata.gru_cell(*args), step_by_hand(*args).astype(np.float32))


def test_gru_cell_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("gru_cell", upstream(3, N=4, H=2)[:, 0], *cell(3, N=4, D=3, H=2))


def test_gru_cell_backward_of_a_single_example_and_unit(kata):
    kata.assert_gradients("gru_cell", upstream(4, N=1, H=1)[:, 0], *cell(4, N=1, D=2, H=1))


def test_gru_cell_backward_of_one_unit(kata):
    """dbh has the reset in its last number, dbx has not; the rest of the two is one."""
    args = one_unit(2.0, [0.0, 0.0, 0.3], [math.log(3), math.log(4), -0.8])
    _, dh, _, _, dbx, dbh = kata.grads("gru_cell", np.ones((1, 1)), *args)
    n = math.tanh(0.3 - 0.6)
    da_n = 0.2 * (1 - n * n)
    kata.assert_close(dh, [[0.8]])
    kata.assert_close(dbx, [da_n * -0.8 * 0.75 * 0.25, (2 - n) * 0.8 * 0.2, da_n])
    kata.assert_close(dbh, [da_n * -0.8 * 0.75 * 0.25, (2 - n) * 0.8 * 0.2, da_n * 0.75])


def test_gru_cell_backward_is_finite_where_the_gates_are_saturated(kata):
    args = one_unit(3.0, [-1e4, 1e4, 1e4], [0.0, 0.0, 0.25])
    dx, dh, dWx, dWh, dbx, dbh = kata.grads("gru_cell", np.full((1, 1), 2.0), *args)
    kata.assert_close(dh, [[2.0]])
    kata.assert_close((dx, dWx, dWh, dbx, dbh), ([[0.0]], np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3), np.zeros(3)))


def test_gru_cell_backward_keeps_float32(kata):
    same_in_float32(kata, "gru_cell", upstream(5)[:, 0], *cell(5))


def test_gru_number_by_number(kata):
    args = draw(6)
    kata.assert_close(kata.gru(*args), walk_by_hand(*args))


def test_gru_of_a_single_step(kata):
    args = draw(7, T=1)
    kata.assert_close(kata.gru(*args), walk_by_hand(*args))


def test_gru_of_a_single_example(kata):
    args = draw(8, N=1, T=5, D=2, H=3)
    kata.assert_close(kata.gru(*args), walk_by_hand(*args))


def test_gru_of_one_input_and_one_unit(kata):
    args = draw(9, N=3, T=2, D=1, H=1)
    kata.assert_close(kata.gru(*args), walk_by_hand(*args))


def test_gru_goes_on_where_it_stopped(kata):
    """Two pieces, the second from where the first one ended, are the whole sequence."""
    xs, h0, *weights = draw(10, T=5)
    expected = walk_by_hand(xs, h0, *weights)
    first = kata.gru(xs[:, :2], h0, *weights)
    kata.assert_close(kata.gru(xs[:, 2:], first[:, -1], *weights), expected[:, 2:])


def test_gru_keeps_its_state_while_the_update_gate_is_open(kata):
    h0 = np.random.default_rng(11).normal(size=(2, 3))
    bx = np.array([0.0] * 3 + [1e4] * 3 + [0.7] * 3)
    got = kata.gru(np.ones((2, 5, 1)), h0, np.zeros((1, 9)), np.zeros((3, 9)), bx, np.zeros(9))
    kata.assert_close(got, np.repeat(h0[:, None], 5, axis=1))


def test_gru_keeps_float32(kata):
    args = draw(12, dtype=np.float32)
    kata.assert_close(kata.gru(*args), walk_by_hand(*args).astype(np.float32))


def test_gru_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("gru", upstream(13, N=3, T=4, H=2), *draw(13, N=3, T=4, D=5, H=2))


def test_gru_backward_of_a_single_step(kata):
    kata.assert_gradients("gru", upstream(14, T=1, H=3), *draw(14, T=1, D=1, H=3))


def test_gru_backward_of_a_single_example(kata):
    kata.assert_gradients("gru", upstream(15, N=1, T=5, H=2), *draw(15, N=1, T=5, D=3, H=2))


def test_gru_backward_when_only_the_last_step_counts(kata):
    """With gates that do not move, the gradient of the last state is halved at every step on its way to h0."""
    dhs, h0 = np.zeros((2, 4, 1)), np.zeros((2, 1))
    dhs[:, -1, 0] = 1.0, -3.0
    zeros = np.zeros(3)
    dxs, dh0, *_ = kata.grads("gru", dhs, np.zeros((2, 4, 1)), h0, np.ones((1, 3)), np.zeros((1, 3)), zeros, zeros)
    kata.assert_close(dh0, [[1 / 16], [-3 / 16]])
    halves = np.array([1 / 16, 1 / 8, 1 / 4, 1 / 2])
    kata.assert_close(dxs, np.stack([halves, -3 * halves])[:, :, None])


def test_gru_backward_when_only_the_first_step_counts(kata):
    """A gradient at the first state knows nothing of later inputs."""
    xs, *rest = draw(16, T=3, D=2, H=1)
    dhs = upstream(16, T=3, H=1)
    dhs[:, 1:] = 0
    dxs, *_ = kata.grads("gru", dhs, xs, *rest)
    kata.assert_close(dxs[:, 1:], np.zeros((2, 2, 2)))


def test_gru_backward_keeps_float32(kata):
    same_in_float32(kata, "gru", upstream(17), *draw(17))


def same_in_float32(kata, function, *args):
    """float32 gives the gradients of float64, to the digits that it has."""
    rounded = [arg.astype(np.float32) for arg in args]
    expected = kata.grads(function, *(arg.astype(float) for arg in rounded))
    got = kata.grads(function, *rounded)
    kata.assert_close(got, tuple(gradient.astype(np.float32) for gradient in expected))
