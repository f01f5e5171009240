"""One recorded call of a function under test, and what to know of its arguments."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

import numpy as np

from dojo.checking.compare import Refused
from dojo.checking.signatures import Signature, as_array
from dojo.checking.tracks import leaves


class Ended(Exception):
    """The learner's code tried to end the process or the test run."""

    def __init__(self, how: str, function: str, error: BaseException):
        super().__init__(how)
        self.how, self.function, self.error = how, function, error


@dataclass(eq=False)
class Call:
    """One call of a function under test, in numpy terms. `outputs` goes by tensor name; None stands for a lone output."""

    function: str  # the function in the learner's file; for a gradient on the torch track, the forward function
    args: tuple
    kwargs: dict
    gradient: bool = False
    outputs: dict[str | None, Any] = field(default_factory=dict)
    error: BaseException | None = None
    traceback: TracebackType | None = None
    printed: str = ""
    refused: Refused | None = None
    carried: "Carried | None" = None

    def like(self, change: Callable[[tuple], tuple], outputs: dict | None = None) -> "Call":
        """The same call with other arguments, and with other ones for the calls whose state it carries on."""
        carried = self.carried and replace(self.carried, call=self.carried.call.like(change))
        return Call(self.function, change(self.args), self.kwargs, self.gradient, outputs or {}, carried=carried)

    @property
    def law(self) -> str:
        """The name of the numpy reference's function that answers the same question."""
        return f"{self.function.removesuffix('_backward')}_backward" if self.gradient else self.function


@dataclass(frozen=True)
class Carried:
    """A call whose private output came back as an argument: whoever answers the later call in another's place has a state
    of another form, and starts from their own answer to the earlier one."""

    position: int  # of the argument
    tensor: str | None  # the output of `call` that it is
    call: Call


def labels(law: Signature, call: Call, tensor: str | None, shape: tuple[int, ...]) -> list[str]:
    """Axis labels (`N=4`) for an output of `call`, sizes bound from its arguments."""
    sizes: dict[str, int] = {}
    for name, value in zip(law.parameters, call.args, strict=False):
        spec = law.array(name)
        if spec is not None and isinstance(value, np.ndarray) and not spec.scalar:
            spec.bind(value.shape, sizes)
    index = law.outputs.index(tensor) if tensor in law.outputs else 0
    spec = as_array(law.returns[index]) if index < len(law.returns) else None
    return spec.bind(shape, sizes) if spec is not None else [str(size) for size in shape]


def copy_values(value):
    """A deep copy of a test's arguments: arrays and random generators copied, functions as they are."""

    def one(item):
        if isinstance(item, np.ndarray):
            return item.copy()
        if hasattr(item, "clone_state"):  # a random generator of torch
            return item.clone_state()
        return copy.deepcopy(item) if isinstance(item, np.random.Generator) else item

    return leaves(value, one)


def arrays_in(value) -> list[np.ndarray]:
    """Every array inside dicts, lists and tuples."""
    found: list[np.ndarray] = []
    leaves(value, lambda item: found.append(item) if isinstance(item, np.ndarray) else None)
    return found
