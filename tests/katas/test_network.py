"""init, train and predict: networks so small that one can read off what each example did to them."""

import numpy as np


def shapes(params):
    return {name: np.shape(param) for name, param in params.items()}


def fresh(kata, sizes, rng):
    """Parameters from init, with the names that they should have."""
    params = kata.init(sizes, rng)
    layers = range(1, len(sizes))
    kata.law(
        set(params) != {f"{kind}{layer - 1}" for layer in layers for kind in "Wb"},
        f"the keys are {', '.join(params)}",
        function="init",
        cause="off-by-one",
        says="layers are numbered from 0; the first one is W1, b1",
    )
    names = [f"{kind}{layer}" for layer in layers for kind in "Wb"]
    kata.law(set(params) == set(names), f"the keys are {', '.join(params)}, not {', '.join(names)}", function="init")
    return params


def spread(kata, params, name, D, M):
    """The weights have mean 0 and standard deviation √(2/D), within five times what chance allows."""
    W = params[name]
    std, wanted = float(W.std()), np.sqrt(2 / D)
    known = [
        (1.0, "missing-scale", "a standard normal is not scaled yet: the signal grows with every layer"),
        (np.sqrt(2 / M), "fan-swapped", "the size of the output stands where the size of the input belongs"),
        (np.sqrt(1 / D), "wrong-factor", "the 2 is missing that makes up for the half which relu throws away"),
        (2 / D, "missing-term", "2/D is the variance; the standard deviation is its square root"),
    ]
    cause, says = next(((c, s) for value, c, s in known if abs(std - value) < 0.06 * value), (None, ""))
    facts = f"{name} has the standard deviation {std:.3g}; √(2/{D}) = {wanted:.3g} was expected"
    kata.law(abs(std - wanted) < 0.1 * wanted, facts, function="init", tensor=f"out[{name}]", cause=cause, says=says)
    mean = float(W.mean())
    facts = f"{name} has the mean {mean:.3g}, too far from 0 for {W.size} numbers of standard deviation {std:.3g}"
    kata.law(abs(mean) < 5 * wanted / np.sqrt(W.size), facts, function="init", tensor=f"out[{name}]")


def test_init_numbers_the_layers_from_one(kata):
    names = sorted(fresh(kata, [4, 3, 5, 2], kata.rng(0)))
    kata.law(names == ["W1", "W2", "W3", "b1", "b2", "b3"], f"the keys are {', '.join(names)}", function="init")


def test_init_shapes_the_weights_for_x_at_w(kata):
    sizes = [4, 3, 5, 2]
    params = fresh(kata, sizes, kata.rng(1))
    for layer, (D, M) in enumerate(zip(sizes[:-1], sizes[1:], strict=True), start=1):
        shape = params[f"W{layer}"].shape
        kata.law(
            shape == (D, M),
            f"has shape {shape}; ({D}, {M}) was expected, from {D} inputs to {M} outputs",
            function="init",
            tensor=f"out[W{layer}]",
            cause="transposed" if shape == (M, D) else None,
            says="outputs come first here, as in nn.Linear; the layer is x @ W, so the inputs come first",
        )


def test_init_starts_with_biases_of_zero(kata):
    params = fresh(kata, [4, 3, 2], kata.rng(2))
    for name, M in (("b1", 3), ("b2", 2)):
        shape = params[name].shape
        kata.law(
            shape == (M,),
            f"has shape {shape}; ({M},) was expected",
            function="init",
            tensor=f"out[{name}]",
            cause="extra-axis" if shape in ((1, M), (M, 1)) else None,
            says="a bias has one axis, of as many numbers as the layer has outputs; broadcasting does the rest",
        )
        kata.law(
            np.all(params[name] == 0),
            f"holds {params[name].ravel().tolist()}; zeros were expected",
            function="init",
            tensor=f"out[{name}]",
        )


def test_init_makes_floats_of_the_usual_precision(kata):
    params = fresh(kata, [3, 2], kata.rng(3))
    usual = "float64" if kata.track == "numpy" else "float32"  # the default of each library
    for name, param in params.items():
        facts = f"is {param.dtype}; {usual} was expected"
        kata.law(str(param.dtype) == usual, facts, function="init", tensor=f"out[{name}]", cause="dtype-drift")


