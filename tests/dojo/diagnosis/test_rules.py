"""Every rule names the mistake it is made for, and says nothing about right answers or other mistakes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dojo.diagnosis import rules, shape_rules, value_rules
from dojo.diagnosis.cases import Case
from dojo.diagnosis.causes import vocabulary

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))
SQUARE = RNG.normal(size=(3, 3))
STEPS = RNG.normal(size=(2, 5, 3))
LABELS = np.array([2, 0, 1, 0])
EXTREME = np.array([[1e4, 0.0, -1e4]])
ROW = np.array([0.2, 0.7, 0.1])


def case(got, expected, labels=(), gradient=False, sizes=None, warned="", **arguments) -> Case:
    return Case(np.asarray(got), np.asarray(expected), labels, arguments, gradient, sizes or {}, warned)


def at_labels(values):
    hit = np.zeros(values.shape, bool)
    hit[np.arange(len(values)), LABELS] = True
    return np.where(hit, values, 0)


VALUE_TABLE = [
    (value_rules.negated, "sign-flipped", case(-X, X)),
    (value_rules.inverted, "mask-inverted", case(X < 0, X >= 0)),
    (value_rules.transposed_values, "transposed", case(SQUARE.T, SQUARE)),
    (value_rules.reversed_order, "reversed", case(STEPS[:, ::-1], STEPS, ["N=2", "T=5", "D=3"])),
    (value_rules.shifted, "off-by-one", case(np.roll(STEPS, 1, 1), STEPS, ["N=2", "T=5", "D=3"])),
    (value_rules.strange_numbers, "unstable", case([[np.nan, 0, 0]], [[1.0, 0, 0]], x=EXTREME)),
    (
        value_rules.strange_numbers,
        "log-of-zero",
        case([-np.inf], [-800.0], warned="divide by zero encountered in log", x=np.array([800.0])),
    ),
    (value_rules.capped, "eps-misplaced", case([27.6], [800.0], x=np.array([800.0]))),
    (value_rules.rolled, "off-by-one", case(np.roll(X, 1, -1), X)),
    (value_rules.other_function, "wrong-nonlinearity", case(np.sqrt(np.abs(X)), np.abs(X))),
    (value_rules.only_true_class, "diagonal-only", case(at_labels(X), X, gradient=True, labels_=LABELS)),
    (value_rules.all_zero, "missing-term", case(np.zeros((4, 3)), X, gradient=True)),
    (value_rules.lost_precision, "dtype-drift", case(X.astype(np.float32).astype(float), X)),
]
SHAPE_TABLE = [
    (shape_rules.transposed_shape, "transposed", case(X.T, X)),
    (shape_rules.blowup, "broadcast-blowup", case(np.zeros((4, 4)), np.zeros(4))),
    (shape_rules.not_summed, "not-summed", case(X, X.sum(0), gradient=True, dout=X)),
    (shape_rules.not_summed, "not-summed", case(X[:1], X.sum(0), gradient=True, sizes={"N": 1})),
    (shape_rules.lost_axis, "lost-axis", case(1.0, X)),
    (shape_rules.lost_axis, "lost-axis", case(X.sum(1), X, ["N=4", "D=3"])),
    (shape_rules.extra_axis, "extra-axis", case(X.sum(0, keepdims=True), X.sum(0))),
    (shape_rules.extra_axis, "extra-axis", case(X, X.sum(0))),
    (shape_rules.other_axis, "wrong-axis", case(X.sum(1), X.sum(0), sizes={"N": 4, "D": 3})),
]
ORDINARY = {"x": X}
QUIET = [
    case(X, X, ["N=4", "D=3"], **ORDINARY),
    case(X + RNG.normal(size=X.shape), X, ["N=4", "D=3"], gradient=True, **ORDINARY),
    case(STEPS + 1.0, STEPS, ["N=2", "T=5", "D=3"]),
    case(np.where(X > 0, X, 0.5), X),
    case([[1, 0, 2]], [[0, 1, 2]]),
    case(np.zeros((0, 3)), np.zeros((0, 3))),
    case(2.0, 1.0),
    case(np.full((2, 2), np.nan), np.ones((2, 2))),
]


@pytest.mark.parametrize(("rule", "cause", "planted"), VALUE_TABLE + SHAPE_TABLE)
def test_a_rule_names_its_mistake(rule, cause, planted):
    found = rule(planted)
    assert found is not None and found.cause == cause
    assert found.cause in vocabulary() and found.matched == f"rule:{rule.__name__}"
    assert found.says[0] not in " .," and not found.says.endswith(".")


@pytest.mark.parametrize("rule", [*value_rules.VALUE_RULES])
@pytest.mark.parametrize("number", range(len(QUIET)))
def test_a_value_rule_is_silent_on_right_and_otherwise_wrong_answers(rule, number):
    assert rule(QUIET[number]) is None


@pytest.mark.parametrize(("rule", "cause", "planted"), VALUE_TABLE)
def test_no_other_value_rule_of_another_cause_takes_a_mistake_for_its_own(rule, cause, planted):
    assert {found.cause for other in value_rules.VALUE_RULES if (found := other(planted))} == {cause}


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(float, arrays.array_shapes(max_dims=3), elements=st.floats(-1e3, 1e3)))
def test_no_rule_has_anything_to_say_about_a_right_answer(values):
    assert rules.apply([case(values, values)]) == []
    if np.all(np.abs(values) > 1e-3):  # a zero has no sign
        assert "sign-flipped" in {found.cause for found in rules.apply([case(-values, values)])}


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(float, (3, 2), elements=st.floats(0.5, 9)), st.floats(1.5, 40))
def test_a_constant_factor_is_found_whatever_it_is(values, factor):
    causes = {found.cause for found in rules.factor([case(factor * values, values)])}
    assert causes and causes <= {"wrong-factor", "wrong-base"}


@pytest.mark.parametrize(
    ("cause", "factor"),
    [("missing-mean", {"N": 1}), ("extra-mean", {"D": -1}), ("missing-scale", {"D": 0.5}), ("wrong-factor", {"D": 1})],
)
def test_a_factor_that_is_a_size_is_told_by_its_name(cause, factor):
    ((name, power),) = factor.items()
    planted = [case(X * sizes[name] ** power, X, sizes=sizes) for sizes in ({"N": 4, "D": 3}, {"N": 5, "D": 7})]
    (found,) = rules.factor(planted)
    assert found.cause == cause and name in found.says


@pytest.mark.parametrize(("base", "cause"), [(2, "wrong-base"), (10, "wrong-base")])
def test_a_logarithm_to_another_base_is_told_from_other_factors(base, cause):
    assert [found.cause for found in rules.factor([case(X / np.log(base), X)])] == [cause]


def test_one_base_for_another_is_no_mere_factor():
    (found,) = rules.factor([case(X * np.log(2) / np.log(10), X)])
    assert found.cause == "wrong-base" and found.says == "base 10 stands where base 2 belongs"


def test_a_product_of_two_sizes_is_a_mean_over_too_much():
    sizes = {"N": 4, "D": 3}
    planted = [case(X / 12, X, sizes=sizes), case(X / 10, X, sizes={"N": 5, "D": 2})]
    assert [found.cause for found in rules.factor(planted)] == ["extra-mean"]


@pytest.mark.parametrize("got", [3.0 * ROW[:1], -X, X, X * np.array([1, 2, 3]), X * np.inf, X.T])
def test_factor_is_silent_without_a_constant_ratio(got):
    expected = X if got.size > 1 else ROW[:1]
    with np.errstate(all="ignore"):
        assert rules.factor([case(got, expected)]) == []


def test_a_rule_must_hold_on_every_wrong_answer():
    assert rules.apply([case(-X, X)])
    assert rules.apply([case(-X, X), case(X + 1, X)]) == []
    assert rules.apply([case(X.T, X), case(np.zeros((9, 9)), X)]) == []
