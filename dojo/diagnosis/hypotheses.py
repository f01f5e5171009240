"""Whole-function guesses: the bank's wrong answers, the reference with other arguments, and with one thing changed.

A guess is right when it gives what the learner's function gave: on every recorded call, and on fresh inputs that no test
has seen. The second keeps coincidences out.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType

from dojo.checking.calls import Call
from dojo.checking.signatures import as_array
from dojo.diagnosis.evidence import Evidence
from dojo.diagnosis.findings import Match
from dojo.diagnosis.kept_mutants import alternative_mutants, naive_mutants, own_mutants
from dojo.diagnosis.other_arguments import exchanged, other_arguments, with_argument
from dojo.diagnosis.predicting import Outputs, Predictor
from dojo.diagnosis.quiet import quiet
from dojo.loading import mistakes


@dataclass(frozen=True)
class Guess:
    """A cause and what it predicts. `group` 0 is the bank, then come guesses ever further from what people are known to do."""

    group: int
    match: Match
    outputs: Outputs
    weak: bool = False  # only told where no other guess of its group came true


class Guesser:
    """All guesses about one function, tensor by tensor; those that came true for one tensor are asked first for the next.

    `leave_out` is a bank entry not to be used; `learner` answers further calls; after `deadline` only the bank is asked.
    """

    def __init__(self, evidence: Evidence, loaded, leave_out: str | None, learner: Outputs, deadline: float):
        self.evidence, self.loaded, self.leave_out = evidence, loaded, leave_out
        self.learner, self.deadline = learner, deadline
        self.known: list[Guess] = []

    def explain(self, tensor: str | None) -> list[Guess]:
        """Every guess that predicts `tensor`. Later groups are only asked when no earlier one has an answer.

        An answer with less than two numbers of its own tells little: only the bank is asked about it.
        """
        predictor = Predictor(self.evidence, tensor, self.learner)
        if not predictor.wrong:
            return []
        found = [guess for guess in self.known if predictor.outputs(guess.outputs)]
        for group, guesses in enumerate(GROUPS if predictor.telling else GROUPS[:1]) if not found else ():
            for guess in guesses(self, predictor, group):
                if group and time.process_time() > self.deadline:
                    break
                if predictor.outputs(guess.outputs):
                    found.append(guess)
            if found and group:
                break
        self.known += [guess for guess in found if guess not in self.known]
        found = [guess for guess in found if not guess.weak] or found
        return [guess for guess in found if predictor.whole(guess.outputs)] or found

    def of_function(self, function: Callable) -> Outputs:
        """What a whole function predicts."""
        return lambda call: self.evidence.outputs_again(function, call)


# ---------------------------------------------------------------------- the bank


def _bank(guesser: Guesser, predictor: Predictor, group: int) -> Iterator[Guess]:
    for which, entry in entries(guesser.loaded, guesser.evidence.law, guesser.leave_out):
        outputs = guesser.of_function(entry) if entry.track == "numpy" else _quietly(guesser.loaded.put_in_place(entry))
        yield Guess(group, Match(entry.cause, entry.says, f"bank:{guesser.loaded.spec.name}:{which}"), outputs)


def _quietly(ask: Outputs) -> Outputs:
    def outputs(call: Call) -> dict | None:
        with quiet():
            return ask(call)

    return outputs


def entries(loaded, law: str, leave_out: str | None) -> Iterator[tuple[str, FunctionType]]:
    """The bank's entries that could explain an answer of `law`, with their names; torch's own only on the torch track."""
    names = {"numpy": (law,), "torch": (law, law.removesuffix("_backward"))}
    for entry in mistakes(loaded.spec.name):
        which = f"{entry.__name__}:{entry.cause}"
        known = entry.track == "numpy" or entry.track == loaded.subject.track
        if known and entry.__name__ in names[entry.track] and which != leave_out:
            yield which, entry


# ---------------------------------------------------------------------- one thing changed


def _changed(made: Callable) -> Callable:
    def guesses(guesser: Guesser, predictor: Predictor, group: int) -> Iterator[Guess]:
        for mutant in made(guesser.loaded.spec.name, predictor, guesser.loaded.reference):
            match = Match(mutant.cause, mutant.says, f"changed:{mutant.change}")
            yield Guess(group, match, guesser.of_function(mutant.function), mutant.weak)

    return guesses


# ---------------------------------------------------------------------- other arguments, or another formula


def _near(guesser: Guesser, predictor: Predictor, group: int) -> Iterator[Guess]:
    """The reference with another argument, then with one thing changed."""
    for match, outputs in other_arguments(guesser.evidence, guesser.loaded):
        yield Guess(group, match, outputs)
    for match, outputs in exchanged(guesser.evidence):
        yield Guess(group, match, outputs, weak=True)  # a sign lost in a difference looks the same
    yield from _changed(own_mutants)(guesser, predictor, group)


def _value_for_slope(guesser: Guesser, predictor: Predictor, group: int) -> Iterator[Guess]:
    """dout times the function's value, where its slope belongs, or on top of it."""
    law, evidence = guesser.evidence.law, guesser.evidence
    if not law.endswith("_backward"):
        return
    forward = vars(guesser.loaded.reference.module).get(law.removesuffix("_backward"))
    outputs = guesser.evidence.signature.outputs
    spec = as_array(guesser.evidence.signature.returns[0])
    fits = forward is not None and forward.__code__.co_argcount == len(guesser.evidence.signature.parameters) - 1
    if forward is not None and fits and len(outputs) == 1 and spec is not None and spec.axes == ("...",):
        says = "dout is multiplied by the function's value where its slope belongs"
        match = Match("wrong-argument", says, "argument")
        yield Guess(group, match, lambda call: {outputs[0]: call.args[0] * forward(*call.args[1:])})
    if forward is not None and fits and evidence.signature.array(evidence.signature.parameters[0]):
        says = "the upstream gradient is multiplied by what the function gives before it goes back"
        match = Match("wrong-operand", says, "argument")

        def on_top(call: Call) -> dict | None:
            return evidence.outputs(
                evidence.reference, with_argument(call, 0, lambda dout: dout * forward(*call.args[1:]))
            )

        yield Guess(group, match, on_top)


# those that are made to order come last
GROUPS = (_bank, _near, _value_for_slope, _changed(alternative_mutants), _changed(naive_mutants))