def test_init_draws_from_the_generator(kata):
    one, other, again = (fresh(kata, [4, 3], kata.rng(seed))["W1"] for seed in (4, 5, 4))
    kata.law(
        np.array_equal(one, again),
        "two generators with the same seed gave different weights",
        function="init",
        cause="nondeterministic",
        says="the weights are drawn from somewhere else than the generator, so no run can be repeated",
    )
    kata.law(
        not np.array_equal(one, other),
        f"two different generators gave the same W1, {np.ptp(one):.3g} from its least to its greatest number",
        function="init",
        cause="argument-unused",
        says="no randomness comes from the generator; units that start equal get equal gradients and stay equal for ever",
    )
    columns = {tuple(column) for column in one.T.tolist()}
    kata.law(len(columns) == 3, f"W1 has 3 columns, of which {len(columns)} are different", function="init")


def test_init_scales_the_weights_to_the_layer(kata):
    params = fresh(kata, [90, 30, 50], kata.rng(6))
    spread(kata, params, "W1", 90, 30)
    spread(kata, params, "W2", 30, 50)


# ---------------------------------------------------------------------- train: one step


def slopes(params, x, labels):
    """The gradient of the mean cross-entropy for a network of two layers, written out."""
    h = np.maximum(x @ params["W1"] + params["b1"], 0)
    exps = np.exp(h @ params["W2"] + params["b2"])
    dz = (exps / exps.sum(axis=1, keepdims=True) - np.eye(len(params["b2"]))[labels]) / len(x)
    dh = dz @ params["W2"].T * (h > 0)
    return {"W1": x.T @ dh, "b1": dh.sum(axis=0), "W2": h.T @ dz, "b2": dz.sum(axis=0)}


def before(kata, x, labels, sizes, batch_size, rng):
    """The parameters that training starts from: an epoch with a learning rate of 0 leaves them as they are."""
    params = kata.train(x, labels, sizes, 1, batch_size, 0.0, rng)
    wanted = {}
    for layer, (D, M) in enumerate(zip(sizes[:-1], sizes[1:], strict=True), start=1):
        wanted |= {f"W{layer}": (D, M), f"b{layer}": (M,)}
    kata.law(shapes(params) == wanted, f"the shapes are {shapes(params)}; {wanted} was expected", function="train")
    return params


def test_train_on_one_batch_takes_one_step_downhill(kata):
    x, labels = np.random.default_rng(7).normal(size=(6, 3)), np.full(6, 2)
    start = before(kata, x, labels, [3, 5, 4], 6, kata.rng(8))
    got = kata.train(x, labels, [3, 5, 4], 1, 6, 0.5, kata.rng(8))
    step = {name: -0.5 * slope for name, slope in slopes(start, x, labels).items()}
    moved = np.concatenate([(got[name] - start[name]).ravel() for name in step])
    wanted = np.concatenate([step[name].ravel() for name in step])
    kata.law(
        np.any(moved),
        "after an epoch with a learning rate of 0.5 every parameter is where it was",
        function="train",
        cause="state-not-carried",
        says="the parameters that a step returns are not the ones that the next step starts from, nor those returned",
    )
    known = [
        (-1.0, "sign-flipped", "the step goes uphill, along the gradient"),
        (1 / 6, "extra-mean", "the gradient is divided by the batch size; it is a mean over the batch already"),
        (6.0, "missing-mean", "the gradient is a sum over the batch; it should be the mean"),
        (2.0, "missing-scale", "the learning rate does not come in"),
    ]
    for factor, cause, says in known:
        kata.law(
            not np.allclose(moved, factor * wanted, rtol=1e-6, atol=1e-9),
            f"one step moved the parameters by {factor:.3g} times −lr · gradient",
            function="train",
            cause=cause,
            says=says,
        )
    kata.assert_close(got, {name: start[name] + step[name] for name in step})


