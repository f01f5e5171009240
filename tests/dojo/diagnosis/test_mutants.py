"""The reference with one thing changed: each change gives the wrong answer it stands for, under the cause of that mistake."""

import ast
import contextlib
import inspect
import textwrap
import time

import numpy as np
import pytest

from dojo.diagnosis.causes import vocabulary
from dojo.diagnosis.mutants import mutants, normalises
from dojo.diagnosis.timebox import timebox

RNG = np.random.default_rng(0)
X, W, B, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 5)), RNG.normal(size=5), RNG.normal(size=(4, 3))
S, K = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))
DOUT = RNG.normal(size=(4, 3))
LABELS = np.array([2, 0, 1, 0])
MASK = np.array([True, False, True, False])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


WORLD = {"np": np, "sigmoid": sigmoid, "softmax": softmax}
LOW = np.where(MASK[:, None], X, -1e9)
KNOWN = f"{inspect.getsource(sigmoid)}{inspect.getsource(softmax)}"


def made(source: str, name: str = "f") -> list:
    """All mutants of a function written in a test."""
    source = textwrap.dedent(source)
    world = dict(WORLD)
    exec(source, world)
    return list(mutants(source, name, world))


def causes_giving(source: str, args: tuple, wrong, name: str = "f") -> set[str]:
    """The causes of all mutants of `source` that answer `wrong` to `args`."""
    found = set()
    for mutant in made(source, name):
        try:
            with np.errstate(all="ignore"):
                got = np.asarray(mutant.function(*args))
        except Exception:
            continue
        if got.shape == np.shape(wrong) and np.allclose(got, wrong, rtol=1e-9, atol=0):
            found.add(mutant.cause)
    return found


FORWARD = [
    ("x @ w + b", (X, W, B), X @ W, "missing-term"),
    ("x @ w + b", (X, W, B), X @ W - B, "sign-flipped"),
    ("x - w", (X, Y), Y - X, "sign-flipped"),
    ("x @ w", (S, K), K @ S, "wrong-order"),
    ("x @ w", (S, K), S @ K.T, "transposed"),
    ("x @ w", (S, K), S * K, "elementwise-for-matmul"),
    ("x.T", (S,), S, "transposed"),
    ("x.transpose(1, 0).reshape(2, 6)", (X,), X.reshape(2, 6), "wrong-order"),
    ("x @ w", (S, K), S, "missing-term"),
    ("x * w", (X, Y), X, "missing-term"),
    ("x / np.sqrt(x.shape[1])", (X,), X, "missing-scale"),
    ("x.sum() / x.shape[0]", (X,), X.sum(), "missing-mean"),
    ("x.sum() / x.shape[0]", (X,), X.sum() / X.size, "extra-mean"),
    ("x.sum() / x.shape[0]", (X,), X.sum() / 3, "wrong-axis"),
    ("x.sum() / (2 * x.shape[0])", (X,), X.sum() / 4, "wrong-factor"),
    ("x.sum() / (2 * x.shape[0])", (X,), X.sum() / 2, "missing-mean"),
    ("x / x.sum()", (X,), X, "not-normalised"),
    ("x / w", (X, Y), X * Y, "wrong-factor"),
    ("x**2", (X,), X, "missing-term"),
    ("np.exp(x)", (X,), X, "missing-term"),
    ("np.exp(x)", (X,), 2.0**X, "wrong-base"),
    ("np.log(x)", (X**2,), np.log2(X**2), "wrong-base"),
    ("np.log(x)", (X**2,), np.log(X**2 + 1e-8), "eps-misplaced"),
    ("np.log(np.where(x > 0, x, 1))", (X**2,), np.log(X**2 + 1e-8), "eps-misplaced"),
    ("np.log1p(x)", (X**2,), np.log(X**2), "missing-term"),
    ("np.maximum(x, 0)", (X,), X, "wrong-nonlinearity"),
    ("np.abs(x)", (X,), X, "sign-flipped"),
    ("np.tanh(x)", (X,), X, "wrong-argument"),
    ("np.tanh(x + 1)", (X,), X + 1, "wrong-nonlinearity"),
    ("np.where(w, x, 0)", (X, MASK[:, None]), np.where(MASK[:, None], 0, X), "mask-inverted"),
    ("np.where(w, x, 0)", (X, MASK[:, None]), X, "mask-ignored"),
    ("np.where(w, x, -1e9)", (X, MASK[:, None]), np.where(MASK[:, None], X, 0), "padding-leaks"),
    ("np.where(w, x, -np.inf) * w", (X, MASK[:, None]), X * MASK[:, None], "mask-after-softmax"),
    ("np.where(w_mask, x, -1e9) * w_mask", (X, MASK[:, None]), LOW, "padding-leaks"),
    ("np.arange(5) < x", (np.array(3),), np.arange(5) <= 3, "off-by-one"),
    ("np.arange(5) < x", (np.array(3),), np.arange(5) > 3, "mask-inverted"),
    ("x / np.sqrt(x.shape[1])", (X,), X / 3, "wrong-factor"),
    ("np.exp(x - x.max())", (X,), np.exp(X), "unstable"),
    ("np.where(x > 0, x, 2 * x)", (X,), np.where(X > 0, 2 * X, X), "sign-flipped"),
    ("np.where(x > 0, x, 2 * x)", (np.zeros(2),), np.zeros(2), "ties"),
    ("x[x > 0].sum()", (X,), X[X < 0].sum(), "sign-flipped"),
    ("x.sum(axis=1)", (S,), S.sum(0), "wrong-axis"),
    ("x.sum(axis=1)", (X,), X.sum(), "batch-mixed"),
    ("x.sum(axis=1)", (X,), X.mean(axis=1), "extra-mean"),
    ("x.mean(axis=1)", (X,), X.sum(axis=1), "missing-mean"),
    ("x / x.sum(axis=1, keepdims=True)", (S,), S / S.sum(axis=1), "broadcast-blowup"),
    ("x.max(axis=1)", (X,), X.min(axis=1), "sign-flipped"),
    ("x.argmax(axis=1)", (X,), X.argmin(axis=1), "sign-flipped"),
    ("x.var(axis=0)", (X,), X.var(axis=0, ddof=1), "unbiased-variance"),
    ("x.var(axis=0, ddof=1)", (X,), X.var(axis=0), "biased-variance"),
    ("(x * x).sum()", (X,), np.sqrt((X * X).sum()), "wrong-nonlinearity"),
    ("np.outer(x, w)", (B, B[:5] * 2 + 1), np.outer(B * 2 + 1, B), "transposed"),
    ("-x", (X,), X, "sign-flipped"),
    ("3.0 * x", (X,), 6.0 * X, "wrong-factor"),
    ("3.0 * x", (X,), X, "wrong-factor"),
    ("x[1:]", (X,), X, "off-by-one"),
    ("x[::-1]", (X,), X, "reversed"),
    ("x[np.arange(len(x)), w]", (S, np.array([2, 0, 1])), S[:, [2, 0, 1]], "broadcast-blowup"),
    ("x if len(x) > 2 else 2 * x", (X,), 2 * X, "wrong-order"),
    ("sigmoid(x) if len(x) > 9 else x", (X,), sigmoid(X), "wrong-nonlinearity"),
    ("sigmoid(x) - w", (X, Y), X - Y, "wrong-argument"),
    ("softmax(x) - w", (X, Y), X - Y, "not-normalised"),
    ("softmax(x)", (X,), softmax(softmax(X)), "wrong-argument"),
    ("softmax(x)", (S,), softmax(S.T).T, "wrong-axis"),
    ("x + 0 * w", (X, Y), Y + 0 * Y, "wrong-operand"),
    ("x", (X,), X / X.size, "extra-mean"),
]


