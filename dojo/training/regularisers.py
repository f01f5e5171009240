"""Ways to keep a network from learning its training images by heart: what each one changes in a step of the loop."""

from typing import Any, ClassVar

from dojo.training.borrowing import Borrowed, borrow
from dojo.training.learner import Learner


class Plain:
    """Adam, and nothing else."""

    title: ClassVar[str] = "none"
    stepping: ClassVar[tuple[str, str]] = ("adam_step", "optimizers")

    def __init__(self, learner: Learner):
        self.take = borrow(learner, *self.stepping)

    def borrowed(self) -> list[Borrowed]:
        """The functions of other katas that it runs on."""
        return [self.take]

    def inputs(self, x: Any, rng: Any) -> Any:
        """The batch that the network sees in place of `x`."""
        return x

    def grads(self, params: dict, grads: dict) -> dict:
        """The gradients of the loss with its penalty."""
        return grads

    def step(self, params: dict, grads: dict, state: Any, lr: float) -> Any:
        """The new parameters and the new state of the optimizer."""
        return self.take(params, grads, state, lr)


class L2(Plain):
    """λ/2 · Σ‖W‖² is added to the loss, so λW to each gradient."""

    lam = 2e-3
    title = f"L2, λ = {lam:g}"

    def __init__(self, learner: Learner):
        super().__init__(learner)
        self.penalty = borrow(learner, "l2_grads", "l2")

    def borrowed(self) -> list[Borrowed]:
        return [*super().borrowed(), self.penalty]

    def grads(self, params: dict, grads: dict) -> dict:
        extra = self.penalty(params, self.lam)
        return {name: grad + extra[name] for name, grad in grads.items()}


class Decay(Plain):
    """Each step also takes lr · λ · W off the parameters, past Adam's moments."""

    stepping = ("adamw_step", "optimizers")
    decay = 0.3
    title = f"weight decay, λ = {decay:g}"

    def step(self, params: dict, grads: dict, state: Any, lr: float) -> Any:
        return self.take(params, grads, state, lr, weight_decay=self.decay)


class Dropout(Plain):
    """Some of the pixels are dropped, others in every batch."""

    p = 0.2
    title = f"dropout of pixels, p = {p:g}"

    def __init__(self, learner: Learner):
        super().__init__(learner)
        self.drop = borrow(learner, "dropout", "dropout")

    def borrowed(self) -> list[Borrowed]:
        return [*super().borrowed(), self.drop]

    def inputs(self, x: Any, rng: Any) -> Any:
        return self.drop(x, self.p, rng)[0]


REGULARISERS: tuple[type[Plain], ...] = (Plain, L2, Decay, Dropout)
