"""What `sources.toml` says: for each data set its files with their checksums, and where to get them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dojo.errors import DojoError, nearest

SOURCES = Path(__file__).with_name("sources.toml")
COMMANDS = {"npm": "npm pack", "pip": "pip download"}


@dataclass(frozen=True)
class File:
    """A file as its publisher ships it: `bytes` is its size, `sha256` 64 hexadecimal digits."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """A place that delivers all files of one form; `sources.toml` says what `where` and `member` mean for each kind."""

    kind: str
    form: str
    where: str
    member: str = ""

    def __str__(self) -> str:
        return urlsplit(self.where).netloc if self.kind == "url" else f"`{COMMANDS[self.kind]} {self.where}`"


@dataclass(frozen=True)
class Entry:
    """A data set. Without `forms` it needs no fetching; `stand_in` names one that is used when fetching fails."""

    name: str
    title: str
    licence: str
    forms: dict[str, tuple[File, ...]]
    sources: tuple[Source, ...]
    stand_in: str = ""

    @property
    def file_names(self) -> str:
        """The names of the first form's files, for messages."""
        return ", ".join(file.name for files in list(self.forms.values())[:1] for file in files)


def entries() -> dict[str, Entry]:
    """Every data set by name, in the order of the file."""
    table = tomllib.loads(SOURCES.read_text(encoding="utf-8"))
    return {name: _entry(name, part) for name, part in table.items() if isinstance(part, dict)}


def entry(name: str) -> Entry:
    """The data set called `name`; a DojoError suggests the nearest when there is none."""
    known = entries()
    if name not in known:
        message = f"There is no data set called {name!r}. {nearest(name, list(known))}".rstrip()
        raise DojoError(message, f"Known data sets: {', '.join(known)}.")
    return known[name]


def _entry(name: str, part: dict) -> Entry:
    forms = {form: tuple(File(**file) for file in files) for form, files in part.get("forms", {}).items()}
    sources = tuple(Source(**source) for source in part.get("sources", []))
    return Entry(name, part["title"], part["licence"], forms, sources, part.get("stand_in", ""))
