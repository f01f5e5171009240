"""A bar, or a word, for what takes longer than a moment. It shows on a terminal only, and goes when the work is done."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dojo.terminal import make_console

MOMENT = 1.0  # seconds before anything appears


@contextmanager
def waiting(quiet: bool = False, what: str = "measuring") -> Iterator[Callable[[float], None]]:
    """A function to call with the part of the work that is done, 0 to 1."""
    with _bar(quiet, what, 1.0, "") as advance:
        yield advance


@contextmanager
def counting(what: str, total: int, quiet: bool = False) -> Iterator[Callable[[], None]]:
    """A function to call after each of `total` pieces of work, from any thread."""
    with _bar(quiet, what, total, "{task.completed:.0f} of {task.total:.0f} ·") as advance:
        done, lock = 0, threading.Lock()

        def tick() -> None:
            nonlocal done
            with lock:
                done += 1
                advance(done)

        yield tick


@contextmanager
def busy(what: str, quiet: bool = False) -> Iterator[None]:
    """Says what is done while the block runs, where nobody knows how long that will be."""
    console = make_console(stderr=True)
    if quiet or not console.is_interactive:
        yield
        return
    status = console.status(what)
    timer = threading.Timer(MOMENT, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()


@contextmanager
def _bar(quiet: bool, what: str, total: float, count: str) -> Iterator[Callable[[float], None]]:
    console = make_console(stderr=True)
    if quiet or not console.is_interactive:
        yield lambda done: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = [TextColumn(what), BarColumn(bar_width=min(40, max(console.width - len(what) - 32, 4)))]
    columns += [TextColumn(count)] if count else []
    columns += [TimeRemainingColumn(compact=True), TextColumn("left")]
    bar = Progress(*columns, console=console, auto_refresh=False, transient=True, redirect_stdout=False)
    task, began = bar.add_task("", total=total), time.monotonic()

    def advance(done: float) -> None:
        bar.update(task, completed=done)
        if time.monotonic() - began > MOMENT:
            bar.start()  # again and again: only the first time counts
            bar.refresh()

    try:
        yield advance
    finally:
        bar.stop()
