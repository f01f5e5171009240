"""The pictures of translation: how it was learnt, how good it is at which length, and where the model looked."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dojo.drawing import BLUE, GREEN, GREY, INK, RED, lesson_figure, name_lines, panels, tidy
from dojo.training.looking import weights
from dojo.training.outcomes import Params
from dojo.training.translations import Translated

MAPS = 3
COLOURS = {"seq2seq": GREY, "attention": BLUE, "transformer": RED}
BELOW = 3.7  # inches for the heat maps


def draw_translations(outcome, path: Path) -> None:
    """One training: loss and BLEU by epoch, BLEU by length, and where it looked; the file's ending chooses the format."""
    found, task = outcome.judgement, outcome.task
    whose = "your" if outcome.learner.origin == "katas" else "the reference's"
    title = f"{whose} {task.model} reaches {found.bleu:.1f} BLEU on {len(found.sources):,} sentences it has not seen"
    below = f"{outcome.learner.track_name} track, {task.title}, {outcome.finished} of {task.epochs} epochs"
    looks = task.model != "seq2seq"
    figure = lesson_figure(title[0].upper() + title[1:], below, 4.4 + BELOW * looks)
    upper = figure.subfigures(2, 1, height_ratios=(4.4, BELOW))[0] if looks else figure
    axes = _row(upper, 3, figure, looks)
    epochs = [point.epoch for point in outcome.points]
    axes[0].plot(epochs, [point.loss for point in outcome.points], color=BLUE, marker="o")
    tidy(axes[0], "training loss, nats per word", "epoch")
    axes[0].xaxis.get_major_locator().set_params(integer=True)
    axes[1].plot(epochs, [point.bleu for point in outcome.points], color=RED, marker="o")
    tidy(axes[1], "BLEU on some held-out sentences", "epoch")
    axes[1].xaxis.get_major_locator().set_params(integer=True)
    _by_length(axes[2], {task.model: found}, "bleu")
    if looks:
        _maps(figure, [(task.model, outcome.params)], task, {task.model: found}, 4.4)
    figure.savefig(path, facecolor="white")


def draw_comparison(rows, task, title: str, below: str, path: Path) -> None:
    """All models: BLEU and exact matches by length, seconds per epoch, and the attention on the same sentences.

    `rows` are the first seed's, in the order they are shown; each has `model`, `found`, `params`, `seconds_per_epoch`.
    """
    figure = lesson_figure(title, below, 4.4 + 2 * BELOW)
    axes = _row(figure, 3, figure, True)
    found = {row.model: row.found for row in rows}
    _by_length(axes[0], found, "bleu")
    _by_length(axes[1], found, "exact")
    names = [row.model for row in rows]
    axes[2].barh(names, [row.seconds_per_epoch for row in rows], color=[COLOURS[name] for name in names])
    tidy(axes[2], "seconds per epoch")
    looking = [(row.model, row.params) for row in rows if row.model != "seq2seq"]
    _maps(figure, looking, task, found, 4.4)
    figure.savefig(path, facecolor="white")


def _row(figure, columns: int, whole: Figure, more: bool):
    """A row of axes in the upper 4.4 inches of the figure."""
    if not more:
        return panels(whole, columns)
    height = whole.get_figheight()
    return _grid(whole, 1, columns, top=1 - 1.25 / height, bottom=1 - (4.4 - 0.7) / height)[0]


def _grid(figure: Figure, rows: int, columns: int, top: float, bottom: float, hspace: float = 0.6):
    room = {"left": 0.08, "right": 0.93, "top": top, "bottom": bottom, "wspace": 0.45, "hspace": hspace}
    grid = figure.add_gridspec(rows, columns, **room)
    return [[figure.add_subplot(grid[row, column]) for column in range(columns)] for row in range(rows)]


def _by_length(axes: Axes, found: dict[str, Translated], what: str) -> None:
    scale = 100 if what == "exact" else 1
    for model, judgement in found.items():
        values = [scale * getattr(band, what) for band in judgement.bands]
        axes.plot(range(len(values)), values, color=COLOURS[model], marker="o", label=model)
    bands = next(iter(found.values())).bands
    axes.set_xticks(range(len(bands)), [f"{band.first}–{band.last}" for band in bands])
    tidy(axes, "BLEU of the held-out sentences" if what == "bleu" else "exact matches, %", "words of the source")
    axes.set_ylim(0, 1.08 * axes.get_ylim()[1])
    if len(found) > 1:
        name_lines(axes)


def _maps(figure: Figure, looking: list[tuple[str, Params]], task, found: dict[str, Translated], below: float) -> None:
    """Heat maps: a row for each model that can look, a column for each sentence."""
    height = figure.get_figheight()
    sentences = _chosen(task)
    cells = _grid(figure, len(looking), MAPS, 1 - (below + 1.2) / height, 0.25 / height, hspace=0.6)
    for (model, params), line in zip(looking, cells, strict=True):
        written = dict(zip(found[model].sources, found[model].written, strict=True))
        for axes, source in zip(line, sentences, strict=False):
            _map(axes, model, params, task, source, written[source])
        for axes in line[len(sentences) :]:
            axes.set_axis_off()


def _map(axes: Axes, model: str, params: Params, task, source: str, written: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    ids = task.source_vocab.encode([source])[0], task.target_vocab.encode([written])[0]
    seen = weights(params, *ids)
    shades = LinearSegmentedColormap.from_list("looks", ["#ffffff", COLOURS.get(model, GREEN)])
    axes.imshow(seen, cmap=shades, vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(seen.shape[1]), source.split(), rotation=55, ha="left", fontsize=8, color=INK)
    axes.set_yticks(range(seen.shape[0]), [*written.split(), "<eos>"], fontsize=8, color=INK)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_color("#d5d9de")
    axes.set_xlabel(model, fontsize=9, color=COLOURS.get(model, GREEN))


def _chosen(task) -> list[str]:
    """A few held-out sentences of some length whose words are all known, always the same ones."""
    known = set(task.source_vocab.words)
    fit = [s for s in task.held_out if 6 <= len(s.split()) <= 8 and known.issuperset(s.split())] or list(task.held_out)
    return [fit[n] for n in np.random.default_rng(1).permutation(len(fit))[:MAPS]]
