"""additive_attention: scores by a small network, padding that takes no share, and the way back to six arguments."""

import numpy as np

N, S, H, F, A = 2, 4, 3, 5, 6
SHAPES = (N, H), (N, S, H), (N, S, F), (H, A), (H, A), (A,)


def normal(seed, *shapes):
    """One random array of float64 for each shape."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def by_loops(query, keys, values, Wq, Wk, v, mask=None):
    """Context and weights, one key of one example after the other."""
    weights = np.zeros(keys.shape[:2], keys.dtype)
    context = np.zeros((len(keys), values.shape[2]), keys.dtype)
    for n in range(len(keys)):
        seen = [s for s in range(keys.shape[1]) if mask is None or mask[n, s]]
        scores = [float(np.tanh(query[n] @ Wq + keys[n, s] @ Wk) @ v) for s in seen]
        exps = [np.exp(score - max(scores)) for score in scores]
        for s, value in zip(seen, exps, strict=True):
            weights[n, s] = value / sum(exps)
            context[n] += weights[n, s] * values[n, s]
    return context, weights


def padded(*lengths):
    return np.arange(S) < np.array(lengths)[:, None]


def test_keys_that_look_the_same_share_equally(kata):
    query, keys, values, Wq, Wk, v = normal(0, *SHAPES)
    context, weights = kata.additive_attention(query, keys, values, Wq, 0 * Wk, v, None)
    kata.assert_close(weights, np.full((N, S), 1 / S))
    kata.assert_close(context, values.mean(axis=1))


def test_the_weights_of_two_keys_by_hand(kata):
    keys, values = np.array([[[0.0], [np.arctanh(0.5)]]]), np.array([[[1.0, 0.0], [5.0, 8.0]]])
    one = np.ones((1, 1))
    context, weights = kata.additive_attention(
        np.zeros((1, 1)), keys, values, one, one, np.array([2 * np.log(3.0)]), None
    )
    kata.assert_close(weights, [[0.25, 0.75]])
    kata.assert_close(context, [[4.0, 6.0]])


def test_query_and_key_meet_in_a_small_network(kata):
    args = normal(1, *SHAPES)
    kata.assert_close(kata.additive_attention(*args), by_loops(*args))


def test_padding_takes_no_share(kata):
    args, mask = normal(2, *SHAPES), padded(2, 3)
    kata.assert_close(kata.additive_attention(*args, mask), by_loops(*args, mask))


def test_padding_may_hold_anything(kata):
    query, keys, values, Wq, Wk, v = normal(3, *SHAPES)
    mask = padded(3, 2)
    expected = by_loops(query, keys, values, Wq, Wk, v, mask)
    keys[~mask], values[~mask] = 1e4, -1e4
    kata.assert_close(kata.additive_attention(query, keys, values, Wq, Wk, v, mask), expected)


def test_a_mask_may_hide_any_place(kata):
    args, mask = normal(4, *SHAPES), np.array([[False, True, False, True], [True, False, True, True]])
    kata.assert_close(kata.additive_attention(*args, mask), by_loops(*args, mask))


def test_an_example_that_may_look_nowhere_gets_zeros(kata):
    args, mask = normal(5, *SHAPES), padded(0, 3)
    kata.assert_close(kata.additive_attention(*args, mask), by_loops(*args, mask))
    kata.assert_close(kata.additive_attention(*args, padded(0, 0)), (np.zeros((N, F)), np.zeros((N, S))))


def test_a_single_key_takes_everything(kata):
    args = normal(6, (1, 2), (1, 1, 2), (1, 1, 3), (2, 1), (2, 1), (1,))
    kata.assert_close(kata.additive_attention(*args, np.array([[True]])), (args[2][:, 0], [[1.0]]))


def test_large_scores_survive(kata):
    keys, values = np.array([[[9.0], [-9.0], [9.0]]]), np.array([[[1.0], [5.0], [2.0]]])
    one, mask = np.ones((1, 1)), np.array([[True, True, False]])
    args = (np.zeros((1, 1)), keys, values, one, one, np.array([1e4]), mask)
    kata.assert_close(kata.additive_attention(*args), ([[1.0]], [[1.0, 0.0, 0.0]]))
    lower = (np.zeros((1, 1)), -keys, values, one, one, np.array([1e4]), np.array([[True, False, True]]))
    kata.assert_close(kata.additive_attention(*lower), ([[1.5]], [[0.5, 0.0, 0.5]]))


def test_float32_is_kept(kata):
    args, mask = [a.astype(np.float32) for a in normal(7, *SHAPES)], padded(4, 2)
    kata.assert_close(kata.additive_attention(*args, mask), by_loops(*args, mask))


def test_gradients_come_through_the_context(kata):
    dcontext, dweights, *args = normal(8, (N, F), (N, S), *SHAPES)
    kata.assert_gradients("additive_attention", dcontext, 0 * dweights, *args, None)


def test_gradients_come_through_the_weights_too(kata):
    dcontext, dweights, *args = normal(9, (N, F), (N, S), *SHAPES)
    kata.assert_gradients("additive_attention", 0 * dcontext, dweights, *args, None)
    kata.assert_gradients("additive_attention", dcontext, dweights, *args, None)


def test_gradients_are_zero_in_the_padding(kata):
    dcontext, dweights, *args = normal(10, (N, F), (N, S), *SHAPES)
    kata.assert_gradients("additive_attention", dcontext, dweights, *args, padded(2, 4))


def test_gradients_of_an_example_that_may_look_nowhere_are_zero(kata):
    dcontext, dweights, *args = normal(11, (N, F), (N, S), *SHAPES)
    kata.assert_gradients("additive_attention", dcontext, dweights, *args, padded(3, 0))
    nothing = kata.grads("additive_attention", dcontext, dweights, *args, padded(0, 0))
    kata.assert_close(nothing, tuple(np.zeros_like(arg) for arg in args))


def test_gradients_of_single_sizes(kata):
    dcontext, dweights, *args = normal(12, (1, 1), (1, 1), (1, 1), (1, 1, 1), (1, 1, 1), (1, 1), (1, 1), (1,))
    expected = (0 * args[0], 0 * args[1], dcontext[:, None], 0 * args[3], 0 * args[4], 0 * args[5])
    kata.assert_close(kata.grads("additive_attention", dcontext, dweights, *args, None), expected)


def test_gradients_keep_float32(kata):
    dcontext, dweights, *args = normal(13, (N, F), (N, S), *SHAPES)
    wide = kata.grads("additive_attention", dcontext, dweights, *args, None)
    narrow = [a.astype(np.float32) for a in (dcontext, dweights, *args)]
    got = kata.grads("additive_attention", *narrow, None)
    kata.assert_close(got, tuple(a.astype(np.float32) for a in wide), rtol=1e-4)
