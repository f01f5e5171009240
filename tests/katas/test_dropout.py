"""dropout and dropout_backward: laws where it is random, within six times what chance allows; values where it is not."""

import math

import numpy as np

X = np.random.default_rng(0).normal(size=(60, 70))


def drawn(kata, x, p, rng, *train):
    """(out, mask) of a call, both in the shape of x."""
    out, mask = kata.dropout(x, p, rng, *train)
    for tensor, value in (("out", out), ("mask", mask)):
        causes = {-1: "lost-axis", 0: None, 1: "extra-axis"}
        kata.law(
            value.shape == x.shape,
            f"has shape {value.shape}; x is {x.shape}",
            function="dropout",
            tensor=tensor,
            cause=causes[int(np.sign(value.ndim - x.ndim))],
            says="every number of x has a place of its own in the mask and in the result",
        )
    return out, mask


def kept(kata, mask, p):
    """The mask holds 0 and 1/(1 − p), and nothing else."""
    scale = 1 / (1 - p)
    rest = np.unique(mask[mask != 0])
    if rest.size == 0 or np.allclose(rest, scale, rtol=1e-5, atol=0):
        return
    share = np.mean(mask == 0)
    swapped = abs(share - (1 - p)) < 6 * math.sqrt(p * (1 - p) / mask.size)
    known = [
        (1.0, "not-inverted", "what is kept is not scaled up, so the mean sinks; it is divided by 1 − p"),
        (1 / p, "mask-inverted", "p is taken for the probability to keep; it is the one to drop")
        if swapped
        else (1 / p, "wrong-factor", "what is kept is divided by p, where the probability to keep, 1 − p, belongs"),
        (1 - p, "wrong-factor", "what is kept is multiplied by 1 − p, where it should be divided"),
        (scale**2, "wrong-factor", "what is kept is divided by 1 − p twice"),
    ]
    cause, says = next(((c, s) for value, c, s in known if np.allclose(rest, value, rtol=1e-5, atol=0)), (None, ""))
    seen = f"{rest[0]:.4g}" if np.allclose(rest, rest[0], rtol=1e-5) else f"from {rest[0]:.4g} to {rest[-1]:.4g}"
    facts = f"what is not 0 in it is {seen}; 1/(1 − {p:g}) = {scale:.4g} was expected"
    kata.law(False, facts, function="dropout", tensor="mask", cause=cause, says=says)


def dropped(kata, mask, p):
    """A share p of the mask is 0, within six times what chance allows."""
    share, chance = float(np.mean(mask == 0)), math.sqrt(p * (1 - p) / mask.size)
    known = [
        (1 - p, "mask-inverted", "p is taken for the probability to keep; it is the one to drop"),
        (0.5, "argument-unused", "half of the numbers are dropped, whatever p is"),
        (
            (1 + math.erf(p / math.sqrt(2))) / 2,
            "wrong-operand",
            "normal numbers are compared with p; uniform ones between 0 and 1 belong there",
        ),
    ]
    cause, says = next(((c, s) for value, c, s in known if abs(share - value) < 4 * chance), (None, ""))
    facts = f"{share:.1%} of {mask.size} numbers are 0 in it, with p = {p:g}"
    kata.law(abs(share - p) <= 6 * chance, facts, function="dropout", tensor="mask", cause=cause, says=says)


# ---------------------------------------------------------------------- dropout


def test_dropout_gives_a_result_and_a_mask_in_the_shape_of_x(kata):
    rng = np.random.default_rng(1)
    for shape in ((4, 3), (5,), (2, 3, 4, 5), (1, 6)):
        drawn(kata, rng.normal(size=shape), 0.3, kata.rng(1))


def test_dropout_gives_the_result_first(kata):
    out, mask = drawn(kata, X, 0.2, kata.rng(2))
    kata.law(
        len(np.unique(out)) > 2 or len(np.unique(mask)) <= 2,
        f"holds {len(np.unique(out))} different numbers, and mask {len(np.unique(mask))}",
        function="dropout",
        tensor="out",
        cause="wrong-order",
        says="the mask comes first and the result second; it is the other way round",
    )


