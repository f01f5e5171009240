"""forward and loss_and_grads: one, two, three and eleven layers, held against the formula and central differences."""

import numpy as np


def network(params, x):
    h = x
    for l in range(1, len(params) // 2):
        h = np.maximum(h @ params[f"W{l}"] + params[f"b{l}"], 0)
    return h @ params[f"W{len(params) // 2}"] + params[f"b{len(params) // 2}"]


def mean_loss(params, x, labels):
    z = network(params, x)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), labels])


def central_differences(params, x, labels, keys=None, eps=1e-6):
    grads = {}
    for key in keys or params:
        value = params[key]
        grads[key] = np.zeros(value.shape)
        for index in np.ndindex(value.shape):
            moved = value.copy()
            moved[index] = value[index] + eps
            above = mean_loss({**params, key: moved}, x, labels)
            moved[index] = value[index] - eps
            grads[key][index] = (above - mean_loss({**params, key: moved}, x, labels)) / (2 * eps)
    return grads


def make(seed, N, *sizes):
    """Params, x and labels for layers of these sizes; no pre-activation lies close to relu's kink."""
    rng = np.random.default_rng(seed)
    params = {}
    for l, (D, M) in enumerate(zip(sizes[:-1], sizes[1:], strict=True), start=1):
        params[f"W{l}"], params[f"b{l}"] = rng.normal(size=(D, M)) / np.sqrt(D / 2), rng.normal(size=M) / 2
    return params, rng.normal(size=(N, sizes[0])), rng.integers(0, sizes[-1], size=N)


def check_grads(kata, params, x, labels):
    loss, grads = kata.loss_and_grads(params, x, labels)
    kata.assert_close(loss, mean_loss(params, x, labels))
    kata.assert_close(grads, central_differences(params, x, labels), rtol=1e-5)


def test_forward_of_two_layers_by_hand(kata):
    params = {"W1": np.array([[1.0, -1.0]]), "b1": np.array([0.0, 0.0])}
    params |= {"W2": np.array([[1.0, -1.0, 2.0], [1.0, -1.0, 2.0]]), "b2": np.array([0.0, 1.0, 3.0])}
    expected = [[3, -2, 9], [2, -1, 7], [0, 1, 3], [0.5, 0.5, 4]]  # |x|, 1 − |x|, 2|x| + 3
    kata.assert_close(kata.forward(params, np.array([[-3.0], [2.0], [0.0], [0.5]])), expected)


def test_forward_of_three_layers(kata):
    params, x, _ = make(0, 6, 4, 3, 5, 2)
    kata.assert_close(kata.forward(params, x), network(params, x))


def test_forward_of_one_layer_is_affine(kata):
    params, x, _ = make(1, 4, 3, 5)
    kata.assert_close(kata.forward(params, x), x @ params["W1"] + params["b1"])


def test_forward_of_eleven_layers(kata):
    params, x, _ = make(2644, 4, *[3] * 12)
    kata.assert_close(kata.forward(params, x), network(params, x))


def test_forward_where_every_size_is_one(kata):
    params = {"W1": np.array([[2.0]]), "b1": np.array([1.0]), "W2": np.array([[-3.0]]), "b2": np.array([0.5])}
    kata.assert_close(kata.forward(params, np.array([[4.0]])), [[-26.5]])


def test_forward_keeps_float32(kata):
    params, x, _ = make(3, 5, 4, 3, 2)
    single = {key: value.astype(np.float32) for key, value in params.items()}
    kata.assert_close(kata.forward(single, x.astype(np.float32)), network(params, x))


def test_loss_and_grads_of_one_layer_by_hand(kata):
    params, x = {"W1": np.zeros((3, 2)), "b1": np.zeros(2)}, np.array([[4.0, 0.0, -8.0]])
    loss, grads = kata.loss_and_grads(params, x, np.array([1]))
    kata.assert_close(loss, np.log(2))
    kata.assert_close(grads, {"W1": np.array([[2.0, -2.0], [0.0, 0.0], [-4.0, 4.0]]), "b1": np.array([0.5, -0.5])})


def test_loss_and_grads_of_one_layer(kata):
    check_grads(kata, *make(4, 4, 3, 5))


def test_loss_and_grads_reach_every_layer(kata):
    _, grads = kata.loss_and_grads(*make(55, 6, 4, 3, 5, 2))
    for key in grads:
        kata.law(
            np.any(grads[key]) or not np.any(grads.get("W3", 0)),
            f"is 0 throughout, though {key} moves the loss; the gradient of the last layer is not 0",
            function="loss_and_grads",
            tensor=f"grads[{key}]",
            cause={"numpy": "gradient-not-carried", "torch": "graph-broken"}[kata.track],
            says="the gradient stops on its way back, so the layers below get none",
        )


def test_loss_and_grads_of_two_layers(kata):
    check_grads(kata, *make(9, 5, 4, 3, 2))


def test_loss_and_grads_of_square_weights(kata):
    check_grads(kata, *make(28, 4, 3, 3, 3, 3))


def test_loss_and_grads_of_three_layers(kata):
    check_grads(kata, *make(55, 6, 4, 3, 5, 2))


def test_loss_and_grads_of_eleven_layers(kata):
    params, x, labels = make(403, 3, *[2] * 12)
    loss, grads = kata.loss_and_grads(params, x, labels)
    kata.assert_close(loss, mean_loss(params, x, labels))
    some = {key: grads[key] for key in grads if key in ("W1", "W10", "b2")}
    kata.assert_close(some, central_differences(params, x, labels, ["W1", "W10", "b2"]), rtol=1e-5)


def test_loss_and_grads_of_a_single_example(kata):
    check_grads(kata, *make(8, 1, 2, 4, 3))


def test_loss_and_grads_stop_at_units_that_are_off(kata):
    params, x, labels = make(10, 3, 2, 4, 5)
    params["b1"] -= 100  # relu gives 0 everywhere, so the logits are b2
    p = np.exp(params["b2"]) / np.exp(params["b2"]).sum()
    _, grads = kata.loss_and_grads(params, x, labels)
    expected = {key: np.zeros(value.shape) for key, value in params.items()}
    kata.assert_close(grads, {**expected, "b2": p - np.bincount(labels, minlength=5) / 3})


def test_loss_and_grads_survive_extreme_scores(kata):
    params = {"W1": np.array([[1e4, 0.0]]), "b1": np.zeros(2)}
    loss, grads = kata.loss_and_grads(params, np.array([[1.0], [1.0], [-1.0]]), np.array([1, 0, 1]))
    kata.assert_close(loss, 1e4 / 3)
    kata.assert_close(grads, {"W1": np.array([[1.0, -1.0]]) / 3, "b1": np.array([1.0, -1.0]) / 3})


def test_loss_and_grads_keep_float32(kata):
    params, x, labels = make(43, 5, 4, 3, 2)
    single = {key: value.astype(np.float32) for key, value in params.items()}
    loss, grads = kata.loss_and_grads(single, x.astype(np.float32), labels)
    kata.assert_close(loss, mean_loss(params, x, labels))
    kata.assert_close(grads, central_differences(params, x, labels))
