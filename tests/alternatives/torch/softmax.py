"""Right answers to softmax in another style, in torch."""

import torch


def softmax__detached_shift(x):
    exps = torch.exp(x - x.detach().max(dim=-1, keepdim=True).values)
    return exps / exps.sum(-1, keepdim=True)


def softmax__exp_of_log(x):
    return torch.exp(x - torch.logsumexp(x, -1, keepdim=True))


def log_softmax__by_hand(x):
    top = x.max(-1, keepdim=True).values
    return x - top - (x - top).exp().sum(-1, keepdim=True).log()
