"""The door to `grader.py picture NAME`: the lesson of a kata, measured with the learner's own functions and drawn."""

import contextlib
import json
import sys
import time
from pathlib import Path


def picture(
    name: str | None, track: str = "numpy", origin: str = "katas", out: Path | None = None, as_json: bool = False
) -> int:
    """Draw the picture of the kata `name`, or list all; the exit code.

    0: drawn. 1: the kata's file is unfinished, fails, or does not do what the picture is about; the message names the
    line. DojoError for wrong usage, a missing package, or a full disk.
    """
    from dojo.training.learner import LearnerError

    if name is None:
        return _list(as_json)
    # A script reads stdout: what the learner's code prints goes to stderr then.
    quiet = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    try:
        with quiet:
            told = _draw(name, track, origin, out, as_json)
    except LearnerError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(told))
    return 0


def _list(as_json: bool) -> int:
    from dojo.pictures.lessons import LESSONS

    width = max(map(len, LESSONS))
    for name, says in LESSONS.items():
        print(json.dumps({"picture": name, "says": says}) if as_json else f"{name:<{width}}  {says}")
    return 0


def _draw(name: str, track: str, origin: str, out: Path | None, as_json: bool) -> list[str]:
    """The lines to print once the picture is drawn."""
    from dojo.pictures.lessons import lesson
    from dojo.terminal import relative
    from dojo.training.keeping import picture_path, write_whole
    from dojo.waiting import waiting

    module = lesson(name, track)
    path = picture_path(name, track, out)
    began = time.perf_counter()
    with waiting(as_json) as tick:
        numbers, facts = measure(module, name, track, origin, tick)
    seconds = time.perf_counter() - began
    write_whole(path, lambda place: save(module.figure(numbers), place, name, track, origin))
    if as_json:
        shown = [{"says": fact.says, "value": fact.value, "low": fact.low, "high": fact.high} for fact in facts]
        line = {"picture": name, "track": track, "from": origin, "path": str(path), "seconds": round(seconds, 4)}
        return [json.dumps(line | {"shows": shown})]
    return [*(f"{fact.says}: {fact.value:.3g}" for fact in facts), f"picture: {relative(path)}"]


def measure(module, name: str, track: str, origin: str, tick=lambda done: None):
    """The numbers of a lesson, and the facts they show. LearnerError if one of the facts does not hold."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from dojo.training.learner import Learner

    learner = Learner(name, track, origin)
    # On matrices this small a second thread costs more than it brings. What overflows is told by the facts.
    with threadpool_limits(1), np.errstate(all="ignore"):
        numbers = module.measure(learner, tick)
        facts = module.shows(numbers)
    for fact in facts:
        if not fact.holds:
            right = f"between {fact.low:.4g} and {fact.high:.4g}" if fact.low < fact.high else f"{fact.low:.4g}"
            what = f"is not right yet: {fact.says} is {fact.value:.4g}, where {right} belongs"
            function = fact.function if track == "numpy" else fact.function.removesuffix("_backward")
            raise learner.wrong(function, what, fact.home)
    return numbers, facts


def save(figure, path: Path, name: str, track: str, origin: str) -> None:
    """Write a figure, with a line in its corner that says whose functions it was drawn from."""
    from dojo.drawing import GREY

    whose = f"your {name}" if origin == "katas" else f"{name}, the reference"
    figure.text(0.985, 0.12 / figure.get_figheight(), f"{whose}  ·  {track} track", fontsize=9, color=GREY, ha="right")
    figure.savefig(path, facecolor="white")
