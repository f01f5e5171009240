"""Initialisers by what they must have in common, within six times what chance allows; activation_stds by value."""

import math

import numpy as np

D, M = 200, 80  # 16,000 numbers: their standard deviation is known to 3.4 %, six times its own
VARIANCE = {  # what 2 is divided by
    "xavier_uniform": D + M,
    "xavier_normal": D + M,
    "he_uniform": D,
    "he_normal": D,
}


def drawn(kata, function, inputs, outputs, rng):
    """Weights of the promised shape and precision."""
    W = getattr(kata, function)(inputs, outputs, rng)
    turned = W.shape == (outputs, inputs)
    square = function == "orthogonal" and inputs < outputs and W.shape == (inputs, inputs)
    says = "outputs come first here, as in nn.Linear; the layer is x @ W, so the inputs come first"
    if square:
        says = (
            "the decomposition has no more columns than rows; with more outputs than inputs, start from the transpose"
        )
    kata.law(
        W.shape == (inputs, outputs),
        f"has shape {W.shape}; ({inputs}, {outputs}) was expected, from {inputs} inputs to {outputs} outputs",
        function=function,
        cause="transposed" if turned else "missing-term" if square else None,
        says=says,
    )
    usual = "float64" if kata.track == "numpy" else "float32"  # the default of each library
    facts = f"is {W.dtype}; {usual} was expected"
    kata.law(str(W.dtype) == usual, facts, function=function, cause="dtype-drift")
    return W


def of_every_size(kata, function):
    for inputs, outputs in ((4, 3), (3, 5), (4, 4), (1, 6), (6, 1), (1, 1)):
        W = drawn(kata, function, inputs, outputs, kata.rng(0))
        kata.law(np.all(np.isfinite(W)), f"holds {W[~np.isfinite(W)][:1]}", function=function)


def from_the_generator(kata, function):
    """The same from equal generators, another from a different one, and another at the next call."""
    one, other, again = (drawn(kata, function, 6, 5, kata.rng(seed)) for seed in (1, 2, 1))
    kata.law(
        np.array_equal(one, again),
        "two generators with the same seed gave different weights",
        function=function,
        cause="nondeterministic",
        says="the weights are drawn from somewhere else than the generator, so no run can be repeated",
    )
    kata.law(
        not np.array_equal(one, other),
        "two different generators gave the same weights",
        function=function,
        cause="argument-unused",
        says="no randomness comes from the generator, so that every network starts from the same point",
    )
    rng = kata.rng(3)
    first, second = (drawn(kata, function, 6, 5, rng) for _ in range(2))
    facts = "two calls with one generator gave the same weights: two layers of one size would start equal"
    kata.law(not np.array_equal(first, second), facts, function=function)
    for name, rows in (("rows", one), ("columns", one.T)):
        different = len({tuple(row) for row in rows.tolist()})
        facts = f"only {different} of {len(rows)} {name} are different; units that start equal stay equal"
        kata.law(different == len(rows), facts, function=function)


def centred(kata, function, W):
    mean, std = float(W.mean()), float(W.std())
    kata.law(
        abs(mean) <= 6 * std / math.sqrt(W.size),
        f"has the mean {mean:.3g}, too far from 0 for {W.size} numbers of standard deviation {std:.3g}",
        function=function,
        cause="missing-term" if W.min() >= 0 else None,
        says="the numbers lie between 0 and the limit; the lower half, down to minus the limit, is missing",
    )


