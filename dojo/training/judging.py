"""What a classifier's answers are worth: its loss, which digit is taken for which, and where it was most wrong."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Misjudged:
    """A test example by its `index`, and how much of the probability its true `label` got."""

    index: int
    label: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Judgement:
    """`confusion[t, p]` counts the test examples of class t that were taken for p: "C C". `worst` begins with the worst."""

    confusion: np.ndarray
    worst: tuple[Misjudged, ...]

    @property
    def total(self) -> int:
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.confusion) / self.total)


def judge(logits: np.ndarray, predicted: np.ndarray, labels: np.ndarray, count: int = 16) -> Judgement:
    """From scores "N C", answers "N" and the truth "N". The `count` worst give the least probability to the truth."""
    return judge_truth(log_probability(logits, labels), predicted, labels, logits.shape[1], count)


def judge_truth(
    truth: np.ndarray, predicted: np.ndarray, labels: np.ndarray, classes: int, count: int = 16
) -> Judgement:
    """The same from `truth` "N", the logarithm of the probability that each true label got.

    A 0 there says that nobody looked: such an example is never among the worst.
    """
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (labels, predicted), 1)
    order = [n for n in np.argsort(truth, kind="stable")[:count] if truth[n] < 0]
    worst = (Misjudged(int(n), int(labels[n]), int(predicted[n]), float(np.exp(truth[n]))) for n in order)
    return Judgement(confusion, tuple(worst))


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean of −log p of the truth, in nats; nan where the logits are not numbers."""
    return -float(log_probability(logits, labels).mean())


def log_probability(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """log softmax(logits) at the label of each example: "N C", "N" → "N", in float64 and without overflow."""
    scores = logits.astype(np.float64)
    with np.errstate(invalid="ignore"):  # inf − inf: the nan tells the caller
        scores = scores - scores.max(axis=1, keepdims=True)
    return scores[np.arange(len(labels)), labels] - np.log(np.exp(scores).sum(axis=1))
