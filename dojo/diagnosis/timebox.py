"""A guess may loop for ever, because it is a program with one thing changed. It gets a moment, then it is given up."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator


ASLEEP = 10.0  # how much longer something may take by the clock than by the processor's time
CLOCKS = (  # timer, its signal, what it measures, how many times a box's seconds it runs
    (signal.ITIMER_PROF, signal.SIGPROF, time.process_time, 1.0),
    (signal.ITIMER_REAL, signal.SIGALRM, time.perf_counter, ASLEEP),
)


class TooLong(BaseException):
    """Raised in the code inside a timebox; a BaseException, so that no `except Exception` of that code holds it up."""


@contextlib.contextmanager
def timebox(seconds: float) -> Iterator[None]:
    """Give up what runs inside after `seconds` of the processor's time, so that a busy machine changes no diagnosis.

    What only waits is given up too, ASLEEP times later. Outside the main thread, where no signal arrives, it runs
    unbounded. A box inside a box ends at its own time, or at the outer one's soon after.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    inside = True

    def ring(number, frame) -> None:
        if inside:
            raise TooLong

    clocks = [_Clock(*clock, ring) for clock in CLOCKS]
    try:  # from here on: the bell may ring as soon as a clock runs
        for clock in clocks:
            clock.start(seconds)
        yield
    except TooLong:
        pass
    finally:
        inside = False
        for clock in clocks:
            clock.stop()


class _Clock:
    """One of the process's timers, set for a box and given back to the box around it."""

    def __init__(self, timer: int, number: int, now: Callable[[], float], factor: float, ring: Callable):
        self.timer, self.number, self.now, self.factor = timer, number, now, factor
        self.before = signal.getsignal(number)
        self.started, (self.outer, _) = now(), signal.getitimer(timer)
        self.ring = ring

    def start(self, seconds: float) -> None:
        signal.signal(self.number, self.ring)
        signal.setitimer(self.timer, seconds * self.factor)

    def stop(self) -> None:
        signal.setitimer(self.timer, 0)
        signal.signal(self.number, self.before)
        if self.outer:
            signal.setitimer(self.timer, max(self.outer - (self.now() - self.started), 1e-3))
