"""sinusoidal_positions, rotary and its derivative: published values, loops, and what a rotation leaves as it was."""

import math

import numpy as np


def waves(T, E):
    """The table of positions, one number after another."""
    out = np.zeros((T, E))
    for t in range(T):
        for column in range(E):
            angle = t / 10000 ** ((column - column % 2) / E)
            out[t, column] = math.sin(angle) if column % 2 == 0 else math.cos(angle)
    return out


def turned(x, base, back=False):
    """Every pair of every position, turned by its angle, one after another; `back` turns the other way."""
    T, E = x.shape[-2:]
    out = np.zeros(x.shape)
    for t in range(T):
        for i in range(E // 2):
            angle = (-t if back else t) * base ** (-2 * i / E)
            rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            out[..., t, 2 * i : 2 * i + 2] = x[..., t, 2 * i : 2 * i + 2] @ rotation.T
    return out


def normal(seed, shape, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def told(kata, function, tensor, got, wanted, stories, rtol=None):
    """A wrong answer that is what another formula gives is told so, where it can be told from all others."""
    fits = [story for story in stories if got.shape == story[0].shape and np.allclose(got, story[0], atol=1e-6)]
    if got.shape == wanted.shape and not np.allclose(got, wanted, atol=1e-6) and len(fits) == 1:
        wrong = np.argwhere(~np.isclose(got, wanted, atol=1e-6))
        at = tuple(int(i) for i in wrong[0])
        facts = f"differs from what was expected in {len(wrong)} of {got.size} values; at {list(at)} it is {got[at]:.4g}, expected {wanted[at]:.4g}"
        kata.law(False, facts, function=function, tensor=tensor, cause=fits[0][1], says=fits[0][2])
    kata.assert_close(got, wanted, rtol=rtol)


def table(kata, T, E, rtol=None):
    """The table of T positions, as it should be; `kata` hears where it is not."""
    got, wanted, dtype = (
        kata.sinusoidal_positions(T, E),
        waves(T, E),
        {"numpy": "float64", "torch": "float32"}[kata.track],
    )
    facts = f"is {got.dtype}; {dtype} was expected"
    kata.law(str(got.dtype) == dtype, facts, function="sinusoidal_positions", cause="dtype-drift")
    t, pairs, sines, cosines = np.arange(T)[:, None], np.arange(E // 2), wanted[:, 0::2], wanted[:, 1::2]
    angle = t * 10000.0 ** (-2 * pairs / E)
    own = t * 10000.0 ** (-np.arange(E) / E)

    def beside(even, odd):
        return np.stack([even, odd], axis=-1).reshape(T, E)

    def of(angle):
        return beside(np.sin(angle), np.cos(angle))

    stories = (
        (beside(cosines, sines), "gate-swapped", "sine and cosine have changed places: even columns are the sines"),
        (of(angle + 10000.0 ** (-2 * pairs / E)), "off-by-one", "positions are counted from 1; the first one is 0"),
        (np.hstack([sines, cosines]), "wrong-order", "all sines come before all cosines; they take turns"),
        (of(t * 10000.0 ** (-pairs / E)), "missing-scale", "the exponent is i/E; it is 2i/E, for E counts features"),
        (beside(sines, np.cos(own[:, 1::2])), "wrong-factor", "a cosine has a speed of its own; a pair shares one"),
        (of(t * 10000.0 ** (2 * pairs / E)), "sign-flipped", "the minus of the exponent is missing: waves get faster"),
        (of(t * np.exp(-2 * pairs / E)), "wrong-base", "the speeds are powers of e; the base is 10000"),
        (beside(sines, sines), "wrong-nonlinearity", "all columns are sines; the odd ones are cosines"),
        (of(angle[:, ::-1]), "reversed", "the pairs run from slow to fast; the first one is the fastest"),
    )
    told(kata, "sinusoidal_positions", None, got, wanted, stories, rtol)


def rotations(x, base, back):
    """What other formulas make of `x`: (answer, cause, what was done)."""
    T, E = x.shape[-2:]
    sign, t, pairs = -1 if back else 1, np.arange(T)[:, None], np.arange(E // 2)
    rates = base ** (-2 * pairs / E)
    even, odd = x[..., 0::2], x[..., 1::2]

    def by(angle, a=even, b=odd):
        return a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)

    def beside(pair):
        return np.stack(pair, axis=-1).reshape(x.shape)

    right = by(sign * t * rates)
    half = by(sign * t * rates, x[..., : E // 2], x[..., E // 2 :])
    late = right[0] * np.sin(sign * t * rates) + odd * np.cos(t * rates)
    every = (*([beside(by(sign * np.arange(len(x)).reshape(-1, *[1] * (x.ndim - 1)) * rates))] if x.ndim > 2 else []),)
    return (
        (beside(by(-sign * t * rates)), "sign-flipped", "the pairs turn the wrong way: look at the sign of the sines"),
        (np.concatenate(half, axis=-1), "pairing-lost", "feature i is paired with i + E/2; neighbours are a pair"),
        (np.concatenate(right, axis=-1), "wrong-order", "the two kinds of features are not laid out side by side"),
        (beside(by(sign * (t + 1) * rates)), "off-by-one", "positions are counted from 1; the first stays as it is"),
        (beside(by(sign * t * base ** (-pairs / E))), "missing-scale", "the exponent is i/E; it is 2i/E"),
        (beside(by(sign * t * 1e4 ** (-2 * pairs / E))), "argument-unused", "the base is 10000 whatever is given"),
        (
            beside((even * np.cos(t * rates), odd * np.cos(t * rates))),
            "missing-term",
            "the terms with a sine are missing",
        ),
        (beside((right[0], late)), "wrong-operand", "the odd feature uses an even one that has been turned already"),
        (beside(by(sign * rates)), "state-not-carried", "every position turns by the same angle; it grows with t"),
        *((answer, "wrong-axis", "the angles grow along the first axis; time is the last but one") for answer in every),
    )


def rotated(kata, x, base):
    """`x` turned, as it should be; `kata` hears where it is not."""
    told(kata, "rotary", None, kata.rotary(x, base), turned(x, base).astype(x.dtype), rotations(x, base, False))


def gradient(kata, dout, x, base):
    """The gradient of x, as it should be; `kata` hears where it is not."""
    got, wanted = kata.grads("rotary", dout, x, base), turned(dout, base, back=True).astype(x.dtype)
    stories = [story for story in rotations(dout, base, True) if story[1] != "missing-term"]
    cosines = rotations(dout, base, True)[6][0]
    stories += [
        (cosines, "diagonal-only", "each feature hears of its own output only; it stands in both of its pair"),
        (turned(x, base, back=True), "wrong-operand", "x is turned back where dout belongs"),
    ]
    told(kata, "rotary_backward", "dx", got, wanted, stories)


# ---------------------------------------------------------------------- sinusoidal_positions


def test_sinusoidal_positions_are_waves_of_growing_length(kata):
    for T, E in ((5, 6), (3, 10), (9, 4)):
        table(kata, T, E)


def test_sinusoidal_positions_of_known_values(kata):
    # E = 4: sin t, cos t, sin t/100, cos t/100
    expected = [
        [0, 1, 0, 1],
        [0.84147098, 0.54030231, 0.00999983, 0.99995],
        [0.90929743, -0.41614684, 0.01999867, 0.9998],
    ]
    kata.assert_close(kata.sinusoidal_positions(3, 4), np.array(expected), rtol=1e-7 if kata.track == "numpy" else 1e-5)


def test_sinusoidal_positions_of_two_features_and_of_one_position(kata):
    table(kata, 4, 2)
    kata.assert_close(kata.sinusoidal_positions(1, 6), [[0, 1, 0, 1, 0, 1]])
    kata.assert_close(kata.sinusoidal_positions(1, 2), [[0, 1]])


def test_sinusoidal_positions_of_a_long_sequence(kata):
    out = kata.sinusoidal_positions(600, 8)
    kata.assert_close(out[::150], waves(600, 8)[::150], rtol=1e-9 if kata.track == "numpy" else 2e-3)


def test_sinusoidal_positions_have_the_default_dtype(kata):
    wanted = {"numpy": "float64", "torch": "float32"}[kata.track]
    out = kata.sinusoidal_positions(3, 4)
    facts = f"is {out.dtype}; {wanted} was expected"
    kata.law(str(out.dtype) == wanted, facts, function="sinusoidal_positions", cause="dtype-drift")


# ---------------------------------------------------------------------- rotary


def test_rotary_takes_any_axes_before_time(kata):
    for seed, shape in enumerate([(2, 5, 4), (2, 3, 5, 4), (1, 2, 1, 4, 6)]):
        x = normal(10 + seed, shape)
        rotated(kata, x, 50.0)


def test_rotary_by_hand(kata):
    x = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]])
    expected = [[3, 4], [math.cos(1), math.sin(1)], [-2 * math.sin(2), 2 * math.cos(2)]]
    kata.assert_close(kata.rotary(x, 10000.0), np.array(expected))


def test_rotary_turns_neighbouring_features(kata):
    for seed, (shape, base) in enumerate([((4, 6), 10000.0), ((3, 2), 7.0), ((5, 8), 100.0)]):
        x = normal(seed, shape)
        rotated(kata, x, base)


def test_rotary_of_one_position_changes_nothing(kata):
    x = normal(20, (3, 1, 4))
    kata.assert_close(kata.rotary(x, 10000.0), x)


def test_rotary_keeps_every_length(kata):
    x = normal(21, (2, 7, 6))
    lengths, before = (np.linalg.norm(part, axis=-1) for part in (kata.rotary(x, 20.0), x))
    facts = f"changes lengths: from {before.ravel()[:3].round(4)} … to {lengths.ravel()[:3].round(4)} …"
    kata.law(np.allclose(lengths, before), facts, function="rotary")


def test_rotary_makes_products_depend_on_the_distance_only(kata):
    T, E = 9, 6
    rng = np.random.default_rng(22)
    q, k = (np.tile(rng.normal(size=E), (T, 1)) for _ in range(2))  # one query and one key, at every position
    scores = kata.rotary(q, 30.0) @ kata.rotary(k, 30.0).T  # T T
    for distance in range(-T + 1, T):
        same = np.diagonal(scores, distance)
        facts = f"a query and a key {abs(distance)} apart have the product {same[0]:.4g} at one place and {same[-1]:.4g} at another"
        kata.law(np.allclose(same, same[0]), facts, function="rotary")


def test_rotary_of_large_values(kata):
    x = normal(23, (2, 4, 4)) * np.array([1e4, 1e-4, 1e8, 1.0])
    rotated(kata, x, 10000.0)


def test_rotary_keeps_float32(kata):
    x = normal(24, (2, 3, 5, 4), np.float32)
    rotated(kata, x, 100.0)


# ---------------------------------------------------------------------- its derivative


def test_rotary_backward_turns_back(kata):
    for seed, shape in enumerate([(2, 5, 4), (2, 3, 5, 6), (3, 1, 2)]):
        dout, x = normal(40 + seed, shape), normal(50 + seed, shape)
        gradient(kata, dout, x, 50.0)


def test_rotary_backward_by_hand(kata):
    dout, x = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]]), np.array([[1.0, -2.0], [0.5, 7.0], [-3.0, 4.0]])
    expected = [[3, 4], [math.cos(1), -math.sin(1)], [2 * math.sin(2), 2 * math.cos(2)]]
    kata.assert_close(kata.grads("rotary", dout, x, 10000.0), np.array(expected))


def test_rotary_backward_agrees_with_central_differences(kata):
    for seed, shape in ((30, (4, 6)), (31, (2, 3, 4))):
        kata.assert_gradients("rotary", normal(seed, shape), normal(seed + 5, shape), 12.0)


def test_rotary_backward_of_large_values(kata):
    dout, x = normal(60, (2, 4, 4)) * np.array([1e4, 1e-4, 1e8, 1.0]), normal(61, (2, 4, 4)) * 1e4
    gradient(kata, dout, x, 10000.0)


def test_rotary_backward_keeps_float32(kata):
    dout, x = normal(62, (2, 5, 4), np.float32), normal(63, (2, 5, 4), np.float32)
    gradient(kata, dout, x, 100.0)