def test_dropout_masks_with_0_or_1_over_1_minus_p(kata):
    for p in (0.2, 0.75):
        _, mask = drawn(kata, X, p, kata.rng(3))
        kept(kata, mask, p)


def test_dropout_multiplies_x_by_the_mask(kata):
    out, mask = drawn(kata, X, 0.2, kata.rng(4))
    known = [
        ("mask", mask / 0.8, "not-inverted", "the mask that comes back lacks the scale of the result"),
        (
            "out",
            mask * 0.8,
            "not-inverted",
            "the mask has the scale 1/(1 − p), and what is kept is not multiplied by it",
        ),
        ("out", np.ones(X.shape), "mask-ignored", "x comes out as it went in: the mask is drawn and not applied"),
        ("out", np.full(X.shape, 1.25), "mask-ignored", "x is scaled up and nothing is dropped from it"),
    ]
    if not np.allclose(out, X * mask):
        match = next((case for case in known if np.allclose(out, X * case[1])), ("out", None, None, ""))
        wrong = int(np.sum(~np.isclose(out, X * mask)))
        facts = f"out differs from x · mask at {wrong} of {X.size} places"
        kata.law(False, facts, function="dropout", tensor=match[0], cause=match[2], says=match[3])


def test_dropout_draws_for_every_element_by_itself(kata):
    for seed, x in ((17, X), (18, np.ones((8, 9, 70)))):
        _, mask = drawn(kata, x, 0.3, kata.rng(seed))
        parts = [np.moveaxis(mask, axis, 0).reshape(size, -1).tolist() for axis, size in enumerate(x.shape)]
        different = [len(set(map(tuple, part))) for part in parts]
        shared = different.index(1) if 1 in different and len(np.unique(mask)) > 1 else None
        facts = f"of x {x.shape}, all parts along axis {shared} have the same zeros"
        says = "numbers along an axis share one draw; every number needs a draw of its own"
        if shared == 0:
            says = "all examples share one draw and lose the same units; every number needs a draw of its own"
        cause = "batch-mixed" if shared == 0 else "wrong-axis"
        kata.law(shared is None, facts, function="dropout", tensor="mask", cause=cause, says=says)
        for axis, size in enumerate(x.shape):
            facts = f"of {size} parts of it along axis {axis}, {different[axis]} are different"
            holds = different[axis] == size or len(np.unique(mask)) == 1
            kata.law(holds, facts, function="dropout", tensor="mask")


def test_dropout_drops_a_share_p(kata):
    for seed, p in ((5, 0.2), (6, 0.5), (7, 0.9)):
        _, mask = drawn(kata, X, p, kata.rng(seed))
        dropped(kata, mask, p)


def test_dropout_keeps_the_mean(kata):
    for seed, p in ((8, 0.1), (9, 0.6)):
        _, mask = drawn(kata, np.full((50, 80), 3.0), p, kata.rng(seed))
        kept(kata, mask, p)
        mean, chance = float(mask.mean()), math.sqrt(p / (1 - p) / mask.size)
        facts = f"its mean is {mean:.4g} over {mask.size} numbers; 1 was expected"
        kata.law(abs(mean - 1) <= 6 * chance, facts, function="dropout", tensor="mask")


def test_dropout_of_nothing_keeps_everything(kata):
    x = X[:4, :5]
    out, mask = drawn(kata, x, 0.0, kata.rng(10))
    lost = int(np.sum(mask == 0))
    facts = f"with p = 0, {lost} of {mask.size} numbers are dropped"
    kata.law(lost == 0, facts, function="dropout", tensor="mask")
    kata.assert_close(mask, np.ones(x.shape))
    kata.assert_close(out, x)


