"""What stands under "try it" runs when it is pasted, and gives the value that the finding speaks of."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

from dojo.checking.calls import Call
from dojo.checking.reference import reference
from dojo.diagnosis.snippet import LONGEST, snippet
from dojo.loading import Subject, install_finder, solution_path

RNG = np.random.default_rng(0)
X, W, B, DOUT = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 5)), RNG.normal(size=5), RNG.normal(size=(4, 5))


def pasted(text: str) -> tuple[str, dict]:
    """What a pasted snippet prints, and the names it leaves behind."""
    out, names = io.StringIO(), {}
    with contextlib.redirect_stdout(out):
        exec(text, names)
    return out.getvalue(), names


def written(function: str, args: tuple, kata="affine", track="numpy", gradient=False, origin="file", **kwargs) -> str:
    install_finder("solutions")
    subject = Subject(kata, track, origin, solution_path(kata, track))
    call = Call(function, args, kwargs, gradient)
    return snippet(subject, reference(kata).laws[call.law], call)


def test_a_call_on_the_numpy_track_gives_its_value():
    out, names = pasted(written("affine", (X, W, B)))
    assert out == f"{X @ W + B}\n"
    assert all(np.array_equal(names[name], value) for name, value in {"x": X, "W": W, "b": B}.items())


def test_a_gradient_on_the_numpy_track_gives_its_value():
    out, _ = pasted(written("affine_backward", (DOUT, X, W, B), gradient=True))
    assert out == f"{(DOUT @ W.T, X.T @ DOUT, DOUT.sum(axis=0))}\n"


def test_a_gradient_on_the_torch_track_gives_its_value():
    pytest.importorskip("torch")
    _, names = pasted(written("affine", (DOUT, X, W, B), track="torch", gradient=True))
    np.testing.assert_allclose(names["x"].grad.numpy(), DOUT @ W.T)
    np.testing.assert_allclose(names["W"].grad.numpy(), X.T @ DOUT)
    np.testing.assert_allclose(names["b"].grad.numpy(), DOUT.sum(axis=0))


def test_a_call_on_the_torch_track_gives_its_value():
    pytest.importorskip("torch")
    out, names = pasted(written("affine", (X, W, B), track="torch"))
    assert out.startswith("tensor(") and names["x"].dtype is __import__("torch").float64


def test_the_learners_own_file_is_imported_by_name():
    text = written("affine", (X, W, B), origin="katas")
    assert text.splitlines()[:2] == ["import numpy as np", "from katas.numpy.affine import affine"]


@pytest.mark.parametrize(
    "value",
    [
        np.array([[np.inf, -np.inf, np.nan]]),
        np.array([[1, 2], [3, 4]], dtype=np.int32),
        np.array([True, False]),
        np.float32([[0.1, 0.2]]),
        np.zeros((0, 3)),
        np.array(2.5),
        {"W1": np.eye(2), "b1": np.zeros(2)},
        [np.eye(2), 3],
        (1.5,),
        float("inf"),
        None,
        "text",
        7,
    ],
)
def test_every_kind_of_argument_comes_back_as_it_was(value):
    text = written("affine", (value, W, B))
    _, names = pasted("\n".join(line for line in text.splitlines() if not line.startswith("print")))
    np.testing.assert_equal(names["x"], value)
    if isinstance(value, np.ndarray):
        assert names["x"].dtype == value.dtype and names["x"].shape == value.shape


def test_options_are_passed_on():
    assert "print(affine(x, W, b, flag=True))" in written("affine", (X, W, B), flag=True)


@pytest.mark.parametrize(
    "args",
    [
        (),
        (X, W, B, B),
        (np.random.default_rng(0), W, B),
        (lambda x: x, W, B),
        (np.array(["a"]), W, B),
        (np.zeros((99, 99)), W, B),
        ({"f": print}, W, B),
        ([print], W, B),
    ],
)
def test_nothing_is_written_where_it_would_not_help(args):
    assert written("affine", args) == ""


def test_a_snippet_is_never_longer_than_a_screen():
    assert len(written("affine", (RNG.normal(size=(5, 4)), W, B))) <= LONGEST
    assert Path(solution_path("affine", "numpy")).exists()
