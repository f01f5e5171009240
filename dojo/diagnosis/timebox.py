"""A guess may loop for ever, because it is a program with one thing changed. It gets a moment, then it is given up."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator


class TooLong(BaseException):
    """Raised in the code inside a timebox; a BaseException, so that no `except Exception` of that code holds it up."""


@contextlib.contextmanager
def timebox(seconds: float) -> Iterator[None]:
    """Give up what runs inside after `seconds`. Outside the main thread, where no signal arrives, it runs unbounded.

    A box inside a box ends at its own time, or at the outer one's soon after.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    inside = True

    def ring(number, frame) -> None:
        if inside:
            raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    started, (outer, _) = time.perf_counter(), signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except TooLong:
        pass
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.perf_counter() - started), 1e-3))
