"""Do all contenders give the same answers? Only then is it fair to ask who is quicker."""

from collections.abc import Sequence

import numpy as np

from dojo.bench.contenders import Contender, Task
from dojo.errors import DojoError

# Sums over thousands of float32 rows, with relus between them, are no nearer to each other than that.
FARTHEST = {"float32": 1e-3, "float64": 1e-7}  # length of the difference, as a share of the length of the answer
OF_CHANCE = 0.03  # how far the spread of random answers may be apart, as a share


class Disagreement(DojoError):
    """Two contenders do not do the same work, so they are not compared."""


def differences(contenders: Sequence[Contender], what: Task) -> dict[str, float]:
    """Name → how far a contender's answers are from those of the first one, the worst of them.

    Random answers are compared by mean and spread. Disagreement names the contender and the answer that differs most.
    """
    truth, random = _answers(contenders[0], what), what.random
    found = {contenders[0].name: 0.0}
    for one in contenders[1:]:
        apart = {
            place: _apart(value, truth[place], random) for place, value in _answers(one, what).items() if place in truth
        }
        if not apart:
            raise Disagreement(f"{one.name} has no answer in common with the {contenders[0].name}.")
        worst = max(apart, key=lambda place: apart[place])
        if not apart[worst] <= (OF_CHANCE if random else FARTHEST[what.work.dtype]):
            raise Disagreement(
                f"{one.name} and the {contenders[0].name} differ by {apart[worst]:.1e} in answer {worst}, so neither is timed."
            )
        found[one.name] = apart[worst]
    return found


def _answers(one: Contender, what: Task) -> dict[str, np.ndarray]:
    """The answers; of parameters after a plain step, the step, which would be lost beside the parameters."""
    found = {place: np.array(value, np.float64) for place, value in one.answers(one.call()).items()}
    for name, value in what.start.items():
        if f"2[{name}]" in found:
            found[f"2[{name}]"] -= value
    return found


def _apart(got: np.ndarray, right: np.ndarray, random: bool) -> float:
    if got.shape != right.shape:
        return np.inf
    if random:
        spread = float(right.std()) or 1.0
        return max(abs(float(got.std() - right.std())), abs(float(got.mean() - right.mean()))) / spread
    # Not the largest difference: of millions of relus a few stand at 0, where rounding opens or shuts them.
    far = float(np.linalg.norm(got - right)) / (float(np.linalg.norm(right)) or 1.0)
    return far if np.isfinite(far) else np.inf
