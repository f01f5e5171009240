"""Wrong answers to perplexity."""

import math

import numpy as np

from solutions.mistakes import mistake


@mistake(
    "log-of-zero",
    says="log 0 is -inf, and 0 · -inf is nan: a class that never happens has to be kept away from the logarithm",
)
def entropy(p):
    return -(p * np.log(p)).sum(axis=-1)


@mistake(
    "eps-misplaced",
    says="1e-8 inside the logarithm shifts the entropy of every class; only a probability of exactly 0 needs care",
)
def entropy(p):
    return -(p * np.log(p + 1e-8)).sum(axis=-1)


@mistake("wrong-base", says="this is log2, so the result is in bits; nats are asked for")
def entropy(p):
    return -(p * np.log2(np.where(p > 0, p, 1))).sum(axis=-1)


@mistake("sign-flipped", says="the minus is missing: logarithms of probabilities are negative, and surprise is not")
def entropy(p):
    return (p * np.log(np.where(p > 0, p, 1))).sum(axis=-1)


@mistake(
    "lost-axis",
    says="the sum has no axis, so all distributions together give a single number; each row has an entropy of its own",
)
def entropy(p):
    return -(p * np.log(np.where(p > 0, p, 1))).sum()


@mistake(
    "wrong-axis",
    says="the sum runs over axis 0, across the distributions; it belongs along the last axis, over the classes",
)
def entropy(p):
    return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=0)


@mistake("extra-mean", says="the terms are averaged over the classes; p already weighs them, so they are summed")
def entropy(p):
    return -(p * np.log(np.where(p > 0, p, 1))).mean(axis=-1)


@mistake("missing-term", says="the logarithms are not weighed by p: a rare class counts here as much as a common one")
def entropy(p):
    return -np.log(np.where(p > 0, p, 1)).sum(axis=-1)


@mistake("wrong-order", says="p and q are swapped: this is KL(q‖p), and the divergence is not symmetric")
def kl_divergence(p, q):
    logs = np.log(np.where(q > 0, q, 1)) - np.log(np.where(q > 0, p, 1))
    return (q * logs).sum(axis=-1)


@mistake("missing-term", says="this is the cross-entropy −Σ p log q: the entropy of p itself is not taken off")
def kl_divergence(p, q):
    return -(p * np.log(np.where(p > 0, q, 1))).sum(axis=-1)


@mistake(
    "log-of-zero", says="where p is 0, the logarithm is -inf or nan, and times 0 it is nan; such a class counts as 0"
)
def kl_divergence(p, q):
    return (p * np.log(p / q)).sum(axis=-1)


@mistake(
    "eps-misplaced",
    says="with a small number added to q, nothing is impossible any more: where p > 0 = q the answer is +inf",
)
def kl_divergence(p, q):
    return (p * np.log((p + 1e-12) / (q + 1e-12))).sum(axis=-1)


@mistake("sign-flipped", says="the quotient is upside down: it is log(p/q), so this is the negative of the divergence")
def kl_divergence(p, q):
    logs = np.log(np.where(p > 0, q, 1)) - np.log(np.where(p > 0, p, 1))
    return (p * logs).sum(axis=-1)


@mistake(
    "range-not-checked", says="a class with q = 0 is passed over; if p says that it happens, the divergence is +inf"
)
def kl_divergence(p, q):
    both = (p > 0) & (q > 0)
    return (p * np.log(np.where(both, p, 1) / np.where(both, q, 1))).sum(axis=-1)


@mistake(
    "lost-axis",
    says="the sum has no axis, so all pairs together give a single number; each pair of rows has its own divergence",
)
def kl_divergence(p, q):
    return (p * (np.log(np.where(p > 0, p, 1)) - np.log(np.where(p > 0, q, 1)))).sum()


@mistake("wrong-base", says="this is 2 to the power of a loss in nats; to a loss in nats belongs the base e")
def perplexity(mean_nll):
    return 2.0**mean_nll


@mistake(
    "sign-flipped",
    says="this is the mean probability of a token, e^−loss; the perplexity is its inverse, never below 1",
)
def perplexity(mean_nll):
    return np.exp(-mean_nll)


@mistake("wrong-type", says="math.exp takes one number; the loss may also be an array, one for each text")
def perplexity(mean_nll):
    return math.exp(mean_nll)


@mistake("dtype-drift", says="the loss is turned into float64 first; float32 has to stay float32")
def perplexity(mean_nll):
    return np.exp(np.asarray(mean_nll, dtype=np.float64))


@mistake(
    "wrong-factor",
    says="this multiplies by log 2; a bit is the smaller unit, so the number of bits is larger than that of nats",
)
def bits_per_char(mean_nll):
    return mean_nll * math.log(2)


@mistake("missing-scale", says="this is the loss in nats, as it came in; one bit is log 2 nats")
def bits_per_char(mean_nll):
    return mean_nll


@mistake(
    "wrong-nonlinearity",
    says="this takes the logarithm of the loss; the loss is a logarithm already, and only its unit changes",
)
def bits_per_char(mean_nll):
    return np.log2(mean_nll)


@mistake(
    "dtype-drift",
    says="np.log(2.0) is a float64 of numpy's and pulls float32 up with it; math.log(2.0) is a plain number and does not",
)
def bits_per_char(mean_nll):
    return mean_nll / np.log(2.0)


@mistake("wrong-type", says="float() takes one number; the loss may also be an array, one for each text")
def bits_per_char(mean_nll):
    return float(mean_nll) / math.log(2)


@mistake("mutates-input", says="clamp_ with its underscore writes into the caller's tensor", track="torch")
def entropy(p):
    return -(p * p.clamp_(min=1e-30).log()).sum(-1)


@mistake("dtype-drift", says="float() turns the probabilities into float32; float64 has to stay float64", track="torch")
def kl_divergence(p, q):
    import torch

    p, q = p.float(), q.float()
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(-1)


@mistake(
    "lost-axis",
    says="item() takes one number out of a tensor, off its axes and off the graph; the loss may hold several, or be a float",
    track="torch",
)
def perplexity(mean_nll):
    return math.exp(mean_nll.item())
