"""`watch` when things are not as they should be: code that hangs, saves in a burst, an answer that was right before."""

import time

import psutil
import pytest

KEYS = "h hint · c compare · n next · q quit"
HANGS = """
while not open("hangs", "a").close():
    pass
"""
SLOW = """
import time
open("slow", "a").close()
time.sleep(1)
"""


def wait_for(path, seconds: float = 20.0) -> None:
    """Return when there is a file at `path`."""
    until = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < until, f"{path} does not come"
        time.sleep(0.01)


def press_q(screen) -> int:
    screen.send("q")
    return 0


def press_ctrl_c(screen) -> int:
    screen.sendintr()
    return 0


def terminate(screen) -> int:
    (grader,) = psutil.Process(screen.pid).children()
    grader.terminate()
    return 143


@pytest.mark.parametrize("end", [press_q, press_ctrl_c, terminate])
@pytest.mark.parametrize("hangs", [True, False], ids=["while a check hangs", "while nothing happens"])
def test_a_watch_ends_at_once_and_leaves_the_terminal_as_it_was(checkout, end, hangs):
    right = checkout.solve("softmax").read_text(encoding="utf-8")
    with checkout.terminal("watch softmax") as screen:
        screen.expect_exact(KEYS)
        if hangs:
            checkout.save("softmax", right + HANGS)
            wait_for(checkout.root / "hangs")
        started = time.monotonic()
        code = end(screen)
        screen.expect_exact(f"code {code}")
        assert time.monotonic() - started < 9  # the hanging check would be stopped after 10 seconds
        assert "Traceback" not in screen.before
        screen.expect_exact("reset yes")


def test_saves_during_a_check_are_judged_once_and_it_is_the_last_that_counts(checkout):
    right = checkout.solve("softmax").read_text(encoding="utf-8")
    with checkout.terminal("watch softmax") as screen:
        screen.expect_exact(KEYS)
        checkout.save("softmax", right + SLOW)
        wait_for(checkout.root / "slow")
        for text in ("1 +", "2 +", right):
            checkout.save("softmax", text)
            time.sleep(0.15)
        screen.expect_exact("softmax (numpy)")  # the slow one
        screen.expect_exact("softmax (numpy) passed")
        assert "broken" not in screen.before
        screen.send("q")
        screen.expect_exact("code 0")
        assert "softmax (numpy)" not in screen.before


def test_a_system_without_a_watch_to_give_is_looked_at_again_and_again(checkout):
    right = checkout.solve("softmax").read_text(encoding="utf-8")
    (checkout.root / "watchfiles.py").write_text("def watch(*_, **__):\n    raise OSError('no watch left')\n")
    with checkout.terminal("watch softmax") as screen:
        screen.expect_exact(KEYS)
        for axis in ("0", "-1", "0"):
            checkout.save("softmax", right.replace("axis=-1", f"axis={axis}"))
            screen.expect_exact(f"softmax (numpy) {'passed' if axis == '-1' else 'failed'}")


def test_compare_closes_again_when_the_answer_is_no_longer_right(checkout):
    right = checkout.solve("softmax").read_text(encoding="utf-8")
    with checkout.terminal("watch softmax") as screen:
        screen.expect_exact("softmax (numpy) passed")
        checkout.save("softmax", right.replace("axis=-1", "axis=0"))
        screen.expect_exact("softmax (numpy) failed")
        screen.send("c")
        screen.expect_exact("softmax has not passed yet: h gives a hint")


def test_a_narrow_terminal_gets_whole_words_in_short_lines(checkout):
    checkout.solve("softmax", "numpy", ("exps / exps.sum(axis=-1, keepdims=True)", "exps / exps.sum(axis=0)"))
    with checkout.terminal("check softmax", columns=40, kind="xterm") as screen:
        screen.expect_exact("code 1")
        lines = checkout.left(screen.before)
    long = [line for line in lines if len(line) > 40 and not line.startswith("katas/numpy/softmax.py:")]
    assert not long, "only the place, which a terminal jumps to, stays in one line"
