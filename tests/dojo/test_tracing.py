"""`trace`: every value of one call, line by line, beside the reference's."""

import json
import re

import pytest

WRONG = ("dx = dout @ W.T", "dx = dout @ (x.T @ dout).T")
LOOP = (
    "    db = dout.sum(axis=0)",
    "    db = 0 * b\n    for i in range(1000):\n        db = db + dout[i % len(x)] / 1000 * len(x)\n    db = db.copy()",
)


def traced(done) -> tuple[dict, list[dict], dict]:
    """The line on the call, those on its values, and the one on its end."""
    first, *rows, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert (first["row"], last["row"]) == ("call", "end")
    assert {row["row"] for row in rows} == {"value"}
    return first, rows, last


def row_of(rows: list[dict], name: str) -> dict:
    return next(row for row in rows if row["name"] == name and row["kind"] != "argument")


def test_the_first_place_where_a_wrong_answer_parts_is_marked(desk):
    desk.solve("affine", "numpy", WRONG)
    done = desk.grader("trace", "affine")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("affine_backward · affine (numpy)\n  a call that fails, in test_affine_backward")
    assert len(re.findall("here they part", done.stdout)) == 1
    (line,) = [line for line in done.stdout.splitlines() if "here they part" in line]
    assert line.split()[0] == "dx" and "≠ dx by" in line
    assert re.search(r"x\.T @ dout .* = dW$", done.stdout, re.MULTILINE), "its parts are there too"
    assert "dx is (" in done.stdout and "dW is right\ndb is right\n" in done.stdout


def test_json_has_one_object_for_each_value(desk):
    desk.solve("affine", "numpy", WRONG)
    call, rows, end = traced(desk.grader("trace", "affine", "affine_backward", "--json"))
    assert call["function"] == "affine_backward" and call["why"] == "fails" and call["test"].startswith("test_")
    dx = row_of(rows, "dx")
    assert {"function", "line", "code", "kind", "name", "shape", "axes", "dtype", "min", "max", "mean"} <= set(dx)
    assert dx["parts"] is True and dx["reference"]["relation"] == "differs" and dx["dtype"] == "float64"
    assert dx["axes"].startswith("(N=") and dx["code"].startswith("dx = dout @")
    assert row_of(rows, "dW")["reference"] == {"name": "dW", "relation": "equal"}
    assert end["right"] is False


def test_an_answer_that_passes_can_be_traced_too(desk):
    desk.solve("softmax")
    done = desk.grader("trace", "softmax", "softmax")
    assert done.returncode == 0
    assert "the first call that a test makes" in done.stdout
    assert re.search(r"^ +exps +\(C=3,\) float64 .* = exps$", done.stdout, re.MULTILINE)
    assert "here they part" not in done.stdout
    assert "what comes back is right" in done.stdout
    assert "FUNCTION` takes also softmax_backward" in done.stdout


def test_the_reference_can_be_traced_before_anything_is_written(checkout):
    done = checkout.grader("trace", "softmax", "--from", "solutions")
    assert done.returncode == 0 and "what comes back is right" in done.stdout


def test_a_loop_is_told_by_its_first_rounds_and_its_last(desk):
    desk.solve("affine", "numpy", LOOP)
    _, rows, end = traced(desk.grader("trace", "affine", "affine_backward", "--json"))
    assert [row["time"] for row in rows if "db + dout" in row["code"] and row["name"] == "db"] == [1, 2, 1000]
    assert end["right"] is True
    shown = desk.grader("trace", "affine", "affine_backward").stdout
    assert "(2nd of 1000 times)" in shown and "⋮  997 more rounds" in shown and "(1000th of 1000 times)" in shown
    assert len(shown.splitlines()) < 60


def test_an_exception_stands_behind_what_came_before_it(desk):
    desk.solve("affine", "numpy", ("dW = x.T @ dout", "dW = x @ dout"))
    done = desk.grader("trace", "affine", "affine_backward")
    assert done.returncode == 0
    before, after = done.stdout.split("then line ")
    assert re.search(r"^ +dx ", before, re.MULTILINE) and not re.search(r"^ +dW ", before, re.MULTILINE)
    assert "raises ValueError at `x @ dout`" in after and "D=3 does not meet N=4" in " ".join(after.split())
    _, _, end = traced(desk.grader("trace", "affine", "affine_backward", "--json"))
    assert end["raised"] is True and end["line"] > 0


def test_torch_tells_the_graph(desk):
    pytest.importorskip("torch")
    desk.solve("softmax", "torch", ("shifted = x - x.amax", "shifted = x.detach() - x.amax"))
    call, rows, end = traced(desk.grader("trace", "softmax", "softmax", "--track", "torch", "--json"))
    assert row_of(rows, "shifted")["requires_grad"] is True and row_of(rows, "shifted")["grad_fn"] == "SubBackward"
    assert row_of(rows, "exps")["grad_fn"] == "ExpBackward" and not end["right"]
    assert [row["name"] for row in rows if row.get("parts")] == ["x.detach()"], "here the graph ends"
    shown = desk.grader("trace", "softmax", "softmax", "--track", "torch").stdout
    assert "ExpBackward" in shown and "leaf" in shown