def test_train_with_a_batch_size_above_the_data(kata):
    x, labels = np.array([[0.5, -1.0]]), np.array([1])
    start = before(kata, x, labels, [2, 4, 3], 5, kata.rng(9))
    got = kata.train(x, labels, [2, 4, 3], 1, 5, 0.25, kata.rng(9))
    slope = slopes(start, x, labels)
    kata.assert_close(got, {name: start[name] - 0.25 * slope[name] for name in slope})


def test_train_keeps_float32(kata):
    x, labels = np.random.default_rng(10).normal(size=(4, 3)).astype(np.float32), np.full(4, 1)
    start = before(kata, x, labels, [3, 5, 2], 4, kata.rng(11))
    got = kata.train(x, labels, [3, 5, 2], 1, 4, 0.5, kata.rng(11))
    slope = slopes(start, x, labels)
    kata.assert_close(got, {name: start[name] - np.float32(0.5) * slope[name] for name in slope})


# ---------------------------------------------------------------------- train: one epoch
#
# A single layer on one-hot examples, x = I: example i touches row i of W1 and nothing else but the bias. Its row's
# weights fall for every class but the label that it was shown with, whose weight rises.

LABELS = np.array([0, 2, 1, 0, 1, 2, 2])


def row_changes(kata, batch_size, seed):
    x = np.eye(7)
    start = before(kata, x, LABELS, [7, 3], batch_size, kata.rng(seed))
    return kata.train(x, LABELS, [7, 3], 1, batch_size, 0.5, kata.rng(seed))["W1"] - start["W1"]


def test_train_uses_every_example(kata):
    changes = row_changes(kata, 3, 12)
    used = int(np.any(changes != 0, axis=1).sum())
    kata.law(
        used != 6,
        "of 7 examples in batches of 3, the one that is left over taught the network nothing",
        function="train",
        cause="batch-dropped",
        says="the loop ends with the last full batch; what is left over is a batch too, a shorter one",
    )
    kata.law(
        used != 1,
        "of 7 examples in batches of 3, only the one in the last batch taught the network anything",
        function="train",
        cause="only-last-step",
        says="the parameters move once an epoch, by the last batch; a step belongs to every batch",
    )
    kata.law(used == 7, f"of 7 examples in batches of 3, {used} taught the network something", function="train")


def test_train_shows_each_example_with_its_own_label(kata):
    changes = row_changes(kata, 3, 13)
    shown = np.argmax(changes, axis=1)
    one_rises = np.all((changes > 0).sum(axis=1) == 1)
    kata.law(
        np.array_equal(shown, LABELS),
        f"the labels are {LABELS.tolist()}; the network learned {shown.tolist()}",
        function="train",
        cause="pairing-lost" if one_rises else None,
        says="x and the labels are put in different orders, so that an example is shown with another one's label",
    )


# ---------------------------------------------------------------------- train: several epochs


def recorder(stop=None):
    """A list, and an on_epoch that writes to it: the number and a copy of the parameters. The call `stop` interrupts."""
    seen = []

    def on_epoch(epoch, params):
        seen.append((epoch, {name: np.array(param) for name, param in params.items()}))
        if len(seen) == stop:
            raise KeyboardInterrupt

    return seen, on_epoch


def clouds(n=10):
    """Four clouds of n points around (±1, ±1), labelled by whether the signs agree: no single layer parts them."""
    centres = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    x = np.repeat(centres, n, axis=0) + 0.2 * np.random.default_rng(14).normal(size=(4 * n, 2))
    return x, np.repeat([0, 0, 1, 1], n)


def test_train_calls_on_epoch_after_each_epoch(kata):
    x, labels = clouds(2)
    seen, on_epoch = recorder()
    kata.train(x, labels, [2, 4, 2], 3, 3, 0.1, kata.rng(15), on_epoch)
    numbers = [epoch for epoch, _ in seen]
    kata.law(
        bool(seen),
        "on_epoch was not called in 3 epochs",
        function="train",
        cause="argument-unused",
        says="on_epoch is taken and never called; it belongs at the end of every epoch",
    )
    kata.law(
        numbers != [1, 2, 3],
        "on_epoch was called with the epochs 1, 2, 3",
        function="train",
        cause="off-by-one",
        says="epochs are counted from 1; the first one is 0",
    )
    kata.law(numbers == [0, 1, 2], f"on_epoch was called with the epochs {numbers}, not 0, 1, 2", function="train")


