"""embedding: the row of each token, and a gradient in which the places of a token add up."""

import numpy as np


def drawn(seed, N=3, T=4, V=7, D=5, dtype=np.float64):
    """(ids, E, dout): random, with tokens that come several times and tokens that never come."""
    rng = np.random.default_rng(seed)
    ids = rng.choice(rng.permutation(V)[: max(V - 2, 1)], size=(N, T))
    return ids, rng.normal(size=(V, D)).astype(dtype), rng.normal(size=(N, T, D)).astype(dtype)


def summed(dout, ids, E):
    """The gradient of E, one place after another."""
    dE = np.zeros(E.shape)
    for n, t in np.ndindex(ids.shape):
        dE[ids[n, t]] += dout[n, t]
    return dE


def rows(kata, ids, E):
    """The rows of these tokens, as they should be; `kata` hears where they are not."""
    got, wanted = kata.embedding(ids, E), np.array([[E[i] for i in row] for row in ids])
    stories = (
        (E[ids - 1], "off-by-one", "each token gets the row before its own: ids count from 0"),
        (np.stack([wanted[0]] * len(ids)), "batch-mixed", "every example gets the rows of the first one"),
        (E[ids.T.ravel()].reshape(wanted.shape), "wrong-order", "tokens are read down the columns, laid out in rows"),
        (
            wanted * E.shape[1] ** 0.5,
            "wrong-factor",
            "it is √D times what belongs here; the rows are copied as they are",
        ),
    )
    told(kata, "embedding", None, got, wanted, stories)


def gradient(kata, dout, ids, E):
    """The gradient of E, as it should be; `kata` hears where it is not."""
    got, wanted = kata.grads("embedding", dout, ids, E), summed(dout, ids, E)
    turned = dout.swapaxes(0, 1).reshape(dout.shape)
    stories = (
        (np.roll(wanted, -1, axis=0), "off-by-one", "each gradient lands in the row before its own"),
        (summed(dout[:, -1:], ids[:, -1:], E), "only-last-step", "only the last time step sends its gradient"),
        (summed(dout[:1], ids[:1], E), "batch-dropped", "only the first example sends its gradient"),
        (summed(dout * E[ids], ids, E), "wrong-operand", "dout is multiplied by the row; the slope is 1"),
        (summed(turned, ids, E), "wrong-order", "dout has time in front when it is added, and the ids do not"),
        (E - wanted, "missing-term", "this is E with a step taken; the gradient alone is asked for"),
    )
    told(kata, "embedding_backward", "dE", got, wanted.astype(E.dtype), stories)


def told(kata, function, tensor, got, wanted, stories):
    """A wrong answer that is what another formula gives is told so, where it can be told from all others."""
    fits = [story for story in stories if got.shape == story[0].shape and np.allclose(got, story[0])]
    if got.shape == wanted.shape and not np.allclose(got, wanted) and len(fits) == 1 and wanted.size > 1:
        facts = f"differs from what was expected in {np.sum(got != wanted)} of {got.size} values"
        kata.law(False, facts, function=function, tensor=tensor, cause=fits[0][1], says=fits[0][2])
    kata.assert_close(got, wanted)


def test_embedding_by_hand(kata):
    E = np.array([[0.5, 1.0, 1.5], [2.0, 3.0, 4.0], [-1.0, 0.0, 7.0], [8.0, 9.0, -5.0], [6.0, -2.0, 0.25]])
    rows(kata, np.array([[1, 0, 1, 2]]), E)


def test_embedding_gives_each_place_its_row(kata):
    rows(kata, *drawn(0)[:2])


def test_embedding_of_sizes_1(kata):
    rows(kata, np.array([[0]]), np.array([[3.0]]))
    rows(kata, np.array([[1], [0]]), np.array([[3.0], [4.0]]))
    rows(kata, np.array([[2, 0]]), np.array([[3.0], [4.0], [5.0]]))


def test_embedding_copies_every_value_as_it_is(kata):
    E = np.array([[1e300, -1e4], [1e4, 0.0], [-1e300, 1e-300]])
    rows(kata, np.array([[0, 1], [2, 0], [1, 1]]), E)


def test_embedding_keeps_float32(kata):
    rows(kata, *drawn(1, dtype=np.float32)[:2])


def test_embedding_of_a_large_vocabulary(kata):
    rows(kata, *drawn(2, N=2, T=5, V=4000, D=3)[:2])


def test_embedding_backward_by_hand(kata):
    dout = np.array([[[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]]])
    gradient(kata, dout, np.array([[1, 2, 1]]), np.array([[0.5, -1.0], [3.0, 0.25], [7.0, 2.0], [4.0, 4.0]]))


def test_embedding_backward_adds_up_over_examples_and_time(kata):
    for seed in (3, 4):
        ids, E, dout = drawn(seed)
        gradient(kata, dout, ids, E)


def test_embedding_backward_agrees_with_central_differences(kata):
    ids, E, dout = drawn(5, N=2, T=3, V=5, D=4)
    kata.assert_gradients("embedding", dout, ids, E)


def test_embedding_backward_of_one_token_everywhere(kata):
    _, E, dout = drawn(6, N=2, T=5, V=4, D=3)
    gradient(kata, dout, np.full((2, 5), 3), E)


def test_embedding_backward_of_tokens_that_all_differ(kata):
    _, E, dout = drawn(7, N=2, T=3, V=6, D=4)
    gradient(kata, dout, np.array([[4, 0, 2], [5, 1, 3]]), E)


def test_embedding_backward_of_sizes_1(kata):
    gradient(kata, np.array([[[2.5]]]), np.array([[0]]), np.array([[3.0]]))
    gradient(kata, np.array([[[1.0, -2.0]], [[4.0, 0.5]]]), np.array([[1], [1]]), np.ones((2, 2)))


def test_embedding_backward_of_large_values(kata):
    ids, E, dout = drawn(8, N=2, T=4, V=3, D=2)
    gradient(kata, dout * 1e4, ids, E * 1e4)


def test_embedding_backward_keeps_float32(kata):
    ids, E, dout = drawn(9, dtype=np.float32)
    gradient(kata, dout, ids, E)
