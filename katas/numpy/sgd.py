"""sgd: small random batches, one step downhill for each, and the share of right answers."""

from collections.abc import Iterator
import numpy as np
from jaxtyping import Float, Int, Num


def minibatches(
    x: Num[np.ndarray, "N ..."], y: Num[np.ndarray, "N ..."], batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Go once through the examples in random order, `batch_size` of them at a time, as pairs (part of x, part of y).

        order = a random permutation of 0 … N−1;   batch k holds the examples order[kB] … order[kB + B − 1]

    Each example comes exactly once, with its own y. All batches have `batch_size` examples; the last one has what is
    left, at least one. Every call draws a fresh order from `rng`, and from nothing else. It must survive a batch size
    above N (one batch) and examples of any shape, and keep the dtypes of x and y.

    >>> [len(labels) for images, labels in minibatches(np.zeros((5, 2)), np.arange(5), 2, np.random.default_rng(0))]
    [2, 2, 1]

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 8.1.3.
    """
    raise NotImplementedError("minibatches")


def sgd_step(params: dict[str, np.ndarray], grads: dict[str, np.ndarray], lr: float) -> dict[str, np.ndarray]:
    """One step against the gradient, for every parameter.

        W ← W − lr · dW

    `params` and `grads` have the same keys and shapes. The result is a new dict of new arrays: `params` and its arrays
    stay as they are. float32 parameters stay float32.

    >>> sgd_step({"W": np.array([1.0, 2.0])}, {"W": np.array([10.0, -10.0])}, 0.1)
    {'W': array([0., 3.])}

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 1, “Learning with gradient descent”.
    """
    raise NotImplementedError("sgd_step")


def accuracy(logits: Float[np.ndarray, "N C"], labels: Int[np.ndarray, " N"]) -> float:
    """The share of examples, between 0 and 1, whose highest score stands at their label.

        (number of n with argmax_c logits_nc = labels_n) / N

    It must survive scores of ±1e4 and -inf: only their order counts. (What happens when two scores tie for the highest
    is up to you.)

    >>> accuracy(np.array([[2.0, 1.0, 0.0], [0.0, -3.0, 5.0]]), np.array([0, 1]))
    0.5

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 5.1.2.
    """
    raise NotImplementedError("accuracy")
