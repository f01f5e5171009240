"""The map of katas: `katas/curriculum.toml`, read into frozen dataclasses and validated.

Every complaint names the file, the kata and the mend. Nothing here imports numpy, so drawing the map stays quick.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from dojo.errors import DojoError, nearest

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
}


@dataclass(frozen=True)
class Kata:
    """One exercise of the map.

    `prerequisites` stand earlier on the map. `hints` go from mild to explicit. `references` are what to read or watch.
    `time_limit` is in seconds, for all tests together. `tolerance` gives the relative error allowed by dtype name.
    `forbidden` gives, by track, the dotted names of the calls that would be the whole answer.
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
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DojoError(f"{path} is missing.", "`git checkout katas/curriculum.toml` brings it back.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DojoError(f"{path} is not valid TOML: {error}.", "Mend that line, then run the command again.") from None
    return parse(table, path)


def parse(table: dict, path: Path) -> Curriculum:
    """The same for a table already read; `path` is used in messages only."""
    _want(table.get("format") == FORMAT, path, "", f"format is {table.get('format')!r}", f"write `format = {FORMAT}`")
    titles: dict[int, str] = {}
    for chapter in table.get("chapter", []):
        number = chapter.get("number")
        _want(isinstance(number, int), path, "", f"a chapter has number {number!r}", "give it a whole number")
        _want(number not in titles, path, "", f"chapter {number} stands twice", "number each chapter once, in order")
        titles[number] = str(chapter.get("title", ""))
    katas: list[Kata] = []
    for entry in table.get("kata", []):
        katas.append(_kata(entry, titles, [kata.name for kata in katas], path))
    _want(bool(katas), path, "", "there is no [[kata]]", "add one")
    order = [kata.chapter for kata in katas]
    _want(order == sorted(order), path, "", "the katas are not in the order of their chapters", "move them")
    chapters = [
        Chapter(number, title, tuple(kata for kata in katas if kata.chapter == number))
        for number, title in sorted(titles.items())
    ]
    return Curriculum(tuple(chapter for chapter in chapters if chapter.katas))


def _kata(entry: dict, chapters: dict[int, str], earlier: list[str], path: Path) -> Kata:
    name = entry.get("name", "")
    _want(
        isinstance(name, str) and name.isidentifier(), path, "", f"a kata has name {name!r}", "use a Python identifier"
    )
    for key, value in entry.items():
        hint = nearest(key, list(KATA_KEYS)) or f"known keys: {', '.join(KATA_KEYS)}"
        _want(key in KATA_KEYS, path, name, f"unknown key {key!r}", hint)
        _want(
            isinstance(value, KATA_KEYS[key]), path, name, f"{key} is {value!r}", "give it the type of the other katas'"
        )
    for key in ("chapter", "title", "hints", "references"):
        _want(key in entry, path, name, f"{key} is missing", f"add `{key} = …`")
    for key in ("tracks", "prerequisites", "hints", "references"):
        plain = all(isinstance(item, str) and item.strip() for item in entry.get(key, []))
        _want(plain, path, name, f"{key} holds something that is not a sentence or name", "use non-empty strings")
    _want(name not in earlier, path, name, "the name stands twice", "rename or remove one of the two")
    _want(
        entry["chapter"] in chapters,
        path,
        name,
        f"there is no chapter {entry['chapter']}",
        "add a [[chapter]] with that number",
    )
    hints = entry["hints"]
    enough = len(hints) >= FEWEST_HINTS
    _want(enough, path, name, f"it has {len(hints)} hints", f"write at least {FEWEST_HINTS}, from mild to explicit")
    _want(bool(entry["references"]), path, name, "it has no references", "name a book chapter, a paper or a video")
    for needed in entry.get("prerequisites", []):
        wish = nearest(needed, earlier) or "list only katas that stand earlier in the file"
        _want(needed in earlier, path, name, f"prerequisite {needed!r} does not stand earlier on the map", wish)
    tracks = tuple(entry.get("tracks", TRACKS))
    for track in [*tracks, *entry.get("forbidden", {})]:
        _want(track in TRACKS, path, name, f"there is no track {track!r}", f"tracks are {' and '.join(TRACKS)}")
    limit = float(entry.get("time_limit", TIME_LIMIT))
    _want(0 < limit <= 600, path, name, f"time_limit is {limit:g}", "give seconds between 0 and 600")
    tolerance = {**TOLERANCES, **entry.get("tolerance", {})}
    for dtype, value in tolerance.items():
        good = dtype in TOLERANCES and isinstance(value, float) and 0 < value < 1
        _want(good, path, name, f"tolerance {dtype} = {value!r}", "give float64 and float32 a number between 0 and 1")
    return Kata(
        name=name,
        chapter=entry["chapter"],
        title=entry["title"],
        tracks=tracks,
        prerequisites=tuple(entry.get("prerequisites", [])),
        hints=tuple(hints),
        references=tuple(entry["references"]),
        capstone=entry.get("capstone", False),
        time_limit=limit,
        tolerance=tolerance,
        forbidden={track: tuple(names) for track, names in entry.get("forbidden", {}).items()},
    )


def _want(condition: bool, path: Path, kata: str, what: str, mend: str) -> None:
    if not condition:
        where = f"{path}, kata {kata}" if kata else str(path)
        raise DojoError(f"{where}: {what}.", f"{mend[:1].upper()}{mend[1:]}.")
