"""A digit with pixels dropped at three rates, and the mean over many draws on its way back to the digit."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures import digits
from dojo.pictures.lessons import Fact

DIGIT = 3
RATES = (0.25, 0.5, 0.75)
COUNTS = (1, 10, 100, 1000)
HALF = 0.5


@dataclass(frozen=True)
class Numbers:
    """An image "H W"; `dropped[p]` once; `means[n]`, the mean over n draws at p = 0.5; its relative error by n, and
    the share of the ink that was dropped in all of them; what becomes of the image when it is not training."""

    data: str
    image: np.ndarray
    dropped: dict[float, np.ndarray]
    means: dict[int, np.ndarray]
    errors: np.ndarray
    share: float
    resting: np.ndarray


def measure(learner, tick) -> Numbers:
    """The learner's dropout on one test image, again and again."""
    dataset = digits.finest()
    image = digits.one_of_each(dataset.test)[DIGIT]
    rng = learner.track.rng(0)
    dropped = {p: _drop(learner, image, p, rng) for p in RATES}
    draws = _drop(learner, np.tile(image, (max(COUNTS), 1, 1)), HALF, rng)
    sums = np.cumsum(draws, axis=0)
    means = {count: sums[count - 1] / count for count in COUNTS}
    running = sums / np.arange(1, len(sums) + 1)[:, None, None]
    errors = np.linalg.norm(running - image, axis=(1, 2)) / np.linalg.norm(image)
    share = 1 - float((draws[:, image > 0] != 0).mean())
    resting = _drop(learner, image, HALF, rng, False)
    return Numbers(digits.name_of(dataset), image, dropped, means, errors, share, resting)


def _drop(learner, x: np.ndarray, p: float, rng, train: bool = True) -> np.ndarray:
    out, _ = learner.pair("dropout", x, p, rng, train)
    return learner.plain(out, "dropout", x.shape)


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """What is dropped, what the survivors become, and how close the mean comes."""
    image, ink = numbers.image, numbers.image > 0
    kept = {p: (out != 0) & ink for p, out in numbers.dropped.items()}
    scale = {p: float(out[kept[p]].sum() / image[kept[p]].sum()) for p, out in numbers.dropped.items()}
    facts = [
        Fact(f"survivors multiplied by, p = {p:g}", scale[p], 0.999 / (1 - p), 1.001 / (1 - p), "dropout")
        for p in RATES
    ]
    rest = float(np.abs(numbers.resting - image).max())
    return (
        *facts,
        Fact("share of the ink dropped over all draws, p = 0.5", numbers.share, 0.45, 0.55, "dropout"),
        Fact("relative error of the mean over 1,000 draws", float(numbers.errors[-1]), 0.015, 0.05, "dropout"),
        Fact("largest change when it is not training", rest, 0, 0, "dropout"),
    )


def figure(numbers: Numbers):
    """The digit, dropped out at three rates; means over draws; and the error of the mean."""
    from dojo.drawing import BLUE, GREY, lesson_figure, show_image, tidy

    height = 5.6
    fig = lesson_figure(
        "Dropout hides random units and scales up the others, so that on average nothing changes",
        f"a test image of {numbers.data}; p is the probability to drop a pixel",
        height,
    )
    room = {
        "left": 0.02,
        "right": 0.60,
        "top": 1 - 1.35 / height,
        "bottom": 0.45 / height,
        "wspace": 0.1,
        "hspace": 0.3,
    }
    upper, lower = fig.subplots(2, 4, gridspec_kw=room)
    show_image(upper[0], numbers.image, "the digit")
    for axes, (p, out) in zip(upper[1:], numbers.dropped.items(), strict=True):
        show_image(axes, out, f"p = {p:g}: survivors × {1 / (1 - p):.3g}", limit=4.0)
    for axes, (count, mean) in zip(lower, numbers.means.items(), strict=True):
        name = "one draw, p = 0.5" if count == 1 else f"mean of {count:,} draws"
        show_image(axes, mean, name, limit=1.0)
    curve = fig.add_axes((0.68, 0.85 / height, 0.29, 1 - 2.25 / height))
    n = np.arange(1, len(numbers.errors) + 1)
    curve.loglog(n, numbers.errors, color=BLUE, linewidth=2)
    curve.loglog(n, 1 / np.sqrt(n), color=GREY, linewidth=1.2, linestyle="--")
    curve.annotate("1/√n", (30, 1 / np.sqrt(30)), (8, 8), textcoords="offset points", fontsize=10, color=GREY)
    tidy(curve, "the mean comes back to the digit", "draws n, p = 0.5", "error of the mean, relative to the digit")
    return fig
