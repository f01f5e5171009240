"""The norm of the gradient by depth, for three activations and four ways to draw the weights."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures.lessons import Fact
from dojo.pictures.weight_init import ACTIVATIONS, EXAMPLES, LAYERS, WIDTH, draw_by_depth, draw_weights


@dataclass(frozen=True)
class Numbers:
    """`norms[activation, way]`: the norm of the gradient of each layer’s weights, "L", first layer first."""

    norms: dict[tuple[str, str], np.ndarray]


def measure(learner, tick) -> Numbers:
    """A random gradient of norm 1 sent down through square layers, whose good weights the learner's weight_init draws."""
    weights = draw_weights(learner, home="weight_init")
    x, dout = np.random.default_rng(1).normal(size=(2, EXAMPLES, WIDTH))
    dout /= np.linalg.norm(dout)
    norms = {}
    for activation in ACTIVATIONS:
        for way, layers in weights.items():
            kind = layers[0].dtype
            given = (layers, x.astype(kind), dout.astype(kind), activation)
            norms[activation, way] = learner.array("layer_gradient_norms", *given, shape=(LAYERS,))
            tick(len(norms) / len(ACTIVATIONS) / len(weights))
    return Numbers(norms)


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """How much of the gradient reaches the first layer; the bands are wide enough for any random draw."""
    ratio = {key: float(norms[0] / norms[-1]) for key, norms in numbers.norms.items()}
    first = {key: float(norms[0]) for key, norms in numbers.norms.items()}
    measured = "layer_gradient_norms"
    return (
        Fact("first layer over last, sigmoid, small weights", ratio["sigmoid", "small"], 0, 1e-15, measured),
        Fact("first layer over last, sigmoid, Xavier", ratio["sigmoid", "Xavier"], 1e-16, 1e-3, measured),
        Fact("first layer over last, tanh, Xavier", ratio["tanh", "Xavier"], 0.05, 20, measured),
        Fact("first layer over last, relu, He", ratio["relu", "He"], 0.1, 10, measured),
        Fact("norm in the first layer, relu, small weights", first["relu", "small"], 0, 1e-12, measured),
        Fact("norm in the first layer, relu, large weights", first["relu", "large"], 1e10, 1e30, measured),
    )


def figure(numbers: Numbers):
    """A panel for each activation, a line for each way."""
    from dojo.drawing import lesson_figure

    fig = lesson_figure(
        "Through depth a gradient vanishes or explodes, unless weights and activation fit each other",
        f"norm of the gradient of each layer’s weights, for a gradient of norm 1 at the output: {LAYERS} layers of "
        f"{WIDTH} units",
        5.2,
    )
    draw_by_depth(fig, numbers.norms, "norm of ∂loss/∂W", down=True)
    return fig
