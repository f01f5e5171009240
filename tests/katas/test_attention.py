"""attention: two masks, weights along the keys, averages of the values, and derivatives against central differences."""

import numpy as np


def normal(seed, *shapes):
    """One random array of float64 for each shape."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def by_loops(q, k, mask=None):
    """The weights of T queries for S keys, one query after the other; `mask` has the shape (T, S)."""
    weights = np.zeros((len(q), len(k)), q.dtype)
    for t in range(len(q)):
        seen = [s for s in range(len(k)) if mask is None or mask[t, s]]
        scores = [float(q[t] @ k[s]) / q.shape[1] ** 0.5 for s in seen]
        exps = [np.exp(score - max(scores)) for score in scores]
        for s, value in zip(seen, exps, strict=True):
            weights[t, s] = value / sum(exps)
    return weights


def some(seed, *shape):
    """A mask of that shape in which every row may look somewhere, and none everywhere."""
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < 0.5
    mask[..., 1], mask[..., -1] = True, False
    mask[..., 0, 0], mask[..., 0, 1] = True, False
    return mask


def is_bool(kata, function, mask):
    held = np.asarray(mask).dtype
    says = f"these are numbers ({held}) where True and False belong"
    kata.law(
        held.kind == "b", f"the mask holds {held}; bool is asked for", function=function, cause="wrong-type", says=says
    )


def test_causal_mask_lets_a_step_look_at_itself_and_back(kata):
    mask = kata.causal_mask(4)
    kata.assert_close(mask, np.array([[s <= t for s in range(4)] for t in range(4)]))
    is_bool(kata, "causal_mask", mask)


def test_causal_mask_of_one_step(kata):
    kata.assert_close(kata.causal_mask(1), [[True]])


def test_padding_mask_shows_the_first_places_of_each_row(kata):
    mask = kata.padding_mask(np.array([2, 5, 0, 1]), 5)
    expected = [[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]
    kata.assert_close(mask, np.array(expected, bool))
    is_bool(kata, "padding_mask", mask)


def test_padding_mask_is_as_wide_as_asked(kata):
    kata.assert_close(
        kata.padding_mask(np.array([2, 1, 2]), 4), np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0]], bool)
    )
    kata.assert_close(kata.padding_mask(np.array([1]), 1), [[True]])


def test_attention_weights_by_hand(kata):
    q = np.array([[2 * np.log(3.0), 0, 0, 0]])
    kata.assert_close(kata.attention_weights(q, np.eye(3, 4), None), [[0.6, 0.2, 0.2]])


def test_attention_weights_of_every_query_add_up_to_one(kata):
    q, k = normal(0, (3, 5), (4, 5))
    kata.assert_close(kata.attention_weights(q, k, None), by_loops(q, k))


def test_attention_weights_keep_leading_axes_apart(kata):
    q, k = normal(1, (2, 3, 4, 6), (2, 3, 5, 6))
    expected = [[by_loops(q[n, g], k[n, g]) for g in range(3)] for n in range(2)]
    kata.assert_close(kata.attention_weights(q, k, None), np.array(expected))


def test_attention_weights_are_zero_where_the_mask_is_false(kata):
    q, k = normal(2, (3, 5), (4, 5))
    mask = some(2, 3, 4)
    kata.assert_close(kata.attention_weights(q, k, mask), by_loops(q, k, mask))


def test_attention_weights_take_one_mask_for_all_examples_or_one_for_each(kata):
    q, k = normal(3, (2, 3, 5), (2, 4, 5))
    for mask in (some(3, 3, 4), some(4, 2, 3, 4), some(5, 2, 1, 4) | np.array([True, False, False, False])):
        full = np.broadcast_to(mask, (2, 3, 4))
        kata.assert_close(
            kata.attention_weights(q, k, mask), np.array([by_loops(*row) for row in zip(q, k, full, strict=True)])
        )


def test_attention_weights_of_a_row_that_may_look_nowhere_are_zero(kata):
    q, k = normal(6, (2, 3, 5), (2, 4, 5))
    mask = some(6, 2, 3, 4)
    mask[0, 1] = mask[1] = False
    kata.assert_close(
        kata.attention_weights(q, k, mask), np.array([by_loops(*row) for row in zip(q, k, mask, strict=True)])
    )


def test_attention_weights_survive_extreme_scores(kata):
    q, k = np.array([[1e4, 0.0, 0.0, 0.0], [-1e4, 0, 0, 0], [0, 1, 0, 0]]), np.array([[2.0, 0, 0, 0], [0, 0, 0, 0]])
    kata.assert_close(kata.attention_weights(q, k, None), [[1, 0], [0, 1], [0.5, 0.5]])
    low = np.array([[-1e4, 0.0, 0.0, 0.0]])
    kata.assert_close(kata.attention_weights(low, np.array([[2.0, 0, 0, 0], [2.0, 1, 0, 0]]), None), [[0.5, 0.5]])


def test_attention_weights_survive_an_extreme_score_that_is_hidden(kata):
    q, k = np.array([[1.0, 0, 0, 0]]), np.array([[2e4, 0, 0, 0], [0.0, 1, 0, 0], [0, 0, 1, 0]])
    kata.assert_close(kata.attention_weights(q, k, np.array([[False, True, True]])), [[0, 0.5, 0.5]])
    low = np.array([[-2e4, 0, 0, 0], [-2e4, 1.0, 0, 0], [0, 0, 1, 0]])
    kata.assert_close(kata.attention_weights(q, low, np.array([[True, True, False]])), [[0.5, 0.5, 0]])


def test_attention_weights_keep_the_graph_whole(kata):
    dweights, q, k = normal(21, (2, 3), (2, 4), (3, 4))
    if kata.track == "torch":  # on the numpy track nobody asks for this derivative by itself
        weights = by_loops(q, k)
        dscores = weights * (dweights - (dweights * weights).sum(axis=1, keepdims=True)) / 2
        kata.assert_close(kata.grads("attention_weights", dweights, q, k, None), (dscores @ k, dscores.T @ q))


def test_attention_averages_the_values(kata):
    q, k, v = np.zeros((2, 5)), *normal(7, (3, 5), (3, 4))
    kata.assert_close(kata.attention(q, k, v, None), np.array([v.mean(axis=0)] * 2))


def test_attention_weighs_the_values(kata):
    q, k, v = normal(8, (2, 5), (3, 5), (3, 4))
    kata.assert_close(kata.attention(q, k, v), by_loops(q, k) @ v)


def test_attention_of_single_sizes_is_the_value(kata):
    kata.assert_close(kata.attention(np.array([[3.0]]), np.array([[-2.0]]), np.array([[7.0]]), None), [[7.0]])
    q, k, v = normal(9, (1, 1, 3), (1, 1, 3), (1, 1, 2))
    kata.assert_close(kata.attention(q, k, v, np.ones((1, 1), bool)), v)


def test_attention_with_one_mask_for_each_example(kata):
    q, k, v = normal(10, (2, 3, 6), (2, 4, 6), (2, 4, 5))
    mask = some(10, 2, 3, 4)
    expected = np.array([by_loops(q[n], k[n], mask[n]) @ v[n] for n in range(2)])
    kata.assert_close(kata.attention(q, k, v, mask), expected)
    one = some(11, 3, 4)
    kata.assert_close(kata.attention(q, k, v, one), np.array([by_loops(q[n], k[n], one) @ v[n] for n in range(2)]))


def test_attention_never_sees_the_future_through_a_causal_mask(kata):
    q, k, v = normal(12, (2, 4, 5), (2, 4, 5), (2, 4, 3))
    mask = np.tri(4, dtype=bool)
    before = kata.attention(q, k, v, mask)
    kata.assert_close(before, np.array([by_loops(q[n], k[n], mask) @ v[n] for n in range(2)]))


def test_attention_of_a_query_that_may_look_nowhere_is_zero(kata):
    q, k, v = normal(13, (3, 6), (4, 6), (4, 5))
    mask = some(13, 3, 4)
    mask[1] = False
    kata.assert_close(kata.attention(q, k, v, mask), by_loops(q, k, mask) @ v)
    kata.assert_close(kata.attention(q, k, v, np.zeros((3, 4), bool)), np.zeros((3, 5)))


def test_attention_survives_extreme_scores(kata):
    q, k = np.array([[1e4, 0.0, 0.0, 0.0], [-1e4, 0, 0, 0]]), np.array([[2.0, 0, 0, 0], [0, 0, 0, 0], [8.0, 0, 0, 0]])
    mask = np.array([[True, True, False], [True, False, True]])
    kata.assert_close(kata.attention(q, k, np.array([[3.0], [5.0], [7.0]]), mask), [[3], [3]])


def test_attention_keeps_float32(kata):
    q, k, v = (a.astype(np.float32) for a in normal(14, (2, 3, 5), (2, 4, 5), (2, 4, 6)))
    mask = some(14, 3, 4)
    kata.assert_close(kata.attention_weights(q, k, None), np.array([by_loops(q[n], k[n]) for n in range(2)]))
    kata.assert_close(kata.attention(q, k, v, mask), np.array([by_loops(q[n], k[n], mask) @ v[n] for n in range(2)]))


def test_attention_backward_agrees_with_central_differences(kata):
    dout, q, k, v = normal(15, (2, 5), (2, 4), (3, 4), (3, 5))
    kata.assert_gradients("attention", dout, q, k, v, None)


def test_attention_backward_keeps_leading_axes_apart(kata):
    dout, q, k, v = normal(16, (2, 1, 3, 2), (2, 1, 3, 5), (2, 1, 4, 5), (2, 1, 4, 2))
    kata.assert_gradients("attention", dout, q, k, v, None)


def test_attention_backward_sends_nothing_where_the_mask_is_false(kata):
    dout, q, k, v = normal(17, (2, 3, 2), (2, 3, 5), (2, 4, 5), (2, 4, 2))
    mask = some(17, 2, 3, 4)
    mask[1, :, 2] = False
    kata.assert_gradients("attention", dout, q, k, v, mask)


def test_attention_backward_of_a_query_that_may_look_nowhere_is_zero(kata):
    dout, q, k, v = normal(18, (3, 2), (3, 5), (4, 5), (4, 2))
    mask = some(18, 3, 4)
    mask[1] = False
    kata.assert_gradients("attention", dout, q, k, v, mask)
    nothing = kata.grads("attention", dout, q, k, v, np.zeros((3, 4), bool))
    kata.assert_close(nothing, (np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)))


def test_attention_backward_of_single_sizes(kata):
    dout, q, k, v = normal(19, (1, 1), (1, 1), (1, 1), (1, 1))
    kata.assert_close(kata.grads("attention", dout, q, k, v, None), (0 * q, 0 * k, dout))


def test_attention_backward_survives_extreme_scores(kata):
    q, k, v = np.array([[1e4, 0.0]]), np.array([[2.0, 0.0], [0.0, 3.0], [9.0, 0]]), np.array([[1.0], [5.0], [7.0]])
    mask = np.array([[True, True, False]])
    kata.assert_close(kata.grads("attention", np.array([[2.0]]), q, k, v, mask), (0 * q, 0 * k, [[2.0], [0.0], [0.0]]))


def test_attention_backward_keeps_float32(kata):
    dout, q, k, v = (a.astype(np.float32) for a in normal(20, (3, 2), (3, 5), (4, 5), (4, 2)))
    weights = by_loops(q, k)
    dweights = dout @ v.T
    dscores = weights * (dweights - (dweights * weights).sum(axis=1, keepdims=True)) / np.float32(5**0.5)
    kata.assert_close(kata.grads("attention", dout, q, k, v, None), (dscores @ k, dscores.T @ q, weights.T @ dout))
