"""What stays of a training: the parameters and the picture, each written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dojo import loading
from dojo.errors import DojoError

FORMATS = (".png", ".svg", ".pdf")


def run_name(name: str, track: str, origin: str) -> str:
    """What the files of a run are called. The reference's have a name of their own: they never replace the learner's."""
    return f"{name}-{track}" + ("" if origin == "katas" else "-reference")


def picture_path(name: str, track: str, out: Path | None, origin: str = "katas") -> Path:
    """Where a picture goes: `out`, or its place in .dojo. DojoError, before any work is done, for what cannot be drawn."""
    place = loading.ROOT / ".dojo" / "pictures" / f"{run_name(name, track, origin)}.png"
    path = Path(out) if out is not None else place
    if path.is_dir():
        raise DojoError(
            f"{path} is a folder; the picture needs the name of a file.", f"For example `--out {path / name}.png`."
        )
    if path.suffix.lower() not in FORMATS:
        raise DojoError(
            f"A picture cannot be written as {path.name!r}.", f"Give --out a name that ends in {', '.join(FORMATS)}."
        )
    return path


def keep_params(run: str, params: dict[str, np.ndarray]) -> Path:
    """Save the parameters of a run, by its `run_name`, for `numpy.load`; the path of the file."""
    path = loading.ROOT / ".dojo" / "trained" / f"{run}.npz"
    write_whole(path, lambda temporary: np.savez(temporary, **params))  # type: ignore[arg-type]
    return path


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` fill a temporary file beside `path`, then put it in its place. DojoError if the disk refuses."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        write(Path(temporary))
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            message = f"{path} cannot be written: {error.strerror or error}."
            raise DojoError(message, "Make room or choose another place, then run the command again.") from None
        raise
