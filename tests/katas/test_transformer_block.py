"""feed_forward and block: values against loops over every place, what may look where, and derivatives."""

import math

import numpy as np

ONES, MATRICES = ("gamma1", "gamma2"), ("Wq", "Wk", "Wv", "Wo")


def normal(seed, *shapes):
    """One random array of float64 for each shape."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def make(seed, E, F):
    """Random params of a block."""
    rng = np.random.default_rng(seed)
    shapes = {"gamma1": (E,), "beta1": (E,), **dict.fromkeys(MATRICES, (E, E)), "gamma2": (E,), "beta2": (E,)}
    shapes |= {"W1": (E, F), "b1": (F,), "W2": (F, E), "b2": (E,)}
    return {name: rng.normal(size=shape, scale=0.8) + (name in ONES) for name, shape in shapes.items()}


def quiet(E, F):
    """Params that give x back: nothing is brought by either part."""
    return {name: 0 * value for name, value in make(0, E, F).items()} | {"gamma1": np.ones(E), "gamma2": np.ones(E)}


def network(row, W1, b1, W2, b2):
    """feed_forward of one place."""
    h = [max(0.0, float(row @ W1[:, j] + b1[j])) for j in range(len(b1))]
    return np.array([sum(h[j] * W2[j, e] for j in range(len(h))) + b2[e] for e in range(len(b2))])


def everywhere(x, *weights):
    return np.array([[network(row, *weights) for row in sequence] for sequence in x])


def norm(row, gamma, beta):
    mean = sum(row) / len(row)
    var = sum((value - mean) ** 2 for value in row) / len(row)
    return gamma * (row - mean) / math.sqrt(var + 1e-5) + beta


def attend(a, p, G, may_look):
    """Self-attention of one sequence `a`, place by place and head by head; `may_look(t, s)` says who sees whom."""
    T, E = a.shape
    out, D = np.zeros((T, E)), E // G
    for t in range(T):
        for g in range(G):
            block = slice(g * D, (g + 1) * D)
            seen = [s for s in range(T) if may_look(t, s)]
            scores = [(a[t] @ p["Wq"][:, block]) @ (a[s] @ p["Wk"][:, block]) / math.sqrt(D) for s in seen]
            exps = [math.exp(score - max(scores)) for score in scores]
            out[t, block] = sum(e / sum(exps) * (a[s] @ p["Wv"][:, block]) for e, s in zip(exps, seen, strict=True))
    return out @ p["Wo"]


def by_place(x, p, G, mask=None):
    """block in loops."""
    out = []
    for n, sequence in enumerate(x):
        visible = None if mask is None else np.broadcast_to(mask, (len(x), *mask.shape[-2:]))[n]
        a = np.array([norm(row, p["gamma1"], p["beta1"]) for row in sequence])
        y = sequence + attend(a, p, G, lambda t, s, seen=visible: seen is None or seen[t, s])
        b = [norm(row, p["gamma2"], p["beta2"]) for row in y]
        out.append([row + network(one, p["W1"], p["b1"], p["W2"], p["b2"]) for row, one in zip(y, b, strict=True)])
    return np.array(out)


# ---------------------------------------------------------------------- feed_forward


def test_feed_forward_by_hand(kata):
    W1, b1 = np.array([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0]]), np.array([0.0, 1.0, -5.0])
    W2, b2 = np.array([[1.0, 0.0], [10.0, 1.0], [100.0, 0.0]]), np.array([0.0, 0.5])
    kata.assert_close(kata.feed_forward(np.array([[[3.0, 4.0]]]), W1, b1, W2, b2), [[[63, 6.5]]])
    kata.assert_close(kata.feed_forward(np.array([[[-1.0, 7.0]]]), W1, b1, W2, b2), [[[360, 16.5]]])


def test_feed_forward_treats_every_place_alike(kata):
    args = normal(0, (2, 3, 4), (4, 5), 5, (5, 4), 4)
    kata.assert_close(kata.feed_forward(*args), everywhere(*args))


def test_feed_forward_where_every_unit_is_off_is_the_last_bias(kata):
    x, W1, W2, b2 = normal(1, (3, 2, 5), (5, 4), (4, 5), 5)
    kata.assert_close(kata.feed_forward(x, W1, np.full(4, -100.0), W2, b2), np.tile(b2, (3, 2, 1)))


def test_feed_forward_takes_size_1(kata):
    one = np.full((1, 1), 2.0)
    kata.assert_close(kata.feed_forward(np.full((1, 1, 1), 3.0), one, one[0], -one, one[0]), [[[-14]]])
    args = normal(2, (1, 4, 3), (3, 1), 1, (1, 3), 3)
    kata.assert_close(kata.feed_forward(*args), everywhere(*args))


def test_feed_forward_survives_large_values(kata):
    x, W1, b1, W2, b2 = normal(3, (2, 3, 4), (4, 5), 5, (5, 4), 4)
    kata.assert_close(kata.feed_forward(1e4 * x, W1, 1e4 * b1, W2, 1e4 * b2), 1e4 * everywhere(x, W1, b1, W2, b2))


def test_feed_forward_keeps_float32(kata):
    args = [array.astype(np.float32) for array in normal(4, (2, 3, 4), (4, 5), 5, (5, 4), 4)]
    kata.assert_close(kata.feed_forward(*args), everywhere(*args))


def test_feed_forward_backward_by_hand(kata):
    x, W1, b1 = np.array([[[3.0], [-2.0]], [[1.0], [0.5]]]), np.array([[1.0, -1.0]]), np.array([0.0, -1.0])
    W2, b2 = np.array([[1.0], [10.0]]), np.array([7.0])
    dout = np.array([[[2.0], [3.0]], [[4.0], [5.0]]])
    dx, dW1, db1, dW2, db2 = kata.grads("feed_forward", dout, x, W1, b1, W2, b2)
    kata.assert_close(dx, [[[2], [-30]], [[4], [5]]])
    kata.assert_close(dW1, [[12.5, -60]])
    kata.assert_close(db1, [11, 30])
    kata.assert_close(dW2, [[12.5], [3]])
    kata.assert_close(db2, [14])


def test_feed_forward_backward_agrees_with_central_differences(kata):
    kata.assert_gradients("feed_forward", *normal(5, (2, 3, 4), (2, 3, 4), (4, 5), 5, (5, 4), 4))


def test_feed_forward_backward_of_square_weights(kata):
    kata.assert_gradients("feed_forward", *normal(6, (2, 4, 3), (2, 4, 3), (3, 3), 3, (3, 3), 3))


def test_feed_forward_backward_takes_size_1(kata):
    kata.assert_gradients("feed_forward", *normal(7, (1, 1, 3), (1, 1, 3), (3, 2), 2, (2, 3), 3))
    kata.assert_gradients("feed_forward", *normal(8, (1, 3, 1), (1, 3, 1), (1, 1), 1, (1, 1), 1))


def test_feed_forward_backward_stops_at_units_that_are_off(kata):
    dout, x, W1, W2, b2 = normal(9, (3, 2, 5), (3, 2, 5), (5, 4), (4, 5), 5)
    got = kata.grads("feed_forward", dout, x, W1, np.full(4, -100.0), W2, b2)
    kata.assert_close(got, (0 * x, 0 * W1, np.zeros(4), 0 * W2, dout.sum(axis=(0, 1))))


def test_feed_forward_backward_keeps_float32(kata):
    dout, x, W1, b1, W2, b2 = (a.astype(np.float32) for a in normal(10, (2, 3, 4), (2, 3, 4), (4, 5), 5, (5, 4), 4))
    on = x @ W1 + b1 > 0
    h, dz = np.where(on, x @ W1 + b1, 0), np.where(on, dout @ W2.T, 0)
    dW1, dW2 = np.einsum("nte,ntf->ef", x, dz), np.einsum("ntf,nte->fe", h, dout)
    expected = (dz @ W1.T, dW1, dz.sum(axis=(0, 1)), dW2, dout.sum(axis=(0, 1)))
    kata.assert_close(kata.grads("feed_forward", dout, x, W1, b1, W2, b2), expected)


# ---------------------------------------------------------------------- block


def test_block_whose_parts_bring_nothing_gives_x_back(kata):
    (x,) = normal(20, (2, 3, 4))
    kata.assert_close(kata.block(x, quiet(4, 5), 2), x)
    b2 = np.array([1.0, 2.0, 3.0, 4.0])
    kata.assert_close(kata.block(x, quiet(4, 5) | {"b2": b2}, 2), x + b2)


def test_block_adds_what_the_attention_brings(kata):
    (x,), p = normal(21, (2, 3, 4)), make(22, 4, 5)
    p |= {"W2": 0 * p["W2"], "b2": 0 * p["b2"]}
    kata.assert_close(kata.block(x, p, 2), by_place(x, p, 2))


def test_block_adds_what_the_small_network_brings(kata):
    (x,), p = normal(23, (2, 3, 4)), make(24, 4, 5)
    p["Wo"] = 0 * p["Wo"]
    kata.assert_close(kata.block(x, p, 2), by_place(x, p, 2))


def test_block_is_the_whole_formula(kata):
    (x,), p = normal(25, (2, 3, 4)), make(26, 4, 5)
    kata.assert_close(kata.block(x, p, 2), by_place(x, p, 2))


def test_block_takes_any_number_of_heads_that_divides_the_features(kata):
    (x,), p = normal(27, (2, 3, 4)), make(28, 4, 5)
    for G in (1, 4):
        kata.assert_close(kata.block(x, p, G), by_place(x, p, G))


def test_block_obeys_a_mask_for_all_sequences(kata):
    (x,), p = normal(29, (2, 5, 4)), make(30, 4, 3)
    mask = np.random.default_rng(31).random((5, 5)) < 0.5
    mask[np.arange(5), [2, 0, 1, 1, 3]] = True  # everyone sees something
    kata.assert_close(kata.block(x, p, 2, mask), by_place(x, p, 2, mask))


def test_block_obeys_a_mask_for_each_sequence(kata):
    (x,), p = normal(32, (2, 3, 4)), make(33, 4, 5)
    mask = np.array([[[1, 0, 0], [1, 1, 0], [0, 1, 1]], [[0, 1, 0], [1, 0, 1], [1, 1, 1]]], dtype=bool)
    kata.assert_close(kata.block(x, p, 2, mask), by_place(x, p, 2, mask))


def test_block_with_a_causal_mask_does_not_see_the_future(kata):
    (x, other), p = normal(34, (2, 4, 6), (2, 2, 6)), make(35, 6, 3)
    mask = np.tri(4, dtype=bool)
    one, two = kata.block(x, p, 3, mask), kata.block(np.concatenate([x[:, :2], other], axis=1), p, 3, mask)
    kata.law(
        np.allclose(one[:, :2], two[:, :2], rtol=1e-9, atol=1e-9),
        "changes at its first two places when only the last two are others, though the mask hides them",
        function="block",
        cause="future-leaks",
        says="places see others that the mask hides from them",
    )
    kata.assert_close(one, by_place(x, p, 3, mask))


def test_block_at_a_place_that_may_look_nowhere_keeps_the_rest(kata):
    (x,), p = normal(36, (2, 3, 4)), make(37, 4, 5)
    mask = np.array([[True, False, True], [False, False, False], [True, True, True]])
    kata.assert_close(kata.block(x, p, 2, mask), by_place(x, p, 2, mask))


def test_block_takes_size_1(kata):
    (x,), p = normal(38, (1, 1, 1)), make(39, 1, 1)
    kata.assert_close(kata.block(x, p, 1), by_place(x, p, 1))
    (x,), p = normal(40, (1, 1, 6)), make(41, 6, 1)
    kata.assert_close(kata.block(x, p, 3, np.ones((1, 1), bool)), by_place(x, p, 3))


def test_block_survives_rows_that_are_constant_or_large(kata):
    (x,), p = normal(42, (2, 3, 4)), make(43, 4, 5)
    x[0, 1], x[1] = 7.0, 1e4 * x[1]
    kata.assert_close(kata.block(x, p, 2), by_place(x, p, 2))
    large = p | {"Wq": 100 * p["Wq"], "Wk": 100 * p["Wk"]}
    kata.assert_close(kata.block(x, large, 2), by_place(x, large, 2))


def test_block_adds_the_small_constant_of_both_norms_where_rows_are_almost_constant(kata):
    (x,), p = normal(44, (2, 3, 4)), make(45, 4, 5)
    p["Wo"] = 0.001 * p["Wo"]
    kata.assert_close(kata.block(0.003 * x, p, 2), by_place(0.003 * x, p, 2))


def test_block_keeps_float32(kata):
    (x,), p = normal(46, (2, 3, 4)), make(47, 4, 5)
    single = {name: value.astype(np.float32) for name, value in p.items()}
    kata.assert_close(kata.block(x.astype(np.float32), single, 2, np.tri(3, dtype=bool)), by_place(x, p, 2, np.tri(3)))


def test_block_backward_of_parts_that_bring_nothing(kata):
    dout, x = normal(50, (2, 3, 4), (2, 3, 4))
    dx, dparams = kata.grads("block", dout, x, quiet(4, 5), 2)
    kata.assert_close(dx, dout)
    expected = {name: 0 * value for name, value in quiet(4, 5).items()}
    kata.assert_close(dparams, expected | {"b2": dout.sum(axis=(0, 1))})


def test_block_backward_agrees_with_central_differences(kata):
    dout, x = normal(51, (2, 3, 4), (2, 3, 4))
    kata.assert_gradients("block", dout, x, make(52, 4, 5), 2)


def test_block_backward_obeys_the_mask(kata):
    dout, x = normal(53, (2, 3, 2), (2, 3, 2))
    mask = np.array([[True, False, False], [True, True, False], [False, False, False]])
    kata.assert_gradients("block", dout, x, make(54, 2, 3), 1, mask)
    several = np.array([[[1, 0, 0], [1, 1, 0], [0, 1, 1]], [[0, 1, 0], [1, 0, 1], [1, 1, 1]]], dtype=bool)
    kata.assert_gradients("block", dout, x, make(55, 2, 3), 2, several)


def test_block_backward_takes_size_1(kata):
    kata.assert_gradients("block", *normal(56, (1, 1, 3), (1, 1, 3)), make(57, 3, 1), 1)
    kata.assert_gradients("block", *normal(58, (1, 2, 1), (1, 2, 1)), make(59, 1, 2), 1)


def test_block_backward_keeps_float32(kata):
    dout, x = (array.astype(np.float32) for array in normal(60, (2, 3, 4), (2, 3, 4)))
    p = {name: value.astype(np.float32) for name, value in quiet(4, 5).items()}
    dx, dparams = kata.grads("block", dout, x, p, 2)
    kata.assert_close(dx, dout)
    expected = {name: 0 * value for name, value in p.items()}
    kata.assert_close(dparams, expected | {"b2": dout.sum(axis=(0, 1))})
