"""How the capstone `network` is trained: handwritten digits, each image one long row of pixels."""

from dataclasses import dataclass

import numpy as np

from dojo.training.images import Classifier, ImageTask
from dojo.training.judging import Judgement, cross_entropy, judge
from dojo.training.learner import Learner
from dojo.training.outcomes import Params


@dataclass(frozen=True)
class Setting:
    """What `train` is given for one data set, beside the data: layer sizes are pixels, `hidden`, classes.

    With `sideways`, each training image also stands one pixel further left and one further right.
    """

    title: str
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    lr: float
    sideways: bool = False


class Network(Classifier):
    """`train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch)` of the kata `network`."""

    name = "network"
    gradients = "backprop"
    no_resume = (
        "its `train` starts from fresh parameters at every call, so there is no way in for those of a checkpoint"
    )
    settings = {
        "mnist": Setting("MNIST", hidden=(100,), epochs=10, batch_size=50, lr=0.3),
        # 1,437 digits are few, and those who wrote the test digits place theirs differently: hence `sideways`.
        "digits": Setting("8×8 digits", hidden=(200,), epochs=30, batch_size=32, lr=1.0, sideways=True),
    }

    def prepare(self, dataset, epochs: int | None) -> ImageTask:
        setting: Setting = self.settings[dataset.name]
        images, labels = dataset.train.images, dataset.train.labels
        if setting.sideways:
            images, labels = sideways(images, labels)
        sizes = (self.arrange(images).shape[1], *setting.hidden, int(labels.max()) + 1)
        return self.task(dataset, images, labels, epochs or setting.epochs, _detail(setting, sizes))

    def arrange(self, images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1)

    def fit(self, learner: Learner, task: ImageTask, seed: int, on_epoch, tick, place=None):
        learner.count_batches(tick)
        setting, rng = task.setting, learner.track.rng(seed)
        numbers = (_sizes(task), task.epochs, setting.batch_size, setting.lr)
        return learner.call("train", task.x, task.labels, *numbers, rng, on_epoch)

    def start(self, learner: Learner, task: ImageTask, rng):
        return learner.call("init", _sizes(task), rng)

    def loss(self, learner: Learner, task: ImageTask, params: Params, x: np.ndarray, labels: np.ndarray) -> float:
        return cross_entropy(self._logits(learner, task, params, x), labels)

    def judge(self, learner: Learner, task: ImageTask, params: Params) -> Judgement:
        logits = self._logits(learner, task, params, task.test_x)
        return judge(logits, self.answers(learner, task, params, task.test_x), task.test_labels)

    def _logits(self, learner: Learner, task: ImageTask, params: Params, x: np.ndarray) -> np.ndarray:
        return learner.array("forward", params, x, shape=(len(x), task.classes), home="backprop")


def _sizes(task: ImageTask) -> list[int]:
    return [task.x.shape[1], *task.setting.hidden, task.classes]


def _detail(setting: Setting, sizes: tuple[int, ...]) -> str:
    text = f"layers {', '.join(map(str, sizes))}; batches of {setting.batch_size}; learning rate {setting.lr:g}"
    return text + ("; images shifted sideways too" if setting.sideways else "")


def sideways(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every image three times: as it is, one pixel to the left, one to the right. "N H W" → "3N H W"."""
    wide = np.pad(images, ((0, 0), (0, 0), (1, 1)))
    width = images.shape[2]
    return np.concatenate([wide[:, :, first : first + width] for first in (1, 2, 0)]), np.tile(labels, 3)
