"""The picture of a network that learnt a text: how its surprise fell, in nats and in bits, and what it writes."""

import textwrap
from pathlib import Path

from matplotlib.figure import Figure

from dojo.drawing import BLUE, GREY, INK, RED, tidy

LINES, WIDTH = 22, 62  # of the written text that fit into the picture
BITS = 1.4426950408889634  # in a nat


def draw_text(outcome, path: Path) -> None:
    """Curves beside a sample, in one file; its ending chooses the format."""
    text_figure(outcome).savefig(path, dpi=110, facecolor="white")


def text_figure(outcome) -> Figure:
    """The same as a matplotlib figure."""
    figure = Figure(figsize=(13.0, 5.8))
    figure.suptitle(title(outcome), fontsize=14, color=INK, x=0.5, y=0.965)
    left, right = figure.subfigures(1, 2, width_ratios=(1.05, 1.0))
    _curves(left, outcome.points)
    _written(right, outcome.judgement.sample)
    return figure


def title(outcome) -> str:
    """What stands above the picture: whose network, track, cell, text, loss, and whether it was stopped."""
    learner, found = outcome.learner, outcome.judgement
    whose = f"your {learner.name}" if learner.origin == "katas" else f"{learner.name}, the reference"
    parts = [whose, f"{learner.track_name} track", outcome.task.cell, outcome.task.title]
    parts.append(f"validation loss {found.validation:.3f} nats, {found.validation * BITS:.3f} bits")
    if outcome.stopped:
        parts.append(outcome.ending)
    return "  ·  ".join(parts)


def _curves(part, points) -> None:
    axes = part.subplots()
    part.subplots_adjust(left=0.12, right=0.86, bottom=0.13, top=0.82)
    epochs = [point.epoch for point in points]
    for values, colour, name in (
        ([point.loss for point in points], BLUE, "training, mean over the epoch"),
        ([point.validation for point in points], RED, "validation, after the epoch"),
    ):
        axes.plot(epochs, values, color=colour, marker="o", markersize=4, linewidth=1.8, label=name)
        if values:
            last = (epochs[-1], values[-1])
            axes.annotate(f"{values[-1]:.3f}", last, (0, 8), textcoords="offset points", ha="center", fontsize=9)
    tidy(axes, "surprise per character", x="epoch", y="nats")
    axes.margins(y=0.15)
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=8)
    bits = axes.secondary_yaxis("right", functions=(lambda nats: nats * BITS, lambda bits: bits / BITS))
    bits.set_ylabel("bits", fontsize=10, color=INK)
    bits.tick_params(labelsize=9, colors=INK)
    if points:
        axes.legend(frameon=False, fontsize=9.5, loc="best")
    else:
        axes.text(0.5, 0.5, "no epoch was finished", ha="center", va="center", transform=axes.transAxes, color=GREY)


def _written(part, sample: str) -> None:
    axes = part.subplots()
    part.subplots_adjust(left=0.03, right=0.97, bottom=0.05, top=0.82)
    axes.set_axis_off()
    axes.set_title("what it writes", fontsize=11, loc="left", color=INK)
    lines = [piece for line in sample.strip("\n").splitlines() for piece in textwrap.wrap(line, WIDTH) or [""]][:LINES]
    shown = "\n".join(lines).replace("$", r"\$")  # a pair of them would begin a formula
    axes.text(0, 0.97, shown, family="monospace", fontsize=10, va="top", color=INK, linespacing=1.35)
