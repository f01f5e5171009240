"""Plain descent, momentum and Adam: their ways through a ravine, and their losses on handwritten digits."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dojo.pictures import digits
from dojo.pictures.fitting import Params, alike, loss_and_grads, start
from dojo.pictures.lessons import Fact

STEEP, FLAT = 100.0, 1.0  # curvatures of the ravine's walls and of its floor
START, RAVINE_STEPS = (-9.0, 0.9), 60
HIDDEN, BATCH, STEPS = 32, 64, 240
STEP = {"plain": "", "momentum": "momentum_step", "Adam": "adam_step"}
RAVINE_RATES = {"plain": 0.0185, "momentum": 0.004, "Adam": 0.5}
RATES = {"plain": 0.05, "momentum": 0.05, "Adam": 0.005}


@dataclass(frozen=True)
class Numbers:
    """By optimizer: the way through the ravine, "steps+1 2", and the training loss after each step, "steps+1"."""

    ways: dict[str, np.ndarray]
    losses: dict[str, np.ndarray]


def measure(learner, tick) -> Numbers:
    """The learner's steps, on a quadratic ravine and on a small network of the kata backprop."""
    ways, losses = {}, {}
    for name in STEP:
        ways[name] = _ravine(learner, name)
    dataset = digits.small()
    x, labels = dataset.train.images.reshape(len(dataset.train), -1).astype(np.float64), dataset.train.labels
    for name in STEP:
        losses[name] = _digits(learner, name, x, labels)
        tick(len(losses) / len(STEP))
    return Numbers(ways, losses)


def _ravine(learner, name: str) -> np.ndarray:
    params, state, way = {"w": np.array(START)}, {}, [np.array(START)]
    for _ in range(RAVINE_STEPS):
        grads = {"w": np.array([FLAT, STEEP]) * params["w"]}
        params, state = _step(learner, name, params, grads, state, RAVINE_RATES[name])
        way.append(params["w"])
    return np.array(way)


def _digits(learner, name: str, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(0)  # the same weights and batches for each optimizer
    params, state, losses = start((x.shape[1], HIDDEN, 10), rng), {}, []
    for _ in range(STEPS + 1):
        batch = rng.choice(len(x), BATCH, replace=False)
        loss, grads = loss_and_grads(learner, params, x[batch], labels[batch], "backprop")
        losses.append(loss)
        params, state = _step(learner, name, params, grads, state, RATES[name])
    return np.array(losses)


def _step(learner, name: str, params: Params, grads: Params, state, lr: float) -> tuple[Params, Any]:
    """New parameters and the new state, which stays as the learner's code made it."""
    if not STEP[name]:
        return {key: param - lr * grads[key] for key, param in params.items()}, state
    stepped, state = learner.pair(STEP[name], params, grads, state, lr)
    return alike(learner, params, stepped, STEP[name]), state


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """How far each comes in the ravine, and the loss of each on digits."""
    far = {name: float(np.linalg.norm(way[-1])) for name, way in numbers.ways.items()}
    end = {name: float(losses[-20:].mean()) for name, losses in numbers.losses.items()}
    momentum, adam = STEP["momentum"], STEP["Adam"]
    facts = [
        Fact("distance to the lowest point, plain", far["plain"], 2.9, 3, momentum),
        Fact("distance to the lowest point, momentum", far["momentum"], 0.1, 0.2, momentum),
        Fact("distance to the lowest point, Adam", far["Adam"], 0.2, 0.5, adam),
        Fact("loss over the last 20 batches, plain", end["plain"], 0.5, 1.2, "loss_and_grads", "backprop"),
        Fact("loss over the last 20 batches, momentum", end["momentum"], 0.05, 0.3, momentum),
        Fact("loss over the last 20 batches, Adam", end["Adam"], 0.05, 0.3, adam),
    ]
    return tuple(facts)


def figure(numbers: Numbers):
    """The ravine with three ways through it, and three curves of the loss."""
    from dojo.drawing import BLUE, GREEN, GREY, INK, RED, lesson_figure, name_lines, panels, tidy

    colours = {"plain": GREY, "momentum": BLUE, "Adam": RED}
    fig = lesson_figure(
        "Steep walls force plain descent to take small steps; momentum and Adam get through",
        f"left: {RAVINE_STEPS} steps on ½x² + ½·{STEEP:g}y²; right: 8×8 digits, {HIDDEN} hidden units, batches of {BATCH}; "
        f"learning rate {RATES['plain']:g}, Adam {RATES['Adam']:g}",
        5.4,
    )
    left, right = panels(fig, 2, widths=(1.25, 1), gap=0.2, right=0.91)
    x, y = np.meshgrid(np.linspace(-10, 3, 200), np.linspace(-1.2, 1.2, 120))
    height = (FLAT * x**2 + STEEP * y**2) / 2
    left.contour(x, y, height, levels=np.geomspace(0.5, 120, 9), colors="#c9ced6", linewidths=0.9)
    for name, way in numbers.ways.items():
        left.plot(*way.T, "o-", color=colours[name], linewidth=1.6, markersize=3.2)
        text = f"{name}, rate {RAVINE_RATES[name]:g}"
        left.text(
            0.98,
            0.94 - 0.055 * list(STEP).index(name),
            text,
            transform=left.transAxes,
            ha="right",
            fontsize=10,
            color=colours[name],
        )
    left.plot(0, 0, "*", color=GREEN, markersize=13)
    left.plot(*START, "o", color=INK, markersize=6)
    left.annotate("start", START, (0, 10), textcoords="offset points", ha="center", fontsize=10, color=INK)
    left.annotate("lowest point", (0, 0), (0, -44), textcoords="offset points", ha="center", fontsize=10, color=GREEN)
    tidy(left, "a ravine: steep across, flat along", "x", "y")
    left.grid(False)
    tidy(right, "training loss on handwritten digits, mean of 10 batches", "step", "cross-entropy, nats")
    for name, losses in numbers.losses.items():
        smooth = np.convolve(losses, np.ones(10) / 10, "valid")
        steps = np.arange(len(smooth)) + 5
        right.plot(steps, smooth, color=colours[name], linewidth=2, label=f"{name}")
    right.set_xlim(0, STEPS)
    right.set_ylim(0, 2.6)
    name_lines(right)
    return fig
