"""The dojo's own training loop, for capstones that leave it to the dojo: batch, gradients, step, and once more.

Between two epochs everything that the rest depends on lies in a `place`, a dict of numpy arrays and numbers: the next epoch
starts from it, whether it comes at once or from a checkpoint. So both ways lead to the same bits.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dojo.checking.tracks import leaves, spell
from dojo.training.borrowing import Borrowed, borrow
from dojo.training.images import Classifier, ImageTask
from dojo.training.learner import Learner
from dojo.training.recipes import Stopped
from dojo.training.regularisers import Plain

OWN = (("minibatches", "sgd"), ("cosine_lr", "optimizers"))


class Loop:
    """Trains `task.epochs` epochs in batches of `batch_size`; the learning rate falls from `lr` to 0 along a cosine.

    With `shift`, each batch of images "N C H W" is moved by up to so many pixels up or down and left or right.
    """

    def __init__(
        self,
        capstone: Classifier,
        learner: Learner,
        task: ImageTask,
        batch_size: int,
        lr: float,
        shift: int = 0,
        regulariser: Plain | None = None,
    ):
        self.capstone, self.learner, self.task = capstone, learner, task
        self.batch_size, self.lr, self.shift = batch_size, lr, shift
        self.regulariser = regulariser or Plain(learner)
        self.batches, self.rate = (borrow(learner, *which) for which in OWN)
        self.per_epoch = math.ceil(len(task.x) / batch_size)

    @staticmethod
    def helpers(learner: Learner, regulariser: type[Plain]) -> list[Borrowed]:
        """The functions of other katas that such a loop runs on."""
        return [*(borrow(learner, *which) for which in OWN), *regulariser(learner).borrowed()]

    def start(self, seed: int) -> dict:
        """The place before the first epoch."""
        track, rng = self.learner.track, self.learner.track.rng(seed)
        params = self.learner.params(self.capstone.start(self.learner, self.task, rng), "init")
        params = {name: param.astype(self.task.x.dtype) for name, param in params.items()}
        return {"epoch": 0, "seed": seed, "params": params, "optimizer": {}, "rng": track.rng_state(rng)}

    def run(self, place: dict, on_epoch: Callable, tick: Callable[[int], None]) -> Any:
        """Train from `place` to the end; the parameters in the track's terms. Stopped carries them out of Ctrl-C."""
        track = self.learner.track
        border = ((0, 0), (0, 0), (self.shift, self.shift), (self.shift, self.shift))
        x = track.native(np.pad(self.task.x, border) if self.shift else self.task.x)
        labels = track.native(self.task.labels)
        self.params = track.native(place["params"])
        try:
            while place["epoch"] < self.task.epochs:
                place = self._epoch(place, x, labels, tick)
                on_epoch(place["epoch"] - 1, self.params, place)
        except KeyboardInterrupt:
            raise Stopped(self.params) from None
        return self.params

    def _epoch(self, place: dict, x, labels, tick: Callable[[int], None]) -> dict:
        track, epoch = self.learner.track, place["epoch"]
        rng, offsets = track.rng_at(place["rng"]), np.random.default_rng((place["seed"], epoch))
        self.params, optimizer = track.native(place["params"]), track.native(place["optimizer"])
        total, step = self.task.epochs * self.per_epoch, epoch * self.per_epoch
        for xb, yb in self._drawn(x, labels, rng):
            xb = self.regulariser.inputs(self._moved(xb, offsets), rng)
            grads = self.regulariser.grads(self.params, self._grads(xb, yb))
            lr = self.rate(step, total, self.lr, 0)
            self.params, optimizer = self._stepped(self.regulariser.step(self.params, grads, optimizer, lr))
            step += 1
            tick(len(yb))
        frozen = {"params": self._plain(self.params), "optimizer": self._plain(optimizer)}
        return {"epoch": epoch + 1, "seed": place["seed"], "rng": track.rng_state(rng)} | frozen

    def _drawn(self, x, labels, rng) -> Iterator[tuple]:
        batches = self.batches(x, labels, self.batch_size, rng)
        while True:
            with self.learner.blame("minibatches"):  # a generator: what it raises, it raises here
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def _grads(self, xb, yb) -> dict:
        found = self.learner.call("loss_and_grads", self.params, xb, yb, home=self.capstone.gradients)
        if not isinstance(found, tuple) or len(found) != 2 or not isinstance(found[1], dict):
            raise self._wrong(
                "loss_and_grads", f"gave back {spell(found)}; a loss and a dict of gradients were expected"
            )
        if _shapes(found[1]) != _shapes(self.params):
            what = f"gave gradients of the shapes {_shapes(found[1])}; the parameters have {_shapes(self.params)}"
            raise self._wrong("loss_and_grads", what)
        return found[1]

    def _stepped(self, found) -> tuple[dict, Any]:
        name, home = self.regulariser.stepping
        if not isinstance(found, tuple) or len(found) != 2 or _shapes(found[0]) != _shapes(self.params):
            what = f"gave back {spell(found)}; parameters of the same shapes and the next state were expected"
            raise self.learner.wrong(name, what, home)
        return found

    def _wrong(self, function: str, what: str):
        return self.learner.wrong(function, what, self.capstone.gradients)

    def _moved(self, xb, offsets: np.random.Generator):
        """A batch without its border, cut out somewhere within it. Slices are spelt alike on both tracks."""
        if not self.shift:
            return xb
        H, W = self.task.x.shape[2:]
        top, left = (int(offset) for offset in offsets.integers(2 * self.shift + 1, size=2))
        cut = xb[:, :, top : top + H, left : left + W]
        return cut.contiguous() if hasattr(cut, "contiguous") else cut.copy()

    def _plain(self, value) -> Any:
        """A copy in numpy, each array in one piece: rounding may depend on how a matrix lies in memory."""
        plain = self.learner.track.loose(value)
        return leaves(plain, lambda item: np.array(item, order="C") if isinstance(item, np.ndarray) else item)


def _shapes(params) -> Any:
    try:
        return {name: tuple(param.shape) for name, param in params.items()}
    except (AttributeError, TypeError):
        return None
