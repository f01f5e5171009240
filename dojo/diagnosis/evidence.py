"""What a function under test answered, beside what its reference answers to the same arguments."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dojo.checking.calls import Call, copy_values, labels
from dojo.checking.compare import same
from dojo.checking.signatures import Signature, private
from dojo.checking.tracks import leaves

LEAST_SCALE = 0.01  # below it, errors are measured against 0.01: rounding has no other yardstick at 0
GRADIENT_RTOL = 1e-6  # where a gradient's truth may come from central differences
MOST_DIFFERENCES = 300  # numbers in the arguments of a call whose truth comes from central differences: two calls each
MOST_CALLS = 12  # of one function; more teach nothing new and cost time
MOST_ITEMS = 1000  # of an iterator that the reference or a guess returns


@dataclass(eq=False)
class Answer:
    """One recorded call with the reference's outputs under the same tensor names."""

    call: Call
    test: str
    expected: dict[str | None, Any]
    wrong: list[str | None] = field(default_factory=list)  # tensors that differ, in the order of the outputs


class Evidence:
    """All comparable calls of one function, over all tests of a run."""

    def __init__(self, loaded, law: str, results: list):
        self.law = law
        self.signature: Signature = loaded.reference.laws[law]
        self.reference: Callable = loaded.reference.function(law)
        self.differences = law not in loaded.reference.signatures  # its truth comes from central differences
        self.tolerance = loaded.spec.tolerance
        self.answers: list[Answer] = []
        self.nearby: dict[Call, list[Call]] = {}  # for a recorded call: what the learner's function answers near it
        self._asked: dict[tuple[Callable, Call], dict | None] = {}
        self._rtol: dict[Call, float] = {}
        for result in results:
            for call in result.calls:
                if call.law == law and call.outputs and len(self.answers) < MOST_CALLS:
                    self._enter(call, result.test)

    def _enter(self, call: Call, test: str) -> None:
        if _random(call) or (self.differences and _numbers(call) > MOST_DIFFERENCES):
            return
        expected = self.outputs(self.reference, call)
        if expected is None:
            return
        answer = Answer(call, test, expected)
        for tensor in expected:
            if tensor not in call.outputs or not self.same(call.outputs[tensor], expected[tensor], call):
                answer.wrong.append(tensor)
        self.answers.append(answer)

    def outputs(self, function, call: Call) -> dict[str | None, Any] | None:
        """The outputs of a numpy function on the arguments of `call`, by tensor name; None when it raises."""
        return named_outputs(self.signature, function, call)

    def outputs_again(self, function: Callable, call: Call) -> dict[str | None, Any] | None:
        """The same for a call that is asked about more than once: each tensor of an answer has its own guesses."""
        key = (function, call)
        if key not in self._asked:
            self._asked[key] = self.outputs(function, call)
        return self._asked[key]

    def same(self, got, expected, call: Call) -> bool:
        rtol = self.rtol(call)
        try:
            if isinstance(expected, str) or isinstance(got, str):
                return isinstance(expected, str) and isinstance(got, str) and got == expected
            if isinstance(expected, list | tuple) and isinstance(got, list | tuple):
                return len(got) == len(expected) and all(map(lambda a, b: self.same(a, b, call), got, expected))
            if call.gradient:
                rtol = max(rtol, GRADIENT_RTOL)
            scale = float(np.max(np.abs(np.where(np.isfinite(expected), expected, 0)), initial=LEAST_SCALE))
            return same(got, expected, rtol, rtol * min(scale, 1.0))
        except (TypeError, ValueError):
            return False

    def rtol(self, call: Call) -> float:
        if call not in self._rtol:
            found: list = []
            leaves((call.args, list(call.outputs.values())), found.append)
            single = any(isinstance(item, np.ndarray | np.generic) and item.dtype == np.float32 for item in found)
            self._rtol[call] = self.tolerance["float32" if single else "float64"]
        return self._rtol[call]

    def wrong_tensors(self) -> list[str | None]:
        """Every tensor that was wrong in some call, in the order of the outputs."""
        order: list[str | None] = []
        for answer in self.answers:
            order.extend(tensor for tensor in answer.expected if tensor in answer.wrong and tensor not in order)
        position = {name: i for i, name in enumerate(self.signature.outputs)}
        return sorted(order, key=lambda tensor: position.get(str(tensor).split("[")[0], 0))

    def labels(self, answer: Answer, tensor: str | None) -> list[str]:
        return labels(self.signature, answer.call, tensor, np.shape(answer.expected[tensor]))


def named_outputs(signature: Signature, function, call: Call) -> dict[str | None, Any] | None:
    """The outputs of `function(*call.args)` by tensor name, private ones left out; None when it raises."""
    parts = _parts(signature, function, call)
    several = len(signature.returns) > 1
    names = signature.outputs if several else [None if signature.outputs == ("out",) else signature.outputs[0]]
    if parts is None:
        return None
    outputs: dict[str | None, Any] = {}
    for name, part, annotation in zip(names, parts, signature.returns, strict=True):
        if private(annotation):
            continue
        if isinstance(part, dict):
            outputs.update({f"{name or 'out'}[{key}]": item for key, item in part.items()})
        elif part is not None:
            outputs[name] = part
    return outputs


def _parts(signature: Signature, function, call: Call) -> tuple | None:
    """What `function` returns for a call, output by output. A state that the call carries on is the function's own."""
    args = [*copy_values(call.args)]
    if call.carried is not None:
        before = _parts(signature, function, call.carried.call)
        if before is None:
            return None
        args[call.carried.position] = before[signature.outputs.index(str(call.carried.tensor))]
    kwargs = {key: value for key, value in call.kwargs.items() if not key.startswith("__")}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = function(*args, **copy_values(kwargs))
            if isinstance(result, Iterator):  # the record of a call has the items, too
                result = list(itertools.islice(result, MOST_ITEMS))
    except Exception:
        return None
    parts = result if len(signature.returns) > 1 and isinstance(result, tuple) else (result,)
    return parts if len(parts) == len(signature.returns) else None


def as_numbers(value) -> np.ndarray:
    """A number or an array of numbers as an array; for a text, a list and all others an object without axes."""
    plain = isinstance(value, np.ndarray | np.generic | bool | int | float)
    return np.asarray(value) if plain else np.array(None)


def _numbers(call: Call) -> int:
    found: list[int] = []
    leaves(call.args, lambda item: found.append(np.size(item)) if isinstance(item, np.ndarray) else None)
    return sum(found)


def _random(call: Call) -> bool:
    """Whether the answer may differ from the reference's by right: it draws random numbers or calls back."""
    found: list = []
    leaves(call.args, found.append)
    return any(isinstance(item, np.random.Generator) or type(item).__name__ == "Generator" for item in found)
