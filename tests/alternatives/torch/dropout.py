"""Right answers to dropout in another style, in torch."""

import torch


def dropout__bernoulli(x, p, generator, train=True):
    if not train:
        return x, torch.ones_like(x)
    mask = torch.bernoulli(torch.full_like(x, 1 - p), generator=generator).div(1 - p)
    return mask * x, mask


def dropout__fill_in_place(x, p, generator, train=True):
    mask = torch.ones_like(x)
    if train:
        mask.bernoulli_(1 - p, generator=generator).mul_(1 / (1 - p))
    return torch.mul(x, mask), mask


def dropout__where(x, p, generator, train=True):
    u = torch.empty_like(x).uniform_(generator=generator)
    gone = (u < p) if train else torch.zeros_like(x, dtype=torch.bool)
    scale = 1 / (1 - p) if train else 1.0
    out = torch.where(gone, torch.zeros_like(x), x * scale)
    return out, torch.full_like(x, scale).masked_fill(gone, 0)
