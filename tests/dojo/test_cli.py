"""The learner's commands: help, exit codes, JSON, and what each one leaves behind."""

import io
import json
import shutil
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from dojo import cli
from dojo.grading import Standing
from dojo.loading import ROOT, curriculum
from dojo.terminal import WORDS, draw_map, make_console, next_step, show_verdict

VERDICT = {"format", "kata", "track", "file", "status", "tests", "seconds", "findings"}
FINDING = {"function", "tensor", "test", "file", "line", "facts", "causes"}
WRONG = ("db = dout.sum(axis=0)", "db = dout.mean(axis=0)")


@pytest.fixture
def command(monkeypatch, capsys):
    """`command(*arguments)`: the exit code and output of a command line that comes to no verdict, run in this process."""

    def run(*arguments: str):
        monkeypatch.setattr(sys, "argv", ["grader.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return run


def lines(done) -> list[dict]:
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---------------------------------------------------------------------- help and usage


@pytest.mark.parametrize("name", cli.cli.commands)
def test_every_command_has_help_with_an_example(command, name):
    code, text, _ = command(name, "--help")
    assert code == 0
    assert f"Example: python grader.py {name}" in text
    assert max(map(len, text.splitlines())) <= 80


def test_help_lists_every_command_with_its_first_words(command):
    code, text, _ = command("-h")
    assert code == 0
    assert "Example: python grader.py" in text
    listed = [line.split() for line in text.partition("Commands:")[2].splitlines()]
    assert [words[0] for words in listed if words and words[0] in cli.cli.commands] == list(cli.cli.commands)
    assert all(len(words) > 2 for words in listed if words)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["chek"], "There is no command 'chek'. Did you mean check?"),
        (["check", "sofmax"], "There is no kata called 'sofmax'. Did you mean softmax?"),
        (["hint", "Affine"], "There is no kata called 'Affine'. Did you mean affine?"),
        (["compare", "crossentropy"], "Did you mean cross_entropy?"),
        (["reset", "softmx"], "Did you mean softmax?"),
        (["watch", "softmx"], "Did you mean softmax?"),
        (["picture", "softmax"], "softmax has no picture. `python grader.py picture` lists what can be drawn."),
        (["picture", "learning_slowdwn"], "Did you mean learning_slowdown?"),
        (["check", "softmax", "--track", "nunpy"], "There is no track 'nunpy'. Did you mean numpy?"),
        (["--track", "jax"], "There is no track 'jax'. The tracks are numpy and torch."),
        (["check", "--file", __file__], "--file needs the name of one kata: `check softmax --file mine.py`"),
        (["check", "softmax", "affine", "--file", __file__], "--file needs the name of one kata"),
        (["check", "softmax", "--file", "nowhere.py"], "nowhere.py' does not exist"),
        (["check", "softmax", "--file", str(ROOT)], "is a directory"),
        (["check", "--alll"], "--alll"),
        (["hint"], "Missing argument 'KATA'"),
    ],
)
def test_wrong_usage_says_what_is_meant_and_leaves_with_2(command, arguments, complaint):
    code, text, errors = command(*arguments)
    assert code == 2
    assert text == ""
    assert complaint in " ".join(errors.split())
    assert "Traceback" not in errors


def test_a_command_that_resembles_nothing_gets_no_suggestion(command):
    _, _, errors = command("xyzzyx")
    assert "There is no command 'xyzzyx'.\n" in errors


def test_a_track_that_a_kata_lacks_is_told(checkout):
    path = checkout.root / "katas" / "curriculum.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('name = "shapes"\n', 'name = "shapes"\ntracks = ["numpy"]\n'), encoding="utf-8")
    done = checkout.grader("check", "shapes", "--track", "torch")
    assert done.returncode == 2
    assert done.stderr == "shapes has no torch track.\n`--track numpy` is there.\n"


def test_an_invalid_map_is_told_without_a_traceback(checkout):
    (checkout.root / "katas" / "curriculum.toml").write_text("format = \n", encoding="utf-8")
    done = checkout.grader()
    assert done.returncode == 2
    assert done.stderr.startswith(f"{checkout.root}/katas/curriculum.toml:1: is not valid TOML")
    assert "Traceback" not in done.stderr


def test_outside_a_checkout_the_dojo_says_so(tmp_path, checkout):
    shutil.copytree(checkout.root / "dojo", tmp_path / "elsewhere" / "dojo")
    done = checkout.run("-c", "from dojo.cli import main; main()", cwd=tmp_path / "elsewhere")
    assert done.returncode == 2
    assert "is not a checkout of the dojo: it has no katas/ and solutions/." in done.stderr
    assert "make start" in done.stderr
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------------- check


