"""What can be trained, and how. A capstone joins by one class (see network.py) and one line in RECIPES."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dojo.errors import DojoError, nearest

if TYPE_CHECKING:
    import numpy as np

    from dojo.training.learner import Learner
    from dojo.training.running import Outcome

Params = dict[str, "np.ndarray"]


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
    what an epoch is counted in: images, characters, sentences.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    settings: ClassVar[dict[str, Any]]

    def choices(self, dataset: str | None) -> tuple[str, ...]:
        """The data sets to try: the one asked for, or all. DojoError for one that this capstone cannot use."""
        if dataset is None:
            return tuple(self.settings)
        if dataset in self.settings:
            return (dataset,)
        known = " or ".join(self.settings)
        wish = nearest(dataset, list(self.settings))
        raise DojoError(f"{self.name} cannot be trained on {dataset!r}. {wish}".rstrip(), f"It trains on {known}.")

    @abstractmethod
    def prepare(self, dataset: Any, epochs: int | None) -> Task:
        """Make the loaded data set ready; `epochs` overrides the setting's."""

    @abstractmethod
    def fit(self, learner: "Learner", task: Any, seed: int, on_epoch: Callable, tick: Callable[[int], None]) -> Any:
        """Train with the learner's code and return what it returns.

        `on_epoch(epoch, params)` is called after each epoch; `tick(examples)`, where the code allows it, in between.
        """

    @abstractmethod
    def measure(self, learner: "Learner", task: Any, params: Params) -> tuple[float, float]:
        """The loss on a fixed part of the training data, and the accuracy on the test data (0 to 1)."""

    @abstractmethod
    def judge(self, learner: "Learner", task: Any, params: Params) -> Any:
        """What the trained parameters do on the test data; it has an `accuracy`, and the picture shows it."""

    @abstractmethod
    def draw(self, outcome: "Outcome", path: Path) -> None:
        """Write the picture of `outcome` to `path`."""


def recipe(name: str, track: str) -> Capstone:
    """The capstone called `name`. DojoError says which there are, or suggests the nearest name."""
    from dojo.loading import curriculum
    from dojo.training.network import Network

    recipes = {capstone.name: capstone for capstone in (Network,)}
    kata = curriculum()[name]
    if name not in recipes:
        able = "only a capstone is trained on data" if not kata.capstone else "its training is not written yet"
        raise DojoError(f"{name} cannot be trained: {able}.", f"`train` knows: {', '.join(recipes)}.")
    if track not in kata.tracks:
        raise DojoError(f"{name} has no {track} track.", f"`--track {kata.tracks[0]}` is there.")
    return recipes[name]()
