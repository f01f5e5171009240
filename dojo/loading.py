"""Finding the checkout, and loading katas, references and wrong answers by path.

`katas/` and `solutions/` have no `__init__.py`, so nothing depends on how the process was started: a finder placed first
in `sys.meta_path` answers `import katas.numpy.softmax` and `import solutions.torch.affine` from this checkout.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType

from dojo.curriculum import TRACKS, Curriculum, load
from dojo.errors import DojoError

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"katas", "solutions", *(f"{top}.{track}" for top in ("katas", "solutions") for track in TRACKS)}


def curriculum() -> Curriculum:
    """This checkout's map. DojoError when the dojo stands outside a checkout, or the map is invalid."""
    if not (ROOT / "katas").is_dir() or not (ROOT / "solutions").is_dir():
        raise DojoError(
            f"{ROOT} is not a checkout of the dojo: it has no katas/ and solutions/.",
            "Clone the repository and run `make start` inside it.",
        )
    return load(ROOT / "katas" / "curriculum.toml")


def kata_path(name: str, track: str) -> Path:
    """Where the learner's file of a kata stands."""
    return ROOT / "katas" / track / f"{name}.py"


def solution_path(name: str, track: str) -> Path:
    """Where the reference of a kata stands."""
    return ROOT / "solutions" / track / f"{name}.py"


def test_path(name: str) -> Path:
    """Where the tests of a kata stand, one file for all tracks."""
    return ROOT / "tests" / "katas" / f"test_{name}.py"


class Finder(importlib.abc.MetaPathFinder):
    """Answers imports of `katas` and `solutions`. `prerequisites="solutions"` gives references where katas are asked for."""

    def __init__(self, prerequisites: str = "katas"):
        self.prerequisites = prerequisites
        self.asked: set[str] = set()  # full names of the kata modules that were imported

    def find_spec(self, fullname, path=None, target=None):
        if fullname in FOLDERS:
            spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [str(ROOT.joinpath(*fullname.split(".")))]
            return spec
        parts = fullname.split(".")
        if len(parts) != 3 or parts[0] not in ("katas", "solutions") or parts[1] not in TRACKS:
            return None
        self.asked.add(fullname)
        top = self.prerequisites if parts[0] == "katas" else "solutions"
        file = ROOT / top / parts[1] / f"{parts[2]}.py"
        return importlib.util.spec_from_file_location(fullname, file) if file.exists() else None


FINDER = Finder()


def install_finder(prerequisites: str = "katas") -> Finder:
    """Put the finder first among the importers (once) and choose where prerequisites come from."""
    FINDER.prerequisites = prerequisites
    FINDER.asked = set()
    if FINDER not in sys.meta_path:
        sys.meta_path.insert(0, FINDER)
    for path in (str(ROOT),):  # `solutions.mistakes` and the tests' own helpers are found the ordinary way
        if path not in sys.path:
            sys.path.insert(0, path)
    return FINDER


def load_source(source: str, path: Path, name: str) -> ModuleType:
    """Run `source` as the module `name`, whose file is `path`. Whatever it raises goes through."""
    module = ModuleType(name)
    module.__file__ = str(path)
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


def load_path(path: Path, name: str) -> ModuleType:
    """Run the file at `path` as the module `name`."""
    return load_source(path.read_text(encoding="utf-8"), path, name)


@dataclass(frozen=True)
class Subject:
    """What is judged: the file at `path` as the answer to `kata` on `track`.

    `origin` says where it comes from: `katas` (the learner), `solutions` (the reference), `file` (stands in for the
    kata), `mistake:FUNCTION:CAUSE` (an entry of the bank on top of the reference), or `alternative:NAME` (a right answer
    in another style on top of the reference). Only in `katas` do prerequisites come from the learner's own files.
    """

    kata: str
    track: str
    origin: str
    path: Path

    @property
    def prerequisites(self) -> str:
        return "katas" if self.origin == "katas" else "solutions"


def subject(kata: str, track: str, origin: str = "katas", file: Path | None = None) -> Subject:
    """The subject for an origin; `file` stands in for the learner's kata."""
    if file is not None:
        return Subject(kata, track, "file", Path(file).resolve())
    path = kata_path(kata, track) if origin == "katas" else solution_path(kata, track)
    return Subject(kata, track, origin, path)


def load_subject(subject: Subject, source: str) -> ModuleType:
    """The module under test, from `source` (the text of `subject.path`). Whatever the file raises goes through."""
    module = load_source(source, subject.path, f"katas.{subject.track}.{subject.kata}")
    kind, _, which = subject.origin.partition(":")
    if kind == "mistake":
        entry = find_mistake(subject.kata, which)
        module.__dict__[entry.__name__] = entry
    if kind == "alternative":
        function = alternatives(subject.kata, subject.track)[which]
        module.__dict__[which.split("__")[0]] = function
    return module


@cache
def mistakes(kata: str) -> list[FunctionType]:
    """The bank's entries for a kata: functions that carry `cause`, `tensor`, `says` and `track`."""
    path = ROOT / "solutions" / "mistakes" / f"{kata}.py"
    if not path.exists():
        return []
    return load_path(path, f"solutions.mistakes.{kata}").__dict__.get("MISTAKES", [])


def find_mistake(kata: str, which: str) -> FunctionType:
    """The bank's entry called `FUNCTION:CAUSE`."""
    for entry in mistakes(kata):
        if f"{entry.__name__}:{entry.cause}" == which:
            return entry
    raise DojoError(f"{kata} has no mistake {which!r}.", f"solutions/mistakes/{kata}.py lists them.")


def alternatives_path(kata: str, track: str) -> Path:
    """Where right answers to a kata in another style stand."""
    return ROOT / "tests" / "alternatives" / track / f"{kata}.py"


@cache
def alternatives(kata: str, track: str) -> dict[str, FunctionType]:
    """Right answers in another style, from tests/alternatives: functions named `FUNCTION__STYLE`, by that name."""
    path = alternatives_path(kata, track)
    if not path.exists():
        return {}
    module = load_path(path, f"alternatives.{track}.{kata}")
    return {
        name: value
        for name, value in vars(module).items()
        if "__" in name.strip("_") and isinstance(value, FunctionType)
    }


def source_line(path: Path, line: int) -> str:
    """The text of one line of a file, stripped; empty when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[line - 1].strip()
    except (OSError, IndexError):
        return ""
