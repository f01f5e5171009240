"""Right answers to weight_init in another style, in torch."""

import torch


def xavier_uniform__fill_in_place(D, M, generator):
    a = (6 / (D + M)) ** 0.5
    return torch.empty(D, M).uniform_(-a, a, generator=generator)


def xavier_normal__fill_in_place(D, M, generator):
    return torch.empty(D, M).normal_(0, (2 / (D + M)) ** 0.5, generator=generator)


def he_uniform__transposed_draw(D, M, generator):
    bound = (2 * 3 / D) ** 0.5
    return ((torch.rand((M, D), generator=generator) - 0.5) * 2 * bound).T


def he_normal__normal_of_two_numbers(D, M, generator):
    return torch.normal(0.0, (2 / D) ** 0.5, size=(D, M), generator=generator)


def orthogonal__svd(D, M, generator):
    U, _, Vt = torch.linalg.svd(torch.randn(D, M, generator=generator), full_matrices=False)
    return U @ Vt


def orthogonal__in_double_precision(D, M, generator):
    draw = torch.randn(max(D, M), min(D, M), generator=generator, dtype=torch.float64)
    Q = torch.linalg.qr(draw).Q.float()
    return Q if D >= M else Q.mT.contiguous()


def activation_stds__unbiased_false(weights, x, activation):
    f = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}[activation]
    stds = torch.zeros(len(weights), dtype=x.dtype)
    for l, W in enumerate(weights):
        x = f(x @ W)
        stds[l] = x.std(unbiased=False)
    return stds


def activation_stds__by_the_formula(weights, x, activation):
    h, found = x, []
    for W in weights:
        h = getattr(torch, activation)(torch.mm(h, W))
        found.append((h - h.mean()).square().mean().sqrt().reshape(1))
    return torch.cat(found)
