"""The arguments of a workload, drawn at random: shapes from the reference's annotations, sizes from the curriculum."""

import math
import re
import typing
from collections.abc import Callable, Iterator
from types import FunctionType

import numpy as np

from dojo.checking.signatures import Array, Signature, as_array, private, signature
from dojo.checking.tracks import leaves
from dojo.errors import DojoError
from dojo.workloads import Workload


def sines(x):
    """The sum of sin² over all elements, on either track: a function to differentiate."""
    if isinstance(x, np.ndarray):
        return float((np.sin(x) ** 2).sum())
    return (x.sin() ** 2).sum()


CALLABLES: dict[str, Callable] = {"sines": sines}  # what a workload may name where a function is wanted


class Draw:
    """Arguments for `work`, drawn from `seed`. The same seed draws the same again."""

    def __init__(self, work: Workload, seed: int = 0):
        self.work, self.rng = work, np.random.default_rng(seed)
        self.whole = {letter: size for letter, size in work.sizes.items() if isinstance(size, int)}

    def arguments(self, function: FunctionType, init: Callable | None = None) -> dict[str, typing.Any]:
        """Argument name → value, for every argument that has no default or is in the workload; generators stay None.

        `init` is the kata's own, which makes `params` where the workload says with what.
        """
        found, self.make = signature(function), init
        return {name: self._argument(name, found) for name in found.parameters if self._wanted(name, found)}

    def upstream(self, results: tuple) -> list[np.ndarray]:
        """A random gradient for each of some results."""
        return [self._normal(np.shape(result)) for result in results]

    def _wanted(self, name: str, found: Signature) -> bool:
        work = self.work
        given = name == "params" or name in work.arguments or name in work.shapes or name in work.below
        return given or found.parameters.index(name) < found.required

    def _argument(self, name: str, found: Signature):
        work, annotation = self.work, found.annotations.get(name)
        if name == "params" and work.init and self.make is not None:
            made = self.make(**work.init, rng=self.rng)
            return {key: self._begun(np.asarray(value, work.dtype)) for key, value in made.items()}
        if name in work.arguments:
            value, filled = work.arguments[name], as_array(annotation)
            if filled is not None and filled.axes and isinstance(value, int | float):
                return np.full(tuple(self._shape(filled)), value)
            return CALLABLES[value] if isinstance(value, str) and _is_callable(annotation) else value
        if name in work.shapes:
            return self._nested(name, work.shapes[name])
        if private(annotation):
            return {}
        if name in ("rng", "generator"):
            return None
        if type(None) in typing.get_args(annotation):  # such as the state before a text: there is none yet
            return None
        spec = as_array(annotation)
        if spec is not None:
            return self._array(name, spec)
        if annotation is int and name in self.whole:
            return self.whole[name]
        raise DojoError(
            f"The workload of {found.name} does not say what {name} is.",
            f"Add it to `arguments` or `shapes` of [kata.workload]: its annotation is {annotation}.",
        )

    def _nested(self, name: str, axes):
        """Arrays for "D M", for a list of such, or for a table of such."""
        if isinstance(axes, dict):
            return {
                key: self._array(key if name == "params" else f"{name}[{key}]", self._spec(text))
                for key, text in axes.items()
            }
        if isinstance(axes, list):
            return [self._array("W", self._spec(text)) for text in axes]
        return self._array(name, self._spec(axes))

    def _spec(self, text: str) -> Array:
        return Array(tuple(text.split()), "float")

    def _array(self, name: str, spec: Array) -> np.ndarray:
        shape = tuple(self._shape(spec))
        if spec.kind == "int" or name in self.work.below:
            return self.rng.integers(self._below(name), size=shape)
        if spec.kind == "bool":
            return self.rng.uniform(size=shape) < 0.9
        if name in self.work.simplex:
            p = self.rng.gamma(1.0, size=shape) + 1e-3
            return (p / p.sum(axis=-1, keepdims=True)).astype(self.work.dtype)
        value = self._normal(shape)
        if name.rpartition("_")[2][:1] in "Ww" and len(shape) > 1:  # weights keep the size of what goes through them
            value /= math.sqrt(
                shape[0] if len(shape) == 2 else math.prod(shape[1:])
            )  # (D M) of a layer, (O C K K) of a kernel
        return value

    def _begun(self, value: np.ndarray) -> np.ndarray:
        """A parameter of a training that has begun: biases that start at 0 are somewhere by now."""
        return value if value.any() else value + self._normal(value.shape) / 10

    def _normal(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.asarray(self.rng.normal(size=shape), self.work.dtype)

    def _below(self, name: str) -> int:
        most = self.work.below.get(name)
        if most is None:
            raise DojoError(f"The workload does not say how large {name} can be.", f"Add {name} to its `below`.")
        return self.whole[most] if isinstance(most, str) else most

    def _shape(self, spec: Array) -> Iterator[int]:
        """The sizes of the axes: `3` is itself, `4H` four times that of H, `...` as many as there are."""
        for axis in spec.axes:
            if axis == "...":
                yield from typing.cast(tuple, self.work.sizes.get("...", ()))
                continue
            times, letter = re.fullmatch(r"(\d*)(\w*)", axis).groups()  # type: ignore[union-attr]
            if letter and letter not in self.whole:
                what = f"The workload gives no size for the axis {letter}."
                raise DojoError(what, f"Add {letter} to `sizes` of [kata.workload].")
            yield int(times or 1) * self.whole.get(letter, 1)


def items(work: Workload, arguments: dict) -> int:
    """How many items one call goes through."""
    letters = work.items.split()
    if set(letters) <= set(work.sizes):
        return math.prod(
            math.prod(size) if isinstance(size, tuple) else size for size in (work.sizes[l] for l in letters)
        )
    numbers = []
    leaves(arguments[work.items], lambda array: numbers.append(np.size(array)))
    return sum(numbers)


def traffic(*values) -> int:
    """How many bytes the arrays in some values take: what a call must at least read or write."""
    found = []
    leaves(list(values), lambda item: found.append(item.nbytes) if isinstance(item, np.ndarray) else None)
    return sum(found)


def _is_callable(annotation) -> bool:
    return typing.get_origin(annotation) is Callable
