"""Wherever in a learner's file an exception starts, the innermost line of theirs is told, with what was in reach there."""

import functools
import textwrap

import numpy as np
import pytest
from jaxtyping import Float

from dojo.checking.signatures import signature
from dojo.diagnosis.crash import explain_crash

X, W = np.ones((4, 3)), np.ones((5, 3))


def law(x: Float[np.ndarray, "N D"], W: Float[np.ndarray, "M D"]) -> Float[np.ndarray, "N M"]:
    raise NotImplementedError


@pytest.fixture
def crash(tmp_path):
    """`crash(code)`: facts, line and causes when `f(x, W)` of a file with that code is called."""

    def run(code: str, *args):
        path = tmp_path / "answer.py"
        path.write_text(textwrap.dedent(code).lstrip("\n"), encoding="utf-8")
        world: dict = {"np": np, "functools": functools}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), world)
        try:
            world["f"](*(args or (X, W)))
        except BaseException as error:
            return explain_crash(error, error.__traceback__, {str(path)}, signature(law), args or (X, W))
        raise AssertionError("nothing was raised")

    return run


def test_the_axis_names_come_from_the_annotations_and_the_sizes_of_the_call(crash):
    assert crash("def f(x, W):\n    return x @ W\n") == (
        "raises ValueError at `x @ W`: x (N=4, D=3) float64 · W (M=5, D=3) float64; in a matrix product the last axis "
        "of x meets the first axis of W; D=3 does not meet M=5",
        2,
        crash("def f(x, W):\n    return x @ W\n")[2],
    )


def test_an_expression_over_several_lines(crash):
    facts, line, _ = crash("""
    def f(x, W):
        z = (
            x.sum()
            + x
            @ W
        )
        return z
    """)
    assert line == 4 and "at `x @ W`" in facts and "D=3 does not meet M=5" in facts


def test_a_comprehension_sees_what_stands_around_it(crash):
    facts, line, _ = crash("""
    def f(x, W):
        rows = [row @ W for row in x]
        return np.stack(rows)
    """)
    assert line == 2 and "at `row @ W`" in facts
    assert "row (D=3,) float64 · W (M=5, D=3) float64" in facts and "D=3 does not meet M=5" in facts


def test_a_nested_helper_names_its_own_arrays(crash):
    facts, line, _ = crash("""
    def f(x, W):
        def product(left, right):
            return left @ right

        return product(x, W)
    """)
    assert line == 3 and "left (N=4, D=3) float64 · right (M=5, D=3) float64" in facts


def test_a_name_that_holds_something_else_in_a_helper_is_labelled_by_its_sizes(crash):
    facts, _, _ = crash("""
    def helper(x):
        return x.reshape(7, 7)

    def f(x, W):
        return helper(W @ x.T)
    """)
    assert "x (M=5, N=4) holds 20 values and (7, 7) has room for 49" in facts


def test_a_decorator_does_not_hide_the_line(crash):
    facts, line, _ = crash("""
    def noted(function):
        @functools.wraps(function)
        def inner(*args):
            return function(*args)
        return inner

    @noted
    def f(x, W):
        return x + W
    """)
    assert line == 9 and "cannot be broadcast: N=4 does not meet M=5" in facts


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("np.linalg.solve(x, W)", "LinAlgError"),
        ("np.average(x, weights=W)", "raises"),
        ("np.apply_along_axis(np.linalg.inv, 0, x)", "LinAlgError"),
        ("np.linalg.cholesky(x)", "LinAlgError"),
        ("np.kron(x, W).dot(W)", "raises ValueError"),
    ],
)
def test_an_exception_frames_down_in_numpy_belongs_to_the_learners_line(crash, call, words):
    facts, line, _ = crash(f"def f(x, W):\n    y = 1\n    return {call}\n")
    assert line == 3 and words in facts and f"at `{call}`" in facts and "x (N=4, D=3) float64" in facts


def test_a_callback_of_numpys_is_the_learners_line_again(crash):
    facts, line, _ = crash("""
    def f(x, W):
        return np.apply_along_axis(
            lambda row: row @ W, 1, x)
    """)
    assert line == 3 and "at `row @ W`" in facts


def test_what_the_learner_raises_is_told_in_their_words(crash):
    facts, line, causes = crash('def f(x, W):\n    raise ValueError(f"no {x.shape}")\n')
    assert facts == "raises ValueError: no (4, 3); x (N=4, D=3) float64" and line == 2 and causes == []


def test_an_assertion_of_the_learners(crash):
    facts, line, _ = crash("def f(x, W):\n    assert x.shape == W.shape\n")
    assert line == 2 and facts.startswith("raises AssertionError at `")


@pytest.mark.parametrize(
    "code", ["def f(x):\n    return x\n", "def f(x, W, b):\n    return x\n", "def f():\n    pass\n"]
)
def test_a_wrong_number_of_arguments_is_about_the_signature(crash, code):
    facts, line, causes = crash(code)
    assert facts.startswith("cannot be called as law(x, W): f() ") and line == 0 and causes == []


def test_a_wrong_number_of_arguments_further_in_is_an_exception_like_any_other(crash):
    facts, line, _ = crash("def g(x):\n    return x\n\n\ndef f(x, W):\n    return g(x, W)\n")
    assert line == 6 and "raises TypeError at `g(x, W)`" in facts


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("return y", "name 'y' is not defined"),
        ("return x.sun()", "has no attribute 'sun'"),
        ("return {'a': 1}[3]", "3"),
        ("return 1 / 0", "division by zero"),
        ("return int('x')", "invalid literal"),
        ("import nothing_of_the_kind", "No module named"),
    ],
)
def test_everyday_exceptions_keep_pythons_words(crash, line, words):
    facts, at, _ = crash(f"def f(x, W):\n    {line}\n")
    assert at == 2 and words in facts


def test_a_key_that_is_missing_shows_the_keys_there_are(crash):
    facts, _, _ = crash("""
    def f(x, W):
        params = {"W1": W, "b1": x}
        l = 2
        return params[f"W{l}"]
    """)
    assert "params has the keys W1, b1" in facts


def test_an_endless_recursion_ends_in_a_sentence(crash):
    facts, line, _ = crash("def f(x, W):\n    return f(x, W)\n")
    assert line == 2 and "RecursionError" in facts and len(facts) < 400


def test_a_long_message_is_cut(crash):
    facts, _, _ = crash("def f(x, W):\n    raise ValueError('x' * 5000)\n")
    assert len(facts) < 400 and "…" in facts


def test_an_exception_without_a_message_or_with_a_bad_one(crash):
    assert crash("def f(x, W):\n    raise ValueError\n")[0].startswith("raises ValueError")
    facts, _, _ = crash("""
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    def f(x, W):
        raise Odd
    """)
    assert facts.startswith("raises Odd")


def test_a_file_that_is_gone_by_now_costs_only_the_source(crash, tmp_path):
    code = "import pathlib\ndef f(x, W):\n    pathlib.Path(__file__).unlink()\n    return x @ W\n"
    code = code.replace("__file__", repr(str(tmp_path / "answer.py")))
    facts, line, _ = crash(code)
    assert line == 4 and facts.startswith("raises ValueError: ") and "x (N=4, D=3)" in facts
