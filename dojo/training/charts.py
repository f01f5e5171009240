"""The picture of a trained classifier: how it learnt, what it confuses, and the test images it judged worst."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from dojo.drawing import BLUE, GREY, INK, RED, tidy

GRID = 4  # by 4 images


def draw_classifier(outcome, images: np.ndarray, path: Path, kernels: np.ndarray | None = None) -> None:
    """Three panels in one file, four with `kernels` "O 1 K K" of a first layer; the file's ending chooses the format.

    `images`: "N H W", in the order of the test labels.
    """
    figure = classifier_figure(outcome, images, kernels)
    figure.savefig(path, dpi=110, facecolor="white")


def classifier_figure(outcome, images: np.ndarray, kernels: np.ndarray | None = None) -> Figure:
    """The same as a matplotlib figure."""
    widths = (1.0, 1.2, 1.1) if kernels is None else (1.0, 1.2, 1.1, 0.5)
    figure = Figure(figsize=(4.55 * sum(widths), 5.6))
    parts = figure.subfigures(1, len(widths), width_ratios=widths)
    figure.suptitle(title(outcome), fontsize=14, color=INK, x=0.5, y=0.965)
    _curves(parts[0], outcome.points)
    _confusion(parts[1], outcome.judgement.confusion)
    _worst(parts[2], outcome.judgement.worst, images)
    if kernels is not None:
        _kernels(parts[3], kernels)
    return figure


def title(outcome) -> str:
    """What stands above the picture: whose network, track, data, accuracy, and whether it was stopped."""
    learner, found = outcome.learner, outcome.judgement
    whose = f"your {learner.name}" if learner.origin == "katas" else f"{learner.name}, the reference"
    parts = [whose, f"{learner.track_name} track", outcome.task.title]
    parts.append(f"{found.accuracy:.2%} of {found.total:,} test images right")
    if outcome.stopped:
        parts.append(outcome.ending)
    return "  ·  ".join(parts)


def _curves(part, points) -> None:
    upper, lower = part.subplots(2, 1, sharex=True, gridspec_kw={"hspace": 0.3})
    part.subplots_adjust(left=0.2, right=0.95, bottom=0.12, top=0.82)
    epochs = [point.epoch for point in points]
    for axes, values, colour, name, form in (
        (upper, [point.loss for point in points], BLUE, "training loss", "{:.3g}"),
        (lower, [100 * point.accuracy for point in points], RED, "test accuracy, %", "{:.2f}"),
    ):
        axes.plot(epochs, values, color=colour, marker="o", markersize=4, linewidth=1.8)
        tidy(axes, name, colour=colour)
        if values:
            last = (epochs[-1], values[-1])
            axes.annotate(form.format(values[-1]), last, (0, 9), textcoords="offset points", ha="center", fontsize=9)
        axes.margins(y=0.18)
    lower.set_xlabel("epoch", fontsize=10)
    lower.xaxis.get_major_locator().set_params(integer=True, nbins=8)
    if not points:
        upper.text(0.5, 0.5, "no epoch was finished", ha="center", va="center", transform=upper.transAxes, color=GREY)


def _confusion(part, confusion: np.ndarray) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    axes = part.subplots()
    part.subplots_adjust(left=0.1, right=0.98, bottom=0.12, top=0.82)
    wrong = confusion * (1 - np.eye(len(confusion), dtype=int))
    shades = LinearSegmentedColormap.from_list("errors", ["#ffffff", RED])
    axes.imshow(wrong, cmap=shades, vmin=0, vmax=max(int(wrong.max()), 1) * 1.35)
    for (label, predicted), count in np.ndenumerate(confusion):
        if label == predicted:
            axes.add_patch(_square(label))
        if count:
            weight = "bold" if label == predicted else "normal"
            axes.text(predicted, label, f"{count}", ha="center", va="center", fontsize=9, weight=weight, color=INK)
    axes.set_xticks(range(len(confusion)))
    axes.set_yticks(range(len(confusion)))
    axes.tick_params(length=0, labelsize=10, colors=INK)
    axes.spines[:].set_color("#d5d9de")
    axes.set_xlabel("answer", fontsize=10)
    axes.set_ylabel("truth", fontsize=10)
    axes.set_title("which digit is taken for which", fontsize=11, loc="left", color=INK)


def _square(n: int):
    from matplotlib.patches import Rectangle

    return Rectangle((n - 0.5, n - 0.5), 1, 1, facecolor="#dbe8f6", edgecolor="none")


def _worst(part, worst, images: np.ndarray) -> None:
    cells = part.subplots(GRID, GRID, gridspec_kw={"hspace": 0.42, "wspace": 0.1})
    part.subplots_adjust(left=0.03, right=0.97, bottom=0.05, top=0.76)
    for axes in cells.flat:
        axes.set_axis_off()
    for axes, found in zip(cells.flat, worst, strict=False):
        axes.imshow(images[found.index], cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(caption(found), fontsize=9, color=RED if found.predicted != found.label else INK, pad=3)
    part.text(0.06, 0.835, "the worst judged: truth → answer, p(truth)", fontsize=11, color=INK)


def _kernels(part, kernels: np.ndarray) -> None:
    """Each kernel by itself: blue where it looks for ink, red where it wants none."""
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("kernels", [RED, "#ffffff", BLUE])
    shown = kernels[: 2 * GRID, 0]  # what they see of the first channel; here it is the only one
    cells = part.subplots(GRID, 2, gridspec_kw={"hspace": 0.16, "wspace": 0.16})
    part.subplots_adjust(left=0.03, right=0.86, bottom=0.05, top=0.8)
    for axes in cells.flat:
        axes.set_axis_off()
    for axes, kernel in zip(cells.flat, shown, strict=False):
        most = max(float(np.abs(kernel).max()), 1e-12)
        axes.imshow(kernel, cmap=shades, vmin=-most, vmax=most)
    part.text(0.03, 0.835, f"the first {len(shown)} kernels", fontsize=11, color=INK)


def caption(found) -> str:
    """`4 → 9  2e-3`: the truth, the answer, and the probability given to the truth."""
    p = found.probability
    mantissa, _, exponent = f"{p:.0e}".partition("e")
    return f"{found.label} → {found.predicted}  " + (
        f"{p:.2f}" if p >= 0.01 or p == 0 else f"{mantissa}e{int(exponent)}"
    )
