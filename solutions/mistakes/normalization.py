"""Wrong answers to normalization."""

import numpy as np

from solutions.mistakes import mistake


def _stats(x, eps, axis):
    """x_hat and the root of variance plus eps, as they should be."""
    std = np.sqrt(x.var(axis=axis, keepdims=True) + eps)
    return (x - x.mean(axis=axis, keepdims=True)) / std, std


def _others(dout, x, eps, axis):
    """dgamma and dbeta as they should be."""
    x_hat, _ = _stats(x, eps, axis)
    rows = tuple(range(x.ndim - 1))
    return (dout * x_hat).sum(axis=rows), dout.sum(axis=rows)


# ---------------------------------------------------------------------- batch_norm


@mistake(
    "wrong-axis",
    says="mean and variance are taken along each row, over the features: that is layer normalisation. Here each "
    "feature has its own, taken over the batch",
)
def batch_norm(x, gamma, beta, eps):
    mean = x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mistake("unbiased-variance", says="the variance divides by N − 1; the batch is normalised by its own spread, with N")
def batch_norm(x, gamma, beta, eps):
    x_hat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=1) + eps)
    return gamma * x_hat + beta


@mistake(
    "eps-misplaced",
    says="eps is added to the standard deviation; it belongs inside the root, beside the variance",
)
def batch_norm(x, gamma, beta, eps):
    x_hat = (x - x.mean(axis=0)) / (x.std(axis=0) + eps)
    return gamma * x_hat + beta


@mistake("not-normalised", says="the mean is taken off and the spread stays: nothing is divided by √(σ² + ε)")
def batch_norm(x, gamma, beta, eps):
    return gamma * (x - x.mean(axis=0)) + beta


@mistake("missing-term", says="it divides by the variance, whose root is missing: the result has variance 1/σ², not 1")
def batch_norm(x, gamma, beta, eps):
    x_hat = (x - x.mean(axis=0)) / (x.var(axis=0) + eps)
    return gamma * x_hat + beta


@mistake("wrong-order", says="gamma and beta have changed places: gamma multiplies and beta is added")
def batch_norm(x, gamma, beta, eps):
    x_hat, _ = _stats(x, eps, 0)
    return beta * x_hat + gamma


@mistake(
    "unstable",
    says="the variance is the mean of the squares minus the square of the mean: far from 0, two huge numbers nearly "
    "cancel and their digits are gone. Take the mean off first, then square",
)
def batch_norm(x, gamma, beta, eps):
    mean = x.mean(axis=0)
    var = (x**2).mean(axis=0) - mean**2
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mistake("mutates-input", says="x -= mean writes into the caller's x; x - mean makes a new array")
def batch_norm(x, gamma, beta, eps):
    x -= x.mean(axis=0)
    return gamma * x / np.sqrt((x**2).mean(axis=0) + eps) + beta


@mistake(
    "dtype-drift", says="np.zeros makes float64 unless it is told otherwise, so a float32 batch comes back as float64"
)
def batch_norm(x, gamma, beta, eps):
    out = np.zeros(x.shape)
    for d in range(x.shape[1]):
        x_hat, _ = _stats(x[:, d], eps, 0)
        out[:, d] = gamma[d] * x_hat + beta[d]
    return out


# ---------------------------------------------------------------------- batch_norm_backward


@mistake(
    "diagonal-only",
    "dx",
    says="mean and variance are treated as constants: each value only meets its own upstream gradient, though every "
    "example moves both, and with them all the others",
)
def batch_norm_backward(dout, x, gamma, beta, eps):
    dx = dout * gamma / _stats(x, eps, 0)[1]
    return dx, *_others(dout, x, eps, 0)


@mistake(
    "missing-term",
    "dx",
    says="the way through the mean is there and the one through the variance is missing: x̂ · mean(dx̂ · x̂)",
)
def batch_norm_backward(dout, x, gamma, beta, eps):
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(axis=0)) / _stats(x, eps, 0)[1]
    return dx, *_others(dout, x, eps, 0)


