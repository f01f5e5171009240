"""Notebooks: made from the katas' own sources, run by a kernel, graded from the command line, and never lost."""

import json
import os
import re

import nbformat
import pytest

from dojo import stubs
from dojo.loading import ROOT, curriculum, mistakes

nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
KATAS = [kata.name for kata in curriculum().katas if "numpy" in kata.tracks]
LARGE = {"transformer"}  # so many parameters that no call of its tests can be written into a cell
SLOW = {"convnet", "char_rnn", "transformer"}


def answer(book, track: str):
    return next(cell for cell in book.cells if cell.id.endswith(f"{track}-answer"))


def put(book, track: str, source: str) -> None:
    """Write `source` as the answer on `track`."""
    cell = answer(book, track)
    cell.source = f"{cell.source.partition(chr(10))[0]}\n{source}"


def needed(kata: str) -> set[str]:
    """The prerequisites of a kata, and theirs."""
    own = curriculum()[kata].prerequisites
    return {*own, *(name for other in own for name in needed(other))}


def reference(kata: str, track: str) -> str:
    text = (ROOT / "solutions" / track / f"{kata}.py").read_text(encoding="utf-8")
    return stubs.SOLUTION_IMPORT.sub(r"\1katas", text)


@pytest.fixture(scope="module")
def books(warm_worker):
    """`books(kata)`: the notebook as `grader.py notebook` writes it."""
    from dojo.notebook import fresh
    from dojo.notebook.build import as_text

    return lambda kata: nbformat.reads(as_text(fresh(curriculum()[kata], curriculum(), warm_worker)), as_version=4)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory, new_checkout):
    """`run(book)`: the outputs of each cell by id, all notebooks in one kernel, which stands in a checkout of its own."""
    checkout = new_checkout(tmp_path_factory.mktemp("kernel") / "checkout")
    environment = os.environ | {
        "PYTHONPATH": str(checkout.root),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    client = nbclient.NotebookClient(nbformat.v4.new_notebook(), kernel_name="python3", timeout=60, allow_errors=True)
    client.create_kernel_manager()
    client.start_new_kernel(env=environment, cwd=str(checkout.root))
    client.start_new_kernel_client()

    def run(book):
        client.nb = book
        client.reset_execution_trackers()
        for index, cell in enumerate(book.cells):
            client.execute_cell(cell, index)
        return {cell.id: cell.outputs for cell in book.cells if cell.cell_type == "code"}

    run.checkout = checkout
    yield run
    client._cleanup_kernel()


def words(outputs) -> str:
    """What the outputs say as text."""
    return "\n".join(
        o.get("text", "") or o.get("data", {}).get("text/plain", "") or o.get("evalue", "") for o in outputs
    )


def image(outputs) -> str:
    return next((o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})), "")


@pytest.mark.parametrize("kata", KATAS)
def test_every_notebook_is_valid_and_has_all_its_parts(books, kata):
    book = books(kata)
    nbformat.validate(book)
    text = "\n".join(cell.source for cell in book.cells)
    spec = curriculum()[kata]
    assert spec.title in text
    assert f"%%kata numpy {kata}" in text
    assert ("%%picture" in text) == (kata not in LARGE)
    assert all(hint in text for hint in spec.hints)
    assert text.count("<details>") == len(spec.hints)
    graded = [cell.metadata["nbgrader"] for cell in book.cells if "nbgrader" in cell.metadata]
    assert [mark["solution"] for mark in graded] == [True, False] * len(spec.tracks)
    assert len({mark["grade_id"] for mark in graded}) == len(graded)
    assert all(mark["points"] > 0 for mark in graded if mark["grade"])


@pytest.mark.slow
@pytest.mark.parametrize("kata", [kata for kata in KATAS if kata not in SLOW])
def test_every_notebook_passes_with_the_reference_in_place_of_the_stub(books, kernel, kata):
    for name in needed(kata):
        kernel.checkout.solve(name, "numpy")
    book = books(kata)
    book.cells = [cell for cell in book.cells if "torch" not in cell.id]
    put(book, "numpy", reference(kata, "numpy"))
    outputs = kernel(book)
    assert f"✓ {kata} (numpy) passed" in words(outputs[answer(book, "numpy").id])
    assert not [o for each in outputs.values() for o in each if o.output_type == "error"]
    pictures = [each for name, each in outputs.items() if name.endswith("picture")]
    assert pictures and all(map(image, pictures))
    assert kernel.checkout.kata(kata).read_text(encoding="utf-8") == reference(kata, "numpy").rstrip() + "\n"


