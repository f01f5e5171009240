"""One digit, pooled by maximum and by mean, and the pixels that a gradient finds on its way back."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures import digits
from dojo.pictures.lessons import Fact

DIGIT = 5
KINDS = {"maximum": "max_pool2d", "mean": "avg_pool2d"}


@dataclass(frozen=True)
class Numbers:
    """A digit "H W"; by kind, it `pooled`, and the `gradients` of its pixels when each output's gradient is 1."""

    data: str
    size: int
    image: np.ndarray
    pooled: dict[str, np.ndarray]
    gradients: dict[str, np.ndarray]


def measure(learner, tick) -> Numbers:
    """Pool a digit whose sides are a multiple of the window's."""
    dataset = digits.finest()
    image = digits.one_of_each(dataset.test)[DIGIT]
    size = 4 if len(image) >= 28 else 2
    # The background of a digit is full of ties; a faint slope breaks them, so that each window has one maximum.
    image = image + np.linspace(0, 1e-6, image.size).reshape(image.shape)
    side = len(image) // size
    pooled, gradients = {}, {}
    for kind, function in KINDS.items():
        given = (image[None, None], size, size)
        pooled[kind] = learner.array(function, *given, shape=(1, 1, side, side))[0, 0]
        (dx,) = learner.gradients(function, np.ones((1, 1, side, side)), *given, by=(0,))
        gradients[kind] = dx[0, 0]
    return Numbers(digits.name_of(dataset), size, image, pooled, gradients)


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """How many pixels get a gradient, and what pooling keeps of the image."""
    share = {kind: float((dx != 0).mean()) for kind, dx in numbers.gradients.items()}
    total = {kind: float(dx.sum() / numbers.pooled[kind].size) for kind, dx in numbers.gradients.items()}
    each, close = 1 / numbers.size**2, 1e-6
    back = {kind: f"{function}_backward" for kind, function in KINDS.items()}
    image = numbers.image
    return (
        Fact("share of pixels with a gradient, maximum", share["maximum"], each - close, each + close, back["maximum"]),
        Fact("share of pixels with a gradient, mean", share["mean"], 1, 1, back["mean"]),
        Fact("gradient per output, maximum", total["maximum"], 1 - close, 1 + close, back["maximum"]),
        Fact("gradient per output, mean", total["mean"], 1 - close, 1 + close, back["mean"]),
        Fact(
            "largest pixel kept, maximum", float(numbers.pooled["maximum"].max() / image.max()), 1, 1, KINDS["maximum"]
        ),
        Fact(
            "mean kept, mean", float(numbers.pooled["mean"].mean() / image.mean()), 1 - close, 1 + close, KINDS["mean"]
        ),
    )


def figure(numbers: Numbers):
    """The digit, and for each kind the pooled image and where its gradient goes."""
    from dojo.drawing import INK, lesson_figure, panels, show_image

    size = numbers.size
    fig = lesson_figure(
        "Max pooling sends its gradient to one pixel of each window, average pooling to all of them",
        f"a test image of {numbers.data}; windows of {size}×{size} pixels, stride {size}; the gradient of each output is 1, and red shows which pixels it reaches",
        3.7,
    )
    axes = panels(fig, 5, gap=0.08, left=0.02, right=0.98)
    show_image(axes[0], numbers.image, f"the image, {_sides(numbers.image)}")
    for kind, picture, gradient in zip(KINDS, axes[1::2], axes[2::2], strict=True):
        show_image(picture, numbers.pooled[kind], f"{kind} of each window, {_sides(numbers.pooled[kind])}", limit=1.0)
        reached = numbers.gradients[kind] != 0
        each = numbers.gradients[kind][reached].mean()
        show_image(
            gradient, numbers.gradients[kind], f"{reached.mean():.0%} of pixels get {each:.2g} each", True, limit=1.0
        )
        gradient.imshow(numbers.image, cmap="gray_r", alpha=0.25)
        for line in np.arange(size, len(numbers.image), size) - 0.5:
            gradient.axhline(line, color=INK, linewidth=0.3)
            gradient.axvline(line, color=INK, linewidth=0.3)
    return fig


def _sides(image: np.ndarray) -> str:
    return "×".join(map(str, image.shape))
