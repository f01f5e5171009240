"""How the capstone `char_rnn` is trained: the dojo's loop around the learner's gradients, on a long text."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from dojo.errors import DojoError, nearest
from dojo.training.borrowing import Borrowed
from dojo.training.learner import Learner
from dojo.training.outcomes import Outcome, Params, Point
from dojo.training.recipes import Capstone, Task
from dojo.training.text_loop import TextLoop, mean_loss

CELLS = {"lstm": "an LSTM", "gru": "a GRU", "rnn": "a plain RNN"}  # the first one is taken where none is asked for
HELD_OUT = 0.1  # of the text, its end: for validation
BITS = float(np.log2(np.e))  # in a nat
SAMPLE, TEMPERATURE, SHOWN = 300, 0.8, 4  # characters that are written after each epoch, and how many lines are shown


@dataclass(frozen=True)
class Setting:
    """What the loop is given for one text: `lr` is where the learning rate begins, T the length of a window."""

    title: str
    epochs: int
    H: int = 256
    batch_size: int = 32
    T: int = 64
    lr: float = 8e-3


@dataclass(frozen=True)
class TextTask(Task):
    """`ids` and `held_out`: the text for training and for validation as places in `vocab`, int64."""

    setting: Setting
    cell: str
    vocab: tuple[str, ...]
    ids: np.ndarray
    held_out: np.ndarray


@dataclass(frozen=True)
class Read:
    """What a trained network is worth: its validation loss in nats per character, and a text that it wrote."""

    validation: float
    sample: str


class CharRnn(Capstone):
    """`init(V, H, rng, cell)`, `loss_and_grads(params, ids, targets, state)` and `sample_text` of the kata `char_rnn`."""

    name = "char_rnn"
    unit = "characters"
    trains = "loss_and_grads"
    settings: ClassVar[dict[str, Setting]] = {
        "shakespeare": Setting("Shakespeare", epochs=8),
        "python-reference": Setting("Python's own reference", epochs=16),
    }

    def __init__(self):
        self.cell = next(iter(CELLS))
        self.heard = 0.0  # the mean loss of the epoch under way, or of the last one

    def choose(self, cell: str | None = None, model: str | None = None) -> None:
        super().choose(None, model)
        if cell is not None and cell not in CELLS:
            wish = nearest(cell, list(CELLS))
            raise DojoError(f"There is no cell {cell!r}. {wish}".rstrip(), f"--cell knows {', '.join(CELLS)}.")
        self.cell = cell or self.cell

    @property
    def label(self) -> str:
        return self.name if self.cell == next(iter(CELLS)) else f"{self.name}-{self.cell}"

    @property
    def flags(self) -> str:
        return "" if self.label == self.name else f" --cell {self.cell}"

    def prepare(self, dataset, epochs: int | None) -> TextTask:
        setting: Setting = self.settings[dataset.name]
        text = dataset.text
        vocab = tuple(sorted(set(text)))
        places = {character: place for place, character in enumerate(vocab)}
        ids = np.array([places[character] for character in text], dtype=np.int64)
        cut = len(ids) - int(HELD_OUT * len(ids))
        smallest = setting.batch_size * setting.T + 1
        if len(ids) - cut < smallest:
            what = f"The text {dataset.name!r} has {len(ids):,} characters, which is too short"
            raise DojoError(
                f"{what}: {HELD_OUT:.0%} of it has to fill {setting.batch_size} rows of {setting.T} and one more.",
                f"Take a text of {int(smallest / HELD_OUT) + 1:,} characters or more.",
            )
        detail = (
            f"{CELLS[self.cell]} of {setting.H} units, {len(vocab)} characters; batches of {setting.batch_size} × {setting.T}; "
            f"learning rate from {setting.lr:g} down to 0; the last {HELD_OUT:.0%} of the text held out"
        )
        rows = (cut - 1) // setting.batch_size // setting.T * setting.T
        return TextTask(
            data=dataset.name,
            title=setting.title,
            detail=detail,
            size=rows * setting.batch_size,
            epochs=epochs or setting.epochs,
            setting=setting,
            cell=self.cell,
            vocab=vocab,
            ids=ids[:cut],
            held_out=ids[cut:],
        )

    def fit(self, learner: Learner, task: TextTask, seed: int, on_epoch, tick, place=None):
        def hear(characters: int, loss: float) -> None:
            self.heard = loss
            tick(characters, self.nats(loss))

        loop = TextLoop(learner, task)
        return loop.run(place or loop.start(seed), on_epoch, hear)

    def helpers(self, learner: Learner) -> list[Borrowed]:
        return TextLoop.helpers(learner)

    def measure(self, learner: Learner, task: TextTask, params: Params) -> dict:
        read = self.judge(learner, task, params)
        return {"loss": self.heard, "validation": read.validation, "sample": read.sample}

    def judge(self, learner: Learner, task: TextTask, params: Params) -> Read:
        setting = task.setting
        validation = mean_loss(learner, params, task.held_out, setting.batch_size, setting.T)
        return Read(validation, self._sample(learner, task, params))

    def _sample(self, learner: Learner, task: TextTask, params: Params) -> str:
        vocab, rng = list(task.vocab), learner.track.rng(0)
        prime = "\n" if "\n" in vocab else vocab[0]
        text = learner.call("sample_text", params, vocab, prime, SAMPLE, TEMPERATURE, rng)
        if not isinstance(text, str):
            raise learner.wrong("sample_text", f"gave back a {type(text).__name__}; a str was expected")
        return text

    def draw(self, outcome: Outcome, path: Path) -> None:
        from dojo.training.text_charts import draw_text

        draw_text(outcome, path)

    # how it is told

    @staticmethod
    def nats(loss: float) -> str:
        """A loss in both units."""
        return f"loss {loss:.4f} nats, {loss * BITS:.3f} bits"

    def told(self, point: Point) -> str:
        return f"{self.nats(point.loss)} · validation {point.validation:.4f} nats, {point.validation * BITS:.3f} bits"

    def aside(self, point: Point) -> str:
        """The beginning of what was written after the epoch."""
        lines = [line for line in point.sample.splitlines() if line.strip()][:SHOWN]
        return "\n".join(f"    {line}" for line in lines)

    def fields(self, point: Point) -> dict:
        bits = {"bits": point.loss * BITS, "validation_bits": point.validation * BITS}
        return {"loss": point.loss, "validation": point.validation} | bits | {"sample": point.sample}

    def verdict(self, judgement: Read) -> str:
        loss = judgement.validation
        return f"validation loss {loss:.4f} nats per character, {loss * BITS:.3f} bits"

    def verdict_fields(self, judgement: Read) -> dict:
        fields = {"validation": judgement.validation, "validation_bits": judgement.validation * BITS}
        return fields | {"cell": self.cell, "sample": judgement.sample}
