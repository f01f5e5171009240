"""Right answers to activations in another style, in torch."""

import math

import torch


def sigmoid__clamped_textbook(x):
    return 1 / (1 + torch.exp(-x.clamp(-40, 40)))


def sigmoid__through_logsumexp(x):
    return torch.exp(x - torch.logsumexp(torch.stack([torch.zeros_like(x), x]), dim=0))


def sigmoid__two_safe_branches(x):
    grown = torch.exp(torch.where(x < 0, x, 0))
    shrunk = torch.exp(torch.where(x < 0, 0, -x))
    return torch.where(x < 0, grown / (1 + grown), 1 / (1 + shrunk))


def tanh__stretched(x):
    return 2 * torch.exp(-torch.logaddexp(torch.zeros_like(x), -2 * x)) - 1


def tanh__clipped_quotient(x):
    x = torch.clip(x, -30, 30)
    return (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))


def relu__masked(x):
    return x * (x > 0)


def relu__filled(x):
    return x.masked_fill(x <= 0, 0)


def leaky_relu__mask_arithmetic(x, slope):
    positive = (x > 0).to(x.dtype)
    return x * (positive + slope * (1 - positive))


def leaky_relu__written_into_a_copy(x, slope):
    out = slope * x
    out[x > 0] = x[x > 0]
    return out


def gelu__complement(x):
    return x * torch.special.erfc(-x * math.sqrt(0.5)) / 2


def gelu__two_terms(x):
    return 0.5 * x + 0.5 * x * torch.erf(x / 2**0.5)
