"""one_hot, cross_entropy and binary_cross_entropy: values, extreme scores, refusals and derivatives."""

import numpy as np


def test_one_hot_marks_one_class_in_each_row(kata):
    expected = [[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]]
    kata.assert_close(kata.one_hot(np.array([3, 0, 3, 1, 2]), 4), expected)


def test_one_hot_of_a_single_class(kata):
    kata.assert_close(kata.one_hot(np.array([0]), 1), [[1]])


def test_one_hot_holds_floats(kata):
    y = kata.one_hot(np.array([1, 0, 1]), 2)
    wanted = {"numpy": "float64", "torch": "float32"}[kata.track]
    kata.law(
        str(y.dtype) == wanted,
        f"is {y.dtype}; {wanted} was expected, whatever integers the labels are",
        function="one_hot",
        cause="dtype-drift",
    )


def test_one_hot_refuses_labels_out_of_range(kata):
    kata.refuses("one_hot", np.array([0, -3, 2]), 4, naming="-3")
    kata.refuses("one_hot", np.array([0, 1, 4]), 4, naming="4")
    kata.refuses("one_hot", np.array([0, 41, 2]), 4, naming="41")


def test_cross_entropy_of_one_example(kata):
    logits = np.log([[1.0, 2.0, 5.0]])  # probabilities 1/8, 2/8, 5/8
    kata.assert_close(kata.cross_entropy(logits, np.array([2])), -np.log(0.625))


def test_cross_entropy_knows_nothing_from_equal_scores(kata):
    kata.assert_close(kata.cross_entropy(np.full((2, 5), 7.0), np.array([4, 0])), np.log(5))


def test_cross_entropy_is_the_mean_over_the_examples(kata):
    logits, labels = np.random.default_rng(0).normal(size=(4, 3)), np.array([2, 0, 1, 0])
    surprises = [-np.log(np.exp(row[c]) / sum(np.exp(v) for v in row)) for row, c in zip(logits, labels, strict=True)]
    kata.assert_close(kata.cross_entropy(logits, labels), sum(surprises) / 4)


def test_cross_entropy_of_a_single_class_is_zero(kata):
    kata.assert_close(kata.cross_entropy(np.array([[3.0], [-7.0]]), np.array([0, 0])), 0)


def test_cross_entropy_survives_extreme_scores(kata):
    logits = np.array([[1e4, 0.0, -1e4], [1e4, 0.0, -1e4], [-1e4, -1e4, -1e4], [1e4, 1e4, 0.0]])
    expected = (0 + 2e4 + np.log(3) + np.log(2)) / 4
    kata.assert_close(kata.cross_entropy(logits, np.array([0, 2, 1, 1])), expected)


def test_cross_entropy_takes_minus_infinity_at_other_classes(kata):
    logits = np.array([[0.0, -np.inf, 0.0], [-np.inf, 2.0, -np.inf]])
    kata.assert_close(kata.cross_entropy(logits, np.array([2, 1])), np.log(2) / 2)


def test_cross_entropy_of_float32(kata):
    logits, labels = np.random.default_rng(1).normal(size=(3, 5)).astype(np.float32), np.array([4, 1, 1])
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    kata.assert_close(kata.cross_entropy(logits, labels), -np.log(p[[0, 1, 2], labels]).mean())


def test_cross_entropy_refuses_labels_out_of_range(kata):
    logits = np.random.default_rng(2).normal(size=(3, 4))
    kata.refuses("cross_entropy", logits, np.array([0, -3, 2]), naming="-3")
    kata.refuses("cross_entropy", logits, np.array([0, 1, 4]), naming="4")
    kata.refuses("cross_entropy", logits, np.array([0, 41, 2]), naming="41")


def test_cross_entropy_backward_of_one_example(kata):
    logits = np.log([[1.0, 2.0, 5.0]])
    kata.assert_close(kata.grads("cross_entropy", np.array(1.0), logits, np.array([1])), [[0.125, -0.75, 0.625]])


