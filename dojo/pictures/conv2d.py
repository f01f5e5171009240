"""A strip of digits, a kernel cut from one of them, and how strongly the kernel answers at every place."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures import digits
from dojo.pictures.lessons import Fact

DIGIT = 3


@dataclass(frozen=True)
class Numbers:
    """A `strip` of digits, the `kernel`, its `answers` at every place of the strip, and the column where it was cut."""

    data: str
    strip: np.ndarray
    kernel: np.ndarray
    answers: np.ndarray
    place: int

    @property
    def found(self) -> tuple[int, int]:
        """Row and column, from the upper left corner, of the strongest answer."""
        row, column = np.unravel_index(self.answers.argmax(), self.answers.shape)
        return int(row), int(column)


def measure(learner, tick) -> Numbers:
    """All ten digits side by side; one of them, its mean taken off and its length made 1, is the kernel."""
    dataset = digits.finest()
    images = digits.one_of_each(dataset.test)
    images /= np.linalg.norm(images, axis=(1, 2), keepdims=True)  # so that no digit answers loudest by its ink alone
    strip = np.concatenate(list(images), axis=1)
    side = images.shape[1]
    kernel = images[DIGIT] - images[DIGIT].mean()
    kernel /= np.linalg.norm(kernel)
    border = 2
    padded = (side + 2 * border - side + 1, strip.shape[1] + 2 * border - side + 1)
    answers = learner.array(
        "conv2d", strip[None, None], kernel[None, None], np.zeros(1), 1, border, shape=(1, 1, *padded)
    )
    return Numbers(digits.name_of(dataset), strip, kernel, answers[0, 0, border:-border, border:-border], DIGIT * side)


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """Where the strongest answer is, and by how much it leads."""
    off = abs(numbers.found[1] - numbers.place)
    side = len(numbers.kernel)
    others = [numbers.answers[0, place] for place in range(0, numbers.strip.shape[1], side) if place != numbers.place]
    lead = float(numbers.answers[0, numbers.place] - max(others))
    return (
        Fact("pixels between the strongest answer and the kernel's own place", off, 0, 0, "conv2d"),
        Fact("the strongest answer", float(numbers.answers.max()), 0.7, 1, "conv2d"),
        Fact("its lead on the other digits", lead, 0.05, 1, "conv2d"),
    )


def figure(numbers: Numbers):
    """The strip, the kernel, and the answers as a curve below the strip."""
    from matplotlib.patches import Rectangle

    from dojo.drawing import BLUE, RED, lesson_figure, show_image, tidy

    height = 5.0
    fig = lesson_figure(
        "A kernel answers most strongly where the image looks like the kernel itself",
        f"test images of {numbers.data}; the kernel is the {DIGIT} with its mean taken off, moved over the strip one pixel "
        "at a time",
        height,
    )
    side, (_, width) = len(numbers.kernel), numbers.strip.shape
    kernel = fig.add_axes((0.02, 0.60, 0.12, 0.17))
    show_image(kernel, numbers.kernel, "the kernel", signed=True)
    strip = fig.add_axes((0.16, 0.60, 0.82, 0.17))
    show_image(strip, numbers.strip, "the image")
    strip.set_aspect("auto")
    strip.add_patch(Rectangle((numbers.found[1] - 0.5, -0.5), side, side, fill=False, edgecolor=RED, linewidth=2.5))
    curve = fig.add_axes((0.16, 0.14, 0.82, 0.38))
    middle = np.arange(numbers.answers.shape[1]) + (side - 1) / 2  # of the kernel at each place
    curve.plot(middle, numbers.answers[0], color=BLUE, linewidth=2)
    curve.plot(middle[numbers.found[1]], numbers.answers.max(), "o", color=RED, markersize=7)
    tidy(curve, "", "where the middle of the kernel stands, pixel", "answer: Σ kernel · image")
    curve.set_xlim(-0.5, width - 0.5)
    curve.axhline(0, color="#22262b", linewidth=0.8)
    return fig
