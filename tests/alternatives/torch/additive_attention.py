"""Right answers to additive_attention in another style, in torch."""

import torch


def additive_attention__large_negative_number(query, keys, values, Wq, Wk, v, mask=None):
    scores = torch.einsum("nsa,a->ns", torch.tanh((query @ Wq).unsqueeze(1) + keys @ Wk), v)
    if mask is None:
        weights = scores.softmax(dim=1)
    else:
        weights = scores.masked_fill(mask.logical_not(), -1e9).softmax(dim=1) * mask
    return torch.bmm(weights.unsqueeze(1), values).squeeze(1), weights


def additive_attention__by_hand(query, keys, values, Wq, Wk, v, mask=None):
    scores = (torch.tanh((query @ Wq)[:, None] + keys @ Wk) * v).sum(-1)
    scores = scores if mask is None else torch.where(mask, scores, torch.full_like(scores, -1e9))
    exps = torch.exp(scores - scores.detach().amax(1, keepdim=True))
    weights = exps / exps.sum(1, keepdim=True)
    weights = weights if mask is None else weights * mask
    return (weights[..., None] * values).sum(1), weights
