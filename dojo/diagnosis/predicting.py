"""Does a guess predict what the learner's function gives: on every recorded call, and on inputs that no test has seen.

The fresh inputs keep coincidences out.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dojo.checking.calls import Call
from dojo.checking.compare import agrees
from dojo.checking.tracks import leaves
from dojo.diagnosis.evidence import Answer, Evidence, as_numbers
from dojo.diagnosis.timebox import timebox

ONE_GUESS = 0.04  # seconds for a single guess: it may loop for ever
EXPLODED = 1e12  # times what is right
FRESH = 3  # inputs that no test has seen

Outputs = Callable[[Call], dict | None]


class Predictor:
    """Tells whether a guess predicts one tensor of the learner's function."""

    def __init__(self, evidence: Evidence, tensor: str | None, learner: Outputs):
        self.evidence, self.tensor, self.learner = evidence, tensor, learner
        known = [answer for answer in evidence.answers if tensor in answer.expected]
        wrong = [answer for answer in known if tensor in answer.wrong]
        self.wrong = [answer for answer in wrong if not _exploded(answer, tensor)] or wrong
        self.answers = [*self.wrong, *(answer for answer in known if answer not in wrong)]
        self._fresh: list[Answer] | None = None

    def outputs(self, ask: Outputs) -> bool:
        """Whether `ask` gives what the learner's function gave. A guess that takes too long is wrong."""
        self.fresh()
        with timebox(ONE_GUESS):
            return all(self._agrees(answer, ask(answer.call)) for answer in [*self.answers, *self.fresh()])
        return False

    def whole(self, ask: Outputs) -> bool:
        """Whether `ask` also gives the other results of the learner's function, right or wrong, on the wrong calls."""
        with timebox(ONE_GUESS):
            return all(self._same_results(answer, ask(answer.call)) for answer in self.wrong)
        return False

    def _same_results(self, answer: Answer, predicted: dict | None) -> bool:
        got = answer.call.outputs
        return predicted is not None and all(
            name in got and self.evidence.same(got[name], value, answer.call) for name, value in predicted.items()
        )

    @property
    def telling(self) -> bool:
        """Whether the wrong values are at least two different numbers: what is nan or the same everywhere fits any story."""
        found: set = set()
        for answer in [*self.wrong, *self.fresh()]:
            got = as_numbers(answer.call.outputs.get(self.tensor))
            right = as_numbers(answer.expected.get(self.tensor))
            if got.dtype.kind not in "fiub" or got.shape != right.shape or right.dtype.kind not in "fiub":
                return True
            wrong = ~agrees(got, right, self.evidence.rtol(answer.call)) & np.isfinite(got)
            if wrong.any() and not wrong.all():
                return True  # where an answer is wrong tells as much as the numbers there
            found.update(got[wrong].ravel()[:10].tolist())
        return len(found) > 1

    def harmless(self, function: Callable) -> bool:
        """Whether a changed reference is still right on ordinary inputs: only a numerical trick was dropped."""
        with timebox(ONE_GUESS):
            return bool(self.fresh()) and self._harmless(function)
        return False

    def _harmless(self, function: Callable) -> bool:
        for answer in self.fresh():
            right, plain = (
                self.evidence.outputs(self.evidence.reference, answer.call),
                self.evidence.outputs(function, answer.call),
            )
            if (
                not right
                or not plain
                or any(
                    tensor not in plain or not self.evidence.same(plain[tensor], value, answer.call)
                    for tensor, value in right.items()
                )
            ):
                return False
        return True

    def fresh(self) -> list[Answer]:
        """Calls on inputs near the recorded ones, with what the learner's function answers there."""
        if self._fresh is None:
            bases = sorted(self.wrong, key=lambda answer: (extreme(answer.call), -_size(answer.call)))
            calls = self._answered_near(bases[0].call) if bases else []
            self._fresh = [Answer(call, "", call.outputs) for call in calls if self.tensor in call.outputs]
        return self._fresh

    def _answered_near(self, base: Call) -> list[Call]:
        known = self.evidence.nearby
        if base not in known:
            rng = np.random.default_rng(0)
            calls = [nearby(base, rng) for _ in range(FRESH)]
            known[base] = [replace(call, outputs=outputs) for call in calls if (outputs := self.learner(call))]
        return known[base]

    def _agrees(self, answer: Answer, predicted: dict | None) -> bool:
        got = answer.call.outputs
        if predicted is None or self.tensor not in predicted:
            return self.tensor not in got
        return self.tensor in got and self.evidence.same(got[self.tensor], predicted[self.tensor], answer.call)


def nearby(call: Call, rng: np.random.Generator) -> Call:
    """The same call on other numbers of the same kind: signs, zeros, the range of integers and sums to 1 are kept."""

    def other(value):
        if not isinstance(value, np.ndarray):
            return value
        if value.dtype.kind == "i":
            return rng.permutation(value.ravel()).reshape(value.shape)
        if value.dtype.kind != "f" or not value.size:
            return value
        changed = (value * rng.uniform(0.5, 1.5, value.shape)).astype(value.dtype)
        shares = value.ndim > 0 and value.shape[-1] > 1 and np.all(value >= 0) and np.allclose(value.sum(-1), 1)
        return (changed / changed.sum(-1, keepdims=True)).astype(value.dtype) if shares else changed

    with np.errstate(all="ignore"):
        return call.like(lambda args: leaves(args, other))


def extreme(call: Call) -> bool:
    """Whether an argument is there to break unstable formulas: beyond ±50, or not finite."""
    found: list[bool] = []

    def look(value) -> None:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            found.append(not np.all(np.abs(value) < 50))

    leaves(call.args, look)
    return any(found)


def _exploded(answer: Answer, tensor: str | None) -> bool:
    """Whether ordinary inputs gave numbers without bounds: where an error feeds on itself, its last digits are noise."""
    got, right = as_numbers(answer.call.outputs.get(tensor)), as_numbers(answer.expected[tensor])
    if got.dtype.kind != "f" or right.dtype.kind != "f" or extreme(answer.call) or not np.all(np.isfinite(right)):
        return False
    bound = EXPLODED * (1 + np.max(np.abs(right), initial=0))
    return not np.all(np.abs(got) < bound)


def _size(call: Call) -> int:
    sizes: list[int] = []
    leaves(call.args, lambda value: sizes.append(value.size if isinstance(value, np.ndarray) else 0))
    return min(sum(sizes), 100)
