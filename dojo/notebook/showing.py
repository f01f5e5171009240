"""`show`: arrays drawn beside each other, whatever their number of axes, for the picture cell of a notebook."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dojo.drawing import BLUE, FAINT, INK, RED, tidy

COLUMNS = 4  # pictures in a row
MOST = 16  # slices of one array
WRITTEN = 8  # rows and columns up to which the numbers stand in the squares


def show(**arrays) -> Figure:
    """Draw each array under its name: one number as a bar, one axis as bars, two axes as squares, more as slices.

    Dicts, lists and tuples are taken apart, torch tensors shown as they are; what has no numbers is left out. Squares are blue below 0 and
    red above it, the same strength for the same distance from 0 within one array.
    """
    panels = [panel for name, value in arrays.items() for panel in _panels(name, value)]
    if not panels:
        raise TypeError(f"show: {', '.join(arrays) or 'nothing'} has no numbers to draw")
    rows, columns = -(-len(panels) // COLUMNS), min(len(panels), COLUMNS)
    figure = Figure(figsize=(3.1 * columns, 2.7 * rows), dpi=100, layout="constrained")
    for (name, array, limit), axes in zip(panels, figure.subplots(rows, columns, squeeze=False).flat, strict=False):
        _draw(axes, name, array, limit)
    for axes in figure.axes[len(panels) :]:
        axes.axis("off")
    return figure


def _panels(name: str, value) -> list[tuple[str, np.ndarray, float]]:
    """Name, array of at most two axes, and the number that gets the full colour."""
    if isinstance(value, dict):
        return [panel for key, item in value.items() for panel in _panels(f"{name}[{key}]", item)]
    if isinstance(value, list | tuple) and not all(isinstance(item, int | float) for item in value):
        return [panel for n, item in enumerate(value) for panel in _panels(f"{name}[{n}]", item)]
    array = np.asarray(_plain(value))
    if array.dtype.kind not in "fiub":
        return []
    array = array.astype(float)
    finite = np.abs(array[np.isfinite(array)])
    limit = float(finite.max(initial=0.0)) or 1.0
    if array.ndim <= 2:
        return [(f"{name}  {_shape(array)}", array, limit)]
    slices = [*np.ndindex(array.shape[:-2])][:MOST]
    return [(f"{name}[{', '.join(map(str, index))}]", array[index], limit) for index in slices]


def _plain(value):
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _shape(array: np.ndarray) -> str:
    return " × ".join(map(str, array.shape)) or "a number"


def _draw(axes: Axes, name: str, array: np.ndarray, limit: float) -> None:
    if array.ndim == 2:
        _squares(axes, array, limit)
    else:
        _bars(axes, array.reshape(-1))
    tidy(axes, name)
    axes.grid(visible=False)
    axes.title.set_fontsize(10)


def _squares(axes: Axes, array: np.ndarray, limit: float) -> None:
    axes.imshow(array, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    axes.set_xticks(range(array.shape[1]) if array.shape[1] <= WRITTEN else [])
    axes.set_yticks(range(array.shape[0]) if array.shape[0] <= WRITTEN else [])
    if max(array.shape, default=0) <= WRITTEN:
        for (row, column), value in np.ndenumerate(array):
            strong = np.isfinite(value) and abs(value) > 0.6 * limit
            axes.text(
                column, row, f"{value:.2g}", ha="center", va="center", fontsize=8, color="white" if strong else INK
            )


def _bars(axes: Axes, values: np.ndarray) -> None:
    colours = [RED if value > 0 else BLUE for value in values]
    axes.bar(range(len(values)), np.nan_to_num(values), color=colours, width=0.7)
    axes.axhline(0, color=FAINT, linewidth=0.8)
    axes.set_xticks(range(len(values)) if len(values) <= WRITTEN else [])
    if len(values) <= WRITTEN:
        for place, value in enumerate(values):
            axes.annotate(
                f"{value:.3g}",
                (place, np.nan_to_num(value)),
                (0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        axes.margins(y=0.2)
