"""What stands under "try it" runs when it is pasted, and gives the value that the finding speaks of."""

import contextlib
import io
import math
from pathlib import Path

import numpy as np
import pytest

from dojo.checking.calls import Call
from dojo.checking.reference import reference
from dojo.diagnosis.snippet import LONGEST, snippet
from dojo.loading import Subject, install_finder, solution_path

RNG = np.random.default_rng(0)
X, W, B, DOUT = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 5)), RNG.normal(size=5), RNG.normal(size=(4, 5))


LOCALS: dict = {}
exec("UNKNOWN = lambda x: x", LOCALS)
UNKNOWN = LOCALS["UNKNOWN"]  # no file holds its source


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
        (UNKNOWN, W, B),
        (np.random.Generator(np.random.MT19937(3)), W, B),
        (np.array(["a"]), W, B),
        (np.zeros((99, 99)), W, B),
        ({"f": UNKNOWN}, W, B),
        ([print], W, B),
    ],
)
def test_nothing_is_written_where_it_would_not_help(args):
    assert written("affine", args) == ""


def test_a_snippet_is_never_longer_than_a_screen():
    assert len(written("affine", (RNG.normal(size=(5, 4)), W, B))) <= LONGEST
    assert Path(solution_path("affine", "numpy")).exists()


# ---------------------------------------------------------------------- random generators and functions


def arguments_of(text: str) -> dict:
    """The names that a snippet leaves behind, its call left out."""
    _, names = pasted("\n".join(line for line in text.splitlines() if not line.startswith("print")))
    return names


def drawn(count: int) -> np.random.Generator:
    rng = np.random.default_rng(7)
    rng.normal(size=count)
    return rng


@pytest.mark.parametrize("rng", [drawn(0), drawn(3)])
def test_a_random_generator_draws_the_same_numbers(rng):
    text = written("affine", (rng, W, B))
    got = arguments_of(text)["x"].normal(size=4)
    np.testing.assert_array_equal(got, rng.normal(size=4))


def test_a_fresh_generator_is_written_by_its_seed():
    assert "x = np.random.default_rng(7)\n" in written("affine", (drawn(0), W, B))


def test_a_generator_of_torch_is_written_by_its_seed_unless_it_has_drawn():
    torch = pytest.importorskip("torch")
    fresh = torch.Generator().manual_seed(5)
    assert "x = torch.Generator().manual_seed(5)\n" in written("affine", (fresh, W, B), track="torch")
    torch.rand(3, generator=fresh)
    assert written("affine", (fresh, W, B), track="torch") == ""


def closure(scale: float):
    """A function that needs what stands around it."""

    def scaled(x, power=2):
        return float((scale * x**power).sum() + np.abs(C).sum())

    return scaled


C = np.array([1.0, -2.0])
PAIR = (lambda x: x + 1, lambda x: x * C.sum())


@pytest.mark.parametrize(
    "function",
    [
        lambda x: float((x**2).sum()),
        lambda x, w=C: float((w[0] * np.sin(x)).sum()),
        lambda x: math.sqrt(float(np.sum(x * x))),
        PAIR[0],
        PAIR[1],
        closure(3.0),
        np.tanh,
    ],
)
def test_a_function_is_written_with_all_that_it_needs(function):
    got = arguments_of(written("affine", (function, W, B)))["x"]
    np.testing.assert_array_equal(got(X), function(X))


def test_on_the_torch_track_a_function_of_a_test_meets_numpy_as_it_does_there():
    torch = pytest.importorskip("torch")
    got = arguments_of(written("affine", (lambda x: np.where(x > 0, x, C[0]), W, B), track="torch"))["x"]
    answer = got(torch.from_numpy(X))
    assert isinstance(answer, torch.Tensor)
    np.testing.assert_array_equal(answer.numpy(), np.where(X > 0, X, 1.0))
