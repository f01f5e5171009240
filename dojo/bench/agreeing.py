"""Do all contenders give the same answers? Only then is it fair to ask who is quicker."""

from collections.abc import Sequence

import numpy as np

from dojo.bench.contenders import Contender, Task
from dojo.errors import DojoError

FARTHEST = {"float32": 1e-4, "float64": 1e-7}  # as a share of the largest number of an answer
OF_STEPS = 1e-3  # Adam divides by the gradient's own size, so that where it is all but 0 rounding decides the step
OF_CHANCE = 0.03  # how far the spread of random answers may be apart, as a share


class Disagreement(DojoError):
    """Two contenders do not do the same work, so they are not compared."""


def differences(contenders: Sequence[Contender], what: Task) -> dict[str, float]:
    """Name → how far a contender's answers are from those of the first one, each relative to its largest number.

    Random answers are compared by mean and spread. Disagreement names the contender and the answer that differs most.
    """
    truth, random = _answers(contenders[0]), what.random
    found = {contenders[0].name: 0.0}
    for one in contenders[1:]:
        apart = {place: _apart(value, truth[place], random) for place, value in _answers(one).items() if place in truth}
        if not apart:
            raise Disagreement(f"{one.name} has no answer in common with the {contenders[0].name}.")
        limits = {place: _limit(what, place) for place in apart}
        worst = max(apart, key=lambda place: apart[place] / limits[place])
        if not apart[worst] <= limits[worst]:
            raise Disagreement(
                f"{one.name} and the {contenders[0].name} differ by {apart[worst]:.1e} in answer {worst}, so neither is timed."
            )
        found[one.name] = apart[worst]
    return found


def _limit(what: Task, place: str) -> float:
    """How far an answer may be apart; the third one of a model holds the parameters after a step."""
    if what.random:
        return OF_CHANCE
    return OF_STEPS if what.work.is_model and place.startswith("2[") else FARTHEST[what.work.dtype]


def _answers(one: Contender) -> dict[str, np.ndarray]:
    return {place: np.array(value, np.float64) for place, value in one.answers(one.call()).items()}


def _apart(got: np.ndarray, right: np.ndarray, random: bool) -> float:
    if got.shape != right.shape:
        return np.inf
    if random:
        spread = float(right.std()) or 1.0
        return max(abs(float(got.std() - right.std())), abs(float(got.mean() - right.mean()))) / spread
    largest = float(np.abs(right).max(initial=0.0)) or 1.0
    return float(np.abs(got - right).max(initial=0.0)) / largest
