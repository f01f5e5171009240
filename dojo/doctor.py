"""`doctor`: is everything here that the dojo needs, and what to do about what is not."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator

from dojo.errors import DojoError
from dojo.loading import ROOT, curriculum, kata_path, solution_path
from dojo.progress import Progress, default_path

NEEDED = ("numpy", "pytest", "jaxtyping", "rich", "watchfiles", "psutil", "matplotlib", "scikit-learn")
LEAST_PYTHON = (3, 11)
LEAST_DISK = 200 * 2**20  # bytes


def examine() -> list[tuple[str, bool, str]]:
    """What was looked at, whether it is good, and what it is or how to mend it."""
    return [*_python(), *_packages(), *_checkout(), *_place()]


def _python() -> Iterator[tuple[str, bool, str]]:
    version = platform.python_version()
    good = sys.version_info >= LEAST_PYTHON
    yield "Python", good, version if good else f"{version}; 3.11 or newer is needed: install one, then `make start`"
    if sys.platform == "win32":
        yield (
            "system",
            False,
            "Windows: work inside WSL (https://learn.microsoft.com/windows/wsl), where `make start` works",
        )


def _packages() -> Iterator[tuple[str, bool, str]]:
    for name in NEEDED:
        try:
            yield name, True, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield name, False, "missing: run `make start`"
    if importlib.util.find_spec("torch") is None:
        yield "torch", True, "not installed: the numpy track works without it; `make start` installs it"
    else:
        yield "torch", True, importlib.metadata.version("torch")


def _checkout() -> Iterator[tuple[str, bool, str]]:
    try:
        katas = curriculum().katas
        yield "curriculum", True, f"{len(katas)} katas"
    except DojoError as error:
        yield "curriculum", False, str(error).replace("\n", " ")
        return
    asked = [(kata.name, track) for kata in katas for track in kata.tracks]
    for what, path in (("katas", kata_path), ("solutions", solution_path)):
        missing = [f"{track}/{name}.py" for name, track in asked if not path(name, track).is_file()]
        mend = "`reset NAME` brings a stub back" if what == "katas" else f"`git checkout {what}` brings them back"
        yield what, not missing, f"missing: {', '.join(missing)}; {mend}" if missing else "all files are there"


def _place() -> Iterator[tuple[str, bool, str]]:
    try:
        with Progress(default_path()) as progress:
            yield "progress", True, f"{default_path()}, {len(progress.latest())} katas judged"
    except DojoError as error:
        yield "progress", False, str(error).replace("\n", " ")
    free = shutil.disk_usage(ROOT).free
    yield "disk", free > LEAST_DISK, f"{free / 2**30:.1f} GB free" + ("" if free > LEAST_DISK else ": make room")
    slow = [name for name in ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS") if name in os.environ]
    if slow:
        yield "BLAS", True, f"{' and '.join(slow)} set in the environment: timings follow it"