def test_train_hands_the_current_parameters_to_on_epoch(kata):
    x, labels = clouds(2)
    start = before(kata, x, labels, [2, 4, 2], 3, kata.rng(16))
    seen, on_epoch = recorder()
    got = kata.train(x, labels, [2, 4, 2], 2, 3, 0.1, kata.rng(16), on_epoch)
    given = [params for _, params in seen]
    kata.law(
        len(given) == 2 and all(shapes(params) == shapes(start) for params in given),
        f"on_epoch was given {[shapes(params) for params in given]} in 2 epochs",
        function="train",
    )
    kata.law(
        not np.array_equal(given[0]["b2"], start["b2"]),
        "after epoch 0, on_epoch was given the parameters from before it",
        function="train",
        cause="wrong-operand",
        says="on_epoch gets the parameters as they were before; it should see those that the epoch ended with",
    )
    same = all(np.array_equal(given[1][name], got[name]) for name in got)
    kata.law(same, "after the last epoch, on_epoch was given other parameters than train returned", function="train")
    kata.law(
        not np.array_equal(given[0]["b2"], given[1]["b2"]),
        "on_epoch was given the same parameters after epochs 0 and 1",
        function="train",
    )


def test_train_keeps_what_it_has_when_interrupted(kata):
    x, labels = clouds(2)
    seen, on_epoch = recorder(stop=2)
    try:
        got = kata.train(x, labels, [2, 4, 2], 5, 3, 0.1, kata.rng(17), on_epoch)
    except KeyboardInterrupt:
        got = None
    kata.law(
        got is not None,
        "a KeyboardInterrupt (Ctrl-C) that on_epoch raised came out of train, and the parameters reached are lost",
        function="train",
        cause="wrong-type",
        says="the interruption goes through; catch it around the loop and return the parameters as they are then",
    )
    kata.law(
        len(seen) == 2, f"interrupted after epoch 1, it went on to call on_epoch {len(seen)} times", function="train"
    )
    kata.assert_close(got, seen[-1][1])


def test_train_shuffles_in_every_epoch(kata):
    # One-hot examples again, one at a time, all of label 0: each step raises the bias of class 0 against class 1, so the
    # bias that an example met, read off from how far its row moved, says when its turn was.
    x, labels = np.eye(8), np.zeros(8, int)
    start = before(kata, x, labels, [8, 2], 1, kata.rng(18))
    seen, on_epoch = recorder()
    kata.train(x, labels, [8, 2], 2, 1, 0.5, kata.rng(18), on_epoch)
    kata.law(len(seen) == 2, f"on_epoch was called {len(seen)} times in 2 epochs", function="train")
    orders = []
    for old, new in ((start, seen[0][1]), (seen[0][1], seen[1][1])):
        p1 = (new["W1"] - old["W1"])[:, 0] / 0.5  # 1 − p0 of the example when its turn came
        with np.errstate(all="ignore"):
            met = np.log((1 - p1) / p1) - (old["W1"][:, 0] - old["W1"][:, 1])
        orders.append(np.argsort(met).tolist())
    kata.law(
        orders[0] != list(range(8)) or orders[1] != list(range(8)),
        "in two epochs, the examples came in the order of the data: nothing was shuffled",
        function="train",
    )
    kata.law(
        orders[0] != orders[1],
        f"the examples came in the order {orders[0]} in both epochs",
        function="train",
        cause="wrong-order",
        says="the order is drawn once, before the loop over the epochs; a new one belongs to every epoch",
    )


def test_train_is_repeatable(kata):
    x, labels = clouds(2)
    one, other, again = (kata.train(x, labels, [2, 4, 2], 2, 3, 0.5, kata.rng(seed)) for seed in (19, 20, 19))
    kata.law(
        all(np.allclose(one[name], again[name], rtol=1e-9, atol=1e-12) for name in one),
        "two generators with the same seed gave different parameters",
        function="train",
        cause="nondeterministic",
        says="something is drawn from elsewhere than the generator, so no run can be repeated",
    )
    kata.law(
        not np.allclose(one["W1"], other["W1"]),
        "two different generators gave the same parameters",
        function="train",
        cause="argument-unused",
        says="no randomness comes from the generator",
    )