def test_cross_entropy_backward_agrees_with_central_differences(kata):
    logits = np.random.default_rng(3).normal(size=(4, 3))
    kata.assert_gradients("cross_entropy", np.array(-1.7), logits, np.array([2, 0, 1, 0]))


def test_cross_entropy_backward_survives_extreme_scores(kata):
    logits = np.array([[1e4, 0.0, -1e4], [1e4, 0.0, -1e4], [-1e4, -np.inf, -1e4]])
    dlogits = kata.grads("cross_entropy", np.array(0.6), logits, np.array([0, 2, 0]))
    kata.assert_close(dlogits, np.array([[0, 0, 0], [0.2, 0, -0.2], [-0.1, 0, 0.1]]))


def test_cross_entropy_backward_keeps_float32(kata):
    logits = np.random.default_rng(4).normal(size=(3, 5)).astype(np.float32)
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected[[0, 1, 2], [4, 1, 1]] -= 1
    dlogits = kata.grads("cross_entropy", np.array(1.5, dtype=np.float32), logits, np.array([4, 1, 1]))
    kata.assert_close(dlogits, expected / 2)


def test_binary_cross_entropy_of_one_answer(kata):
    score = np.log([3.0])  # probability 3/4
    kata.assert_close(kata.binary_cross_entropy(score, np.array([1.0])), -np.log(0.75))
    kata.assert_close(kata.binary_cross_entropy(score, np.array([0.0])), -np.log(0.25))
    kata.assert_close(kata.binary_cross_entropy(np.array([0.0]), np.array([1.0])), np.log(2))


def test_binary_cross_entropy_is_the_mean_of_both_terms(kata):
    logits, targets = np.random.default_rng(5).normal(size=5), np.array([1.0, 0.0, 0.3, 0.0, 0.9])
    losses = []
    for z, t in zip(logits, targets, strict=True):
        p = 1 / (1 + np.exp(-z))
        losses.append(-t * np.log(p) - (1 - t) * np.log(1 - p))
    kata.assert_close(kata.binary_cross_entropy(logits, targets), sum(losses) / 5)


def test_binary_cross_entropy_survives_extreme_scores(kata):
    for score, target, expected in [(1e4, 1, 0), (1e4, 0, 1e4), (-1e4, 1, 1e4), (-1e4, 0, 0), (1e4, 0.5, 5e3)]:
        kata.assert_close(kata.binary_cross_entropy(np.array([score]), np.array([float(target)])), expected)


def test_binary_cross_entropy_of_float32(kata):
    logits = np.random.default_rng(6).normal(size=4).astype(np.float32)
    targets = np.array([1, 0, 0.25, 1], dtype=np.float32)
    p = 1 / (1 + np.exp(-logits))
    expected = -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean()
    kata.assert_close(kata.binary_cross_entropy(logits, targets), expected)


def test_binary_cross_entropy_backward_agrees_with_central_differences(kata):
    logits, targets = np.random.default_rng(7).normal(size=5), np.array([1.0, 0.0, 0.3, 0.0, 0.9])
    kata.assert_gradients("binary_cross_entropy", np.array(-1.7), logits, targets)


def test_binary_cross_entropy_backward_survives_extreme_scores(kata):
    logits, targets = np.array([1e4, 1e4, -1e4, -1e4]), np.array([1.0, 0.0, 1.0, 0.0])
    dlogits, dtargets = kata.grads("binary_cross_entropy", np.array(2.0), logits, targets)
    kata.assert_close(dlogits, [0, 0.5, -0.5, 0])
    kata.assert_close(dtargets, [-5e3, -5e3, 5e3, 5e3])


def test_binary_cross_entropy_backward_keeps_float32(kata):
    logits = np.random.default_rng(8).normal(size=3).astype(np.float32)
    targets = np.array([1, 0, 0.25], dtype=np.float32)
    got = kata.grads("binary_cross_entropy", np.array(1.5, dtype=np.float32), logits, targets)
    kata.assert_close(got, ((1 / (1 + np.exp(-logits)) - targets) / 2, -logits / 2))