def spread(kata, function, W):
    """The standard deviation is √(2/(D + M)) or √(2/D)."""
    std, wanted, uniform = float(W.std()), math.sqrt(2 / VARIANCE[function]), function.endswith("uniform")
    fan = "D + M" if function.startswith("xavier") else "D"
    known = [
        (1 / math.sqrt(3) if uniform else 1.0, "missing-scale", "the numbers are not scaled to the layer at all"),
        (wanted**2, "missing-term", f"2/({fan}) is the variance; the standard deviation is its square root"),
        (wanted**2 * math.sqrt(3), "missing-term", f"6/({fan}) is the square of the limit; the root is missing"),
        (wanted / math.sqrt(2), "wrong-factor", f"1 stands over {fan} where 2 belongs"),
        (wanted * math.sqrt(2), "wrong-factor", f"4 stands over {fan} where 2 belongs"),
        (
            wanted / math.sqrt(3),
            "wrong-factor",
            "the standard deviation is taken for the limit, which is √3 times that",
        ),
        (
            wanted * math.sqrt(3),
            "wrong-factor",
            "6 belongs to the limit of a uniform distribution, not to its deviation",
        ),
    ]
    if fan == "D":
        known += [
            (math.sqrt(2 / M), "fan-swapped", "M, the outputs, stands where D, the inputs, belongs"),
            (
                math.sqrt(2 / (D + M)),
                "wrong-operand",
                "D + M stands where D belongs; relu's gain is for the inputs alone",
            ),
        ]
    else:
        known += [
            (math.sqrt(2 / D), "missing-term", "M is missing: inputs and outputs are added up below the line"),
            (math.sqrt(2 / M), "missing-term", "D is missing: inputs and outputs are added up below the line"),
            (math.sqrt(1 / D), "wrong-operand", "1/D counts the inputs alone; this compromise counts the outputs, too"),
        ]
    cause, says = next(((c, s) for value, c, s in known if abs(std - value) < 0.035 * value), (None, ""))
    facts = f"has the standard deviation {std:.3g} for D = {D}, M = {M}; √(2/({fan})) = {wanted:.3g} was expected"
    chance = (0.45 if uniform else 0.71) / math.sqrt(W.size)  # relative, of the standard deviation itself
    kata.law(abs(std - wanted) <= 6 * chance * wanted, facts, function=function, cause=cause, says=says)


def uniform(kata, function, W):
    """All numbers lie within the limit, half of them in the inner half, and some come close to it."""
    limit = math.sqrt(6 / VARIANCE[function])
    largest, inner = float(np.abs(W).max()), float(np.mean(np.abs(W) < limit / 2))
    kata.law(
        largest <= limit * (1 + 1e-5),
        f"holds ±{largest:.3g}, beyond the limit of {limit:.3g}",
        function=function,
        cause="wrong-operand" if largest > 1.1 * limit else None,
        says="normal numbers stand where uniform ones belong",
    )
    facts = f"its largest number is ±{largest:.3g}; uniform numbers would come closer to the limit of {limit:.3g}"
    kata.law(largest > 0.995 * limit, facts, function=function)
    facts = f"{inner:.1%} of {W.size} numbers lie in the inner half of the limits; half was expected"
    kata.law(abs(inner - 0.5) <= 3 / math.sqrt(W.size), facts, function=function)


def normal(kata, function, W):
    """The shares of numbers within one standard deviation and beyond three fit a normal distribution."""
    sigma = math.sqrt(2 / VARIANCE[function])
    near, far = float(np.mean(np.abs(W) < sigma)), float(np.mean(np.abs(W) > 3 * sigma))
    kata.law(
        abs(near - 0.6827) <= 6 * math.sqrt(0.6827 * 0.3173 / W.size),
        f"{near:.1%} of {W.size} numbers lie within one standard deviation; 68.3 % was expected",
        function=function,
        cause="wrong-operand" if np.abs(W).max() < 1.75 * sigma else None,
        says="uniform numbers stand where normal ones belong",
    )
    facts = f"{far:.2%} of {W.size} numbers lie beyond three standard deviations; 0.27 % was expected"
    kata.law(0 < far < 0.006, facts, function=function)  # 43 are expected; none, or 96 and more, never come by chance


# ---------------------------------------------------------------------- Xavier


def test_xavier_uniform_of_every_size(kata):
    of_every_size(kata, "xavier_uniform")


