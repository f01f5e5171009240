"""The two tracks as adapters: numpy values in, numpy values out, whatever the implementation computes with.

`NumpyTrack` is here; `TorchTrack` lives in torch_track.py, the only module of the dojo that imports torch.
"""

import copy
from typing import Any

import numpy as np


class WrongType(Exception):
    """What an implementation returned is not what its track returns: the message says what it is."""


def leaves(value, change) -> Any:
    """`value` with `change` applied to everything inside dicts, lists and tuples; a dict keeps its kind."""
    if isinstance(value, dict):
        made = {} if type(value) is dict else copy.copy(value)  # such as a defaultdict, which knows its default
        made.update({key: leaves(item, change) for key, item in value.items()})
        return made
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return type(value)(leaves(item, change) for item in value)
    return change(value)


def spell(value) -> str:
    """What a value is, in words: `None`, `a list`, `a torch tensor`, `an array of objects`."""
    if value is None:
        return "None"
    kind = type(value)
    if kind is np.ndarray:
        return f"an array of {value.dtype}" if value.dtype != object else "an array of objects"
    if kind.__module__.split(".")[0] == "torch":
        return "a torch tensor"
    article = "an" if kind.__name__[0].lower() in "aeiou" else "a"
    return f"{article} {kind.__name__}"


class NumpyTrack:
    """Arguments go in as copies; results must be numpy arrays."""

    name = "numpy"
    array_name = "np.ndarray"

    def rng(self, seed: int) -> np.random.Generator:
        return np.random.default_rng(seed)

    def rng_state(self, rng: np.random.Generator) -> dict:
        """Where a generator stands, as numbers and text."""
        return dict(rng.bit_generator.state)

    def rng_at(self, state: dict) -> np.random.Generator:
        """A generator that goes on from such a state."""
        rng = np.random.default_rng()
        rng.bit_generator.state = state
        return rng

    def native(self, value):
        """A copy of a test's value in this track's terms."""
        return leaves(value, lambda item: item.copy() if isinstance(item, np.ndarray) else item)

    def plain(self, value):
        """One returned array or number as numpy; WrongType for anything else."""
        if isinstance(value, bool | int | float | np.generic):
            value = np.asarray(value)
        if type(value) is not np.ndarray or value.dtype.kind not in "fiub":
            raise WrongType(spell(value))
        return value

    def marked(self, value) -> bool:
        """Whether a call left a mark on an argument beside its values; a numpy array has no place for one."""
        return False

    def foreign(self, value) -> bool:
        """Whether a value is an array of the other track."""
        return type(value).__module__.split(".")[0] == "torch"

    def loose(self, value):
        """Anything else a function returned or handed to a test's callback, with this track's arrays as numpy."""
        return value

    def gradients(self, module: dict, function: str, outputs: int, args: tuple, differentiable: list[int]):
        """Call `function_backward` on native values; returns what it returns."""
        return module[f"{function}_backward"](*args)