def test_train_learns_what_no_single_layer_can(kata):
    x, labels = clouds()
    losses = []

    def on_epoch(epoch, params):
        z = np.maximum(x @ params["W1"] + params["b1"], 0) @ params["W2"] + params["b2"]
        losses.append(float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(40), labels])))

    got = kata.train(x, labels, [2, 16, 2], 30, 8, 0.5, kata.rng(21), on_epoch)
    z = np.maximum(x @ got["W1"] + got["b1"], 0) @ got["W2"] + got["b2"]
    right = int((z.argmax(axis=1) == labels).sum())
    kata.law(len(losses) == 30, f"on_epoch was called {len(losses)} times in 30 epochs", function="train")
    facts = f"the loss went from {losses[0]:.3g} after the first epoch to {losses[-1]:.3g} after the 30th"
    kata.law(losses[-1] < losses[0] / 2, facts, function="train")
    kata.law(
        right >= 38, f"after 30 epochs, {right} of 40 examples are told right; 38 and more are usual", function="train"
    )


# ---------------------------------------------------------------------- predict


def test_predict_takes_the_highest_score(kata):
    params = {"W1": np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 0.5]]), "b1": np.array([0.0, 0.5, 1.0])}
    x = np.array([[3.0, 0.0], [0.0, 3.0], [-3.0, 0.0], [1.0, 1.0], [0.0, 0.0]])  # scores 3 0.5 -2, 0 6.5 2.5, …
    kata.assert_close(kata.predict(params, x), [0, 1, 2, 1, 2])


def test_predict_puts_a_relu_between_two_layers_and_none_behind(kata):
    params = {
        "W1": np.array([[1.0, -1.0]]),
        "b1": np.array([0.0, 0.0]),
        "W2": np.array([[-1.0, -2.0, 0.0], [-1.0, 0.5, 0.0]]),
        "b2": np.array([-1.0, -0.5, -3.0]),
    }
    x = np.array([[-2.0], [0.25], [0.75], [4.0]])  # scores −3 0.5 −3, −1.25 −1 −3, −1.75 −2 −3, −5 −8.5 −3
    kata.assert_close(kata.predict(params, x), [1, 1, 0, 2])


def test_predict_of_any_number_of_layers(kata):
    rng = np.random.default_rng(22)
    for sizes in ([3, 4], [3, 5, 2, 4], [3, 5, 4, 5, 4, 3, 2]):
        params, h = {}, rng.normal(size=(9, 3))
        x = h
        for layer, (D, M) in enumerate(zip(sizes[:-1], sizes[1:], strict=True), start=1):
            params |= {f"W{layer}": rng.normal(size=(D, M)), f"b{layer}": rng.normal(size=M)}
            h = np.array([np.maximum(row, 0) if layer > 1 else row for row in h])
            h = np.array(
                [[sum(row * params[f"W{layer}"][:, m]) + params[f"b{layer}"][m] for m in range(M)] for row in h]
            )
        kata.assert_close(kata.predict(params, x), [max(range(len(row)), key=row.__getitem__) for row in h])


def test_predict_one_example_of_extreme_scores(kata):
    params = {"W1": np.array([[1e4, -1e4, 2e4]]), "b1": np.zeros(3)}
    kata.assert_close(kata.predict(params, np.array([[1.0]])), [2])
    kata.assert_close(kata.predict(params, np.array([[-1.0]])), [1])


def test_predict_gives_whole_numbers_for_float32(kata):
    params = {"W1": np.array([[0.5, 1.0], [1.0, -1.0]], np.float32), "b1": np.array([0.0, 0.25], np.float32)}
    got = kata.predict(params, np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], np.float32))
    kata.assert_close(got, [1, 0, 0])
    kata.law(
        got.dtype.kind in "iu",
        f"is {got.dtype}; labels are whole numbers",
        function="predict",
        cause="wrong-type",
        says="the classes come back as numbers with a decimal point; an index is a whole number",
    )
