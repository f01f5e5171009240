"""`train --compare`: network and convnet on the same images, with and without each regulariser, in one table."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from dojo.errors import DojoError
from dojo.terminal import make_console
from dojo.training.borrowing import tell
from dojo.training.capstones import CAPSTONES, load_data, recipe
from dojo.training.images import Classifier, ImageTask
from dojo.training.learner import Learner, LearnerError
from dojo.training.loop import Loop
from dojo.training.regularisers import REGULARISERS, Plain


@dataclass(frozen=True)
class Setting:
    """How every contender is trained: few images, so that there is something to learn by heart."""

    title: str
    examples: int
    epochs: int
    batch_size: int = 64
    lr: float = 4e-3


SETTINGS = {"mnist": Setting("MNIST", 6000, 10), "digits": Setting("8×8 digits", 1437, 30)}


@dataclass(frozen=True)
class Row:
    """One contender: accuracies from 0 to 1, seconds of training alone."""

    capstone: str
    regulariser: str
    parameters: int
    train_accuracy: float
    test_accuracy: float
    seconds: float


def compare(
    name: str | None, track: str, origin: str, dataset: str | None, epochs: int | None, seed: int, as_json: bool
) -> int:
    """Train every contender (of one capstone, if it is named) and show the table; the exit code.

    0: there is a row for each; Ctrl-C ends with the rows so far, and 130 when there are none. 1: a file is unfinished or
    fails. DojoError for wrong usage.
    """
    capstones = [_classifier(name, track)] if name is not None else [recipe(each, track) for each in _classifiers()]
    capstones[0].choices(dataset)
    say = (lambda line: print(line, file=sys.stderr)) if as_json else make_console().print
    loaded = load_data((dataset,) if dataset else tuple(SETTINGS), say)
    setting = SETTINGS[loaded.name]
    picked = np.random.default_rng(seed).permutation(len(loaded.train.labels))[: setting.examples]
    rows, failed, stopped = [], False, False
    out = sys.stdout
    quiet = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    with quiet, _bar(as_json, len(capstones) * len(REGULARISERS)) as bar:
        for capstone in capstones:
            try:
                for row in _rows(
                    capstone, Learner(capstone.name, track, origin), loaded, picked, epochs, seed, say, bar
                ):
                    rows.append(row)
                    if as_json:
                        print(json.dumps(_line(row, track, origin, loaded.name, seed)), file=out, flush=True)
            except LearnerError as error:
                failed = True
                print(error, file=sys.stderr)
            except KeyboardInterrupt:
                stopped = True
                break
    if as_json:
        print(json.dumps({"done": True, "rows": len(rows), "stopped": stopped}), file=out, flush=True)
    elif rows:
        _show(rows, _caption(setting, len(picked), epochs, track, origin, seed))
    return 1 if failed else 130 if stopped and not rows else 0


def _rows(capstone, learner, loaded, picked, epochs, seed, say, bar) -> Iterator[Row]:
    setting = SETTINGS[loaded.name]
    images, labels = loaded.train.images[picked], loaded.train.labels[picked]
    task = capstone.task(loaded, images, labels, epochs or setting.epochs)
    helpers = {found.name: found for regulariser in REGULARISERS for found in Loop.helpers(learner, regulariser)}
    if told := tell(list(helpers.values())):
        say(f"{capstone.name}: {told}")
    for regulariser in REGULARISERS:
        with threadpool_limits(1), bar(f"{capstone.name} · {regulariser.title}", task) as tick:
            yield _contender(capstone, learner, task, setting, regulariser, seed, tick)


def _contender(
    capstone: Classifier, learner: Learner, task: ImageTask, setting: Setting, regulariser: type[Plain], seed: int, tick
) -> Row:
    loop = Loop(capstone, learner, task, setting.batch_size, setting.lr, regulariser=regulariser(learner))
    place = loop.start(seed)
    began = time.perf_counter()
    params = learner.params(loop.run(place, lambda *_: None, tick), capstone.trains)
    seconds = time.perf_counter() - began
    known = capstone.accuracy(learner, task, params, task.x, task.labels)
    unknown = capstone.accuracy(learner, task, params, task.test_x, task.test_labels)
    count = sum(param.size for param in params.values())
    return Row(capstone.name, regulariser.title, count, known, unknown, seconds)


def _classifiers() -> list[str]:
    return [name for name, capstone in CAPSTONES.items() if issubclass(capstone, Classifier)]


def _classifier(name: str, track: str) -> Classifier:
    found = recipe(name, track)
    if not isinstance(found, Classifier):
        raise DojoError(
            f"{name} cannot be compared: it labels no images.", f"--compare knows: {', '.join(_classifiers())}."
        )
    return found


def _line(row: Row, track: str, origin: str, data: str, seed: int) -> dict:
    return asdict(row) | {"seconds": round(row.seconds, 4), "track": track, "from": origin, "data": data, "seed": seed}


def _caption(setting: Setting, examples: int, epochs: int | None, track: str, origin: str, seed: int) -> str:
    whose = "your functions" if origin == "katas" else "the references"
    return (
        f"{whose} ({track}) on {examples:,} training images of {setting.title}, {epochs or setting.epochs} epochs of Adam "
        f"in batches of {setting.batch_size}, learning rate from {setting.lr:g} down to 0, seed {seed}"
    )


def _show(rows: list[Row], caption: str) -> None:
    from rich.table import Table

    table = Table(caption=caption, caption_justify="left")
    for heading in ("capstone", "regulariser"):
        table.add_column(heading)
    for heading in ("parameters", "train", "test", "seconds"):
        table.add_column(heading, justify="right")
    best = max(row.test_accuracy for row in rows)
    for number, row in enumerate(rows):
        known, unknown = f"{row.train_accuracy:.2%}", f"{row.test_accuracy:.2%}"
        mark = f"[bold]{unknown}[/bold]" if row.test_accuracy == best else unknown
        last = number + 1 < len(rows) and rows[number + 1].capstone != row.capstone
        cells = (row.capstone, row.regulariser, f"{row.parameters:,}", known, mark, f"{row.seconds:.1f}")
        table.add_row(*cells, end_section=last)
    make_console().print(table)


@contextmanager
def _bar(as_json: bool, runs: int) -> Iterator[Callable]:
    """`with bar(what, task) as tick` around one of the `runs`: it moves with every batch, where there is a terminal."""
    console = make_console(stderr=as_json)
    if not console.is_interactive:
        yield _unseen
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:<32}"),
        BarColumn(30),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        number = 0

        @contextmanager
        def watched(what: str, task: ImageTask) -> Iterator[Callable[[int], None]]:
            nonlocal number
            number += 1
            shown = progress.add_task(f"{number}/{runs} {what}", total=task.epochs * task.size)
            try:
                yield lambda examples: progress.advance(shown, examples)
            finally:
                progress.remove_task(shown)

        yield watched


@contextmanager
def _unseen(what: str, task: ImageTask) -> Iterator[Callable[[int], None]]:
    yield lambda examples: None
