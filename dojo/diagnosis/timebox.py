"""A guess may loop for ever, because it is a program with one thing changed. It gets a moment, then it is given up."""

import contextlib
import signal
import threading
from collections.abc import Iterator


class TooLong(BaseException):
    """Raised in the code inside a timebox; a BaseException, so that no `except Exception` of that code holds it up."""


@contextlib.contextmanager
def timebox(seconds: float) -> Iterator[None]:
    """Give up what runs inside after `seconds`. Outside the main thread, where no signal arrives, it runs unbounded."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number, frame) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except TooLong:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
