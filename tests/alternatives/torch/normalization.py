"""Right answers to normalization in another style, in torch."""

import torch


def batch_norm__var_mean(x, gamma, beta, eps):
    var, mean = torch.var_mean(x, dim=0, correction=0)
    return (x - mean) * torch.rsqrt(var + eps) * gamma + beta


def batch_norm__sums(x, gamma, beta, eps):
    N = len(x)
    centred = x - x.sum(0) / N
    return gamma * centred / ((centred**2).sum(0) / N + eps) ** 0.5 + beta


def layer_norm__unbiased_false(x, gamma, beta, eps):
    centred = x - x.mean(-1, keepdim=True)
    std = torch.sqrt(x.var(-1, unbiased=False, keepdim=True) + eps)
    return torch.addcmul(beta, centred / std, gamma)


def layer_norm__row_by_row(x, gamma, beta, eps):
    rows = [(row - row.mean()) / (row.var(correction=0) + eps).sqrt() for row in x.reshape(-1, x.shape[-1])]
    return torch.stack(rows).reshape(x.shape) * gamma + beta


def running_stats__lerp(mean, var, x, momentum):
    return torch.lerp(mean, x.mean(0), momentum), torch.lerp(var, x.var(0), momentum)
