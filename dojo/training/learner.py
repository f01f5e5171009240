"""The file under training: loaded by path, its functions called on its track, its failures told by file and line."""

import hashlib
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from pathlib import Path

import numpy as np

from dojo import loading, stubs
from dojo.checking.tracks import WrongType, spell
from dojo.errors import DojoError
from dojo.running.subjects import Unusable, make_track, read
from dojo.terminal import relative


class LearnerError(DojoError):
    """The file under training cannot go on; the message opens with `path:line:`. The command leaves with exit code 1."""


class Learner:
    """A capstone's file and its prerequisites, from `katas` or from `solutions`. Arrays go in and come out as numpy."""

    def __init__(self, name: str, track: str, origin: str):
        self.name, self.track_name, self.origin = name, track, origin
        self.track = _adapter(track)
        subject = loading.subject(name, track, origin)
        self.path = subject.path
        loading.install_finder(subject.prerequisites)
        try:
            source = read(self.path)
        except Unusable as error:
            raise self._error(self.path, 1, f"the file {error.facts}", name, "reset") from None
        with self.blame(name):
            module = loading.load_subject(subject, source)
        self.module = module
        self.digest = hashlib.sha256(source.encode()).hexdigest()
        written = stubs.functions(source)
        for function in stubs.unfinished(source):
            raise self._unfinished(self.path, written[function], function)

    def call(self, function: str, *arguments, home: str | None = None):
        """What `function` of the file returns for the arguments; if the file does not have it, the prerequisite `home`.

        numpy arrays go in as the track's own (copies: nothing it does to them is seen here). LearnerError if it raises.
        """
        found = self._find(function, home)
        given = [self.track.native(argument) for argument in arguments]
        with self.blame(function):
            return found(*given)

    def array(self, function: str, *arguments, shape: tuple[int, ...], home: str | None = None) -> np.ndarray:
        """The same as a numpy array that must have this shape."""
        return self.plain(self.call(function, *arguments, home=home), function, shape, home)

    def pair(self, function: str, *arguments, home: str | None = None) -> tuple:
        """The same for a function that gives back two values, which stay as they are."""
        value = self.call(function, *arguments, home=home)
        if not isinstance(value, tuple) or len(value) != 2:
            raise self.wrong(function, f"gave back {spell(value)}; a tuple of two was expected", home)
        return value

    def plain(self, value, function: str, shape: tuple[int, ...], home: str | None = None) -> np.ndarray:
        """What `function` gave back as a numpy array, which must have this shape."""
        try:
            result = self.track.plain(value)
        except WrongType:
            raise self.wrong(
                function, f"gave back {spell(value)}; {self.track.array_name} was expected", home
            ) from None
        if result.shape != shape:
            raise self.wrong(function, f"gave back the shape {result.shape}; {shape} was expected", home)
        return result

    def gradients(
        self, function: str, dout: np.ndarray, *arguments, by: tuple[int, ...], home: str | None = None
    ) -> tuple[np.ndarray, ...]:
        """The gradients of `function` for the arguments at the places `by`, given its output's: by hand or by autograd."""
        backward = f"{function}_backward" if self.track_name == "numpy" else function
        module = {backward: self._find(backward, home)}
        dout, *given = (self.track.native(argument) for argument in (dout, *arguments))
        with self.blame(backward):
            found = self.track.gradients(module, function, 1, (dout, *given), list(by))
        found = found if isinstance(found, tuple) else (found,)
        shapes = [np.shape(arguments[place]) for place in by]
        try:
            plain = tuple(self.track.plain(gradient) for gradient in found)
        except WrongType as error:
            raise self.wrong(backward, f"gave back {error}; {self.track.array_name} was expected", home) from None
        if [gradient.shape for gradient in plain] != shapes:
            raise self.wrong(backward, f"gave back other shapes than {shapes}, those of its arguments", home)
        return plain

    def params(self, value, function: str = "train", home: str | None = None) -> dict[str, np.ndarray]:
        """A copy of parameters as numpy arrays, safe from whatever happens to the originals."""
        if not isinstance(value, dict) or not value or not all(isinstance(key, str) for key in value):
            raise self.wrong(function, f"gave {spell(value)} as the parameters; a dict of arrays was expected", home)
        try:
            return {key: np.array(self.track.plain(param)) for key, param in value.items()}
        except WrongType as error:
            raise self.wrong(function, f"gave parameters that hold {error}", home) from None

    def count_batches(self, tick: Callable[[int], None]) -> None:
        """Have `tick` hear of every batch, if the file draws its batches from a generator called `minibatches`."""
        drawn = vars(self.module).get("minibatches")
        if not callable(drawn):
            return

        @wraps(drawn)
        def counting(*arguments, **named):
            batches = drawn(*arguments, **named)
            return _ticking(batches, tick) if isinstance(batches, Iterator) else batches

        vars(self.module)["minibatches"] = counting

    def wrong(self, function: str, what: str, home: str | None = None) -> LearnerError:
        """A LearnerError about what `function` did, at the line where it starts."""
        code = getattr(self._find(function, home), "__code__", None)
        path = Path(code.co_filename) if code is not None else self.path
        return self._error(path, code.co_firstlineno if code is not None else 1, f"{function} {what}", path.stem)

    @contextmanager
    def blame(self, function: str) -> Iterator[None]:
        """Turn whatever the learner's code raises into a LearnerError; DojoError and Ctrl-C pass."""
        try:
            yield
        except (DojoError, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            raise self._explain(error, function) from None

    def _find(self, function: str, home: str | None = None) -> Callable:
        found = vars(self.module).get(function)
        if found is None and home is not None:
            with self.blame(home):
                found = getattr(import_module(f"{self.origin}.{self.track_name}.{home}"), function, None)
        if not callable(found):
            path = self.path.with_name(f"{home or self.name}.py")
            raise self._error(path, 1, f"there is no function {function} here", path.stem)
        return found

    def _explain(self, error: BaseException, function: str) -> LearnerError:
        folder = loading.ROOT / self.origin
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if folder in Path(frame.filename).parents
        ]
        if isinstance(error, SyntaxError) and error.filename:
            what = f"this is not Python: {error.msg}"
            return self._error(Path(error.filename), error.lineno or 1, what, Path(error.filename).stem)
        if not frames:  # raised at the call itself, such as a wrong number of arguments
            code = getattr(getattr(self, "module", None) and vars(self.module).get(function), "__code__", None)
            return self._error(self.path, code.co_firstlineno if code else 1, _said(error), self.name)
        last = frames[-1]
        path, line = Path(last.filename), last.lineno or 1
        if isinstance(error, NotImplementedError):
            return self._unfinished(path, line, last.name)
        where = "this" if last.name.startswith("<") else last.name  # <module>, <lambda>
        text = loading.source_line(path, line)
        return self._error(path, line, f"{where} raised {_said(error)}" + (f"\n    {text}" if text else ""), path.stem)

    def _unfinished(self, path: Path, line: int, function: str) -> LearnerError:
        return self._error(path, line, f"{function} is not written yet", path.stem)

    def _error(self, path: Path, line: int, what: str, kata: str, command: str = "check") -> LearnerError:
        flag = "" if self.track_name == "numpy" else f" --track {self.track_name}"
        does = "brings the stub back" if command == "reset" else "says more"
        step = f"`python grader.py {command} {kata}{flag}` {does}."
        if self.origin == "solutions":
            step = f"`pytest --from solutions --track {self.track_name} -k {kata}` says more: this is a reference."
        return LearnerError(f"{relative(path)}:{line}: {what}", step)


def _ticking(batches: Iterator, tick: Callable[[int], None]) -> Iterator:
    for batch in batches:
        yield batch
        tick(len(batch[0]) if isinstance(batch, tuple | list) and batch and hasattr(batch[0], "__len__") else 0)


def _said(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "SystemExit, which would end the process"
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _adapter(track: str):
    # Read when torch is loaded. Threads that wait awake for each other took two thirds of the speed of a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return make_track(track)
    except ImportError as error:
        next_step = "`make start` installs it (without NUMPY_ONLY); `--track numpy` does without it."
        raise DojoError(f"The torch track needs PyTorch, which does not import here: {error}.", next_step) from None