def test_xavier_uniform_draws_from_the_generator(kata):
    from_the_generator(kata, "xavier_uniform")


def test_xavier_uniform_scales_to_inputs_and_outputs(kata):
    W = drawn(kata, "xavier_uniform", D, M, kata.rng(4))
    centred(kata, "xavier_uniform", W)
    spread(kata, "xavier_uniform", W)
    uniform(kata, "xavier_uniform", W)


def test_xavier_normal_of_every_size(kata):
    of_every_size(kata, "xavier_normal")


def test_xavier_normal_draws_from_the_generator(kata):
    from_the_generator(kata, "xavier_normal")


def test_xavier_normal_scales_to_inputs_and_outputs(kata):
    W = drawn(kata, "xavier_normal", D, M, kata.rng(5))
    centred(kata, "xavier_normal", W)
    spread(kata, "xavier_normal", W)
    normal(kata, "xavier_normal", W)


# ---------------------------------------------------------------------- He


def test_he_uniform_of_every_size(kata):
    of_every_size(kata, "he_uniform")


def test_he_uniform_draws_from_the_generator(kata):
    from_the_generator(kata, "he_uniform")


def test_he_uniform_scales_to_the_inputs(kata):
    W = drawn(kata, "he_uniform", D, M, kata.rng(6))
    centred(kata, "he_uniform", W)
    spread(kata, "he_uniform", W)
    uniform(kata, "he_uniform", W)


def test_he_normal_of_every_size(kata):
    of_every_size(kata, "he_normal")


def test_he_normal_draws_from_the_generator(kata):
    from_the_generator(kata, "he_normal")


def test_he_normal_scales_to_the_inputs(kata):
    W = drawn(kata, "he_normal", D, M, kata.rng(7))
    centred(kata, "he_normal", W)
    spread(kata, "he_normal", W)
    normal(kata, "he_normal", W)


# ---------------------------------------------------------------------- orthogonal


def orthonormal(kata, W):
    """Columns (rows, if there are fewer of them) of length 1 and at right angles."""
    which, vectors = ("columns", W.T) if W.shape[0] >= W.shape[1] else ("rows", W)
    products = vectors @ vectors.T
    lengths, tolerance = np.sqrt(np.diag(products)), 1e-9 if W.dtype == np.float64 else 1e-5
    between = float(np.abs(products - np.diag(np.diag(products))).max(initial=0.0))
    right, ones = between <= tolerance * max(1.0, lengths.max() ** 2), np.allclose(lengths, 1, rtol=0, atol=tolerance)
    cause, says = "not-normalised", f"nothing has made the {which} orthonormal: the numbers are as they were drawn"
    if right and np.allclose(lengths, lengths[0], rtol=1e-5):
        cause, says = (
            "wrong-factor",
            f"the {which} are at right angles and all {lengths[0]:.4g} long; 1 is their length",
        )
    elif ones:
        cause, says = "missing-term", f"the {which} have length 1, but nothing has put them at right angles"
    facts = f"of shape {W.shape} has {which} of length {lengths.min():.4g} to {lengths.max():.4g}"
    facts += f", with inner products of up to {between:.2g}"
    kata.law(right and ones, facts, function="orthogonal", cause=cause, says=says)


def test_orthogonal_of_every_size(kata):
    of_every_size(kata, "orthogonal")


def test_orthogonal_has_orthonormal_columns(kata):
    for inputs, outputs in ((5, 3), (4, 4), (60, 40), (6, 1)):
        orthonormal(kata, drawn(kata, "orthogonal", inputs, outputs, kata.rng(8)))


def test_orthogonal_has_orthonormal_rows_when_there_are_more_outputs(kata):
    for inputs, outputs in ((3, 5), (40, 60), (1, 6)):
        orthonormal(kata, drawn(kata, "orthogonal", inputs, outputs, kata.rng(9)))


