"""Making a kata's notebook from what stands in the repository already: docstrings, stubs, hints, and a call of its tests."""

import inspect
import textwrap
from hashlib import sha256

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from dojo import stubs
from dojo.curriculum import Curriculum, Kata
from dojo.loading import solution_path
from dojo.notebook.source import Described, described

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
FAMILIAR = "`%%kata` saves the cell as the kata's file and says at once what is right and what is not."


def made(kata: Kata, curriculum: Curriculum, pictures: dict[str, str]) -> NotebookNode:
    """The notebook of a kata, the same at every call. `pictures` has the code of its picture cell by track."""
    track = kata.tracks[0]
    cells = [_idea(kata, curriculum), _task(kata, track), _code(kata, "set-up", "%load_ext dojo")]
    for each in kata.tracks:
        if each != track:
            cells.append(_markdown(kata, f"{each}-note", _other_track(kata, each)))
        cells += [_answer(kata, each), _test(kata, each)]
        if each in pictures:
            cells += [_markdown(kata, f"{each}-look", LOOK), _code(kata, f"{each}-picture", pictures[each])]
    cells += [_hints(kata), _reading(kata)]
    own = {"kata": kata.name, "cells": fingerprint([(cell.id, cell.source) for cell in cells])}
    book = new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "dojo": own})
    nbformat.validate(book)
    return book


LOOK = "What your functions do to one input. Change the numbers, run the cell again, and see what follows."


def fingerprint(cells: list[tuple[str, str]]) -> str:
    """A hash of the names and texts of cells: as long as it fits, nobody has worked in a notebook."""
    return sha256("".join(f"{name}\n{text}\n" for name, text in cells).encode("utf-8", "surrogatepass")).hexdigest()


def as_text(book: NotebookNode) -> str:
    """The notebook as its file has it."""
    return nbformat.writes(book) + "\n"


# ---------------------------------------------------------------------- the cells


def _idea(kata: Kata, curriculum: Curriculum) -> NotebookNode:
    chapter = next(chapter for chapter in curriculum.chapters if chapter.number == kata.chapter)
    needs = f" · needs {', '.join(kata.prerequisites)}" if kata.prerequisites else ""
    place = f"Chapter {chapter.number}, {chapter.title}{needs}"
    module = described(solution_path(kata.name, kata.tracks[0]))
    return _markdown(kata, "idea", f"# {kata.name}: {kata.title}\n\n{place}\n\n{module.says}")


def _task(kata: Kata, track: str) -> NotebookNode:
    source = described(solution_path(kata.name, track))
    parts = [_function(function) for function in source.functions]
    return _markdown(kata, "task", "\n\n".join(["## The task", FAMILIAR, *parts]))


def _function(function: Described) -> str:
    shapes = [f"`{name}`: {shape}" for name, shape in function.shapes.items()]
    return "\n\n".join(part for part in (f"### {function.call}", " · ".join(shapes), function.says) if part)


def _other_track(kata: Kata, track: str) -> str:
    gone = [name for name in _names(kata, kata.tracks[0]) if name not in _names(kata, track)]
    autograd = (
        f" Autograd gives the derivative, so {', '.join(f'`{name}`' for name in gone)} need not be written."
        * bool(gone)
    )
    return f"## The same in {'PyTorch' if track == 'torch' else track}\n\n{autograd.strip()}".rstrip()


def _names(kata: Kata, track: str) -> list[str]:
    return list(stubs.functions(solution_path(kata.name, track).read_text(encoding="utf-8")))


def _answer(kata: Kata, track: str) -> NotebookNode:
    stub = stubs.make_stub(solution_path(kata.name, track).read_text(encoding="utf-8"))
    cell = _code(kata, f"{track}-answer", f"%%kata {track} {kata.name}\n{stub}".rstrip())
    cell.metadata["nbgrader"] = _nbgrader(kata, f"{track}-answer", solution=True)
    return cell


def _test(kata: Kata, track: str) -> NotebookNode:
    cell = _code(kata, f"{track}-check", f"%check {track} {kata.name}")
    points = len(_names(kata, track))
    cell.metadata["nbgrader"] = _nbgrader(kata, f"{track}-check", grade=True, locked=True, points=points)
    return cell


def _nbgrader(kata: Kata, name: str, grade=False, locked=False, solution=False, points: int | None = None) -> dict:
    """A cell's metadata in nbgrader's schema 3, so that a teacher can assign and collect the notebook as it is."""
    marks = {"grade": grade, "grade_id": _id(kata, name), "locked": locked, "schema_version": 3}
    return marks | {"solution": solution, "task": False} | ({"points": points} if points is not None else {})


def _hints(kata: Kata) -> NotebookNode:
    folded = [
        f"<details>\n<summary>Hint {n} of {len(kata.hints)}</summary>\n\n{hint}\n\n</details>"
        for n, hint in enumerate(kata.hints, start=1)
    ]
    return _markdown(kata, "hints", "\n\n".join(["## Hints, from mild to explicit", *folded]))


def _reading(kata: Kata) -> NotebookNode:
    sources = "\n".join(f"- {_linked(source)}" for source in kata.references)
    return _markdown(kata, "reading", f"## To read\n\n{sources}")


def _linked(source: str) -> str:
    """A reference whose address, if it ends with one, can be clicked."""
    words, _, address = source.rpartition(" ")
    return f"{words} <{address}>" if address.startswith(("http://", "https://")) else source


def _markdown(kata: Kata, name: str, text: str) -> NotebookNode:
    return new_markdown_cell(inspect.cleandoc(text) if text.startswith("\n") else text, id=_id(kata, name))


def _code(kata: Kata, name: str, text: str) -> NotebookNode:
    return new_code_cell(textwrap.dedent(text), id=_id(kata, name))


def _id(kata: Kata, name: str) -> str:
    return f"{kata.name}-{name}".replace("_", "-")
