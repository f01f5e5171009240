"""The fixed vocabulary of causes: `causes.toml`, read once into frozen dataclasses and validated.

A cause is a word that means the same to the rules, the bank of mistakes, the wording and the report.
Nothing here imports numpy.
"""

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from dojo.errors import DojoError, nearest

FORMAT = 1
PATH = Path(__file__).with_name("causes.toml")
GROUPS = (
    "shape",
    "scale",
    "derivative",
    "numbers",
    "sequence",
    "masking",
    "statistics",
    "convolution",
    "regularisation",
    "learning",
    "discipline",
)
KEYS = ("group", "sentence", "hint")


@dataclass(frozen=True)
class Cause:
    """One kind of mistake.

    `sentence` says what the code does; it starts small and ends without a full stop, as the `says` of a mistake does.
    `hint` is one or two whole sentences on where to look next.
    """

    name: str
    group: str
    sentence: str
    hint: str


@functools.cache
def vocabulary() -> dict[str, Cause]:
    """Every cause by name, the most specific first."""
    return load(PATH)


def rank(name: str) -> int:
    """The place of a cause among all, 0 for the most specific. DojoError suggests the nearest when there is none."""
    ranks = _ranks()
    if name not in ranks:
        wish = nearest(name, list(ranks)) or f"{PATH.name} lists them all."
        raise DojoError(f"There is no cause called {name!r}.", wish)
    return ranks[name]


@functools.cache
def _ranks() -> dict[str, int]:
    return {name: place for place, name in enumerate(vocabulary())}


def load(path: Path) -> dict[str, Cause]:
    """Read and validate the vocabulary at `path`. DojoError names the file, the cause and the mend."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        mend = "`git checkout dojo/diagnosis/causes.toml` brings it back."
        raise DojoError(f"{path} cannot be read: {error.strerror}.", mend) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DojoError(f"{path} is not valid TOML: {error}.", "Mend that line, then run the command again.") from None
    return parse(table, path)


def parse(table: dict, path: Path) -> dict[str, Cause]:
    """The same for a table already read; `path` is used in messages only."""
    _want(table.get("format") == FORMAT, path, "", f"format is {table.get('format')!r}", f"write `format = {FORMAT}`")
    order: list[str] = table.get("order", [])
    entries: dict[str, dict] = table.get("cause", {})
    listed = isinstance(order, list) and bool(order) and all(isinstance(name, str) for name in order)
    _want(listed, path, "", "order is not a list of names", 'write `order = ["…"]`, the most specific cause first')
    tables = isinstance(entries, dict) and bool(entries)
    _want(tables, path, "", "there is no [cause.NAME]", "add one table for each cause")
    for name in entries:
        _want(name in order, path, name, "it is missing in order", "add it there, before the more general ones")
    for name in order:
        _want(order.count(name) == 1, path, name, "it stands twice in order", "remove one of the two")
        _want(name in entries, path, name, "it stands in order and has no table", f"add [cause.{name}]")
    return {name: _cause(name, entries[name], path) for name in order}


def _cause(name: str, entry: dict, path: Path) -> Cause:
    plain = re.fullmatch(r"[a-z]+(-[a-z]+)*", name) is not None
    _want(plain, path, name, "the name is not lower-case words joined by hyphens", "rename it")
    _want(isinstance(entry, dict), path, name, f"its entry is {entry!r}", f"write a table [cause.{name}]")
    for key in entry:
        wish = nearest(key, list(KEYS)) or f"known keys: {', '.join(KEYS)}"
        _want(key in KEYS, path, name, f"unknown key {key!r}", wish)
    for key in KEYS:
        good = isinstance(entry.get(key), str) and entry[key].strip() == entry[key] != ""
        _want(good, path, name, f"{key} is {entry.get(key)!r}", "give it a string without spaces around it")
    _want(entry["group"] in GROUPS, path, name, f"there is no group {entry['group']!r}", f"groups: {', '.join(GROUPS)}")
    return Cause(name, entry["group"], entry["sentence"], entry["hint"])


def _want(condition: bool, path: Path, cause: str, what: str, mend: str) -> None:
    if not condition:
        where = f"{path}, cause {cause}" if cause else str(path)
        raise DojoError(f"{where}: {what}.", f"{mend[:1].upper()}{mend[1:]}.")
