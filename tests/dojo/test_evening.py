"""A learner's evening: the real commands in a fresh checkout, in the order in which a person meets them."""

import re
import shutil

import pytest

from dojo.loading import curriculum

# ---------------------------------------------------------------------- how the story is told


def words(text: str) -> str:
    """`text` in one line, without colours, so that it does not matter where the terminal broke it."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


@pytest.fixture
def grader(checkout):
    """`grader("check affine", code=1)` runs the command in the checkout and returns what it said, in one line."""

    def run(command: str = "", code: int = 0) -> str:
        done = checkout.grader(*command.split())
        assert done.returncode == code, f"grader.py {command}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.stderr == ""
        return words(done.stdout)

    return run


# ---------------------------------------------------------------------- the evening


def test_a_learners_evening(checkout, grader):
    # The map. Nothing is done; affine waits for shapes, which is the kata to begin with.
    drawn = grader()
    assert f"0 of {len(curriculum().katas)} katas passed" in drawn
    assert "› · shapes not started" in drawn
    assert "- affine needs shapes" in drawn
    assert "next: shapes" in drawn and "edit katas/numpy/shapes.py" in drawn

    # A stub is not wrong, it is not started; and two calls for help give two hints.
    assert "shapes (numpy) not started" in grader("check shapes", code=1)
    first, second = grader("hint shapes"), grader("hint shapes")
    assert first.startswith("hint 1 of ") and second.startswith("hint 2 of ")
    assert first.split(":", 1)[1] != second.split(":", 1)[1]

    # The right answer passes, and opens what was waiting for it.
    checkout.solve("shapes", "numpy")
    assert "✓ shapes (numpy) passed" in grader("check shapes")
    drawn = grader()
    assert "✓ shapes passed" in drawn and "· affine not started" in drawn and "next: affine" in drawn

    # Wrong, because a shape does not fit: the line, the arrays with the names of their axes, and what does not meet.
    checkout.solve("affine", "numpy", ("dW = x.T @ dout", "dW = x @ dout"))
    verdict = grader("check affine", code=1)
    assert "✗ affine (numpy) failed" in verdict
    assert "affine_backward raises ValueError at `x @ dout`" in verdict
    assert "dout (N=4, M=5)" in verdict and "x (N=4, D=3)" in verdict and "D=3 does not meet N=4" in verdict
    assert "[transposed]" in verdict

    # Wrong in a value: which one, what was expected, and what a sum has to do with it.
    checkout.solve("mse", "numpy", ("/ (2 * y.shape[0])", "/ 2"))
    verdict = grader("check mse", code=1)
    assert "✗ mse (numpy) failed" in verdict
    assert re.search(r"mse is [\d.]+; [\d.]+ was expected", verdict)
    assert "over the examples it is a mean" in verdict and "[missing-mean]" in verdict

    # Wrong in a derivative, the mistake that costs a day: the shapes fit, and the gradient of W stands where W belongs.
    checkout.solve("affine", "numpy", ("dx = dout @ W.T", "dW = x.T @ dout\n    dx = dout @ dW.T"))
    verdict = grader("check affine", code=1)
    assert re.search(r"katas/numpy/affine\.py:\d+: affine_backward, dx", verdict)
    assert "your forward pass is right, and so are dW, db" in verdict
    assert "dout @ dW.T: the gradient of W stands where W" in verdict and "[wrong-operand]" in verdict
    assert grader("hint affine").startswith("about your last verdict (wrong-operand)")

    # Not even Python: the line, and no guess about anything else.
    broken = checkout.solve("affine", "numpy", ("dx = dout @ W.T", "dx = (dout @ W.T"))
    line = (
        broken.read_text(encoding="utf-8")
        .splitlines()
        .index("    dx = (dout @ W.T  # N M @ M D: the sum runs over the outputs")
    )
    verdict = grader("check affine", code=1)
    assert "! affine (numpy) broken" in verdict and f"katas/numpy/affine.py:{line + 1}:" in verdict
    assert "'(' was never closed" in verdict

    # The right one. Before it passed, the references stayed closed; now they open.
    assert "affine has not passed yet" in grader("compare affine", code=1)
    checkout.solve("affine", "numpy")
    assert "✓ affine (numpy) passed" in grader("check affine")
    beside = grader("compare affine")
    for part in (
        "yours",
        "reference, numpy",
        "reference, torch",
        "dx = dout @ W.T",
        "largest difference",
        "derivation",
    ):
        assert part in beside

    # Another day, another process: what passed is still passed, what failed is the next thing to do.
    drawn = grader()
    assert f"2 of {len(curriculum().katas)} katas passed" in drawn and "✓ affine passed" in drawn
    assert "› ✗ mse failed" in drawn and "next: mse" in drawn

    # Starting afresh loses nothing: the file is kept, and passes again when it is put back.
    answer = checkout.kata("affine").read_text(encoding="utf-8")
    said = grader("reset affine")
    assert "katas/numpy/affine.py is the stub again" in said
    assert "affine (numpy) not started" in grader("check affine", code=1)
    kept = checkout.root / re.search(r"kept as (\S+)", said)[1]
    assert kept.read_text(encoding="utf-8") == answer
    shutil.copy(kept, checkout.kata("affine"))
    assert "✓ affine (numpy) passed" in grader("check affine")

    # A kata built on one that is not finished is locked, and opens when that one passes.
    checkout.solve("cross_entropy", "numpy")
    verdict = grader("check cross_entropy", code=1)
    assert "- cross_entropy (numpy) locked" in verdict and "softmax" in verdict
    checkout.solve("softmax", "numpy")
    assert "✓ softmax (numpy) passed" in grader("check softmax")
    assert "✓ cross_entropy (numpy) passed" in grader("check cross_entropy")

    # The rest of the evening in `watch`: every save brings a verdict, four keys do the rest.
    right = checkout.solve("mse", "numpy").read_text(encoding="utf-8")
    wrong = right.replace("dtarget = -dy", "dtarget = dy")
    checkout.save("mse", wrong)
    with checkout.terminal("watch mse") as screen:
        screen.expect_exact("✗ mse (numpy) failed")
        screen.expect_exact("[sign-flipped]")
        screen.expect_exact("h hint · c compare · n next · q quit")
        screen.send("h")
        screen.expect("hint 1 of ")
        screen.send("c")
        screen.expect_exact("mse has not passed yet")
        checkout.save("mse", wrong.replace("np.ndim", "np.dim"))
        screen.expect_exact("np.dim")
        checkout.save("mse", right)
        screen.expect_exact("✓ mse (numpy) passed")
        screen.expect_exact("n goes on to activations")
        screen.send("c")
        screen.expect_exact("reference, torch")
        screen.send("n")
        screen.expect_exact("activations (numpy) not started")
        screen.send("q")
        screen.expect_exact("code 0")
        screen.expect_exact("reset yes")

    assert f"5 of {len(curriculum().katas)} katas passed" in grader()
