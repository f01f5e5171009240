"""Slips made in one spirit throughout a function, around a small number or a spread: each under the cause of that mistake."""

import numpy as np
import pytest

from dojo.diagnosis.mutants import mutants

RNG = np.random.default_rng(0)
X, UP = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
ROWS = {"axis": -1, "keepdims": True}
COLUMN = X.std(axis=0)
BY_COLUMN = "(x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)"
BY_ROW = "(x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + eps)"


def causes_of(source: str, name: str, args: tuple, wrong, wild: tuple[str, ...] = ()) -> set[str]:
    """The causes of all mutants of a function that answer `wrong` to `args`."""
    world: dict = {"np": np}
    exec(source, world)
    found = set()
    for mutant in mutants(source, name, world, wild):
        try:
            with np.errstate(all="ignore"):
                got = np.asarray(mutant.function(*args))
        except Exception:
            continue
        if got.shape == np.shape(wrong) and np.allclose(got, wrong, rtol=1e-9, atol=0):
            found.add(mutant.cause)
    return found


def causes_giving(header: str, body: str, args: tuple, wrong, wild: tuple[str, ...] = ()) -> set[str]:
    """The same for a function of this header and body."""
    source = f"def {header}:\n    " + body.replace("\n", "\n    ") + "\n"
    return causes_of(source, header.split("(")[0], args, wrong, wild)


def normal(mean, var, eps=0.1):
    return (X - mean) / np.sqrt(var + eps)


@pytest.mark.parametrize(
    ("formula", "wrong", "cause"),
    [
        (BY_COLUMN, normal(X.mean(**ROWS), X.var(**ROWS)), "wrong-axis"),
        (BY_ROW, normal(X.mean(axis=0), X.var(axis=0)), "wrong-axis"),
        (BY_ROW, normal(X.mean(), X.var()), "batch-mixed"),
        (BY_COLUMN, normal(X.mean(), X.var()), "lost-axis"),
        (BY_COLUMN, normal(X.mean(axis=0), X.var(axis=0, ddof=1)), "unbiased-variance"),
        (BY_COLUMN, normal(X.mean(axis=0), 4 * X.var(axis=0)), "missing-mean"),
        (BY_COLUMN, (X - X.mean(axis=0)) / (COLUMN + 0.1), "eps-misplaced"),
        (BY_COLUMN, X - X.mean(axis=0), "not-normalised"),
        (BY_COLUMN, normal(X.mean(axis=0), COLUMN), "wrong-nonlinearity"),
        ("(x.var(axis=0) + eps) ** -0.5", 1 / (COLUMN + 0.1), "eps-misplaced"),
        ("np.sqrt(x.var(axis=0)) + eps", np.sqrt(X.var(axis=0) + 0.1), "eps-misplaced"),
        ("np.sum(x, 0)", X.sum(axis=1).sum(), "lost-axis"),
        ("x.sum(0)", X.sum(axis=1), "wrong-axis"),
        ("x / np.maximum(x, 1e-6)", X / X, "unstable"),
        ("x / np.where(x == 0, 1, x)", X / (X + 1e-8), "eps-misplaced"),
    ],
)
def test_a_slip_in_a_normalisation_has_its_cause(formula, wrong, cause):
    assert cause in causes_giving("f(x, eps)", f"return {formula}", (X, 0.1), wrong)


def test_a_variance_by_squares_is_unstable():
    far = 1e8 + X
    wrong = (far**2).mean(axis=0) - far.mean(axis=0) ** 2
    assert causes_giving("f(x, eps)", "return x.var(axis=0)", (far, 0.0), wrong) == {"unstable"}


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (UP, "diagonal-only"),
        (UP - UP.mean(axis=0), "missing-term"),
        (UP - UP.sum(axis=0) - X * (UP * X).sum(axis=0), "missing-mean"),
    ],
)
def test_what_a_group_shares_has_its_cause_when_it_is_lost(wrong, cause):
    body = "return dout - dout.mean(axis=0) - x * (dout * x).mean(axis=0)"
    assert cause in causes_giving("f_backward(dout, x)", body, (UP, X), wrong)


