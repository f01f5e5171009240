"""How the capstone `convnet` is trained: the dojo's loop around the learner's gradients, on images with one channel."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dojo.training.borrowing import Borrowed
from dojo.training.images import CHUNK, Classifier, ImageTask
from dojo.training.judging import Judgement, judge_truth
from dojo.training.learner import Learner
from dojo.training.loop import Loop
from dojo.training.outcomes import Outcome, Params
from dojo.training.regularisers import Plain
from dojo.training.warping import warped

WORST = 500  # wrong answers that are looked at one by one; an untrained network gives thousands


@dataclass(frozen=True)
class Setting:
    """What the loop is given for one data set: `lr` is where the learning rate begins; `shift` see Loop.

    Beside each training image stand `copies` of it, each warped in its own way.
    """

    title: str
    epochs: int
    batch_size: int
    lr: float
    shift: int = 0
    copies: int = 0


class Convnet(Classifier):
    """`init(rng, side)`, `loss_and_grads(params, x, labels)` and `predict(params, x)` of the kata `convnet`."""

    name = "convnet"
    gradients = "convnet"
    trains = "loss_and_grads"
    settings = {
        "mnist": Setting("MNIST", epochs=6, batch_size=64, lr=4e-3, shift=1),
        # 1,437 digits by a few people are few, and others wrote the test digits: hence the copies.
        "digits": Setting("8×8 digits", epochs=10, batch_size=32, lr=4e-3, copies=39),
    }

    def prepare(self, dataset, epochs: int | None) -> ImageTask:
        setting: Setting = self.settings[dataset.name]
        images, labels = dataset.train.images, dataset.train.labels
        detail = f"batches of {setting.batch_size}; learning rate from {setting.lr:g} down to 0"
        if setting.shift:
            detail += f"; each batch moved by up to {setting.shift} pixel"
        if setting.copies:
            rng = np.random.default_rng(0)
            images = np.concatenate([images, *(warped(images, rng) for _ in range(setting.copies))])
            labels = np.tile(labels, setting.copies + 1)
            detail += f"; {setting.copies} warped copies of each image too"
        return self.task(dataset, images, labels, epochs or setting.epochs, detail)

    def arrange(self, images: np.ndarray) -> np.ndarray:
        return images[:, None]

    def fit(self, learner: Learner, task: ImageTask, seed: int, on_epoch, tick, place=None):
        setting = task.setting
        loop = Loop(self, learner, task, setting.batch_size, setting.lr, setting.shift)
        return loop.run(place or loop.start(seed), on_epoch, tick)

    def helpers(self, learner: Learner) -> list[Borrowed]:
        return Loop.helpers(learner, Plain)

    def start(self, learner: Learner, task: ImageTask, rng):
        return learner.call("init", rng, task.x.shape[-1])

    def loss(self, learner: Learner, task: ImageTask, params: Params, x: np.ndarray, labels: np.ndarray) -> float:
        total = 0.0
        for first in range(0, len(x), CHUNK):
            part = slice(first, first + CHUNK)
            total += self._loss(learner, params, x[part], labels[part]) * len(labels[part])
        return total / len(x)

    def judge(self, learner: Learner, task: ImageTask, params: Params) -> Judgement:
        """The kata has no function that gives scores; the loss on a single image tells the probability of its truth."""
        answers = self.answers(learner, task, params, task.test_x)
        truth = np.zeros(len(answers))  # the logarithm of a probability of 1, for those that need no look
        for n in np.flatnonzero(answers != task.test_labels)[:WORST]:
            truth[n] = -self._loss(learner, params, task.test_x[n : n + 1], task.test_labels[n : n + 1])
        return judge_truth(truth, answers, task.test_labels, task.classes)

    def draw(self, outcome: Outcome, path: Path) -> None:
        from dojo.training.charts import draw_classifier

        draw_classifier(outcome, outcome.task.test_images, path, outcome.params.get("w1"))

    def _loss(self, learner: Learner, params: Params, x: np.ndarray, labels: np.ndarray) -> float:
        found = learner.call("loss_and_grads", params, x, labels)
        return float(learner.track.plain(found[0]))
