"""Steps in a row against the published equations, written number by number; the state comes back as it was returned."""

import math

import numpy as np

# The equations for one number: (weight, gradient, memory, lr, …) → (weight, memory). The memory starts as None.


def momentum(w, g, v, lr, mu=0.9):
    v = mu * (v or 0.0) + g
    return w - lr * v, v


def nesterov(w, g, v, lr, mu=0.9):
    v = mu * (v or 0.0) + g
    return w - lr * (g + mu * v), v


def rmsprop(w, g, s, lr, alpha=0.99, eps=1e-8):
    s = alpha * (s or 0.0) + (1 - alpha) * g * g
    return w - lr * g / (math.sqrt(s) + eps), s


def adam(w, g, memory, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = memory or (0, 0.0, 0.0)
    t, m, v = t + 1, beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return w - lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps), (t, m, v)


def adamw(w, g, memory, lr, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.01):
    return adam(w - lr * decay * w, g, memory, lr, beta1, beta2, eps)


EQUATIONS = {
    "momentum_step": momentum,
    "nesterov_step": nesterov,
    "rmsprop_step": rmsprop,
    "adam_step": adam,
    "adamw_step": adamw,
}


def make(seed, steps, scale=1.0, shapes=(("W1", (3, 4)), ("b1", (4,)), ("E", (2, 3, 1)), ("scale", ()))):
    """Parameters, and gradients for each of some steps."""
    rng = np.random.default_rng(seed)
    params, *grads = (
        {name: np.asarray(rng.normal(size=shape) * factor) for name, shape in shapes}
        for factor in (1.0, *[scale] * steps)
    )
    return params, grads


def step_by_hand(function, params, grads, memory, lr, *settings):
    """One step of every number; `memory` is kept up to date."""
    moved = {}
    for name, value in params.items():
        moved[name] = np.zeros(value.shape)
        for index in np.ndindex(value.shape):
            w, g, known = float(value[index]), float(grads[name][index]), memory.get((name, index))
            moved[name][index], memory[name, index] = EQUATIONS[function](w, g, known, lr, *settings)
    return moved


def follow(kata, function, params, grads, lr, *settings, dtype=float):
    """Take a step for each of `grads`, each from where the last one led, and hold every one against the equations.

    `lr` is the rate at the first step, and falls.
    """
    cast = [{name: value.astype(dtype) for name, value in one.items()} for one in (params, *grads)]
    state, memory, expected = {}, {}, cast[0]
    params = cast[0]
    for count, gradients in enumerate(cast[1:], start=1):
        params, state = getattr(kata, function)(params, gradients, state, lr / count, *settings)
        expected = step_by_hand(function, expected, gradients, memory, lr / count, *settings)
        kata.assert_close(params, expected)
        for name, value in params.items():
            facts = f"is {value.dtype} after step {count}; it was {np.dtype(dtype)}"
            kata.law(
                value.dtype == dtype or value.ndim == 0,
                facts,
                function=function,
                tensor=f"params[{name}]",
                cause="dtype-drift",
                says="the parameters change their dtype on the way",
            )


def test_momentum_step_gathers_speed(kata):
    params, state = {"W1": np.array([[1.0, -2.0]]), "b1": np.array([0.5])}, {}
    grads = {"W1": np.array([[1.0, 2.0]]), "b1": np.array([-4.0])}
    params, state = kata.momentum_step(params, grads, state, 0.5, 0.5)
    kata.assert_close(params, {"W1": np.array([[0.5, -3.0]]), "b1": np.array([2.5])})
    params, state = kata.momentum_step(params, grads, state, 0.5, 0.5)
    kata.assert_close(params, {"W1": np.array([[-0.25, -4.5]]), "b1": np.array([5.5])})


def test_momentum_step_for_many_parameters_and_steps(kata):
    follow(kata, "momentum_step", *make(0, 4), 0.3, 0.7)


def test_momentum_step_has_a_momentum_of_its_own(kata):
    follow(kata, "momentum_step", *make(1, 3), 0.1)


def test_momentum_step_of_a_single_number_in_float32(kata):
    follow(kata, "momentum_step", *make(2, 2, shapes=[("W1", (1, 1)), ("b1", (3,))]), 0.3, dtype=np.float32)


def test_nesterov_step_looks_ahead(kata):
    params, state = {"W1": np.array([[1.0, -2.0]]), "b1": np.array([0.5])}, {}
    grads = {"W1": np.array([[1.0, 2.0]]), "b1": np.array([-4.0])}
    params, state = kata.nesterov_step(params, grads, state, 0.5, 0.5)
    kata.assert_close(params, {"W1": np.array([[0.25, -3.5]]), "b1": np.array([3.5])})
    params, state = kata.nesterov_step(params, grads, state, 0.5, 0.5)
    kata.assert_close(params, {"W1": np.array([[-0.625, -5.25]]), "b1": np.array([7.0])})


def test_nesterov_step_for_many_parameters_and_steps(kata):
    follow(kata, "nesterov_step", *make(3, 4), 0.3, 0.7)


def test_nesterov_step_has_a_momentum_of_its_own(kata):
    follow(kata, "nesterov_step", *make(4, 3), 0.1)


def test_nesterov_step_of_a_single_number_in_float32(kata):
    follow(kata, "nesterov_step", *make(5, 2, shapes=[("W1", (1, 1)), ("b1", (3,))]), 0.3, dtype=np.float32)


def test_rmsprop_step_for_many_parameters_and_steps(kata):
    follow(kata, "rmsprop_step", *make(6, 4), 0.1, 0.8, 1e-3)


def test_rmsprop_step_adds_eps_to_the_root(kata):
    follow(kata, "rmsprop_step", *make(7, 2, scale=1e-6), 0.1)


