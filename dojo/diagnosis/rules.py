"""Rules: small pure functions from arrays to a cause or nothing. They know no kata; axis labels come from annotations.

A rule must hold on every wrong answer it is shown, or it stays silent.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dojo.checking.compare import agrees
from dojo.diagnosis.findings import Match

CLOSE = 1e-6
EXTREME = 50.0  # inputs beyond this are there to break unstable formulas


@dataclass(frozen=True)
class Case:
    """One wrong answer: what came, what was expected, the axis labels of the latter, and the arguments by name."""

    got: np.ndarray
    expected: np.ndarray
    labels: Sequence[str]
    arguments: dict[str, np.ndarray]
    gradient: bool
    sizes: dict[str, int]
    warned: str = ""  # numpy's warnings while the learner's function ran


Rule = Callable[[Case], Match | None]
SHAPE_RULES: list[Rule] = []
VALUE_RULES: list[Rule] = []


def shape_rule(rule: Rule) -> Rule:
    SHAPE_RULES.append(rule)
    return rule


def value_rule(rule: Rule) -> Rule:
    VALUE_RULES.append(rule)
    return rule


def apply(cases: list[Case]) -> list[Match]:
    """Every cause that explains all of `cases`."""
    shaped = [case for case in cases if case.got.shape != case.expected.shape]
    rules, judged = (SHAPE_RULES, shaped) if shaped else (VALUE_RULES, cases)
    found = []
    for rule in rules:
        matches = [rule(case) for case in judged]
        first = matches[0] if matches else None
        if first and all(match and match.cause == first.cause for match in matches):
            found.append(first)
    return found if shaped else found + factor(cases)


def _match(cause: str, says: str, rule: str) -> Match:
    return Match(cause, says, f"rule:{rule}")


# ---------------------------------------------------------------------- shapes


@shape_rule
def transposed_shape(case: Case) -> Match | None:
    got, expected = case.got, case.expected
    if got.ndim == expected.ndim >= 2 and sorted(got.shape) == sorted(expected.shape):
        return _match(
            "transposed", f"its axes stand in another order: {got.shape} for {expected.shape}", "transposed_shape"
        )
    return None


@shape_rule
def blowup(case: Case) -> Match | None:
    got, expected = case.got, case.expected
    if got.ndim == 2 and expected.ndim <= 2 and expected.size > 1 and got.size > expected.size:
        sides = {size for size in expected.shape if size > 1}
        if len(set(got.shape)) == 1 and got.shape[0] in sides:
            n = got.shape[0]
            return _match(
                "broadcast-blowup", f"a column and a row of {n} were broadcast into a {n}×{n} table", "blowup"
            )
    return None


@shape_rule
def not_summed(case: Case) -> Match | None:
    got, expected = case.got, case.expected
    if not case.gradient or got.ndim < expected.ndim or got.size <= expected.size:
        return None
    upstream = [np.shape(value) for name, value in case.arguments.items() if name.startswith("d")]
    if got.shape in upstream:
        return _match(
            "not-summed",
            "it still has the shape of the upstream gradient: what was broadcast in the forward pass must be summed here",
            "not_summed",
        )
    return None


@shape_rule
def lost_axis(case: Case) -> Match | None:
    got, expected = case.got.shape, case.expected.shape
    if got == () and expected:
        return _match("lost-axis", "it is a single number: every axis was summed away", "lost_axis")
    if len(got) >= len(expected):
        return None
    if case.got.size == case.expected.size:
        return _match("lost-axis", f"the numbers stand in {len(got)} axes where {len(expected)} belong", "lost_axis")
    for axis in range(len(expected)):
        if expected[:axis] + expected[axis + 1 :] == got:
            name = case.labels[axis].split("=")[0] if axis < len(case.labels) else str(axis)
            return _match("lost-axis", f"the axis {name} is gone", "lost_axis")
    return None


@shape_rule
def extra_axis(case: Case) -> Match | None:
    got, expected = case.got.shape, case.expected.shape
    if len(got) <= len(expected):
        return None
    if case.got.size == case.expected.size:
        return _match("extra-axis", f"it has {len(got) - len(expected)} axis of size 1 too many", "extra_axis")
    for axis in range(len(got)):
        if got[:axis] + got[axis + 1 :] == expected:
            if expected and got[axis] > 1 and got[axis] in expected:
                return _match("broadcast-blowup", f"it has grown an axis of size {got[axis]}", "extra_axis")
            return _match("extra-axis", f"it still has an axis of size {got[axis]}, which should be gone", "extra_axis")
    return None


@shape_rule
def other_axis(case: Case) -> Match | None:
    """One axis per example where one per feature belongs, or the reverse: a reduction over the wrong axis."""
    got, expected = case.got.shape, case.expected.shape
    if len(got) == len(expected) == 1 and got[0] in case.sizes.values() and expected[0] in case.sizes.values():
        names = {size: name for name, size in case.sizes.items()}
        return _match(
            "wrong-axis",
            f"it runs along {names[got[0]]} where {names[expected[0]]} belongs: the sum took the wrong axis",
            "other_axis",
        )
    return None


# ---------------------------------------------------------------------- values


@value_rule
def negated(case: Case) -> Match | None:
    if np.any(case.expected) and _close(case.got, -case.expected):
        return _match("sign-flipped", "it is exactly the negative of what belongs here", "negated")
    return None


@value_rule
def transposed_values(case: Case) -> Match | None:
    got, expected = case.got, case.expected
    if got.ndim >= 2 and got.shape[-1] == got.shape[-2] > 1 and _close(got, np.swapaxes(expected, -1, -2)):
        return _match("transposed", "it is the transpose of what belongs here", "transposed_values")
    return None


@value_rule
def reversed_order(case: Case) -> Match | None:
    for axis, label in enumerate(case.labels):
        if label.startswith("T=") and case.got.shape[axis] > 1 and _close(case.got, np.flip(case.expected, axis)):
            return _match("reversed", "the time steps stand in reverse", "reversed_order")
    return None


@value_rule
def shifted(case: Case) -> Match | None:
    for axis, label in enumerate(case.labels):
        if not label.startswith("T=") or case.got.shape[axis] < 3:
            continue
        got, expected = np.moveaxis(case.got, axis, 0), np.moveaxis(case.expected, axis, 0)
        if _close(got[1:], expected[:-1]) or _close(got[:-1], expected[1:]):
            return _match("off-by-one", "everything stands one time step too late or too early", "shifted")
    return None


@value_rule
def strange_numbers(case: Case) -> Match | None:
    """nan or inf where a finite number belongs."""
    if case.got.dtype.kind != "f":
        return None
    bad = ~np.isfinite(case.got) & np.isfinite(case.expected)
    wrong = ~agrees(case.got, case.expected, 1e-5)
    if not bad.any() or (wrong & ~bad).any():
        return None
    largest = max((_largest(value) for value in case.arguments.values()), default=0.0)
    if "divide by zero encountered in log" in case.warned:
        says = "a logarithm is taken of 0, or of something that has rounded to 0"
        return _match("log-of-zero", says, "strange_numbers")
    if largest > EXTREME or "overflow" in case.warned or "invalid value" in case.warned:
        return _match(
            "unstable", "with large inputs an exponential overflows, and inf/inf or inf−inf is nan", "strange_numbers"
        )
    return None


@value_rule
def capped(case: Case) -> Match | None:
    """A large loss stops near −log of a small number that was added to a probability."""
    largest = max((_largest(value) for value in case.arguments.values()), default=0.0)
    wrong = ~agrees(case.got, case.expected, 1e-5)
    if largest <= EXTREME or not wrong.any() or not np.all(np.isfinite(case.got)):
        return None
    got, expected = np.abs(np.atleast_1d(case.got[wrong])), np.abs(np.atleast_1d(case.expected[wrong]))
    if np.all(expected > EXTREME) and np.all(got < expected / 2) and np.all((got > 3) & (got < EXTREME * 10)):
        return _match("eps-misplaced", "a small number inside the logarithm caps the answer", "capped")
    return None


@value_rule
def rolled(case: Case) -> Match | None:
    """Everything stands one place too far along the last axis: counting from 1, say."""
    got, expected = case.got, case.expected
    if got.ndim < 1 or got.shape[-1] < 3 or np.all(expected == expected[..., :1]):
        return None
    for step in (-1, 1):
        if _close(got, np.roll(expected, step, axis=-1)):
            return _match("off-by-one", "everything stands one place too far along the last axis", "rolled")
    return None


@value_rule
def other_function(case: Case) -> Match | None:
    """A function of what belongs here: its root, its square, its exponential or its logarithm."""
    expected = case.expected.astype(float)
    if np.count_nonzero(expected) < 2:
        return None
    with np.errstate(all="ignore"):
        options = {
            "root": np.sqrt(expected),
            "square": expected**2,
            "exponential": np.exp(expected),
            "logarithm": np.log(expected),
        }
    for name, value in options.items():
        if np.all(np.isfinite(value)) and _close(case.got, value):
            return _match("wrong-nonlinearity", f"it is the {name} of what belongs here", "other_function")
    return None


@value_rule
def only_true_class(case: Case) -> Match | None:
    """A gradient that is right at the labelled class of each row and zero elsewhere."""
    labels = [
        value
        for value in case.arguments.values()
        if isinstance(value, np.ndarray) and value.dtype.kind == "i" and value.ndim == 1
    ]
    if not case.gradient or case.got.ndim != 2 or len(labels) != 1 or len(labels[0]) != len(case.got):
        return None
    hit = np.zeros(case.got.shape, bool)
    hit[np.arange(len(hit)), labels[0]] = True
    if _close(case.got, np.where(hit, case.expected, 0)):
        return _match(
            "diagonal-only",
            "only the labelled class of each row has a gradient; the others move the loss too",
            "only_true_class",
        )
    return None


@value_rule
def all_zero(case: Case) -> Match | None:
    if case.gradient and not case.got.any() and np.any(case.expected):
        return _match("missing-term", "it is zero everywhere", "all_zero")
    return None


@value_rule
def lost_precision(case: Case) -> Match | None:
    """float64 that is right to six digits only went through float32 on the way."""
    if case.got.dtype != np.float64 or not np.all(np.isfinite(case.got)):
        return None
    error = np.max(np.abs(case.got - case.expected) / (np.abs(case.expected) + 1e-12), initial=0.0)
    with np.errstate(over="ignore"):
        exact = np.array_equal(case.got, case.got.astype(np.float32).astype(np.float64))
    if exact and 1e-10 < error < 1e-5 and case.got.size > 1:
        return _match(
            "dtype-drift", "it is right to six digits only: it went through float32 on the way", "lost_precision"
        )
    return None


def factor(cases: list[Case]) -> list[Match]:
    """got = c · expected with one constant c per case: a mean or sum mixed up, a lost scale, or another factor."""
    cases = [case for case in cases if np.any(case.expected)]
    if sum(np.count_nonzero(case.expected) for case in cases) < 2:
        return []  # any two numbers have a ratio
    ratios = [_ratio(case) for case in cases]
    if not cases or any(ratio is None or abs(ratio - 1) < CLOSE for ratio in ratios):
        return []
    found: list[Match] = []
    known = [case.sizes for case in cases]
    for name in set.intersection(*(set(sizes) for sizes in known)):
        sizes = [case.sizes[name] for case in cases]
        if max(sizes) == 1:
            continue
        if all(_near(ratio, size) for ratio, size in zip(ratios, sizes, strict=True)):
            if name == "N":
                found.append(
                    _match(
                        "missing-mean",
                        f"it is {name} times too large: a sum over the batch where the mean belongs",
                        "factor",
                    )
                )
            else:
                found.append(_match("wrong-factor", f"it is {name} times too large", "factor"))
        elif all(_near(ratio, 1 / size) for ratio, size in zip(ratios, sizes, strict=True)):
            found.append(
                _match("extra-mean", f"it is {name} times too small: a mean over {name} where a sum belongs", "factor")
            )
        elif all(_near(ratio, math.sqrt(size)) for ratio, size in zip(ratios, sizes, strict=True)):
            found.append(
                _match("missing-scale", f"it is √{name} times too large: the division by √{name} is missing", "factor")
            )
    first = ratios[0]
    for base in (2, 10):
        if not found and all(_near(ratio, 1 / math.log(base)) for ratio in ratios):
            found.append(
                _match("wrong-base", f"it is 1/ln {base} times what belongs here: a logarithm to base {base}", "factor")
            )
    if not found and all(_near(ratio, first) for ratio in ratios):
        if _near(first, -1):
            return []
        found.append(_match("wrong-factor", f"it is {first:.4g} times what belongs here, everywhere", "factor"))
    if not found and len(cases) == 1 or (not found and not all(_near(ratio, first) for ratio in ratios)):
        products = [_product(case, ratio) for case, ratio in zip(cases, ratios, strict=True)]
        if all(products) and len({product[0] for product in products if product}) == 1:
            names = products[0][1]  # type: ignore[index]
            if products[0][0] == "large":  # type: ignore[index]
                found.append(
                    _match("missing-mean", f"it is {names} times too large: a sum where a mean belongs", "factor")
                )
            else:
                found.append(_match("extra-mean", f"it is {names} times too small: a mean over too much", "factor"))
    return found


def _product(case: Case, ratio) -> tuple[str, str] | None:
    """The ratio as a product of two axis sizes."""
    names = sorted(case.sizes)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            size = case.sizes[one] * case.sizes[other]
            if _near(ratio, size):
                return "large", f"{one}·{other}"
            if _near(ratio, 1 / size):
                return "small", f"{one}·{other}"
    return None


def _ratio(case: Case) -> float | None:
    got, expected = case.got.astype(float), case.expected.astype(float)
    if got.shape != expected.shape or not np.all(np.isfinite(got)) or not np.all(np.isfinite(expected)):
        return None
    scale = np.max(np.abs(expected), initial=0.0)
    if scale == 0:
        return None
    at = np.unravel_index(np.argmax(np.abs(expected)), expected.shape) if expected.ndim else ()
    ratio = float(got[at] / expected[at])
    return ratio if ratio and _close(got, ratio * expected) else None


def _close(got: np.ndarray, expected: np.ndarray) -> bool:
    return got.shape == expected.shape and bool(np.all(agrees(np.asarray(got), np.asarray(expected), CLOSE)))


def _near(one, other) -> bool:
    return one is not None and abs(one - other) <= CLOSE * max(abs(other), 1.0)


def _largest(value: np.ndarray) -> float:
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
        return 0.0
    return float(np.max(np.abs(np.where(np.isfinite(value), value, EXTREME + 1))))
