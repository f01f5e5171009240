"""Right answers to sgd in another style."""

import numpy as np


def minibatches__shuffled_indices(x, y, batch_size, rng):
    indices = np.arange(len(x))
    rng.shuffle(indices)
    first = 0
    while first < len(x):
        chosen = indices[first : first + batch_size]
        first += batch_size
        yield np.take(x, chosen, axis=0), np.take(y, chosen, axis=0)


def minibatches__random_keys_and_zip(x, y, batch_size, rng):
    order = np.argsort(rng.random(len(x)))
    cuts = range(batch_size, len(x), batch_size)
    return zip(np.split(x[order], cuts), np.split(y[order], cuts), strict=True)


def minibatches__iterator_over_a_list(x, y, batch_size, rng):
    waiting = list(rng.permutation(len(x)))
    batches = []
    while waiting:
        batch, waiting = waiting[:batch_size], waiting[batch_size:]
        batches.append([np.stack([x[i] for i in batch]), np.array([y[i] for i in batch])])
    return iter(batches)


def minibatches__from_the_back(x, y, batch_size, rng):
    print("shuffling", len(x), "examples")
    order = rng.choice(len(x), size=len(x), replace=False)[::-1]
    x, y = x[order], y[order]
    for k in range(-(-len(x) // batch_size)):
        yield x[k * batch_size :][:batch_size], y[k * batch_size :][:batch_size]


def sgd_step__copy_then_subtract(params, grads, lr):
    new = {name: value.copy() for name, value in params.items()}
    for name, gradient in grads.items():
        new[name] -= gradient * lr
    return new


def sgd_step__ufuncs(params, grads, lr):
    new = {}
    for name in sorted(params):
        new[name] = np.add(params[name], np.multiply(-lr, grads[name]))
    return new


def accuracy__loops(logits, labels):
    right = 0
    for row, label in zip(logits, labels, strict=True):
        best = 0
        for c in range(len(row)):
            if row[c] > row[best]:
                best = c
        right += best == label
    return right / len(labels)


def accuracy__label_holds_the_maximum(logits, labels):
    chosen = np.take_along_axis(logits, labels[:, None], axis=-1)[:, 0]
    return np.mean(chosen == np.max(logits, axis=-1))


def accuracy__count_nonzero(logits, labels):
    return np.count_nonzero(np.argsort(logits, axis=1)[:, -1] == labels) / labels.size
