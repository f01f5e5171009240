"""What is seen of code that runs: what each line made or changed, in order, and of loops only the first rounds and the last."""

import sys

import numpy as np
import pytest

from dojo.diagnosis.recording import FIRST, Recorder
from dojo.diagnosis.statements import statements


def watch(source: str, *args, call: str = "f") -> tuple[Recorder, object]:
    """The recorder after `call(*args)` of the file `source`, and what came back."""
    names: dict = {}
    exec(compile(source, "mine.py", "exec"), names)
    recorder, result = Recorder("mine.py", source), None
    with recorder:
        try:
            result = names[call](*args)
        except Exception as error:
            result = error
    return recorder, result


def told(source: str, *args, kinds=("value", "return")) -> list[tuple]:
    recorder, _ = watch(source, *args)
    rows = [seen for seen in recorder.rows() if seen.kind in kinds and not seen.repeated]
    return [(seen.line, seen.name, seen.time, seen.times) for seen in rows]


def test_each_line_tells_what_it_binds_and_the_end_what_comes_back():
    source = "def f(x):\n    y = x + 1\n    a, b = y, -y\n    return a * b\n"
    assert told(source, np.ones(3)) == [(2, "y", 1, 1), (3, "a", 1, 1), (3, "b", 1, 1), (4, "return", 1, 1)]


def test_what_comes_back_is_told_by_its_place():
    recorder, _ = watch("def f(x):\n    y = x + 1\n    return {'a': y}, y, y * 2\n", np.ones(3))
    rows = [(seen.name, seen.output, seen.repeated) for seen in recorder.rows() if seen.kind == "return"]
    assert rows == [("{'a': y}", "0", False), ("{'a': y}[a]", "0[a]", False), ("y", "1", True), ("y * 2", "2", False)]


def test_arguments_stand_first():
    recorder, _ = watch("def f(x, n, g):\n    return x\n", np.ones(3), 2, abs)
    assert [(seen.kind, seen.name, seen.value if seen.name == "n" else None) for seen in recorder.rows()][:2] == [
        ("argument", "x", None),
        ("argument", "n", 2),
    ]
    assert "g" not in [seen.name for seen in recorder.rows()], "a function is not worth a line"


@pytest.mark.parametrize(
    "change",
    ["x[0] = 5", "x += 1", "np.add(x, 1, out=x)", "x.fill(4)", "np.add.at(x, [0, 0], 1)", "x[1:][0] = 3"],
)
def test_a_change_in_place_is_seen(change):
    source = f"import numpy as np\ndef f(x):\n    x = x.copy()\n    {change}\n    return x\n"
    assert (4, "x", 1, 1) in told(source, np.arange(3.0))


def test_a_call_that_changes_nothing_tells_nothing():
    assert told("def f(x):\n    x.sum()\n    print(x, end='')\n    return x\n", np.ones(2)) == []


def test_the_values_are_those_of_the_moment():
    recorder, _ = watch("def f(x):\n    y = x * 2\n    y[0] = 9\n    return y\n", np.ones(2))
    values = [seen.value.tolist() for seen in recorder.rows() if seen.name == "y" and not seen.repeated]
    assert values == [[2, 2], [9, 2]]


def test_of_a_loop_the_first_rounds_and_the_last_are_kept():
    source = "def f(x):\n    h = x\n    for t in range(1000):\n        h = h + 1\n    return h * 1\n"
    rows = told(source, np.zeros(2))
    assert [row for row in rows if row[1] == "h" and row[0] == 4] == [(4, "h", time, 1000) for time in (1, 2, 1000)]
    assert [row for row in rows if row[1] == "t"] == [(3, "t", time, 1000) for time in (1, 2, 1000)]
    recorder, _ = watch(source, np.zeros(2))
    assert [seen.value[0] for seen in recorder.rows() if seen.line == 4 and seen.kind == "value"] == [1, 2, 1000]
    assert len([seen for seen in recorder.rows() if seen.line == 4]) == FIRST + 1


def test_an_item_of_a_dict_is_told_when_it_changes():
    source = "def f(W):\n    g = {'a': W}\n    g['b'] = W * 2\n    g['b'] = W * 3\n    return g\n"
    names = [(line, name) for line, name, _, _ in told(source, np.ones(2))]
    assert names == [(2, "g"), (2, "g[a]"), (3, "g"), (3, "g[b]"), (4, "g"), (4, "g[b]")]


def test_the_inside_of_an_expression_is_computed_once_more():
    source = "def f(x, W):\n    return (x @ W.T).sum(axis=0) / len(x)\n"
    recorder, _ = watch(source, np.ones((4, 3)), np.ones((5, 3)))
    parts = [(seen.name, seen.shape) for seen in recorder.rows() if seen.kind == "part"]
    assert parts == [("W.T", (3, 5)), ("x @ W.T", (4, 5)), ("(x @ W.T).sum(axis=0)", (5,))]


