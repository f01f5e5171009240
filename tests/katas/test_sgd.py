"""minibatches, sgd_step and accuracy: values where they are determined, laws where they are random."""

import numpy as np


def numbered(n):
    """n examples that carry their own number: x[i] = (i, −i) and y[i] = 100 + i."""
    i = np.arange(n)
    return np.stack([i, -i], axis=1).astype(float), 100 + i


def batches(kata, x, y, batch_size, rng):
    """The batches of a call as pairs of arrays, after a look at what each one is made of."""
    found = kata.minibatches(x, y, batch_size, rng)
    for number, batch in enumerate(found):
        pair = isinstance(batch, tuple | list) and len(batch) == 2
        kata.law(pair, f"item {number} is not a pair (part of x, part of y)", function="minibatches")
        shapes = [np.shape(part) for part in batch]
        given = f"item {number} has shapes {shapes[0]} and {shapes[1]}; x is {x.shape} and y is {y.shape}"
        kata.law(
            [len(shape) for shape in shapes] != [x.ndim - 1, y.ndim - 1],
            given,
            function="minibatches",
            cause="lost-axis",
            says="the items are single examples; a batch keeps the axis of the examples, even when it holds only one",
        )
        same = shapes[0][:1] == shapes[1][:1] and shapes[0][1:] == x.shape[1:] and shapes[1][1:] == y.shape[1:]
        kata.law(same and () not in shapes, given, function="minibatches")
        kata.law(
            all(isinstance(part, np.ndarray) for part in batch),
            f"item {number} holds {type(batch[0]).__name__} and {type(batch[1]).__name__}; parts of x and y are arrays",
            function="minibatches",
            cause="wrong-type",
        )
    return found


def numbers(kata, n, batch_size, rng):
    """For each batch of a call on `numbered(n)`, the numbers of its examples."""
    x, y = numbered(n)
    return [xb[:, 0].astype(int).tolist() for xb, _ in batches(kata, x, y, batch_size, rng)]


def examples_shuffled(kata, seen):
    """Whole batches in another order are not a shuffle of the examples."""
    uncut = all(batch == list(range(batch[0], batch[0] + len(batch))) for batch in seen if batch)
    kata.law(
        not uncut or seen == sorted(seen),
        f"the batches are {seen}: neighbours always stay together",
        function="minibatches",
        cause="wrong-order",
        says="the data is cut into batches first and the batches are shuffled after; shuffle the examples, then cut",
    )


def test_minibatches_have_the_batch_size_and_the_last_takes_the_rest(kata):
    seen = numbers(kata, 13, 5, kata.rng(0))
    examples_shuffled(kata, seen)
    sizes = [len(batch) for batch in seen]
    kata.law(
        sizes != [5, 5],
        "13 examples in batches of 5 came as 5, 5: the last 3 never come",
        function="minibatches",
        cause="batch-dropped",
        says="the loop ends with the last full batch; what is left over is a batch too, a shorter one",
    )
    kata.law(sizes == [5, 5, 3], f"13 examples in batches of 5 came as {sizes}, not 5, 5, 3", function="minibatches")


def test_minibatches_give_each_example_once(kata):
    seen = np.array(sum(numbers(kata, 13, 5, kata.rng(1)), []))
    twice = [i for i in range(13) if np.sum(seen == i) > 1]
    never = [i for i in range(13) if np.sum(seen == i) == 0]
    kata.law(
        not (twice and never and len(seen) == 13),
        f"of 13 examples, numbers {twice} came more than once and {never} never",
        function="minibatches",
        cause="wrong-operand",
        says="the examples are drawn with replacement; a random order of all of them belongs there",
    )
    kata.law(
        not twice and not never,
        f"of 13 examples in batches of 5, numbers {twice} came more than once and {never} never",
        function="minibatches",
    )


def test_minibatches_keep_x_and_y_together(kata):
    x, y = numbered(13)
    for xb, yb in batches(kata, x, y, 5, kata.rng(2)):
        kata.law(
            np.array_equal(xb[:, 0] + 100, yb),
            f"the examples {xb[:, 0].astype(int).tolist()} came with the y of {(yb - 100).astype(int).tolist()}",
            function="minibatches",
            cause="pairing-lost",
            says="x and y are put in two different orders; one order must serve both",
        )
        kata.assert_close(xb[:, 1], -xb[:, 0])


def test_minibatches_leave_no_empty_batch(kata):
    sizes = [len(batch) for batch in numbers(kata, 6, 3, kata.rng(3))]
    kata.law(
        0 not in sizes,
        f"6 examples in batches of 3 came as {sizes}: one batch is empty",
        function="minibatches",
        cause="off-by-one",
        says="when the batch size divides the number of examples, one batch is too many; a mean over nothing is nan",
    )
    kata.law(sizes == [3, 3], f"6 examples in batches of 3 came as {sizes}", function="minibatches")


def test_minibatches_shuffle_with_the_generator(kata):
    orders = [sum(numbers(kata, 13, 5, kata.rng(seed)), []) for seed in (4, 5, 6)]
    kata.law(
        not orders[0] == orders[1] == orders[2],
        f"three different generators gave one and the same order, {orders[0]}",
        function="minibatches",
        cause="argument-unused",
        says="the order does not come from the generator; it has to be drawn from it at every call",
    )
    again = sum(numbers(kata, 13, 5, kata.rng(4)), [])
    kata.law(
        again == orders[0],
        f"two generators with the same seed gave {orders[0]} and {again}",
        function="minibatches",
        cause="nondeterministic",
        says="the order comes from somewhere else than the generator, so no run can be repeated",
    )


