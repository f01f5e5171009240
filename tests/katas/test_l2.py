"""l2_penalty, l2_grads and weight_decay_step: worked by hand, held against loops and central differences."""

import numpy as np


def make(seed, dtype=np.float64):
    """Parameters of many shapes: weights with other names than W, two biases as long as a side of their weight."""
    rng = np.random.default_rng(seed)
    shapes = {"W1": (4, 3), "b1": (3,), "E": (5, 2), "scale": (4,), "kernels": (2, 3, 5, 1), "W2": (3, 6), "b2": (6,)}
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def penalty(params, lam):
    total = 0.0
    for param in params.values():
        if len(param.shape) > 1:
            for number in param.ravel().tolist():
                total += number * number
    return lam * total / 2


def decayed(params, grads, lr, lam):
    new = {}
    for name, param in params.items():
        rate = lr * lam if len(param.shape) > 1 else 0.0
        new[name] = param - lr * grads[name] - rate * param
    return new


def equal(got, other):
    return np.shape(got) == np.shape(other) and np.allclose(got, other)


def with_every_key(kata, function, params, *args):
    """The dict that `function` gives back, after a look at its keys."""
    got = getattr(kata, function)(params, *args)
    missing = [name for name in params if name not in got]
    kata.law(
        not missing,
        f"has the keys {', '.join(got)}; {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
        function=function,
        tensor=f"out[{missing[0]}]" if missing else None,
        cause="missing-term",
        says="an array is left out of the result; every key of params has a place in it, those of the biases too",
    )
    for name, param in params.items():
        shape = np.shape(got[name])
        kata.law(
            shape == param.shape or shape != (),
            f"is a single number; {name} has shape {param.shape}",
            function=function,
            tensor=f"out[{name}]",
            cause="lost-axis",
            says="a single number stands for an array; the result has the shapes of params",
        )
    return got


def grads(kata, params, lam):
    return with_every_key(kata, "l2_grads", params, lam)


def step(kata, params, slopes, lr, lam):
    return with_every_key(kata, "weight_decay_step", params, slopes, lr, lam)


# ---------------------------------------------------------------------- the penalty


def test_l2_penalty_by_hand(kata):
    kata.assert_close(kata.l2_penalty({"W1": np.array([[1.0, -2.0, 3.0], [0.0, 0.5, -1.0]])}, 0.4), 0.2 * 15.25)


def test_l2_penalty_leaves_the_biases_out(kata):
    params = {"W1": np.array([[1.0, -2.0, 4.0]]), "b1": np.array([3.0, 5.0, -7.0])}
    got = kata.l2_penalty(params, 0.6)
    kata.law(
        not equal(got, 0.3 * (21 + 83)),
        "is 31.2, as if the biases were weights; without them it is 6.3",
        function="l2_penalty",
        cause="bias-penalised",
        says="the biases have a price as well; they are the arrays with one axis, and they go free",
    )
    kata.assert_close(got, 0.3 * 21)


def test_l2_penalty_adds_up_every_weight_whatever_its_name_and_shape(kata):
    for seed, lam in ((0, 0.7), (1, 0.02), (2, 3.0)):
        params = make(seed)
        kata.assert_close(kata.l2_penalty(params, lam), penalty(params, lam))


def test_l2_penalty_of_any_order_of_the_arrays(kata):
    params = make(3)
    turned = {name: params[name] for name in reversed(params)}
    kata.assert_close(kata.l2_penalty(turned, 0.3), penalty(params, 0.3))


def test_l2_penalty_of_a_square_weight(kata):
    W = np.random.default_rng(4).normal(size=(3, 3))
    kata.assert_close(kata.l2_penalty({"W": W}, 1.7), penalty({"W": W}, 1.7))


def test_l2_penalty_without_a_price(kata):
    kata.assert_close(kata.l2_penalty(make(5), 0.0), 0.0)


