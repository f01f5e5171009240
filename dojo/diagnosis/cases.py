"""A wrong answer as the rules see it: arrays, axis labels and arguments, and never the name of a kata."""

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


def match(cause: str, says: str, rule: str) -> Match:
    """A Match of a rule."""
    return Match(cause, says, f"rule:{rule}")


def close(got: np.ndarray, expected: np.ndarray) -> bool:
    """Whether two arrays agree to six digits."""
    return got.shape == expected.shape and bool(np.all(agrees(np.asarray(got), np.asarray(expected), CLOSE)))


def became(case: "Case", other: np.ndarray) -> bool:
    """Whether `other` came out, which is not what belongs there: a pattern that the right answer has too shows nothing."""
    return close(case.got, other) and not close(other, case.expected)


def near(one, other) -> bool:
    """Whether two numbers agree to six digits; None is near nothing."""
    return one is not None and abs(one - other) <= CLOSE * max(abs(other), 1.0)


def largest(value: np.ndarray) -> float:
    """The largest absolute value of an array of floats; infinity counts as extreme."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
        return 0.0
    return float(np.max(np.abs(np.where(np.isfinite(value), value, EXTREME + 1))))


Rule = Callable[[Case], Match | None]
