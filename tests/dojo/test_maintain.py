"""For those who add katas: what sync writes, what check finds, what new lays out, and how the score counts."""

import dataclasses
import json
import tomllib
from types import SimpleNamespace

import pytest
from rich.console import Console

from dojo import agreement, notebook, scoring, stubs
from dojo.layout import entry
from dojo.loading import curriculum
from dojo.maintain import show_score
from dojo.notebook import build
from dojo.running.client import Worker
from dojo.scoring import Case, Score, cases

# ---------------------------------------------------------------------- sync


def test_sync_leaves_a_checkout_that_is_current_as_it_is(checkout):
    done = checkout.maintain("sync")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_sync_writes_missing_and_outdated_stubs_and_leaves_edited_ones_alone(checkout):
    checkout.kata("affine").unlink()
    outdated = checkout.kata("softmax", "torch")
    current = outdated.read_text(encoding="utf-8")
    outdated.write_text(current.replace("Turn scores", "Make scores"), encoding="utf-8")
    edited = checkout.solve("mse")
    mine = edited.read_text(encoding="utf-8")
    half = checkout.kata("perplexity")
    half.write_text(half.read_text().replace('raise NotImplementedError("entropy")', "return 0"), encoding="utf-8")
    broken = checkout.kata("shapes")
    broken.write_text("def inner(a, b:\n", encoding="utf-8")
    done = checkout.maintain("sync")
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == [
        "left alone, it is edited: katas/numpy/mse.py (`grader.py reset mse` brings the stub)",
        "left alone, it is edited: katas/numpy/perplexity.py (`grader.py reset perplexity` brings the stub)",
        "left alone, it is edited: katas/numpy/shapes.py (`grader.py reset shapes` brings the stub)",
        "wrote katas/numpy/affine.py",
        "wrote katas/torch/softmax.py",
    ]
    assert edited.read_text(encoding="utf-8") == mine
    assert outdated.read_text(encoding="utf-8") == current
    checked = checkout.maintain("check", "--quick")
    assert checked.returncode == 0, "what somebody has edited is no disagreement"


# ---------------------------------------------------------------------- check


def append(path, text):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def replace(path, old, new, count=-1):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def write(path, text):
    path.write_text(text, encoding="utf-8")


def rename_in_torch(root):
    replace(root / "solutions" / "torch" / "affine.py", "def affine(", "def layer(")
    write(root / "katas/torch/affine.py", stubs.make_stub((root / "solutions/torch/affine.py").read_text()))


def repeat_a_hint(root):
    one, other = (json.dumps(kata.hints[0], ensure_ascii=False) for kata in curriculum().katas[:2])
    replace(root / "katas" / "curriculum.toml", other, one)


def entries(name: str, count: int) -> str:
    return f'\n\n@mistake("ties", says="one")\ndef {name}(*args):\n    return 0\n' * count


BROKEN = {  # what is wrong: (how to make it so, what check says); all of it is wrong at once, in different katas
    "a missing stub": (
        lambda root: (root / "katas" / "numpy" / "affine.py").unlink(),
        "katas/numpy/affine.py is missing: `python -m dojo.maintain sync` writes stubs",
    ),
    "a missing solution": (
        lambda root: (root / "solutions" / "torch" / "network.py").unlink(),
        "solutions/torch/network.py is missing",
    ),
    "missing tests": (lambda root: (root / "tests/katas/test_sgd.py").unlink(), "tests/katas/test_sgd.py is missing"),
    "a missing derivation": (
        lambda root: (root / "solutions" / "derivations" / "sgd.md").unlink(),
        "solutions/derivations/sgd.md is missing: write it",
    ),
    "an unlisted stub": (
        lambda root: write(root / "katas" / "torch" / "extra.py", "x = 1\n"),
        "katas/torch/extra.py is not on the map: add it to katas/curriculum.toml or remove it",
    ),
    "unlisted tests": (
        lambda root: write(root / "tests" / "katas" / "test_extra.py", "x = 1\n"),
        "tests/katas/test_extra.py belongs to no kata of the map",
    ),
    "unlisted mistakes": (
        lambda root: write(root / "solutions" / "mistakes" / "extra.py", "x = 1\n"),
        "solutions/mistakes/extra.py belongs to no kata of the map",
    ),
    "a changed stub": (
        lambda root: replace(root / "katas" / "numpy" / "softmax.py", "import numpy as np", "import numpy"),
        "katas/numpy/softmax.py is not what its solution makes: run `python -m dojo.maintain sync`",
    ),
    "names that differ between the tracks": (
        rename_in_torch,
        "affine: numpy has affine; torch has layer: give both the same names and order",
    ),
    "a hint that serves twice": (repeat_a_hint, "affine: a hint also serves shapes; write one of its own"),
    "too few mistakes": (
        lambda root: write(
            root / "solutions" / "mistakes" / "mse.py", f"from solutions.mistakes import mistake{entries('mse', 1)}"
        ),
        "mse: 1 mistakes; write at least 6 in solutions/mistakes/mse.py",
    ),
    "one cause twice": (
        lambda root: append(root / "solutions" / "mistakes" / "sgd.py", entries("accuracy", 2)),
        "sgd: two mistakes of accuracy have the cause ties",
    ),
    "a mistake about nothing": (
        lambda root: append(root / "solutions" / "mistakes" / "gradcheck.py", entries("nothing", 1)),
        "gradcheck: a mistake overrides nothing, which the reference does not define",
    ),
    "mistakes that do not import": (
        lambda root: append(root / "solutions" / "mistakes" / "perplexity.py", "\nimport nowhere_at_all\n"),
        "solutions/mistakes/perplexity.py does not import: ModuleNotFoundError: No module named 'nowhere_at_all'; mend it",
    ),
    "a solution that is not Python": (
        lambda root: write(root / "solutions" / "numpy" / "cross_entropy.py", "def mse(y:\n"),
        "solutions/numpy/cross_entropy.py:1: is not Python: '(' was never closed; mend it",
    ),
}


