"""How the capstone `network` is trained: handwritten digits, each image one long row of pixels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dojo.training.judging import Judgement, cross_entropy, judge
from dojo.training.learner import Learner
from dojo.training.recipes import Capstone, Params, Task

SAMPLE = 2000  # training images on which the loss is measured, always the same ones


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


@dataclass(frozen=True)
class ImageTask(Task):
    """`x` "N D" float32, pixels from 0 to 1, and `labels` "N" for training; the same and `images` "N H W" for the test."""

    setting: Setting
    x: np.ndarray
    labels: np.ndarray
    test_x: np.ndarray
    test_labels: np.ndarray
    test_images: np.ndarray
    sizes: tuple[int, ...]


class Network(Capstone):
    """`train(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch)` of the kata `network`."""

    name = "network"
    unit = "images"
    settings = {
        "mnist": Setting("MNIST", hidden=(100,), epochs=10, batch_size=50, lr=0.3),
        # 1,437 digits are few, and those who wrote the test digits place theirs differently: hence `sideways`.
        "digits": Setting("8×8 digits", hidden=(200,), epochs=30, batch_size=32, lr=1.0, sideways=True),
    }

    def prepare(self, dataset, epochs: int | None) -> ImageTask:
        setting: Setting = self.settings[dataset.name]
        train, test = dataset.train, dataset.test
        images, labels = sideways(train.images, train.labels) if setting.sideways else (train.images, train.labels)
        x = images.reshape(len(images), -1)
        sizes = (x.shape[1], *setting.hidden, int(labels.max()) + 1)
        return ImageTask(
            data=dataset.name,
            title=setting.title,
            detail=_detail(setting, sizes),
            size=len(x),
            epochs=epochs or setting.epochs,
            setting=setting,
            x=x,
            labels=labels,
            test_x=test.images.reshape(len(test), -1),
            test_labels=test.labels,
            test_images=test.images,
            sizes=sizes,
        )

    def fit(self, learner: Learner, task: ImageTask, seed: int, on_epoch, tick):
        learner.count_batches(tick)
        setting, rng = task.setting, learner.track.rng(seed)
        numbers = (list(task.sizes), task.epochs, setting.batch_size, setting.lr)
        return learner.call("train", task.x, task.labels, *numbers, rng, on_epoch)

    def measure(self, learner: Learner, task: ImageTask, params: Params) -> tuple[float, float]:
        sample = np.random.default_rng(0).permutation(len(task.x))[:SAMPLE]
        loss = cross_entropy(self._logits(learner, task, params, task.x[sample]), task.labels[sample])
        return loss, float((self._answers(learner, task, params) == task.test_labels).mean())

    def judge(self, learner: Learner, task: ImageTask, params: Params) -> Judgement:
        logits = self._logits(learner, task, params, task.test_x)
        return judge(logits, self._answers(learner, task, params), task.test_labels)

    def draw(self, outcome, path: Path) -> None:
        from dojo.training.charts import draw_classifier

        draw_classifier(outcome, outcome.task.test_images, path)

    def _logits(self, learner: Learner, task: ImageTask, params: Params, x: np.ndarray) -> np.ndarray:
        return learner.array("forward", params, x, shape=(len(x), task.sizes[-1]), home="backprop")

    def _answers(self, learner: Learner, task: ImageTask, params: Params) -> np.ndarray:
        """The learner's labels for the test images, checked to be classes."""
        answers = learner.array("predict", params, task.test_x, shape=(len(task.test_x),))
        strange = answers[~np.isin(answers, np.arange(task.sizes[-1]))]
        if len(strange):
            raise learner.wrong("predict", f"answered {strange[0]}; the classes are 0 to {task.sizes[-1] - 1}")
        return answers.astype(int)


def _detail(setting: Setting, sizes: tuple[int, ...]) -> str:
    text = f"layers {', '.join(map(str, sizes))}; batches of {setting.batch_size}; learning rate {setting.lr:g}"
    return text + ("; images shifted sideways too" if setting.sideways else "")


def sideways(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every image three times: as it is, one pixel to the left, one to the right. "N H W" → "3N H W"."""
    wide = np.pad(images, ((0, 0), (0, 0), (1, 1)))
    width = images.shape[2]
    return np.concatenate([wide[:, :, first : first + width] for first in (1, 2, 0)]), np.tile(labels, 3)
