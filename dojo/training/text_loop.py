"""The dojo's loop over a long text: window, gradients, clipping, step, and the state that goes on into the next window.

As in loop.py, all that the rest depends on lies in a `place` between two epochs, so a resumed training ends on the same bits.
The state starts anew with every epoch, because the text does, and now and then in the middle: a network that has started from
nothing a few times only may never find its way into a text that begins where it likes (measured: one row of 32 stayed lost for
thousands of characters).
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dojo.checking.tracks import WrongType, leaves, spell
from dojo.training.borrowing import Borrowed, borrow
from dojo.training.learner import Learner
from dojo.training.outcomes import Params
from dojo.training.recipes import Stopped

OWN = (
    ("lm_batches", "text"),
    ("clip_by_global_norm", "gradient_flow"),
    ("adam_step", "optimizers"),
    ("cosine_lr", "optimizers"),
)
CLIP = 1.0  # the longest that all gradients together may be
ANEW = 0.05  # how often a row's state is forgotten between two windows


class TextLoop:
    """Trains `task.epochs` rounds through the text; the learning rate falls to 0 along a cosine."""

    def __init__(self, learner: Learner, task: Any):
        self.learner, self.task = learner, task
        self.batches, self.clip, self.take, self.rate = self.helpers(learner)
        self.per_epoch = task.size // (task.setting.batch_size * task.setting.T)

    @staticmethod
    def helpers(learner: Learner) -> list[Borrowed]:
        """The functions of other katas that such a loop runs on."""
        return [borrow(learner, *which) for which in OWN]

    def start(self, seed: int) -> dict:
        """The place before the first epoch. Training is in float32: float64 takes twice as long and learns the same."""
        task, rng = self.task, self.learner.track.rng(seed)
        drawn = self.learner.call("init", len(task.vocab), task.setting.H, rng, task.cell)
        params = {name: param.astype(np.float32) for name, param in self.learner.params(drawn, "init").items()}
        return {"epoch": 0, "seed": seed, "params": params, "optimizer": {}}

    def run(self, place: dict, on_epoch: Callable, hear: Callable[[int, float], None]) -> Any:
        """Train from `place` to the end; the parameters in the track's terms. Stopped carries them out of Ctrl-C.

        `hear(characters, loss)` after each window: how many it had, and the mean loss of the epoch so far.
        """
        ids = self.learner.track.native(self.task.ids)
        self.params = self.learner.track.native(place["params"])
        try:
            while place["epoch"] < self.task.epochs:
                place = self._epoch(place, ids, hear)
                on_epoch(place["epoch"] - 1, self.params, place)
        except KeyboardInterrupt:
            raise Stopped(self.params) from None
        return self.params

    def _epoch(self, place: dict, ids, hear: Callable[[int, float], None]) -> dict:
        track, setting, epoch = self.learner.track, self.task.setting, place["epoch"]
        self.params, optimizer = track.native(place["params"]), track.native(place["optimizer"])
        rng = np.random.default_rng((place["seed"], epoch))
        total, state, losses = self.task.epochs * self.per_epoch, None, 0.0
        windows = _windows(self.learner, self.batches(ids, setting.batch_size, setting.T))
        for done, (inputs, targets) in enumerate(windows, start=1):
            loss, grads, state = surprise(self.learner, self.params, inputs, targets, state)
            grads = self._pair(self.clip(grads, CLIP), "clip_by_global_norm", "gradient_flow", "gradients")[0]
            lr = self.rate(min(epoch * self.per_epoch + done - 1, total), total, setting.lr, 0)
            stepped = self.take(self.params, grads, optimizer, lr)
            self.params, optimizer = self._pair(stepped, "adam_step", "optimizers", "parameters")
            losses += loss
            state = self._forgetting(state, rng)
            hear(setting.batch_size * setting.T, losses / done)
        frozen = {"params": self._plain(self.params), "optimizer": self._plain(optimizer)}
        return {"epoch": epoch + 1, "seed": place["seed"]} | frozen

    def _pair(self, found, function: str, home: str, what: str) -> tuple:
        if not isinstance(found, tuple) or len(found) != 2 or _shapes(found[0]) != _shapes(self.params):
            said = f"gave back {spell(found)}; {what} of the same shapes and one thing more were expected"
            raise self.learner.wrong(function, said, home)
        return found

    def _forgetting(self, state, rng: np.random.Generator) -> Any:
        """The state, h or (h, c), with some of its rows at 0. Anything else is the learner's own: it goes on as it is."""
        rows = self.task.setting.batch_size
        kept = self.learner.track.native((rng.random((rows, 1)) >= ANEW).astype(np.float32))

        def forget(part):
            shape = getattr(part, "shape", ())
            return part * kept if len(shape) == 2 and shape[0] == rows else part

        return leaves(state, forget)

    def _plain(self, value) -> Any:
        """A copy in numpy, each array in one piece: rounding may depend on how a matrix lies in memory."""
        plain = self.learner.track.loose(value)
        return leaves(plain, lambda item: np.array(item, order="C") if isinstance(item, np.ndarray) else item)


def surprise(learner: Learner, params, inputs, targets, state) -> tuple[float, dict, Any]:
    """What the learner's `loss_and_grads` gives for a window, checked: the loss, the gradients, the next state."""
    found = learner.call("loss_and_grads", params, inputs, targets, state)
    if not isinstance(found, tuple) or len(found) != 3 or not isinstance(found[1], dict):
        what = f"gave back {spell(found)}; a loss, a dict of gradients and a state were expected"
        raise learner.wrong("loss_and_grads", what)
    if _shapes(found[1]) != _shapes(params):
        what = f"gave gradients of the shapes {_shapes(found[1])}; the parameters have {_shapes(params)}"
        raise learner.wrong("loss_and_grads", what)
    try:
        loss = float(learner.track.plain(found[0]))
    except (WrongType, TypeError, ValueError):
        raise learner.wrong("loss_and_grads", f"gave {spell(found[0])} as the loss; a number was expected") from None
    return loss, found[1], found[2]


def mean_loss(learner: Learner, params: Params, ids: np.ndarray, batch_size: int, T: int) -> float:
    """The mean loss over a text in nats per character, read from its start in `batch_size` rows, nothing learnt."""
    L, losses, state = (len(ids) - 1) // batch_size, [], None
    native = learner.track.native(params)
    for start in range(0, L - T + 1, T):
        places = np.arange(batch_size)[:, None] * L + start + np.arange(T)
        loss, _, state = surprise(learner, native, ids[places], ids[places + 1], state)
        losses.append(loss)
    return float(np.mean(losses))


def _windows(learner: Learner, batches) -> Iterator[tuple]:
    """The windows of the learner's `lm_batches`: a generator raises where it is asked for the next one."""
    windows = iter(batches)
    while True:
        with learner.blame("lm_batches"):
            window = next(windows, None)
        if window is None:
            return
        yield window


def _shapes(params) -> Any:
    try:
        return {name: tuple(param.shape) for name, param in params.items()}
    except (AttributeError, TypeError):
        return None
