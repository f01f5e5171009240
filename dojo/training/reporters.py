"""How a training shows itself: a bar on a terminal, a line per epoch elsewhere, JSON for scripts."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from dojo.terminal import make_console, relative
from dojo.training.borrowing import tell
from dojo.training.recipes import Capstone, Task

BESIDE = 76  # columns that everything beside the bar needs, and the terminal's own ^C


def make_reporter(as_json: bool, unit: str) -> "Lines | Json":
    """The reporter for this stdout. It must be made before stdout is redirected."""
    if as_json:
        return Json(unit)
    console = make_console()
    return Bar(unit, console) if console.is_interactive else Lines(unit, console)


class Lines:
    """One line per epoch."""

    task: Task
    capstone: Capstone

    def __init__(self, unit: str, console: Console):
        self.unit, self.console = unit, console

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, soft_wrap=True)

    def begin(self, capstone, learner, task, finished: int = 0) -> None:
        self.capstone, self.task, self.finished = capstone, task, finished
        whose = "your" if learner.origin == "katas" else "the reference's"
        self.say(f"{whose} {capstone.kata} ({learner.track_name}) on {task.title}, {task.size:,} {self.unit}")
        self.say(task.detail)
        if told := tell(capstone.helpers(learner)):
            self.say(told)
        if finished:
            self.say(f"It goes on after epoch {finished} of {task.epochs}.")
        self.say("Ctrl-C stops the training and keeps what was learnt.")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around the training."""
        yield

    def advance(self, done: int, per_second: float) -> None:
        """Within an epoch: `done` counts from the start of the training."""

    def live(self, measured: str) -> None:
        """Within an epoch: how it goes so far."""

    def epoch(self, point) -> None:
        number, told = f"{point.epoch:>{len(str(self.task.epochs))}}", self.capstone.told(point)
        self.say(f"epoch {number} of {self.task.epochs} · {told} · {point.per_second:,.0f} {self.unit}/s")
        if aside := self.capstone.aside(point):
            self.say(aside)

    def end(self, outcome) -> None:
        found = outcome.judgement
        if outcome.stopped:
            self.say(f"{outcome.ending}; kept")
        rate = f" · {outcome.per_second:,.0f} {self.unit}/s" if outcome.per_second else ""
        self.say(f"{self.capstone.verdict(found)} · trained for {outcome.seconds:.1f} s{rate}")
        self.say(f"parameters: {relative(outcome.kept)}")

    def drawn(self, outcome, picture: Path) -> None:
        self.say(f"picture:    {relative(picture)}")
        if outcome.stopped and outcome.checkpoint is not None:
            self.say(f"`{resuming(outcome.learner, self.capstone)}` goes on after the last whole epoch.")


class Bar(Lines):
    """A bar that moves within the epoch."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.progress = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=min(max(self.console.width - BESIDE, 4), 40)),
            TextColumn("{task.fields[measured]}{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=self.console,
            auto_refresh=False,  # no thread beside the training; the clock stands still while the bar is drawn
        )
        fields = {"epoch": self.finished + 1, "epochs": self.task.epochs, "measured": "", "rate": ""}
        with self.progress:
            done, total = self.finished * self.task.size, self.task.epochs * self.task.size
            self.bar = self.progress.add_task("", total=total, completed=done, **fields)
            yield

    def advance(self, done: int, per_second: float) -> None:
        rate = f"{per_second:,.0f} {self.unit}/s"
        self.progress.update(self.bar, completed=done, rate=rate, refresh=True)

    def live(self, measured: str) -> None:
        self.progress.update(self.bar, measured=f"{measured} · ")

    def epoch(self, point) -> None:
        following = min(point.epoch + 1, self.task.epochs)
        self.progress.update(self.bar, epoch=following, measured=f"{self.capstone.told(point)} · ")
        if aside := self.capstone.aside(point):
            self.say(aside)  # it stands above the bar
        self.advance(point.epoch * self.task.size, point.per_second)


class Json:
    """One object per epoch and a last one with `done`; everything else goes to stderr."""

    def __init__(self, unit: str):
        self.unit, self.out = unit, sys.stdout

    def say(self, line: str) -> None:
        print(line, file=sys.stderr)

    def begin(self, capstone, learner, task, finished: int = 0) -> None:
        self.capstone = capstone

    @contextmanager
    def watching(self) -> Iterator[None]:
        yield

    def advance(self, done: int, per_second: float) -> None:
        pass

    def live(self, measured: str) -> None:
        pass

    def epoch(self, point) -> None:
        line = {"epoch": point.epoch} | self.capstone.fields(point) | {"seconds": round(point.seconds, 4)}
        self._write(line | {f"{self.unit}_per_second": round(point.per_second)})

    def end(self, outcome) -> None:
        pass

    def drawn(self, outcome, picture: Path) -> None:
        learner, task = outcome.learner, outcome.task
        line = {"done": True, "capstone": self.capstone.name, "track": learner.track_name, "from": learner.origin}
        line |= {"data": task.data, "epochs": outcome.finished, "of": task.epochs, "stopped": outcome.stopped}
        line |= self.capstone.verdict_fields(outcome.judgement) | {"seconds": round(outcome.seconds, 4)}
        line |= {f"{self.unit}_per_second": round(outcome.per_second)}
        line |= {"picture": str(picture), "parameters": str(outcome.kept)}
        self._write(line | {"checkpoint": str(outcome.checkpoint) if outcome.checkpoint else None})

    def _write(self, line: dict) -> None:
        print(json.dumps(line), file=self.out, flush=True)


def resuming(learner, capstone) -> str:
    """The command that goes on with a training of this capstone."""
    flags = capstone.flags
    flags += "" if learner.track_name == "numpy" else f" --track {learner.track_name}"
    flags += "" if learner.origin == "katas" else f" --from {learner.origin}"
    return f"python grader.py train {capstone.name}{flags} --resume"
