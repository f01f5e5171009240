"""The map of katas: `katas/curriculum.toml`, read into frozen dataclasses and validated.

Every complaint names the file, the kata and the mend. Nothing here imports numpy, so drawing the map stays quick.
"""

import itertools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dojo.errors import DojoError, nearest
from dojo.workloads import Workload, workload

FORMAT = 1
TRACKS = ("numpy", "torch")
FEWEST_HINTS = 3
TOLERANCES = {"float64": 1e-9, "float32": 1e-5}
TIME_LIMIT = 10.0  # seconds, for all tests of a kata
KATA_KEYS = {
    "name": str,
    "chapter": int,
    "title": str,
    "tracks": list,
    "prerequisites": list,
    "hints": list,
    "references": list,
    "capstone": bool,
    "time_limit": (int, float),
    "tolerance": dict,
    "forbidden": dict,
    "workload": dict,
}


@dataclass(frozen=True)
class Kata:
    """One exercise of the map.

    `prerequisites` stand earlier on the map. `hints` go from mild to explicit. `references` are what to read or watch.
    `time_limit` is in seconds, for all tests together. `tolerance` gives the relative error allowed by dtype name.
    `forbidden` gives, by track, the dotted names of the calls that would be the whole answer. `workload` is what `bench`
    times; None where nothing is.
    """

    name: str
    chapter: int
    title: str
    tracks: tuple[str, ...]
    prerequisites: tuple[str, ...]
    hints: tuple[str, ...]
    references: tuple[str, ...]
    capstone: bool
    time_limit: float
    tolerance: dict[str, float]
    forbidden: dict[str, tuple[str, ...]]
    workload: Workload | None = None


@dataclass(frozen=True)
class Chapter:
    """A chapter of the map and its katas in order."""

    number: int
    title: str
    katas: tuple[Kata, ...]


@dataclass(frozen=True)
class Curriculum:
    """The whole map, in the order a learner walks it."""

    chapters: tuple[Chapter, ...]

    @property
    def katas(self) -> tuple[Kata, ...]:
        return tuple(kata for chapter in self.chapters for kata in chapter.katas)

    @property
    def names(self) -> list[str]:
        return [kata.name for kata in self.katas]

    def __getitem__(self, name: str) -> Kata:
        """The kata called `name`; a DojoError suggests the nearest when there is none."""
        for kata in self.katas:
            if kata.name == name:
                return kata
        raise DojoError(
            f"There is no kata called {name!r}. {nearest(name, self.names)}".rstrip(),
            "`python grader.py` shows the map with every name.",
        )


