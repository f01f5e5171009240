"""Where fetched files are kept, and whether a file on disk is the one that `sources.toml` describes."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from data.failures import WrongBytes
from data.sources import Entry, File
from dojo.errors import DojoError

CHECKOUT = Path(__file__).with_name("cache")


def folders() -> list[Path]:
    """Where kept files may lie: DOJO_DATA_CACHE alone when it is set, else the checkout's cache, then the user's."""
    if chosen := os.environ.get("DOJO_DATA_CACHE"):
        return [Path(chosen).expanduser()]
    import platformdirs

    return [CHECKOUT, Path(platformdirs.user_cache_dir("neural-dojo"))]


def mirror() -> Path | None:
    """The folder in DOJO_DATA_MIRROR, or None when it is not set."""
    chosen = os.environ.get("DOJO_DATA_MIRROR")
    return Path(chosen).expanduser() if chosen else None


def writable() -> Path:
    """The first of `folders()` that takes a file; a DojoError names them all when none does."""
    reasons = []
    for folder in folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):  # asking the permission bits would not notice a read-only disk
                return folder
        except OSError as error:
            reasons.append(f"  {folder}: {error.strerror or error}")
    raise DojoError(
        "No folder can keep fetched data:\n" + "\n".join(reasons),
        "Set DOJO_DATA_CACHE to a folder that you may write to.",
    )


def check(path: Path, file: File) -> None:
    """Compare size and sha256 of `path` with `file`; WrongBytes says what was expected and what stands there."""
    got = path.stat().st_size
    if got != file.bytes:
        what = "is truncated" if got < file.bytes else "is too long"
        raise WrongBytes(f"{file.name} {what}: expected {file.bytes:,} bytes, got {got:,}")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != file.sha256:
        raise WrongBytes(f"{file.name} has a wrong checksum: expected sha256 {file.sha256}, got {digest}")


def locate(file: File, wrong: Callable[[str], None] = lambda line: None) -> tuple[Path, str] | None:
    """A checked copy of `file` in a cache or the mirror, and a phrase for that place; None when there is none.

    Copies that fail the check are passed over, and `wrong` is called with a sentence about each.
    """
    places = [(folder, f"the cache {folder}") for folder in folders()]
    if folder := mirror():
        places.append((folder, f"{folder} (DOJO_DATA_MIRROR)"))
    for folder, place in places:
        path = folder / file.name
        try:
            check(path, file)
            return path, place
        except (FileNotFoundError, NotADirectoryError):
            continue
        except WrongBytes as error:
            wrong(f"{place}: {error}")
        except OSError as error:
            wrong(f"{place}: {file.name} cannot be read: {error.strerror or error}")
    return None


def keep(fresh: Path, file: File, folder: Path) -> None:
    """Check `fresh` and move it to its place in one step; WrongBytes leaves it where it is, for the caller to drop."""
    check(fresh, file)
    os.replace(fresh, folder / file.name)


def partial(file: File, folder: Path) -> Path:
    """Where a download grows until it is whole; what a broken connection leaves here, the next try goes on from."""
    return folder / f"{file.name}.part"


def sweep(entry: Entry, folder: Path) -> None:
    """Delete the beginnings of downloads that nobody needs once the data set is there."""
    for files in entry.forms.values():
        for file in files:
            with suppress(OSError):
                partial(file, folder).unlink()


@contextmanager
def alone(folder: Path, announce: Callable[[str], None]) -> Iterator[None]:
    """One process at a time fetches into `folder`; the others wait, and find the files when it is their turn."""
    import filelock

    lock = filelock.FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        announce(f"Another process is fetching into {folder}; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
