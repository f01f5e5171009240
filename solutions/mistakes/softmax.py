"""Wrong answers to softmax."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import softmax as right


@mistake("unstable", says="nothing is subtracted before exp: a score of 1e4 overflows to inf, and inf/inf is nan")
def softmax(x):
    exps = np.exp(x)
    return exps / exps.sum(axis=-1, keepdims=True)


@mistake("wrong-axis", says="the sum runs over axis 0, so the columns sum to 1 where the rows should")
def softmax(x):
    exps = np.exp(x - x.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=0, keepdims=True)


@mistake("batch-mixed", says="the sum has no axis: every example is divided by the total over the whole batch")
def softmax(x):
    exps = np.exp(x - x.max(axis=-1, keepdims=True))
    return exps / exps.sum()


@mistake("not-normalised", says="these are the exponentials, not yet divided by their sum")
def softmax(x):
    return np.exp(x - x.max(axis=-1, keepdims=True))


@mistake(
    "diagonal-only",
    "dx",
    says="this is dout · p · (1 − p), the sigmoid's rule: it drops the Jacobian off the diagonal, where one score moves every probability of its row",
)
def softmax_backward(dout, x):
    p = right.softmax(x)
    return dout * p * (1 - p)


@mistake(
    "missing-term",
    "dx",
    says="this is p · dout: the term −p · Σ dout·p, which every score shares through the denominator, is missing",
)
def softmax_backward(dout, x):
    return right.softmax(x) * dout


@mistake("wrong-argument", "dx", says="the formula wants the probabilities and got the scores x")
def softmax_backward(dout, x):
    return x * (dout - (dout * x).sum(axis=-1, keepdims=True))


@mistake("wrong-axis", "dx", says="dout·p is summed over the batch, not along each row")
def softmax_backward(dout, x):
    p = right.softmax(x)
    return p * (dout - (dout * p).sum(axis=0, keepdims=True))


@mistake("sign-flipped", "dx", says="the difference is the wrong way round: it is dout minus the weighted sum")
def softmax_backward(dout, x):
    p = right.softmax(x)
    return p * ((dout * p).sum(axis=-1, keepdims=True) - dout)


@mistake(
    "log-of-zero",
    says="this takes the logarithm of a probability that has rounded to 0; subtract log Σ exp from the score itself",
)
def log_softmax(x):
    return np.log(right.softmax(x))


@mistake("wrong-base", says="log2 where the natural logarithm belongs")
def log_softmax(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log2(np.exp(shifted).sum(axis=-1, keepdims=True))


@mistake("missing-term", says="the shift went into log Σ exp and never came out: x is used unshifted beside it")
def log_softmax(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


@mistake(
    "missing-term",
    "dx",
    says="p must be multiplied by the row's sum of dout; leaving it out is right only where dout is one-hot",
)
def log_softmax_backward(dout, x):
    return dout - right.softmax(x)


@mistake("wrong-argument", "dx", says="the formula wants the probabilities and got their logarithms")
def log_softmax_backward(dout, x):
    return dout - right.log_softmax(x) * dout.sum(axis=-1, keepdims=True)


@mistake("wrong-axis", "dx", says="dout is summed over the batch, not along each row")
def log_softmax_backward(dout, x):
    return dout - right.softmax(x) * dout.sum(axis=0, keepdims=True)


@mistake("graph-broken", says="detach cuts the graph: autograd takes the probabilities for constants", track="torch")
def softmax(x):
    import torch

    exps = torch.exp(x - x.amax(dim=-1, keepdim=True)).detach()
    return exps / exps.sum(dim=-1, keepdim=True)
