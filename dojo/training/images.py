"""What the capstones that read digits share: their task, the learner's answers, the judgement and the picture."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from dojo.training.judging import Judgement
from dojo.training.learner import Learner
from dojo.training.outcomes import Outcome, Params
from dojo.training.recipes import Capstone, Task

SAMPLE = 2000  # training images on which the loss is measured, always the same ones
CHUNK = 500  # images in one call: a convolution unfolds each into many times its size


@dataclass(frozen=True)
class ImageTask(Task):
    """`x` "N …" float32, pixels from 0 to 1, and `labels` "N" for training; the same and `images` "N H W" for the test."""

    setting: Any
    x: np.ndarray
    labels: np.ndarray
    test_x: np.ndarray
    test_labels: np.ndarray
    test_images: np.ndarray
    classes: int


class Classifier(Capstone):
    """A capstone whose `predict(params, x)` labels images. `gradients` is the kata where its `loss_and_grads` stands."""

    unit = "images"
    gradients: ClassVar[str]

    @abstractmethod
    def arrange(self, images: np.ndarray) -> np.ndarray:
        """Images "N H W" as the learner's functions take them."""

    def task(self, dataset, images: np.ndarray, labels: np.ndarray, epochs: int, detail: str = "") -> ImageTask:
        """The task to learn these images of the training data, and to be tested on the whole test data."""
        setting, test = self.settings[dataset.name], dataset.test
        return ImageTask(
            data=dataset.name,
            title=setting.title,
            detail=detail,
            size=len(images),
            epochs=epochs,
            setting=setting,
            x=self.arrange(images),
            labels=labels,
            test_x=self.arrange(test.images),
            test_labels=test.labels,
            test_images=test.images,
            classes=int(dataset.train.labels.max()) + 1,
        )

    @abstractmethod
    def start(self, learner: Learner, task: ImageTask, rng) -> Any:
        """What the learner's `init` gives for this task."""

    @abstractmethod
    def loss(self, learner: Learner, task: ImageTask, params: Params, x: np.ndarray, labels: np.ndarray) -> float:
        """The mean cross-entropy on some images."""

    @abstractmethod
    def judge(self, learner: Learner, task: ImageTask, params: Params) -> Judgement:
        """Which digit is taken for which, and the worst answers."""

    def measure(self, learner: Learner, task: ImageTask, params: Params) -> dict[str, Any]:
        sample = np.random.default_rng(0).permutation(len(task.x))[:SAMPLE]
        loss = self.loss(learner, task, params, task.x[sample], task.labels[sample])
        return {"loss": loss, "accuracy": self.accuracy(learner, task, params, task.test_x, task.test_labels)}

    def accuracy(self, learner: Learner, task: ImageTask, params: Params, x: np.ndarray, labels: np.ndarray) -> float:
        """The share of images whose label the learner's `predict` gives."""
        return float((self.answers(learner, task, params, x) == labels).mean())

    def answers(self, learner: Learner, task: ImageTask, params: Params, x: np.ndarray) -> np.ndarray:
        """The learner's labels for images, checked to be classes."""
        parts = [x[first : first + CHUNK] for first in range(0, len(x), CHUNK)]
        answers = np.concatenate([learner.array("predict", params, part, shape=(len(part),)) for part in parts])
        strange = answers[~np.isin(answers, np.arange(task.classes))]
        if len(strange):
            raise learner.wrong("predict", f"answered {strange[0]}; the classes are 0 to {task.classes - 1}")
        return answers.astype(int)

    def draw(self, outcome: Outcome, path: Path) -> None:
        from dojo.training.charts import draw_classifier

        draw_classifier(outcome, outcome.task.test_images, path)
