"""Handwritten digits and their edges: one row for each kernel."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures import digits
from dojo.pictures.lessons import Fact

NAMES = ("Sobel x: brighter to the right", "Sobel y: brighter below", "Laplacian: darker than around")
SHOWN = (0, 1, 2, 3, 4, 5, 7, 9)


@dataclass(frozen=True)
class Numbers:
    """Digits "N H W", the kernels "O 3 3", the maps "N O H W", and the parameters of a shared and a dense layer."""

    data: str
    images: np.ndarray
    kernels: np.ndarray
    maps: np.ndarray
    shared: int
    dense: int


def measure(learner, tick) -> Numbers:
    """The learner's three kernels over one test image of each digit."""
    dataset = digits.finest()
    images = digits.one_of_each(dataset.test)[list(SHOWN)]
    N, side, _ = images.shape
    kernels = learner.array("edge_kernels", shape=(3, 1, 3, 3))
    maps = learner.array("feature_maps", images.astype(kernels.dtype), kernels, shape=(N, 3, side, side))
    shared = int(learner.array("shared_parameter_count", 1, 3, 3, shape=()))
    dense = int(learner.array("dense_parameter_count", 1, side, side, 3, shape=()))
    return Numbers(digits.name_of(dataset), images, kernels[:, 0], maps, shared, dense)


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """How well each map agrees with the slope that it stands for, taken another way."""
    images, maps = numbers.images, numbers.maps
    side = images.shape[1]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    right = padded[:, :, 2:] - padded[:, :, :-2]  # N H+2 W: how much brighter it is on the right
    down = padded[:, 2:] - padded[:, :-2]  # N H W+2
    slope_x = right[:, :-2] + 2 * right[:, 1:-1] + right[:, 2:]
    slope_y = down[:, :, :-2] + 2 * down[:, :, 1:-1] + down[:, :, 2:]
    around = padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
    alike, kernels = (0.999, 1.001), "edge_kernels"
    units = 3 * side * side
    return (
        Fact("correlation of Sobel x with the slope to the right", _alike(maps[:, 0], slope_x), *alike, kernels),
        Fact("correlation of Sobel y with the slope downwards", _alike(maps[:, 1], slope_y), *alike, kernels),
        Fact(
            "correlation of the Laplacian with its definition", _alike(maps[:, 2], around - 4 * images), *alike, kernels
        ),
        Fact("largest answer of Sobel x", float(np.abs(maps[:, 0]).max()), 2, 4, "feature_maps"),
        Fact("parameters, shared kernels", numbers.shared, 30, 30, "shared_parameter_count"),
        Fact(
            "parameters, dense layer",
            numbers.dense,
            (side**2 + 1) * units,
            (side**2 + 1) * units,
            "dense_parameter_count",
        ),
    )


def figure(numbers: Numbers):
    """The digits above, then a row of maps for each kernel, which stands at its left."""
    from dojo.drawing import GREY, INK, lesson_figure, show_image

    height = 7.0
    fig = lesson_figure(
        "Three small kernels, used at every place of the image, find the edges of every digit",
        f"test images of {numbers.data}; blue below zero, red above; {numbers.shared} shared parameters do what a dense "
        f"layer needs {numbers.dense:,} for",
        height,
    )
    top, bottom = 1 - 1.05 / height, 0.4 / height
    room = {"left": 0.145, "right": 0.985, "top": top, "bottom": bottom, "wspace": 0.06, "hspace": 0.06}
    cells = fig.subplots(4, len(numbers.images), gridspec_kw=room)
    for column, image in enumerate(numbers.images):
        show_image(cells[0, column], image)
        for row in range(3):
            show_image(
                cells[row + 1, column],
                numbers.maps[column, row],
                signed=True,
                limit=float(np.abs(numbers.maps[:, row]).max()),
            )
    for row, (kernel, name) in enumerate(zip(numbers.kernels, NAMES, strict=True), 1):
        box = cells[row, 0].get_position()
        corner = fig.add_axes((0.03, box.y0 + 0.045, 0.075, 0.075 * 12 / height))
        show_image(corner, kernel, signed=True, limit=4.0)
        for (i, j), value in np.ndenumerate(kernel):
            corner.text(j, i, f"{value:g}".replace("-", "−"), ha="center", va="center", fontsize=9, color=INK)
        title, _, what = name.partition(": ")
        corner.set_title(title, fontsize=10, color=INK, pad=4)
        corner.set_xlabel(what, fontsize=8.5, color=GREY)
    return fig


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two arrays; 0 if one of them is constant."""
    one, other = one - one.mean(), other - other.mean()
    return float((one * other).sum() / max(np.linalg.norm(one) * np.linalg.norm(other), 1e-300))
