"""A guess may loop for ever, because it is a program with one thing changed. It gets a moment, then it is given up."""

import signal
import threading
import time
from types import FrameType, TracebackType

ASLEEP = 10.0  # how much longer something may take by the clock than by the processor's time
SOON = 1e-3  # seconds until a bell that came at the wrong moment rings again
CLOCKS = (  # timer, its signal, what it measures, how many times a box's seconds it runs
    (signal.ITIMER_PROF, signal.SIGPROF, time.process_time, 1.0),
    (signal.ITIMER_REAL, signal.SIGALRM, time.perf_counter, ASLEEP),
)


class TooLong(BaseException):
    """Raised in the code inside a timebox; a BaseException, so that no `except Exception` of that code holds it up."""


class timebox:  # noqa: N801 — used like a function
    """Give up what runs inside after `seconds` of the processor's time, so that a busy machine changes no diagnosis.

    What only waits is given up too, ASLEEP times later. Outside the main thread, where no signal arrives, it runs
    unbounded. A box inside a box ends at its own time, or at the outer one's soon after.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.found: list[tuple] = []  # of each clock, what was set before

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for timer, number, now, factor in CLOCKS:
            self.found.append((timer, number, now, now(), signal.getitimer(timer)[0], signal.getsignal(number)))
            signal.signal(number, self._ring)
            signal.setitimer(timer, self.seconds * factor)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        for timer, number, now, started, outer, handler in self.found:
            signal.setitimer(timer, 0)
            signal.signal(number, handler)
            if outer:
                signal.setitimer(timer, max(outer - (now() - started), SOON))
        return kind is TooLong

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code.co_filename == __file__:  # between two boxes, where nobody catches it
            signal.setitimer(next(timer for timer, its, *_ in CLOCKS if its == number), SOON)
            return
        raise TooLong
