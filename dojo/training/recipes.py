"""What a capstone is to the training: its data sets, how its functions are called, what is measured and drawn.

A capstone joins by one class (see network.py and convnet.py) and its name in capstones.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from dojo.errors import DojoError, nearest
from dojo.training.borrowing import Borrowed
from dojo.training.learner import Learner
from dojo.training.outcomes import Outcome, Params, Point


class Stopped(KeyboardInterrupt):
    """Ctrl-C within an epoch of the dojo's own loop; `params` are those reached, in the track's terms."""

    def __init__(self, params: Any):
        super().__init__()
        self.params = params


@dataclass(frozen=True)
class Task:
    """A data set made ready for a capstone. `size` counts the examples of one epoch; `title` is the data's name in
    words, `detail` how it is trained on; a capstone's own kind of task holds its arrays."""

    data: str
    title: str
    detail: str
    size: int
    epochs: int


class Capstone(ABC):
    """One trainable kata: its data sets, how the learner's functions are called, and what is measured and drawn.

    `settings` has an entry for each data set it can be trained on: the real one first, then its stand-in. `unit` is
    what an epoch is counted in: images, characters, sentences. `trains` is the learner's function that training is up
    to. `no_resume` says why a training cannot be gone on with; empty where it can. `threads` is how many of them BLAS
    gets: at the size of a kata's matrices a second one costs more than it brings, much more on a busy machine.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    threads: ClassVar[int] = 1
    settings: ClassVar[dict[str, Any]]
    trains: ClassVar[str] = "train"
    no_resume: ClassVar[str] = ""

    def choices(self, dataset: str | None) -> tuple[str, ...]:
        """The data sets to try: the one asked for, or all. DojoError for one that this capstone cannot use."""
        if dataset is None:
            return tuple(self.settings)
        if dataset in self.settings:
            return (dataset,)
        known = " or ".join(self.settings)
        wish = nearest(dataset, list(self.settings))
        raise DojoError(f"{self.name} cannot be trained on {dataset!r}. {wish}".rstrip(), f"It trains on {known}.")

    def choose(self, cell: str | None = None, model: str | None = None) -> None:
        """Take the options that only some capstones have, before anything else. DojoError for those of others."""
        if cell is not None:
            raise DojoError(f"{self.name} has no cells to choose from.", "Leave --cell away; it belongs to char_rnn.")
        if model is not None:
            raise DojoError(f"{self.name} is only one model.", "Leave --model away; it belongs to translate.")

    @property
    def kata(self) -> str:
        """The kata whose file is trained."""
        return self.name

    @property
    def label(self) -> str:
        """What the files of a training are called after: the name, and what was chosen beside the usual."""
        return self.name

    @property
    def flags(self) -> str:
        """The options of a command line that say what was chosen, each with a space before it."""
        return ""

    def helpers(self, learner: Learner) -> list[Borrowed]:
        """The functions of katas that are no prerequisites, on which the dojo's part of the training runs."""
        return []

    @abstractmethod
    def prepare(self, dataset: Any, epochs: int | None) -> Task:
        """Make the loaded data set ready; `epochs` overrides the setting's."""

    @abstractmethod
    def fit(
        self,
        learner: Learner,
        task: Any,
        seed: int,
        on_epoch: Callable,
        tick: Callable[..., None],
        place: dict | None = None,
    ) -> Any:
        """Train with the learner's code and return what it returns.

        `on_epoch(epoch, params, place)` is called after each epoch, with what a checkpoint needs to go on from there,
        if the capstone can; `tick(examples, live)`, where the code allows it, in between; `live`, if given, says how the
        epoch goes. `place` is such a checkpoint's.
        """

    @abstractmethod
    def measure(self, learner: Learner, task: Any, params: Params) -> dict[str, Any]:
        """What a Point holds beside its number and its time: the loss on training data, and what other data say."""

    @abstractmethod
    def judge(self, learner: Learner, task: Any, params: Params) -> Any:
        """What the trained parameters do on data that they have not seen; the picture shows it."""

    @abstractmethod
    def draw(self, outcome: Outcome, path: Path) -> None:
        """Write the picture of `outcome` to `path`."""

    # how it is told: of a classifier, unless a capstone says otherwise

    def told(self, point: Point) -> str:
        """What was measured after an epoch, on one line."""
        return f"loss {point.loss:.4f} · accuracy {point.accuracy:.2%}"

    def aside(self, point: Point) -> str:
        """More to see after an epoch, on lines of its own; empty for nothing."""
        return ""

    def fields(self, point: Point) -> dict[str, Any]:
        """The same for scripts."""
        return {"loss": point.loss, "accuracy": point.accuracy}

    def verdict(self, judgement: Any) -> str:
        """What the judgement says at the end, in a few words."""
        return f"test accuracy {judgement.accuracy:.2%} of {judgement.total:,}"

    def verdict_fields(self, judgement: Any) -> dict[str, Any]:
        """The same for scripts."""
        return {"accuracy": judgement.accuracy}