def load(path: Path) -> Curriculum:
    """Read and validate the map at `path`. DojoError names the file, the line or kata, and the mend."""
    try:
        content = path.read_bytes()
        table = tomllib.loads(content.decode("utf-8"))
    except FileNotFoundError:
        raise DojoError(f"{path} is missing.", "`git checkout katas/curriculum.toml` brings it back.") from None
    except OSError as error:
        raise DojoError(f"{path} cannot be read: {error.strerror}.", "Make it a file that you may read.") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DojoError(f"{path}:{line}: is not text in UTF-8.", "Save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        where = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        place, what = (f"{path}:{where[1]}", str(error)[: where.start()]) if where else (str(path), str(error))
        raise DojoError(f"{place}: is not valid TOML: {what}.", "Mend that line, then run the command again.") from None
    return parse(table, path)


def parse(table: dict, path: Path) -> Curriculum:
    """The same for a table already read; `path` is used in messages only."""
    _want(table.get("format") == FORMAT, path, "", f"format is {table.get('format')!r}", f"write `format = {FORMAT}`")
    for key in table:
        _known(key, ["format", "chapter", "kata"], path, "")
    titles = _chapters(_tables(table, "chapter", path), path)
    entries = _tables(table, "kata", path)
    names = [entry.get("name", "") for entry in entries]
    katas = [_kata(entry, titles, names[:place], names, path) for place, entry in enumerate(entries)]
    _want(bool(katas), path, "", "there is no [[kata]]", "add one")
    for one, other in itertools.pairwise(katas):
        what = f"it is of chapter {other.chapter} and stands behind one of chapter {one.chapter}"
        _want(one.chapter <= other.chapter, path, f"kata {other.name}", what, "move it to its chapter")
    chapters = [
        Chapter(number, title, tuple(kata for kata in katas if kata.chapter == number))
        for number, title in sorted(titles.items())
    ]
    return Curriculum(tuple(chapter for chapter in chapters if chapter.katas))


def _tables(table: dict, key: str, path: Path) -> list[dict]:
    """The tables `[[key]]` of the map."""
    found = table.get(key, [])
    good = isinstance(found, list) and all(isinstance(entry, dict) for entry in found)
    _want(good, path, "", f"{key} is not a list of tables", f"begin each one with [[{key}]]")
    return found


def _chapters(entries: list[dict], path: Path) -> dict[int, str]:
    """The chapters' titles by number."""
    titles: dict[int, str] = {}
    for entry in entries:
        number: Any = entry.get("number")
        title: Any = entry.get("title")
        for key in entry:
            _known(key, ["number", "title"], path, f"chapter {number}")
        _want(isinstance(number, int), path, "", f"a chapter has number {number!r}", "give it a whole number")
        _want(number not in titles, path, "", f"chapter {number} stands twice", "number each chapter once, in order")
        named = isinstance(title, str) and bool(title.strip())
        _want(named, path, f"chapter {number}", f"title is {title!r}", "say in a few words what it is about")
        titles[number] = title
    return titles


def _kata(entry: dict, chapters: dict[int, str], earlier: list[str], names: list[str], path: Path) -> Kata:
    """One entry of the map, checked key by key; `earlier` are those of the map's `names` that stand above it."""
    name = entry.get("name", "")
    named = isinstance(name, str) and name.isidentifier()
    _want(named, path, "", f"a kata has name {name!r}", "use a Python identifier")
    where = f"kata {name}"
    _keys(entry, path, where)
    _want(name not in earlier, path, where, "the name stands twice", "rename or remove one of the two")
    number, hints, tracks = entry["chapter"], entry["hints"], tuple(entry.get("tracks", TRACKS))
    _want(number in chapters, path, where, f"there is no chapter {number}", "add a [[chapter]] with that number")
    enough = len(hints) >= FEWEST_HINTS
    _want(enough, path, where, f"it has {len(hints)} hints", f"write at least {FEWEST_HINTS}, from mild to explicit")
    _want(bool(entry["references"]), path, where, "it has no references", "name a book chapter, a paper or a video")
    for needed in entry.get("prerequisites", []):
        what = "does not stand earlier on the map" if needed in names else "is not on the map"
        mend = "" if needed in names else nearest(needed, earlier)
        mend = mend or "list only katas that stand earlier in the file"
        _want(needed in earlier, path, where, f"prerequisite {needed!r} {what}", mend)
    _want(bool(tracks), path, where, "it has no track", f"leave `tracks` out, or list {' or '.join(TRACKS)}")
    for track in [*tracks, *entry.get("forbidden", {})]:
        _want(track in TRACKS, path, where, f"there is no track {track!r}", f"tracks are {' and '.join(TRACKS)}")
    limit = float(entry.get("time_limit", TIME_LIMIT))
    _want(0 < limit <= 600, path, where, f"time_limit is {limit:g}", "give seconds between 0 and 600")
    return Kata(
        name=name,
        chapter=number,
        title=entry["title"],
        tracks=tracks,
        prerequisites=tuple(entry.get("prerequisites", [])),
        hints=tuple(hints),
        references=tuple(entry["references"]),
        capstone=entry.get("capstone", False),
        time_limit=limit,
        tolerance=_tolerance(entry, path, where),
        forbidden=_forbidden(entry, path, where),
        workload=_workload(entry, path, where),
    )


def _keys(entry: dict, path: Path, where: str) -> None:
    """Every key of a kata is known and has its type, and none of the needed ones is missing."""
    for key, value in entry.items():
        _known(key, list(KATA_KEYS), path, where)
        good = isinstance(value, KATA_KEYS[key]) and (KATA_KEYS[key] is bool or not isinstance(value, bool))
        _want(good, path, where, f"{key} is {value!r}", "give it the type that it has in the other katas")
    for key in ("chapter", "title", "hints", "references"):
        _want(key in entry, path, where, f"{key} is missing", f"add `{key} = …`")
    for key in ("tracks", "prerequisites", "hints", "references"):
        plain = all(isinstance(item, str) and item.strip() for item in entry.get(key, []))
        _want(plain, path, where, f"{key} holds something that is not a sentence or name", "use non-empty strings")


def _tolerance(entry: dict, path: Path, where: str) -> dict[str, float]:
    tolerance = {**TOLERANCES, **entry.get("tolerance", {})}
    for dtype, value in tolerance.items():
        good = dtype in TOLERANCES and isinstance(value, float) and 0 < value < 1
        _want(good, path, where, f"tolerance {dtype} = {value!r}", "give float64 and float32 a number between 0 and 1")
    return tolerance


def _forbidden(entry: dict, path: Path, where: str) -> dict[str, tuple[str, ...]]:
    """By track, the dotted names of refused calls."""
    forbidden = entry.get("forbidden", {})
    for track, names in forbidden.items():
        listed = isinstance(names, list) and all(isinstance(name, str) for name in names)
        good = listed and all("." in name and name.replace(".", "").isidentifier() for name in names)
        mend = 'list names with their module, such as "torch.nn.functional.linear"'
        _want(good, path, where, f"forbidden {track} = {names!r}", mend)
    return {track: tuple(names) for track, names in forbidden.items()}


def _workload(entry: dict, path: Path, where: str) -> Workload | None:
    def want(condition: bool, what: str, mend: str) -> None:
        _want(condition, path, where, what, mend)

    return workload(entry["workload"], want, nearest) if "workload" in entry else None


def _known(key: str, known: list[str], path: Path, where: str) -> None:
    if key not in known:  # looking for the nearest takes long, and every command comes by here
        mend = nearest(key, known) or f"known keys: {', '.join(known)}"
        _want(False, path, where, f"unknown key {key!r}", mend)


def _want(condition: bool, path: Path, where: str, what: str, mend: str) -> None:
    if not condition:
        place = f"{path}, {where}" if where else str(path)
        raise DojoError(f"{place}: {what}.", mend if mend.endswith("?") else f"{mend[:1].upper()}{mend[1:]}.")