def test_orthogonal_of_one_number_is_1_or_minus_1(kata):
    orthonormal(kata, drawn(kata, "orthogonal", 1, 1, kata.rng(10)))


def test_orthogonal_draws_from_the_generator(kata):
    from_the_generator(kata, "orthogonal")


def test_orthogonal_mixes_all_inputs(kata):
    W = drawn(kata, "orthogonal", 40, 30, kata.rng(11))
    facts = f"{np.mean(W == 0):.0%} of its numbers are 0; random directions have none"
    kata.law(np.all(W != 0), facts, function="orthogonal")


# ---------------------------------------------------------------------- activation_stds

FUNCTIONS = {
    "tanh": math.tanh,
    "relu": lambda z: max(z, 0.0),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)) if z > -700 else 0.0,
}


def stds(weights, x, activation):
    rows, found = x.tolist(), []
    for W in weights:
        columns = W.T.tolist()
        rows = [
            [FUNCTIONS[activation](sum(a * w for a, w in zip(row, column, strict=True))) for column in columns]
            for row in rows
        ]
        entries = [number for row in rows for number in row]
        mean = sum(entries) / len(entries)
        found.append(math.sqrt(sum((number - mean) ** 2 for number in entries) / len(entries)))
    return np.array(found)


def network(seed, N, *sizes):
    rng = np.random.default_rng(seed)
    pairs = zip(sizes[:-1], sizes[1:], strict=True)
    return [rng.normal(size=pair) for pair in pairs], rng.normal(size=(N, sizes[0]))


def test_activation_stds_by_hand(kata):
    weights = [np.array([[2.0, -2.0]]), np.array([[1.0], [0.0]])]
    got = kata.activation_stds(weights, np.array([[1.0], [2.0]]), "relu")
    kata.assert_close(got, [math.sqrt(2.75), 1.0])


def test_activation_stds_of_each_activation(kata):
    for seed, activation in ((12, "tanh"), (13, "relu"), (14, "sigmoid")):
        weights, x = network(seed, 4, 3, 5, 2, 6)
        kata.assert_close(kata.activation_stds(weights, x, activation), stds(weights, x, activation))


def test_activation_stds_of_square_weights(kata):
    for activation in FUNCTIONS:
        weights, x = network(15, 3, 3, 3, 3)
        kata.assert_close(kata.activation_stds(weights, x, activation), stds(weights, x, activation))


def test_activation_stds_of_one_layer(kata):
    for activation in FUNCTIONS:
        weights, x = network(16, 5, 2, 4)
        kata.assert_close(kata.activation_stds(weights, x, activation), stds(weights, x, activation))


def test_activation_stds_of_one_example_and_of_one_unit(kata):
    for sizes in ((1, 4, 3, 2), (5, 2, 1, 1), (1, 3, 1)):
        weights, x = network(17, *sizes)
        kata.assert_close(kata.activation_stds(weights, x, "tanh"), stds(weights, x, "tanh"))


def test_activation_stds_of_many_layers(kata):
    weights, x = network(18, 6, *[5] * 13)
    for scale, activation in ((0.2, "tanh"), (1.5, "relu"), (1.0, "sigmoid")):
        scaled = [scale * W for W in weights]
        expected = stds(scaled, x, activation)
        kata.assert_close(kata.activation_stds(scaled, x, activation) / expected, np.ones(12), rtol=1e-6)


def test_activation_stds_of_saturated_units(kata):
    weights, x = network(19, 4, 3, 5, 2)
    weights = [1e4 * W for W in weights]
    for activation in ("tanh", "sigmoid"):
        kata.assert_close(kata.activation_stds(weights, x, activation), stds(weights, x, activation))


def test_activation_stds_keep_float32(kata):
    weights, x = network(20, 4, 3, 5, 2)
    weights, x = [W.astype(np.float32) for W in weights], x.astype(np.float32)
    for activation in FUNCTIONS:
        kata.assert_close(kata.activation_stds(weights, x, activation), stds(weights, x, activation))
