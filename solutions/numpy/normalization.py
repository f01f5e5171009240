"""normalization: mean 0 and variance 1, down the columns of a batch or along each row, and how both differentiate."""

import numpy as np
from jaxtyping import Float


def batch_norm(
    x: Float[np.ndarray, "N D"], gamma: Float[np.ndarray, " D"], beta: Float[np.ndarray, " D"], eps: float
) -> Float[np.ndarray, "N D"]:
    """Normalise every feature over the batch, then give it the scale `gamma` and the shift `beta`, as in training.

        μ_d = 1/N Σ_n x_nd        σ²_d = 1/N Σ_n (x_nd − μ_d)²
        out_nd = γ_d (x_nd − μ_d) / √(σ²_d + ε) + β_d

    The variance is the biased one: it divides by N. It must survive a feature that is the same in every example (the
    answer is beta), a batch of one, and values whose spread is tiny beside their mean. float32 stays float32.

    >>> batch_norm(np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([10.0, 10.0]), np.array([0.0, 7.0]), 0.0001).round(2)
    array([[-10.,   7.],
           [ 10.,   7.]])

    Source: Ioffe, Szegedy: Batch Normalization (2015), algorithm 1.
    """
    if x.ndim != 2 or not _fits(x, gamma, beta) or eps < 0:
        raise ValueError(f"batch_norm: x {x.shape}, gamma {gamma.shape}, beta {beta.shape}, eps {eps}")
    mean = x.mean(axis=0)  # D: one number for each feature
    var = x.var(axis=0)  # D
    x_hat = (x - mean) / np.sqrt(var + eps)  # N D
    return gamma * x_hat + beta


def batch_norm_backward(
    dout: Float[np.ndarray, "N D"],
    x: Float[np.ndarray, "N D"],
    gamma: Float[np.ndarray, " D"],
    beta: Float[np.ndarray, " D"],
    eps: float,
) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " D"], Float[np.ndarray, " D"]]:
    """The gradients (dx, dgamma, dbeta) of the loss, given `dout`, its gradient for `batch_norm(x, gamma, beta, eps)`.

        x̂ = (x − μ) / √(σ² + ε)        dx̂_nd = dout_nd γ_d
        dx_nd = (dx̂_nd − mean_n dx̂_nd − x̂_nd · mean_n(dx̂_nd x̂_nd)) / √(σ²_d + ε)
        dγ_d = Σ_n dout_nd x̂_nd        dβ_d = Σ_n dout_nd

    Every example moves the mean and the variance, and with them every other example: that is what the two means are
    for. Each gradient has the shape and dtype of its argument.

    >>> x, ones = np.array([[1.0], [3.0]]), np.ones(1)
    >>> dx, dgamma, dbeta = batch_norm_backward(np.array([[2.0], [0.0]]), x, ones, ones, 1.0)
    >>> dx.round(3).tolist(), dgamma.round(3).tolist(), dbeta.tolist()  # one half of 1/√2, as ε = σ² = 1
    ([[0.354], [-0.354]], [-1.414], [2.0])

    Source: Ioffe, Szegedy: Batch Normalization (2015), section 3; solutions/derivations/normalization.md works it out.
    """
    if x.ndim != 2 or dout.shape != x.shape or not _fits(x, gamma, beta) or eps < 0:
        shapes = f"dout {dout.shape}, x {x.shape}, gamma {gamma.shape}, beta {beta.shape}"
        raise ValueError(f"batch_norm_backward: {shapes}, eps {eps}")
    std = np.sqrt(x.var(axis=0) + eps)  # D
    x_hat = (x - x.mean(axis=0)) / std  # N D
    dx_hat = dout * gamma  # N D
    dx = (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0)) / std  # N D
    dgamma = (dout * x_hat).sum(axis=0)  # gamma served every example
    dbeta = dout.sum(axis=0)
    return dx, dgamma, dbeta


def layer_norm(
    x: Float[np.ndarray, "... D"], gamma: Float[np.ndarray, " D"], beta: Float[np.ndarray, " D"], eps: float
) -> Float[np.ndarray, "... D"]:
    """Normalise every row over its features, the last axis, then give each feature the scale `gamma` and the shift `beta`.

        μ = 1/D Σ_d x_d        σ² = 1/D Σ_d (x_d − μ)²        (of each row)
        out_d = γ_d (x_d − μ) / √(σ² + ε) + β_d

    No row knows of another, so there is nothing to remember for later. It takes any number of axes before the last one,
    none included, and must survive rows of equal numbers, D = 1, and values whose spread is tiny beside their mean.

    >>> layer_norm(np.array([[1.0, 3.0], [70.0, 50.0]]), np.array([1.0, 10.0]), np.array([0.0, 5.0]), 0.0001).round(2)
    array([[-1., 15.],
           [ 1., -5.]])

    Source: Ba, Kiros, Hinton: Layer Normalization (2016), section 3.
    """
    if not _fits(x, gamma, beta) or eps < 0:
        raise ValueError(f"layer_norm: x {x.shape}, gamma {gamma.shape}, beta {beta.shape}, eps {eps}")
    mean = x.mean(axis=-1, keepdims=True)  # ... 1: one number for each row
    var = x.var(axis=-1, keepdims=True)  # ... 1
    x_hat = (x - mean) / np.sqrt(var + eps)  # ... D
    return gamma * x_hat + beta


