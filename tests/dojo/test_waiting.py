"""A bar or a word for what takes longer than a moment, on a terminal only."""

import io
import threading
import time

import pytest
from rich.console import Console

from dojo import waiting


@pytest.fixture
def shown(monkeypatch):
    """`shown(use, …)`: what a terminal shows while `use()` runs, when a moment is `moment` seconds long."""

    def run(use, moment: float = 0.0, terminal: bool = True, width: int = 80) -> str:
        written = io.StringIO()
        console = Console(file=written, force_terminal=terminal, width=width, color_system=None)
        monkeypatch.setattr(waiting, "make_console", lambda stderr: console)
        monkeypatch.setattr(waiting, "MOMENT", moment)
        use()
        return written.getvalue()

    return run


def half(quiet: bool = False) -> None:
    with waiting.waiting(quiet) as tick:
        tick(0.5)


def pieces(quiet: bool = False) -> None:
    with waiting.counting("judging", 8, quiet) as tick:
        threads = [threading.Thread(target=tick) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def word(quiet: bool = False) -> None:
    with waiting.busy("judging softmax", quiet):
        time.sleep(0.2)


@pytest.mark.parametrize(("use", "words"), [(half, "measuring"), (pieces, "5 of 8"), (word, "judging softmax")])
def test_it_comes_after_a_moment_and_on_a_terminal_only(shown, use, words):
    assert words in shown(use)
    assert shown(use, moment=60) == shown(lambda: use(quiet=True)) == shown(use, terminal=False) == ""


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("use", [half, pieces, word])
def test_it_fits_into_the_line(shown, use, width):
    lines = shown(use, width=width).replace("\r", "\n").splitlines()
    assert (
        max(len(line.replace("\x1b[2K", "").replace("\x1b[?25l", "").replace("\x1b[?25h", "")) for line in lines)
        <= width
    )


def test_what_is_printed_meanwhile_stays_on_stdout(shown, capsys):
    def prints() -> None:
        with waiting.counting("judging", 2) as tick:
            tick()
            print("a verdict")

    assert "a verdict" not in shown(prints)
    assert capsys.readouterr().out == "a verdict\n"


def test_an_error_goes_through_and_the_word_goes(shown):
    def fails() -> None:
        with waiting.busy("judging softmax"):
            time.sleep(0.1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shown(fails)
    assert threading.active_count() <= 2
