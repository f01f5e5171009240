"""What was measured before: records in pytest-benchmark's storage, written whole or not at all, machines kept apart."""

import json
import math
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from dojo.errors import DojoError

FOLDER = ".benchmarks"  # below the checkout, where pytest-benchmark keeps it
LARGEST = 64 * 2**20  # bytes of a record that is read
EARLIER = 5  # runs that the last one is held against
FEW = 3  # earlier runs, from which on their own spread says how noisy the machine is
UNKNOWN = 0.10  # the noise that is taken for granted with fewer
LEAST = 0.02  # no timing is better than this


@dataclass(frozen=True)
class Point:
    """One contender in one run: seconds per call, their spread, and items in a second (None for feedback)."""

    name: str
    median: float
    iqr: float
    rate: float | None
    unit: str
    versions: dict


@dataclass(frozen=True)
class Run:
    """One record. `number` is how `--compare` calls it; `machine` and `threads` say what it can be compared with."""

    number: int
    path: Path
    time: str
    commit: str
    machine: str
    threads: int | None
    points: dict[str, Point]


@dataclass(frozen=True)
class Judgement:
    """The last run of a series against those before: `change` in seconds per call, as a share, and how it was judged."""

    change: float | None
    noise: float
    slower: bool
    why: str


def save(folder: Path, record: dict, name: str) -> Path:
    """Write a record into the machine's folder under the next number, by way of a file that is renamed when it is whole.

    Nothing of the history is touched when that fails. DojoError when it cannot be written, such as on a full disk.
    """
    text = json.dumps(record, indent=1, default=str)
    draft = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".draft-", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o644)
        while True:
            place = folder / f"{_next(folder):04}_{name}.json"
            try:
                os.link(draft, place)  # fails where another run took the number meanwhile
                return place
            except FileExistsError:
                continue
            except (OSError, NotImplementedError):  # a file system without hard links
                os.replace(draft, place)
                return place
    except OSError as error:
        what = f"The record of this run cannot be kept in {folder}: {error.strerror or error}."
        raise DojoError(
            what, "The history is as it was; make room or choose another place, and run it again."
        ) from None
    finally:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)


def load(root: Path) -> tuple[list[Run], list[str]]:
    """All runs below a checkout, oldest first, and the names of the records that cannot be read."""
    runs, unreadable = [], []
    for path in sorted((root / FOLDER).glob("*/[0-9]*_*.json")):
        try:
            runs.append(_run(path))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            unreadable.append(path.name)
    return sorted(runs, key=lambda run: (run.time, run.number)), unreadable


def series(runs: Iterable[Run]) -> dict[tuple[str, int | None], dict[str, list[tuple[Run, Point]]]]:
    """(machine, threads) → name → its runs, oldest first. What was measured elsewhere is never mixed in."""
    found: dict = {}
    for run in runs:
        for name, point in run.points.items():
            found.setdefault((run.machine, run.threads), {}).setdefault(name, []).append((run, point))
    return found


def judge(points: list[Point]) -> Judgement:
    """Whether the last of some points, oldest first, is slower than the middle of those before by more than the noise.

    The noise is the largest of: the spread of the blocks within a run, and how far the earlier runs lie apart.
    """
    *before, last = points
    before = before[-EARLIER:]
    if not before:
        return Judgement(None, 0.0, False, "the first run")
    base = median(point.median for point in before)
    within = max(point.iqr / point.median for point in [last, *before])
    between = (max(p.median for p in before) - min(p.median for p in before)) / base
    enough = len(before) >= FEW
    noise = max(within, between, LEAST if enough else UNKNOWN)
    change = last.median / base - 1
    runs = f"{len(before)} earlier run{'s' if len(before) > 1 else ''}"
    why = f"against the middle of {runs}; these lie {between:.0%} apart, blocks within a run {within:.0%}"
    why += "" if enough else f"; with fewer than {FEW} of them, less than {UNKNOWN:.0%} counts as noise"
    changed = [name for name, was in before[-1].versions.items() if last.versions.get(name) != was]
    why += "".join(f"; {name} is {last.versions.get(name)}, was {before[-1].versions[name]}" for name in changed)
    return Judgement(change, noise, change > noise, why)


def pick(runs: list[Run], wanted: str) -> Run:
    """The run with a number, such as 7 or 0007, or at a path; DojoError when there is none."""
    for run in reversed(runs):
        if wanted.lstrip("0") == str(run.number) or Path(wanted).name in (run.path.name, run.path.stem):
            return run
    numbers = ", ".join(str(run.number) for run in runs[-12:]) or "none"
    raise DojoError(f"There is no run {wanted!r}.", f"The last ones are {numbers}; `bench --history` lists them.")


def _next(folder: Path) -> int:
    numbers = [int(found[0]) for path in folder.glob("*.json") if (found := re.match(r"\d+", path.name))]
    return max(numbers, default=0) + 1


def _run(path: Path) -> Run:
    if path.stat().st_size > LARGEST:
        raise ValueError("too large")
    record = json.loads(path.read_text(encoding="utf-8"))
    points, machines, threads = {}, set(), set()
    for one in record["benchmarks"]:
        extra, stats = one["extra_info"], one["stats"]
        rates = [(key, value) for key, value in extra.items() if key.endswith("_per_second")]
        key, rate = rates[0] if rates else ("", None)
        found = Point(
            str(one["name"]),
            float(stats["median"]),
            float(stats["iqr"]),
            float(rate) if rate is not None else None,
            key.removesuffix("_per_second"),
            dict(extra.get("versions", {})),
        )
        if not (math.isfinite(found.median) and found.median > 0 and math.isfinite(found.iqr)):
            raise ValueError("a time that is no time")
        points[found.name] = found
        machines.add(str(extra.get("machine", path.parent.name)))
        threads.add(extra.get("threads"))
    commit = record.get("commit_info") or {}
    name = str(commit.get("id", ""))[:7] + ("+" if commit.get("dirty") else "")
    machine = ", ".join(sorted(machines)) or path.parent.name
    number = int(re.match(r"\d+", path.name)[0])  # type: ignore[index]
    return Run(number, path, str(record["datetime"]), name, machine, next(iter(threads), None), points)
