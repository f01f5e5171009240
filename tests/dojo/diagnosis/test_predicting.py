"""A guess counts only when it predicts everything: on the recorded calls, and on inputs that no test has seen."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dojo.checking.calls import Call
from dojo.checking.reference import reference
from dojo.diagnosis.evidence import Evidence, named_outputs
from dojo.diagnosis.predicting import FRESH, Predictor, extreme, nearby

RNG = np.random.default_rng(0)


def other(value):
    return nearby(Call("f", (value,), {}), np.random.default_rng(1)).args[0]


@settings(max_examples=80, deadline=None)
@given(arrays.arrays(float, arrays.array_shapes(max_dims=3), elements=st.floats(-1e3, 1e3, allow_subnormal=False)))
def test_nearby_numbers_keep_their_signs_zeros_and_order_of_size(values):
    changed = other(values)
    assert changed.shape == values.shape and changed.dtype == values.dtype
    if not (values.ndim and values.shape[-1] > 1 and np.all(values >= 0) and np.allclose(values.sum(-1), 1)):
        assert np.array_equal(np.sign(changed), np.sign(values))
        assert np.all(np.abs(changed) <= 1.5 * np.abs(values)) and np.all(np.abs(changed) >= 0.5 * np.abs(values))


def test_nearby_probabilities_still_add_up_to_1():
    changed = other(np.array([[0.2, 0.8, 0.0], [0.5, 0.25, 0.25]]))
    assert np.allclose(changed.sum(-1), 1) and changed[0, 2] == 0 and not np.allclose(changed[1], [0.5, 0.25, 0.25])


def test_nearby_integers_are_the_same_ones_in_another_order():
    values = np.array([[0, 1, 2], [5, 5, 7]])
    changed = other(values)
    assert sorted(changed.ravel()) == sorted(values.ravel()) and changed.shape == values.shape


@pytest.mark.parametrize("value", [3, "text", None, np.zeros((0, 2)), np.array([True, False]), len])
def test_what_is_no_float_stays_as_it_is(value):
    assert other(value) is value


def test_nearby_reaches_into_dicts_and_keeps_float32():
    changed = other({"W": np.ones((2, 3), np.float32)})["W"]
    assert changed.dtype == np.float32 and not np.array_equal(changed, np.ones((2, 3)))


@pytest.mark.parametrize(
    ("value", "answer"), [(np.array([1e4]), True), (np.array([np.inf]), True), (X := np.ones(3), False)]
)
def test_extreme_inputs_are_known(value, answer):
    assert extreme(Call("f", (value,), {})) is answer


class Loaded:
    """As much of a loaded subject as the evidence asks for."""

    reference = reference("affine")

    class spec:
        tolerance = {"float32": 1e-4, "float64": 1e-9}


class Result:
    test = "test_something"

    def __init__(self, *calls):
        self.calls = calls


def predictor(code, *arguments) -> Predictor:
    """The Predictor for a wrong `affine`, recorded on `arguments`."""
    law = Loaded.reference.laws["affine"]
    calls = []
    for args in arguments:
        call = Call("affine", args, {})
        call.outputs = named_outputs(law, code, call) or {}
        calls.append(call)
    return Predictor(Evidence(Loaded, "affine", [Result(*calls)]), None, lambda call: named_outputs(law, code, call))


ARGUMENTS = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 5)), RNG.normal(size=5)
LUCKY = np.ones((1, 1)), np.ones((1, 1)), np.ones(1)  # where x − W and many others are 0


def test_a_guess_that_gives_the_same_everywhere_is_right():
    assert predictor(lambda x, W, b: x @ W - b, ARGUMENTS).outputs(
        lambda call: {None: call.args[0] @ call.args[1] - call.args[2]}
    )


def test_a_coincidence_on_the_recorded_input_is_caught_by_fresh_ones():
    found = predictor(lambda x, W, b: x @ W - b, LUCKY)
    assert not found.outputs(lambda call: {None: call.args[0] - call.args[1].T})
    assert len(found.fresh()) == FRESH


def test_a_guess_must_also_be_right_where_the_learner_is():
    code = lambda x, W, b: x @ W + np.maximum(b, 0)  # noqa: E731
    positive = ARGUMENTS[0], ARGUMENTS[1], np.abs(ARGUMENTS[2])
    found = predictor(code, ARGUMENTS, positive)
    assert len(found.wrong) == 1 and len(found.answers) == 2
    assert not found.outputs(lambda call: {None: call.args[0] @ call.args[1] + 2 * np.maximum(call.args[2], 0)})


def test_a_guess_that_raises_nothing_comes_to_nothing():
    assert not predictor(lambda x, W, b: x @ W - b, ARGUMENTS).outputs(lambda call: None)


def test_a_guess_that_takes_for_ever_is_given_up():
    started = time.perf_counter()

    def slow(call):
        while True:
            pass

    assert not predictor(lambda x, W, b: x @ W - b, ARGUMENTS).outputs(slow)
    assert time.perf_counter() - started < 1


def test_a_dropped_trick_is_harmless_and_a_dropped_term_is_not():
    found = predictor(lambda x, W, b: x @ W - b, ARGUMENTS)
    assert found.harmless(lambda x, W, b: x @ W + b)
    assert not found.harmless(lambda x, W, b: x @ W)
    assert not found.harmless(lambda x, W, b: 1 / 0)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (lambda x, W, b: x @ W - b, True),
        (lambda x, W, b: np.zeros((4, 5)), False),
        (lambda x, W, b: np.full((4, 5), np.nan), False),
        (lambda x, W, b: (x @ W + b).T, True),
    ],
)
def test_values_that_are_the_same_everywhere_tell_nothing(code, answer):
    assert predictor(code, ARGUMENTS).telling is answer