@pytest.fixture(scope="module")
def complaints(once, new_checkout) -> list[str]:
    """What `maintain check --quick` prints about a checkout where everything in BROKEN is wrong."""

    def make(folder):
        checkout = new_checkout(folder / "checkout")
        for break_it, _ in BROKEN.values():
            break_it(checkout.root)
        done = checkout.maintain("check", "--quick")
        write(folder / "output", f"{done.stdout}{done.stderr}exit code {done.returncode}")

    return (once("maintain-check", make) / "output").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", BROKEN)
def test_check_finds(complaints, name):
    _, words = BROKEN[name]
    assert [complaint for complaint in complaints if complaint.startswith(words)], complaints


def test_check_counts_its_complaints_and_leaves_with_1(complaints):
    *listed, count, code = complaints
    assert count == f"maintain check: {len(listed)} complaints"
    assert code == "exit code 1"


def test_check_finds_a_whole_checkout_in_agreement_from_anywhere(checkout, tmp_path):
    done = checkout.maintain("check", "--quick", cwd=tmp_path, PYTHONPATH=str(checkout.root))
    assert (done.returncode, done.stdout) == (0, "maintain check: everything agrees\n"), done.stderr


@pytest.fixture(scope="module")
def worker():
    with Worker() as started:
        yield started


def only(monkeypatch, *names: str) -> None:
    """Let `agreement` see these katas only."""
    katas = [curriculum()[name] for name in names]
    monkeypatch.setattr(agreement, "curriculum", lambda: SimpleNamespace(katas=katas, chapters=curriculum().chapters))


def test_check_finds_a_notebook_that_is_not_what_its_sources_make(worker, tmp_path, monkeypatch):
    monkeypatch.setattr(agreement, "ROOT", tmp_path)
    monkeypatch.setattr(notebook, "FOLDER", tmp_path / "notebooks")
    only(monkeypatch, "softmax", "mse")
    assert list(agreement.complaints_of_notebooks(worker)) == []
    old, worked = (notebook.fresh(curriculum()[name], curriculum(), worker) for name in ("softmax", "mse"))
    for book in (old, worked):
        book.cells[0].source += "\n\nas it once was"
        cells = [(cell.id, cell.source) for cell in book.cells]
        book.metadata["dojo"]["cells"] = build.fingerprint(cells)
    worked.cells[1].source += "\n\na note of mine"
    notebook.FOLDER.mkdir()
    write(notebook.FOLDER / "softmax.ipynb", build.as_text(old))
    write(notebook.FOLDER / "mse.ipynb", build.as_text(worked))
    assert list(agreement.complaints_of_notebooks(worker)) == [
        "notebooks/softmax.ipynb is not what its sources make: `python grader.py notebook softmax` writes it anew"
    ]


def test_check_finds_a_notebook_that_cannot_be_made(worker, monkeypatch):
    def fails(*_):
        raise KeyError("cells")

    only(monkeypatch, "softmax")
    monkeypatch.setattr(build, "made", fails)
    (complaint,) = agreement.complaints_of_notebooks(worker)
    assert complaint.startswith("the notebook of softmax cannot be made: KeyError: 'cells'; see dojo/notebook/build.py")


