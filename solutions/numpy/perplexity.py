"""perplexity: how surprised a model is, in nats, in bits, and as a number of equally likely choices."""

import math

import numpy as np
from jaxtyping import Float


def entropy(p: Float[np.ndarray, "... C"]) -> Float[np.ndarray, "..."]:
    """The average surprise at a draw from each distribution along the last axis, in nats.

        H(p) = −Σ_c p_c log p_c,   where 0 · log 0 counts as 0

    It must survive probabilities of exactly 0, and stay exact: no small number is added to `p`.

    >>> entropy(np.array([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]])).round(3)
    array([0.693, 1.04 ])

    Source: Shannon: A Mathematical Theory of Communication (1948), section 6.
    """
    logs = np.log(np.where(p > 0, p, 1))  # where p is 0, log 1 = 0 stands in for log 0
    return -(p * logs).sum(axis=-1)


def kl_divergence(p: Float[np.ndarray, "... C"], q: Float[np.ndarray, "... C"]) -> Float[np.ndarray, "..."]:
    """The extra surprise of whoever expects `q` while draws come from `p`, along the last axis, in nats.

        KL(p‖q) = Σ_c p_c log(p_c / q_c) = Σ_c p_c (log p_c − log q_c)

    A class with p_c = 0 counts as 0, whatever q_c is. A class with p_c > 0 = q_c makes the divergence +inf: what was
    ruled out has happened. Neither may raise an exception or give nan.

    >>> kl_divergence(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.25, 0.75], [0.5, 0.5]])).round(3)
    array([0.144, 0.693])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 3.13.
    """
    log_p = np.log(np.where(p > 0, p, 1))
    with np.errstate(divide="ignore"):  # log 0 = -inf is wanted: it is what makes the divergence infinite
        log_q = np.log(np.where(p > 0, q, 1))  # where p is 0, q does not matter
    return (p * (log_p - log_q)).sum(axis=-1)


def perplexity(mean_nll: float | Float[np.ndarray, "..."]) -> float | Float[np.ndarray, "..."]:
    """The number of equally likely choices that would surprise as much as the model was surprised.

        perplexity = e^mean_nll

    `mean_nll` is the mean negative log-likelihood of a token in nats, as a cross-entropy loss gives it: a number, or an
    array of them. float32 stays float32, and a loss of 1e4 gives +inf.

    >>> float(perplexity(2 * math.log(3.0)).round(6))
    9.0

    Source: Jurafsky, Martin: Speech and Language Processing, 3rd edition draft (2025), chapter 3, on perplexity.
    """
    with np.errstate(over="ignore"):  # the perplexity of a hopeless model is inf, and that is no accident
        return np.exp(mean_nll)


def bits_per_char(mean_nll: float | Float[np.ndarray, "..."]) -> float | Float[np.ndarray, "..."]:
    """The same loss in bits: how many yes-or-no questions a character costs.

        bits = mean_nll / log 2

    `mean_nll` is the mean negative log-likelihood of a character in nats: a number, or an array of them. float32 stays
    float32.

    >>> bits_per_char(3 * math.log(2.0))
    3.0

    Source: Graves: Generating Sequences With Recurrent Neural Networks (2013), arXiv 1308.0850, section 3.
    """
    return mean_nll / math.log(2)  # log_2 of a number is its natural logarithm over that of 2
