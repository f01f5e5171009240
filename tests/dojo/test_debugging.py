"""`check --pdb`: the debugger stands inside the learner's own function, with the input that fails."""

import re

import pytest

PROMPT = "(Pdb) "
WRONG = ("dx = dout @ W.T", "dx = dout @ (x.T @ dout).T")


def text(screen) -> str:
    return re.sub(r"\s+", " ", screen.before)


def test_a_wrong_value_opens_at_the_first_line_of_the_function(checkout):
    checkout.solve("affine", "numpy", WRONG)
    with checkout.terminal("check affine --pdb") as screen:
        screen.expect_exact(PROMPT)
        before = text(screen)
        assert "affine_backward, dx" in before, "the verdict comes first"
        assert "the call of affine_backward in test_affine_backward" in before
        assert "n: next line" in before and "q: leave" in before
        assert "affine.py(" in before and "affine_backward()" in before
        screen.sendline("p x.shape, W.shape")
        screen.expect_exact("(2, 2), (2, 2)")
        screen.expect_exact(PROMPT)
        screen.sendline("c")
        screen.expect_exact("it gave back (array(")
        screen.expect_exact("code 1")
        screen.expect_exact("reset yes")


def test_an_exception_opens_where_the_learners_own_code_raised_it(checkout):
    checkout.solve("affine", "numpy", ("dW = x.T @ dout", "dW = np.linalg.solve(x, dout)"))
    with checkout.terminal("check affine --pdb") as screen:
        screen.expect_exact(PROMPT)
        assert "it has raised LinAlgError" in text(screen) and "-> dW = np.linalg.solve(x, dout)" in text(screen)
        screen.sendline("p dx.shape")
        screen.expect(r"\(\d, \d\)")
        screen.expect_exact(PROMPT)
        screen.sendline("q")
        screen.expect_exact("code 1")


def test_a_check_that_a_bad_input_passes_opens_with_that_input(checkout):
    source = checkout.solve("mse").read_text(encoding="utf-8")
    checkout.save("mse", re.sub(r"    if y\.ndim != 2.*?needed\"\)\n", "", source, count=1, flags=re.DOTALL))
    with checkout.terminal("check mse --pdb") as screen:
        screen.expect_exact(PROMPT)
        screen.sendline("p y.shape == target.shape")
        screen.expect_exact("False")
        screen.sendline("q")
        screen.expect_exact("code 1")


def test_a_breakpoint_of_the_learners_own_works_there(checkout):
    checkout.solve("affine", "numpy", ("    dW = x.T @ dout", "    breakpoint()\n    dW = x.T @ dout"))
    with checkout.terminal("check affine --pdb") as screen:
        screen.expect_exact(PROMPT)
        assert "no call of it fails here: this is the first one" in text(screen)
        screen.sendline("c")
        screen.expect_exact("-> dW = x.T @ dout")
        screen.sendline("q")
        screen.expect_exact("code 1")


def test_on_the_torch_track_the_arguments_ask_for_their_gradient(checkout):
    pytest.importorskip("torch")
    checkout.solve("affine", "torch", ("return x @ W + b", "return x @ W.detach() + b"))
    with checkout.terminal("check affine --pdb --track torch") as screen:
        screen.expect_exact(PROMPT)
        screen.sendline("p W.requires_grad, x.requires_grad")
        screen.expect_exact("(True, True)")
        screen.sendline("q")
        screen.expect_exact("code 1")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("dx = dout @ W.T", "import os\n    os._exit(3)"), "would end the debugger with it"),
        (("dx = dout @ W.T", "dx = (dout @ W.T"), "Python cannot read the file"),
    ],
)
def test_where_nothing_can_run_it_says_why(checkout, change, reason):
    checkout.solve("affine", "numpy", change)
    with checkout.terminal("check affine --pdb") as screen:
        screen.expect_exact("no debugger: ")
        screen.expect_exact(reason)
        screen.expect_exact("code 1")


def test_a_pass_needs_no_debugger(checkout):
    checkout.solve("affine")
    with checkout.terminal("check affine --pdb") as screen:
        screen.expect_exact("code 0")
        assert PROMPT not in screen.before


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_without_a_terminal_nothing_is_asked(checkout, option):
    checkout.solve("affine", "numpy", WRONG)
    done = checkout.grader("check", "affine", "--pdb", *option)
    assert done.returncode == 2 and done.stdout == ""
    assert "--pdb needs a terminal" in done.stderr
