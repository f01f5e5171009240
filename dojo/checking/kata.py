"""The fixture `kata`: what a test talks to, the same on both tracks.

`kata.softmax(x)` calls the function under test with numpy arrays and gives numpy arrays back. `kata.grads("softmax",
dout, x)` gives its gradients: through `softmax_backward` on the numpy track, through autograd on the torch track. Every
call is recorded, because the diagnosis reads the record.
"""

import copy
import inspect
import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, get_origin

import numpy as np

from dojo.checking.compare import Refused, describe, number, same
from dojo.checking.gradients import RTOL, numerical_gradients
from dojo.checking.guard import Guard, Printed
from dojo.checking.reference import Reference
from dojo.checking.signatures import Array, Signature, as_array
from dojo.checking.tracks import WrongType, leaves, spell

LONGEST_ITERATOR = 100_000  # items; more is taken for an endless loop
OUTCOMES = {"Skipped": "skip", "Failed": "fail", "XFailed": "xfail", "Exit": "exit"}  # what pytest raises for them
RECORD_LIMIT = 2_000_000  # bytes of arguments that a call's record keeps


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

    @property
    def law(self) -> str:
        """The name of the numpy reference's function that answers the same question."""
        return f"{self.function.removesuffix('_backward')}_backward" if self.gradient else self.function


