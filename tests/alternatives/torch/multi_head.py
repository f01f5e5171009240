"""Right answers to multi_head in another style, in torch."""

import torch


def split_heads__blocks(x, G):
    return torch.stack(x.chunk(G, dim=2), dim=1)


def merge_heads__flattened(x):
    return x.permute(0, 2, 1, 3).flatten(2)


def multi_head_attention__head_by_head(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask=None):
    heads = []
    for wq, wk, wv in zip(Wq.chunk(G, 1), Wk.chunk(G, 1), Wv.chunk(G, 1), strict=True):
        scores = (x_q @ wq) @ (x_kv @ wk).mT / wq.shape[1] ** 0.5
        weights = torch.softmax(scores if mask is None else scores.masked_fill(~mask, -1e9), dim=-1)
        heads.append((weights if mask is None else weights * mask) @ (x_kv @ wv))
    return torch.cat(heads, dim=2) @ Wo
