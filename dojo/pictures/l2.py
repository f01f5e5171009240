"""A network that learns digits with some wrong labels, with and without L2: its weights, and what it makes of new digits."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures import digits
from dojo.pictures.fitting import alike, loss_and_grads, start
from dojo.pictures.lessons import Fact

EXAMPLES, WRONG, HIDDEN = 200, 0.3, 40  # digits to learn from, the share of wrong labels, hidden units
STEPS, RATE, EVERY = 400, 0.5, 10
LAMBDAS = (0.0, 0.02)


@dataclass(frozen=True)
class Numbers:
    """By λ: all weights in a row, their norm, and every few `steps` the accuracy on training and test digits, 0 to 1."""

    weights: dict[float, np.ndarray]
    steps: np.ndarray
    train: dict[float, np.ndarray]
    test: dict[float, np.ndarray]

    def norm(self, lam: float) -> float:
        """The length of all weights as one vector."""
        return float(np.linalg.norm(self.weights[lam]))


def measure(learner, tick) -> Numbers:
    """Descent on all examples at once, with the learner's l2_grads on top of the gradients of the kata backprop."""
    dataset = digits.small()
    rng = np.random.default_rng(0)
    pick = rng.permutation(len(dataset.train))[:EXAMPLES]
    x, labels = _rows(dataset.train.images[pick]), dataset.train.labels[pick].copy()
    wrong = int(WRONG * EXAMPLES)
    labels[:wrong] = (labels[:wrong] + rng.integers(1, 10, wrong)) % 10
    test_x, test_labels = _rows(dataset.test.images), dataset.test.labels
    first = start((x.shape[1], HIDDEN, 10), rng)
    weights, train, test = {}, {}, {}
    for run, lam in enumerate(LAMBDAS):
        params, seen = first, []
        for step in range(STEPS + 1):
            if step % EVERY == 0:
                seen.append((_accuracy(learner, params, x, labels), _accuracy(learner, params, test_x, test_labels)))
                tick((run + step / STEPS) / len(LAMBDAS))
            _, grads = loss_and_grads(learner, params, x, labels, "backprop")
            penalty = alike(learner, params, learner.call("l2_grads", params, lam), "l2_grads")
            params = {name: param - RATE * (grads[name] + penalty[name]) for name, param in params.items()}
        weights[lam] = np.concatenate([param.ravel() for param in params.values() if param.ndim > 1])
        train[lam], test[lam] = np.array(seen).T
    return Numbers(weights, np.arange(0, STEPS + 1, EVERY), train, test)


def _rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float64)


def _accuracy(learner, params: dict, x: np.ndarray, labels: np.ndarray) -> float:
    logits = learner.array("forward", params, x, shape=(len(x), 10), home="backprop")
    return float((logits.argmax(axis=1) == labels).mean())


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """What L2 does to the weights, to what is learnt by heart, and to what is known of new digits."""
    without, with_it = LAMBDAS
    ratio = numbers.norm(with_it) / numbers.norm(without)
    learnt, known = numbers.train, numbers.test
    return (
        Fact("norm of the weights, with L2 over without", ratio, 0.15, 0.5, "l2_grads"),
        Fact("training labels learnt without L2, wrong ones too", float(learnt[without][-1]), 0.85, 1, "l2_grads"),
        Fact("training labels learnt with L2", float(learnt[with_it][-1]), 0.6, 0.85, "l2_grads"),
        Fact("test digits right without L2", float(known[without][-1]), 0.5, 0.8, "l2_grads"),
        Fact("test accuracy gained by L2", float(known[with_it][-1] - known[without][-1]), 0.03, 0.3, "l2_grads"),
    )


def figure(numbers: Numbers):
    """A histogram of the weights for each λ, and the accuracies while learning."""
    from dojo.drawing import BLUE, RED, lesson_figure, name_lines, panels, tidy

    without, with_it = LAMBDAS
    names, colours = {without: "no L2", with_it: f"L2, λ = {with_it:g}"}, {without: RED, with_it: BLUE}
    fig = lesson_figure(
        "L2 keeps weights small, so that the network learns the digits and not the wrong labels",
        f"{EXAMPLES} of the 8×8 digits, {WRONG:.0%} of them with a wrong label; {HIDDEN} hidden units; test labels are right",
        5.0,
    )
    left, middle, right = panels(fig, 3, gap=0.46, right=0.905)
    bins = np.linspace(-1.5, 1.5, 61)
    for lam, weights in numbers.weights.items():
        share = np.full(len(weights), 100 / len(weights))
        left.hist(np.clip(weights, -1.5, 1.5), bins, weights=share, color=colours[lam], alpha=0.55)
        left.hist(np.clip(weights, -1.5, 1.5), bins, weights=share, color=colours[lam], histtype="step", linewidth=1.4)
    tidy(left, "all weights after training", "weight", "share of the weights, %")
    for row, lam in enumerate(LAMBDAS):
        text = f"{names[lam]}\nnorm {numbers.norm(lam):.1f}"
        left.text(
            0.98,
            0.95 - 0.14 * row,
            text,
            transform=left.transAxes,
            ha="right",
            va="top",
            fontsize=9.5,
            color=colours[lam],
        )
    for axes, found, title in (
        (middle, numbers.train, "training labels learnt, %"),
        (right, numbers.test, "test digits right, %"),
    ):
        for lam in LAMBDAS:
            axes.plot(
                numbers.steps,
                100 * found[lam],
                color=colours[lam],
                linewidth=2,
                label=f"{'L2' if lam else 'no L2'}: {100 * found[lam][-1]:.0f}",
            )
        tidy(axes, title, "step", "accuracy, %")
        axes.set_xlim(0, STEPS)
        axes.set_ylim(0, 102)
        name_lines(axes)
    middle.axhline(100 * (1 - WRONG), color="#7b828c", linewidth=1, linestyle=":")
    middle.annotate(
        "right labels",
        (STEPS, 100 * (1 - WRONG)),
        (-4, -11),
        textcoords="offset points",
        ha="right",
        fontsize=9,
        color="#7b828c",
    )
    return fig