def test_dropout_leaves_x_alone_when_not_training(kata):
    for p, x in ((0.4, X), (0.9, np.array([[-1e4, 0.0, 1e4, 5.0]]))):
        out, mask = drawn(kata, x, p, kata.rng(11), False)
        lost = int(np.sum(mask == 0))
        facts = (
            f"with train=False it holds {lost} zeros and a largest number of {mask.max():.4g}; all ones were expected"
        )
        kata.law(
            np.allclose(mask, 1),
            facts,
            function="dropout",
            tensor="mask",
            cause="train-test-confused",
            says="what belongs to training happens at test time, too; with train=False nothing is dropped or scaled",
        )
        known = [x * (1 - p), x / (1 - p), x * 0]
        kata.law(
            np.allclose(out, x),
            f"with train=False it differs from x at {int(np.sum(~np.isclose(out, x)))} of {x.size} places",
            function="dropout",
            tensor="out",
            cause="train-test-confused" if any(np.allclose(out, other) for other in known) else None,
            says="at test time x is scaled; training has made up for what it dropped, so nothing is left to do",
        )


def test_dropout_trains_when_it_is_told_to(kata):
    _, mask = drawn(kata, X, 0.4, kata.rng(12), True)
    kept(kata, mask, 0.4)
    dropped(kata, mask, 0.4)


def test_dropout_draws_from_the_generator(kata):
    masks = [drawn(kata, X, 0.5, kata.rng(seed))[1] for seed in (13, 14, 15)]
    kata.law(
        not all(np.array_equal(mask, masks[0]) for mask in masks),
        "three different generators gave one and the same mask",
        function="dropout",
        cause="argument-unused",
        says="the mask does not come from the generator; it has to be drawn from it at every call",
    )
    again = drawn(kata, X, 0.5, kata.rng(13))[1]
    kata.law(
        np.array_equal(again, masks[0]),
        f"two generators with the same seed gave masks that differ at {int(np.sum(again != masks[0]))} places",
        function="dropout",
        cause="nondeterministic",
        says="the mask comes from somewhere else than the generator, so no run can be repeated",
    )


def test_dropout_draws_afresh_at_every_call(kata):
    rng = kata.rng(16)
    first, second = (drawn(kata, X, 0.5, rng)[1] for _ in range(2))
    facts = "two calls with one generator gave the same mask: each call must draw a new one"
    kata.law(not np.array_equal(first, second), facts, function="dropout", tensor="mask")


def test_dropout_drops_more_in_one_draw_than_in_another(kata):
    rng = kata.rng(19)
    counts = [int(np.sum(drawn(kata, X, 0.3, rng)[1] == 0)) for _ in range(6)]
    facts = f"each of 6 draws dropped exactly {counts[0]} of {X.size} numbers; independent draws do not agree like that"
    kata.law(len(set(counts)) > 1, facts, function="dropout", tensor="mask")
    rows = np.sum(drawn(kata, X, 0.3, rng)[1] == 0, axis=1)
    facts = (
        f"each row of x lost exactly {rows[0]} of its {X.shape[1]} numbers; independent draws do not agree like that"
    )
    kata.law(len(set(rows.tolist())) > 1, facts, function="dropout", tensor="mask")


def test_dropout_of_one_number(kata):
    rng, seen = kata.rng(20), set()
    for _ in range(32):  # all alike once in 10^9 runs
        out, mask = drawn(kata, np.array([[-3.0]]), 0.5, rng)
        kept(kata, mask, 0.5)
        kata.assert_close(out, -3.0 * mask)
        seen.add(float(mask[0, 0]) != 0)
    facts = f"in 32 calls with p = 0.5, a single number was {'never' if True in seen else 'always'} dropped"
    kata.law(len(seen) == 2, facts, function="dropout", tensor="mask")


def test_dropout_of_large_numbers_in_float32(kata):
    x = (X * 1e4).astype(np.float32)
    out, mask = drawn(kata, x, 0.3, kata.rng(21))
    kept(kata, mask, 0.3)
    kata.assert_close(out / 1e4, x * mask / np.float32(1e4))
    out, mask = drawn(kata, x, 0.3, kata.rng(21), False)
    kata.assert_close(mask, np.ones(x.shape, np.float32))
    kata.assert_close(out, x)


