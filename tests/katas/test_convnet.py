"""init, loss_and_grads and predict: small images and small networks, held against sums over windows and central differences."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

NAMES = ("w1", "b1", "w2", "b2", "W3", "b3")


def shapes(side):
    D = 16 * (side // 2 // 2) ** 2
    return {"w1": (8, 1, 5, 5), "b1": (8,), "w2": (16, 8, 5, 5), "b2": (16,), "W3": (D, 10), "b3": (10,)}


def fresh(kata, rng, *side):
    """Parameters from init, with the names that they should have."""
    params = kata.init(rng, *side)
    kata.law(
        isinstance(params, dict) and set(params) == set(NAMES),
        f"the keys are {', '.join(map(str, params))}, not {', '.join(NAMES)}"
        if isinstance(params, dict)
        else "a dict of arrays was expected",
        function="init",
    )
    return params


def has_shapes(kata, params, wanted):
    for name in NAMES:
        got, shape = np.shape(params[name]), wanted[name]
        cause, says = None, ""
        if got == shape[::-1] and len(shape) == 2:
            cause, says = "transposed", "outputs come first here, as in nn.Linear; the layer is row @ W3"
        elif len(shape) == 4 and got == (shape[1], shape[0], *shape[2:]) and shape[0] != shape[1]:
            cause, says = "wrong-order", "the inputs come first here; a kernel is stored as outputs, inputs, K, K"
        elif name[0] == "b" and len(got) > 1 and np.prod(got) == shape[0]:
            cause, says = "extra-axis", "a bias has one axis, of as many numbers as there are outputs"
        elif name == "W3" and got == shapes(28)["W3"]:
            cause, says = "argument-unused", "the sizes are those of 28 × 28 pixels, whatever `side` is"
        facts = f"has shape {got}; {shape} was expected"
        kata.law(got == shape, facts, function="init", tensor=f"out[{name}]", cause=cause, says=says)


def test_init_for_images_of_28_pixels(kata):
    has_shapes(kata, fresh(kata, kata.rng(0)), shapes(28))


def test_init_for_images_of_8_pixels(kata):
    has_shapes(kata, fresh(kata, kata.rng(1), 8), shapes(8))


def test_init_rounds_down_at_each_pooling(kata):
    for side in (10, 7):
        has_shapes(kata, fresh(kata, kata.rng(2), side), shapes(side))


def test_init_starts_with_biases_of_zero(kata):
    params = fresh(kata, kata.rng(3), 8)
    for name in ("b1", "b2", "b3"):
        facts = f"holds {np.ravel(params[name])[:4].tolist()} …; zeros were expected"
        kata.law(np.all(params[name] == 0), facts, function="init", tensor=f"out[{name}]")


def test_init_makes_floats_of_the_usual_precision(kata):
    usual = "float64" if kata.track == "numpy" else "float32"  # the default of each library
    for name, param in fresh(kata, kata.rng(4), 8).items():
        facts = f"is {param.dtype}; {usual} was expected"
        kata.law(str(param.dtype) == usual, facts, function="init", tensor=f"out[{name}]", cause="dtype-drift")


def test_init_draws_from_the_generator(kata):
    one, other, again = (fresh(kata, kata.rng(seed), 8) for seed in (5, 6, 5))
    for name in ("w1", "w2", "W3"):
        kata.law(
            np.array_equal(one[name], again[name]),
            f"two generators with the same seed gave different {name}",
            function="init",
            cause="nondeterministic",
            says="the weights are drawn from somewhere else than the generator, so no run can be repeated",
        )
        kata.law(
            not np.array_equal(one[name], other[name]),
            f"two different generators gave the same {name}",
            function="init",
            tensor=f"out[{name}]",
            says="no randomness comes from the generator; kernels that start equal stay equal for ever",
        )
    different = len({tuple(kernel.ravel().tolist()) for kernel in one["w1"]})
    kata.law(different == 8, f"w1 has 8 kernels, of which {different} are different", function="init")


def test_init_scales_the_weights_to_what_is_added_up(kata):
    several = [fresh(kata, kata.rng(seed)) for seed in range(7, 12)]  # w1 alone has too few numbers to tell
    for name, inputs, outputs, places in (("w1", 1, 8, 25), ("w2", 8, 16, 25), ("W3", 784, 10, 1)):
        W, fan = np.stack([params[name] for params in several]), inputs * places
        std, wanted = float(W.std()), np.sqrt(2 / fan)
        known = [
            (1.0, "missing-scale", "a standard normal is not scaled yet"),
            (np.sqrt(2 / inputs), "missing-term", "the channels alone are counted; a kernel has K · K places in each"),
            (np.sqrt(2 / (outputs * places)), "fan-swapped", "what goes out is counted, in place of what comes in"),
            (np.sqrt(1 / fan), "wrong-factor", "the 2 is missing that makes up for the half which relu throws away"),
            (2 / fan, "missing-term", "2/fan is the variance; the standard deviation is its square root"),
        ]
        allowed = 5 / np.sqrt(2 * W.size)  # five times what chance makes of it
        nearest, second = sorted(known, key=lambda entry: abs(np.log(std / entry[0])))[:2]
        sure = 3 * abs(np.log(std / nearest[0])) < abs(np.log(std / second[0])) and abs(std / nearest[0] - 1) < allowed
        cause, says = nearest[1:] if sure else (None, "")
        facts = f"{name} has the standard deviation {std:.3g}; √(2/{fan}) = {wanted:.3g} was expected"
        good = abs(std / wanted - 1) < allowed
        kata.law(good, facts, function="init", tensor=f"out[{name}]", cause=cause, says=says)
        mean = float(W.mean())
        facts = f"{name} has the mean {mean:.3g}, too far from 0 for {W.size} numbers of standard deviation {std:.3g}"
        kata.law(abs(mean) < 5 * wanted / np.sqrt(W.size), facts, function="init", tensor=f"out[{name}]")


# ---------------------------------------------------------------------- the same network, window by window


def make(seed, N, side, O1, O2, C, K1=3, K2=3):
    """Params, images and labels; no pre-activation lies close to relu's kink, no two of a window close together."""
    rng = np.random.default_rng(seed)
    D = O2 * (side // 2 // 2) ** 2
    sizes = {"w1": (O1, 1, K1, K1), "b1": (O1,), "w2": (O2, O1, K2, K2), "b2": (O2,), "W3": (D, C), "b3": (C,)}
    params = {}
    for name, size in sizes.items():
        fan = np.prod(size[1:]) if len(size) == 4 else size[0]
        params[name] = rng.normal(size=size) * (0.3 if len(size) == 1 else np.sqrt(2 / fan))
    return params, rng.normal(size=(N, 1, side, side)), rng.integers(0, C, size=N)


def stage(x, w, b):
    """One convolution, relu and pooling: the pooled image, the pre-activations, what each place of the kernel saw."""
    border, half = w.shape[2] // 2, x.shape[2] // 2
    padded = np.pad(x, ((0, 0), (0, 0), (border, border), (border, border)))
    seen = sliding_window_view(padded, w.shape[2:], axis=(2, 3))  # N C S S K K
    z = np.moveaxis(np.tensordot(seen, w, axes=([1, 4, 5], [1, 2, 3])), 3, 1) + b[:, None, None]
    pooled = np.zeros((*z.shape[:2], half, half))  # the maximum with 0 is relu
    for r in (0, 1):
        for c in (0, 1):
            pooled = np.maximum(pooled, z[:, :, r : 2 * half : 2, c : 2 * half : 2])
    return pooled, z, seen


def unstage(dpooled, pooled, z, seen, w):
    """The gradients of a stage for x, w and b. Where a window has nothing above 0, nothing goes back."""
    S, half, K = z.shape[2], pooled.shape[2], w.shape[2]
    dz = np.zeros_like(z)
    for r in (0, 1):
        for c in (0, 1):
            here = (slice(None), slice(None), slice(r, 2 * half, 2), slice(c, 2 * half, 2))
            dz[here] = np.where((z[here] == pooled) & (pooled > 0), dpooled, 0)
    dw = np.tensordot(dz, seen, axes=([0, 2, 3], [0, 2, 3]))
    dpadded = np.zeros((len(z), w.shape[1], S + K - 1, S + K - 1))
    for i, j in np.ndindex(K, K):
        dpadded[:, :, i : i + S, j : j + S] += np.moveaxis(np.tensordot(dz, w[:, :, i, j], axes=(1, 0)), 3, 1)
    return dpadded[:, :, K // 2 : K // 2 + S, K // 2 : K // 2 + S], dw, dz.sum(axis=(0, 2, 3))


def scores(params, x):
    p1, *_ = stage(x, params["w1"], params["b1"])
    p2, *_ = stage(p1, params["w2"], params["b2"])
    return np.array([image.flatten() @ params["W3"] for image in p2]) + params["b3"]


def mean_loss(logits, labels):
    return np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels])


