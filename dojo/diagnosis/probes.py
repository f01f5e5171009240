"""Probes: change one part of an argument, and compare what moves in the learner's answer with what moves in the reference's.

The pattern of dependence betrays a mistake whatever the code looks like: examples that meet though they should not, an
argument that makes no difference, a time step that forgets the one before.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from dojo.checking.calls import Call
from dojo.checking.compare import agrees
from dojo.checking.signatures import Signature, private
from dojo.diagnosis.evidence import Answer, Evidence
from dojo.diagnosis.findings import Match
from dojo.diagnosis.predicting import extreme

Outputs = Callable[[Call], dict | None]
MOVED = 1e-9
MOST_NUMBERS = 300


def probe(evidence: Evidence, tensor: str | None, learner: Outputs) -> Iterator[Match]:
    """Every cause that the pattern of dependence shows, on the largest wrong answer that is not a large one.

    Extreme inputs are left alone: where everything saturates, nothing depends on anything.
    """
    wrong = [answer for answer in evidence.answers if tensor in answer.wrong and answer.call.args]
    small = [
        answer
        for answer in wrong
        if _numbers(answer) <= MOST_NUMBERS and not any(map(callable, answer.call.args)) and not extreme(answer.call)
    ]
    if not small:
        return
    answer = max(small, key=lambda answer: (answer.call.carried is not None, _numbers(answer)))
    if not isinstance(answer.expected[tensor], np.ndarray | np.generic | float):
        return
    prober = _Prober(evidence, answer, tensor, learner)
    if prober.usable:
        yield from prober.unused()
        yield from prober.mixed()
        yield from prober.diagonal()
        yield from prober.steps()


class _Prober:
    def __init__(self, evidence: Evidence, answer: Answer, tensor: str | None, learner: Outputs):
        self.law: Signature = evidence.signature
        self.call, self.tensor, self.learner = answer.call, tensor, learner
        self.reference: Outputs = lambda call: evidence.outputs(evidence.reference, call)
        self.backward = answer.call.gradient
        mine, right = self._value(learner, self.call), self._value(self.reference, self.call)
        self.usable = mine is not None and right is not None and mine.shape == right.shape and _finite(mine, right)
        self.mine, self.right = np.asarray(mine), np.asarray(right)
        self.labels = [label.split("=")[0] for label in evidence.labels(answer, tensor)]
        self.rng = np.random.default_rng(0)

    def unused(self) -> Iterator[Match]:
        """An argument that moves the reference's answer and not the learner's; a lone number may just be coarse.

        At the first of several steps, what only works on the steps before makes no difference by right.
        """
        stateful = any(private(annotation) for annotation in self.law.annotations.values())
        if self.right.ndim == 0 or (stateful and self.call.carried is None):
            return
        for position, name in enumerate(self.law.parameters[: len(self.call.args)]):
            value = self.call.args[position]
            if isinstance(value, bool) or not (isinstance(value, float) or _real(value)):
                continue
            if not self._dead(position, value):
                continue
            if (self.backward and position == 0) or name == "dout":
                yield Match(
                    "upstream-ignored",
                    f"{name} makes no difference: the upstream gradient does not come in",
                    "probe:unused",
                )
            else:
                yield Match("argument-unused", f"{name} makes no difference to the answer", "probe:unused")

    def _dead(self, position: int, value) -> bool:
        """Whether three large changes of an argument each move the reference's answer and never the learner's."""
        for _ in range(3):
            shift = self.rng.normal(size=np.shape(value)) * (1 + np.abs(value))
            other = float(value + shift) if isinstance(value, float) else (value + shift).astype(value.dtype)
            mine, right = self._moved(position, other)
            if mine is None or right is None or mine.any() or not right.any():
                return False
        return True

    def mixed(self) -> Iterator[Match]:
        """Another example's part of the answer moves when one example changes."""
        for position, name in enumerate(self.law.parameters[: len(self.call.args)]):
            axes = self._axes(position, name)
            if "N" not in axes or "N" not in self.labels:
                continue
            value, at, out = self.call.args[position], axes.index("N"), self.labels.index("N")
            if value.shape[at] < 2:
                continue
            mine, right = self._moved(position, self._nudged(value, at, slice(0, 1)))
            if mine is None or right is None:
                continue
            others = [np.moveaxis(moved, out, 0)[1:] for moved in (mine, right)]
            if others[0].any() and not others[1].any():
                yield Match(
                    "batch-mixed", f"changing one example of {name} changes the answer for the others", "probe:mixed"
                )
                return

    def diagonal(self) -> Iterator[Match]:
        """A gradient whose elements only meet their own upstream element, where the reference's meet the whole row."""
        value = self.call.args[0]
        if (
            not self.backward
            or not _real(value)
            or value.ndim == 0
            or value.shape != self.right.shape
            or value.shape[-1] < 2
        ):
            return
        mine, right = self._moved(0, self._nudged(value, value.ndim - 1, slice(0, 1)))
        if mine is not None and right is not None and right[..., 1:].any() and not mine[..., 1:].any():
            says = "each value only meets its own upstream gradient: the Jacobian off the diagonal is dropped"
            yield Match("diagonal-only", says, "probe:diagonal")

    def steps(self) -> Iterator[Match]:
        """Time steps that do not hear of the one before, or hear of one to come."""
        for position, name in enumerate(self.law.parameters[: len(self.call.args)]):
            axes = self._axes(position, name)
            if "T" not in axes or "T" not in self.labels or self.call.args[position].shape[axes.index("T")] < 2:
                continue
            value, at, out = self.call.args[position], axes.index("T"), self.labels.index("T")
            mixed = False  # whether a step hears of all the others, which is no leak of the future
            for place, cause, says in (
                (slice(0, 1), "state-not-carried", "a step does not hear of the one before it"),
                (slice(-1, None), "gradient-not-carried", "the gradient of a step does not reach the one before it"),
            ):
                mine, right = self._moved(position, self._nudged(value, at, place))
                if mine is None or right is None:
                    continue
                rest = slice(1, None) if place == slice(0, 1) else slice(None, -1)
                other = [np.moveaxis(moved, out, 0)[rest] for moved in (mine, right)]
                if other[1].any() and not other[0].any():
                    yield Match(cause, says, "probe:steps")
                leaks = other[0].any() and not other[1].any()
                mixed = mixed or (leaks and place == slice(0, 1))
                if leaks and not mixed and not self.backward:
                    yield Match("future-leaks", "a step hears of one that is still to come", "probe:steps")

    def _axes(self, position: int, name: str) -> list[str]:
        spec, value = self.law.array(name), self.call.args[position]
        if spec is None or not _real(value):
            return []
        return [label.split("=")[0] for label in spec.bind(value.shape, {})]

    def _nudged(self, value: np.ndarray, axis: int, place: slice) -> np.ndarray:
        changed = value.copy()
        view = np.moveaxis(changed, axis, 0)[place]
        view += self.rng.normal(size=view.shape).astype(value.dtype)
        return changed

    def _moved(self, position: int, value) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Which elements move when one argument becomes `value`: for the learner and for the reference."""
        if isinstance(value, float):  # a setting is one for all steps
            call = self.call.like(lambda args: (*args[:position], value, *args[position + 1 :]))
        else:
            call = replace(self.call, args=(*self.call.args[:position], value, *self.call.args[position + 1 :]))
        moved = []
        for ask, before in ((self.learner, self.mine), (self.reference, self.right)):
            after = self._value(ask, call)
            moved.append(None if after is None or after.shape != before.shape else ~agrees(after, before, MOVED))
        return moved[0], moved[1]

    def _value(self, ask: Outputs, call: Call) -> np.ndarray | None:
        outputs = ask(call)
        if outputs is None or self.tensor not in outputs:
            return None
        value = np.asarray(outputs[self.tensor])
        return value if value.dtype.kind in "fiub" else None


def _numbers(answer: Answer) -> int:
    return sum(np.size(argument) for argument in answer.call.args if isinstance(argument, np.ndarray))


def _finite(*values: np.ndarray) -> bool:
    return all(bool(np.all(np.isfinite(value))) for value in values)


def _real(value) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"
