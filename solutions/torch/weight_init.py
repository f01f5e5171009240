"""weight_init: weights to start from, such that a signal neither dies nor explodes on its way through the layers."""

import math

import torch
from jaxtyping import Float

from solutions.torch.activations import relu, sigmoid, tanh


def xavier_uniform(D: int, M: int, generator: torch.Generator) -> Float[torch.Tensor, "D M"]:
    """Weights for D inputs and M outputs, uniform between −a and a, in the default dtype.

        W_dm ~ U(−a, a)        a = √(6/(D + M))        so that the standard deviation, a/√3, is √(2/(D + M))

    D is the fan-in, M the fan-out, as in x @ W. A compromise: 1/D would keep the size of what goes forward, 1/M that of
    what comes back. It suits activations with slope 1 at 0, such as tanh. All of the randomness comes from `generator`.
    (`torch.nn.init` takes the second axis for the fan-in, as `nn.Linear` stores its weight as M × D.)

    >>> W = xavier_uniform(4, 2, torch.Generator().manual_seed(0))  # a = √(6/6) = 1
    >>> W.shape, bool(W.abs().max() <= 1)
    (torch.Size([4, 2]), True)

    Source: Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks (2010), section 4.2.1.
    """
    a = math.sqrt(6 / (D + M))
    return a * (2 * torch.rand(D, M, generator=generator) - 1)


def xavier_normal(D: int, M: int, generator: torch.Generator) -> Float[torch.Tensor, "D M"]:
    """Weights for D inputs and M outputs, normal with mean 0, in the default dtype.

        W_dm ~ N(0, σ²)        σ = √(2/(D + M))

    The same spread as `xavier_uniform`, with another shape of the distribution. All of the randomness comes from
    `generator`.

    >>> W = xavier_normal(300, 200, torch.Generator().manual_seed(0))  # √(2/500) = 0.0632
    >>> round(W.std().item(), 3)
    0.063

    Source: Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks (2010), section 4.2.1.
    """
    sigma = math.sqrt(2 / (D + M))
    return sigma * torch.randn(D, M, generator=generator)


def he_uniform(D: int, M: int, generator: torch.Generator) -> Float[torch.Tensor, "D M"]:
    """Weights for D inputs and M outputs, uniform between −a and a, for layers with relu behind them, in the default dtype.

        W_dm ~ U(−a, a)        a = √(6/D)        so that the standard deviation, a/√3, is √(2/D)

    Only the fan-in D counts. relu throws half of the signal away, and the gain √2 makes up for it.
    All of the randomness comes from `generator`.

    >>> W = he_uniform(6, 2, torch.Generator().manual_seed(0))  # a = √(6/6) = 1
    >>> W.shape, bool(W.abs().max() <= 1)
    (torch.Size([6, 2]), True)

    Source: He, Zhang, Ren, Sun: Delving Deep into Rectifiers (2015), section 2.2, arXiv 1502.01852.
    """
    a = math.sqrt(6 / D)
    return a * (2 * torch.rand(D, M, generator=generator) - 1)


def he_normal(D: int, M: int, generator: torch.Generator) -> Float[torch.Tensor, "D M"]:
    """Weights for D inputs and M outputs, normal with mean 0, for layers with relu behind them, in the default dtype.

        W_dm ~ N(0, σ²)        σ = √(2/D)

    Only the fan-in D counts; the 2 is the square of relu's gain √2. All of the randomness comes from `generator`.

    >>> W = he_normal(200, 300, torch.Generator().manual_seed(0))  # √(2/200) = 0.1
    >>> round(W.std().item(), 3)
    0.1

    Source: He, Zhang, Ren, Sun: Delving Deep into Rectifiers (2015), section 2.2, arXiv 1502.01852.
    """
    sigma = math.sqrt(2 / D)
    return sigma * torch.randn(D, M, generator=generator)


def orthogonal(D: int, M: int, generator: torch.Generator) -> Float[torch.Tensor, "D M"]:
    """Random weights whose columns are orthonormal if D ≥ M, and whose rows are if not, in the default dtype.

        Wᵀ W = I (M × M)  if D ≥ M        W Wᵀ = I (D × D)  otherwise

    A product of such matrices neither stretches nor shrinks, however many there are. A QR decomposition of normal
    numbers gives orthonormal columns; for D < M take the transpose of those for M, D. All of the randomness comes from
    `generator`.

    >>> W = orthogonal(4, 2, torch.Generator().manual_seed(0))
    >>> bool((W.T @ W - torch.eye(2)).abs().max() < 1e-6)
    True

    Source: Saxe, McClelland, Ganguli: Exact solutions to the nonlinear dynamics of learning (2014), arXiv 1312.6120.
    """
    if D < M:
        return orthogonal(M, D, generator).T
    Q, R = torch.linalg.qr(torch.randn(D, M, generator=generator))  # D M, M M
    return (
        Q * R.diagonal().sign()
    )  # QR fixes the signs by its own convention; this makes every direction equally likely


def activation_stds(
    weights: list[torch.Tensor], x: Float[torch.Tensor, "N D"], activation: str
) -> Float[torch.Tensor, " L"]:
    """How widely the activations of each layer spread: their standard deviation, first layer first.

        h_0 = x        h_l = f(h_{l−1} W_l)        stds_l = √(mean over all entries of (h_l − mean of h_l)²)

    f is "tanh", "relu" or "sigmoid" and follows every layer, the last one too; there are no biases. The spread is taken
    over all N × M entries of a layer at once, and divided by their number: torch's own default divides by one less.

    >>> activation_stds([torch.tensor([[2.0, -2.0]]), torch.tensor([[1.0], [0.0]])], torch.tensor([[1.0], [2.0]]), "relu")
    tensor([1.6583, 1.0000])

    Source: Glorot, Bengio (2010), section 3, which plots these numbers against the depth.
    """
    f = _function(activation)
    h = x
    stds = []
    for W in weights:
        z = h @ W  # N M
        h = f(z)
        stds.append(h.std(correction=0))
    return torch.stack(stds)


def _function(activation: str):
    functions = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}
    if activation not in functions:
        raise ValueError(f"activation is {activation!r}; it must be one of {', '.join(functions)}")
    return functions[activation]