def test_minibatches_shuffle_the_examples_not_the_batches(kata):
    for seed in (4, 5, 6):
        examples_shuffled(kata, numbers(kata, 12, 2, kata.rng(seed)))


def test_minibatches_shuffle_afresh_at_every_call(kata):
    rng = kata.rng(8)
    first, second = (sum(numbers(kata, 13, 5, rng), []) for _ in range(2))
    kata.law(
        first != second,
        f"two calls with one generator gave the same order, {first}: each call must draw a new one",
        function="minibatches",
    )


def test_minibatches_of_any_shape(kata):
    i = np.arange(5.0)
    x = i[:, None, None] + np.zeros((5, 2, 3))
    y = i[:, None] + np.zeros((5, 4))
    seen = batches(kata, x, y, 2, kata.rng(9))
    kata.law(len(seen) == 3, f"5 examples in batches of 2 came as {len(seen)} batches", function="minibatches")
    for xb, yb in seen:
        kata.assert_close(xb, yb[:, :1, None] + np.zeros((1, 2, 3)))


def test_minibatches_of_one_example_and_of_a_batch_size_above_the_data(kata):
    x, y = numbered(1)
    for batch_size in (1, 4):
        seen = batches(kata, x, y, batch_size, kata.rng(10))
        kata.law(len(seen) == 1, f"one example came as {len(seen)} batches", function="minibatches")
        kata.assert_close(seen[0][0], x)
        kata.assert_close(seen[0][1], y)


def test_minibatches_keep_dtypes(kata):
    x, y = numbered(5)
    for xb, yb in batches(kata, x.astype(np.float32), y, 2, kata.rng(11)):
        kata.law(
            (xb.dtype, yb.dtype.kind) == (np.float32, "i"),
            f"x is float32 and y is int64, but the batches are {xb.dtype} and {yb.dtype}",
            function="minibatches",
            cause="dtype-drift",
            says="a batch holds rows of x and y as they are; joining the two in one array gives both one dtype",
        )


def test_sgd_step_moves_against_the_gradient(kata):
    params = {"W1": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "b1": np.array([0.5, 0.0, -0.5])}
    grads = {"W1": np.array([[1.0, -1.0, 2.0], [0.0, 4.0, -3.0]]), "b1": np.array([2.0, 1.0, -2.0])}
    expected = {"W1": [[0.75, 2.25, 2.5], [4.0, 4.0, 6.75]], "b1": [0.0, -0.25, 0.0]}
    kata.assert_close(kata.sgd_step(params, grads, 0.25), expected)


def test_sgd_step_takes_any_names_and_shapes(kata):
    rng = np.random.default_rng(12)
    shapes = {"scale": (), "E": (5, 2), "kernel": (2, 3, 4, 1), "b": (1,)}
    params = {name: np.asarray(rng.normal(size=shape)) for name, shape in shapes.items()}
    grads = {name: np.asarray(rng.normal(size=shape)) for name, shape in reversed(shapes.items())}
    got = kata.sgd_step(params, grads, 0.3)
    kata.assert_close(got, {name: np.asarray(params[name] - 0.3 * grads[name]) for name in shapes})


def test_sgd_step_without_a_learning_rate_stays(kata):
    params = {"W": np.array([[1.5, -2.0]])}
    kata.assert_close(kata.sgd_step(params, {"W": np.array([[3.0, 1e4]])}, 0.0), params)


def test_sgd_step_keeps_float32(kata):
    w, dw = np.random.default_rng(13).normal(size=(2, 3, 4)).astype(np.float32)
    kata.assert_close(kata.sgd_step({"W": w}, {"W": dw}, 0.1), {"W": w - np.float32(0.1) * dw})


def test_accuracy_of_five_examples(kata):
    logits = np.array(
        [
            [0.0, 0.6, -0.4, 0.5],
            [0.4, 0.2, -1.2, 1.0],
            [-1.5, -0.9, 0.7, 1.5],
            [0.3, -0.3, -0.1, -1.7],
            [-0.2, 1.1, 1.3, -2.1],
        ]
    )
    kata.assert_close(kata.accuracy(logits, np.array([1, 0, 2, 0, 3])), 2 / 5, rtol=1e-6)


def test_accuracy_counts_example_by_example(kata):
    rng = np.random.default_rng(14)
    logits, labels = rng.normal(size=(20, 3)), rng.integers(0, 3, size=20)
    right = sum(all(logits[n, labels[n]] >= score for score in logits[n]) for n in range(20))
    kata.assert_close(kata.accuracy(logits, labels), right / 20, rtol=1e-6)


def test_accuracy_with_as_many_examples_as_classes(kata):
    logits = np.array([[2.0, 1.0, 0.0], [6.0, 5.0, 4.0], [3.0, 2.0, 1.0]])
    kata.assert_close(kata.accuracy(logits, np.array([2, 0, 0])), 2 / 3, rtol=1e-6)


def test_accuracy_looks_at_the_order_of_the_scores_only(kata):
    logits = np.array([[-1e4, -2e4, -3e4], [1e4, -np.inf, 2e4], [-np.inf, -5.0, -np.inf], [0.2, 0.3, 0.1]])
    kata.assert_close(kata.accuracy(logits, np.array([0, 2, 1, 1])), 1.0, rtol=1e-6)
    kata.assert_close(kata.accuracy(logits, np.array([1, 0, 0, 2])), 0.0, atol=1e-6)


def test_accuracy_of_one_example_in_float32(kata):
    logits = np.array([[0.5, 1.5, 1.0, -2.0]], np.float32)
    kata.assert_close(kata.accuracy(logits, np.array([1])), 1.0)
    kata.assert_close(kata.accuracy(logits, np.array([2])), 0.0)
