"""Reading a notebook that somebody has worked in: its kata cells, and what is wrong with it when there are none."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from dojo.curriculum import TRACKS, Curriculum
from dojo.errors import DojoError, nearest

LARGEST = 32 * 2**20  # bytes of a notebook; a kata's own is a hundredth of one
FORMAT = 4
MAGIC = re.compile(r"\A\s*%%kata\b[ \t]*(.*)\n?")


@dataclass(frozen=True)
class KataCell:
    """The answer to `kata` on `track` in cell number `cell` (from 1), with the line (from 1) on which its text begins."""

    kata: str
    track: str
    source: str
    cell: int
    begins: int


def kata_cells(path: Path, curriculum: Curriculum) -> list[KataCell]:
    """The kata cells of the notebook at `path`, in order. DojoError when it cannot be read or has none, or one twice."""
    cells = [
        found
        for number, cell in enumerate(_cells(path), start=1)
        if (found := _kata_cell(cell, number, path, curriculum))
    ]
    if not cells:
        step = f"A kata cell begins with `%%kata numpy NAME`; `python grader.py notebook {path.stem}` writes them."
        raise DojoError(f"{path} has no kata cell.", step)
    for (kata, track), count in Counter((cell.kata, cell.track) for cell in cells).items():
        if count > 1:
            where = " and ".join(str(cell.cell) for cell in cells if (cell.kata, cell.track) == (kata, track))
            raise DojoError(
                f"{path} answers {kata} ({track}) more than once, in the cells {where}.", "Keep one of them."
            )
    return cells


def _cells(path: Path) -> list[dict]:
    """The cells of a notebook of format 4; their outputs are not looked at."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise DojoError(
                f"{path} has {size / 2**20:.0f} MB, most of it outputs; up to {LARGEST / 2**20:.0f} MB are read.",
                "Clear its outputs (in Jupyter: Kernel, Restart and Clear Outputs), save, and check it again.",
            )
        book = json.loads(path.read_bytes().decode("utf-8"))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DojoError(f"{path} is not a notebook: {error.strerror}.", "Give the path of an .ipynb file.") from None
    except OSError as error:
        raise DojoError(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise DojoError(
            f"{path} is not a notebook: it is not JSON{place}.", "A backup may stand in .dojo/backups."
        ) from None
    found = book.get("nbformat") if isinstance(book, dict) else None
    if isinstance(found, int) and found != FORMAT:
        step = "Save it as format 4 (in Jupyter: an up-to-date version does so), then check it again."
        raise DojoError(f"{path} is a notebook of format {found}; format {FORMAT} is read here.", step)
    cells = book.get("cells") if isinstance(book, dict) else None
    if found is None or not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise DojoError(f"{path} is JSON, but not a notebook.", "Give the path of an .ipynb file that Jupyter opens.")
    return cells


def _kata_cell(cell: dict, number: int, path: Path, curriculum: Curriculum) -> KataCell | None:
    source = cell.get("source", "")
    text = "".join(source) if isinstance(source, list) else str(source)
    match = MAGIC.match(text)
    if cell.get("cell_type") != "code" or match is None:
        return None
    try:
        track, kata = parsed(match[1], curriculum)
    except DojoError as error:
        raise DojoError(f"{path}, cell {number}: {error.args[0]}", error.next_step) from None
    return KataCell(kata, track, text[match.end() :], number, text[: match.end()].count("\n") + 1)


def parsed(line: str, curriculum: Curriculum) -> tuple[str, str]:
    """Track and kata of the words behind `%%kata`. DojoError suggests the nearest."""
    words = line.split()
    if len(words) != 2:
        raise DojoError(
            f"`%%kata {line.strip()}` does not say which kata.", "Write `%%kata numpy NAME` or `%%kata torch NAME`."
        )
    track, name = words
    if track not in TRACKS:
        raise DojoError(
            f"There is no track {track!r}.", nearest(track, list(TRACKS)) or f"It is {' or '.join(TRACKS)}."
        )
    kata = curriculum[name]
    if track not in kata.tracks:
        raise DojoError(f"{name} has no {track} track.", f"`%%kata {kata.tracks[0]} {name}` is there.")
    return track, name
