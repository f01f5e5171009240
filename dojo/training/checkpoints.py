"""Checkpoints: where a training stands after an epoch, on disk, so that `--resume` can go on to the very same end.

A file is one line that names the format, the sha256 of the rest, and the rest: an npz archive with every array and one text
in JSON that says how they hang together. Nothing in it can run: no pickle is written and none is read.
"""

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from dojo import loading
from dojo.errors import DojoError
from dojo.training.keeping import run_name, write_whole
from dojo.training.outcomes import Point

HEAD = b"neural-dojo checkpoint 1\n"
DIGEST = 64  # characters


class Unkeepable(Exception):
    """Something that is no array, number or text, nor a dict, list or tuple of them: the message says what it is."""


@dataclass(frozen=True)
class Identity:
    """What a checkpoint belongs to: it goes on only with the same."""

    kata: str
    track: str
    origin: str
    data: str
    seed: int
    epochs: int
    settings: str

    def against(self, other: "Identity") -> list[str]:
        """In words, each point in which the checkpoint (self) differs from the training that is asked for."""
        said = {"origin": "--from", "data": "data set", "epochs": "epochs"}
        pairs = [(field.name, getattr(self, field.name), getattr(other, field.name)) for field in fields(self)]
        return [f"{said.get(name, name)} {mine}, not {theirs}" for name, mine, theirs in pairs if mine != theirs]


@dataclass(frozen=True)
class Checkpoint:
    """A training after `place["epoch"]` epochs; `source` is the sha256 of the capstone's file as it was."""

    identity: Identity
    place: dict
    points: tuple[Point, ...]
    source: str


def checkpoint_path(name: str, track: str, origin: str) -> Path:
    """Where the checkpoint of a capstone's training lies."""
    return loading.ROOT / ".dojo" / "checkpoints" / f"{run_name(name, track, origin)}.checkpoint"


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write it whole or not at all. Unkeepable when it holds what cannot be written; DojoError if the disk refuses."""
    arrays: list[np.ndarray] = []
    parts = [asdict(checkpoint.identity), checkpoint.place, [asdict(point) for point in checkpoint.points]]
    text = json.dumps([_pack(part, arrays) for part in (*parts, checkpoint.source)])
    archive = io.BytesIO()
    named = {f"a{n}": array for n, array in enumerate(arrays)}
    np.savez(archive, text=np.array(text), **named)  # type: ignore[arg-type]
    rest = archive.getvalue()
    digest = hashlib.sha256(rest).hexdigest().encode()
    write_whole(path, lambda temporary: temporary.write_bytes(HEAD + digest + b"\n" + rest))


def load(path: Path) -> Checkpoint:
    """The checkpoint at `path`. DojoError when there is none, or it is damaged."""
    anew = "Train again without --resume."
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DojoError(f"There is no checkpoint to go on from: {path} is missing.", anew) from None
    except OSError as error:
        raise DojoError(f"{path} cannot be read: {error.strerror or error}.", anew) from None
    start = len(HEAD) + DIGEST + 1
    digest, rest = content[len(HEAD) : start - 1], content[start:]
    if not content.startswith(HEAD) or hashlib.sha256(rest).hexdigest().encode() != digest:
        raise DojoError(f"The checkpoint {path} is damaged: its checksum does not fit its contents.", anew)
    try:
        with np.load(io.BytesIO(rest), allow_pickle=False) as archive:
            arrays = [archive[f"a{n}"] for n in range(len(archive.files) - 1)]
            identity, place, points, source = (_unpack(part, arrays) for part in json.loads(str(archive["text"])))
        return Checkpoint(Identity(**identity), place, tuple(Point(**point) for point in points), source)
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DojoError(f"The checkpoint {path} is of another version of the dojo: {error}.", anew) from None


def fitting(path: Path, wanted: Identity) -> Checkpoint:
    """The checkpoint at `path` if it belongs to this training. DojoError says in what it differs, or that it is over."""
    found = load(path)
    if different := found.identity.against(wanted):
        message = f"The checkpoint {path} is of another training: {'; '.join(different)}."
        raise DojoError(message, "Give the options of that training, or train again without --resume.")
    if found.place["epoch"] >= wanted.epochs:
        raise DojoError(
            f"That training is over: the checkpoint {path} has all {wanted.epochs} epochs.",
            "Train again without --resume.",
        )
    return found


def _pack(value: Any, arrays: list[np.ndarray]) -> Any:
    """A value as JSON; arrays go into the list, and their numbers stand for them. Keys and kinds are kept."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise Unkeepable("an array of objects")
        arrays.append(array)
        return {"array" if isinstance(value, np.ndarray) else "number": len(arrays) - 1}
    if isinstance(value, dict):
        return {"dict": [[_pack(key, arrays), _pack(item, arrays)] for key, item in value.items()]}
    if type(value) in (list, tuple):
        return {type(value).__name__: [_pack(item, arrays) for item in value]}
    if value is None or type(value) in (bool, int, float, str):
        return {"plain": value}
    kind = type(value).__name__
    raise Unkeepable(f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}")


def _unpack(packed: dict, arrays: list[np.ndarray]) -> Any:
    ((kind, value),) = packed.items()
    if kind == "array":
        return arrays[value]
    if kind == "number":
        return arrays[value][()]
    if kind == "dict":
        return {_unpack(key, arrays): _unpack(item, arrays) for key, item in value}
    if kind in ("list", "tuple"):
        items = [_unpack(item, arrays) for item in value]
        return items if kind == "list" else tuple(items)
    return value
