"""The door to `grader.py train NAME`: a capstone on real data, from the learner's file to a picture of what it learnt."""

import contextlib
import sys
from pathlib import Path

from dojo.errors import DojoError


def train(
    name: str,
    track: str = "numpy",
    origin: str = "katas",
    dataset: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    out: Path | None = None,
    as_json: bool = False,
) -> int:
    """Train the capstone `name`, show how it goes, keep its parameters and draw the picture; the exit code.

    0: trained, or stopped by Ctrl-C with something to keep. 1: the file under training is unfinished or fails.
    130: stopped before there was anything to keep. DojoError for wrong usage, a missing package, or a full disk.
    """
    from dojo.training.keeping import picture_path
    from dojo.training.learner import LearnerError
    from dojo.training.recipes import recipe
    from dojo.training.reporters import make_reporter

    capstone = recipe(name, track)
    if not 0 <= seed < 2**63:
        raise DojoError(f"The seed is {seed}.", "Give --seed a whole number from 0 on.")
    names = capstone.choices(dataset)
    picture = picture_path(name, track, out)
    reporter = make_reporter(as_json, capstone.unit)
    # A script reads stdout: what the learner's code prints goes to stderr then.
    quiet = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    try:
        with quiet:
            return _train(capstone, track, origin, names, epochs, seed, picture, reporter)
    except LearnerError as error:
        print(error, file=sys.stderr)
        return 1


def _train(capstone, track, origin, names, epochs, seed, picture, reporter) -> int:
    from dojo.training.keeping import write_whole
    from dojo.training.learner import Learner
    from dojo.training.running import run

    learner = Learner(capstone.name, track, origin)
    task = capstone.prepare(_load(names, reporter.say), epochs)
    reporter.begin(capstone, learner, task)
    outcome = run(capstone, learner, task, seed, reporter)
    if outcome is None:
        reporter.say("stopped before the first epoch was over; there is nothing to keep yet")
        return 130
    reporter.end(outcome)
    write_whole(picture, lambda path: capstone.draw(outcome, path))
    reporter.drawn(outcome, picture)
    return 0


def _load(names: tuple[str, ...], say):
    """The data set asked for; only where none was asked for may its stand-in come instead."""
    import data

    return data.load(names[0], fallback=len(names) > 1, announce=say)
