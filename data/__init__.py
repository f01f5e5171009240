"""Real data for the katas and the training runs: `data.load("mnist")`, `data.fetch("mnist")`, `data.status()`.

A data set is looked for in the cache, in the folder DOJO_DATA_MIRROR and at each source in `sources.toml`; last, a
small one that needs no network stands in for it. Importing this package is quick: numpy and the rest come when needed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from data import cache, chain, embedded, sources
from data.chain import Fetched
from data.kinds import DataSet, ImageData, Images, PairData, TextData
from data.loaders import LOADERS
from dojo.errors import DojoError

__all__ = ["DataSet", "Fetched", "ImageData", "Images", "PairData", "Status", "TextData", "fetch", "load", "status"]


class Status(NamedTuple):
    """One data set: where the next load would take it from, its size in bytes (0: made on the spot), its licence."""

    name: str
    origin: str
    bytes: int
    licence: str


def load(name: str, fallback: bool = True, announce: Callable[[str], None] = print) -> DataSet:
    """The data set `name`, fetched when it is not here yet; `announce` is called with each line worth telling.

    When it cannot be had and `fallback` is true, its stand-in comes instead, with one line that says so; `.name` tells
    the two apart. DojoError otherwise, and always for an unknown name or a file that does not open.
    """
    entry = sources.entry(name)
    try:
        found = fetch(name, announce)
    except DojoError as error:
        if not (fallback and entry.stand_in):
            raise
        announce(_instead(entry, error))
        return load(entry.stand_in, fallback=False, announce=announce)
    return LOADERS[name](found)


def fetch(name: str, announce: Callable[[str], None] = print) -> Fetched:
    """The checked files of the data set `name`, and a sentence about where they come from. DojoError when it fails."""
    entry = sources.entry(name)
    return chain.fetch(entry, announce) if entry.forms else embedded.find(entry)


def status() -> list[Status]:
    """Where each data set would come from now. Nothing is downloaded, and files are judged by their size alone."""
    return [Status(entry.name, *_origin(entry), entry.licence) for entry in sources.entries().values()]


def _instead(entry: sources.Entry, error: DojoError) -> str:
    first = " ".join(line.strip() for line in error.args[0].splitlines()[:2]).rstrip(".")
    stand_in = sources.entry(entry.stand_in).title
    return f"{first}. Instead: {stand_in}. `python grader.py data {entry.name}` tries again and says more."


def _origin(entry: sources.Entry) -> tuple[str, int]:
    if not entry.forms:
        return _embedded_origin(entry)
    places = [*cache.folders(), *([folder] if (folder := cache.mirror()) else [])]
    for files in entry.forms.values():
        found = [next((place for place in places if _fits(place, file)), None) for file in files]
        if all(found):
            return " and ".join(dict.fromkeys(map(str, found))), sum(file.bytes for file in files)
    form = entry.sources[0].form if entry.sources else next(iter(entry.forms))
    origin = str(entry.sources[0]) if entry.sources else f"no lasting address is known; {entry.stand_in} stands in"
    return origin, sum(file.bytes for file in entry.forms[form])


def _embedded_origin(entry: sources.Entry) -> tuple[str, int]:
    try:
        paths = embedded.find(entry).paths
    except DojoError as error:
        return error.args[0], 0
    return (str(paths[0]), paths[0].stat().st_size) if paths else ("made by the dojo", 0)


def _fits(place: Path, file: sources.File) -> bool:
    path = place / file.name
    return path.is_file() and path.stat().st_size == file.bytes