def test_check_tells_a_pass_from_not_yet(checkout):
    checkout.solve("softmax")
    done = checkout.grader("check", "softmax", "affine")
    assert done.returncode == 1
    first, *rest = done.stdout.splitlines()
    assert first.startswith("✓ softmax (numpy) passed · 15 of 15 tests pass · ")
    assert "· affine (numpy) not started · 0.00 s" in rest
    assert checkout.grader("check", "softmax").returncode == 0


def test_check_json_is_one_verdict_per_line_with_the_keys_of_the_contract(checkout):
    path = checkout.solve("affine", "numpy", WRONG)
    done = checkout.grader("check", "affine", "mse", "--json")
    assert done.returncode == 1
    affine, mse = lines(done)
    assert set(affine) == VERDICT | {"functions"}
    assert set(mse) == VERDICT | {"functions"}
    assert (mse["status"], mse["findings"]) == ("not-started", [])
    assert affine["format"] == 1
    assert (affine["kata"], affine["track"], affine["status"]) == ("affine", "numpy", "failed")
    assert affine["file"] == str(path)
    assert affine["functions"] == {"done": 2, "total": 2}
    assert affine["tests"]["passed"] + affine["tests"]["failed"] == affine["tests"]["total"] > 10
    (finding,) = affine["findings"]
    assert FINDING <= set(finding) <= FINDING | {"printed", "inputs"}
    assert (finding["function"], finding["tensor"], finding["line"]) == ("affine_backward", "db", 27)
    assert set(finding["causes"][0]) == {"cause", "says", "matched"}


def test_check_of_a_broken_file_names_the_line(checkout):
    checkout.kata("softmax").write_text("def softmax(x):\n    return (x\n", encoding="utf-8")
    done = checkout.grader("check", "softmax")
    assert done.returncode == 1
    assert "katas/numpy/softmax.py:2:\n  it is not Python: '(' was never closed: `return (x`\n" in done.stdout
    assert "`python grader.py reset softmax` brings the stub back" in done.stdout


def test_a_file_can_stand_in_from_anywhere_and_leaves_progress_alone(checkout, tmp_path):
    checkout.solve("cross_entropy").rename(tmp_path / "mine.py")
    checkout.kata("softmax").write_text("broken(", encoding="utf-8")
    found = checkout.verdict("cross_entropy", "--file", "mine.py", cwd=tmp_path)
    assert found["status"] == "passed"  # its prerequisite comes from the solutions
    assert found["file"] == str(tmp_path / "mine.py")
    assert not (checkout.root / ".dojo" / "progress.sqlite").exists()


def test_check_without_a_name_judges_what_is_begun(checkout):
    done = checkout.grader("check")
    assert done.returncode == 1
    assert done.stdout == "No kata is begun yet. `python grader.py` shows the map and the first one.\n"
    assert checkout.grader("check", "--json").stdout == ""
    checkout.kata("mse").write_text("", encoding="utf-8")
    assert [found["kata"] for found in lines(checkout.grader("check", "--json"))] == ["mse"]


def test_a_wrong_prerequisite_is_blamed_by_name(checkout):
    checkout.solve("softmax", "numpy", ("    return shifted - np.log(", "    return shifted + np.log("))
    checkout.solve("cross_entropy")
    found = checkout.verdict("cross_entropy")
    assert found["status"] == "failed"
    (finding,) = found["findings"]
    assert finding["function"] == "softmax"
    assert finding["file"] == str(checkout.kata("softmax"))
    assert finding["facts"] == "cross_entropy is right; what it takes from softmax is not"


# ---------------------------------------------------------------------- the map


def test_the_map_grades_only_what_changed(checkout):
    first = checkout.grader()
    assert first.returncode == 0
    assert first.stdout.startswith("Neural dojo · numpy track · 0 of ")
    checkout.solve("softmax")
    second = checkout.grader()
    assert second.stdout.startswith("✓ softmax (numpy) passed")
    assert second.stdout.count(" (numpy) ") == 1
    third = checkout.grader()
    assert third.stdout.startswith("Neural dojo · numpy track · 1 of ")


