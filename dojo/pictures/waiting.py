"""A bar for what takes longer than a moment."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dojo.terminal import make_console

MOMENT = 1.0  # seconds before the bar appears


@contextmanager
def waiting(quiet: bool) -> Iterator[Callable[[float], None]]:
    """A function to call with the part of the work that is done, 0 to 1; its bar comes after a second, on a terminal."""
    console = make_console(stderr=True)
    if quiet or not console.is_interactive:
        yield lambda done: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("measuring"), BarColumn(bar_width=40), TimeRemainingColumn(compact=True), TextColumn("left"))
    bar = Progress(*columns, console=console, auto_refresh=False, transient=True)
    task, began = bar.add_task("", total=1.0), time.monotonic()

    def tick(done: float) -> None:
        bar.update(task, completed=done)
        if time.monotonic() - began > MOMENT:
            bar.start()  # again and again: only the first time counts
            bar.refresh()

    try:
        yield tick
    finally:
        bar.stop()