WRONG = ("    dx = dout @ W.T", "    dx = dout @ (x.T @ dout).T")


def test_a_mistake_is_named_in_the_notebook_and_changes_its_picture(books, kernel):
    book = books("affine")
    book.cells = [cell for cell in book.cells if "torch" not in cell.id]
    good = reference("affine", "numpy")
    put(book, "numpy", good)
    right = kernel(book)
    assert good.count(WRONG[0]) == 1
    put(book, "numpy", good.replace(*WRONG))
    outputs = kernel(book)
    said = words(outputs["affine-numpy-answer"])
    assert "[wrong-operand]" in said
    assert "katas/numpy/affine.py:" in said
    assert "text/html" in outputs["affine-numpy-answer"][-1]["data"]
    assert "affine (numpy) has not passed yet: failed" in words(outputs["affine-numpy-check"])
    assert image(outputs["affine-numpy-picture"]) != image(right["affine-numpy-picture"])


def test_the_stub_says_that_it_is_not_started_and_raises_only_in_the_test_cell(books, kernel):
    book = books("mse")
    book.cells = [cell for cell in book.cells if "torch" not in cell.id]
    kernel.checkout.kata("mse").unlink()
    outputs = kernel(book)
    failing = [name for name, each in outputs.items() if any(o.output_type == "error" for o in each)]
    assert failing == ["mse-numpy-check"]
    assert "not started" in words(outputs["mse-numpy-answer"])
    assert "there is nothing to draw" in words(outputs["mse-numpy-picture"])


def test_a_bare_stub_never_takes_the_place_of_work(books, kernel):
    work = kernel.checkout.solve("sgd", "numpy").read_text(encoding="utf-8")
    outputs = kernel(books("sgd"))
    assert "stays as you wrote it" in words(outputs["sgd-numpy-answer"])
    assert kernel.checkout.kata("sgd").read_text(encoding="utf-8") == work


def test_what_a_cell_replaces_is_kept(books, kernel):
    kernel.checkout.solve("perplexity", "numpy")
    before = kernel.checkout.kata("perplexity").read_text(encoding="utf-8")
    book = books("perplexity")
    put(book, "numpy", "import math\n\n\ndef perplexity(mean_nll):\n    return math.exp(mean_nll)\n")
    said = words(kernel(book)["perplexity-numpy-answer"])
    kept = re.search(r"is kept as\s+(\S+)", said)
    assert kept, said
    assert (kernel.checkout.root / kept[1]).read_text(encoding="utf-8") == before


# ---------------------------------------------------------------------- writing and grading from the command line


def test_a_notebook_somebody_has_worked_in_is_left_alone_until_asked_again(checkout):
    path = checkout.root / "notebooks" / "softmax.ipynb"
    assert "written" in checkout.grader("notebook", "softmax").stdout
    assert "is there already" in checkout.grader("notebook", "softmax").stdout
    book = nbformat.read(path, as_version=4)
    put(book, "numpy", "# mine\n")
    nbformat.write(book, path)
    worked = path.read_text(encoding="utf-8")
    assert "left alone" in checkout.grader("notebook", "softmax").stdout
    assert path.read_text(encoding="utf-8") == worked
    said = checkout.grader("notebook", "softmax", "--again").stdout
    kept = re.search(r"is kept as\s+(\S+)", said)
    assert (checkout.root / kept[1]).read_text(encoding="utf-8") == worked


def test_a_notebook_is_written_anew_when_its_sources_change_and_nobody_has_worked_in_it(checkout):
    path = checkout.root / "notebooks" / "softmax.ipynb"
    checkout.grader("notebook", "softmax")
    book = nbformat.read(path, as_version=4)
    answer(book, "numpy").outputs = [nbformat.v4.new_output("stream", text="what running it has left")]
    nbformat.write(book, path)
    assert "is there already" in checkout.grader("notebook", "softmax").stdout
    solution = checkout.root / "solutions" / "numpy" / "softmax.py"
    text = solution.read_text(encoding="utf-8")
    solution.write_text(text.replace("Turn scores", "Make scores"), encoding="utf-8")
    said = checkout.grader("notebook", "softmax").stdout
    assert "written; what stood there is kept as" in said
    assert "Make scores" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"cells": 1}', '{"cells": [], "metadata": 3}', '{"cells": [{"id": 1}]}']
)
def test_what_is_no_notebook_is_never_written_over_by_itself(checkout, text):
    path = checkout.root / "notebooks" / "mse.ipynb"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    assert "is left alone" in checkout.grader("notebook", "mse").stdout
    assert path.read_text(encoding="utf-8") == text


