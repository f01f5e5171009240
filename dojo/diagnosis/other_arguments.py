"""The reference called with something else in place of an argument: what a person had in mind who gave that answer."""

import inspect
import itertools
import math
from collections.abc import Callable, Iterator
from types import FunctionType

import numpy as np

from dojo.checking.calls import Call
from dojo.checking.signatures import Array, Signature, as_array, private
from dojo.diagnosis.evidence import Evidence
from dojo.diagnosis.findings import Match
from dojo.diagnosis.predicting import Outputs

FIXED = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)  # what people write where they are given an eps
STEPS = {"stride": "stride-ignored", "padding": "padding-ignored"}  # of a window
CHANNELS = ("C", "O")  # axes that are summed over in a convolution
AFTERWARDS = "mask-after-softmax", "the mask comes after the softmax: what is left does not add up to 1"

Changed = tuple[str, str, Callable]  # a cause, its sentence, and what to do to an argument


def other_arguments(evidence: Evidence, loaded) -> Iterator[tuple[Match, Outputs]]:
    """The reference with another value in place of one argument, or of two that belong together."""
    law = evidence.signature
    for position, name in enumerate(law.parameters):
        for cause, says, change in [*changes_of(name, position, law, loaded), *_known_words(position, evidence)]:

            def outputs(call, position=position, change=change):
                return evidence.outputs(evidence.reference, with_argument(call, position, change))

            yield Match(cause, says, "argument"), outputs
            if cause == "mask-ignored" and law.array(name).kind == "bool":  # type: ignore[union-attr]
                yield Match(*AFTERWARDS, "argument"), _masked_afterwards(law, position, outputs)
    for cause, says, changed in _together(evidence):

        def together(call, changed=changed):
            return _answer(evidence, call, changed)

        yield Match(cause, says, "argument"), together


def exchanged(evidence: Evidence) -> Iterator[tuple[Match, Outputs]]:
    """Two arguments of one kind in each other's place. Numbers may have been left out: then their defaults change places."""
    law = evidence.signature
    kinds = {name: law.array(name) or (law.annotations.get(name) is float and float) for name in law.parameters}
    for (i, one), (j, other) in itertools.combinations(enumerate(law.parameters), 2):
        if not kinds[one] or kinds[one] != kinds[other] or (i == 0 and law.name.endswith("_backward")):
            continue

        def swapped(args, i=i, j=j):
            args = completed(evidence.reference, args, j)
            return (*args[:i], args[j], *args[i + 1 : j], args[i], *args[j + 1 :]) if j < len(args) else args

        def outputs(call, swapped=swapped):
            return _answer(evidence, call, swapped)

        yield Match("wrong-order", f"{one} and {other} have changed places", "argument"), outputs


def _answer(evidence: Evidence, call: Call, changed: Callable[[tuple], tuple]) -> dict | None:
    """What the reference answers to other arguments; None where they cannot be changed like that."""
    try:
        with np.errstate(all="ignore"):
            alike = call.like(changed)
    except (TypeError, ValueError, AttributeError, IndexError, KeyError):
        return None
    return evidence.outputs(evidence.reference, alike)


def completed(function: Callable, args: tuple, position: int) -> tuple:
    """`args` with the defaults of what was left out, up to `position`."""
    defaults = [parameter.default for parameter in inspect.signature(function).parameters.values()]
    missing = defaults[len(args) : position + 1]
    return args if inspect.Parameter.empty in missing else (*args, *missing)


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


# ---------------------------------------------------------------------- one argument


def changes_of(name: str, position: int, law: Signature, loaded) -> Iterator[Changed]:
    """What may stand in place of an argument, by its kind and name."""
    spec = law.array(name)
    if spec is None:
        yield from _of_a_setting(name, law)
    elif position == 0 and law.name.endswith("_backward"):
        yield "upstream-ignored", f"the upstream gradient {name} does not come in", np.ones_like
        if "T" in spec.axes:
            says = f"only the last step of {name} comes in; every step has a gradient of its own"
            yield "only-last-step", says, lambda value: _only_last(value, spec.axes.index("T"))
    else:
        yield from _of_a_mask(name, spec)
        yield from _of_numbers(name, spec, loaded)


def _of_a_setting(name: str, law: Signature) -> Iterator[Changed]:
    kind = law.annotations.get(name)
    if private(kind):
        says = f"{name} makes no difference: every step starts from an empty one"
        yield "state-not-carried", says, lambda value: {}
    if kind is float:
        for fixed in FIXED if name.startswith("eps") else ():
            says = f"{name} makes no difference to the answer: {fixed:g} stands in its place"
            yield "argument-unused", says, lambda value, fixed=fixed: fixed
        yield "missing-term", f"the part with {name} is missing", lambda value: 0.0
        yield "missing-scale", f"{name} does not come in: it works as 1", lambda value: 1.0
        yield "sign-flipped", f"{name} comes in with the wrong sign", lambda value: -value
    if kind is int and name in STEPS:
        says = {"stride": "the window moves one pixel at a time", "padding": "the border of zeros is missing"}[name]
        yield STEPS[name], says, lambda value: int(name == "stride")
    elif kind is int:
        for step in (-1, 1):
            says = f"this is the answer for {name} {'+' if step > 0 else '−'} 1"
            yield "off-by-one", says, lambda value, step=step: value + step
        yield "argument-unused", f"{name} makes no difference: this is the answer for 0", lambda value: 0


