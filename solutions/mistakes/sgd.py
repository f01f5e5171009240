"""Wrong answers to sgd."""

import numpy as np

from solutions.mistakes import mistake


@mistake(
    "pairing-lost", says="x and y are shuffled apart, each in an order of its own: an image gets another image's label"
)
def minibatches(x, y, batch_size, rng):
    x, y = rng.permutation(x), rng.permutation(y)
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


@mistake(
    "batch-dropped", says="the number of batches is rounded down: the examples behind the last full batch never come"
)
def minibatches(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for k in range(len(x) // batch_size):
        batch = order[k * batch_size : (k + 1) * batch_size]
        yield x[batch], y[batch]


@mistake(
    "off-by-one", says="one batch is always added for the rest, so a batch of no examples comes when there is no rest"
)
def minibatches(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for k in range(len(x) // batch_size + 1):
        batch = order[k * batch_size : (k + 1) * batch_size]
        yield x[batch], y[batch]


@mistake(
    "argument-unused", says="the batches come in the order of the data: rng is never asked, so nothing is shuffled"
)
def minibatches(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


@mistake(
    "wrong-operand",
    says="independent random indices stand where a permutation belongs: some examples come twice, some never",
)
def minibatches(x, y, batch_size, rng):
    for start in range(0, len(x), batch_size):
        size = min(batch_size, len(x) - start)
        batch = rng.integers(0, len(x), size)
        yield x[batch], y[batch]


@mistake(
    "nondeterministic", says="the order is drawn from numpy's global state, not from rng: no seed can repeat the run"
)
def minibatches(x, y, batch_size, rng):
    order = np.random.permutation(len(x))
    for start in range(0, len(x), batch_size):
        batch = order[start : start + batch_size]
        yield x[batch], y[batch]


@mistake(
    "wrong-order",
    says="cut first, shuffled after: whole batches change places, but the same neighbours always meet in one",
)
def minibatches(x, y, batch_size, rng):
    for start in rng.permutation(np.arange(0, len(x), batch_size)):
        yield x[start : start + batch_size], y[start : start + batch_size]


@mistake(
    "mutates-input", says="the caller's own x and y are reordered in place; shuffle indices and leave the arrays alone"
)
def minibatches(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    x[:], y[:] = x[order], y[order]
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


@mistake(
    "dtype-drift",
    says="x and y are glued into one array to be shuffled together, and one array has one dtype: labels turn "
    "into floats",
)
def minibatches(x, y, batch_size, rng):
    columns = x.reshape(len(x), -1).shape[1]
    both = np.column_stack([x.reshape(len(x), -1), y.reshape(len(y), -1)])
    rng.shuffle(both)
    for start in range(0, len(x), batch_size):
        batch = both[start : start + batch_size]
        yield batch[:, :columns].reshape(-1, *x.shape[1:]), batch[:, columns:].reshape(-1, *y.shape[1:])


@mistake(
    "wrong-type", says="this collects every batch in a list; an iterator hands them out one by one, as `yield` does"
)
def minibatches(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    batches = []
    for start in range(0, len(x), batch_size):
        batch = order[start : start + batch_size]
        batches.append((x[batch], y[batch]))
    return batches


@mistake(
    "sign-flipped", "out[W1]", says="the step goes along the gradient, uphill; the loss falls in the opposite direction"
)
def sgd_step(params, grads, lr):
    return {name: params[name] + lr * grads[name] for name in params}


@mistake(
    "missing-scale",
    "out[W1]",
    says="the gradient is subtracted whole: lr, which says how long the step is, does not appear",
)
def sgd_step(params, grads, lr):
    return {name: params[name] - grads[name] for name in params}


@mistake(
    "missing-term",
    "out[W1]",
    says="this is the step itself, −lr · gradient; the parameter it should be added to is missing",
)
def sgd_step(params, grads, lr):
    return {name: -lr * grads[name] for name in params}


@mistake(
    "wrong-operand",
    "out[W1]",
    says="lr multiplies the parameter where the gradient belongs: every weight just shrinks towards 0",
)
def sgd_step(params, grads, lr):
    return {name: params[name] - lr * params[name] for name in params}


@mistake(
    "extra-mean",
    "out[W1]",
    says="the gradient is divided by the length of its array; it is a mean over the batch already, so nothing "
    "is left to divide",
)
def sgd_step(params, grads, lr):
    return {name: params[name] - lr * grads[name] / len(grads[name]) for name in params}


@mistake("mutates-input", says="-= writes into the arrays the caller handed over; build new ones instead")
def sgd_step(params, grads, lr):
    for name in params:
        params[name] -= lr * grads[name]
    return params


@mistake(
    "wrong-type",
    says="the parameters are changed where they lie and nothing is returned; the new ones should come back in a dict",
)
def sgd_step(params, grads, lr):
    for name in params:
        params[name] -= lr * grads[name]


@mistake(
    "wrong-axis",
    says="argmax runs down the columns: it finds the best example for each class, not the best class of each example",
)
def accuracy(logits, labels):
    return float((logits.argmax(axis=0) == labels).mean())


@mistake(
    "batch-mixed",
    says="argmax without an axis gives one index into the flattened scores, and every label is compared with "
    "that one number",
)
def accuracy(logits, labels):
    return float((logits.argmax() == labels).mean())


@mistake(
    "broadcast-blowup",
    says="predictions of shape (N, 1) against labels of shape (N,) broadcast to N×N: every prediction meets "
    "every label",
)
def accuracy(logits, labels):
    return float((logits.argmax(axis=1, keepdims=True) == labels).mean())


@mistake(
    "missing-mean", says="this counts the right answers; the share is that count divided by the number of examples"
)
def accuracy(logits, labels):
    return float((logits.argmax(axis=1) == labels).sum())


@mistake(
    "extra-mean",
    says="the count of right answers is divided by N·C, the number of scores, where the number of examples belongs",
)
def accuracy(logits, labels):
    return float((logits.argmax(axis=1) == labels).sum() / logits.size)


@mistake("wrong-factor", says="this is a percentage; the share lies between 0 and 1")
def accuracy(logits, labels):
    return 100 * float((logits.argmax(axis=1) == labels).mean())


@mistake(
    "wrong-operand", says="the highest score itself is compared with the label; its place in the row belongs there"
)
def accuracy(logits, labels):
    return float((logits.max(axis=1) == labels).mean())


@mistake("sign-flipped", says="argmin finds the lowest score; the answer is the class with the highest one")
def accuracy(logits, labels):
    return float((logits.argmin(axis=1) == labels).mean())


@mistake(
    "lost-axis",
    says="zip over x and y yields single examples without their batch axis, and batch_size is never used",
    track="torch",
)
def minibatches(x, y, batch_size, generator):
    import torch

    order = torch.randperm(len(x), generator=generator)
    return zip(x[order], y[order], strict=True)


@mistake(
    "dtype-drift",
    "out[W1]",
    says=".float() is float32 in torch: float64 parameters lose half their digits",
    track="torch",
)
def sgd_step(params, grads, lr):
    return {name: params[name].float() - lr * grads[name].float() for name in params}
