"""sgd: small random batches, one step downhill for each, and the share of right answers."""

from collections.abc import Iterator
import torch
from jaxtyping import Float, Int, Num


def minibatches(
    x: Num[torch.Tensor, "N ..."], y: Num[torch.Tensor, "N ..."], batch_size: int, generator: torch.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Go once through the examples in random order, `batch_size` of them at a time, as pairs (part of x, part of y).

        order = a random permutation of 0 … N−1;   batch k holds the examples order[kB] … order[kB + B − 1]

    Each example comes exactly once, with its own y. All batches have `batch_size` examples; the last one has what is
    left, at least one. Every call draws a fresh order from `generator`, and from nothing else. It must survive a batch
    size above N (one batch) and examples of any shape, and keep the dtypes of x and y. A `DataLoader` is what you are
    writing here, so it is not allowed.

    >>> batches = minibatches(torch.zeros(5, 2), torch.arange(5), 2, torch.Generator().manual_seed(0))
    >>> [len(labels) for images, labels in batches]
    [2, 2, 1]

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 8.1.3.
    """
    raise NotImplementedError("minibatches")


def sgd_step(params: dict[str, torch.Tensor], grads: dict[str, torch.Tensor], lr: float) -> dict[str, torch.Tensor]:
    """One step against the gradient, for every parameter.

        W ← W − lr · dW

    `params` and `grads` have the same keys and shapes. The result is a new dict of new tensors, cut off from the graph
    (nobody differentiates through a step): `params` and its tensors stay as they are, which the ready-made optimizers
    would change. float32 parameters stay float32.

    >>> sgd_step({"W": torch.tensor([1.0, 2.0])}, {"W": torch.tensor([10.0, -10.0])}, 0.1)
    {'W': tensor([0., 3.])}

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 1, “Learning with gradient descent”.
    """
    raise NotImplementedError("sgd_step")


def accuracy(logits: Float[torch.Tensor, "N C"], labels: Int[torch.Tensor, " N"]) -> float:
    """The share of examples, between 0 and 1, whose highest score stands at their label.

        (number of n with argmax_c logits_nc = labels_n) / N

    It must survive scores of ±1e4 and -inf: only their order counts. (What happens when two scores tie for the highest
    is up to you.)

    >>> accuracy(torch.tensor([[2.0, 1.0, 0.0], [0.0, -3.0, 5.0]]), torch.tensor([0, 1]))
    0.5

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 5.1.2.
    """
    raise NotImplementedError("accuracy")