def slopes(params, x, labels):
    """The gradient of the mean loss for every parameter."""
    p1, z1, x_seen = stage(x, params["w1"], params["b1"])
    p2, z2, p1_seen = stage(p1, params["w2"], params["b2"])
    row = p2.reshape(len(x), -1)
    exps = np.exp(row @ params["W3"] + params["b3"])
    dlogits = (exps / exps.sum(axis=1, keepdims=True) - np.eye(len(params["b3"]))[labels]) / len(x)
    dp2 = (dlogits @ params["W3"].T).reshape(p2.shape)
    dp1, dw2, db2 = unstage(dp2, p2, z2, p1_seen, params["w2"])
    _, dw1, db1 = unstage(dp1, p1, z1, x_seen, params["w1"])
    return {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2, "W3": row.T @ dlogits, "b3": dlogits.sum(axis=0)}


def check_grads(kata, params, x, labels):
    loss, grads = kata.loss_and_grads(params, x, labels)
    kata.assert_close(loss, mean_loss(scores(params, x), labels))
    kata.assert_close(grads, slopes(params, x, labels))


def test_loss_of_a_network_by_hand(kata):
    # One image of 4 × 4 pixels; kernels of one pixel, so that no border matters: h1 = relu(2x − 1), pooled to the four
    # maxima 1 3 0 7; h2 = relu(p1 − 3), of which the maximum is 4; the scores are 4, −4 and 0.
    x = np.array([[[[1.0, 0.0, 0.5, 2.0], [0.0, 0.5, 1.0, 1.0], [0.0, 0.5, 4.0, 3.0], [-3.0, 0.0, 2.0, 0.0]]]])
    params = {"w1": np.full((1, 1, 1, 1), 2.0), "b1": np.array([-1.0]), "w2": np.ones((1, 1, 1, 1))}
    params |= {"b2": np.array([-3.0]), "W3": np.array([[1.0, -1.0, 0.0]]), "b3": np.zeros(3)}
    loss, _ = kata.loss_and_grads(params, x, np.array([2]))
    kata.assert_close(loss, np.log(np.exp(4) + np.exp(-4) + 1))


