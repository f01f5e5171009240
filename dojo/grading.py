"""Grading the learner's katas: what has changed, the verdict, who is to blame, and the record of it. No numpy here."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dojo import stubs
from dojo.curriculum import Curriculum, Kata
from dojo.judged import judged_hash
from dojo.loading import ROOT, kata_path, solution_path
from dojo.progress import Progress, Row
from dojo.running.client import Worker
from dojo.running.verdict import verdict, whole_file


@dataclass(frozen=True)
class Standing:
    """Where a learner stands with one kata on one track. `state` is a verdict's status, or `locked` by the map."""

    kata: Kata
    track: str
    state: str
    done: int
    functions: int
    verdict: dict | None
    needs: tuple[str, ...] = ()  # prerequisites not passed yet


class Grader:
    """Grades the learner's files on one track and records every verdict."""

    def __init__(self, curriculum: Curriculum, track: str, progress: Progress, worker: Worker):
        self.curriculum, self.track, self.progress, self.worker = curriculum, track, progress, worker

    def changed(self) -> list[Kata]:
        """Katas whose last verdict no longer holds because something it judged has changed."""
        latest = self.progress.latest()
        return [kata for kata in self.katas() if not self._current(kata, latest)]

    def katas(self) -> list[Kata]:
        """The katas of this track, in order."""
        return [kata for kata in self.curriculum.katas if self.track in kata.tracks]

    def begun(self) -> list[Kata]:
        """Those of them whose file is no longer the stub."""
        return [kata for kata in self.katas() if untouched(kata, self.track) is None]

    def grade(self, kata: Kata) -> dict:
        """The verdict on the learner's file, recorded."""
        judged = judged_hash(kata.name, self.track)
        found = untouched(kata, self.track) or self._check(kata)
        self.progress.record(found, judged)
        return found

    def known(self, kata: Kata) -> dict | None:
        """The last verdict, if nothing that it judged has changed since."""
        latest = self.progress.latest()
        return latest[kata.name, self.track].verdict if self._current(kata, latest) else None

    def hint(self, kata: Kata) -> dict:
        """The next hint of a kata, one step further at each call; it also takes up the cause of the last verdict."""
        from dojo.diagnosis.causes import vocabulary

        level = self.progress.advance_hint(kata.name, self.track, len(kata.hints))
        causes = [cause for cause in self.progress.last_causes(kata.name, self.track)[:1] if cause in vocabulary()]
        found = {"level": level, "of": len(kata.hints), "hint": kata.hints[level - 1], "references": [*kata.references]}
        found |= {"cause": causes[0], "about_cause": vocabulary()[causes[0]].hint} if causes else {}
        return {"cause": None, "about_cause": None} | found

    def reset(self, kata: Kata) -> Path | None:
        """Bring the stub of a kata back. Returns where the learner's file is kept, None when there was none to keep."""
        path = kata_path(kata.name, self.track)
        stub = stubs.make_stub(solution_path(kata.name, self.track).read_text(encoding="utf-8"))
        kept = None if holds(path, stub) else backup(path, ROOT / ".dojo" / "backups")
        write_atomically(path, stub)
        self.progress.reset(kata.name, self.track)
        return kept

    def standings(self) -> Iterator[Standing]:
        """Every kata of the track as the map shows it. Nothing is run."""
        latest = self.progress.latest()
        passed = {name for (name, track), row in latest.items() if track == self.track and row.status == "passed"}
        for kata in self.katas():
            row = latest.get((kata.name, self.track))
            needs = tuple(name for name in kata.prerequisites if name not in passed)
            state = row.status if row is not None else "not-started"
            if state == "not-started" and needs:
                state = "locked"
            found = row.verdict if row is not None else None
            yield Standing(kata, self.track, state, *_written(row), found, needs)

    def _current(self, kata: Kata, latest: dict[tuple[str, str], Row]) -> bool:
        row = latest.get((kata.name, self.track))
        return row is not None and not row.was_reset and row.judged == judged_hash(kata.name, self.track)

    def _check(self, kata: Kata) -> dict:
        found = self.worker.check(kata.name, self.track)
        doubted = self._doubted(kata) if found["status"] == "failed" else []
        if not doubted:
            return found
        path = kata_path(kata.name, self.track)
        alone = self.worker.check(kata.name, self.track, file=path)  # the same file with the references' prerequisites
        if alone["status"] != "passed":
            return alone
        names = " and ".join(doubted)
        blame = whole_file(
            str(kata_path(doubted[0], self.track)), f"{kata.name} is right; what it takes from {names} is not"
        )
        return found | {"findings": [blame | {"function": doubted[0]}]}

    def _doubted(self, kata: Kata) -> list[str]:
        """Prerequisites that the learner's file imports and that have no current pass."""
        try:
            source = kata_path(kata.name, self.track).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return []
        latest = self.progress.latest()
        imported = [name for name in imported_katas(source) if name in self.curriculum.names]
        good = {
            k.name for k in self.katas() if self._current(k, latest) and latest[k.name, self.track].status == "passed"
        }
        return [name for name in imported if name not in good]


def imported_katas(source: str) -> list[str]:
    """Names of the katas that a learner's file imports, each once; none when it is not Python."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return []
    modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            modules += [f"{node.module}.{alias.name}" for alias in node.names]
    parts = [module.split(".") for module in modules]
    return list(dict.fromkeys(part[2] for part in parts if part[0] == "katas" and len(part) > 2))


def holds(path: Path, text: str) -> bool:
    """Whether the file at `path` has exactly this text."""
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def untouched(kata: Kata, track: str) -> dict | None:
    """A `not-started` verdict for a file that is still a stub, told from its source alone; None for any other file."""
    path = kata_path(kata.name, track)
    try:
        source = path.read_text(encoding="utf-8")
        functions = stubs.functions(source)
        unfinished = stubs.unfinished(source)
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError):
        return None
    if not functions or len(unfinished) < len(functions):
        return None
    return verdict(kata.name, track, str(path), "not-started", functions={"done": 0, "total": len(functions)})


def next_kata(standings: list[Standing]) -> Standing | None:
    """The kata to do now: the first that is begun and not passed, else the first open one."""
    begun = [s for s in standings if s.state not in ("passed", "not-started", "locked")]
    opened = [s for s in standings if s.state == "not-started"]
    return (begun or opened or [s for s in standings if s.state != "passed"] or [None])[0]


def backup(path: Path, folder: Path) -> Path | None:
    """A copy of the file at `path` in `folder`, named after the time; None when there is no file to keep."""
    import shutil
    import time

    if not path.exists() and not path.is_symlink():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{path.parent.name}-{path.stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    copies = (folder / f"{stem}{'' if n == 0 else f'-{n}'}{path.suffix}" for n in range(10_000))
    copy = next(place for place in copies if not place.exists())
    if path.is_dir() or not path.exists():  # a folder, or a link that leads nowhere
        shutil.move(path, copy)
    else:
        shutil.copy2(path, copy)
    return copy


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` through a temporary file beside it, so that a crash leaves the old file or the new one."""
    import os
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _written(row: Row | None) -> tuple[int, int]:
    return (row.done or 0, row.functions or 0) if row is not None else (0, 0)
