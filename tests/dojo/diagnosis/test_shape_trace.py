"""An exception in a learner's file is told with their line, the shapes and axis names there, and what does not meet what."""

import functools
import textwrap

import numpy as np
import pytest
from jaxtyping import Float, Int

from dojo.checking.signatures import signature
from dojo.diagnosis.crash import explain_crash

X, W, B = np.ones((4, 3)), np.ones((5, 3)), np.ones(5)
LABELS = np.array([0, 2, 9, 1])


def law(
    x: Float[np.ndarray, "N D"],
    W: Float[np.ndarray, "M D"],
    b: Float[np.ndarray, " M"],
    labels: Int[np.ndarray, " N"],
) -> Float[np.ndarray, "N M"]:
    raise NotImplementedError


@pytest.fixture
def crash(tmp_path):
    """`crash(code)`: facts, line and causes when `f` of a file with that code is called; `args` may be given."""

    def run(code: str, *args, names: dict | None = None):
        path = tmp_path / "answer.py"
        path.write_text(textwrap.dedent(code), encoding="utf-8")
        world: dict = {"np": np, "functools": functools, **(names or {})}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), world)
        args = args or (X, W, B, LABELS)
        try:
            world["f"](*args)
        except BaseException as error:
            return explain_crash(error, error.__traceback__, {str(path)}, signature(law), args)
        raise AssertionError("nothing was raised")

    return run


def body(expression: str) -> str:
    return f"def f(x, W, b, labels):\n    return {expression}\n"


SENTENCES = [
    ("x @ W", "in a matrix product the last axis of x meets the first axis of W; D=3 does not meet M=5"),
    ("np.dot(x, W)", "D=3 does not meet M=5"),
    ("x.dot(W)", "D=3 does not meet M=5"),
    ("np.matmul(x.T, W)", "the last axis of x.T meets the first axis of W; N=4 does not meet M=5"),
    ("x @ b", "in a matrix product the last axis of x meets the only axis of b; D=3 does not meet M=5"),
    ("x @ x.sum()", "a matrix product needs two arrays, and x.sum() is a single number"),
    ("3.0 @ x", "a matrix product needs two arrays, and 3.0 is a single number"),
    ("x + b", "x (N=4, D=3) and b (M=5,) cannot be broadcast: D=3 does not meet M=5"),
    ("x - W", "x (N=4, D=3) and W (M=5, D=3) cannot be broadcast: N=4 does not meet M=5"),
    ("np.maximum(x, b)", "x (N=4, D=3) and b (M=5,) cannot be broadcast"),
    ("x.argmax(axis=0) == labels", "x.argmax(axis=0) (D=3,) and labels (N=4,) cannot be broadcast"),
    ("np.concatenate([x, W], axis=1)", "are joined along axis 1; every other axis must agree"),
    ("np.concatenate([x, b])", "x (N=4, D=3) and b (M=5,) do not have the same number of axes"),
    ("np.stack([x, W])", "x (N=4, D=3) and W (M=5, D=3) differ; stack puts arrays of one shape beside each other"),
    ("np.vstack([x, W.T])", "are joined along axis 0; every other axis must agree"),
    ("np.hstack((x, W))", "are joined along axis 1; every other axis must agree"),
    ("x.reshape(5, 3)", "x (N=4, D=3) holds 12 values and (5, 3) has room for 15"),
    ("np.reshape(x, (7,))", "x (N=4, D=3) holds 12 values and (7,) has room for 7"),
    ("x.reshape(-1, 5)", "x (N=4, D=3) holds 12 values, no multiple of 5, so (-1, 5) does not fit"),
    ("x.reshape(len(b), x.shape[1])", "(5, 3) has room for 15"),
    ("np.einsum('nd,dm->nm', x, W)", "in 'nd,dm->nm' the axis d is 3 long in x (N=4, D=3) and 5 in W (M=5, D=3)"),
    ("np.einsum('ndm,md->n', x, W)", "'ndm' stands for 3 axes, and x (N=4, D=3) has 2"),
    ("np.einsum('nd,md,m->nm', x, W)", "'nd,md,m->nm' names 3 operands and 2 are given"),
    ("np.einsum('nd,md->nk', x, W)", "the result has the axis k, which no operand has"),
    ("x[4]", "axis 0 of x (N=4, D=3) is 4 long, so its indices run from 0 to 3, and 4 is asked for"),
    ("x[0, 1, 2]", "x (N=4, D=3) has 2 axes, and 3 indices are given"),
    ("x[np.arange(4), labels]", "axis 1 of x (N=4, D=3) is 3 long, so its indices run from 0 to 2; labels holds 9"),
    ("[x, W][2]", "[x, W] has 2 items, 0 to 1"),
    ("x[b > 0]", "b > 0 (M=5,) picks from axis 0 of x (N=4, D=3), which is 4 long"),
]


@pytest.mark.parametrize(("expression", "sentence"), SENTENCES)
def test_each_kind_of_operation_has_a_sentence_of_its_own(crash, expression, sentence):
    facts, line, _ = crash(body(expression))
    assert sentence in facts and line == 2
    assert facts.startswith("raises ") and f"at `{expression}`: " in facts


def test_what_is_written_to_a_place_of_another_shape(crash):
    facts, line, _ = crash("def f(x, W, b, labels):\n    out = np.zeros((4, 5))\n    out[0] = x[0]\n")
    assert line == 3 and "x[0] (D=3,) does not fit into out[0] (M=5,)" in facts


def test_an_operation_in_place(crash):
    facts, _, _ = crash("def f(x, W, b, labels):\n    total = np.zeros(4)\n    total += b\n")
    assert "total (N=4,) and b (M=5,) cannot be broadcast" in facts


TORCH = [
    ("x @ W", "D=3 does not meet M=5"),
    ("torch.mm(x, W)", "D=3 does not meet M=5"),
    ("x + b", "x (N=4, D=3) and b (M=5,) cannot be broadcast"),
    ("torch.cat([x, W], dim=1)", "are joined along axis 1; every other axis must agree"),
    ("torch.stack([x, W])", "stack puts arrays of one shape beside each other"),
    ("x.view(5, 3)", "x (N=4, D=3) holds 12 values and (5, 3) has room for 15"),
    ("torch.einsum('nd,dm->nm', x, W)", "the axis d is 3 long in x (N=4, D=3)"),
    ("x[torch.arange(4), labels]", "labels holds 9"),
    ("x[7]", "so its indices run from 0 to 3"),
]


@pytest.mark.parametrize(("expression", "sentence"), TORCH)
def test_torch_gets_the_same_sentences(crash, expression, sentence):
    torch = pytest.importorskip("torch")
    args = [torch.from_numpy(value) for value in (X, W, B, LABELS)]
    facts, line, _ = crash(body(expression), *args, names={"torch": torch})
    assert sentence in facts and line == 2


CERTAIN = [
    ("x @ W", ["transposed"]),
    ("W @ x", ["transposed"]),
    ("x.T + labels[:, None]", ["wrong-axis"]),
    ("x.sum(axis=0) - labels", ["wrong-axis"]),
    ("np.sum(x, axis=0) - labels", ["wrong-axis"]),
    ("W.T @ x", ["wrong-order"]),
    ("x.T + W", []),
    ("x[9]", []),
    ("float(x)", ["wrong-type"]),
]


@pytest.mark.parametrize(("expression", "causes"), CERTAIN)
def test_a_cause_is_given_only_where_the_shapes_prove_it(crash, expression, causes):
    assert [match.cause for match in crash(body(expression))[2]][:1] == causes[:1]