def test_loss_pads_with_zeros_so_that_the_side_stays(kata):
    params, _, labels = make(0, 2, 4, 2, 3, 5)
    x = np.zeros((2, 1, 4, 4))
    x[0, 0, 0, 0], x[1, 0, 3, 3] = 2.0, -1.5  # a dot in a corner, which every place of the kernel has to reach
    loss, _ = kata.loss_and_grads(params, x, labels)
    kata.assert_close(loss, mean_loss(scores(params, x), labels))


def test_loss_and_grads_reach_every_layer(kata):
    _, grads = kata.loss_and_grads(*make(1, 3, 8, 2, 4, 5))
    for key in grads:
        kata.law(
            np.any(grads[key]) or not np.any(grads.get("W3", 0)),
            f"is 0 throughout, though {key} moves the loss; the gradient of W3 is not 0",
            function="loss_and_grads",
            tensor=f"grads[{key}]",
            cause={"numpy": "gradient-not-carried", "torch": "graph-broken"}[kata.track],
            says="the gradient stops on its way back, so the layers below get none",
        )


def test_loss_and_grads_of_the_layer_at_the_end(kata):
    params, x, labels = make(2, 4, 4, 2, 3, 5)
    loss, grads = kata.loss_and_grads(params, x, labels)
    kata.assert_close(loss, mean_loss(scores(params, x), labels))
    wanted = slopes(params, x, labels)
    kata.assert_close({key: grads.get(key) for key in ("b3", "W3")}, {key: wanted[key] for key in ("b3", "W3")})


def test_loss_and_grads_of_images_of_8_pixels(kata):
    check_grads(kata, *make(3, 4, 8, 2, 3, 5))


def test_loss_and_grads_agree_with_central_differences(kata):
    params, x, labels = make(4, 3, 4, 2, 1, 2, K2=1)
    _, grads = kata.loss_and_grads(params, x, labels)
    expected, eps = {}, 1e-6
    for name, value in params.items():
        expected[name] = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            losses = []
            for step in (eps, -eps):
                moved = value.copy()
                moved[index] += step
                losses.append(mean_loss(scores({**params, name: moved}, x), labels))
            expected[name][index] = (losses[0] - losses[1]) / (2 * eps)
    kata.assert_close(grads, expected, rtol=1e-5)