@pytest.mark.parametrize(
    "expression",
    ["rng.normal(size=3) + x", "g(x) + x", "np.random.rand(3) + x", "np.add(x, x, out=x) + x", "[g(v) for v in x] + x"],
)
def test_what_may_change_something_is_never_computed_again(expression):
    source = f"import numpy as np\ncalls = []\ndef g(x):\n    calls.append(1)\n    return x\ndef f(x, rng):\n    y = {expression}\n    return y\n"
    first, again = np.random.default_rng(0), np.random.default_rng(0)
    _, got = watch(source, np.ones(3), first)
    names: dict = {}
    exec(source, names)
    np.random.seed(0)  # noqa: NPY002
    expected = names["f"](np.ones(3), again)
    if "np.random" not in expression:
        np.testing.assert_array_equal(got, expected)
    assert first.bit_generator.state == again.bit_generator.state


def test_an_error_ends_the_rows_where_it_was_raised():
    source = "def f(x):\n    y = x + 1\n    z = y @ np.ones((9, 9))\n    return z\n"
    recorder, error = watch("import numpy as np\n" + source, np.ones((2, 3)))
    assert isinstance(error, ValueError)
    assert [seen.name for seen in recorder.rows() if seen.kind == "value"] == ["y"]
    assert [seen.name for seen in recorder.rows() if seen.kind == "part"] == ["np.ones((9, 9))"]


def test_an_error_that_is_caught_leaves_nothing_stale():
    source = (
        "def f(x):\n    y = 1\n    try:\n        y = x @ x @ x\n    except ValueError:\n        y = 2\n    return y\n"
    )
    assert [row[:2] for row in told(source, np.ones((2, 3)))] == [(2, "y"), (6, "y")]


def test_helpers_of_the_same_file_are_seen_and_other_code_is_not():
    source = "def _g(x):\n    z = x * 2\n    return z\ndef f(x):\n    return _g(x) + 1\n"
    recorder, _ = watch(source, np.ones(2))
    assert {seen.function for seen in recorder.rows()} == {"f", "_g"}
    assert [seen.name for seen in watch("def f(x):\n    return sorted(x)\n", [2, 1])[0].rows()] == ["x", "return"]


def test_a_generator_tells_what_it_yields():
    source = "def g(n):\n    for i in range(n):\n        yield i * 2\ndef f(n):\n    return list(g(n))\n"
    recorder, result = watch(source, 5)
    assert result == [0, 2, 4, 6, 8]
    assert [seen.value for seen in recorder.rows() if seen.line == 3] == [0, 2, 8]


def test_a_statement_over_several_lines_is_one():
    source = "def f(x):\n    y = max(\n        abs(x),\n        abs(x + 1),\n    )\n    return y * 1\n"
    assert told(source, 3) == [(2, "y", 1, 1), (6, "return", 1, 1)]


def test_what_runs_for_too_long_is_left_alone(monkeypatch):
    monkeypatch.setattr("dojo.diagnosis.recording.MOST_LINES", 100)
    recorder, result = watch("def f(n):\n    k = 0\n    while k < n:\n        k += 1\n    return k\n", 10_000)
    assert result == 10_000
    assert recorder.stopped
    assert len(recorder.rows()) < 20


def test_the_trace_function_of_before_is_back_afterwards():
    before = sys.gettrace()
    watch("import sys\ndef f(x):\n    sys.settrace(None)\n    return x\n", 1)
    assert sys.gettrace() is before


def test_odd_values_are_told_in_words():
    source = "def f():\n    a = None\n    b = 'text'\n    c = [1, 2]\n    d = (3,) * 99\n    e = object()\n    g = np.array(['x'])\n    h = np.array(2.5)\n    i = 2j\n"
    recorder, _ = watch("import numpy as np\n" + source)
    values = {seen.name: seen.value for seen in recorder.rows() if seen.kind == "value"}
    assert (
        values["a"] == "None" and values["b"] == "'text'" and values["c"] == "[1, 2]" and values["d"] == "tuple of 99"
    )
    assert values["e"] == "an object" and values["g"] is None and values["h"] == 2.5 and values["i"] == "a complex"


def test_tensors_tell_their_graph():
    torch = pytest.importorskip("torch")
    source = "def f(x):\n    y = x * 2\n    z = y.detach()\n    return y + z\n"
    recorder, _ = watch(source, torch.ones(3, requires_grad=True))
    graph = {seen.name: (seen.requires_grad, seen.grad_fn) for seen in recorder.rows()}
    assert graph["x"] == (True, "") and graph["y"] == (True, "MulBackward") and graph["z"] == (False, "")


def test_a_tensor_that_is_written_to_is_seen():
    torch = pytest.importorskip("torch")
    source = "def f(x):\n    y = x.clone()\n    y.mul_(3)\n    return y\n"
    recorder, _ = watch(source, torch.ones(2))
    assert [seen.line for seen in recorder.rows() if seen.name == "y" and not seen.repeated] == [2, 3]


@pytest.mark.parametrize(
    "source", ["x = 1; y = 2\n", "if a: b = 1\n", "for i in a: b = i\n", "with a as b:\n    c = 1\n"]
)
def test_statements_that_share_a_line_or_bind_in_their_head_are_read(source):
    assert statements(source)[1].stores


def test_a_long_loop_is_watched_in_a_fraction_of_the_time_limit():
    source = "def f(x):\n    for t in range(3000):\n        x = x + 1\n        x[0] = t\n    return x\n"
    recorder, _ = watch(source, np.zeros((8, 8)))
    assert not recorder.stopped