def test_any_file_can_stand_in_for_the_kata(checkout, tmp_path):
    source = checkout.solve("affine", "numpy", WRONG).read_text(encoding="utf-8")
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    checkout.solve("affine")
    call, rows, _ = traced(checkout.grader("trace", "affine", "--file", str(tmp_path / "mine.py"), "--json"))
    assert call["file"].endswith("mine.py") and any(row.get("parts") for row in rows)


def test_an_input_that_should_be_refused_is_told_to_be(desk):
    source = desk.solve("mse").read_text(encoding="utf-8")
    desk.save("mse", re.sub(r"    if y\.ndim != 2.*?needed\"\)\n", "", source, count=1, flags=re.DOTALL))
    shown = desk.grader("trace", "mse", "mse").stdout
    assert "the reference refuses this input: ValueError: mse: y (4, 1), target (4,)" in " ".join(shown.split())


def test_what_cannot_be_traced_says_why(checkout):
    stub = checkout.grader("trace", "affine")
    assert stub.returncode == 2 and "affine is not started: there is nothing to trace yet." in stub.stderr
    unknown = checkout.grader("trace", "affine", "afine_backward")
    assert unknown.returncode == 2 and "no function 'afine_backward'" in unknown.stderr
    assert "Did you mean affine_backward?" in unknown.stderr
    checkout.solve("affine", "numpy", (WRONG[0], "raise NotImplementedError('x')\n    dx = dout @ W.T"))
    path = checkout.kata("affine")
    path.write_text(path.read_text(encoding="utf-8") + "\ndef (", encoding="utf-8")
    broken = checkout.grader("trace", "affine")
    assert broken.returncode == 1 and "is not Python" in broken.stdout
    row = json.loads(checkout.grader("trace", "affine", "--json").stdout)
    assert row["row"] == "problem" and row["status"] == "broken" and "is not Python" in row["says"]


def test_a_function_that_is_not_written_says_so(desk):
    stub = desk.kata("affine").read_text(encoding="utf-8")
    desk.kata("affine").write_text(stub.replace('raise NotImplementedError("affine")', "return x @ W + b"))
    done = desk.grader("trace", "affine", "affine_backward")
    assert done.returncode == 1 and done.stdout == "affine (numpy): affine_backward is not written yet\n"
    assert desk.grader("trace", "affine").stdout.startswith("affine · affine")


def test_on_the_torch_track_there_is_no_backward_to_trace(desk):
    done = desk.grader("trace", "softmax", "softmax_backward", "--track", "torch")
    assert (
        done.returncode == 2
        and "autograd gives the derivative" in done.stderr
        and "trace softmax softmax" in done.stderr
    )


def test_code_that_hangs_is_ended_at_the_time_limit(checkout):
    curriculum = checkout.root / "katas" / "curriculum.toml"
    text = curriculum.read_text(encoding="utf-8")
    curriculum.write_text(text.replace("time_limit = 10.0", "time_limit = 1.0"), encoding="utf-8")
    checkout.solve("affine", "numpy", (WRONG[0], "while True:\n        dx = dout @ W.T"))
    done = checkout.grader("trace", "affine")
    assert done.returncode == 1 and "did not come back within 1 s" in done.stdout


def test_a_file_and_the_solutions_are_two_things(checkout):
    done = checkout.grader("trace", "affine", "--from", "solutions", "--file", str(checkout.kata("affine")))
    assert done.returncode == 2 and "two different files" in done.stderr


@pytest.mark.parametrize("columns", [40, 80])
def test_the_table_keeps_to_the_width_of_the_terminal(checkout, columns):
    checkout.solve("affine", "numpy", WRONG, LOOP)
    with checkout.terminal("trace affine affine_backward", columns=columns, kind="xterm") as screen:
        screen.expect_exact("code 0")
        lines = checkout.left(screen.before)
    assert max(map(len, lines)) <= columns
    assert "≠ dx by 18 ‹ here they part" in " ".join(" ".join(lines).split())


STRANGE = {
    "endless recursion": ("return affine_backward(dout, x, W, b)", "RecursionError"),
    "an end of the process": ("raise SystemExit(3)", "SystemExit"),
    "a name that no terminal can show": ("d = {'\\ud800\\x1b[31m': dout}; dx = dout", "dx is "),
    "values that are no numbers": ("dx = np.array([dout, None], dtype=object)", "is an array of objects"),
    "infinities": ("dx = dout @ W.T / 0", "it is inf, expected"),
    "a trace function of its own": ("import sys; sys.settrace(None); dx = dout", "dx is "),
    "a long loop": ("dx = dout\n    for i in range(3_000_000):\n        pass", "longer than it is watched"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_whatever_the_code_does_there_is_a_trace(desk, name):
    change, words = STRANGE[name]
    desk.solve("affine", "numpy", (WRONG[0], change))
    done = desk.grader("trace", "affine", "affine_backward")
    assert done.returncode == 0 and done.stderr == ""
    assert words in " ".join(done.stdout.split()) and "\x1b" not in done.stdout
