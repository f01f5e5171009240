"""Whole-function guesses: the bank's wrong answers, the reference with other arguments, and with one thing changed.

A guess is right when it gives what the learner's function gave: on every recorded call, and on fresh inputs that no test
has seen. The second keeps coincidences out.
"""

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType

import numpy as np

from dojo.checking.calls import Call
from dojo.checking.signatures import Signature, as_array, private
from dojo.diagnosis.evidence import Evidence
from dojo.diagnosis.findings import Match
from dojo.diagnosis.kept_mutants import alternative_mutants, naive_mutants, own_mutants
from dojo.diagnosis.predicting import Outputs, Predictor
from dojo.diagnosis.quiet import quiet
from dojo.loading import mistakes

FIXED = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)  # what people write where they are given an eps


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


# ---------------------------------------------------------------------- other arguments


def _near(guesser: Guesser, predictor: Predictor, group: int) -> Iterator[Guess]:
    """The reference with another argument, then with one thing changed."""
    for match, outputs in _other_arguments(guesser):
        yield Guess(group, match, outputs)
    for match, outputs in _exchanged(guesser):
        yield Guess(group, match, outputs, weak=True)  # a sign lost in a difference looks the same
    yield from _changed(own_mutants)(guesser, predictor, group)


AFTERWARDS = "mask-after-softmax", "the mask comes after the softmax: what is left does not add up to 1"


def _other_arguments(guesser: Guesser) -> Iterator[tuple[Match, Outputs]]:
    """The reference called with something else in place of an argument."""
    evidence = guesser.evidence
    law = evidence.signature
    for position, name in enumerate(law.parameters):
        for cause, says, change in _changes_of(name, position, law, guesser.loaded):

            def outputs(call, position=position, change=change):
                return evidence.outputs(evidence.reference, with_argument(call, position, change))

            yield Match(cause, says, "argument"), outputs
            if cause == "mask-ignored" and law.array(name).kind == "bool":  # type: ignore[union-attr]
                yield Match(*AFTERWARDS, "argument"), _masked_afterwards(law, position, outputs)


def _masked_afterwards(law: Signature, position: int, unmasked: Outputs) -> Outputs:
    """The answer without a mask, and zero where the mask is False: of the outputs that have the mask's axes."""
    axes = law.array(law.parameters[position]).axes  # type: ignore[union-attr]
    specs = {name: as_array(returned) for name, returned in zip(law.outputs, law.returns, strict=True)}
    alike = {name if len(specs) > 1 else None for name, spec in specs.items() if spec is not None and spec.axes == axes}

    def outputs(call: Call):
        mask = call.args[position] if position < len(call.args) else None
        answers = unmasked(call) or {}
        return {name: value if mask is None else value * mask for name, value in answers.items() if name in alike}

    return outputs


def _exchanged(guesser: Guesser) -> Iterator[tuple[Match, Outputs]]:
    """Two arguments of one kind in each other's place."""
    evidence, law = guesser.evidence, guesser.evidence.signature
    specs = [(position, name, law.array(name)) for position, name in enumerate(law.parameters)]
    for (i, one, spec), (j, other, same) in itertools.combinations(specs, 2):
        if spec is None or same is None or spec != same or (i == 0 and law.name.endswith("_backward")):
            continue

        def exchanged(args, i=i, j=j):
            return (*args[:i], args[j], *args[i + 1 : j], args[i], *args[j + 1 :]) if j < len(args) else args

        def outputs(call, exchanged=exchanged):
            return evidence.outputs(evidence.reference, call.like(exchanged))

        yield Match("wrong-order", f"{one} and {other} have changed places", "argument"), outputs


