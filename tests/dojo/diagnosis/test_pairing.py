"""The reference's value of the same meaning: by value first, then by name; and the first place where two runs part."""

import numpy as np
import pytest

from dojo.diagnosis.pairing import Pair, pair, parting, with_cut, without_repeats
from dojo.diagnosis.recording import Seen, describe

X = np.random.default_rng(0).normal(size=(4, 3))


def seen(name: str, value, kind: str = "value", time: int = 1) -> Seen:
    made = describe(Seen(kind, "f", 1, name, None, 1, time), value)
    assert made is not None
    return made


def beside(mine: Seen, *known: Seen) -> Pair | None:
    (found,) = pair([mine], list(known))
    return found


@pytest.mark.parametrize(
    ("value", "relation", "factor"),
    [
        (X, "equal", None),
        (X * (1 + 1e-12), "equal", None),
        (X.T, "transposed", None),
        (X.reshape(2, 6), "reshaped", None),
        (-X, "negated", None),
        (3 * X, "factor", 3.0),
    ],
)
def test_a_value_is_found_whatever_its_form(value, relation, factor):
    found = beside(seen("h", value), seen("h", X))
    assert found is not None and found.relation == relation
    assert found.factor == (None if factor is None else pytest.approx(factor))


def test_an_equal_value_is_found_under_another_name():
    assert beside(seen("a", X), seen("exps", X)) == Pair("exps", "equal")


def test_of_several_values_of_one_name_the_equal_one_counts():
    assert beside(seen("step", X), seen("step", 0 * X), seen("step", X)) == Pair("step", "equal")
    found = beside(seen("step", X + np.eye(4, 3)), seen("step", 0 * X), seen("step", X))
    assert found == Pair("step", "differs", None, 1.0)


def test_one_of_the_same_name_comes_before_another_that_is_equal():
    assert beside(seen("a", X), seen("exps", X), seen("a", X)) == Pair("a", "equal")


def test_another_value_of_the_same_name_differs():
    found = beside(seen("dx", X), seen("dx", X + np.eye(4, 3)))
    assert found == Pair("dx", "differs", None, 1.0)
    assert beside(seen("dx", X), seen("dx", np.ones((2, 2)))) == Pair("dx", "differs")
    assert beside(seen("dx", np.full((2, 2), np.nan)), seen("dx", np.ones((2, 2)))) == Pair(
        "dx", "differs", None, np.inf
    )


def test_an_equal_value_under_a_name_that_stands_for_another_is_told():
    found = beside(seen("dx", X), seen("dx", X + 1), seen("dW", X))
    assert found == Pair("dW", "misnamed") and parting([found]) == 0
    assert beside(seen("dx", X), seen("dx", X + 1), seen("x @ W", X, "part")) == Pair("dx", "differs", None, 1.0)


def test_equal_values_of_another_dtype_or_outside_of_the_graph_part():
    torch = pytest.importorskip("torch")
    assert beside(seen("h", X.astype(np.float32)), seen("h", X)) == Pair("h", "dtype")
    inside = torch.tensor(X, requires_grad=True)
    assert beside(seen("h", inside.detach()), seen("h", inside * 1)) == Pair("h", "graph")
    assert beside(seen("h", inside * 1), seen("h", inside * 1)) == Pair("h", "equal")


def test_what_comes_back_is_compared_with_what_comes_back():
    def output(value, output: str = "0", name: str = "return") -> Seen:
        made = seen(name, value, "return")
        made.output = output
        return made

    assert beside(output(X), seen("exps", X), output(2 * X)) == Pair("", "factor", pytest.approx(0.5))
    assert beside(output(X, "1", "dW"), output(X + 1, "0"), output(X, "1", "anything")) == Pair("", "equal")
    repeated = output(X, "0", "y")
    repeated.repeated = True
    shown, pairs = without_repeats([seen("y", X), repeated], [None, Pair("", "differs")])
    assert len(shown) == 2 and pairs[1] is not None
    assert without_repeats([seen("y", X), repeated], [Pair("y", "equal"), Pair("", "equal")])[1] == [Pair("y", "equal")]


def test_a_constant_factor_counts_only_under_the_same_name():
    assert beside(seen("h", 2 * X), seen("other", X)) is None


@pytest.mark.parametrize("value", [np.zeros((4, 3)), 1.0, 0.5, 3, True, np.array(2.0), np.zeros((0, 3))])
def test_what_says_too_little_is_compared_by_name_only(value):
    assert beside(seen("h", value), seen("other", value)) is None
    assert beside(seen("h", value), seen("h", value)) == Pair("h", "equal")


def test_the_code_of_the_reference_is_never_shown():
    assert beside(seen("h", X), seen("np.exp(x - x.max())", X, "part")) == Pair("", "equal")
    assert beside(seen("h", X), seen("return", X, "return")) == Pair("", "equal")


def test_a_round_of_a_loop_is_compared_with_the_same_round():
    known = [seen("h", X, time=1), seen("h", X + 5, time=2)]
    assert beside(seen("h", X + 5, time=2), *known) == Pair("h", "equal")
    found = beside(seen("h", X + 6, time=2), *known)
    assert found is not None and found.relation == "differs" and found.difference == pytest.approx(1)


def test_single_precision_is_met_with_its_own_tolerance():
    rough = (X * (1 + 3e-6)).astype(np.float32)
    assert beside(seen("h", rough), seen("h", X.astype(np.float32))) == Pair("h", "equal")


def test_words_have_no_counterpart():
    assert beside(seen("h", None), seen("h", None)) is None
    assert beside(seen("h", [X]), seen("h", [X])) is None


def test_the_runs_part_at_the_first_value_that_is_not_what_it_should_be():
    good, unknown = Pair("a", "equal"), None
    assert parting([good, unknown, Pair("dx", "differs"), Pair("db", "negated")]) == 2
    assert parting([good, Pair("a", "transposed"), unknown]) is None


def test_where_only_a_gradient_is_wrong_the_runs_part_where_the_graph_ends():
    torch = pytest.importorskip("torch")
    leaf = torch.tensor(X, requires_grad=True)
    rows = [seen("W", leaf, "argument"), seen("h", leaf * 2), seen("W.detach()", leaf.detach(), "part")]
    pairs = with_cut(rows, [None, Pair("h", "equal"), None])
    assert parting(pairs) == 2 and pairs[2] == Pair("", "cut")
    assert with_cut(rows, [None, Pair("h", "differs"), None])[2] is None, "a value that differs says more"
    assert parting(with_cut(rows[:2], [None, None])) is None
