"""What moves when one part of an argument moves: a mistake shows in the pattern, whatever its code looks like."""

import numpy as np
import pytest
from jaxtyping import Float

from dojo.checking.calls import Call
from dojo.checking.signatures import signature
from dojo.diagnosis.evidence import Evidence, named_outputs
from dojo.diagnosis.probes import probe

RNG = np.random.default_rng(0)


def rows(x: Float[np.ndarray, "N D"], b: Float[np.ndarray, " D"]) -> Float[np.ndarray, "N D"]:
    return x * x.sum(axis=1, keepdims=True) + b


def steps(x: Float[np.ndarray, "N T"]) -> Float[np.ndarray, "N T"]:
    return np.cumsum(x**2, axis=1)


def alone(x: Float[np.ndarray, "N T"]) -> Float[np.ndarray, "N T"]:
    return x**2


def total(x: Float[np.ndarray, "N D"], b: Float[np.ndarray, " D"]) -> Float[np.ndarray, ""]:
    return np.asarray((x * b).sum())


def rows_backward(dout: Float[np.ndarray, "N D"], x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
    return dout * x + x * dout.sum(axis=1, keepdims=True)


def steps_backward(dout: Float[np.ndarray, "N T"], x: Float[np.ndarray, "N T"]) -> Float[np.ndarray, "N T"]:
    return np.cumsum(dout[:, ::-1], axis=1)[:, ::-1] * x


class Loaded:
    """As much of a loaded subject as the evidence asks for."""

    class spec:
        tolerance = {"float32": 1e-4, "float64": 1e-9}

    class reference:
        laws = signatures = {
            f.__name__: signature(f) for f in (rows, steps, alone, total, rows_backward, steps_backward)
        }
        function = staticmethod(lambda law: globals()[law])


class Result:
    test = "test_something"

    def __init__(self, *calls):
        self.calls = calls


def causes(law: str, code, *recorded) -> list[str]:
    """What the probes say about `code` in the place of `law`, recorded on some arguments."""
    known, calls = Loaded.reference.laws[law], []
    gradient = law.endswith("_backward")

    def learner(call):
        return named_outputs(known, code, call)

    for args in recorded:
        call = Call(law.removesuffix("_backward") if gradient else law, args, {}, gradient)
        call.outputs = learner(call) or {}
        calls.append(call)
    return [match.cause for match in probe(Evidence(Loaded, law, [Result(*calls)]), None, learner)]


X, B, D = RNG.normal(size=(4, 3)), RNG.normal(size=3), RNG.normal(size=(4, 3))
T = RNG.normal(size=(2, 5))


@pytest.mark.parametrize(
    ("law", "code", "args", "cause"),
    [
        ("rows", lambda x, b: x * x.sum(axis=1, keepdims=True) * 3, (X, B), "argument-unused"),
        ("rows", lambda x, b: x * x.sum() + b, (X, B), "batch-mixed"),
        ("rows_backward", lambda dout, x: x + x.sum(axis=1, keepdims=True), (D, X), "upstream-ignored"),
        ("rows_backward", lambda dout, x: dout * x * 2, (D, X), "diagonal-only"),
        ("steps", lambda x: x**2 + 1, (T,), "state-not-carried"),
        ("steps", lambda x: np.cumsum(x**2, axis=1) + 0.1 * x[:, -1:], (T,), "future-leaks"),
        ("steps_backward", lambda dout, x: dout * x, (D[:2], X[:2]), "gradient-not-carried"),
    ],
)
def test_a_pattern_of_dependence_has_its_cause(law, code, args, cause):
    assert cause in causes(law, code, args)


@pytest.mark.parametrize(
    ("law", "code", "args"),
    [
        ("rows", lambda x, b: 2 * x * x.sum(axis=1, keepdims=True) + b, (X, B)),
        ("rows", lambda x, b: x + b, (X, B)),
        ("steps", lambda x: 3 * np.cumsum(x**2, axis=1), (T,)),
        ("rows_backward", lambda dout, x: -(dout * x + x * dout.sum(axis=1, keepdims=True)), (D, X)),
        ("rows", rows, (X, B)),
    ],
)
def test_a_mistake_with_the_right_pattern_leaves_them_silent(law, code, args):
    assert causes(law, code, args) == []


@pytest.mark.parametrize(
    ("code", "args"),
    [
        (lambda x, b: np.full(x.shape, np.nan), (X, B)),
        (lambda x, b: x.T, (X, B)),
        (lambda x, b: 1 / (1 + np.exp(-x)), (1e4 * X, B)),
        (lambda x, b: np.zeros((99, 99)), (RNG.normal(size=(99, 99)), RNG.normal(size=99))),
        (lambda x, b: x.astype(complex), (X, B)),
    ],
)
def test_nothing_is_probed_where_nothing_can_be_learned(code, args):
    assert causes("rows", code, args) == []


def test_a_single_number_may_be_too_coarse_to_show_an_unused_argument():
    assert causes("total", lambda x, b: float((x * b).sum() > 0), (X, B)) == []


def test_a_function_that_fails_on_other_numbers_is_no_trouble():
    def fails(x, b):
        if not np.array_equal(x, X) or not np.array_equal(b, B):
            raise ValueError("only these")
        return x

    assert causes("rows", fails, (X, B)) == []


def test_steps_that_all_hear_of_each_other_are_no_leak_of_the_future():
    assert "future-leaks" not in causes("alone", lambda x: x**2 * x.sum(axis=1, keepdims=True), (T,))
