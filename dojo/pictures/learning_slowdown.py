"""A saturated neuron under two costs: its cost and gradient against z, and how it learns from a bad start."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures.lessons import Fact

TARGET = 0.0
START = 2.0  # of weight and bias both, as in Nielsen's chapter 3: with the input 1, z = 4 and the output is 0.98
RATE, STEPS = 0.15, 400
COSTS = {"quadratic": "quadratic_output_gradient", "cross-entropy": "cross_entropy_output_gradient"}


@dataclass(frozen=True)
class Numbers:
    """Against `z`, by cost: `costs` and the learner's `gradients`. `outputs`: of the neuron, after each step."""

    z: np.ndarray
    costs: dict[str, np.ndarray]
    gradients: dict[str, np.ndarray]
    at_start: dict[str, float]
    outputs: dict[str, np.ndarray]


def measure(learner, tick) -> Numbers:
    """Both gradients over a range of z, and one neuron with input 1 and target 0 trained on each."""
    z = np.linspace(-8, 8, 161)
    costs = {"quadratic": (_sigmoid(z) - TARGET) ** 2 / 2, "cross-entropy": np.logaddexp(0, z) - TARGET * z}
    target = np.full_like(z, TARGET)
    gradients = {cost: learner.array(function, z, target, shape=z.shape) for cost, function in COSTS.items()}
    outputs, at_start = {}, {}
    for cost, function in COSTS.items():
        w = b = START
        seen = []
        for step in range(STEPS + 1):
            seen.append(float(_sigmoid(np.array(w + b))))
            dz = float(learner.array(function, np.array([w + b]), np.array([TARGET]), shape=(1,))[0])
            at_start[cost] = dz if step == 0 else at_start[cost]
            w, b = w - RATE * dz, b - RATE * dz  # the input is 1, so both get the gradient of z
        outputs[cost] = np.array(seen)
        tick(len(outputs) / len(COSTS))
    return Numbers(z, costs, gradients, at_start, outputs)


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """The gradient at the bad start under each cost, and how long either takes to cross the middle."""
    quadratic, entropy = COSTS.values()
    return (
        Fact("gradient at the start, quadratic cost", numbers.at_start["quadratic"], 0.0172, 0.0175, quadratic),
        Fact("gradient at the start, cross-entropy", numbers.at_start["cross-entropy"], 0.98, 0.983, entropy),
        Fact("steps until the output is below 0.5, quadratic cost", halfway(numbers, "quadratic"), 225, 240, quadratic),
        Fact("steps until the output is below 0.5, cross-entropy", halfway(numbers, "cross-entropy"), 10, 25, entropy),
    )


def halfway(numbers: Numbers, cost: str) -> float:
    """The first step after which the output is below 0.5; inf if there is none."""
    below = np.flatnonzero(numbers.outputs[cost] < 0.5)
    return float(below[0]) if len(below) else float("inf")


def figure(numbers: Numbers):
    """Three panels: the costs, their gradients, and the outputs while learning."""
    from dojo.drawing import BLUE, GREY, RED, lesson_figure, name_lines, panels, tidy

    colours = {"quadratic": RED, "cross-entropy": BLUE}
    fig = lesson_figure(
        "A badly wrong neuron hardly learns from the quadratic cost, but fastest from cross-entropy",
        f"one sigmoid neuron, input 1, target 0; the dotted line is where it starts: z = {2 * START:g}, output "
        f"{numbers.outputs['quadratic'][0]:.2f}; learning rate {RATE:g} for both",
        5.0,
    )
    left, middle, right = panels(fig, 3, gap=0.42, right=0.91)
    tidy(left, "cost: half the squared error, or nats", "z, the weighted input of the neuron", "cost")
    tidy(middle, "gradient of the cost for z", "z", "∂cost/∂z")
    tidy(right, "output of the neuron while it learns", "step", "output σ(z); the target is 0")
    for cost, colour in colours.items():
        style = {"color": colour, "linewidth": 2, "label": cost}
        left.plot(numbers.z, numbers.costs[cost], **style)
        middle.plot(numbers.z, numbers.gradients[cost], **style)
        right.plot(numbers.outputs[cost], **style)
        middle.plot(2 * START, numbers.at_start[cost], "o", color=colour, markersize=6)
        middle.annotate(
            f"{numbers.at_start[cost]:.3f}",
            (2 * START, numbers.at_start[cost]),
            (6, -14 if cost == "cross-entropy" else 8),
            textcoords="offset points",
            fontsize=9.5,
            color=colour,
        )
    for axes in (left, middle):
        axes.axvline(2 * START, color=GREY, linewidth=1, linestyle=":", zorder=0)
    left.set_ylim(-0.2, 8)
    middle.set_ylim(-0.04, 1.12)
    right.set_ylim(0, 1.02)
    right.set_xlim(0, STEPS)
    for axes in (left, middle, right):
        name_lines(axes)
    return fig


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0, -z))
