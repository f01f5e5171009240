"""Which lessons can be drawn. One joins by a module of this folder (see weight_init.py) and a line in LESSONS."""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from dojo.errors import DojoError, nearest

# By kata, what the picture shows. The module of the same name has `measure(learner, tick)`, which calls the learner's
# functions and gives back a frozen dataclass of numbers, telling `tick` in between which part of the work is done, 0
# to 1; `shows(numbers)`, what the numbers prove, as Facts; and `figure(numbers)`, a matplotlib figure of them.
LESSONS = {
    "learning_slowdown": "why cross-entropy: a saturated neuron under both costs",
    "l2": "the weights of a network with and without L2, and what each knows of new digits",
    "dropout": "a digit with pixels dropped, and the mean over many draws",
    "weight_init": "how widely activations spread, layer by layer, from bad and good weights",
    "gradient_flow": "gradients that vanish or explode on their way down, and some that do not",
    "optimizers": "plain descent, momentum and Adam: through a ravine, and on digits",
    "normalization": "layer norm keeps the spread at 1, however the weights were drawn",
    "conv2d": "a kernel finds what looks like itself",
    "pooling": "what max and average pooling keep, and where their gradients go",
    "feature_maps": "the edges of handwritten digits",
    "looking_inside": "kernels, feature maps and what a trained convnet looks at",
    "char_rnn": "what gates are for: which cells can name the first symbol of a line at its end",
}


@dataclass(frozen=True)
class Fact:
    """A number that a picture shows. With a right kata it lies between `low` and `high`; else `function` is to blame,
    of the prerequisite `home` if that is given. (Where autograd stands for a `_backward`, the function itself is.)"""

    says: str
    value: float
    low: float
    high: float
    function: str
    home: str | None = None

    @property
    def holds(self) -> bool:
        return bool(self.low <= self.value <= self.high)


def lesson(name: str, track: str) -> ModuleType:
    """The module that draws the lesson of the kata `name`. DojoError if there is none, with the nearest name."""
    from dojo.loading import curriculum

    step = "`python grader.py picture` lists what can be drawn."
    if name not in LESSONS:
        known = curriculum().names
        what = f"{name} has no picture." if name in known else f"There is no picture called {name!r}."
        raise DojoError(what if name in known else f"{what} {nearest(name, list(LESSONS))}".rstrip(), step)
    kata = curriculum()[name]
    if track not in kata.tracks:
        raise DojoError(f"{name} has no {track} track.", f"`--track {kata.tracks[0]}` is there.")
    return import_module(f"dojo.pictures.{name}")