def test_the_map_as_json_is_one_kata_per_line(checkout):
    found = lines(checkout.grader("--json"))
    assert [line["kata"] for line in found] == curriculum().names
    assert all(set(line) == {"kata", "track", "state", "needs", "functions"} for line in found)
    by_name = {line["kata"]: line for line in found}
    assert by_name["shapes"]["state"] == "not-started"
    assert by_name["shapes"]["functions"]["done"] == 0
    assert (by_name["affine"]["state"], by_name["affine"]["needs"]) == ("locked", ["shapes"])


def drawn(standings, width: int = 80, **options) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, highlight=False, **options)
    draw_map(console, curriculum(), standings)
    return file.getvalue()


def standing(kata, state="not-started", **more) -> Standing:
    return Standing(kata, "numpy", state, more.pop("done", 0), more.pop("functions", 4), None, **more)


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("state", ["passed", "failed", "broken", "timeout", "died", "not-started", "locked"])
def test_the_map_fits_into_the_terminal(state, width):
    text = drawn([standing(kata, state, needs=kata.prerequisites) for kata in curriculum().katas], width)
    assert max(map(len, text.splitlines())) <= width
    assert ("`python grader.py check " in text) is (state != "passed")
    assert all(line.count("`") % 2 == 0 for line in text.splitlines()), "a command is broken in two"
    if state != "locked":
        assert WORDS.get(state, state) in text, "a state is told in words, not only by its colour"
    for kata in curriculum().katas:
        assert f" {kata.name} " in text


def test_the_columns_of_the_map_stand_below_each_other():
    katas = curriculum().katas
    text = drawn(
        [standing(kata, "locked", needs=("softmax", "activations")[: 1 + len(kata.name) % 2]) for kata in katas]
    )
    rows = [line for line in text.splitlines() if "needs" in line]
    assert len(rows) == len(katas)
    assert len({row.index("needs") for row in rows}) == 1
    assert len({row.index(kata.title[:10]) for row, kata in zip(rows, katas, strict=True)}) == 1


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (("sgd",), "needs sgd "),
        (("backprop", "sgd"), "needs backprop, sgd "),
        (("affine", "activations"), "needs affine and 1 more "),
        (("cross_entropy", "backprop", "sgd"), "needs cross_entropy +2 "),
        (("a_prerequisite_with_a_long_name",), "needs a_prerequisite_wi… "),
    ],
)
def test_many_prerequisites_are_counted(needs, words):
    (one, *others) = curriculum().katas
    assert words in drawn([standing(one, "locked", needs=needs), *map(standing, others)])


def test_the_map_counts_written_functions_and_names_the_next_kata():
    one, *others = curriculum().katas
    text = drawn([standing(one, "failed", done=2), *map(standing, others)])
    assert "failed, 2/4 written" in text
    assert f"next: {one.name} — {one.title}" in text.replace("\n", " ")
    assert f"python grader.py check {one.name}`" in text


def test_the_map_says_when_all_is_done():
    text = drawn([standing(kata, "passed") for kata in curriculum().katas])
    assert text.endswith("Every kata of this track has passed.\n")


@pytest.mark.parametrize("no_color", [False, True])
def test_no_color_is_kept(monkeypatch, capsys, no_color):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    draw_map(make_console(), curriculum(), [standing(kata, "passed") for kata in curriculum().katas])
    text = capsys.readouterr().out
    assert "✓" in text
    assert ("\x1b[32m" in text) is not no_color


def test_output_that_goes_to_a_file_has_no_escape_codes_and_no_blanks_at_line_ends(checkout):
    checkout.solve("affine", "numpy", WRONG)
    done = checkout.grader("check", "affine")
    assert "\x1b" not in done.stdout
    assert [line for line in done.stdout.splitlines() if line != line.rstrip()] == []


def finding(tensor=None, cause: str | None = None, function="f", **more) -> dict:
    causes = [{"cause": cause, "says": "this is so", "matched": ""}] if cause else []
    found = {"function": function, "tensor": tensor, "test": "", "file": "f.py", "line": 1, "facts": "is wrong"}
    return found | {"causes": causes} | more


def shown(findings: list[dict], everything: bool = False, width: int = 80, track: str = "numpy", **more) -> str:
    found = {"kata": "affine", "track": track, "file": "f.py", "status": "failed", "seconds": 0.1}
    found |= {"tests": {"passed": 0, "failed": 5, "total": 5}, "findings": findings} | more
    file = io.StringIO()
    show_verdict(Console(file=file, width=width), found, everything)
    return file.getvalue()


