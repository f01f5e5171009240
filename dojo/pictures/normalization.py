"""The spread of activations by depth with and without layer norm, and what either norm does to a small batch."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures.lessons import Fact

LAYERS, WIDTH, EXAMPLES = 20, 100, 200
STDS = (0.05, 0.14, 0.4)  # of the weights; the one in the middle is He's, √(2/100)
EPS = 1e-5


@dataclass(frozen=True)
class Numbers:
    """`plain[std]` and `normed[std]`: the spread after each layer, "L". `batch` "N D", and it normalised either way."""

    plain: dict[float, np.ndarray]
    normed: dict[float, np.ndarray]
    batch: np.ndarray
    by_batch: np.ndarray
    by_layer: np.ndarray


def measure(learner, tick) -> Numbers:
    """Random inputs through random relu layers, with and without the learner's layer_norm in each."""
    ones, zeros = np.ones(WIDTH), np.zeros(WIDTH)
    plain, normed = {}, {}
    for std in STDS:
        rng = np.random.default_rng(0)
        h = both = rng.normal(size=(EXAMPLES, WIDTH))
        spreads = []
        for _ in range(LAYERS):
            W = rng.normal(0, std, (WIDTH, WIDTH))
            h = np.maximum(h @ W, 0)
            z = learner.array("layer_norm", both @ W, ones, zeros, EPS, shape=both.shape)
            both = np.maximum(z, 0)
            spreads.append((h.std(), both.std()))
        plain[std], normed[std] = np.array(spreads).T
        tick(len(plain) / len(STDS))
    rng = np.random.default_rng(3)
    batch = (
        rng.normal(size=(8, 6)) * 1.2 + rng.normal(size=(8, 1)) * 3 + rng.normal(size=6) * 2
    )  # rows and columns differ
    ones, zeros = np.ones(6), np.zeros(6)
    by_batch, by_layer = (
        learner.array(name, batch, ones, zeros, EPS, shape=(8, 6)) for name in ("batch_norm", "layer_norm")
    )
    return Numbers(plain, normed, batch, by_batch, by_layer)


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """The spread in the last layer, and what each norm leaves of means."""
    small, middle, large = STDS
    by_batch, by_layer = numbers.by_batch, numbers.by_layer
    return (
        Fact(
            f"spread in the last layer, weights {small:g}, no norm",
            float(numbers.plain[small][-1]),
            0,
            1e-6,
            "layer_norm",
        ),
        Fact(
            f"spread in the last layer, weights {small:g}, layer norm",
            float(numbers.normed[small][-1]),
            0.5,
            0.66,
            "layer_norm",
        ),
        Fact(
            f"spread in the last layer, weights {middle:g}, layer norm",
            float(numbers.normed[middle][-1]),
            0.5,
            0.66,
            "layer_norm",
        ),
        Fact(
            f"spread in the last layer, weights {large:g}, layer norm",
            float(numbers.normed[large][-1]),
            0.5,
            0.66,
            "layer_norm",
        ),
        Fact(
            "largest mean of a feature after batch norm",
            float(np.abs(by_batch.mean(axis=0)).max()),
            0,
            1e-6,
            "batch_norm",
        ),
        Fact(
            "largest mean of an example after batch norm",
            float(np.abs(by_batch.mean(axis=1)).max()),
            0.5,
            3,
            "batch_norm",
        ),
        Fact(
            "largest mean of an example after layer norm",
            float(np.abs(by_layer.mean(axis=1)).max()),
            0,
            1e-6,
            "layer_norm",
        ),
        Fact(
            "largest mean of a feature after layer norm",
            float(np.abs(by_layer.mean(axis=0)).max()),
            0.5,
            3,
            "layer_norm",
        ),
    )


def figure(numbers: Numbers):
    """Two panels by depth on one scale, then three small matrices."""
    from dojo.drawing import GOLD, GREEN, INK, RED, lesson_figure, name_lines, panels, show_image, tidy

    height = 5.2
    fig = lesson_figure(
        "With layer norm, depth does not change the spread, however the weights were drawn",
        f"left: {LAYERS} relu layers of {WIDTH} units, weights of three standard deviations; right: 8 examples of 6 features, blue below zero, red "
        "above",
        height,
    )
    left, middle = panels(fig, 2, gap=0.5, right=0.60)
    for axes, spreads, title in (
        (left, numbers.plain, "no norm"),
        (middle, numbers.normed, "layer norm in every layer"),
    ):
        tidy(axes, title, "layer", "spread: standard deviation of the activations" if axes is left else "")
        axes.set_yscale("log")
        for std, colour, width in zip(
            STDS, (GOLD, GREEN, RED), (7, 4, 1.5), strict=True
        ):  # lines that coincide stay visible
            depth = np.arange(1, LAYERS + 1)
            width = width if axes is middle else 2
            axes.plot(depth, spreads[std], color=colour, linewidth=width, label=f"std {std:g}")
        axes.set_xlim(1, LAYERS)
        axes.set_xticks([1, 5, 10, 15, 20])
        axes.set_ylim(1e-10, 1e10)
    for axes in (left, middle):
        name_lines(axes)
    pictures = {
        "as it is": numbers.batch,
        "batch norm": numbers.by_batch,
        "layer norm": numbers.by_layer,
    }
    says = ("", "each column: mean 0, spread 1", "each row: mean 0, spread 1")
    for place, ((name, batch), what) in enumerate(zip(pictures.items(), says, strict=True)):
        axes = fig.add_axes((0.705 + 0.1 * place, 0.30, 0.085, 0.42))
        show_image(axes, batch, name, signed=True, limit=5.0 if not place else 2.5)
        axes.set_aspect("auto")
        axes.set_xlabel("feature" + (f"\n\n{what.replace(': ', ':' + chr(10))}" if what else ""), fontsize=9, color=INK)
        if not place:
            axes.set_ylabel("example", fontsize=9)
    return fig
