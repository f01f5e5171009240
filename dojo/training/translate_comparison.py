"""`train translate --compare`: the three models on the same pairs, trained or taken from their checkpoints, in one table."""

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dojo.errors import DojoError
from dojo.terminal import make_console, relative
from dojo.training.capstones import load_data
from dojo.training.checkpoints import Identity, checkpoint_path, load
from dojo.training.keeping import picture_path, write_whole
from dojo.training.learner import Learner, LearnerError
from dojo.training.outcomes import Params
from dojo.training.reporters import make_reporter
from dojo.training.running import Start, run
from dojo.training.translate import MODELS, PairTask, Translate, by_length
from dojo.training.translations import Translated

ORDER = tuple(reversed(MODELS))  # from the plainest to the strongest


@dataclass(frozen=True)
class Row:
    """One model trained from one seed: what it is worth, its parameters, and its training time alone."""

    model: str
    seed: int
    found: Translated
    params: Params
    epochs: int
    seconds: float
    words_per_second: float

    @property
    def parameters(self) -> int:
        """How many numbers were learnt."""
        return sum(param.size for param in self.params.values())

    @property
    def seconds_per_epoch(self) -> float:
        """Training alone, without measuring."""
        return self.seconds / self.epochs

    def line(self) -> dict:
        """The same for scripts."""
        line = {"model": self.model, "seed": self.seed, "bleu": self.found.bleu, "exact": self.found.exact}
        line |= {"parameters": self.parameters, "epochs": self.epochs, "seconds": round(self.seconds, 2)}
        line |= {
            "seconds_per_epoch": round(self.seconds_per_epoch, 3),
            "words_per_second": round(self.words_per_second),
        }
        return line | {"by_length": by_length(self.found)}


def compare(
    track: str,
    origin: str,
    dataset: str | None,
    epochs: int | None,
    seed: int,
    out: Path | None,
    as_json: bool,
    seeds: int = 1,
) -> int:
    """Train every model from `seeds` seeds, unless a checkpoint has the whole training already; the exit code.

    0: there is a row for each; Ctrl-C ends with the rows so far, and 130 when there are none. 1: a file is unfinished or
    fails. A training that was stopped goes on from its checkpoint. DojoError for wrong usage.
    """
    picture = picture_path("translate-compare", track, out, origin)
    reporter, stdout, rows, failed, stopped = make_reporter(as_json, Translate.unit), sys.stdout, [], False, False
    quiet = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    with quiet:
        Translate().choices(dataset)
        loaded = load_data(Translate().choices(dataset), reporter.say)
        for model, number in [(model, seed + n) for n in range(seeds) for model in ORDER]:
            try:
                task, row = _row(model, track, origin, loaded, epochs, number, reporter)
            except LearnerError as error:
                failed = True
                print(error, file=sys.stderr)
                continue
            except KeyboardInterrupt:
                row = None
            if row is None:
                stopped = True
                break
            rows.append(row)
            if as_json:
                line = row.line() | {"track": track, "from": origin, "data": loaded.name}
                print(json.dumps(line), file=stdout, flush=True)
        if rows:
            _draw(rows, task, track, origin, seed, picture)
    if as_json:
        last = {"done": True, "rows": len(rows), "stopped": stopped, "picture": str(picture) if rows else None}
        print(json.dumps(last | {"means": _means(rows)}), file=stdout, flush=True)
    elif rows:
        _show(rows, task, track, origin)
        reporter.say(f"picture:    {relative(picture)}")
    return 1 if failed else 130 if stopped and not rows else 0