class Kata:
    """A kata under test. Attributes are its functions; the other methods are what tests assert with."""

    def __init__(
        self,
        name: str,
        track,
        module: ModuleType,
        reference: Reference,
        tolerance: dict[str, float],
        path: Path,
        guard: Guard,
    ):
        self._name, self._adapter, self._module = name, track, module
        self._reference, self._signatures, self._tolerance = reference, reference.signatures, tolerance
        self._path, self._guard = path, guard
        self.track: str = track.name
        self.calls: list[Call] = []
        self.notes: dict[str, str] = {}  # discipline findings that refuse nothing: sentence by function
        self.on_call: Callable[[str], None] | None = None  # hears the function's name before each call

    def __getattr__(self, name: str) -> Callable:
        if name.startswith("_") or name not in self._signatures:
            raise AttributeError(
                f"the kata {self._name} has no function {name!r}; it has {', '.join(self._signatures)}"
            )
        return lambda *args, **kwargs: self._call(name, args, kwargs)

    def rng(self, seed: int):
        """A random generator in the track's terms, to be passed by position."""
        return self._adapter.rng(seed)

    def grads(self, function: str, *args):
        """The gradients of `function` for upstream gradients and arguments `args = (*douts, *arguments)`.

        A tuple when there are several, the bare array when there is one.
        """
        if self.track == "numpy":
            return self._call(f"{function}_backward", args, {}, gradient=True)
        return self._call(function, args, {}, gradient=True)

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
        single = "float32" in (str(np.asarray(got).dtype), str(np.asarray(expected).dtype)) or (
            call and _single(call.args)
        )
        rtol = self._tolerance["float32" if single else "float64"] if rtol is None else rtol
        if not same(got, expected, rtol, atol):
            labels = self._labels(call, tensor, np.shape(expected))
            raise self._refuse(call, tensor, describe(got, expected, labels, rtol))

    def assert_gradients(self, function: str, *args, rtol: float = RTOL) -> None:
        """`grads(function, *args)` agrees with central differences of the formula (the reference's forward, float64)."""
        got = self.grads(function, *args)
        forward = self._signatures[function]
        upstream = self._upstream(function)
        wanted = [forward.parameters.index(name) for name in self._differentiable(function)]
        arguments = copy_values(args[upstream:])
        expected = numerical_gradients(vars(self._reference.module)[function], args[:upstream], arguments, wanted)
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
            self._call(function, args, {})
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

    def answer(self, call: Call) -> dict[str | None, Any] | None:
        """The outputs, by tensor name, of the same call made again; None when it raises or is refused."""
        try:
            self._call(call.function, copy_values(call.args), dict(call.kwargs), gradient=call.gradient)
        except Exception:
            return None
        return self.calls[-1].outputs

    # ------------------------------------------------------------------ calling

    def _call(self, function: str, args: tuple, kwargs: dict, gradient: bool = False):
        call = Call(function, copy_values(args), copy_values(kwargs), gradient)
        self.calls.append(call)
        if self.on_call is not None:
            self.on_call(function)
        try:
            return self._judged(call, args, kwargs)
        except Refused as refused:
            refused.function = refused.function or function
            call.refused = refused
            raise

    def _judged(self, call: Call, args: tuple, kwargs: dict):
        function = call.function
        code = vars(self._module).get(function)
        if not callable(code):
            raise Refused(f"the file has no function {self._signatures[function].text()}", function)
        native_args, native_kwargs = self._adapter.native(self._callbacks(args)), self._adapter.native(kwargs)
        result = self._run(call, code, native_args, native_kwargs)
        self._note_side_effects(call)
        values = self._outputs(call, result)
        self._check_arguments(call, native_args)
        self._check_dtypes(call)
        if sum(np.size(item) for item in _arrays(call.args)) * 8 > RECORD_LIMIT:
            call.args, call.outputs = (), {}
        return values

    def _run(self, call: Call, code: Callable, args: tuple, kwargs: dict):
        printed, stdout = Printed(), sys.stdout
        sys.stdout = printed  # type: ignore[assignment]
        try:
            if call.gradient:
                wanted = self._differentiable(call.function.removesuffix("_backward"))
                forward = self._signatures[call.function.removesuffix("_backward")]
                positions = [forward.parameters.index(name) for name in wanted]
                douts = self._upstream(forward.name)
                result = self._adapter.gradients(vars(self._module), forward.name, douts, args, positions)
            else:
                result = code(*args, **kwargs)
            return self._drain(call, result)
        except Refused:
            raise
        except WrongType as error:
            raise Refused(
                f"returns {error}; {self._adapter.array_name} was expected", call.function, None, "wrong-type"
            ) from None
        except Exception as error:
            call.error, call.traceback = error, error.__traceback__
            if type(error).__module__.startswith(("_pytest", "pytest")):
                raise Ended(_ending(error), call.function, error) from None
            raise
        except BaseException as error:
            call.error, call.traceback = error, error.__traceback__
            if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Interrupted":
                raise
            raise Ended(_ending(error), call.function, error) from None
        finally:
            sys.stdout = stdout
            call.printed = printed.take()
            self.tampered(call.function)

    def tampered(self, where: str) -> None:
        """Put back what the learner's code replaced, and note it."""
        changed = self._guard.restore()
        if changed:
            self.notes[where] = f"replaces {', '.join(changed[:3])}; the dojo put it back before judging"

    def _note_side_effects(self, call: Call) -> None:
        if self._guard.random_changed():
            self.notes[call.function] = "changes numpy's global random state; take randomness through an argument `rng`"

    def _drain(self, call: Call, result):
        """An iterator's items as a list; it runs the learner's code, so it happens where their code is watched."""
        if isinstance(result, Iterator):
            items = []
            for item in result:
                items.append(item)
                if len(items) >= LONGEST_ITERATOR:
                    raise Refused(f"yields more than {LONGEST_ITERATOR:,} items and does not stop", call.function)
            call.kwargs["__iterator__"] = True
            return items
        return result

    def _callbacks(self, args: tuple) -> tuple:
        """A test's own functions, wrapped so that they see numpy values and answer in the track's terms."""
        if self.track == "numpy":
            return args

        def wrap(item):
            if not callable(item):
                return item

            def wrapped(*inner):
                answer = item(*[self._adapter.loose(one) for one in inner])
                return self._adapter.native(np.asarray(answer) if isinstance(answer, float) else answer)

            return wrapped

        return tuple(wrap(item) for item in args)

    # ------------------------------------------------------------------ what came back

    def _outputs(self, call: Call, result):
        """The result in numpy terms, its parts entered into the record under their tensor names."""
        law = self._reference.laws[call.law]
        is_iterator = call.kwargs.pop("__iterator__", False)
        if len(law.returns) == 1:
            value = self._value(
                call, None if law.outputs == ("out",) else law.outputs[0], law.returns[0], result, is_iterator
            )
            return value
        names = ", ".join(law.outputs)
        if not isinstance(result, tuple | list) or len(result) != len(law.returns):
            count = f"{len(result)} values" if isinstance(result, tuple | list) else spell(result)
            raise Refused(
                f"returns {count}; {len(law.returns)} were expected: ({names})", call.function, None, "wrong-type"
            )
        parts = zip(law.outputs, law.returns, result, strict=True)
        return tuple(self._value(call, name, annotation, part, False) for name, annotation, part in parts)

    def _value(self, call: Call, tensor: str | None, annotation, value, is_iterator: bool):
        spec = as_array(annotation)
        origin = get_origin(annotation) or annotation
        if spec is not None or origin in (float, int):
            plain = self._plain(call, tensor, value, spec)
            call.outputs[tensor] = plain
            return plain
        if origin is dict:
            if not isinstance(value, dict):
                raise Refused(f"returns {spell(value)}; a dict was expected", call.function, tensor, "wrong-type")
            plain = {key: self._plain(call, f"{tensor or 'out'}[{key}]", item, None) for key, item in value.items()}
            for key, item in plain.items():
                call.outputs[f"{tensor or 'out'}[{key}]"] = item
            return plain
        if is_iterator or origin in (list, tuple, str, bool):
            wanted = list if is_iterator else origin
            if not isinstance(value, wanted):
                raise Refused(
                    f"returns {spell(value)}; a {wanted.__name__} was expected", call.function, tensor, "wrong-type"
                )
        elif annotation is not None and inspect.isclass(origin) and issubclass(origin, Iterator):
            raise Refused(f"returns {spell(value)}; an iterator was expected", call.function, tensor, "wrong-type")
        strangers: list[str] = []
        leaves(value, lambda leaf: strangers.append(spell(leaf)) if self._adapter.foreign(leaf) else None)
        if strangers:
            holds = f"holds {strangers[0]}; {self._adapter.array_name} was expected"
            raise Refused(holds, call.function, tensor, "wrong-type")
        plain = self._adapter.loose(value)
        call.outputs[tensor] = plain
        return plain

    def _plain(self, call: Call, tensor: str | None, value, spec: Array | None) -> np.ndarray:
        try:
            return self._adapter.plain(value)
        except WrongType as error:
            wanted = "a number" if spec is not None and spec.scalar else self._adapter.array_name
            raise Refused(f"is {error}; {wanted} was expected", call.function, tensor, "wrong-type") from None

    def _check_arguments(self, call: Call, native: tuple) -> None:
        """Law 4: a function never changes its arguments."""
        for name, before, after in zip(self._reference.laws[call.law].parameters, call.args, native, strict=False):
            pairs: list[tuple[str, Any, Any]] = [(name, before, after)]
            if isinstance(before, dict):
                missing = set(before) ^ set(after)
                if missing:
                    pairs = []
                    raise Refused(f"changes the keys of its argument {name}", call.function, None, "mutates-input")
                pairs = [(f"{name}[{key}]", before[key], after[key]) for key in before]
            for label, one, other in pairs:
                marked = not call.gradient and self._adapter.marked(other)
                if marked or (isinstance(one, np.ndarray) and not _equal(one, self._adapter.plain(other))):
                    raise Refused(
                        f"changes its argument {label}; a function must leave what it is given as it was",
                        call.function,
                        None,
                        "mutates-input",
                    )

    def _check_dtypes(self, call: Call) -> None:
        """Law 4: float32 stays float32 and float64 stays float64, for arrays that are not scalars."""
        dtypes = {item.dtype for item in _arrays(call.args) if item.dtype.kind == "f"}
        law = self._reference.laws[call.law]
        specs = dict(zip(law.outputs if len(law.returns) > 1 else [None], map(as_array, law.returns), strict=False))
        for tensor, value in call.outputs.items():
            if not isinstance(value, np.ndarray) or value.ndim == 0 or len(dtypes) != 1:
                continue
            spec = specs.get(tensor)
            if spec is not None and spec.kind != "float" or (spec is None and value.dtype.kind != "f"):
                continue
            expected = next(iter(dtypes))
            if value.dtype != expected:
                raise Refused(f"is {value.dtype}; its arguments are {expected}", call.function, tensor, "dtype-drift")

    # ------------------------------------------------------------------ names and labels

    def _differentiable(self, function: str) -> tuple[str, ...]:
        law = self._signatures[function]
        backward = self._signatures.get(f"{function}_backward")
        if backward is not None and all(name.startswith("d") for name in backward.outputs):
            return tuple(name[1:] for name in backward.outputs if name[1:] in law.parameters) or law.differentiable
        dicts = [name for name, annotation in law.annotations.items() if get_origin(annotation) is dict]
        return tuple(name for name in law.parameters if name in law.differentiable or name in dicts)

    def _upstream(self, function: str) -> int:
        """How many upstream gradients stand before the arguments in a call of `grads`: one per output."""
        backward = self._signatures.get(f"{function}_backward")
        forward = self._signatures[function]
        if backward is None:
            return len(forward.returns)
        return max(len(backward.parameters) - len(forward.parameters), 1)

    def _labels(self, call: Call | None, tensor: str | None, shape: tuple[int, ...]) -> list[str]:
        if call is None:
            return [str(size) for size in shape]
        return labels(self._reference.laws[call.law], call, tensor, shape)

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
        return copy.deepcopy(item) if isinstance(item, np.random.Generator) else item

    return leaves(value, one)


def _arrays(value) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    leaves(value, lambda item: found.append(item) if isinstance(item, np.ndarray) else None)
    return found


def _ragged(value) -> bool:
    """Whether a list holds parts that make no array."""
    try:
        np.asarray(value)
    except ValueError:
        return True
    return False


def _single(args: tuple) -> bool:
    return any(item.dtype == np.float32 for item in _arrays(args))


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))


def _short(text: str, limit: int = 90) -> str:
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _briefly(args: tuple) -> str:
    words = [number(a) if isinstance(a, float) and math.isfinite(a) else _short(repr(a), 40) for a in args]
    return f"({', '.join(words)})"


def _ending(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "ends the process with sys.exit"
    if type(error).__name__ in OUTCOMES:
        return f"calls pytest.{OUTCOMES[type(error).__name__]}"
    return f"raises {type(error).__name__}, which is meant to end the process"
