"""Right answers to network in another style."""

import numpy as np

from solutions.numpy import backprop, sgd
from solutions.numpy import network as right


def init__uniform(sizes, rng):
    params = {}
    for l in range(1, len(sizes)):
        limit = (6 / sizes[l - 1]) ** 0.5
        params["W" + str(l)] = rng.uniform(-limit, limit, (sizes[l - 1], sizes[l]))
        params["b" + str(l)] = np.zeros(sizes[l])
    return params


def init__weights_first(sizes, rng):
    weights = [rng.standard_normal((D, M)) * np.sqrt(2.0 / D) for D, M in zip(sizes, sizes[1:], strict=False)]
    params = {f"b{l}": np.zeros(M) for l, M in enumerate(sizes) if l}
    for l, W in enumerate(weights):
        params[f"W{l + 1}"] = W
    return params


def train__own_batches_in_place(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    params = {name: np.array(value, dtype=x.dtype) for name, value in right.init(sizes, rng).items()}
    indices = np.arange(len(x))
    for epoch in range(epochs):
        rng.shuffle(indices)
        for start in range(0, len(indices), batch_size):
            chosen = indices[start : start + batch_size]
            loss, grads = backprop.loss_and_grads(params, x[chosen], labels[chosen])
            for name in params:
                params[name] -= x.dtype.type(lr) * grads[name]
        print("epoch", epoch, "loss", loss)
        try:
            if on_epoch:
                on_epoch(epoch, params)
        except KeyboardInterrupt:
            break
    return params


def train__order_drawn_before_the_start(x, labels, sizes, epochs, batch_size, lr, rng, on_epoch=None):
    orders = [rng.permutation(len(labels)) for _ in range(epochs)]
    params = {name: value.astype(x.dtype) for name, value in init__weights_first(sizes, rng).items()}
    try:
        for epoch, order in enumerate(orders):
            while len(order):
                batch, order = order[:batch_size], order[batch_size:]
                grads = backprop.loss_and_grads(params, x[batch], labels[batch])[1]
                params = sgd.sgd_step(params, grads, lr)
            if on_epoch is not None:
                on_epoch(epoch, dict(params))
    except KeyboardInterrupt:
        return params
    return params


def predict__sorted(params, x):
    return np.argsort(backprop.forward(params, x), axis=-1)[:, -1]


def predict__one_by_one(params, x):
    layers = len(params) // 2
    answers = []
    for row in x:
        for l in range(1, layers + 1):
            row = np.dot(row, params[f"W{l}"]) + params[f"b{l}"]
            row = row if l == layers else np.maximum(row, 0)
        answers.append(max(range(len(row)), key=lambda c: row[c]))
    return np.array(answers)