@mistake(
    "missing-mean",
    "dx",
    says="both ways back, through the mean and through the variance, are sums over the batch here; they are means",
)
def batch_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, 0)
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.sum(axis=0) - x_hat * (dx_hat * x_hat).sum(axis=0)) / std
    return dx, *_others(dout, x, eps, 0)


@mistake("sign-flipped", "dx", says="the part that comes through the variance is added; a wider spread shrinks x̂")
def batch_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, 0)
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(axis=0) + x_hat * (dx_hat * x_hat).mean(axis=0)) / std
    return dx, *_others(dout, x, eps, 0)


@mistake(
    "unbiased-variance",
    "dx",
    says="the backward divides by a variance with N − 1, the forward by one with N: it differentiates another function",
)
def batch_norm_backward(dout, x, gamma, beta, eps):
    inv_std = 1 / np.sqrt(x.var(axis=0, ddof=1) + eps)
    x_hat = (x - x.mean(axis=0)) * inv_std
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0)) * inv_std
    return dx, (dout * x_hat).sum(axis=0), dout.sum(axis=0)


@mistake(
    "wrong-operand",
    "dx",
    says="beta stands where dbeta belongs: the way through the mean needs the sum of dout, not the shift",
)
def batch_norm_backward(dout, x, gamma, beta, eps):
    N = len(x)
    x_hat, std = _stats(x, eps, 0)
    dgamma, dbeta = _others(dout, x, eps, 0)
    dx = gamma / std / N * (N * dout - beta - x_hat * dgamma)
    return dx, dgamma, dbeta


@mistake("wrong-argument", "dgamma", says="gamma multiplies the normalised x̂, and its gradient got x itself")
def batch_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, 0)
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0)) / std
    return dx, (dout * x).sum(axis=0), dout.sum(axis=0)


@mistake("extra-mean", "dgamma", says="dgamma and dbeta are means over the batch; every use of gamma adds its share")
def batch_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, 0)
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0)) / std
    return dx, (dout * x_hat).mean(axis=0), dout.mean(axis=0)


@mistake(
    "not-summed", "dgamma", says="this is one gradient for each example; gamma served them all, so they are summed"
)
def batch_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, 0)
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0)) / std
    return dx, dout * x_hat, dout


@mistake(
    "wrong-axis", "dbeta", says="dout is summed along each row; beta has one number per feature, summed over the batch"
)
def batch_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, 0)
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0)) / std
    return dx, (dout * x_hat).sum(axis=0), dout.sum(axis=1)


# ---------------------------------------------------------------------- layer_norm


@mistake(
    "wrong-axis",
    says="mean and variance are taken down the columns, over axis 0: that is batch normalisation. Here each row has its own",
)
def layer_norm(x, gamma, beta, eps):
    x_hat, _ = _stats(x, eps, 0)
    return gamma * x_hat + beta


@mistake(
    "batch-mixed", says="mean and variance have no axis: one of each for the whole batch, where every row has its own"
)
def layer_norm(x, gamma, beta, eps):
    x_hat = (x - x.mean()) / np.sqrt(x.var() + eps)
    return gamma * x_hat + beta


@mistake(
    "broadcast-blowup",
    says="the means lose the last axis, so that they line up with the columns; keep it with size 1, and each row meets its own",
)
def layer_norm(x, gamma, beta, eps):
    x_hat = (x - x.mean(axis=-1)) / np.sqrt(x.var(axis=-1) + eps)
    return gamma * x_hat + beta


@mistake("unbiased-variance", says="the variance divides by D − 1; a row is normalised by its own spread, with D")
def layer_norm(x, gamma, beta, eps):
    mean = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True, ddof=1)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


@mistake(
    "missing-mean", says="the squared deviations are added up and never divided by D: that is D times the variance"
)
def layer_norm(x, gamma, beta, eps):
    centred = x - x.mean(axis=-1, keepdims=True)
    var = (centred**2).sum(axis=-1, keepdims=True)
    return gamma * centred / np.sqrt(var + eps) + beta


