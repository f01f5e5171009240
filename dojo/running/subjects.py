"""A subject made ready for its tests: file read, refused calls looked for, module loaded, reference beside it."""

import ast
import io
import stat
import sys
import tokenize
import traceback
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

from dojo import stubs
from dojo.checking.calling import Caller
from dojo.checking.guard import Guard
from dojo.checking.kata import Kata
from dojo.checking.reference import reference
from dojo.checking.tracks import NumpyTrack
from dojo.curriculum import TRACKS
from dojo.curriculum import Kata as Spec
from dojo.loading import ROOT, Subject, install_finder, load_subject, solution_path
from dojo.running.forbidden import forbidden_calls

LARGEST = 5 * 2**20  # bytes of a file that somebody may have written


class Unusable(Exception):
    """The file cannot be judged: `status` is `broken`, `locked`, `died` or `failed`; `line` is where, if anywhere.

    `facts` go on from "it": `is empty`, `needs softmax, which is not finished yet`.
    """

    def __init__(
        self, status: str, facts: str, line: int | None = None, cause: str | None = None, file: Path | None = None
    ):
        super().__init__(facts)
        self.status, self.facts, self.line, self.cause, self.file = status, facts, line, cause, file


class Loaded:
    """A subject ready to be judged; `kata()` gives a fresh fixture for each test.

    `alone` says that this process has nothing else to do, as a worker's child has; `tests` are the modules of the
    tests, if they are there before the file is.
    """

    def __init__(self, subject: Subject, spec: Spec, alone: bool = False, tests: Iterable[ModuleType] = ()):
        self.subject, self.spec, self.alone = subject, spec, alone
        self.finder = install_finder(subject.prerequisites)
        self.source = read(subject.path)
        self.reference = reference(spec.name, "numpy" if "numpy" in spec.tracks else "torch")
        self.functions = self._functions()
        self.track = make_track(subject.track)
        self.unfinished = self._check_source()
        self.guard = Guard(self.reference.module, *tests, alone=alone)
        self.notes: dict[str, str] = {}
        self.tampered: list[str] = []
        self.on_call: Callable[[str], None] | None = None
        self.module = self._load()

    def kata(self, tests: ModuleType | None = None) -> Kata:
        """A fresh fixture for one test of the module `tests`."""
        if self.alone:
            self.tampered += self.guard.restore_all()
        if tests is not None:
            self.guard.watch(tests)
        return Kata(self.spec.name, self.caller(self.module), self.spec.tolerance)

    def caller(self, module: ModuleType, quiet: bool = False) -> Caller:
        """Calls functions of `module` as if it were the file under test; a quiet one tells nobody of its calls."""
        caller = Caller(self.track, module, self.reference, self.guard)
        if not quiet:
            caller.notes, caller.on_call = self.notes, self.on_call
        return caller

    def put_in_place(self, function: Callable) -> Callable:
        """What calls answer when `function` stands in place of the one of its name: outputs by tensor name, or None."""
        module = ModuleType(self.module.__name__)
        module.__dict__.update(vars(self.own_reference()) | {function.__name__: function})
        return lambda call: self.caller(module, quiet=True).again(call)

    def error_of(self, function: Callable, call) -> str:
        """The exception that `function` raises on the arguments of `call`, as text; empty when it raises none."""
        args = self.caller(self.module, quiet=True).callbacks(call.args)
        try:
            function(*self.track.native(args))
        except Exception as error:
            return repr(error)
        return ""

    def own_reference(self) -> ModuleType:
        """The reference of the subject's own track."""
        return reference(self.spec.name, self.subject.track).module

    def _functions(self) -> list[str]:
        """The functions this track asks for, in data-flow order."""
        path = solution_path(self.spec.name, self.subject.track)
        return list(stubs.functions(path.read_text(encoding="utf-8")))

    def _check_source(self) -> list[str]:
        tree = parse(self.source)
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        aliases = [node for node in ast.walk(tree) if isinstance(node, ast.alias)]
        mine = names | {alias.asname or alias.name for alias in aliases}
        if self.functions and not mine & set(self.functions):
            wanted = ", ".join(self.functions)
            raise Unusable("broken", f"defines none of the kata's functions ({wanted})", 1)
        if self.subject.origin in ("katas", "file"):
            for line, name in forbidden_calls(tree, self.spec, self.subject.track):
                raise Unusable("failed", f"uses {name}, which would be the whole answer", line, "forbidden-call")
        return [name for name in stubs.unfinished(self.source) if name in self.functions]

    def _load(self) -> ModuleType:
        modules, streams = set(sys.modules), (sys.stdin, sys.stdout, sys.stderr)
        module, error = ModuleType(""), None
        try:
            module = load_subject(self.subject, self.source)
        except BaseException as raised:
            error = raised
        sys.stdin, sys.stdout, sys.stderr = streams
        self._tidy(modules)
        if isinstance(error, KeyboardInterrupt) and not self.alone:
            raise error
        if error is not None:
            raise self._unusable(error) from None
        if answer := self.own_answer():
            raise Unusable("failed", f"imports {answer}, the kata's own answer", 1, "forbidden-call")
        return module

    def own_answer(self) -> str | None:
        """The kata's own answer, if the file has imported it by some way that its source does not show."""
        name, track = self.subject.kata, self.subject.track
        answers = {f"solutions.{top}.{name}" for top in TRACKS} | {f"katas.{track}.{name}"}
        found = answers & self.finder.asked if self.subject.origin in ("katas", "file") else set()
        return min(found, default=None)

    def _unusable(self, error: BaseException) -> Unusable:
        """What an exception that came out of importing the file means."""
        own = [line for file, line in frames(error) if file == str(self.subject.path)]
        line = own[-1] if own else 1
        blamed = prerequisite_of(error, self.subject)
        if blamed:
            return Unusable("locked", f"needs {blamed}, which {_state(error)}", line, file=self.subject.path)
        if isinstance(error, SystemExit):
            return Unusable("died", "ends the process with sys.exit while it is imported", line)
        return Unusable("broken", f"does not import: {words(error)}", line)

    def _tidy(self, modules: set[str]) -> None:
        """Put back what the import replaced, and note it; a test module that it brought along goes."""
        changed = self.guard.restore() + (self.guard.restore_all() if self.alone else [])
        if changed:
            self.notes[""] = f"changes {', '.join(changed[:3])}; the dojo put it back before judging"
        elif self.guard.random_changed():
            self.notes[""] = "seeds numpy's global random state; take randomness through an argument `rng`"
        for name in set(sys.modules) - modules:
            if name.rpartition(".")[2] == f"test_{self.subject.kata}":
                del sys.modules[name]