def test_l2_penalty_of_one_weight(kata):
    kata.assert_close(kata.l2_penalty({"W": np.array([[-3.0]]), "b": np.array([2.0])}, 0.5), 2.25)


def test_l2_penalty_of_weights_that_are_rows_and_columns(kata):
    params = {"row": np.array([[3.0, -1.0, 2.0, 5.0]]), "column": np.array([[4.0], [1.0]]), "b": np.array([9.0])}
    kata.assert_close(kata.l2_penalty(params, 0.2), 0.1 * 56)


def test_l2_penalty_of_large_and_small_weights(kata):
    kata.assert_close(kata.l2_penalty({"W": np.array([[1e4, -1e4, 0.0]])}, 0.5), 5e7)
    kata.assert_close(kata.l2_penalty({"W": np.array([[1e-4, -2e-4]])}, 2.0) * 1e8, 5.0)


def test_l2_penalty_in_float32(kata):
    params = make(6, np.float32)
    kata.assert_close(kata.l2_penalty(params, 0.3), penalty(params, 0.3))


def test_l2_penalty_can_be_differentiated(kata):
    params = {"W1": np.array([[1.0, -2.0]]), "W2": np.array([[0.5], [4.0]])}
    kata.assert_close(kata.l2_penalty(params, 0.6), 0.3 * 21.25)
    if kata.track == "torch":  # the numpy track has no penalty to differentiate: its gradient is l2_grads
        adapter, module = kata.caller.adapter, vars(kata.caller.module)
        args = adapter.native((np.array(1.5), params, 0.6))
        found = adapter.gradients(module, "l2_penalty", 1, args, [0])
        for name, W in params.items():
            kata.law(
                np.allclose(adapter.plain(found[name]), 1.5 * 0.6 * W),
                f"autograd finds {adapter.plain(found[name]).tolist()} for {name}; {(0.9 * W).tolist()} was expected",
                function="l2_penalty",
                cause="graph-broken" if not np.any(adapter.plain(found[name])) else None,
                says="part of the penalty is cut off from the graph, so that it never holds these weights down",
            )


# ---------------------------------------------------------------------- its gradient


def test_l2_grads_by_hand(kata):
    params = {"W1": np.array([[1.0, -2.0, 3.0], [0.0, 0.5, -1.0]]), "b1": np.array([4.0, -5.0, 6.0])}
    expected = {"W1": [[0.4, -0.8, 1.2], [0.0, 0.2, -0.4]], "b1": [0.0, 0.0, 0.0]}
    got = grads(kata, params, 0.4)
    kata.law(
        not equal(got["b1"], [1.6, -2.0, 2.4]),
        "is λ times the bias; zeros were expected",
        function="l2_grads",
        tensor="out[b1]",
        cause="bias-penalised",
        says="the biases have no price, so their gradient is 0",
    )
    kata.assert_close(got, expected)


def test_l2_grads_have_every_key_and_shape(kata):
    params = make(7)
    wanted = {name: 0.7 * param if param.ndim > 1 else np.zeros(param.shape) for name, param in params.items()}
    kata.assert_close(grads(kata, params, 0.7), wanted)


def test_l2_grads_agree_with_central_differences_of_the_penalty(kata):
    params, eps = make(8), 1e-5
    expected = {name: np.zeros(param.shape) for name, param in params.items()}
    for name, param in params.items():
        for index in np.ndindex(param.shape):
            above, below = param.copy(), param.copy()
            above[index] += eps
            below[index] -= eps
            difference = penalty({**params, name: above}, 0.9) - penalty({**params, name: below}, 0.9)
            expected[name][index] = difference / (2 * eps)
    kata.assert_close(grads(kata, params, 0.9), expected, rtol=1e-6)


def test_l2_grads_without_a_price(kata):
    params = make(9)
    kata.assert_close(grads(kata, params, 0.0), {name: np.zeros(param.shape) for name, param in params.items()})


