"""The first symbol of a line is asked for at its end: an LSTM and a GRU learn to keep it, a vanilla cell does not."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures.lessons import Fact
from dojo.training.borrowing import borrow
from dojo.training.text_loop import surprise

SYMBOLS, FILLERS = 2, 2  # to remember, and to read past
V = SYMBOLS + FILLERS + 2  # and a question mark, and the answer that means nothing
ASKED, NOTHING = SYMBOLS + FILLERS, SYMBOLS + FILLERS + 1
CELLS = ("rnn", "gru", "lstm")
T, H, N = 20, 16, 32
STEPS, EVERY, LR = 500, 20, 0.02
GUESSING = float(np.log(SYMBOLS))


@dataclass(frozen=True)
class Numbers:
    """`curves[cell]`: the surprise at the answer in nats, a mean over EVERY steps each."""

    curves: dict[str, np.ndarray]


def measure(learner, tick) -> Numbers:
    """Each cell, from the learner's init, by the learner's gradients, on lines that are drawn anew for every step."""
    clip, step = borrow(learner, "clip_by_global_norm", "gradient_flow"), borrow(learner, "adam_step", "optimizers")
    curves = {}
    for place, cell in enumerate(CELLS):
        rng, params, optimizer, heard = np.random.default_rng(0), _start(learner, cell), {}, []
        for done in range(STEPS):
            ids, targets = lines(rng)
            loss, grads, _ = surprise(learner, params, ids, targets, None)
            params, optimizer = step(params, clip(grads, 1.0)[0], optimizer, LR)
            heard.append(loss * T)  # all other answers are NOTHING, which is soon learnt
            if done % EVERY == 0:
                tick((place + done / STEPS) / len(CELLS))
        curves[cell] = np.array(heard).reshape(-1, EVERY).mean(axis=1)
    return Numbers(curves)


def lines(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """N lines and what is to be answered, both "N T": a symbol, fillers, the question; NOTHING, and the symbol at last."""
    ids = rng.integers(SYMBOLS, SYMBOLS + FILLERS, size=(N, T))
    ids[:, 0], ids[:, -1] = rng.integers(SYMBOLS, size=N), ASKED
    targets = np.full((N, T), NOTHING)
    targets[:, -1] = ids[:, 0]
    return ids, targets


def _start(learner, cell: str):
    drawn = learner.params(learner.call("init", V, H, learner.track.rng(0), cell), "init")
    return learner.track.native({name: param.astype(np.float32) for name, param in drawn.items()})


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """What is left of the surprise at the end, where guessing costs log 2."""
    bounds = {"rnn": (0.6 * GUESSING, 1.6 * GUESSING), "gru": (0.0, 1.6 * GUESSING), "lstm": (0.0, 0.3 * GUESSING)}
    return tuple(
        Fact(f"surprise at the first of {T} symbols, {cell}", float(curve[-1]), *bounds[cell], "loss_and_grads")
        for cell, curve in numbers.curves.items()
    )


def figure(numbers: Numbers):
    """A line for each cell."""
    from dojo.drawing import BLUE, GREEN, GREY, RED, lesson_figure, name_lines, panels, tidy

    fig = lesson_figure(
        "What gates are for: a plain cell forgets the first symbol before it is asked for",
        f"surprise at the answer after {T - 2} other symbols; {H} units, Adam, {N} new lines in every step",
        5.2,
    )
    axes = panels(fig, 1, right=0.84)[0]
    steps = EVERY * (1 + np.arange(STEPS // EVERY))
    for cell, colour in zip(CELLS, (RED, GREEN, BLUE), strict=True):
        axes.plot(steps, numbers.curves[cell], color=colour, linewidth=2, label=cell)
    axes.axhline(GUESSING, color=GREY, linewidth=1, linestyle="--", label="_guessing")
    axes.text(steps[0], 0.92 * GUESSING, "guessing", fontsize=9, color=GREY, ha="left", va="top")  # no curve comes here
    tidy(axes, "surprise at the answer, nats", x="steps")
    axes.set_ylim(-0.15 * GUESSING, 3 * GUESSING)
    name_lines(axes)
    return fig