def prerequisite_of(error: BaseException, subject: Subject) -> str | None:
    """The learner's own prerequisite kata that `error` comes out of, unfinished or broken, or None."""
    folder = ROOT / "katas" / subject.track
    places = [Path(file) for file, _ in frames(error)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append(Path(error.filename))
    if not places or places[-1].parent != folder or places[-1] == subject.path:
        return None
    if isinstance(error, NotImplementedError | SyntaxError | ImportError | NameError):
        return places[-1].stem
    return None


def _state(error: BaseException) -> str:
    if isinstance(error, NotImplementedError):
        return "is not finished yet"
    return f"does not import: {words(error)}"


def frames(error: BaseException) -> list[tuple[str, int]]:
    """File and line of every frame of an exception, outermost first; no source is read."""
    walked = traceback.walk_tb(error.__traceback__)
    return [(frame.f_code.co_filename, line) for frame, line in walked]


def words(error: BaseException, limit: int = 300) -> str:
    """`ValueError: …` in one line, whatever the exception's own `__str__` does."""
    lines = traceback.format_exception_only(type(error), error)
    name, _, message = lines[-1].strip().partition(": ") if lines else ("", "", "")
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"


def parse(source: str) -> ast.Module:
    """The syntax tree of a kata's file; Unusable when it is no Python."""
    try:
        return ast.parse(source)
    except SyntaxError as error:
        text = (error.text or "").strip()
        facts = f"is not Python: {error.msg}" + (f": `{text[:120]}`" if text else "")
        raise Unusable("broken", facts, error.lineno) from None
    except ValueError as error:  # a NUL byte
        raise Unusable("broken", f"is not Python: {error}", 1) from None
    except (RecursionError, MemoryError):
        raise Unusable("broken", "is not Python that can be read: an expression is nested too deep", 1) from None


def read(path: Path) -> str:
    """The text of a kata's file; Unusable says what is wrong with it."""
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise Unusable("broken", "is a folder; a Python file was expected")
        if not stat.S_ISREG(found.st_mode):
            raise Unusable("broken", "is not a regular file; a Python file was expected")
        if found.st_size > LARGEST:
            raise Unusable("broken", f"has {found.st_size / 1e6:,.0f} MB; a Python file was expected")
        data = path.read_bytes()
    except FileNotFoundError:
        raise Unusable("broken", "is missing") from None
    except OSError as error:
        raise Unusable("broken", f"cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL byte in its name
        raise Unusable("broken", "has a name that no file can have") from None
    if not data.strip():
        raise Unusable("broken", "is empty")
    return decode(data)


def decode(data: bytes) -> str:
    """The text of a Python file as Python reads it: byte order mark, coding cookie and line endings understood."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.TextIOWrapper(io.BytesIO(data), encoding).read()
    except (UnicodeDecodeError, SyntaxError):
        raise Unusable("broken", "is not text in UTF-8") from None


@cache
def make_track(name: str):
    """The adapter of a track. ImportError when torch is asked for and missing."""
    if name == "numpy":
        return NumpyTrack()
    from dojo.checking.torch_track import TorchTrack

    return TorchTrack()
