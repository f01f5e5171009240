"""Wrong answers to cross_entropy."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import cross_entropy as right
from solutions.numpy.softmax import log_softmax, softmax


@mistake(
    "range-not-checked",
    says=(
        "a label is used as an index without a look at it: −3 counts from the end and marks a class, where "
        "ValueError belongs"
    ),
)
def one_hot(labels, C):
    y = np.zeros((len(labels), C))
    y[np.arange(len(labels)), labels] = 1
    return y


@mistake(
    "transposed", says="this is (C, N): the classes run down and the examples across; a row belongs to each example"
)
def one_hot(labels, C):
    return right.one_hot(labels, C).T


@mistake(
    "batch-mixed",
    says=(
        "every row is marked at the labels of the whole batch: the assignment picks columns, not one place in each row"
    ),
)
def one_hot(labels, C):
    right.one_hot(labels, C)
    y = np.zeros((len(labels), C))
    y[:, labels] = 1
    return y


@mistake(
    "off-by-one", says="the labels are taken to count from 1, so each 1 stands one class too early; they count from 0"
)
def one_hot(labels, C):
    right.one_hot(labels, C)
    y = np.zeros((len(labels), C))
    y[np.arange(len(labels)), labels - 1] = 1
    return y


@mistake(
    "dtype-drift",
    says="these are integers, kept from the labels or from a comparison; floats are what a loss computes with",
)
def one_hot(labels, C):
    right.one_hot(labels, C)
    return (labels[:, None] == np.arange(C)).astype(labels.dtype)


@mistake(
    "missing-mean", says="the surprises are added up; the loss is their mean, so that it does not grow with the batch"
)
def cross_entropy(logits, labels):
    return right.cross_entropy(logits, labels) * len(labels)


@mistake(
    "extra-mean",
    says="the mean runs over all N·C entries, though only N of them count: the loss comes out C times too small",
)
def cross_entropy(logits, labels):
    y = right.one_hot(labels, logits.shape[1])
    return -np.where(y > 0, log_softmax(logits), 0).mean()


@mistake(
    "log-of-zero",
    says=(
        "this takes the logarithm of a probability that has rounded to 0; log_softmax computes the logarithm from "
        "the scores"
    ),
)
def cross_entropy(logits, labels):
    y = right.one_hot(labels, logits.shape[1])
    return -np.log(softmax(logits))[y > 0].mean()


@mistake(
    "unstable",
    says=(
        "the one-hot row is multiplied by log p: where log p is −inf, 0 · (−inf) is nan; pick the labelled entry "
        "instead"
    ),
)
def cross_entropy(logits, labels):
    y = right.one_hot(labels, logits.shape[1])
    return -(y * log_softmax(logits)).sum() / len(labels)


@mistake(
    "eps-misplaced",
    says=(
        "the small number inside the logarithm caps the loss near 28: a wrong answer that is sure of itself stops "
        "costing more"
    ),
)
def cross_entropy(logits, labels):
    y = right.one_hot(labels, logits.shape[1])
    return -np.log(softmax(logits)[y > 0] + 1e-12).mean()


@mistake(
    "sign-flipped",
    says="the minus is missing: this is the mean log-probability, and descending it makes the classifier worse",
)
def cross_entropy(logits, labels):
    return -right.cross_entropy(logits, labels)


@mistake(
    "wrong-base", says="log2 where the natural logarithm belongs: the loss is in bits, and its gradient is not p − y"
)
def cross_entropy(logits, labels):
    return right.cross_entropy(logits, labels) / np.log(2)


@mistake(
    "not-normalised",
    says=(
        "the score of the true class itself is taken; only after log_softmax does it say how it compares with the "
        "other classes"
    ),
)
def cross_entropy(logits, labels):
    right.one_hot(labels, logits.shape[1])
    return -logits[np.arange(len(labels)), labels].mean()


@mistake("wrong-argument", says="softmax runs twice: log_softmax wants the scores and was given the probabilities")
def cross_entropy(logits, labels):
    return right.cross_entropy(softmax(logits), labels)


@mistake(
    "wrong-axis",
    says="softmax runs down the batch: each class is normalised over the examples, not each example over the classes",
)
def cross_entropy(logits, labels):
    y = right.one_hot(labels, logits.shape[1])
    return -log_softmax(logits.T).T[y > 0].mean()


@mistake(
    "broadcast-blowup",
    says=(
        "indexing with [:, labels] picks an N×N block, every example at every label of the batch, where N entries "
        "belong"
    ),
)
def cross_entropy(logits, labels):
    right.one_hot(labels, logits.shape[1])
    return -log_softmax(logits)[:, labels].mean()


@mistake(
    "mutates-input",
    says="the row maximum is subtracted in place: whoever holds logits finds them shifted after the call",
)
def cross_entropy(logits, labels):
    right.one_hot(labels, logits.shape[1])
    logits -= logits.max(axis=1, keepdims=True)
    return np.log(np.exp(logits).sum(axis=1)).mean() - logits[np.arange(len(labels)), labels].mean()


@mistake(
    "range-not-checked",
    says=(
        "a negative label silently picks a class from the end, and one that is too large ends in an IndexError; "
        "both are a ValueError"
    ),
)
def cross_entropy(logits, labels):
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean()


@mistake(
    "upstream-ignored",
    "dlogits",
    says="dout never enters: this is right only where the loss is the last thing computed",
)
def cross_entropy_backward(dout, logits, labels):
    return right.cross_entropy_backward(1.0, logits, labels)


@mistake(
    "missing-mean",
    "dlogits",
    says="the loss is a mean over N examples, so each example's gradient carries 1/N; it is missing here",
)
def cross_entropy_backward(dout, logits, labels):
    return right.cross_entropy_backward(dout, logits, labels) * len(labels)


@mistake(
    "extra-mean", "dlogits", says="divided by N·C, the number of entries; the loss is a mean over the N examples only"
)
def cross_entropy_backward(dout, logits, labels):
    return right.cross_entropy_backward(dout, logits, labels) / logits.shape[1]


@mistake(
    "missing-term",
    "dlogits",
    says="this is the probability alone: the 1 at the true class is never subtracted, so every score is pushed down",
)
def cross_entropy_backward(dout, logits, labels):
    return dout * softmax(logits) / len(labels)


@mistake(
    "diagonal-only",
    "dlogits",
    says=(
        "only the true class gets a gradient, p − 1; every other score of the row moves the loss too, through the "
        "denominator"
    ),
)
def cross_entropy_backward(dout, logits, labels):
    y = right.one_hot(labels, logits.shape[1]).astype(logits.dtype)
    return right.cross_entropy_backward(dout, logits, labels) * y


@mistake(
    "sign-flipped", "dlogits", says="this is y − p, the direction to walk; the gradient points the other way, p − y"
)
def cross_entropy_backward(dout, logits, labels):
    return -right.cross_entropy_backward(dout, logits, labels)


@mistake(
    "wrong-argument", "dlogits", says="the scores stand where their probabilities belong: it is softmax(logits) − y"
)
def cross_entropy_backward(dout, logits, labels):
    y = right.one_hot(labels, logits.shape[1]).astype(logits.dtype)
    return dout * (logits - y) / len(labels)


@mistake(
    "batch-mixed",
    "dlogits",
    says="[:, labels] subtracts 1 in every row at the labels of the whole batch, not once in each row",
)
def cross_entropy_backward(dout, logits, labels):
    p = softmax(logits)
    p[:, labels] -= 1
    return dout * p / len(labels)


@mistake(
    "dtype-drift",
    "dlogits",
    says="the float64 one-hot rows turn a float32 gradient into float64; give them the dtype of the logits",
)
def cross_entropy_backward(dout, logits, labels):
    return dout * (softmax(logits) - right.one_hot(labels, logits.shape[1])) / len(labels)


@mistake("missing-mean", says="the losses are added up; their mean is asked for")
def binary_cross_entropy(logits, targets):
    return right.binary_cross_entropy(logits, targets) * len(logits)


@mistake(
    "log-of-zero",
    says=(
        "σ rounds to exactly 0 or 1 at large scores, and then one of the two logarithms is of 0; start from the "
        "score, not from the probability"
    ),
)
def binary_cross_entropy(logits, targets):
    p = 1 / (1 + np.exp(-logits))
    return -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean()


@mistake(
    "unstable",
    says="exp of a large positive score overflows to inf; rewrite log(1 + exp z) so that only exp(−|z|) is computed",
)
def binary_cross_entropy(logits, targets):
    return (np.log(1 + np.exp(logits)) - targets * logits).mean()


@mistake(
    "eps-misplaced",
    says=(
        "clipping the probability hides the inf and caps the loss: at a score of 1e4 it stays near 28 where 1e4 belongs"
    ),
)
def binary_cross_entropy(logits, targets):
    p = np.clip(1 / (1 + np.exp(-logits)), 1e-12, 1 - 1e-12)
    return -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean()


@mistake(
    "missing-term",
    says="only the examples with target 1 are charged; (1 − t) · log(1 − p), the price of a false alarm, is missing",
)
def binary_cross_entropy(logits, targets):
    return (targets * np.logaddexp(0, -logits)).mean()


@mistake(
    "sign-flipped",
    says="the minus is missing: this is the mean log-likelihood, which should rise while a loss should fall",
)
def binary_cross_entropy(logits, targets):
    return -right.binary_cross_entropy(logits, targets)


@mistake(
    "wrong-argument", says="the sigmoid runs twice: the formula starts from the score and was given the probability"
)
def binary_cross_entropy(logits, targets):
    return right.binary_cross_entropy(np.exp(-np.logaddexp(0, -logits)), targets)


@mistake("upstream-ignored", "dlogits", says="dout never enters: both gradients are right only where dout is 1")
def binary_cross_entropy_backward(dout, logits, targets):
    return right.binary_cross_entropy_backward(1.0, logits, targets)


@mistake("missing-mean", "dlogits", says="the 1/N of the mean is missing from both gradients")
def binary_cross_entropy_backward(dout, logits, targets):
    p = np.exp(-np.logaddexp(0, -logits))
    return dout * (p - targets), -dout * logits


@mistake(
    "sign-flipped",
    "dtargets",
    says="dlogits is right; a larger target lowers the loss where the score is positive, so dtargets carries a minus",
)
def binary_cross_entropy_backward(dout, logits, targets):
    dlogits, dtargets = right.binary_cross_entropy_backward(dout, logits, targets)
    return dlogits, -dtargets


@mistake(
    "wrong-argument",
    "dtargets",
    says="dlogits is right; dtargets has the probability where the score belongs, for the target multiplies z itself",
)
def binary_cross_entropy_backward(dout, logits, targets):
    p = np.exp(-np.logaddexp(0, -logits))
    return dout * (p - targets) / len(logits), -dout * p / len(logits)


@mistake(
    "missing-term",
    "dlogits",
    says=(
        "this is the gradient for the probability, (p − t)/(p(1 − p)): the sigmoid's slope p(1 − p), which leads "
        "on to the score, is left out"
    ),
)
def binary_cross_entropy_backward(dout, logits, targets):
    p = np.exp(-np.logaddexp(0, -logits))
    return dout * (p - targets) / (p * (1 - p)) / len(logits), -dout * logits / len(logits)


@mistake(
    "wrong-order",
    "dlogits",
    says="the two gradients come back in the wrong order: the one for logits first, then the one for targets",
)
def binary_cross_entropy_backward(dout, logits, targets):
    dlogits, dtargets = right.binary_cross_entropy_backward(dout, logits, targets)
    return dtargets, dlogits


@mistake(
    "wrong-type",
    says="np.eye answers with a numpy array: the next step of a torch program cannot use it, on a GPU least of all",
    track="torch",
)
def one_hot(labels, C):
    for label in labels.tolist():
        if not 0 <= label < C:
            raise ValueError(f"label {label} is outside 0..{C - 1}")
    return np.eye(C)[labels.numpy()]


@mistake(
    "graph-broken",
    says=".item() takes the numbers out of the graph and torch.tensor makes a new leaf: no gradient finds its way back",
    track="torch",
)
def cross_entropy(logits, labels):
    import torch

    total = 0.0
    for row, label in zip(logits, labels.tolist(), strict=True):
        if not 0 <= label < len(row):
            raise ValueError(f"label {label} is outside 0..{len(row) - 1}")
        total += (torch.logsumexp(row, 0) - row[label]).item()
    return torch.tensor(total / len(labels), dtype=logits.dtype)


@mistake(
    "mutates-input",
    says="clamp_ with its underscore writes into logits, which belong to the caller; clamp makes a new tensor",
    track="torch",
)
def binary_cross_entropy(logits, targets):
    import torch

    rest = torch.log1p(torch.exp(-logits.abs())) - targets * logits
    return (logits.clamp_(min=0) + rest).mean()
