"""softmax: scores become probabilities; autograd differentiates what you write."""

import torch
from jaxtyping import Float


def softmax(x: Float[torch.Tensor, "... C"]) -> Float[torch.Tensor, "... C"]:
    """Turn scores into probabilities along the last axis.

        p_c = exp(x_c) / Σ_k exp(x_k)

    It must survive scores of ±1e4, and of -inf (probability 0) as long as one score in the row is finite. The built-in
    softmax is what you are writing here, so it is not allowed.

    >>> softmax(torch.tensor([[0.0, 0.0, -1e4]]))
    tensor([[0.5000, 0.5000, 0.0000]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), sections 4.1 and 6.2.2.3.
    """
    shifted = x - x.amax(dim=-1, keepdim=True)  # shifting by the row maximum changes nothing and avoids overflow
    exps = torch.exp(shifted)  # ... C
    return exps / exps.sum(dim=-1, keepdim=True)


def log_softmax(x: Float[torch.Tensor, "... C"]) -> Float[torch.Tensor, "... C"]:
    """The logarithm of `softmax(x)` along the last axis, computed without taking the logarithm of a probability.

        log p_c = x_c − log Σ_k exp(x_k)

    It must survive scores of ±1e4, where the probability itself rounds to 0 but its logarithm is an ordinary number,
    and of -inf (logarithm -inf).

    >>> log_softmax(torch.tensor([[0.0, -1e4]]))
    tensor([[     0., -10000.]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 4.1.
    """
    return x - torch.logsumexp(x, dim=-1, keepdim=True)
