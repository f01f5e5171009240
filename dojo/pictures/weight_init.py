"""The spread of activations by depth, for three activations and four ways to draw the weights."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures.lessons import Fact

LAYERS, WIDTH, EXAMPLES = 20, 100, 200
FIXED = {"small": 0.01, "large": 1.0}  # standard deviations of weights drawn with no thought of the width
GOOD = {"Xavier": "xavier_normal", "He": "he_normal"}
FLOOR = 1e-35  # what float32 rounds to 0 has no place on a logarithmic scale
ACTIVATIONS = ("sigmoid", "tanh", "relu")


@dataclass(frozen=True)
class Numbers:
    """`spreads[activation, way]`: the standard deviation of all activations of each layer, "L"."""

    spreads: dict[tuple[str, str], np.ndarray]


def measure(learner, tick) -> Numbers:
    """Activations of normal random inputs through square layers, with the learner's initialisers and measure."""
    weights = draw_weights(learner)
    spreads = {}
    for activation in ACTIVATIONS:
        for way, layers in weights.items():
            x = np.random.default_rng(1).normal(size=(EXAMPLES, WIDTH)).astype(layers[0].dtype)
            spreads[activation, way] = learner.array("activation_stds", layers, x, activation, shape=(LAYERS,))
            tick(len(spreads) / len(ACTIVATIONS) / len(weights))
    return Numbers(spreads)


def draw_weights(learner, home: str | None = None) -> dict[str, list[np.ndarray]]:
    """Square weights for every layer by each way; the good ones from the learner's functions, of the kata `home`."""
    rng = np.random.default_rng(0)
    weights = {way: [rng.normal(0, std, (WIDTH, WIDTH)) for _ in range(LAYERS)] for way, std in FIXED.items()}
    for way, function in GOOD.items():
        draw = learner.track.rng(0)
        shape = (WIDTH, WIDTH)
        weights[way] = [learner.array(function, *shape, draw, shape=shape, home=home) for _ in range(LAYERS)]
    return weights


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """How the spread in the last layer compares with the first; the bands are wide enough for any random draw."""
    last = {key: float(spread[-1]) for key, spread in numbers.spreads.items()}
    kept = {key: float(spread[-1] / spread[0]) for key, spread in numbers.spreads.items()}
    measured = "activation_stds"
    return (
        Fact("spread in the last layer, tanh, small weights", last["tanh", "small"], 0, 1e-15, measured),
        Fact("spread in the last layer, relu, large weights", last["relu", "large"], 1e10, 1e30, measured),
        Fact("spread in the last layer, tanh, large weights", last["tanh", "large"], 0.8, 1, measured),
        Fact("spread in the last layer, sigmoid, large weights", last["sigmoid", "large"], 0.35, 0.5, measured),
        Fact("last layer over first, tanh, Xavier", kept["tanh", "Xavier"], 0.1, 1, "xavier_normal"),
        Fact("last layer over first, relu, He", kept["relu", "He"], 0.1, 10, "he_normal"),
        Fact("last layer over first, relu, Xavier", kept["relu", "Xavier"], 1e-5, 0.02, "xavier_normal"),
    )


def figure(numbers: Numbers):
    """A panel for each activation, a line for each way."""
    from dojo.drawing import lesson_figure

    fig = lesson_figure(
        "Only weights that fit the width and the activation keep the signal alive through depth",
        f"standard deviation of all activations, layer by layer: {LAYERS} layers of {WIDTH} units, normal inputs, "
        "no biases",
        5.2,
    )
    draw_by_depth(fig, numbers.spreads, "spread: standard deviation of the activations")
    return fig


def draw_by_depth(fig, values: dict[tuple[str, str], np.ndarray], y: str, down: bool = False) -> None:
    """A panel for each activation with a line by depth for each way, on a logarithmic scale; `down`: last layer first."""
    from dojo.drawing import BLUE, GOLD, GREEN, RED, name_lines, panels, tidy

    names = {"small": f"std {FIXED['small']:g}", "large": f"std {FIXED['large']:g}", "Xavier": "Xavier", "He": "He"}
    colours = {"small": GOLD, "large": RED, "Xavier": BLUE, "He": GREEN}
    axes_row = panels(fig, len(ACTIVATIONS), gap=0.42, right=0.94)
    for axes, activation in zip(axes_row, ACTIVATIONS, strict=True):
        way_down = "layer, from the output to the input"
        tidy(axes, activation, way_down if down else "layer", y if activation == ACTIVATIONS[0] else "")
        axes.set_yscale("log")
        for way, name in names.items():
            good = way in GOOD
            line = np.maximum(values[activation, way], FLOOR)
            depth = np.arange(1, len(line) + 1)
            axes.plot(
                depth, line, color=colours[way], linewidth=2.2 if good else 1.8, label=name, ls="-" if good else "--"
            )
        axes.set_xlim(*((LAYERS, 1) if down else (1, LAYERS)))
        axes.set_xticks([1, *range(5, LAYERS + 1, 5)])
        name_lines(axes, 0 if down else -1)
