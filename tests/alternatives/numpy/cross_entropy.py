"""Right answers to cross_entropy in another style."""

import math

import numpy as np


def _range(labels, C):
    for label in labels.tolist():
        if label not in range(C):
            raise ValueError(f"there is no class {label} among {C}")


def one_hot__identity_rows(labels, C):
    if labels.min() < 0 or labels.max() >= C:
        raise ValueError(f"labels {labels} do not all lie in [0, {C})")
    return np.eye(C)[labels]


def one_hot__comparison(labels, C):
    _range(labels, C)
    return np.equal.outer(labels, np.arange(C)).astype(float)


def cross_entropy__loops(logits, labels):
    _range(labels, logits.shape[1])
    total = 0.0
    for row, label in zip(logits, labels, strict=True):
        top = max(row)
        total += math.log(sum(math.exp(score - top) for score in row)) + top - row[label]
    return total / len(labels)


def cross_entropy__logsumexp(logits, labels):
    _range(labels, logits.shape[1])
    picked = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return np.mean(np.logaddexp.reduce(logits, axis=1) - picked)


def cross_entropy__boolean_mask(logits, labels):
    _range(labels, logits.shape[1])
    shifted = logits - logits.max(1, keepdims=True)
    mask = labels[:, None] == np.arange(logits.shape[1])
    return np.log(np.exp(shifted).sum(1)).mean() - np.where(mask, shifted, 0).sum() / len(labels)


def cross_entropy_backward__in_place(dout, logits, labels):
    N = len(labels)
    grad = np.exp(logits - logits.max(axis=1, keepdims=True))
    grad /= grad.sum(axis=1, keepdims=True)
    grad[range(N), labels] -= 1
    return grad * (dout / N)


def cross_entropy_backward__row_by_row(dout, logits, labels):
    dlogits = np.zeros_like(logits)
    for n, label in enumerate(labels):
        weights = np.exp(logits[n] - logits[n].max())
        for c in range(logits.shape[1]):
            dlogits[n, c] = dout / len(labels) * (weights[c] / weights.sum() - (1 if c == label else 0))
    return dlogits


def binary_cross_entropy__two_softplus(logits, targets):
    return np.mean(targets * np.logaddexp(0, -logits) + (1 - targets) * np.logaddexp(0, logits))


def binary_cross_entropy__loops(logits, targets):
    total = 0.0
    for z, t in zip(logits, targets, strict=True):
        total += max(z, 0) - z * t + math.log(1 + math.exp(-abs(z)))
    return total / len(logits)


def binary_cross_entropy_backward__naive_sigmoid(dout, logits, targets):
    scale = dout / logits.size
    return scale * (1 / (1 + np.exp(-logits)) - targets), scale * -logits


def binary_cross_entropy_backward__where(dout, logits, targets):
    small = np.exp(-np.abs(logits))
    p = np.where(logits >= 0, 1 / (1 + small), small / (1 + small))
    return np.multiply(dout, p - targets) / len(targets), np.negative(logits) * dout / len(targets)