def test_rmsprop_step_has_settings_of_its_own(kata):
    follow(kata, "rmsprop_step", *make(8, 2), 0.1)


def test_rmsprop_step_stays_where_the_gradient_is_zero(kata):
    params = {"W1": np.array([[1.0, -3.0]])}
    kata.assert_close(kata.rmsprop_step(params, {"W1": np.zeros((1, 2))}, {}, 0.1)[0], params)


def test_rmsprop_step_survives_large_gradients_in_float32(kata):
    follow(kata, "rmsprop_step", *make(9, 2, scale=1e4, shapes=[("W1", (1, 1)), ("b1", (3,))]), 0.1, dtype=np.float32)


def test_adam_step_for_many_parameters_and_steps(kata):
    follow(kata, "adam_step", *make(10, 4), 0.1, 0.8, 0.95, 1e-3)


def test_adam_step_adds_eps_to_the_corrected_root(kata):
    follow(kata, "adam_step", *make(11, 2, scale=1e-7), 0.1)


def test_adam_step_has_settings_of_its_own(kata):
    follow(kata, "adam_step", *make(12, 2), 0.1)


def test_adam_step_stays_where_the_gradient_is_zero(kata):
    params = {"W1": np.array([[1.0, -3.0]])}
    kata.assert_close(kata.adam_step(params, {"W1": np.zeros((1, 2))}, {}, 0.1)[0], params)


def test_adam_step_survives_large_gradients_in_float32(kata):
    follow(kata, "adam_step", *make(13, 2, scale=1e4, shapes=[("W1", (1, 1)), ("b1", (3,))]), 0.1, dtype=np.float32)


def test_adamw_step_for_many_parameters_and_steps(kata):
    follow(kata, "adamw_step", *make(14, 4), 0.1, 0.8, 0.95, 1e-3, 0.3)


def test_adamw_step_adds_eps_to_the_corrected_root(kata):
    follow(kata, "adamw_step", *make(15, 2, scale=1e-7), 0.1)


def test_adamw_step_has_settings_of_its_own(kata):
    follow(kata, "adamw_step", *make(16, 2), 0.1)


def test_adamw_step_only_decays_where_the_gradient_is_zero(kata):
    params = {"W1": np.array([[1.0, -3.0]]), "b1": np.array([2.0])}
    grads = {"W1": np.zeros((1, 2)), "b1": np.zeros(1)}
    expected = {"W1": np.array([[0.98, -2.94]]), "b1": np.array([1.96])}
    kata.assert_close(kata.adamw_step(params, grads, {}, 0.1, 0.9, 0.999, 1e-8, 0.2)[0], expected)


def test_adamw_step_survives_large_gradients_in_float32(kata):
    follow(kata, "adamw_step", *make(17, 2, scale=1e4, shapes=[("W1", (1, 1)), ("b1", (3,))]), 0.1, dtype=np.float32)


def test_steps_take_gradients_in_another_order(kata):
    params, (grads,) = make(18, 1)
    turned = dict(reversed(grads.items()))
    for function in EQUATIONS:
        got, _ = getattr(kata, function)(params, turned, {}, 0.1)
        kata.assert_close(got, step_by_hand(function, params, grads, {}, 0.1))


def test_steps_of_two_models_do_not_meet(kata):
    """The memory belongs to the state: whoever starts with an empty one starts anew."""
    first, second = make(19, 2), make(20, 2)
    for function in EQUATIONS:
        step = getattr(kata, function)
        states, memories, at = [{}, {}], [{}, {}], [first[0], second[0]]
        for count in range(2):
            for which, (_, grads) in enumerate((first, second)):
                expected = step_by_hand(function, at[which], grads[count], memories[which], 0.1)
                at[which], states[which] = step(at[which], grads[count], states[which], 0.1)
                kata.assert_close(at[which], expected)


def test_steps_may_start_again_from_an_old_state(kata):
    """The same state twice gives the same step twice."""
    params, grads = make(21, 2)
    for function in EQUATIONS:
        step = getattr(kata, function)
        memory = {}
        there = step_by_hand(function, params, grads[0], memory, 0.1)
        expected = step_by_hand(function, there, grads[1], memory, 0.1)
        _, state = step(params, grads[0], {}, 0.1)
        for _ in range(2):
            kata.assert_close(step(there, grads[1], state, 0.1)[0], expected)


def test_cosine_lr_climbs_and_falls(kata):
    got = [float(kata.cosine_lr(step, 6, 0.8, 2)) for step in range(7)]
    root = math.sqrt(0.5)
    kata.assert_close(np.array(got), np.array([0.0, 0.4, 0.8, 0.4 + 0.4 * root, 0.4, 0.4 - 0.4 * root, 0.0]))


def test_cosine_lr_without_warmup_starts_at_the_base(kata):
    for step, expected in ((0, 3.0), (1, 2.25), (2, 0.75), (3, 0.0)):
        kata.assert_close(kata.cosine_lr(step, 3, 3.0, 0), expected)


def test_cosine_lr_along_a_long_run(kata):
    for step in range(0, 1001, 143):
        angle = math.pi * max(step - 150, 0) / 850
        expected = min(step / 150, 1.0) * 0.05 * (1 - math.sin(angle / 2) ** 2)
        kata.assert_close(kata.cosine_lr(step, 1000, 0.05, 150), expected)


def test_cosine_lr_of_a_run_of_one_step(kata):
    kata.assert_close(kata.cosine_lr(0, 1, 0.2, 0), 0.2)
    kata.assert_close(kata.cosine_lr(1, 1, 0.2, 0), 0.0)
