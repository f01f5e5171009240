"""What all pictures share: colours that colour-blind eyes tell apart, plain axes, and names beside the lines."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, RED, GREEN, GOLD, PURPLE = "#0b6cb0", "#c8471c", "#0a8f6a", "#b98900", "#a14a86"  # near Okabe and Ito's, darker
GREY, INK, FAINT = "#7b828c", "#22262b", "#e4e7eb"
WIDTH, DPI = 12.0, 120  # inches and pixels per inch: 1,440 pixels, and every word still readable at 1,200
LINE = 14.0  # points from one name beside the lines to the next
HEAD = 0.95  # inches above the axes, for the title and the line below it


def lesson_figure(title: str, below: str, height: float) -> Figure:
    """An empty figure, `height` inches high: the lesson in one sentence at the top, what was done in grey below it."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    figure.text(0.02, 1 - 0.2 / height, title, fontsize=15, weight="bold", color=INK, va="top")
    figure.text(0.02, 1 - 0.55 / height, below, fontsize=10.5, color=GREY, va="top")
    return figure


def panels(figure: Figure, columns: int, widths=None, gap: float = 0.3, right: float = 0.97, left: float = 0.065):
    """A row of axes below the title, as an array. `gap` is in widths of an axes."""
    height = figure.get_figheight()
    room = {"left": left, "right": right, "bottom": 0.7 / height, "top": 1 - (HEAD + 0.3) / height, "wspace": gap}
    return figure.subplots(1, columns, squeeze=False, width_ratios=widths, gridspec_kw=room)[0]


def tidy(axes: Axes, title: str = "", x: str = "", y: str = "", colour: str = INK) -> None:
    """Plain axes with names: faint lines across, nothing above and to the right."""
    axes.set_title(title, fontsize=11, loc="left", color=colour)
    axes.set_xlabel(x, fontsize=10, color=INK)
    axes.set_ylabel(y, fontsize=10, color=INK)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9, colors=INK)


def name_lines(axes: Axes, point: int = -1) -> None:
    """Write every line's label to the right of its last point (or of `point`), pushed apart where labels would meet.

    Call it when the limits of the axes stand.
    """
    figure, (low, high), ends = axes.figure, axes.get_ylim(), []
    for line in axes.lines:
        if not str(line.get_label()).startswith("_"):  # so matplotlib calls a line without a label
            end = (np.asarray(line.get_xdata())[point], np.clip(np.asarray(line.get_ydata())[point], low, high))
            ends.append((float(axes.transData.transform(end)[1]), end, line))
    ends.sort(key=lambda end: end[0])
    heights = apart([height for height, _, _ in ends], LINE * figure.dpi / 72)
    for (height, end, line), placed in zip(ends, heights, strict=True):
        axes.annotate(
            str(line.get_label()),
            end,
            (6, (placed - height) * 72 / figure.dpi),
            textcoords="offset points",
            fontsize=9.5,
            color=line.get_color(),
            va="center",
            annotation_clip=False,
        )


def apart(heights: list[float], step: float) -> list[float]:
    """Sorted heights moved as little as it takes until each is `step` above the one before."""
    groups: list[list[float]] = []  # each: the heights of names that touch
    for height in heights:
        groups.append([height])
        while len(groups) > 1 and _bottom(groups[-1], step) < _top(groups[-2], step) + step:
            last = groups.pop()
            groups[-1] += last
    return [_bottom(group, step) + step * place for group in groups for place in range(len(group))]


def _bottom(group: list[float], step: float) -> float:
    return sum(group) / len(group) - step * (len(group) - 1) / 2


def _top(group: list[float], step: float) -> float:
    return _bottom(group, step) + step * (len(group) - 1)


def show_image(
    axes: Axes, image: np.ndarray, title: str = "", signed: bool = False, limit: float | None = None
) -> None:
    """An image "H W" without axes: black on white, or with `signed` blue below zero, white at it and red above."""
    from matplotlib.colors import LinearSegmentedColormap

    limit = limit or float(np.abs(image).max()) or 1.0
    shades = LinearSegmentedColormap.from_list("signed", [BLUE, "#ffffff", RED]) if signed else "gray_r"
    axes.imshow(image, cmap=shades, vmin=-limit if signed else 0, vmax=limit)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color("#c9ced6")
    axes.set_title(title, fontsize=9.5, color=INK)
