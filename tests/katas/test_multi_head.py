"""multi_head: heads split and merged, one attention for each, masks for all heads, and gradients of two inputs and four matrices."""

import numpy as np

N, T, S, E, G = 2, 3, 5, 4, 2
SHAPES = (N, T, E), (N, S, E), (E, E), (E, E), (E, E), (E, E)


def normal(seed, *shapes):
    """One random array of float64 for each shape."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def softmax_row(scores):
    exps = np.exp(scores - scores.max())
    return exps / exps.sum()


def by_loops(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    """One head of one query of one example after the other."""
    D = x_q.shape[2] // G
    heads = np.zeros(x_q.shape, x_q.dtype)
    seen = (
        np.ones((len(x_q), x_q.shape[1], x_kv.shape[1]), bool)
        if mask is None
        else np.broadcast_to(mask, (len(x_q), x_q.shape[1], x_kv.shape[1]))
    )
    for n, t, g in np.ndindex(x_q.shape[0], x_q.shape[1], G):
        own, here = slice(g * D, (g + 1) * D), seen[n, t]
        if here.any():
            q, k, v = x_q[n, t] @ Wq[:, own], x_kv[n, here] @ Wk[:, own], x_kv[n, here] @ Wv[:, own]
            heads[n, t, own] = softmax_row(k @ q / D**0.5) @ v
    return heads @ Wo


def some(seed, *shape):
    """A mask of that shape in which every row may look somewhere, and none everywhere."""
    mask = np.random.default_rng(seed).random(shape) < 0.5
    mask[..., 1], mask[..., -1] = True, False
    return mask


def test_split_heads_gives_each_head_neighbours(kata):
    x = np.arange(12.0).reshape(1, 2, 6)
    kata.assert_close(kata.split_heads(x, 2), [[[[0, 1, 2], [6, 7, 8]], [[3, 4, 5], [9, 10, 11]]]])


def test_split_heads_into_any_number_that_divides(kata):
    (x,) = normal(0, (2, 3, 12))
    for heads in (1, 2, 3, 6, 12):
        D = 12 // heads
        expected = np.stack([x[:, :, g * D : (g + 1) * D] for g in range(heads)], axis=1)
        kata.assert_close(kata.split_heads(x, heads), expected)


def test_merge_heads_puts_them_side_by_side(kata):
    x = np.arange(12.0).reshape(1, 2, 2, 3)
    kata.assert_close(kata.merge_heads(x), [[[0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11]]])


def test_merge_heads_of_any_sizes(kata):
    for shape in [(2, 3, 4, 5), (2, 1, 3, 4), (1, 4, 1, 2), (3, 2, 4, 1)]:
        (x,) = normal(1, shape)
        kata.assert_close(kata.merge_heads(x), np.concatenate([x[:, g] for g in range(shape[1])], axis=2))


def test_splitting_and_merging_keep_float32(kata):
    x, y = (a.astype(np.float32) for a in normal(2, (2, 3, 4), (2, 3, 4, 5)))
    kata.assert_close(kata.split_heads(x, 2), np.stack([x[:, :, :2], x[:, :, 2:]], axis=1))
    kata.assert_close(kata.merge_heads(y), np.concatenate([y[:, 0], y[:, 1], y[:, 2]], axis=2))


def test_splitting_and_merging_keep_the_graph_whole(kata):
    x, dout = normal(3, (2, 3, 4), (2, 2, 3, 2))
    if kata.track == "torch":  # on the numpy track nobody asks for these derivatives by themselves
        back = np.concatenate([dout[:, 0], dout[:, 1]], axis=2)
        kata.assert_close(kata.grads("split_heads", dout, x, 2), back)
        kata.assert_close(kata.grads("merge_heads", x, dout), np.stack([x[:, :, :2], x[:, :, 2:]], axis=1))


def test_one_head_is_attention_between_two_products(kata):
    args = normal(4, *SHAPES)
    kata.assert_close(kata.multi_head_attention(*args, 1, None), by_loops(*args, 1))


def test_every_head_attends_with_its_own_features(kata):
    args = normal(5, *SHAPES)
    kata.assert_close(kata.multi_head_attention(*args, G, None), by_loops(*args, G))
    kata.assert_close(kata.multi_head_attention(*args, 4), by_loops(*args, 4))


def test_more_heads_than_features_of_each(kata):
    args = normal(6, (2, 4, 6), (2, 3, 6), *[(6, 6)] * 4)
    kata.assert_close(kata.multi_head_attention(*args, 3, None), by_loops(*args, 3))


def test_one_mask_holds_for_all_examples_and_heads(kata):
    args, mask = normal(7, *SHAPES), some(7, T, S)
    kata.assert_close(kata.multi_head_attention(*args, G, mask), by_loops(*args, G, mask))


def test_one_mask_for_each_example_holds_for_all_heads(kata):
    args, mask = normal(8, *SHAPES), some(8, N, T, S)
    kata.assert_close(kata.multi_head_attention(*args, G, mask), by_loops(*args, G, mask))
    three = normal(9, (3, 2, 6), (3, 4, 6), *[(6, 6)] * 4)  # examples, heads and queries of other numbers
    other = some(9, 3, 2, 4)
    kata.assert_close(kata.multi_head_attention(*three, 3, other), by_loops(*three, 3, other))


def test_padding_of_each_example(kata):
    args, mask = normal(10, *SHAPES), (np.arange(S) < np.array([3, 2])[:, None])[:, None, :]
    kata.assert_close(kata.multi_head_attention(*args, G, mask), by_loops(*args, G, mask))


def test_self_attention_never_sees_the_future_through_a_causal_mask(kata):
    x, *weights = normal(11, (2, 5, 4), *[(4, 4)] * 4)
    mask = np.tri(5, dtype=bool)
    kata.assert_close(kata.multi_head_attention(x, x, *weights, G, mask), by_loops(x, x, *weights, G, mask))


def test_a_query_that_may_look_nowhere_gets_zeros(kata):
    args, mask = normal(12, *SHAPES), some(12, N, T, S)
    mask[0, 1] = mask[1] = False
    kata.assert_close(kata.multi_head_attention(*args, G, mask), by_loops(*args, G, mask))


def test_single_sizes(kata):
    args = normal(13, (1, 1, 1), (1, 1, 1), *[(1, 1)] * 4)
    kata.assert_close(kata.multi_head_attention(*args, 1, np.array([[True]])), args[1] * args[4] * args[5])


def test_large_scores_survive(kata):
    x_q, x_kv, *weights = normal(14, *SHAPES)
    args = (1e3 * x_q, 1e2 * x_kv, *weights)
    kata.assert_close(kata.multi_head_attention(*args, G, None), by_loops(*args, G), atol=1e-6)


def test_float32_is_kept(kata):
    args, mask = [a.astype(np.float32) for a in normal(15, *SHAPES)], some(15, T, S)
    kata.assert_close(kata.multi_head_attention(*args, G, mask), by_loops(*args, G, mask), rtol=1e-4)


def test_gradients_of_one_head(kata):
    dout, *args = normal(16, (N, T, E), *SHAPES)
    kata.assert_gradients("multi_head_attention", dout, *args, 1, None)


def test_gradients_of_several_heads(kata):
    dout, *args = normal(17, (N, T, E), *SHAPES)
    kata.assert_gradients("multi_head_attention", dout, *args, G, None)


def test_gradients_through_a_mask_for_each_example(kata):
    dout, *args = normal(18, (N, T, E), *SHAPES)
    mask = some(18, N, T, S)
    mask[1, 2] = False
    kata.assert_gradients("multi_head_attention", dout, *args, G, mask)


def test_gradients_through_one_mask_for_all(kata):
    dout, *args = normal(19, (1, T, 2), (1, T, 2), (1, S, 2), *[(2, 2)] * 4)
    kata.assert_gradients("multi_head_attention", dout, *args, 2, some(19, T, S))


def test_gradients_are_zero_where_nobody_may_look(kata):
    dout, *args = normal(20, (N, T, E), *SHAPES)
    nothing = kata.grads("multi_head_attention", dout, *args, G, np.zeros((T, S), bool))
    kata.assert_close(nothing, tuple(np.zeros_like(arg) for arg in args))


def test_gradients_keep_float32(kata):
    dout, *args = normal(21, (N, T, E), *SHAPES)
    wide = kata.grads("multi_head_attention", dout, *args, G, None)
    narrow = [a.astype(np.float32) for a in (dout, *args)]
    got = kata.grads("multi_head_attention", *narrow, G, None)
    kata.assert_close(got, tuple(a.astype(np.float32) for a in wide), rtol=1e-4)