def test_a_verdict_shows_three_findings_and_says_how_many_there_are():
    findings = [finding(function=name) for name in "abcde"]
    few = shown(findings)
    assert few.count(" is wrong") == 3
    assert "2 more findings: `check affine --all` shows them" in few
    assert "`check affine --track torch --all` shows them" in shown(findings, track="torch")
    assert shown(findings, everything=True).count(" is wrong") == 5


def test_what_one_mistake_makes_of_many_tensors_is_one_finding():
    names = [f"grads[{name}]" for name in ("W1", "b1", "W2", "b2", "W3", "b3")]
    text = shown([finding(name, "missing-mean") for name in names])
    assert "f.py:1: f, grads[W1], grads[b1] and 4 more\n  grads[W1] is wrong\n" in text
    assert text.count("is wrong") == 1 and "more finding" not in text
    assert shown([finding(name, "missing-mean") for name in names], everything=True).count("is wrong") == 6


@pytest.mark.parametrize(
    ("findings", "headlines"),
    [
        ([finding("dx", "ties"), finding("dW", "ties")], ["f, dx and dW"]),
        ([finding("dx", "ties"), finding("dW", "ties"), finding("db", "ties")], ["f, dx, dW and db"]),
        ([finding("dx", "ties"), finding("dW", "transposed")], ["f, dx", "f, dW"]),
        ([finding("dx"), finding("dW")], ["f, dx", "f, dW"]),
        ([finding("g[a]"), finding("g[b]"), finding("h[a]")], ["f, g[a] and g[b]", "f, h[a]"]),
        ([finding("dx", "ties"), finding("dx", "ties", function="g")], ["f, dx", "g, dx"]),
        ([finding(None, "ties"), finding(None, "ties")], ["f", "f"]),
    ],
)
def test_findings_are_folded_only_where_they_tell_the_same(findings, headlines):
    lines = [line.removeprefix("f.py:1: ") for line in shown(findings).splitlines() if line.startswith("f.py:1: ")]
    assert lines == headlines


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    "findings",
    [
        [finding(function=name, facts="is wrong " * 30) for name in "abcde"],
        [finding(facts="is wrong " * 400)],
        [finding(facts="is wrong " * 400), finding(function="g")],
        [finding(printed="long " * 99 + "\n" + "line\n" * 50, file="a/b/" * 60) for _ in range(4)],
    ],
    ids=["many", "long", "long and more", "printed"],
)
def test_a_verdict_fits_on_one_screen(findings, width):
    text = shown(findings, width=width, output="so\n" * 30)
    rows = sum(max(1, -(-len(line) // width)) for line in text.splitlines())
    assert rows <= 23
    assert "`check affine --all`" in text and "is wrong" in text
    assert rows > 8


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("passed", "compare affine --track torch` shows the references"),
        ("not-started", "hint affine --track torch` gives a first hint"),
        ("locked", "finish the prerequisite first"),
        ("broken", "reset affine --track torch` brings the stub back"),
        ("failed", "hint affine --track torch` gives a hint"),
        ("timeout", "hint affine --track torch` gives a hint"),
    ],
)
def test_every_verdict_names_the_next_command(status, words):
    path = str(ROOT / "katas" / "torch" / "affine.py")
    assert words in next_step({"kata": "affine", "track": "torch", "status": status, "file": path, "findings": []})


def test_a_broken_file_that_stands_in_is_not_to_be_reset():
    found = {"kata": "affine", "track": "numpy", "status": "broken", "file": "elsewhere.py", "findings": []}
    assert next_step(found) == "mend the file, then judge it again"


# ---------------------------------------------------------------------- hint, compare, reset


def test_hints_go_one_step_further_and_stop_at_the_last(checkout):
    hints = curriculum()["shapes"].hints
    for level, hint in enumerate(hints, 1):
        done = checkout.grader("hint", "shapes")
        assert done.returncode == 0
        assert done.stdout.startswith(f"hint {level} of {len(hints)}: {hint[:40]}")
        assert ("This was the last hint. To read about it:" in done.stdout) is (level == len(hints))
    (found,) = lines(checkout.grader("hint", "shapes", "--json"))
    assert found["level"] == found["of"] == len(hints)
    assert found["hint"] == hints[-1]
    assert found["references"] == list(curriculum()["shapes"].references)
    assert lines(checkout.grader("hint", "shapes", "--json", "--track", "torch"))[0]["level"] == 1


def test_a_hint_takes_up_the_cause_of_the_last_verdict_and_reset_forgets_it(checkout):
    path = checkout.solve("affine", "numpy", WRONG)
    mine = path.read_text(encoding="utf-8")
    checkout.grader("check", "affine")
    (found,) = lines(checkout.grader("hint", "affine", "--json"))
    assert (found["level"], found["cause"]) == (1, "extra-mean")
    assert found["about_cause"]
    done = checkout.grader("reset", "affine")
    kept = next((checkout.root / ".dojo" / "backups").iterdir())
    assert done.stdout == (
        f"your file is kept as {kept.relative_to(checkout.root)}\nkatas/numpy/affine.py is the stub again\n"
    )
    assert kept.read_text(encoding="utf-8") == mine
    assert "NotImplementedError" in path.read_text(encoding="utf-8")
    (found,) = lines(checkout.grader("hint", "affine", "--json"))
    assert (found["level"], found["cause"]) == (1, None)


def test_resetting_a_stub_keeps_no_copy_of_it(checkout):
    done = checkout.grader("reset", "affine")
    assert done.stdout == "katas/numpy/affine.py is the stub again\n"
    assert not (checkout.root / ".dojo" / "backups").exists()


def test_reset_brings_back_what_is_missing_or_no_file(checkout):
    checkout.kata("affine").unlink()
    checkout.kata("mse").unlink()
    checkout.kata("mse").symlink_to("nowhere.py")
    for name in ("affine", "mse"):
        assert checkout.grader("reset", name).returncode == 0
        assert not checkout.kata(name).is_symlink()
        assert f'NotImplementedError("{name}")' in checkout.kata(name).read_text(encoding="utf-8")


def test_compare_waits_for_a_pass_unless_the_answer_may_be_spoilt(checkout):
    refused = checkout.grader("compare", "softmax")
    assert refused.returncode == 1
    assert "softmax has not passed yet (not-started)" in refused.stdout
    assert "compare softmax --spoil" in refused.stdout
    assert "exps" not in refused.stdout
    spoilt = checkout.grader("compare", "softmax", "--spoil")
    assert spoilt.returncode == 0
    for part in ("reference, numpy", "reference, torch", "exps / exps.sum(", "derivation"):
        assert part in spoilt.stdout
    assert "measured" not in spoilt.stdout


def test_compare_after_a_pass_measures_beside_the_reference(checkout):
    checkout.solve("affine")
    done = checkout.grader("compare", "affine")
    assert done.returncode == 0
    for part in ("yours", "reference, numpy", "largest difference", "0.0e+00", "derivation"):
        assert part in done.stdout


# ---------------------------------------------------------------------- doctor, data, watch


def test_doctor_finds_a_whole_checkout_good(checkout):
    done = checkout.grader("doctor")
    assert done.returncode == 0, done.stdout
    assert f"ok   curriculum: {len(curriculum().katas)} katas" in done.stdout
    assert "MEND" not in done.stdout


def test_doctor_says_what_to_mend(checkout):
    checkout.kata("affine").unlink()
    (checkout.root / "solutions" / "torch" / "mse.py").unlink()
    done = checkout.grader("doctor", "--json")
    assert done.returncode == 1
    bad = {found["name"]: found["text"] for found in lines(done) if not found["good"]}
    assert bad == {
        "katas": "missing: numpy/affine.py; `reset NAME` brings a stub back",
        "solutions": "missing: torch/mse.py; `git checkout solutions` brings them back",
    }


def test_data_lists_every_data_set_with_its_origin_and_licence(checkout):
    found = lines(checkout.grader("data", "--json"))
    assert {"mnist", "digits"} <= {line["name"] for line in found}
    assert all(set(line) == {"name", "origin", "bytes", "licence"} for line in found)
    text = checkout.grader("data").stdout
    assert all(line["licence"] in text and line["name"] in text for line in found)


def test_watch_without_a_terminal_judges_asks_nothing_and_stops_at_ctrl_c(checkout):
    watching = subprocess.Popen(
        [sys.executable, "-u", str(checkout.root / "grader.py"), "watch", "affine"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=checkout.root,
        encoding="utf-8",
    )
    try:
        text = ""
        while "watching" not in text:
            line = watching.stdout.readline()
            assert line, text
            text += line
        watching.send_signal(signal.SIGINT)
        rest, _ = watching.communicate(timeout=20)
    finally:
        watching.kill()
    assert "· affine (numpy) not started" in text
    assert "Traceback" not in text + rest
    assert watching.returncode == 0
