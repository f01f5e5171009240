"""The fixture `kata`: what a test talks to, the same on both tracks.

`kata.softmax(x)` calls the function under test with numpy arrays and gives numpy arrays back. `kata.grads("softmax",
dout, x)` gives its gradients: through `softmax_backward` on the numpy track, through autograd on the torch track. Every
call is recorded, because the diagnosis reads the record.
"""

import math
import re
from collections.abc import Callable

import numpy as np

from dojo.checking.calling import Caller
from dojo.checking.calls import Call, Ended, arrays_in, copy_values, labels
from dojo.checking.compare import Refused, describe, number, same
from dojo.checking.gradients import RTOL, numerical_gradients
from dojo.checking.tracks import spell


class Kata:
    """A kata under test. Attributes are its functions; the other methods are what tests assert with."""

    def __init__(self, name: str, caller: Caller, tolerance: dict[str, float]):
        self._name, self._tolerance = name, tolerance
        self.caller = caller
        self.track: str = caller.adapter.name

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in order."""
        return self.caller.calls

    def __getattr__(self, name: str) -> Callable:
        if name.startswith("_") or name not in self.caller.reference.signatures:
            raise AttributeError(
                f"the kata {self._name} has no function {name!r}; it has {', '.join(self.caller.reference.signatures)}"
            )
        return lambda *args, **kwargs: self.caller.call(name, args, kwargs)

    def draws(self, function: str, count: int, *args) -> list:
        """The results of `count` calls with the same arguments, to look at how they are distributed.

        They are watched and recorded as one call: a thousand of them take no longer than the learner's code does.
        """
        results = self.caller.call(function, args, {}, times=count)
        assert isinstance(results, list)
        return results

    def rng(self, seed: int):
        """A random generator in the track's terms, to be passed by position."""
        return self.caller.adapter.rng(seed)

    def grads(self, function: str, *args):
        """The gradients of `function` for upstream gradients and arguments `args = (*douts, *arguments)`.

        A tuple when there are several, the bare array when there is one.
        """
        if self.track == "numpy":
            return self.caller.call(f"{function}_backward", args, {}, gradient=True)
        return self.caller.call(function, args, {}, gradient=True)

    def assert_close(self, got, expected, rtol: float | None = None, atol: float | None = None) -> None:
        """`got` has the shape and values of `expected`: numbers, arrays, and dicts, tuples or lists of them.

        The tolerance is the curriculum's for the kata, by dtype; `atol` is `rtol` unless given.
        """
        call, tensor = self._origin(got)
        if isinstance(expected, dict):
            if not isinstance(got, dict) or set(got) != set(expected):
                has = ", ".join(map(str, got)) if isinstance(got, dict) else spell(got)
                raise self._refuse(call, tensor, f"has {has}; the keys {', '.join(map(str, expected))} were expected")
            for key in expected:
                self.assert_close(got[key], expected[key], rtol, atol)
            return
        if isinstance(expected, tuple | list) and isinstance(got, tuple | list):
            if len(got) != len(expected):
                raise self._refuse(call, tensor, f"has {len(got)} parts; {len(expected)} were expected")
            for one, other in zip(got, expected, strict=True):
                self.assert_close(one, other, rtol, atol)
            return
        if _ragged(got):
            raise self._refuse(call, tensor, f"has parts of different shapes; {spell(expected)} was expected")
        single = "float32" in (str(np.asarray(got).dtype), str(np.asarray(expected).dtype)) or (call and _single(call))
        rtol = self._tolerance["float32" if single else "float64"] if rtol is None else rtol
        if not same(got, expected, rtol, atol):
            labels = self._labels(call, tensor, np.shape(expected))
            raise self._refuse(call, tensor, describe(got, expected, labels, rtol))

    def assert_gradients(self, function: str, *args, rtol: float = RTOL) -> None:
        """`grads(function, *args)` agrees with central differences of the formula (the reference's forward, float64)."""
        got = self.grads(function, *args)
        forward = self.caller.reference.signatures[function]
        upstream = self.caller.upstream(function)
        wanted = [forward.parameters.index(name) for name in self.caller.differentiable(function)]
        arguments = copy_values(args[upstream:])
        expected = numerical_gradients(vars(self.caller.reference.module)[function], args[:upstream], arguments, wanted)
        got = got if isinstance(got, tuple) else (got,)
        self.assert_close(got, tuple(expected), rtol=rtol)

    def refuses(self, function: str, *args, naming: str | None = None, shapes: bool = True) -> None:
        """`function(*args)` raises ValueError; its message holds the shape of every array argument, or `naming`.

        A `_backward` on the torch track does not exist, so nothing is asked there.
        """
        if self.track == "torch" and function.endswith("_backward"):
            return
        arrays = [np.shape(arg) for arg in args if isinstance(arg, np.ndarray)]
        words = [naming] if naming is not None else [str(shape) for shape in arrays] if shapes else []
        cause = "shape-not-checked" if shapes and naming is None else "range-not-checked"
        what = f"shapes {', '.join(str(shape) for shape in arrays)}" if cause == "shape-not-checked" else _briefly(args)
        try:
            self.caller.call(function, args, {})
        except Refused:
            raise Refused(f"lets {what} through; a ValueError was expected", function, None, cause) from None
        except ValueError as error:
            missing = [word for word in words if word not in str(error)]
            if missing:
                raise Refused(
                    f'refuses {what}, but its message, "{_short(str(error))}", does not contain {" and ".join(missing)}',
                    function,
                    None,
                    cause,
                ) from None
            return
        except (NotImplementedError, Ended):  # not written yet, or an end of the test run: no answer at all
            raise
        except Exception as error:
            raise Refused(
                f"answers {what} with {type(error).__name__}; a ValueError of its own was expected",
                function,
                None,
                cause,
            ) from None
        raise Refused(f"lets {what} through; a ValueError was expected", function, None, cause)

    def law(
        self, holds, facts: str, *, function: str, tensor: str | None = None, cause: str | None = None, says: str = ""
    ) -> None:
        """`holds` must be true; `facts` says what was seen when it is not. Give `cause` only where the law proves it."""
        if not bool(holds):
            name = function.removesuffix("_backward") if self.track == "torch" else function
            raise Refused(facts, name, tensor, cause, says)

    def peak_memory(self, function: str, *args) -> int:
        """Bytes that `grads(function, *args)` uses at its peak (torch: the size of its largest intermediate)."""
        if self.track == "torch":
            from dojo.checking.torch_track import LargestIntermediate

            with LargestIntermediate() as largest:
                self.grads(function, *args)
            return largest.bytes
        import tracemalloc

        tracemalloc.start()
        try:
            self.grads(function, *args)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def _labels(self, call: Call | None, tensor: str | None, shape: tuple[int, ...]) -> list[str]:
        if call is None:
            return [str(size) for size in shape]
        return labels(self.caller.reference.laws[call.law], call, tensor, shape)

    def _origin(self, value) -> tuple[Call | None, str | None]:
        """The call that returned `value`, and the tensor's name; the latest call when the test computed `value` itself."""
        for call in reversed(self.calls):
            for tensor, output in call.outputs.items():
                if output is value:
                    return call, tensor
        return (self.calls[-1], None) if self.calls else (None, None)

    def _refuse(self, call: Call | None, tensor: str | None, facts: str) -> Refused:
        refused = Refused(facts, call.function if call else None, tensor)
        if call is not None:
            call.refused = refused
        return refused


def _ragged(value) -> bool:
    """Whether a list holds parts that make no array."""
    try:
        np.asarray(value)
    except ValueError:
        return True
    return False


def _single(call: Call) -> bool:
    return any(item.dtype == np.float32 for item in arrays_in(call.args))


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))


def _short(text: str, limit: int = 90) -> str:
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _briefly(args: tuple) -> str:
    words = [number(a) if isinstance(a, float) and math.isfinite(a) else _short(repr(a), 40) for a in args]
    return f"({', '.join(words)})"
