"""The door to `grader.py train NAME`: a capstone on real data, from the learner's file to a picture of what it learnt."""

import contextlib
import sys
from pathlib import Path

from dojo.errors import DojoError


def command(
    name: str | None,
    track: str,
    origin: str,
    dataset: str | None,
    epochs: int | None,
    seed: int | None,
    out: Path | None,
    as_json: bool,
    resume: bool,
    compare: bool,
    cell: str | None = None,
    model: str | None = None,
    seeds: int = 1,
) -> int:
    """What `grader.py train` was asked for; the exit code. DojoError for options that do not go together."""
    if compare:
        if name in ("translate", "transformer"):
            from dojo.training.translate_comparison import compare as compare_translators

            given = (cell, model, resume or None)
            if any(option is not None for option in given):
                raise DojoError("--compare trains all three models.", "Leave --cell, --model and --resume away.")
            return compare_translators(track, origin, dataset, epochs, seed or 0, out, as_json, seeds)
        if cell is not None or model is not None:
            raise DojoError("--compare is about images there.", "Leave --cell and --model away.")
        if resume or out is not None:
            raise DojoError("--compare draws no picture and keeps no checkpoint.", "Leave --out and --resume away.")
        from dojo.training.comparison import compare as compare_capstones

        return compare_capstones(name, track, origin, dataset, epochs, seed or 0, as_json)
    if name is None:
        raise DojoError("Which capstone?", "For example `python grader.py train network`, or `train --compare`.")
    return train(name, track, origin, dataset, epochs, seed, out, as_json, resume, cell, model)


def train(
    name: str,
    track: str = "numpy",
    origin: str = "katas",
    dataset: str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    out: Path | None = None,
    as_json: bool = False,
    resume: bool = False,
    cell: str | None = None,
    model: str | None = None,
) -> int:
    """Train the capstone `name`, show how it goes, keep its parameters and draw the picture; the exit code.

    With `resume`, go on from the checkpoint that the last training of the same kind has left; then the data set, the
    seed and the epochs are those of that training, unless others are asked for, which is refused.

    0: trained, or stopped by Ctrl-C with something to keep. 1: the file under training is unfinished or fails.
    130: stopped before there was anything to keep. DojoError for wrong usage, a missing package, a checkpoint that does
    not fit, or a full disk.
    """
    from dojo.training.capstones import recipe
    from dojo.training.keeping import picture_path
    from dojo.training.learner import LearnerError
    from dojo.training.reporters import make_reporter

    capstone = recipe(name, track)
    capstone.choose(cell, model)
    if seed is not None and not 0 <= seed < 2**63:
        raise DojoError(f"The seed is {seed}.", "Give --seed a whole number from 0 on.")
    if resume and capstone.no_resume:
        raise DojoError(f"{name} cannot go on from a checkpoint: {capstone.no_resume}.", "Train it without --resume.")
    capstone.choices(dataset)
    picture = picture_path(capstone.label, track, out, origin)
    reporter = make_reporter(as_json, capstone.unit)
    # A script reads stdout: what the learner's code prints goes to stderr then.
    quiet = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    try:
        with quiet:
            return _train(capstone, track, origin, dataset, epochs, seed, picture, reporter, resume)
    except LearnerError as error:
        print(error, file=sys.stderr)
        return 1


def _train(capstone, track, origin, dataset, epochs, seed, picture, reporter, resume) -> int:
    from dojo.training.capstones import load_data
    from dojo.training.checkpoints import Identity, checkpoint_path, fitting, load
    from dojo.training.keeping import write_whole
    from dojo.training.learner import Learner
    from dojo.training.running import Start, run

    path, found = checkpoint_path(capstone.label, track, origin), None
    if resume:  # what was not asked for is as it was then
        then = load(path).identity
        dataset, epochs = dataset or then.data, epochs or then.epochs
        seed = then.seed if seed is None else seed
    seed = seed or 0
    learner = Learner(capstone.kata, track, origin)
    task = capstone.prepare(load_data(capstone.choices(dataset), reporter.say), epochs)
    start = None
    if not capstone.no_resume:
        identity = Identity(capstone.name, track, origin, task.data, seed, task.epochs, task.detail)
        found = fitting(path, identity) if resume else None
        start = Start(identity, path, found)
    if found is not None and found.source != learner.digest:
        reporter.say(f"{learner.path.name} has changed since the checkpoint; the rest is trained with it as it is now.")
    reporter.begin(capstone, learner, task, found.place["epoch"] if found else 0)
    outcome = run(capstone, learner, task, seed, reporter, start)
    if outcome is None:
        reporter.say("stopped before the first epoch was over; there is nothing to keep yet")
        return 130
    reporter.end(outcome)
    write_whole(picture, lambda path: capstone.draw(outcome, path))
    reporter.drawn(outcome, picture)
    return 0
