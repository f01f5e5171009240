"""The dojo's loop over sentence pairs: batches of like length, gradients, clipping, step; either model can be under it.

As in loop.py, all that the rest depends on lies in a `place` between two epochs, so a resumed training ends on the same bits.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dojo.checking.tracks import WrongType, leaves, spell
from dojo.training.borrowing import Borrowed, borrow
from dojo.training.learner import Learner
from dojo.training.recipes import Stopped

OWN = (("clip_by_global_norm", "gradient_flow"), ("adam_step", "optimizers"), ("cosine_lr", "optimizers"))
CLIP = 1.0  # the longest that all gradients together may be
POOL = 40  # batches whose sentences are sorted by length together, so that little of a batch is padding


class PairLoop:
    """Trains `task.epochs` rounds over the pairs; the learning rate rises for `warmup` steps and falls along a cosine."""

    def __init__(self, learner: Learner, task: Any):
        self.learner, self.task = learner, task
        self.clip, self.take, self.rate = self.helpers(learner)
        self.per_epoch = -(-len(task.source) // task.setting.batch_size)

    @staticmethod
    def helpers(learner: Learner) -> list[Borrowed]:
        """The functions of other katas that such a loop runs on."""
        return [borrow(learner, *which) for which in OWN]

    def start(self, seed: int, init: Callable[[Any], Any]) -> dict:
        """The place before the first epoch; `init(rng)` draws the parameters. Training is in float32: it takes half the
        time of float64 and learns the same."""
        drawn = self.learner.params(init(self.learner.track.rng(seed)), "init")
        params = {name: param.astype(np.float32) for name, param in drawn.items()}
        return {"epoch": 0, "seed": seed, "params": params, "optimizer": {}}

    def run(self, place: dict, on_epoch: Callable, hear: Callable[[int, float], None]) -> Any:
        """Train from `place` to the end; the parameters in the track's terms. Stopped carries them out of Ctrl-C.

        `hear(words, loss)` after each batch: how many target words it had, and the mean loss of the epoch so far.
        """
        self.params = self.learner.track.native(place["params"])
        try:
            while place["epoch"] < self.task.epochs:
                place = self._epoch(place, hear)
                on_epoch(place["epoch"] - 1, self.params, place)
        except KeyboardInterrupt:
            raise Stopped(self.params) from None
        return self.params

    def _epoch(self, place: dict, hear: Callable[[int, float], None]) -> dict:
        track, task, epoch = self.learner.track, self.task, place["epoch"]
        self.params, optimizer = track.native(place["params"]), track.native(place["optimizer"])
        total, losses, words = task.epochs * self.per_epoch, 0.0, 0
        warmup = min(task.setting.warmup, total // 4)
        rng = np.random.default_rng((place["seed"], epoch))
        for done, picked in enumerate(batches(task, rng), start=epoch * self.per_epoch):
            batch = cut(task, picked)
            loss, grads = surprise(self.learner, self.params, batch)
            grads = self._pair(self.clip(grads, CLIP), "clip_by_global_norm", "gradient_flow", "gradients")[0]
            # A step before `done` would begin with a rate of 0.
            stepped = self.take(self.params, grads, optimizer, self.rate(done + 1, total + 1, task.setting.lr, warmup))
            self.params, optimizer = self._pair(stepped, "adam_step", "optimizers", "parameters")
            count = int(batch[3].sum()) - len(picked)
            losses, words = losses + loss * count, words + count
            hear(count, losses / words)
        frozen = {"params": self._plain(self.params), "optimizer": self._plain(optimizer)}
        return {"epoch": epoch + 1, "seed": place["seed"]} | frozen

    def _pair(self, found, function: str, home: str, what: str) -> tuple:
        if not isinstance(found, tuple) or len(found) != 2 or _shapes(found[0]) != _shapes(self.params):
            said = f"gave back {spell(found)}; {what} of the same shapes and one thing more were expected"
            raise self.learner.wrong(function, said, home)
        return found

    def _plain(self, value) -> Any:
        """A copy in numpy, each array in one piece: rounding may depend on how a matrix lies in memory."""
        plain = self.learner.track.loose(value)
        return leaves(plain, lambda item: np.array(item, order="C") if isinstance(item, np.ndarray) else item)


def batches(task: Any, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Every pair once, by number, in batches of pairs whose lengths are alike; which ones, and in what order, is drawn."""
    size, order = task.setting.batch_size, rng.permutation(len(task.source))
    made = []
    for first in range(0, len(order), size * POOL):
        pool = order[first : first + size * POOL]
        pool = pool[np.lexsort((task.source_lengths[pool], task.target_lengths[pool]))]
        made += [pool[start : start + size] for start in range(0, len(pool), size)]
    for number in rng.permutation(len(made)):
        yield made[number]


def cut(task: Any, picked: np.ndarray) -> tuple[np.ndarray, ...]:
    """The batch of these pairs: source, its lengths, target, its lengths; no wider than its longest sentence."""
    source_lengths, target_lengths = task.source_lengths[picked], task.target_lengths[picked]
    source = task.source[picked, : source_lengths.max()]
    return source, source_lengths, task.target[picked, : target_lengths.max()], target_lengths


def surprise(learner: Learner, params, batch: tuple) -> tuple[float, dict]:
    """What the learner's `loss_and_grads` gives for a batch, checked: the loss and the gradients."""
    found = learner.call("loss_and_grads", params, *batch)
    if not isinstance(found, tuple) or len(found) != 2 or not isinstance(found[1], dict):
        what = f"gave back {spell(found)}; a loss and a dict of gradients were expected"
        raise learner.wrong("loss_and_grads", what)
    if _shapes(found[1]) != _shapes(params):
        what = f"gave gradients of the shapes {_shapes(found[1])}; the parameters have {_shapes(params)}"
        raise learner.wrong("loss_and_grads", what)
    try:
        return float(learner.track.plain(found[0])), found[1]
    except (WrongType, TypeError, ValueError):
        raise learner.wrong("loss_and_grads", f"gave {spell(found[0])} as the loss; a number was expected") from None


def _shapes(params) -> Any:
    try:
        return {name: tuple(param.shape) for name, param in params.items()}
    except (AttributeError, TypeError):
        return None
