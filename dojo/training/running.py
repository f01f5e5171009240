"""One training from start to end: the clock, the parameters kept after each epoch, and Ctrl-C."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from dojo.errors import DojoError
from dojo.training.checkpoints import Checkpoint, Identity, Unkeepable, save
from dojo.training.keeping import keep_params, run_name
from dojo.training.learner import Learner, LearnerError
from dojo.training.outcomes import Outcome, Params, Point
from dojo.training.recipes import Capstone, Stopped, Task

GLANCE = 0.2  # seconds between two looks at the progress within an epoch
TINY = 1e-9  # seconds, for a clock too coarse to see an epoch pass


@dataclass(frozen=True)
class Start:
    """How a training begins: `keep` is where its checkpoints go, `found` the one that it goes on from."""

    identity: Identity
    keep: Path
    found: Checkpoint | None = None


def run(
    capstone: Capstone, learner: Learner, task: Task, seed: int, reporter, start: Start | None = None
) -> Outcome | None:
    """Train, report after each epoch, and judge the parameters reached; None if Ctrl-C came before there were any."""
    training = _Training(capstone, learner, task, reporter, start)
    with threadpool_limits(capstone.threads), reporter.watching(), _ctrl_c(training):
        params = training.fit(seed)
    if params is None:
        return None
    run = run_name(capstone.label, learner.track_name, learner.origin)
    kept = keep_params(run, params)  # first of all: whatever goes wrong now loses nothing
    with threadpool_limits(capstone.threads):
        judgement = capstone.judge(learner, task, params)
    whole = sum(point.seconds for point in training.points)
    rate = len(training.points) * task.size / whole if whole else 0.0
    points, seconds = tuple(training.points), whole + training.spent
    finished, saved = training.finished, training.saved
    return Outcome(learner, task, points, params, judgement, finished, seconds, rate, kept, saved)


class _Training:
    """The two callbacks that the learner's code is given, and what they have seen."""

    def __init__(self, capstone: Capstone, learner: Learner, task: Task, reporter, start: Start | None):
        self.capstone, self.learner, self.task, self.reporter, self.start = capstone, learner, task, reporter, start
        found = start.found if start is not None else None
        self.place = found.place if found else None
        self.points: list[Point] = [*found.points] if found else []
        self.kept: Params | None = found.place["params"] if found else None  # after the last whole epoch
        self.finished: int = found.place["epoch"] if found else 0  # whole epochs
        self.saved: Path | None = start.keep if found and start else None  # the checkpoint of the last whole epoch
        self.struck = False  # by Ctrl-C
        self.failure: BaseException | None = None  # of ours or of a measurement, on its way through the learner's code
        self.spent = 0.0  # seconds of training in the epoch under way
        self.seen = 0  # examples of the epoch under way
        self.mark: float | None = None  # since when the clock runs
        self.glance = 0.0

    def fit(self, seed: int) -> Params | None:
        """Run the learner's training; the parameters it reached, or None if Ctrl-C came before there were any."""
        self.mark = self.glance = time.perf_counter()
        returned = None
        try:
            returned = self.capstone.fit(self.learner, self.task, seed, self.on_epoch, self.tick, self.place)
        except KeyboardInterrupt as interrupt:
            self.struck = True
            returned = interrupt.params if isinstance(interrupt, Stopped) else None
        except LearnerError as error:
            raise self.failure or error from None
        self._pause()
        if self.failure is not None:  # the learner's code caught it and went on
            raise self.failure
        if self.struck:
            return self._best(returned)
        if self.finished < self.task.epochs:
            what = f"called on_epoch {self.finished} times in {self.task.epochs} epochs; it is due after each one"
            raise self.learner.wrong("train", what)
        return self.learner.params(returned)

    def on_epoch(self, epoch, params, place=None) -> None:
        """Keep a copy of the parameters before anything else, so that Ctrl-C loses none of it; then measure them."""
        self._pause()
        try:
            try:
                self._keep(params)
            except KeyboardInterrupt:  # while it measured: the epoch itself is whole
                self._save(place)
                raise
            self._save(place)
        except KeyboardInterrupt:
            self.struck = True
            raise
        except BaseException as error:
            self.failure = error
            raise
        if self.struck:  # and swallowed
            raise KeyboardInterrupt
        self.mark = time.perf_counter()

    def tick(self, examples: int, live: str = "") -> None:
        """A batch is done; `live` says how the epoch goes."""
        if self.struck:  # and swallowed: the next batch is where it strikes again
            raise KeyboardInterrupt
        self.seen += examples
        if time.perf_counter() - self.glance > GLANCE:
            self._pause()
            if live:
                self.reporter.live(live)
            self.reporter.advance(self.finished * self.task.size + self.seen, self.seen / max(self.spent, TINY))
            self.mark = self.glance = time.perf_counter()

    def _keep(self, params) -> None:
        if self.finished == self.task.epochs:
            raise self.learner.wrong("train", f"called on_epoch more often than there are epochs, {self.task.epochs}")
        self.kept = self.learner.params(params)
        self.finished += 1
        seconds, self.spent, self.seen = max(self.spent, TINY), 0.0, 0
        found = self.capstone.measure(self.learner, self.task, self.kept)
        if not math.isfinite(found["loss"]):
            what = (
                f"led to a loss of {found['loss']} after epoch {self.finished}: the logits are too large or not numbers"
            )
            raise self.learner.wrong(self.capstone.trains, what)
        times = {"seconds": seconds, "per_second": self.task.size / seconds}
        values: dict[str, Any] = {"epoch": self.finished, "accuracy": math.nan} | times | found
        point = Point(**values)
        self.points.append(point)
        self.reporter.epoch(point)

    def _save(self, place: dict | None) -> None:
        """Write a checkpoint, where the training has one. If it cannot be written, say so once and train on."""
        if self.start is None or place is None:
            return
        try:
            found = Checkpoint(self.start.identity, place, tuple(self.points), self.learner.digest)
            save(found, self.start.keep)
            self.saved = self.start.keep
        except (Unkeepable, DojoError) as error:
            why = error.args[0] if isinstance(error, DojoError) else f"The state of the optimizer holds {error}."
            self.start, self.saved = None, None
            self.reporter.say(f"{why} No checkpoint is kept, so --resume will not go on from here.")

    def _pause(self) -> None:
        if self.mark is not None:
            self.spent += time.perf_counter() - self.mark
        self.mark = None

    def _best(self, returned) -> Params | None:
        """After Ctrl-C: what the training gave back, if it is whole; else what was kept after the last epoch."""
        try:
            params = self.learner.params(returned)
        except LearnerError:
            return self.kept
        alike = self.kept is None or _shapes(params) == _shapes(self.kept)
        return params if alike and all(np.isfinite(param).all() for param in params.values()) else self.kept


def _shapes(params: Params) -> dict[str, tuple[int, ...]]:
    return {name: param.shape for name, param in params.items()}


@contextmanager
def _ctrl_c(training: _Training) -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt at once, and again at the next batch if the learner's code swallows it."""
    ours = threading.current_thread() is threading.main_thread()
    ours = ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def strike(signum, frame):
        training.struck = True
        raise KeyboardInterrupt

    if ours:
        signal.signal(signal.SIGINT, strike)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
