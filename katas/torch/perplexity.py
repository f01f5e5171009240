"""perplexity: how surprised a model is, in nats, in bits, and as a number of equally likely choices."""

import math
import torch
from jaxtyping import Float


def entropy(p: Float[torch.Tensor, "... C"]) -> Float[torch.Tensor, "..."]:
    """The average surprise at a draw from each distribution along the last axis, in nats.

        H(p) = −Σ_c p_c log p_c,   where 0 · log 0 counts as 0

    It must survive probabilities of exactly 0, and stay exact: no small number is added to `p`. `torch.xlogy` is a tool.

    >>> entropy(torch.tensor([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]))
    tensor([0.6931, 1.0397])

    Source: Shannon: A Mathematical Theory of Communication (1948), section 6.
    """
    raise NotImplementedError("entropy")


def kl_divergence(p: Float[torch.Tensor, "... C"], q: Float[torch.Tensor, "... C"]) -> Float[torch.Tensor, "..."]:
    """The extra surprise of whoever expects `q` while draws come from `p`, along the last axis, in nats.

        KL(p‖q) = Σ_c p_c log(p_c / q_c) = Σ_c (p_c log p_c − p_c log q_c)

    A class with p_c = 0 counts as 0, whatever q_c is. A class with p_c > 0 = q_c makes the divergence +inf: what was
    ruled out has happened. Neither may raise an exception or give nan.

    >>> kl_divergence(torch.tensor([[0.5, 0.5], [1.0, 0.0]]), torch.tensor([[0.25, 0.75], [0.5, 0.5]]))
    tensor([0.1438, 0.6931])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 3.13.
    """
    raise NotImplementedError("kl_divergence")


def perplexity(mean_nll: float | Float[torch.Tensor, "..."]) -> float | Float[torch.Tensor, "..."]:
    """The number of equally likely choices that would surprise as much as the model was surprised.

        perplexity = e^mean_nll

    `mean_nll` is the mean negative log-likelihood of a token in nats, as a cross-entropy loss gives it: a Python number
    or a tensor. float32 stays float32, and a loss of 1e4 gives +inf.

    >>> perplexity(torch.tensor([0.0, 2 * math.log(3.0)])).round()
    tensor([1., 9.])

    Source: Jurafsky, Martin: Speech and Language Processing, 3rd edition draft (2025), chapter 3, on perplexity.
    """
    raise NotImplementedError("perplexity")


def bits_per_char(mean_nll: float | Float[torch.Tensor, "..."]) -> float | Float[torch.Tensor, "..."]:
    """The same loss in bits: how many yes-or-no questions a character costs.

        bits = mean_nll / log 2

    `mean_nll` is the mean negative log-likelihood of a character in nats: a Python number or a tensor. float32 stays
    float32.

    >>> bits_per_char(torch.tensor([0.0, 3 * math.log(2.0)]))
    tensor([0., 3.])

    Source: Graves: Generating Sequences With Recurrent Neural Networks (2013), arXiv 1308.0850, section 3.
    """
    raise NotImplementedError("bits_per_char")