def test_a_share_and_the_rest_can_change_places():
    wrong = 0.1 * X + 0.9 * UP
    body = "return (1 - share) * old + share * new"
    assert "wrong-order" in causes_giving("f(old, new, share: float)", body, (X, UP, 0.1), wrong)


def test_a_difference_to_one_side_is_found():
    def cube(x):
        return (x**3).sum()

    body = "return (g(x + h) - g(x - h)) / (2 * h)"
    for wrong in ((cube(X + 0.1) - cube(X)) / 0.1, (cube(X) - cube(X - 0.1)) / 0.1):
        assert "one-sided" in causes_giving("f(g, x, h)", body, (cube, X, 0.1), wrong)


def test_what_is_made_before_the_loop_keeps_what_earlier_rounds_left():
    body = "out = np.zeros(3)\nfor i in range(3):\n    step = np.zeros(3)\n    step[i] = 1\n    out[i] = (step * x).sum()\nreturn out"
    assert "batch-mixed" in causes_giving("f(x)", body, (X[0],), np.cumsum(X[0]))


def test_the_same_key_of_another_dict_is_a_wrong_operand():
    body = 'grads = {"W1": 2 * x}\nk = 1\nup = x * params[f"W{k}"]\ngrads[f"W{k}"] = grads["W1"]\nreturn up'
    assert "wrong-operand" in causes_giving("f(params, x)", body, ({"W1": X}, UP), UP * 2 * UP)


def test_an_argument_that_is_given_twice_is_a_wrong_operand():
    source = "def step(a, b):\n    return a / b\n\n\ndef f(x):\n    return step(x**3, x * 2)\n"
    assert "wrong-operand" in causes_of(source, "f", (X,), np.ones_like(X))


def test_names_that_no_gradient_ties_together_are_left_out_on_request():
    body = "dbeta = dout.sum(axis=0)\nreturn x - dbeta"
    args, wrong = (UP, X, X[0]), X - X[0]
    assert "wrong-operand" in causes_giving("f_backward(dout, x, beta)", body, args, wrong, ("wrong-operand",))
    other = UP - UP.sum(axis=0)
    assert "wrong-operand" in causes_giving("f_backward(dout, x, beta)", body, args, other)
    assert not causes_giving("f_backward(dout, x, beta)", body, args, other, ("wrong-operand",))


def test_a_factor_that_comes_in_after_the_mean_is_in_the_wrong_order():
    body = "scaled = dout * gamma\nout = scaled - scaled.mean(axis=-1, keepdims=True)\nreturn out"
    wrong = X[0] * (UP - UP.mean(axis=-1, keepdims=True))
    assert "wrong-order" in causes_giving("f_backward(dout, gamma)", body, (UP, X[0]), wrong)


def test_the_quotient_of_two_maxima_is_in_the_wrong_order():
    squares = X**2 + 1
    for body in ("return (x / y).max()", "r = x / y\nreturn np.max(r)"):
        assert "wrong-order" in causes_giving("f(x, y)", body, (UP, squares), UP.max() / squares.max())


def test_the_input_in_the_slope_of_a_sigmoid_is_a_wrong_argument():
    body = "a = np.tanh(z)\nreturn (a - t) * a * (1 - a)"
    wrong = (np.tanh(X) - UP) * X * (1 - X)
    assert "wrong-argument" in causes_giving("f(z, t)", body, (X, UP), wrong)


def test_one_entry_of_a_dict_is_divided_by_its_length():
    body = "return [params[k] - lr * grads[k] / len(grads[k]) for k in params][0]"
    assert "missing-mean" in causes_giving(
        "f(params, grads, lr: float)", body, ({"W": X}, {"W": UP}, 0.1), X - 0.1 * UP
    )
    body = "return {k: params[k] - lr * grads[k] for k in params}"
    found = causes_giving(
        "f(params, grads, lr: float)", body + '["W"]', ({"W": X}, {"W": UP}, 0.1), X - 0.1 * UP / len(UP)
    )
    assert "extra-mean" in found


def test_a_sum_in_the_place_of_the_larger_is_a_wrong_factor():
    assert "wrong-factor" in causes_giving("f(x, y)", "return x / np.maximum(x**2, y**2)", (X, UP), X / (X**2 + UP**2))
