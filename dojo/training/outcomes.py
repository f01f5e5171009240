"""What a training has measured and what it came to: read by the reporters, the charts and the checkpoints."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dojo.training.learner import Learner

Params = dict[str, np.ndarray]


@dataclass(frozen=True)
class Point:
    """After epoch number `epoch` (from 1): training loss, what was measured on other data, the epoch's own training time.

    Classifiers have an `accuracy` (0 to 1); writers of text a `validation` loss and a `sample` of what they write; translators
    a `bleu` (0 to 100), such a sample, and exact matches as `accuracy`.
    """

    epoch: int
    loss: float
    accuracy: float
    seconds: float
    per_second: float  # examples
    validation: float = math.nan
    sample: str = ""
    bleu: float = math.nan


@dataclass(frozen=True)
class Outcome:
    """What a training came to. `judgement` is the capstone's own; `finished` counts the whole epochs."""

    learner: Learner
    task: Any
    points: tuple[Point, ...]
    params: Params
    judgement: Any
    finished: int
    seconds: float  # of training alone, without measuring and drawing
    per_second: float  # examples, over whole epochs
    kept: Path  # where the parameters are saved
    checkpoint: Path | None = None  # from where `--resume` goes on

    @property
    def stopped(self) -> bool:
        """Whether Ctrl-C ended the training early."""
        return self.finished < self.task.epochs

    @property
    def ending(self) -> str:
        """Where Ctrl-C ended the training, in words."""
        if not self.finished:
            return "stopped within the first epoch"
        return f"stopped after epoch {self.finished} of {self.task.epochs}"