@pytest.mark.parametrize(("formula", "args", "wrong", "cause"), FORWARD)
def test_a_slip_in_a_formula_has_its_cause(formula, args, wrong, cause):
    names = ", ".join(("x", "w_mask" if "w_mask" in formula else "w", "b")[: len(args)])
    assert cause in causes_giving(f"{KNOWN}def f({names}):\n    return {formula}\n", args, wrong)


BACKWARD = [
    ("dout * x", (DOUT, X), X, "upstream-ignored"),
    ("dout * x + dout", (DOUT, X), X + DOUT, "upstream-ignored"),
    ("dout.sum(axis=0)", (DOUT, X), DOUT, "not-summed"),
    ("x * (dout - dout.sum(axis=1, keepdims=True))", (DOUT, X), 0 * X, "diagonal-only"),
    ("dout * np.tanh(x)", (DOUT, X), DOUT * X, "wrong-argument"),
    ("np.where(x > 0, dout, 0)", (DOUT, X), np.where(DOUT > 0, DOUT, 0), "wrong-operand"),
]


@pytest.mark.parametrize(("formula", "args", "wrong", "cause"), BACKWARD)
def test_a_slip_in_a_derivative_has_its_cause(formula, args, wrong, cause):
    source = f"{KNOWN}def f_backward(dout, x):\n    return {formula}\n"
    assert cause in causes_giving(source, args, wrong, "f_backward")


def test_the_gradient_of_a_matrix_in_the_place_of_the_matrix_is_found():
    source = """
    def f_backward(dout, x, w):
        dx = dout @ w.T
        dw = x.T @ dout
        return dx + 0 * dw.sum()
    """
    args = (RNG.normal(size=(4, 5)), X, W)
    assert "wrong-operand" in causes_giving(source, args, args[0] @ (X.T @ args[0]).T, "f_backward")


