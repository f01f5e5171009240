"""Calling the functions under test: arguments in, the learner's code watched while it runs, results out, all recorded."""

import signal
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, get_origin

import numpy as np

from dojo.checking.calls import Call, Carried, Ended, arrays_in, copy_values
from dojo.checking.compare import Refused
from dojo.checking.guard import Guard, Printed
from dojo.checking.reference import Reference
from dojo.checking.results import Results
from dojo.checking.signatures import private
from dojo.checking.tracks import WrongType

LONGEST_ITERATOR = 100_000  # items; more is taken for an endless loop
OUTCOMES = {"Skipped": "skip", "Failed": "fail", "XFailed": "xfail", "Exit": "exit"}  # what pytest raises for them
RECORD_LIMIT = 2_000_000  # bytes of arguments that a call's record keeps


class Caller:
    """Calls functions of `module` in the terms of a track, and keeps the record in `calls`."""

    def __init__(self, adapter, module: ModuleType, reference: Reference, guard: Guard):
        self.adapter, self.module, self.reference, self.guard = adapter, module, reference, guard
        self.calls: list[Call] = []
        self.notes: dict[str, str] = {}  # discipline findings that refuse nothing: sentence by function
        self.on_call: Callable[[str], None] | None = None  # hears the function's name before each call
        self._interruption: KeyboardInterrupt | None = None
        self._results = Results(adapter, reference.laws)

    def again(self, call: Call) -> dict[str | None, Any] | None:
        """The outputs, by tensor name, of the same call made again; None when it raises or is refused."""
        try:
            args = [*copy_values(call.args)]
            if call.carried is not None:
                args[call.carried.position] = (self.again(call.carried.call) or {})[call.carried.tensor]
            self.call(call.function, tuple(args), dict(call.kwargs), gradient=call.gradient)
        except Exception:
            return None
        return self.calls[-1].outputs

    def call(self, function: str, args: tuple, kwargs: dict, gradient: bool = False, times: int | None = None):
        """The result in numpy terms. Refused, Ended, or whatever the learner's code raises.

        With `times`, the list of the results of so many calls: one after another, watched and recorded as one.
        """
        call = Call(function, copy_values(args), copy_values(kwargs), gradient, carried=self._carried(args))
        self.calls.append(call)
        if self.on_call is not None:
            self.on_call(function)
        try:
            return self._judged(call, args, kwargs, times)
        except Refused as refused:
            refused.function = refused.function or function
            call.refused = refused
            raise

    def _carried(self, args: tuple) -> Carried | None:
        """The earlier call whose private output comes back in `args`."""
        for call in reversed(self.calls):
            law = self.reference.laws[call.law]
            mine = [name for name, annotation in zip(law.outputs, law.returns, strict=True) if private(annotation)]
            for name in mine:
                for position, arg in enumerate(args):
                    if isinstance(arg, dict) and call.outputs.get(name) is arg:
                        return Carried(position, name, call)
        return None

    def _judged(self, call: Call, args: tuple, kwargs: dict, times: int | None):
        function = call.function
        code = vars(self.module).get(function)
        if not callable(code):
            raise Refused(f"the file has no function {self.reference.signatures[function].text()}", function)
        native_args, native_kwargs = self.adapter.native(self.callbacks(args)), self.adapter.native(kwargs)
        repeated = code if times is None else lambda *args, **kwargs: [code(*args, **kwargs) for _ in range(times)]
        result, is_iterator = self._run(call, repeated, native_args, native_kwargs)
        self._note_side_effects(call)
        if times is None:
            values = self._results.read(call, result, is_iterator)
        else:
            values = [self._results.read(call, one, isinstance(one, Iterator)) for one in result]
        self._results.check_arguments(call, native_args)
        self._results.check_dtypes(call)
        if sum(np.size(item) for item in arrays_in(call.args)) * 8 > RECORD_LIMIT:
            call.args, call.outputs = (), {}
        return values

    def _run(self, call: Call, code: Callable, args: tuple, kwargs: dict):
        printed, stdout = Printed(), sys.stdout
        sys.stdout = printed  # type: ignore[assignment]
        self.guard.remember()
        try:
            result = self._answer(call, code, args, kwargs)
            return (self._drain(call, result), True) if isinstance(result, Iterator) else (result, False)
        except Refused:
            raise
        except WrongType as error:
            raise Refused(
                f"returns {error}; {self.adapter.array_name} was expected", call.function, None, "wrong-type"
            ) from None
        except MemoryError as error:  # numpy's has a name of its own, Python's has no words
            plain = MemoryError(str(error) or "it asks for more memory than a check may use")
            call.error, call.traceback = plain, error.__traceback__
            raise plain from None
        except Exception as error:
            call.error, call.traceback = error, error.__traceback__
            if type(error).__module__.startswith(("_pytest", "pytest")):
                raise Ended(_ending(error), call.function, error) from None
            raise
        except BaseException as error:
            call.error, call.traceback = error, error.__traceback__
            keys_work = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # in a worker nobody can press Ctrl-C
            if isinstance(error, KeyboardInterrupt) and (keys_work or error is self._interruption):
                raise
            raise Ended(_ending(error), call.function, error) from None
        finally:
            sys.stdout = stdout
            call.printed = printed.take()

    def _answer(self, call: Call, code: Callable, args: tuple, kwargs: dict):
        """What the learner's code returns; what it replaced is back before anybody looks at that."""
        try:
            if not call.gradient:
                return code(*args, **kwargs)
            forward = self.reference.signatures[call.function.removesuffix("_backward")]
            positions = [forward.parameters.index(name) for name in self.differentiable(forward.name)]
            douts = self.upstream(forward.name)
            return self.adapter.gradients(vars(self.module), forward.name, douts, args, positions)
        finally:
            self.tampered(call.function)

    def tampered(self, where: str) -> None:
        """Put back what the learner's code replaced, and note it."""
        changed = self.guard.restore()
        if changed:
            self.notes[where] = f"changes {', '.join(changed[:3])}; the dojo put it back before judging"

    def _note_side_effects(self, call: Call) -> None:
        if self.guard.random_changed():
            self.notes[call.function] = "changes numpy's global random state; take randomness through an argument `rng`"

    def _drain(self, call: Call, iterator: Iterator) -> list:
        """An iterator's items; it runs the learner's code, so it happens where their code is watched."""
        items = []
        try:
            for item in iterator:
                items.append(item)
                if len(items) >= LONGEST_ITERATOR:
                    raise Refused(f"yields more than {LONGEST_ITERATOR:,} items and does not stop", call.function)
        finally:
            self.tampered(call.function)
        return items

    def callbacks(self, args: tuple) -> tuple:
        """A test's own functions, wrapped so that they see numpy values and answer in the track's terms.

        A KeyboardInterrupt that one of them raises is the test's own: it comes out of the call as it is.
        """

        def wrap(item):
            if not callable(item) or isinstance(item, type):
                return item

            def wrapped(*inner):
                try:
                    answer = item(*[self.adapter.loose(one) for one in inner])
                except KeyboardInterrupt as error:
                    self._interruption = error
                    raise
                return self.adapter.native(np.asarray(answer) if isinstance(answer, float) else answer)

            return wrapped

        return tuple(wrap(item) for item in args)

    def differentiable(self, function: str) -> tuple[str, ...]:
        """The arguments of a function that get a gradient, in order."""
        law = self.reference.signatures[function]
        backward = self.reference.signatures.get(f"{function}_backward")
        if backward is not None and all(name.startswith("d") for name in backward.outputs):
            return tuple(name[1:] for name in backward.outputs if name[1:] in law.parameters) or law.differentiable
        dicts = [name for name, annotation in law.annotations.items() if get_origin(annotation) is dict]
        return tuple(name for name in law.parameters if name in law.differentiable or name in dicts)

    def upstream(self, function: str) -> int:
        """How many upstream gradients stand before the arguments in a call of `grads`: one per output."""
        backward = self.reference.signatures.get(f"{function}_backward")
        forward = self.reference.signatures[function]
        if backward is None:
            return len(forward.returns)
        return max(len(backward.parameters) - len(forward.parameters), 1)


def _ending(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "ends the process with sys.exit"
    if type(error).__name__ in OUTCOMES:
        return f"calls pytest.{OUTCOMES[type(error).__name__]}"
    return f"raises {type(error).__name__}, which is meant to end the process"