@mistake("eps-misplaced", says="eps stands outside of the root; inside it, eps is added to the variance")
def layer_norm(x, gamma, beta, eps):
    mean, std = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
    return gamma * (x - mean) / (std + eps) + beta


@mistake("missing-term", says="beta is left out: the shift comes last, after the scale")
def layer_norm(x, gamma, beta, eps):
    return gamma * _stats(x, eps, -1)[0]


@mistake(
    "graph-broken",
    "dx",
    says="mean and variance are computed without a graph, as constants: the ways back through them are cut",
    track="torch",
)
def layer_norm(x, gamma, beta, eps):
    import torch

    with torch.no_grad():
        mean, var = x.mean(dim=-1, keepdim=True), x.var(dim=-1, keepdim=True, correction=0)
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta


# ---------------------------------------------------------------------- layer_norm_backward


@mistake(
    "wrong-order",
    "dx",
    says="gamma is multiplied in after the means; it differs along the row, so it has to be in dx̂ before they are taken",
)
def layer_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, -1)
    along = (dout * x_hat).mean(axis=-1, keepdims=True)
    dx = gamma * (dout - dout.mean(axis=-1, keepdims=True) - x_hat * along) / std
    return dx, *_others(dout, x, eps, -1)


@mistake("missing-term", "dx", says="the way back through the mean is missing: − mean(dx̂)")
def layer_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, -1)
    dx_hat = dout * gamma
    dx = (dx_hat - x_hat * (dx_hat * x_hat).mean(axis=-1, keepdims=True)) / std
    return dx, *_others(dout, x, eps, -1)


@mistake(
    "diagonal-only", "dx", says="mean and variance are treated as constants, though every value of the row moves both"
)
def layer_norm_backward(dout, x, gamma, beta, eps):
    dx = dout * gamma / _stats(x, eps, -1)[1]
    return dx, *_others(dout, x, eps, -1)


@mistake("upstream-ignored", "dx", says="dx̂ is gamma alone: what comes from above, dout, never went in")
def layer_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, -1)
    dx_hat = np.ones_like(dout) * gamma
    along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx = (dx_hat - dx_hat.mean(axis=-1, keepdims=True) - x_hat * along) / std
    return dx, x_hat.sum(axis=tuple(range(x.ndim - 1))), dout.sum(axis=tuple(range(x.ndim - 1)))


@mistake("batch-mixed", "dx", says="the two means have no axis: every row gets the mean of the whole batch taken off")
def layer_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, -1)
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean() - x_hat * (dx_hat * x_hat).mean()) / std
    return dx, *_others(dout, x, eps, -1)


@mistake("wrong-factor", "dx", says="the 2 of the squared deviation is lost: the way through the variance counts half")
def layer_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, -1)
    dx_hat = dout * gamma
    dvar = (dx_hat * x_hat).sum(axis=-1, keepdims=True) * -0.5 / std**2
    dx = (dx_hat - dx_hat.mean(axis=-1, keepdims=True)) / std + dvar * x_hat * std / x.shape[-1]
    return dx, *_others(dout, x, eps, -1)


@mistake("eps-misplaced", "dx", says="the backward adds eps to the standard deviation, the forward to the variance")
def layer_norm_backward(dout, x, gamma, beta, eps):
    std = x.std(axis=-1, keepdims=True) + eps
    x_hat = (x - x.mean(axis=-1, keepdims=True)) / std
    dx_hat = dout * gamma
    along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx = (dx_hat - dx_hat.mean(axis=-1, keepdims=True) - x_hat * along) / std
    rows = tuple(range(x.ndim - 1))
    return dx, (dout * x_hat).sum(axis=rows), dout.sum(axis=rows)