def _row(model, track, origin, loaded, epochs, seed, reporter) -> tuple[PairTask, Row | None]:
    """The task, and the row; None where Ctrl-C came before the training was over."""
    capstone = Translate()
    capstone.choose(model=model)
    capstone.seed = seed
    learner, task = Learner(capstone.kata, track, origin), capstone.prepare(loaded, epochs)
    identity = Identity(capstone.name, track, origin, task.data, seed, task.epochs, task.detail)
    path = checkpoint_path(capstone.label, track, origin)
    found = None
    with contextlib.suppress(DojoError):  # no checkpoint, or a damaged one: then it is trained anew
        found = load(path)
    if found is not None and (found.identity != identity or found.source != learner.digest):
        found = None
    if found is not None and found.place["epoch"] >= task.epochs:
        reporter.say(f"{model}, seed {seed}: taken from {relative(path)}")
        params, points = found.place["params"], found.points
        worth = capstone.judge(learner, task, params)
    else:
        reporter.begin(capstone, learner, task, found.place["epoch"] if found else 0)
        outcome = run(capstone, learner, task, seed, reporter, Start(identity, path, found))
        if outcome is None or outcome.stopped:
            return task, None
        params, points, worth = outcome.params, outcome.points, outcome.judgement
    seconds = sum(point.seconds for point in points)
    return task, Row(model, seed, worth, params, len(points), seconds, len(points) * task.size / seconds)


def _means(rows: list[Row]) -> dict:
    return {
        model: {
            "bleu": float(np.mean([r.found.bleu for r in mine])),
            "exact": float(np.mean([r.found.exact for r in mine])),
        }
        for model, mine in _by_model(rows)
    }


def _by_model(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    for model in ORDER:
        if mine := [row for row in rows if row.model == model]:
            yield model, mine


def _draw(rows: list[Row], task, track: str, origin: str, seed: int, picture: Path) -> None:
    from dojo.training.translate_charts import draw_comparison

    first = [row for row in rows if row.seed == seed] or rows[:1]
    said = ", ".join(f"{row.model} {row.found.bleu:.1f}" for row in first)
    whose = "your functions" if origin == "katas" else "the references"
    below = f"{whose}, {track} track, {task.title}; seed {seed}; below, where each word that was written looked"
    write_whole(picture, lambda path: draw_comparison(first, task, f"BLEU: {said}", below, path))


def _show(rows: list[Row], task, track: str, origin: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    whose = "your functions" if origin == "katas" else "the references"
    seeds = ", ".join(str(seed) for seed in sorted({row.seed for row in rows}))
    caption = (
        f"{whose} ({track}) on {task.title}; {len(task.held_out):,} held-out sentences, each against all its translations: "
        f"exact matches, and BLEU of all and by words of the source. Batches of {task.setting.batch_size}, Adam, learning "
        f"rate up to {task.setting.lr:g}; training time alone; seeds {seeds}"
    )
    bands = rows[0].found.bands
    table = Table(caption=caption, caption_justify="left", box=SIMPLE_HEAD)
    table.add_column("model")
    headings = ("seed", "params", "epochs × s", "seconds", "words/s", "exact", "BLEU")
    for heading in (*headings, *(f"{band.first}–{band.last}" for band in bands)):
        table.add_column(heading, justify="right")
    for model, mine in _by_model(rows):
        for row in mine:
            worth = (
                f"{row.found.exact:.1%}",
                f"{row.found.bleu:.1f}",
                *(f"{band.bleu:.1f}" for band in row.found.bands),
            )
            times = (
                f"{row.epochs} × {row.seconds_per_epoch:.1f}",
                f"{row.seconds:.0f}",
                f"{row.words_per_second:,.0f}",
            )
            table.add_row(model, str(row.seed), f"{row.parameters:,}", *times, *worth)
        if len(mine) > 1:
            means = [np.mean([row.found.bleu for row in mine])]
            means += [np.mean([row.found.bands[n].bleu for row in mine]) for n in range(len(bands))]
            exact = f"{np.mean([row.found.exact for row in mine]):.1%}"
            table.add_row(model, "mean", "", "", "", "", exact, *(f"{mean:.1f}" for mean in means), end_section=True)
    make_console().print(table)