def test_an_overwritten_sum_is_not_accumulated():
    source = """
    def f(x):
        total = np.zeros(3)
        for row in x:
            total += row
        return total
    """
    assert causes_giving(source, (X,), X[-1]) == {"not-accumulated"}
    assert "missing-term" in causes_giving(source, (X,), np.zeros(3))


def test_a_vector_that_goes_down_the_rows_runs_along_the_wrong_axis():
    source = """
    def f(x: "Float[np.ndarray, 'N M']", b: "Float[np.ndarray, ' M']"):
        return x + b
    """
    source = source.replace('"Float', "Float").replace("']\"", "']")
    world = "class Float:\n    def __class_getitem__(cls, item):\n        return cls\n"
    assert "wrong-axis" in causes_giving(world + textwrap.dedent(source), (S, B[:3]), S + B[:3, None])


def test_a_loop_that_ends_early_is_off_by_one():
    source = """
    def f(n):
        total = 0
        for i in range(1, n + 1):
            total = total + i * i
        return total
    """
    assert "off-by-one" in causes_giving(source, (4,), 1 + 4 + 9)


def test_a_helper_is_changed_too_and_a_guard_is_left_alone():
    source = '''
    def _half(x):
        return x / 2

    def f(x):
        """Half of x, and one."""
        if x.ndim != 2:
            raise ValueError("two axes are needed")
        return _half(x) + 1
    '''
    found = made(source)
    assert any(mutant.change.startswith("_half:") for mutant in found)
    assert causes_giving(source, (X,), X + 1) == {"wrong-factor"}
    for mutant in found:
        assert "ndim" not in mutant.says and "two axes" not in mutant.says


def test_the_reference_is_as_it_was_after_all_its_mutants():
    source = KNOWN + "def f(x, w):\n    h = sigmoid(x) @ w\n    return h.sum(axis=0) / len(x)\n"
    texts = []
    for mutant in mutants(source, "f", dict(WORLD, **_run(source))):
        texts.append(mutant.change)
        assert "h = sigmoid(x) @ w" in source
    again = [mutant.change for mutant in mutants(source, "f", dict(WORLD, **_run(source)))]
    assert texts == again and len(texts) > 20


def _run(source: str) -> dict:
    world = dict(WORLD)
    exec(source, world)
    return world


def test_every_mutant_carries_a_known_cause_and_a_sentence():
    for formula in (row[0] for row in FORWARD):
        for mutant in made(f"{KNOWN}def f(x, w=0, b=0):\n    return {formula}\n"):
            assert mutant.cause in vocabulary()
            assert mutant.says and not mutant.says.endswith("."), mutant.says


@pytest.mark.parametrize(
    "body", ["pass", "return", "return x", "return [i for i in x]", "return (yield x)", "return lambda y: x + y"]
)
def test_a_reference_with_little_to_change_makes_no_trouble(body):
    made(f"def f(x):\n    {body}\n")


def test_an_unknown_function_has_no_mutants():
    assert made("def f(x):\n    return x + 1\n", "g") == []


def test_a_change_that_makes_nonsense_neither_warns_nor_raises():
    made("def f(x):\n    return 3.0 * x[0, 1] + [1, 2][0]\n")


def test_name_swaps_and_turned_conditions_come_last_and_are_weak():
    found = made("def f(x, w):\n    y = x + w\n    return np.where(y > 0, x, y)\n")
    weak = [mutant.weak for mutant in found]
    assert any(weak) and not all(weak)
    assert all(mutant.weak for mutant in found if mutant.cause == "wrong-operand")


def test_a_mutant_that_loops_for_ever_is_given_up():
    source = """
    def f(x):
        i = 0
        while i < 3:
            i += 1
        return x * i
    """
    ended, started = 0, time.perf_counter()
    for mutant in made(source):
        with timebox(0.02):
            with contextlib.suppress(Exception):
                mutant.function(2.0)
            ended += 1
    assert 0 < ended < len(made(source)) and time.perf_counter() - started < 2


def test_a_box_inside_a_box_leaves_the_outer_one_running():
    reached = []
    with timebox(0.05):
        with timebox(0.01):
            time.sleep(1)
        reached.append("inner")
        time.sleep(1)
        reached.append("outer")
    assert reached == ["inner"]


def test_a_box_around_code_that_swallows_exceptions_still_ends():
    started = time.perf_counter()
    with timebox(0.02):
        while True:
            with contextlib.suppress(Exception):
                ast.parse("1")
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        (softmax, True),
        (lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True)), True),
        (sigmoid, False),
        (lambda x: x.sum(), False),
        (lambda x: 1 / 0, False),
    ],
)
def test_what_makes_rows_add_up_to_1_is_seen_by_trying(function, answer):
    assert normalises(function) is answer