def test_l2_grads_of_one_weight_and_one_bias(kata):
    got = grads(kata, {"W": np.array([[-3.0]]), "b": np.array([2.0])}, 0.5)
    kata.assert_close(got, {"W": [[-1.5]], "b": [0.0]})


def test_l2_grads_of_large_weights(kata):
    got = grads(kata, {"W": np.array([[1e4, -1e4, 0.0]]), "b": np.array([1e4, 1e4])}, 0.5)
    kata.assert_close(got, {"W": [[5e3, -5e3, 0.0]], "b": [0.0, 0.0]})


def test_l2_grads_keep_float32(kata):
    params = make(10, np.float32)
    wanted = {name: np.float32(0.3) * (param if param.ndim > 1 else 0 * param) for name, param in params.items()}
    kata.assert_close(grads(kata, params, 0.3), wanted)


# ---------------------------------------------------------------------- the step


def test_weight_decay_step_by_hand(kata):
    params = {"W1": np.array([[1.0, 2.0, -4.0]]), "b1": np.array([0.5, 0.0, -0.5])}
    slopes = {"W1": np.array([[2.0, -1.0, 0.0]]), "b1": np.array([2.0, 1.0, -2.0])}
    expected = {"W1": [[0.375, 2.0, -3.5]], "b1": [0.0, -0.25, 0.0]}
    got = step(kata, params, slopes, 0.25, 0.5)
    kata.law(
        not equal(got["b1"], [-0.0625, -0.25, 0.0625]),
        "is [-0.0625, -0.25, 0.0625], as if it were a weight; [0, -0.25, 0] was expected",
        function="weight_decay_step",
        tensor="out[b1]",
        cause="bias-penalised",
        says="the biases decay as well; arrays with one axis take the plain step",
    )
    kata.assert_close(got, expected)


def test_weight_decay_step_of_any_names_and_shapes(kata):
    for seed in (11, 12):
        params, slopes = make(seed), make(seed + 100)
        slopes = {name: slopes[name] for name in reversed(slopes)}  # the keys pair them, not their order
        kata.assert_close(step(kata, params, slopes, 0.3, 0.9), decayed(params, slopes, 0.3, 0.9))


def test_weight_decay_step_with_a_long_step_and_a_strong_decay(kata):
    params, slopes = make(13), make(14)
    kata.assert_close(step(kata, params, slopes, 1.5, 2.5), decayed(params, slopes, 1.5, 2.5))


def test_weight_decay_step_without_decay_is_the_plain_step(kata):
    params, slopes = make(15), make(16)
    got = step(kata, params, slopes, 0.3, 0.0)
    kata.assert_close(got, {name: params[name] - 0.3 * slopes[name] for name in params})


def test_weight_decay_step_without_a_learning_rate_stays(kata):
    params = make(17)
    kata.assert_close(step(kata, params, make(18), 0.0, 0.8), params)


def test_weight_decay_step_without_a_gradient_shrinks_the_weights_alone(kata):
    params = {"W": np.array([[4.0, -8.0]]), "b": np.array([3.0, -1.0])}
    slopes = {"W": np.zeros((1, 2)), "b": np.zeros(2)}
    kata.assert_close(step(kata, params, slopes, 0.5, 0.5), {"W": [[3.0, -6.0]], "b": [3.0, -1.0]})


def test_weight_decay_step_of_one_weight_and_one_bias(kata):
    params, slopes = {"W": np.array([[1e4]]), "b": np.array([1e4])}, {"W": np.array([[-1e4]]), "b": np.array([1.0])}
    kata.assert_close(step(kata, params, slopes, 0.1, 0.2), {"W": [[1.08e4]], "b": [9999.9]})


def test_weight_decay_step_keeps_float32(kata):
    params, slopes = make(19, np.float32), make(20, np.float32)
    kata.assert_close(step(kata, params, slopes, 0.3, 0.2), decayed(params, slopes, 0.3, 0.2))
