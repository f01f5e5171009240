"""A subject made ready for its tests: file read, refused calls looked for, module loaded, reference beside it."""

import ast
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

from dojo import stubs
from dojo.checking.calling import Caller
from dojo.checking.guard import Guard
from dojo.checking.kata import Kata
from dojo.checking.reference import reference
from dojo.checking.tracks import NumpyTrack
from dojo.curriculum import Kata as Spec
from dojo.loading import ROOT, Subject, install_finder, load_subject, solution_path
from dojo.running.forbidden import forbidden_calls


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
    """A subject ready to be judged; `kata()` gives a fresh fixture for each test."""

    def __init__(self, subject: Subject, spec: Spec):
        self.subject, self.spec = subject, spec
        self.finder = install_finder(subject.prerequisites)
        self.source = read(subject.path)
        self.reference = reference(spec.name, "numpy" if "numpy" in spec.tracks else "torch")
        self.functions = self._functions()
        self.track = make_track(subject.track)
        self.unfinished = self._check_source()
        self.guard = Guard(Kata)
        self.notes: dict[str, str] = {}
        self.on_call: Callable[[str], None] | None = None
        self.module = self._load()

    def kata(self) -> Kata:
        """A fresh fixture for one test."""
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
        try:
            function(*self.track.native(call.args))
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
        try:
            tree = ast.parse(self.source)
        except SyntaxError as error:
            text = (error.text or "").strip()
            raise Unusable(
                "broken", f"is not Python: {error.msg}" + (f": `{text}`" if text else ""), error.lineno
            ) from None
        except ValueError as error:
            raise Unusable("broken", f"is not Python: {error}", 1) from None
        mine = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        mine |= {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        mine |= {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        if self.functions and not mine & set(self.functions):
            wanted = ", ".join(self.functions)
            raise Unusable("broken", f"defines none of the kata's functions ({wanted})", 1)
        if self.subject.origin in ("katas", "file"):
            for line, name in forbidden_calls(tree, self.spec, self.subject.track):
                raise Unusable("failed", f"uses {name}, which would be the whole answer", line, "forbidden-call")
        return [name for name in stubs.unfinished(self.source) if name in self.functions]

    def _load(self) -> ModuleType:
        here = str(self.subject.path)
        try:
            module = load_subject(self.subject, self.source)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in frames if frame.filename == here]
            line = own[-1].lineno if own else 1
            blamed = prerequisite_of(error, self.subject)
            if blamed:
                raise Unusable("locked", f"needs {blamed}, which {_state(error)}", line, file=Path(here)) from None
            if isinstance(error, SystemExit):
                raise Unusable("died", "ends the process with sys.exit while it is imported", line) from None
            raise Unusable("broken", f"does not import: {type(error).__name__}: {error}", line) from None
        for changed in self.guard.restore():
            self.notes.setdefault("", f"replaces {changed}; the dojo put it back before judging")
        if self.guard.random_changed():
            self.notes.setdefault("", "seeds numpy's global random state; take randomness through an argument `rng`")
        return module


def prerequisite_of(error: BaseException, subject: Subject) -> str | None:
    """The learner's own prerequisite kata that `error` comes out of, unfinished or broken, or None."""
    folder = ROOT / "katas" / subject.track
    frames = traceback.extract_tb(error.__traceback__)
    places = [Path(frame.filename) for frame in frames]
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
    return f"does not import: {type(error).__name__}: {error}"


def read(path: Path) -> str:
    """The text of a kata's file; Unusable says what is wrong with it."""
    if path.is_dir():
        raise Unusable("broken", "is a folder; a Python file was expected")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise Unusable("broken", "is missing") from None
    except OSError as error:
        raise Unusable("broken", f"cannot be read: {error.strerror}") from None
    if not data.strip():
        raise Unusable("broken", "is empty")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable("broken", "is not text in UTF-8") from None


@cache
def make_track(name: str):
    """The adapter of a track. ImportError when torch is asked for and missing."""
    if name == "numpy":
        return NumpyTrack()
    from dojo.checking.torch_track import TorchTrack

    return TorchTrack()