def test_loss_and_grads_of_kernels_of_two_sizes(kata):
    check_grads(kata, *make(5, 2, 8, 3, 2, 4, K1=5, K2=3))
    check_grads(kata, *make(6, 2, 6, 2, 3, 4, K1=1, K2=5))


def test_loss_and_grads_where_pooling_leaves_a_rest(kata):
    check_grads(kata, *make(7, 3, 10, 2, 4, 5))
    check_grads(kata, *make(8, 3, 7, 2, 4, 5))


def test_loss_and_grads_of_a_single_example(kata):
    check_grads(kata, *make(9, 1, 8, 2, 3, 4))


def test_loss_and_grads_with_one_channel(kata):
    check_grads(kata, *make(10, 3, 4, 1, 1, 2))


def test_loss_and_grads_stop_at_kernels_that_are_off(kata):
    params, x, labels = make(11, 3, 8, 2, 4, 5)
    params["b2"] -= 100  # relu gives 0 everywhere, so the logits are b3
    p = np.exp(params["b3"]) / np.exp(params["b3"]).sum()
    _, grads = kata.loss_and_grads(params, x, labels)
    expected = {key: np.zeros(value.shape) for key, value in params.items()}
    kata.assert_close(grads, {**expected, "b3": p - np.bincount(labels, minlength=5) / 3})


def test_loss_and_grads_survive_extreme_scores(kata):
    params, x, _ = make(12, 3, 4, 2, 3, 2)
    params["W3"][:] = 0
    params["b3"] = np.array([1e4, 0.0])
    loss, grads = kata.loss_and_grads(params, x, np.array([1, 0, 0]))
    kata.assert_close(loss, 1e4 / 3)
    kata.assert_close(grads["b3"], np.array([1.0, -1.0]) / 3)


def test_loss_and_grads_keep_float32(kata):
    params, x, labels = make(13, 3, 8, 2, 3, 4)
    single = {key: value.astype(np.float32) for key, value in params.items()}
    loss, grads = kata.loss_and_grads(single, x.astype(np.float32), labels)
    kata.assert_close(loss, mean_loss(scores(params, x), labels))
    kata.assert_close(grads, {key: value.astype(np.float32) for key, value in slopes(params, x, labels).items()})


def test_loss_and_grads_take_what_init_gives(kata):
    params = fresh(kata, kata.rng(14), 8)
    x, labels = np.random.default_rng(15).random((2, 1, 8, 8)).astype(params["w1"].dtype), np.array([7, 2])
    loss, grads = kata.loss_and_grads(params, x, labels)
    kata.assert_close(loss, mean_loss(scores(params, x), labels), rtol=1e-5)
    kata.assert_close(grads, slopes(params, x, labels), rtol=1e-5)


# ---------------------------------------------------------------------- predict


def test_predict_takes_the_highest_score(kata):
    params, x, _ = make(16, 9, 8, 2, 3, 4)
    kata.assert_close(kata.predict(params, x), scores(params, x).argmax(axis=1))


def test_predict_puts_no_relu_behind_the_scores(kata):
    params, x, _ = make(17, 7, 8, 2, 3, 4)
    params["b3"] -= 50  # the highest score is below 0
    kata.assert_close(kata.predict(params, x), scores(params, x).argmax(axis=1))


def test_predict_of_a_single_image(kata):
    params, x, _ = make(18, 1, 4, 3, 2, 5)
    kata.assert_close(kata.predict(params, x), scores(params, x).argmax(axis=1))


def test_predict_where_pooling_leaves_a_rest(kata):
    params, x, _ = make(19, 6, 7, 2, 3, 4, K1=5)
    kata.assert_close(kata.predict(params, x), scores(params, x).argmax(axis=1))


def test_predict_answers_each_image_for_itself(kata):
    params, x, _ = make(20, 5, 8, 2, 3, 4)
    whole = kata.predict(params, x)
    kata.assert_close(kata.predict(params, x[3:4]), whole[3:4])


def test_predict_in_float32(kata):
    params, x, _ = make(21, 6, 8, 2, 3, 4)
    single = {key: value.astype(np.float32) for key, value in params.items()}
    kata.assert_close(kata.predict(single, x.astype(np.float32)), scores(params, x).argmax(axis=1))