def test_check_finds_a_stub_that_is_judged_as_begun(worker, monkeypatch):
    only(monkeypatch, "mse")
    assert list(agreement.complaints_of_stubs(worker)) == []
    monkeypatch.setattr(agreement, "stub_of", lambda *_: "def mse(y, target):\n    return 0\n")
    complaints = list(agreement.complaints_of_stubs(worker))
    assert complaints[0] == "the numpy stub of mse is judged failed, not not-started: see dojo/stubs.py"


# ---------------------------------------------------------------------- new


def test_new_lays_out_a_kata_that_passes_once_it_is_on_the_map(checkout):
    last = str(curriculum().chapters[-1].number)
    done = checkout.maintain("new", "squash", "--chapter", last, "--title", 'a "small" one')
    assert done.returncode == 0, done.stderr
    assert "wrote solutions/numpy/squash.py" in done.stdout
    assert "CONTRIBUTING.md says the rest" in done.stdout
    text = done.stdout[done.stdout.index("[[kata]]") : done.stdout.index("then write the reference")]
    append(checkout.root / "katas" / "curriculum.toml", f"\n{text}")
    assert checkout.maintain("sync").stdout.splitlines()[:2] == [
        "wrote katas/numpy/squash.py",
        "wrote katas/torch/squash.py",
    ]
    checked = checkout.maintain("check", "--quick")
    assert checked.stdout.splitlines()[0] == "squash: 1 mistakes; write at least 6 in solutions/mistakes/squash.py"
    assert checked.stdout.splitlines()[1] == "maintain check: 1 complaint"
    assert checkout.verdict("squash", "--file", "solutions/numpy/squash.py")["status"] == "passed"
    assert checkout.verdict("squash")["status"] == "not-started"


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("softmax", "there is a kata called softmax already"),
        ("two words", "'two words' is not a name for a kata"),
        ("class", "'class' is not a name for a kata"),
        ("_hidden", "'_hidden' is not a name for a kata"),
    ],
)
def test_new_refuses_a_name_that_cannot_be(quiet_checkout, name, complaint):
    done = quiet_checkout.maintain("new", name, "--chapter", "1")
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.split())


def test_new_writes_nothing_when_one_of_its_files_is_there(checkout):
    (checkout.root / "tests" / "katas" / "test_squash.py").write_text("mine\n")
    done = checkout.maintain("new", "squash", "--chapter", "1")
    assert done.returncode == 2
    assert "tests/katas/test_squash.py exists already; move it away first" in " ".join(done.stderr.split())
    assert not (checkout.root / "solutions" / "numpy" / "squash.py").exists()


def test_the_entry_of_a_new_kata_is_toml_whatever_its_title():
    (found,) = tomllib.loads(entry("squash", 3, 'a "b" and \\c'))["kata"]
    assert (found["name"], found["chapter"], found["title"]) == ("squash", 3, 'a "b" and \\c')
    assert len(set(found["hints"])) == 3


# ---------------------------------------------------------------------- score


RIGHT = Case("affine", "numpy", "solutions")
WRONG = Case("affine", "numpy", "mistake:affine_backward:extra-mean", "extra-mean", "affine_backward", "db")


def verdict(status="failed", function="affine_backward", tensor="db", causes=("extra-mean",), **more) -> dict:
    named = [{"cause": cause, "says": "", "matched": "bank"} for cause in causes]
    finding = {"function": function, "tensor": tensor, "facts": "differs", "test": "test_it", "causes": named}
    return {"status": status, "findings": [finding] if status == "failed" else [], **more}


def tally(*entries) -> Score:
    score = Score()
    for case, found in entries:
        score.enter(case, found)
    return score


def left_out(case: Case) -> Case:
    return dataclasses.replace(case, left_out=True)


def test_a_perfect_score_meets_every_bar():
    score = tally((RIGHT, verdict("passed")), (WRONG, verdict()), (left_out(WRONG), verdict()))
    assert score.row() == ["1/1", "1/1", "1/1", "100%", "0%", "100%", "0%"]
    assert score.below() == []
    assert score.complaints == []


def test_a_right_answer_that_is_refused_is_below_the_bar():
    score = tally((RIGHT, verdict(function=None, tensor=None)))
    assert score.row()[0] == "0/1"
    assert score.below() == ["1 right answers are refused"]
    assert "affine (numpy) solutions: a right answer is refused" in score.complaints[0]


def test_a_wrong_answer_that_passes_is_below_the_bar():
    score = tally((WRONG, verdict("passed")))
    assert score.row()[1:4] == ["0/1", "0/1", "0%"]
    assert score.below()[0] == "1 wrong answers pass"
    assert any("a wrong answer passes" in complaint for complaint in score.complaints)