# ---------------------------------------------------------------------- its gradient


def gradient(kata, dout, x, p, seed, *train):
    """The gradient of x beside what it should be: with the mask by hand, or by autograd through a call that draws the same."""
    _, mask = drawn(kata, x, p, kata.rng(seed), *train)
    if kata.track == "torch":
        return kata.grads("dropout", dout, x, p, kata.rng(seed), *train), dout * mask
    return kata.grads("dropout", dout, mask), dout * mask


def test_dropout_backward_answers_the_same_again(kata):
    if kata.track == "numpy":
        rng = np.random.default_rng(38)
        dout, mask = rng.normal(size=(8, 9)), 2.0 * (rng.random((8, 9)) > 0.5)
        kata.law(
            np.array_equal(kata.dropout_backward(dout, mask), kata.dropout_backward(dout, mask)),
            "differs between two calls with the same dout and mask",
            function="dropout_backward",
            tensor="dx",
            cause="nondeterministic",
            says="something is drawn anew in the backward pass; the mask that is given is the one to use",
        )


def test_dropout_backward_by_hand(kata):
    if kata.track == "numpy":
        dout = np.array([[1.0, -1.0, 5.0], [2.0, 3.0, -4.0]])
        mask = np.array([[0.0, 1.25, 1.25], [1.25, 0.0, 1.25]])
        kata.assert_close(kata.dropout_backward(dout, mask), [[0.0, -1.25, 6.25], [2.5, 0.0, -5.0]])


def test_dropout_backward_with_any_mask(kata):
    if kata.track == "numpy":
        rng = np.random.default_rng(22)
        for p, shape in ((0.5, (4, 3)), (0.2, (5, 2, 3)), (0.75, (7,)), (0.0, (2, 4))):
            mask = (rng.random(shape) >= p) / (1 - p)
            dout = rng.normal(size=shape)
            kata.assert_close(kata.dropout_backward(dout, mask), dout * mask)


def test_dropout_backward_takes_the_way_of_the_forward_pass(kata):
    rng = np.random.default_rng(23)
    for seed, p, shape in ((24, 0.5, (6, 5)), (25, 0.2, (4, 2, 3))):
        got, expected = gradient(kata, rng.normal(size=shape), rng.normal(size=shape), p, seed)
        kata.assert_close(got, expected)


def test_dropout_backward_is_the_derivative_for_that_mask(kata):
    rng = np.random.default_rng(26)
    x, dout, eps = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), 1e-5
    got, _ = gradient(kata, dout, x, 0.4, 27)
    expected = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] += eps
        above = drawn(kata, moved, 0.4, kata.rng(27))[0]  # the same seed drops the same numbers
        moved[index] -= 2 * eps
        below = drawn(kata, moved, 0.4, kata.rng(27))[0]
        expected[index] = ((above - below) * dout).sum() / (2 * eps)
    kata.assert_close(got, expected, rtol=1e-6)


def test_dropout_backward_when_not_training(kata):
    rng = np.random.default_rng(28)
    dout = rng.normal(size=(3, 5))
    got, _ = gradient(kata, dout, rng.normal(size=(3, 5)), 0.4, 29, False)
    kata.assert_close(got, dout)


def test_dropout_backward_of_one_number(kata):
    for seed in range(30, 36):
        got, expected = gradient(kata, np.array([[-2e4]]), np.array([[3.0]]), 0.5, seed)
        kata.assert_close(got, expected)


def test_dropout_backward_keeps_float32(kata):
    rng = np.random.default_rng(36)
    x, dout = rng.normal(size=(2, 5, 4)).astype(np.float32)
    got, expected = gradient(kata, dout, x, 0.3, 37)
    kata.assert_close(got, expected)