def _of_a_mask(name: str, spec: Array) -> Iterator[Changed]:
    if spec.kind == "bool":
        yield "mask-ignored", f"{name} makes no difference", lambda value: None
        yield "mask-inverted", f"{name} is used the wrong way round", lambda value: None if value is None else ~value
    elif name == "mask":  # of numbers: 0 where something is dropped, and a scale elsewhere
        yield "mask-ignored", f"{name} makes no difference", np.ones_like
        yield "mask-inverted", f"{name} is used the wrong way round", lambda value: (value == 0).astype(value.dtype)
        only = f"{name} says only what is kept: its scale is lost"
        yield "not-inverted", only, lambda value: (value != 0).astype(value.dtype)
        yield "wrong-factor", f"{name} comes in twice, and with it the scale that it holds", np.square
        divides = f"the scale that {name} holds divides where it should multiply"
        yield "missing-scale", divides, lambda value: np.divide(1, value, out=np.zeros_like(value), where=value != 0)


def _of_numbers(name: str, spec: Array, loaded) -> Iterator[Changed]:
    if spec.axes[-2:] == ("K", "K"):  # a kernel
        says = f"{name} is turned round in both directions before it is used"
        yield "kernel-flipped", says, lambda value: value[..., ::-1, ::-1]
        yield "transposed", f"rows and columns of {name} have changed places", lambda value: np.swapaxes(value, -1, -2)
    if spec.kind == "int":
        yield "off-by-one", f"{name} is taken to count from 1", lambda value: value - 1
        yield "off-by-one", f"{name} is read one place too far", lambda value: value + 1
        yield "argument-unused", f"{name} makes no difference: this is the answer for 0 everywhere", np.zeros_like
    if spec.kind == "float":
        yield "argument-unused", f"{name} makes no difference to the answer", np.zeros_like
        yield "sign-flipped", f"{name} comes in with the wrong sign", lambda value: -value
        half = (0.5, "half of"), (math.sqrt(2), "√2 times"), (math.sqrt(0.5), "1/√2 times")
        for factor, text in ((2.0, "twice"), *half):
            says = f"this is the answer for {text} {name}"
            yield "missing-scale", says, lambda value, factor=factor: scaled(value, factor)
        for label, function in _plain_functions(loaded).items():
            yield "wrong-argument", f"the formula wants {name} and got {label} of it", function


def _only_last(value: np.ndarray, axis: int) -> np.ndarray:
    """Zeros but for the last place along an axis."""
    last = np.zeros_like(value)
    np.moveaxis(last, axis, 0)[-1:] = np.moveaxis(value, axis, 0)[-1:]
    return last


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


def _known_words(position: int, evidence: Evidence) -> Iterator[Changed]:
    """The answer for one and the same word, whichever of them is given."""
    name = evidence.signature.parameters[position]
    given = [answer.call.args[position] for answer in evidence.answers if position < len(answer.call.args)]
    words = list(dict.fromkeys(word for word in given if isinstance(word, str)))
    for word in words if evidence.signature.annotations.get(name) is str and len(words) > 1 else ():
        says = f"{name} makes no difference: this is always the answer for {word!r}"
        yield "argument-unused", says, lambda value, word=word: word


# ---------------------------------------------------------------------- arguments that belong together

Together = tuple[str, str, Callable[[tuple], tuple]]


def _together(evidence: Evidence) -> Iterator[Together]:
    law = evidence.signature
    yield from _window_by_window(law)
    yield from _one_channel(law)
    yield from _decay_in_the_gradient(law, evidence.reference)


def _window_by_window(law: Signature) -> Iterator[Together]:
    """A window that moves by its own size, whatever its stride is."""
    names = law.parameters
    for size, name in enumerate(names) if law.annotations.get("stride") is int else ():
        spec, stride = law.array(name), names.index("stride")
        says = "the windows lie side by side, as if the stride were their size"
        if law.annotations.get(name) is int and name in ("size", "K"):
            yield "stride-ignored", says, lambda args, s=size, p=stride: _put(args, p, args[s])
        elif spec is not None and spec.axes[-2:] == ("K", "K"):
            yield "stride-ignored", says, lambda args, s=size, p=stride: _put(args, p, args[s].shape[-1])


def _one_channel(law: Signature) -> Iterator[Together]:
    """Of the channels that are summed over, one: an axis of two arguments that the answer lacks."""
    specs = [(position, law.array(name)) for position, name in enumerate(law.parameters)]
    left = {axis for returned in law.returns if (spec := as_array(returned)) for axis in spec.axes}
    for axis in CHANNELS:
        places = [(position, spec.axes.index(axis)) for position, spec in specs if spec and axis in spec.axes]
        for which, word in ((slice(0, 1), "first"), (slice(-1, None), "last")) if axis not in left else ():

            def changed(args, places=places, which=which):
                for position, at in places:
                    args = _put(args, position, np.moveaxis(np.moveaxis(args[position], at, 0)[which], 0, at))
                return args

            if len(places) > 1:
                says = f"only the {word} of the channels {axis} comes in, where all of them add up"
                yield "channels-not-summed", says, changed


def _decay_in_the_gradient(law: Signature, reference: Callable) -> Iterator[Together]:
    """Weight decay that is added to the gradient, and so goes through all that is done to a gradient."""
    names = law.parameters
    decay = next((name for name in names if "decay" in name and law.annotations.get(name) is float), None)
    if decay is None or "params" not in names or "grads" not in names:
        return
    params, grads, place = names.index("params"), names.index("grads"), names.index(decay)

    def changed(args: tuple) -> tuple:
        args = completed(reference, args, place)
        new = {key: grad + args[place] * args[params][key] for key, grad in args[grads].items()}
        return _put(_put(args, grads, new), place, 0.0)

    yield (
        "coupled-decay",
        f"{decay} · params is added to the gradient, and goes through all that is done to it",
        changed,
    )


def _put(args: tuple, position: int, value) -> tuple:
    return (*args[:position], value, *args[position + 1 :])


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