def test_a_wrong_answer_put_down_to_another_tensor_is_below_the_bar():
    score = tally((WRONG, verdict(tensor="dW")))
    assert score.row()[1:4] == ["1/1", "0/1", "100%"]
    assert score.below() == ["1 wrong answers are put down to another function or tensor"]


def test_a_wrong_name_and_no_name_are_told_apart():
    misnamed, unnamed = tally((WRONG, verdict(causes=("ties",)))), tally((WRONG, verdict(causes=())))
    assert misnamed.row()[3:5] == ["0%", "100%"]
    assert unnamed.row()[3:5] == ["0%", "0%"]
    assert misnamed.below() == ["named: 0.0% (bar: 98%)", "misnamed: 100.0% (bar: 2%)"]
    assert unnamed.below() == ["named: 0.0% (bar: 98%)"]
    assert misnamed.complaints[0].endswith("named ties by bank, with the bank")
    assert unnamed.complaints[0].endswith("named nothing, with the bank")


def test_only_the_first_cause_counts():
    assert tally((WRONG, verdict(causes=("ties", "extra-mean")))).row()[3] == "0%"
    assert tally((WRONG, verdict(causes=("extra-mean", "ties")))).row()[3] == "100%"


def test_cases_without_their_entry_are_tallied_on_their_own():
    named = [(left_out(WRONG), verdict())] * 3
    score = tally((WRONG, verdict()), *named, (left_out(WRONG), verdict(causes=())))
    assert score.row() == ["0/0", "1/1", "1/1", "100%", "0%", "75%", "0%"]
    assert score.below() == []
    score.enter(left_out(WRONG), verdict(causes=()))
    assert score.below() == ["named without its entry: 60.0% (bar: 75%)"]


def test_misnamed_counts_both_kinds_against_one_bar():
    score = tally(*[(WRONG, verdict())] * 60, *[(left_out(WRONG), verdict())] * 40)
    score.enter(left_out(WRONG), verdict(causes=("ties",)))
    score.enter(left_out(WRONG), verdict(causes=("ties",)))
    assert score.below() == []
    score.enter(left_out(WRONG), verdict(causes=("ties",)))
    assert score.below() == ["misnamed: 2.9% (bar: 2%)"]


def test_a_diagnosis_that_fails_itself_is_told():
    score = tally((WRONG, verdict(defect="Traceback\nKeyError: 'x'")))
    assert score.complaints == [f"{WRONG.text}: the diagnosis itself failed: KeyError: 'x'"]


def test_nothing_judged_shows_no_percentage():
    assert Score().row() == ["0/0", "0/0", "0/0", "–", "–", "–", "–"]
    assert Score().below() == []


def test_a_track_that_cannot_run_here_has_no_cases(monkeypatch):
    monkeypatch.setattr(scoring, "alternatives", lambda kata, track: {f"{kata}__of_{track}": None})
    assert {case.track for case in cases(curriculum()["softmax"], ["numpy"])} == {"numpy"}
    assert {case.track for case in cases(curriculum()["softmax"])} == {"numpy", "torch"}


def test_every_known_answer_to_a_kata_is_a_case():
    pytest.importorskip("torch")
    found = cases(curriculum()["softmax"])
    assert {(case.track, case.origin) for case in found if case.cause is None} >= {
        ("numpy", "solutions"),
        ("torch", "solutions"),
    }
    wrong = [case for case in found if case.cause is not None]
    assert wrong
    assert sum(case.left_out for case in wrong) * 2 == len(wrong)
    assert all(case.origin == f"mistake:{case.function}:{case.cause}" for case in wrong)


def test_the_score_shows_a_row_per_kata_and_returns_what_is_below(monkeypatch, capsys):
    chosen = [curriculum()["softmax"], curriculum()["affine"]]
    monkeypatch.setattr(scoring, "alternatives", lambda kata, track: {})
    monkeypatch.setattr(scoring, "judge_all", lambda todo, on_each: [(case, verdict("passed")) for case in todo])
    below = show_score(Console(width=120), chosen, as_json=False, verbose=True)
    text = capsys.readouterr().out
    for name in ("softmax", "affine", "all", "with the entry under test left out"):
        assert name in text
    assert any(complaint.endswith("wrong answers pass") for complaint in below)
    assert "a wrong answer passes" in text


def test_the_score_as_json_is_one_case_per_line(monkeypatch, capsys):
    monkeypatch.setattr(scoring, "alternatives", lambda kata, track: {})
    monkeypatch.setattr(scoring, "judge_all", lambda todo, on_each: [(case, verdict("passed")) for case in todo])
    show_score(Console(), [curriculum()["softmax"]], as_json=True, verbose=False)
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(found) > 10
    assert {"kata", "track", "origin", "cause", "left_out", "status", "findings"} <= set(found[0])