def _changes_of(name: str, position: int, law: Signature, loaded) -> Iterator[tuple[str, str, Callable]]:
    spec = law.array(name)
    if spec is None:
        if private(law.annotations.get(name)):
            says = f"{name} makes no difference: every step starts from an empty one"
            yield "state-not-carried", says, lambda value: {}
        for fixed in FIXED if law.annotations.get(name) is float and name.startswith("eps") else ():
            says = f"{name} makes no difference to the answer: {fixed:g} stands in its place"
            yield "argument-unused", says, lambda value, fixed=fixed: fixed
        if law.annotations.get(name) is float:
            yield "missing-term", f"the part with {name} is missing", lambda value: 0.0
            yield "missing-scale", f"{name} does not come in: it works as 1", lambda value: 1.0
            yield "sign-flipped", f"{name} comes in with the wrong sign", lambda value: -value
        if law.annotations.get(name) is int and name in ("stride", "padding"):
            says = {"stride": "the window moves one pixel at a time", "padding": "the border of zeros is missing"}[name]
            yield f"{name}-ignored", says, lambda value: int(name == "stride")
        return
    if position == 0 and law.name.endswith("_backward"):
        yield "upstream-ignored", f"the upstream gradient {name} does not come in", np.ones_like
        return
    if spec.kind == "bool":
        yield "mask-ignored", f"{name} makes no difference", lambda value: None
        yield "mask-inverted", f"{name} is used the wrong way round", lambda value: None if value is None else ~value
    elif name == "mask":  # of numbers: 0 where something is dropped, and a scale elsewhere
        yield "mask-ignored", f"{name} makes no difference", np.ones_like
        yield "mask-inverted", f"{name} is used the wrong way round", lambda value: (value == 0).astype(value.dtype)
        yield (
            "not-inverted",
            f"{name} says only what is kept: its scale is lost",
            lambda value: (value != 0).astype(value.dtype),
        )
    if spec.axes[-2:] == ("K", "K"):  # a kernel
        says = f"{name} is turned round in both directions before it is used"
        yield "kernel-flipped", says, lambda value: value[..., ::-1, ::-1]
        yield "transposed", f"rows and columns of {name} have changed places", lambda value: np.swapaxes(value, -1, -2)
    if spec.kind == "float":
        yield "argument-unused", f"{name} makes no difference to the answer", np.zeros_like
        yield "sign-flipped", f"{name} comes in with the wrong sign", lambda value: -value
        for factor, text in (
            (2.0, "twice"),
            (0.5, "half of"),
            (math.sqrt(2), "√2 times"),
            (math.sqrt(0.5), "1/√2 times"),
        ):
            says = f"this is the answer for {text} {name}"
            yield "missing-scale", says, lambda value, factor=factor: scaled(value, factor)
        for label, function in _plain_functions(loaded).items():
            yield "wrong-argument", f"the formula wants {name} and got {label} of it", function


def scaled(value, factor: float):
    """`factor · value` in the dtype of `value`."""
    return (value * factor).astype(value.dtype) if isinstance(value, np.ndarray) else value * factor


def _plain_functions(loaded) -> dict[str, Callable]:
    """Functions of one array of any shape that may have been applied once too often: the usual ones, and the kata's own."""
    usual: dict[str, Callable] = {"the sigmoid": lambda x: 1 / (1 + np.exp(-x)), "tanh": np.tanh, "exp": np.exp}
    own = {
        name: value
        for name, value in vars(loaded.reference.module).items()
        if isinstance(value, FunctionType) and value.__code__.co_argcount == 1 and not name.startswith("_")
        if (spec := as_array(next(iter(value.__annotations__.values()), None))) and "..." in spec.axes
    }
    return usual | own


def _value_for_slope(guesser: Guesser, predictor: Predictor, group: int) -> Iterator[Guess]:
    """dout times the function's value, where its slope belongs."""
    if not guesser.evidence.law.endswith("_backward"):
        return
    law = guesser.evidence.law
    forward = vars(guesser.loaded.reference.module).get(law.removesuffix("_backward"))
    outputs = guesser.evidence.signature.outputs
    spec = as_array(guesser.evidence.signature.returns[0])
    fits = forward is not None and forward.__code__.co_argcount == len(guesser.evidence.signature.parameters) - 1
    if forward is not None and fits and len(outputs) == 1 and spec is not None and spec.axes == ("...",):
        says = "dout is multiplied by the function's value where its slope belongs"
        match = Match("wrong-argument", says, "argument")
        yield Guess(group, match, lambda call: {outputs[0]: call.args[0] * forward(*call.args[1:])})


def with_argument(call: Call, position: int, change) -> Call:
    """`call` with one argument replaced by `change` of it; unchanged when the argument was left out."""
    if position >= len(call.args):
        return call

    def changed(args: tuple) -> tuple:
        with np.errstate(all="ignore"):
            return (*args[:position], change(args[position]), *args[position + 1 :])

    alike = call.like(changed)
    if alike.carried is not None and alike.carried.position == position:
        alike.carried = None
    return alike


# those that are made to order come last
GROUPS = (_bank, _near, _value_for_slope, _changed(alternative_mutants), _changed(naive_mutants))
