"""Whole-function guesses: the bank's wrong answers, the reference with one thing changed, and with other arguments.

A guess is right when it gives what the learner's function gave, on every recorded call where it can be told apart.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from dojo.checking.kata import Call
from dojo.diagnosis.evidence import Answer, Evidence
from dojo.diagnosis.findings import Match
from dojo.diagnosis.mutants import Mutant, mutants
from dojo.loading import mistakes

MUTANT_SECONDS = 0.25  # the longest that a diagnosis looks for a changed reference


@dataclass(frozen=True)
class Explained:
    """A guess that came true for one tensor."""

    match: Match
    order: int  # 0: the bank, 1: other arguments, 2: a changed reference


def explained(evidence: Evidence, tensor: str | None, loaded, leave_out: str | None) -> list[Explained]:
    """Every guess that predicts `tensor` of the learner's function. `leave_out` is a bank entry not to be used."""
    found = [Explained(match, 0) for match in _bank(evidence, tensor, loaded, leave_out)]
    found += [Explained(match, 1) for match in _other_arguments(evidence, tensor)]
    found += [Explained(match, 2) for match in _mutants(evidence, tensor, loaded)]
    return found


def _bank(evidence: Evidence, tensor: str | None, loaded, leave_out: str | None) -> Iterator[Match]:
    name = loaded.spec.name
    for entry in bank(name):
        which = f"{entry.__name__}:{entry.cause}"
        mine = entry.__name__ == evidence.law and entry.track == "numpy" and which != leave_out
        if mine and predicts(evidence, tensor, entry):
            yield Match(entry.cause, entry.says, f"bank:{name}:{which}")


@cache
def bank(name: str) -> tuple:
    """The wrong answers of a kata, loaded once per process."""
    return tuple(mistakes(name))


def _mutants(evidence: Evidence, tensor: str | None, loaded) -> Iterator[Match]:
    deadline = time.perf_counter() + MUTANT_SECONDS
    for mutant in made_mutants(loaded.reference, evidence.law):
        if time.perf_counter() > deadline:
            return
        if predicts(evidence, tensor, mutant.function):
            yield Match(mutant.cause, mutant.says, f"changed:{mutant.change}")


_MUTANTS: dict[tuple[str, str], list[Mutant]] = {}


def made_mutants(reference, law: str) -> list[Mutant]:
    """The mutants of a reference's function, compiled once per process."""
    key = (reference.module.__name__, law)
    if key not in _MUTANTS:
        _MUTANTS[key] = list(mutants(reference.source, law, vars(reference.module)))
    return _MUTANTS[key]


def _other_arguments(evidence: Evidence, tensor: str | None) -> Iterator[Match]:
    """The reference called with something else in place of an argument."""
    law, reference = evidence.signature, evidence.reference[evidence.law]
    backward = law.name.endswith("_backward")
    for position, name in enumerate(law.parameters):
        spec = law.array(name)
        if spec is None:
            continue

        def changed(call: Call, value, position=position) -> Call:
            args = [*call.args]
            args[position] = value
            return Call(call.function, tuple(args), call.kwargs, call.gradient)

        def guess(change):
            return lambda call: evidence.outputs(reference, changed(call, change(call.args[position])))  # noqa: B023

        upstream = backward and name.startswith("d") and position < 2
        if upstream and predicts_outputs(evidence, tensor, guess(np.ones_like)):
            yield Match("upstream-ignored", f"the upstream gradient {name} does not come in", "argument:ones")
        if spec.kind == "bool" or name == "mask":
            if predicts_outputs(evidence, tensor, guess(lambda value: None)):
                yield Match("mask-ignored", f"{name} makes no difference", "argument:none")
            if predicts_outputs(evidence, tensor, guess(lambda value: None if value is None else ~value)):
                yield Match("mask-inverted", f"{name} is used the wrong way round", "argument:inverted")
        if spec.kind == "float" and not upstream and predicts_outputs(evidence, tensor, guess(np.zeros_like)):
            yield Match("argument-unused", f"{name} makes no difference to the answer", "argument:zeros")


def predicts(evidence: Evidence, tensor: str | None, function) -> bool:
    """Whether `function` gives what the learner's function gave, for `tensor`."""
    return predicts_outputs(evidence, tensor, lambda call: evidence.outputs(function, call))


def predicts_outputs(evidence: Evidence, tensor: str | None, outputs) -> bool:
    telling = [answer for answer in evidence.answers if answer.call.outputs]
    wrong = [answer for answer in telling if tensor in answer.wrong]
    if not wrong:
        return False
    for answer in [*wrong, *(other for other in telling if other not in wrong)]:
        if not _agrees(evidence, tensor, answer, outputs(answer.call)):
            return False
    return True


def _agrees(evidence: Evidence, tensor: str | None, answer: Answer, predicted) -> bool:
    if predicted is None or tensor not in answer.call.outputs:
        return predicted is None and tensor not in answer.call.outputs
    return tensor in predicted and evidence.same(answer.call.outputs[tensor], predicted[tensor], answer.call)
