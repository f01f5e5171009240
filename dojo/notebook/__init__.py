"""Notebooks of the katas: written from the same sources as everything else, and graded through the same door."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from dojo.curriculum import Curriculum, Kata
from dojo.loading import ROOT
from dojo.running.client import Worker

FOLDER = ROOT / "notebooks"
PICTURE = """%%picture
# {calls}
import numpy as np

{lines}

show(
{arguments},
)"""


def write(
    katas: Iterable[Kata], curriculum: Curriculum, worker: Worker, again: bool = False
) -> Iterator[tuple[Path, str]]:
    """Write the notebooks of `katas`; yields each path with what became of it.

    A notebook whose cells somebody has changed is left alone, unless `again`. What is replaced is kept as a copy.
    """
    from dojo.grading import backup, write_atomically
    from dojo.notebook.build import as_text

    for kata in katas:
        path, book = FOLDER / f"{kata.name}.ipynb", fresh(kata, curriculum, worker)
        if cells_of(path) == cells_of(book):
            yield path, "is there already"
        elif path.exists() and not again and not untouched(path):
            yield path, "is left alone, because you have worked in it; `--again` writes it anew and keeps a copy"
        else:
            kept = backup(path, ROOT / ".dojo" / "backups")
            write_atomically(path, as_text(book))
            yield path, "written" + (f"; what stood there is kept as {kept.relative_to(ROOT)}" if kept else "")


def fresh(kata: Kata, curriculum: Curriculum, worker: Worker):
    """The notebook of a kata as it is made, with the calls that its picture cells show taken from the tests."""
    from dojo.notebook.build import made

    return made(kata, curriculum, {track: code for track in kata.tracks[:1] if (code := picture(kata, track, worker))})


def picture(kata: Kata, track: str, worker: Worker) -> str:
    """The code of a kata's picture cell; empty when no call of its tests can be written down."""
    shown = worker.check(kata.name, track, origin="solutions", explain=False, example=True).get("example", [])
    if not shown:
        return ""
    first = next((each for each in shown if each["axes"]), shown[0])
    chosen = [first, *(other for other in shown if other["function"] == f"{first['function']}_backward")]
    lines = list(dict.fromkeys(line for each in chosen for line in each["lines"]))
    arrays = {name: name for each in chosen for name in each["arrays"]}
    calls = {each["function"]: f"{each['function']}({', '.join(each['arguments'])})" for each in chosen}
    arguments = ",\n".join(f"    {name}={value}" for name, value in (arrays | calls).items())
    return PICTURE.format(calls=" and ".join(calls.values()), lines="\n".join(lines), arguments=arguments)


def cells_of(book: Path | dict) -> list[tuple[str, str]] | None:
    """The names and texts of a notebook's cells, without what running them has left; None where there is none to read."""
    import json

    try:
        content = json.loads(book.read_text(encoding="utf-8")) if isinstance(book, Path) else book
        return [(cell["id"], "".join(cell["source"])) for cell in content["cells"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def untouched(path: Path) -> bool:
    """Whether the cells of a notebook are still those that were written, as its own metadata tells."""
    import json

    from dojo.notebook.build import fingerprint

    cells = cells_of(path)
    if cells is None:
        return False
    metadata = json.loads(path.read_text(encoding="utf-8")).get("metadata")
    own = metadata.get("dojo") if isinstance(metadata, dict) else None
    return isinstance(own, dict) and own.get("cells") == fingerprint(cells)


def stale(path: Path, book: dict) -> bool:
    """Whether the notebook at `path` is as it was written once, and `book` is what would be written now."""
    return untouched(path) and cells_of(path) != cells_of(book)


def grade(path: Path, curriculum: Curriculum, worker: Worker) -> Iterator[dict]:
    """A verdict for each kata cell of the notebook at `path`; files and lines are those of the notebook's cells."""
    from dojo.notebook.reading import kata_cells

    for cell in kata_cells(path, curriculum):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{cell.kata}.py"
            file.write_text(cell.source, encoding="utf-8")
            verdict = worker.check(cell.kata, cell.track, file=file)
        verdict["file"] = str(path)
        for finding in verdict["findings"]:
            if finding.get("file") == str(file):
                finding |= {"file": f"{path}#{cell.cell}", "line": finding["line"] + cell.begins - 1}
        yield verdict