@mistake(
    "not-summed",
    "dgamma",
    says="only axis 0 is summed, and a batch of sequences has two axes before the last one; gamma served all of them",
)
def layer_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, -1)
    dx_hat = dout * gamma
    along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx = (dx_hat - dx_hat.mean(axis=-1, keepdims=True) - x_hat * along) / std
    if x.ndim == 1:
        return dx, dout * x_hat, dout
    return dx, (dout * x_hat).sum(axis=0), dout.sum(axis=0)


@mistake("wrong-axis", "dgamma", says="dgamma and dbeta are summed along the last axis; that one stays, the others go")
def layer_norm_backward(dout, x, gamma, beta, eps):
    x_hat, std = _stats(x, eps, -1)
    dx_hat = dout * gamma
    along = (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx = (dx_hat - dx_hat.mean(axis=-1, keepdims=True) - x_hat * along) / std
    return dx, (dout * x_hat).sum(axis=-1), dout.sum(axis=-1)


@mistake("mutates-input", says="dout *= gamma writes into the caller's dout; dout * gamma makes a new array")
def layer_norm_backward(dout, x, gamma, beta, eps):
    dgamma, dbeta = _others(dout, x, eps, -1)
    x_hat, std = _stats(x, eps, -1)
    dout *= gamma
    along = (dout * x_hat).mean(axis=-1, keepdims=True)
    return (dout - dout.mean(axis=-1, keepdims=True) - x_hat * along) / std, dgamma, dbeta


# ---------------------------------------------------------------------- running_stats


@mistake(
    "biased-variance",
    "var",
    says="the variance divides by N; what is kept for later speaks for more than this batch, with N − 1",
)
def running_stats(mean, var, x, momentum):
    new_mean = (1 - momentum) * mean + momentum * x.mean(axis=0)
    new_var = (1 - momentum) * var + momentum * x.var(axis=0)
    return new_mean, new_var


@mistake(
    "wrong-order",
    "mean",
    says="momentum and 1 − momentum have changed places: here momentum weighs the batch, and what was known keeps the rest",
)
def running_stats(mean, var, x, momentum):
    new_mean = momentum * mean + (1 - momentum) * x.mean(axis=0)
    new_var = momentum * var + (1 - momentum) * x.var(axis=0, ddof=1)
    return new_mean, new_var


@mistake(
    "missing-term",
    "mean",
    says="the old average is not reduced: the factor 1 − momentum is missing, and it grows without end",
)
def running_stats(mean, var, x, momentum):
    return mean + momentum * x.mean(axis=0), var + momentum * x.var(axis=0, ddof=1)


@mistake(
    "lost-axis", "mean", says="mean and variance have no axis: one number for all features, where each has its own"
)
def running_stats(mean, var, x, momentum):
    new_mean = (1 - momentum) * mean + momentum * x.mean()
    new_var = (1 - momentum) * var + momentum * x.var(ddof=1)
    return new_mean, new_var


@mistake(
    "wrong-operand",
    "var",
    says="the deviations are taken from the running mean; the batch's variance is about the batch's own mean",
)
def running_stats(mean, var, x, momentum):
    new_mean = (1 - momentum) * mean + momentum * x.mean(axis=0)
    spread = ((x - new_mean) ** 2).sum(axis=0) / (len(x) - 1)
    return new_mean, (1 - momentum) * var + momentum * spread


@mistake(
    "wrong-nonlinearity", "var", says="the standard deviation is averaged; what is kept is the variance, without a root"
)
def running_stats(mean, var, x, momentum):
    new_mean = (1 - momentum) * mean + momentum * x.mean(axis=0)
    new_var = (1 - momentum) * var + momentum * x.std(axis=0, ddof=1)
    return new_mean, new_var


@mistake(
    "mutates-input", says="mean *= … writes into the caller's averages; a new array leaves the old ones as they were"
)
def running_stats(mean, var, x, momentum):
    mean *= 1 - momentum
    mean += momentum * x.mean(axis=0)
    return mean, (1 - momentum) * var + momentum * x.var(axis=0, ddof=1)
