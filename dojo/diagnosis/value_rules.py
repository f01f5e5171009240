"""Rules for answers of the right shape and wrong values: small pure functions from a case to a cause or nothing."""

import numpy as np

from dojo.checking.compare import agrees
from dojo.diagnosis.cases import EXTREME, Case, became, close, largest, match
from dojo.diagnosis.findings import Match


def negated(case: Case) -> Match | None:
    """Exactly the negative."""
    if case.expected.dtype.kind != "b" and became(case, -case.expected):
        return match("sign-flipped", "it is exactly the negative of what belongs here", "negated")
    return None


def inverted(case: Case) -> Match | None:
    """A mask that is True exactly where it should be False."""
    if case.expected.dtype.kind == "b" and became(case, ~case.expected):
        return match("mask-inverted", "it is True exactly where it should be False", "inverted")
    return None


def transposed_values(case: Case) -> Match | None:
    """A square result that is transposed."""
    got, expected = case.got, case.expected
    if got.ndim >= 2 and got.shape[-1] == got.shape[-2] > 1 and became(case, np.swapaxes(expected, -1, -2)):
        return match("transposed", "it is the transpose of what belongs here", "transposed_values")
    return None


def some_negated(case: Case) -> Match | None:
    """Where it differs, it is the negative of what belongs there."""
    wrong = ~agrees(case.got, case.expected, 1e-5)
    if case.got.dtype.kind != "f" or np.count_nonzero(wrong) < 2 or wrong.all():
        return None
    if close(case.got[wrong], -case.expected[wrong]):
        return match("sign-flipped", "where it differs, the sign is the opposite one", "some_negated")
    return None


def turned(case: Case) -> Match | None:
    """Squares at the end of four axes, as kernels are, turned round in both directions."""
    got, expected = case.got, case.expected
    if got.ndim == 4 and 1 < got.shape[-1] == got.shape[-2] and became(case, expected[..., ::-1, ::-1]):
        return match("kernel-flipped", "rows and columns run backwards: it is turned round", "turned")
    return None


def reversed_order(case: Case) -> Match | None:
    """The time steps in reverse."""
    for axis, label in enumerate(case.labels):
        if label.startswith("T=") and case.got.shape[axis] > 1 and became(case, np.flip(case.expected, axis)):
            return match("reversed", "the time steps stand in reverse", "reversed_order")
    return None


def shifted(case: Case) -> Match | None:
    """Everything one time step too early or too late."""
    for axis, label in enumerate(case.labels):
        if not label.startswith("T=") or case.got.shape[axis] < 3:
            continue
        got, expected = np.moveaxis(case.got, axis, 0), np.moveaxis(case.expected, axis, 0)
        if not close(got, expected) and (close(got[1:], expected[:-1]) or close(got[:-1], expected[1:])):
            return match("off-by-one", "everything stands one time step too late or too early", "shifted")
    return None


def strange_numbers(case: Case) -> Match | None:
    """nan or inf where a finite number belongs."""
    if case.got.dtype.kind != "f":
        return None
    bad = ~np.isfinite(case.got) & np.isfinite(case.expected)
    wrong = ~agrees(case.got, case.expected, 1e-5)
    if not bad.any() or (wrong & ~bad).any():
        return None
    biggest = max((largest(value) for value in case.arguments.values()), default=0.0)
    if "divide by zero encountered in log" in case.warned:
        says = "a logarithm is taken of 0, or of something that has rounded to 0"
        return match("log-of-zero", says, "strange_numbers")
    if biggest > EXTREME or "overflow" in case.warned or "invalid value" in case.warned:
        return match(
            "unstable", "with large inputs an exponential overflows, and inf/inf or inf−inf is nan", "strange_numbers"
        )
    return None


def capped(case: Case) -> Match | None:
    """A large loss stops near −log of a small number that was added to a probability."""
    biggest = max((largest(value) for value in case.arguments.values()), default=0.0)
    wrong = ~agrees(case.got, case.expected, 1e-5)
    if biggest <= EXTREME or not wrong.any() or not np.all(np.isfinite(case.got)):
        return None
    got, expected = np.abs(np.atleast_1d(case.got[wrong])), np.abs(np.atleast_1d(case.expected[wrong]))
    if np.all(expected > EXTREME) and np.all(got < expected / 2) and np.all((got > 3) & (got < EXTREME * 10)):
        return match("eps-misplaced", "a small number inside the logarithm caps the answer", "capped")
    return None


def rolled(case: Case) -> Match | None:
    """Everything stands one place too far along the last axis: counting from 1, say."""
    got, expected = case.got, case.expected
    if got.ndim < 1 or got.shape[-1] < 3 or np.all(expected == expected[..., :1]):
        return None
    for step in (-1, 1):
        if became(case, np.roll(expected, step, axis=-1)):
            return match("off-by-one", "everything stands one place too far along the last axis", "rolled")
    return None


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
            "absolute value": np.abs(expected),
            "tanh": np.tanh(expected),
            "sigmoid": 1 / (1 + np.exp(-expected)),
            "part above 0": np.maximum(expected, 0),
        }
    for name, value in options.items():
        if np.all(np.isfinite(value)) and became(case, value):
            return match("wrong-nonlinearity", f"it is the {name} of what belongs here", "other_function")
    return None


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
    if became(case, np.where(hit, case.expected, 0)):
        return match(
            "diagonal-only",
            "only the labelled class of each row has a gradient; the others move the loss too",
            "only_true_class",
        )
    return None


def all_zero(case: Case) -> Match | None:
    """A gradient of nothing but zeros."""
    if case.gradient and not case.got.any() and np.any(case.expected):
        return match("missing-term", "it is zero everywhere", "all_zero")
    return None


def yes_or_no(case: Case) -> Match | None:
    """True or False where a number belongs."""
    if case.got.dtype.kind == "b" and case.expected.dtype.kind == "f":
        return match("wrong-type", "it is True or False where a number belongs", "yes_or_no")
    return None


def lost_precision(case: Case) -> Match | None:
    """float64 that is right to six digits only went through float32 on the way."""
    if case.got.dtype != np.float64 or not np.all(np.isfinite(case.got)):
        return None
    if not np.all(np.isfinite(case.expected)):
        return None
    error = np.max(np.abs(case.got - case.expected) / (np.abs(case.expected) + 1e-12), initial=0.0)
    with np.errstate(all="ignore"):
        exact = np.array_equal(case.got, case.got.astype(np.float32).astype(np.float64))
    if exact and 1e-10 < error < 1e-5 and case.got.size > 1:
        return match(
            "dtype-drift", "it is right to six digits only: it went through float32 on the way", "lost_precision"
        )
    return None


VALUE_RULES = (
    negated,
    some_negated,
    turned,
    inverted,
    transposed_values,
    reversed_order,
    shifted,
    strange_numbers,
    capped,
    rolled,
    other_function,
    only_true_class,
    all_zero,
    yes_or_no,
    lost_precision,
)