def test_the_command_line_grades_the_cells_of_a_notebook(books, checkout):
    book = books("softmax")
    put(
        book,
        "numpy",
        reference("softmax", "numpy").replace("return exps / exps.sum(axis=-1, keepdims=True)", "return exps"),
    )
    put(book, "torch", reference("softmax", "torch"))
    path = checkout.root / "mine.ipynb"
    nbformat.write(book, path)
    done = checkout.grader("check", "mine.ipynb", "--json")
    numpy, torch = map(json.loads, done.stdout.splitlines())
    assert (numpy["track"], numpy["status"], torch["track"]) == ("numpy", "failed", "torch")
    assert numpy["findings"][0]["causes"][0]["cause"] == "not-normalised"
    finding = numpy["findings"][0]
    cell = book.cells[int(finding["file"].partition("#")[2]) - 1]
    assert cell.source.splitlines()[finding["line"] - 1].startswith("def softmax(")
    assert done.returncode == 1
    assert (
        not (checkout.root / ".dojo" / "progress.sqlite").exists()
        or "softmax" not in checkout.grader("--json").stdout.split("passed")[0]
    )


def code(*sources: str) -> dict:
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "execution_count": None, "source": s}
        for n, s in enumerate(sources)
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}


BAD = {
    "not JSON": ("{", "it is not JSON (line 1)"),
    "not a notebook": ("[1, 2]", "is JSON, but not a notebook"),
    "of a newer format": (json.dumps(code("x") | {"nbformat": 5}), "is a notebook of format 5; format 4 is read here"),
    "without a kata cell": (json.dumps(code("import numpy")), "has no kata cell"),
    "with a kata twice": (
        json.dumps(code("%%kata numpy mse\n", "%%kata numpy mse\n")),
        "more than once, in the cells 1 and 2",
    ),
    "with an unknown kata": (
        json.dumps(code("%%kata numpy sofmax\n")),
        "cell 1: There is no kata called 'sofmax'. Did you mean softmax?",
    ),
    "with an unknown track": (json.dumps(code("%%kata jax softmax\n")), "cell 1: There is no track 'jax'."),
    "without a name": (json.dumps(code("%%kata numpy\n")), "cell 1: `%%kata numpy` does not say which kata."),
    "full of outputs": (json.dumps(code("x" * 40_000_000)), "has 38 MB, most of it outputs"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_notebook_that_cannot_be_graded_says_why(name, tmp_path):
    from dojo.errors import DojoError
    from dojo.notebook.reading import kata_cells

    text, words = BAD[name]
    path = tmp_path / "bad.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DojoError, match=re.escape(words)):
        kata_cells(path, curriculum())
    assert path.read_text(encoding="utf-8") == text


def test_a_picture_cell_shows_a_function_that_the_bank_has_mistakes_for():
    from dojo.notebook import picture
    from dojo.running.client import Worker

    with Worker() as worker:
        shown = re.search(r"# (\w+)\(", picture(curriculum()["affine"], "numpy", worker))[1]
    assert shown in {entry.__name__ for entry in mistakes("affine")}


def test_show_draws_whatever_has_numbers():
    np = pytest.importorskip("numpy")
    from dojo.notebook.showing import show

    figure = show(
        one=3.0,
        row=np.arange(4.0),
        square=np.eye(3),
        deep=np.ones((2, 3, 4)),
        parts={"W": np.eye(2)},
        several=(np.eye(2), np.ones(3)),
    )
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.axison]
    assert titles == [
        "one  a number",
        "row  4",
        "square  3 × 3",
        "deep[0]",
        "deep[1]",
        "parts[W]  2 × 2",
        "several[0]  2 × 2",
        "several[1]  3",
    ]
    with pytest.raises(TypeError, match="text has no numbers to draw"):
        show(text=np.array(["a"]))
