"""README.md keeps its word: the katas, the commands and the verdict in it are the real ones."""

import html
import re
import shlex
from types import SimpleNamespace

import pytest

from dojo import readme
from dojo.cli import cli
from dojo.errors import DojoError
from dojo.loading import ROOT, curriculum
from dojo.running.client import Worker

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"python grader\.py ([a-z]+[^`\n#]*)", TEXT)))
OPEN, CLOSE = readme.BEGIN, readme.END


def without_time(text: str) -> str:
    """A verdict in which every run took the same time."""
    return re.sub(r"\d+\.\d\d s\b", "… s", text)


def test_the_verdict_in_the_readme_is_what_is_printed(checkout):
    checkout.solve("affine", "numpy", ("dx = dout @ W.T", "dW = x.T @ dout\n    dx = dout @ dW.T"))
    shown = re.search(r"```text\n(.*?)```", TEXT, re.DOTALL)[1]
    assert without_time(checkout.grader("check", "affine").stdout) == without_time(shown)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_in_the_readme_exists_with_its_options(line):
    name, *arguments = shlex.split(line)
    assert name in cli.commands
    if "NAME" not in arguments:
        cli.commands[name].make_context(name, arguments)  # refuses an option that the command does not have


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:katas|solutions|tests|data|dojo)/[^` ]*)`", TEXT))))
def test_a_place_in_the_readme_is_there(path):
    made = path.startswith("data/cache")  # by the first download
    assert made or (ROOT / path).exists()


def test_the_table_has_a_row_for_every_kata_in_the_order_of_the_map():
    rows = re.findall(r"^\| `(\w+)`", readme.table(curriculum()), re.MULTILINE)
    assert rows == curriculum().names


def test_the_table_stands_between_the_markers_and_nothing_else_changes():
    text = f"before\n{OPEN}\nan old table\n{CLOSE}\nafter\n"
    once = readme.with_table(text, curriculum())
    assert once.startswith(f"before\n{OPEN}\n") and once.endswith(f"{CLOSE}\nafter\n")
    assert "an old table" not in once and "| `softmax` |" in once
    assert readme.with_table(once, curriculum()) == once


@pytest.mark.parametrize(
    "text", ["", OPEN, CLOSE, f"{CLOSE}\n{OPEN}", f"{OPEN}\n{OPEN}\n{CLOSE}", f"{OPEN}\n{CLOSE}\n{CLOSE}"]
)
def test_a_readme_without_a_place_for_the_table_is_refused(text):
    with pytest.raises(DojoError, match="no place for the table"):
        readme.with_table(text, curriculum())


def test_a_title_cannot_break_the_table():
    kata = SimpleNamespace(
        name="norm", title="the norm |x|", capstone=True, tracks=("numpy",), prerequisites=("affine",)
    )
    chapter = SimpleNamespace(number=1, title="First", katas=(kata,))
    assert "| `norm` ★ | the norm \\|x\\| (numpy only) | `affine` |" in readme.table(
        SimpleNamespace(chapters=(chapter,))
    )


def test_the_picture_shows_the_map_and_needs_nothing_from_elsewhere():
    drawn = readme.picture(curriculum())
    assert all(name in drawn for name in curriculum().names)
    assert "http" not in drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert drawn == readme.picture(curriculum())


@pytest.fixture(scope="module")
def worker():
    with Worker() as started:
        yield started


def test_the_picture_of_a_finding_is_a_verdict_and_the_same_at_every_run(worker):
    drawn = readme.finding(worker)
    words = html.unescape(" ".join(re.findall(r">([^<>]+)</text>", drawn))).replace("\xa0", " ")
    for part in ("python grader.py check softmax", "✗", "katas/numpy/softmax.py:", "likely: ", "[wrong-axis]"):
        assert part in words
    assert "http" not in drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert drawn == readme.finding(worker)


def test_check_complains_of_an_old_picture_and_sync_mends_it(worker, tmp_path, monkeypatch):
    monkeypatch.setattr(readme, "FINDING", readme.ROOT / ".github" / "nowhere" / "finding.svg")
    (complaint,) = readme.complaints_of_finding(worker)
    assert complaint.endswith("finding.svg is not what `check` says now: run `python -m dojo.maintain sync`")
    for name in ("FINDING", "README", "PICTURE"):
        monkeypatch.setattr(readme, name, tmp_path / name)
    (tmp_path / "README").write_text(f"{OPEN}\n{CLOSE}\n", encoding="utf-8")
    assert {path.name for path in readme.sync(curriculum(), worker)} == {"FINDING", "README", "PICTURE"}
    assert list(readme.sync(curriculum(), worker)) == list(readme.complaints_of_finding(worker)) == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (("softmax", "numpy", "is not in there", ""), "does not stand once in the numpy reference of softmax"),
        ((*readme.ANSWER[:3], readme.ANSWER[2]), "is not named: the verdict is passed"),
    ],
)
def test_a_picture_of_a_finding_that_cannot_be_is_told(worker, monkeypatch, answer, says):
    monkeypatch.setattr(readme, "ANSWER", answer)
    (complaint,) = readme.complaints_of_finding(worker)
    assert says in complaint


def test_check_complains_of_an_old_table_and_sync_mends_it(checkout):
    page = checkout.root / "README.md"
    page.write_text(page.read_text(encoding="utf-8").replace("| `affine` |", "| `afine` |"), encoding="utf-8")
    done = checkout.maintain("check", "--quick")
    assert done.returncode == 1 and "README.md does not show the katas of the map" in done.stdout
    assert "wrote README.md" in checkout.maintain("sync").stdout
    assert checkout.maintain("check", "--quick").returncode == 0