def layer_norm_backward(
    dout: Float[np.ndarray, "... D"],
    x: Float[np.ndarray, "... D"],
    gamma: Float[np.ndarray, " D"],
    beta: Float[np.ndarray, " D"],
    eps: float,
) -> tuple[Float[np.ndarray, "... D"], Float[np.ndarray, " D"], Float[np.ndarray, " D"]]:
    """The gradients (dx, dgamma, dbeta) of the loss, given `dout`, its gradient for `layer_norm(x, gamma, beta, eps)`.

        x̂ = (x − μ) / √(σ² + ε)        dx̂_d = dout_d γ_d
        dx_d = (dx̂_d − mean_d dx̂_d − x̂_d · mean_d(dx̂_d x̂_d)) / √(σ² + ε)
        dγ_d = Σ dout_d x̂_d        dβ_d = Σ dout_d        (summed over all axes but the last)

    gamma differs along the very axis that the means run over, so it has to be in dx̂ before they are taken.

    >>> x, gamma = np.array([1.0, 3.0]), np.array([1.0, 2.0])
    >>> dx, dgamma, dbeta = layer_norm_backward(np.array([2.0, 0.0]), x, gamma, np.zeros(2), 1.0)
    >>> dx.round(3).tolist(), dgamma.round(3).tolist(), dbeta.tolist()
    ([0.354, -0.354], [-1.414, 0.0], [2.0, 0.0])

    Source: solutions/derivations/normalization.md works it out.
    """
    if dout.shape != x.shape or not _fits(x, gamma, beta) or eps < 0:
        shapes = f"dout {dout.shape}, x {x.shape}, gamma {gamma.shape}, beta {beta.shape}"
        raise ValueError(f"layer_norm_backward: {shapes}, eps {eps}")
    std = np.sqrt(x.var(axis=-1, keepdims=True) + eps)  # ... 1
    x_hat = (x - x.mean(axis=-1, keepdims=True)) / std  # ... D
    dx_hat = dout * gamma  # ... D
    dx = (dx_hat - dx_hat.mean(axis=-1, keepdims=True) - x_hat * (dx_hat * x_hat).mean(axis=-1, keepdims=True)) / std
    rows = tuple(range(x.ndim - 1))  # every axis but the last: gamma served all of these
    dgamma = (dout * x_hat).sum(axis=rows)
    dbeta = dout.sum(axis=rows)
    return dx, dgamma, dbeta


def running_stats(
    mean: Float[np.ndarray, " D"], var: Float[np.ndarray, " D"], x: Float[np.ndarray, "N D"], momentum: float
) -> tuple[Float[np.ndarray, " D"], Float[np.ndarray, " D"]]:
    """The averages (mean, var) that `batch_norm` will use when there is no batch, moved towards those of the batch `x`.

        mean ← (1 − momentum) · mean + momentum · μ
        var  ← (1 − momentum) · var  + momentum · s²        s²_d = 1/(N − 1) Σ_n (x_nd − μ_d)²

    `momentum` weighs the new batch, as in PyTorch. The variance is the unbiased one, because it speaks for data that
    the batch was only drawn from. N is at least 2.

    >>> mean, var = running_stats(np.zeros(1), np.ones(1), np.array([[1.0], [3.0]]), 0.25)
    >>> mean.tolist(), var.tolist()
    ([0.5], [1.25])

    Source: Ioffe, Szegedy: Batch Normalization (2015), algorithm 2; torch.nn.BatchNorm1d.
    """
    if x.ndim != 2 or not _fits(x, mean, var) or len(x) < 2 or not 0 <= momentum <= 1:
        shapes = f"mean {mean.shape}, var {var.shape}, x {x.shape}"
        raise ValueError(f"running_stats: {shapes}, momentum {momentum}: 2 examples or more, 0 ≤ momentum ≤ 1")
    batch_mean = x.mean(axis=0)  # D
    batch_var = x.var(axis=0, ddof=1)  # D
    mean = (1 - momentum) * mean + momentum * batch_mean
    var = (1 - momentum) * var + momentum * batch_var
    return mean, var


def _fits(x: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
    """Whether both vectors have one number for each feature of `x`."""
    return x.ndim > 0 and one.shape == other.shape == x.shape[-1:]
