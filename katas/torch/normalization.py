"""normalization: mean 0 and variance 1, down the columns of a batch or along each row; autograd differentiates it."""

import torch
from jaxtyping import Float


def batch_norm(
    x: Float[torch.Tensor, "N D"], gamma: Float[torch.Tensor, " D"], beta: Float[torch.Tensor, " D"], eps: float
) -> Float[torch.Tensor, "N D"]:
    """Normalise every feature over the batch, then give it the scale `gamma` and the shift `beta`, as in training.

        μ_d = 1/N Σ_n x_nd        σ²_d = 1/N Σ_n (x_nd − μ_d)²
        out_nd = γ_d (x_nd − μ_d) / √(σ²_d + ε) + β_d

    The variance is the biased one: it divides by N, which is not what torch's `var` does by itself. It must survive a
    feature that is the same in every example (the answer is beta), a batch of one, and values whose spread is tiny
    beside their mean. The mean and the variance belong to the graph: each example reaches all others through them.

    >>> x, ones = torch.tensor([[1.0, 5.0], [3.0, 5.0]]), torch.ones(2)
    >>> batch_norm(x, 10 * ones, 7 * ones, 1e-12)
    tensor([[-3.,  7.],
            [17.,  7.]])

    Source: Ioffe, Szegedy: Batch Normalization (2015), algorithm 1.
    """
    raise NotImplementedError("batch_norm")


def layer_norm(
    x: Float[torch.Tensor, "... D"], gamma: Float[torch.Tensor, " D"], beta: Float[torch.Tensor, " D"], eps: float
) -> Float[torch.Tensor, "... D"]:
    """Normalise every row over its features, the last axis, then give each feature the scale `gamma` and the shift `beta`.

        μ = 1/D Σ_d x_d        σ² = 1/D Σ_d (x_d − μ)²        (of each row)
        out_d = γ_d (x_d − μ) / √(σ² + ε) + β_d

    No row knows of another, so there is nothing to remember for later. It takes any number of axes before the last one,
    none included, and must survive rows of equal numbers, D = 1, and values whose spread is tiny beside their mean.

    >>> layer_norm(torch.tensor([[1.0, 3.0], [70.0, 50.0]]), torch.tensor([1.0, 10.0]), torch.tensor([0.0, 5.0]), 1e-12)
    tensor([[-1., 15.],
            [ 1., -5.]])

    Source: Ba, Kiros, Hinton: Layer Normalization (2016), section 3.
    """
    raise NotImplementedError("layer_norm")


def running_stats(
    mean: Float[torch.Tensor, " D"], var: Float[torch.Tensor, " D"], x: Float[torch.Tensor, "N D"], momentum: float
) -> tuple[Float[torch.Tensor, " D"], Float[torch.Tensor, " D"]]:
    """The averages (mean, var) that `batch_norm` will use when there is no batch, moved towards those of the batch `x`.

        mean ← (1 − momentum) · mean + momentum · μ
        var  ← (1 − momentum) · var  + momentum · s²        s²_d = 1/(N − 1) Σ_n (x_nd − μ_d)²

    `momentum` weighs the new batch, as in `torch.nn.BatchNorm1d`. The variance is the unbiased one, because it speaks
    for data that the batch was only drawn from. N is at least 2.

    >>> running_stats(torch.zeros(1), torch.ones(1), torch.tensor([[1.0], [3.0]]), 0.25)
    (tensor([0.5000]), tensor([1.2500]))

    Source: Ioffe, Szegedy: Batch Normalization (2015), algorithm 2; torch.nn.BatchNorm1d.
    """
    raise NotImplementedError("running_stats")
