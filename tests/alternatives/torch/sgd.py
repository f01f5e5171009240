"""Right answers to sgd in another style, in torch."""

import torch


def minibatches__slices(x, y, batch_size, generator):
    order = torch.randperm(x.shape[0], generator=generator)
    x, y = x[order], y[order]
    for start in range(0, x.shape[0], batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


def minibatches__index_select_and_zip(x, y, batch_size, generator):
    order = torch.argsort(torch.rand(len(x), generator=generator))
    shuffled = (torch.index_select(part, 0, order).split(batch_size) for part in (x, y))
    return zip(*shuffled, strict=True)


def sgd_step__sub_with_alpha(params, grads, lr):
    with torch.no_grad():
        return {name: torch.sub(params[name], grads[name], alpha=lr) for name in params}


def sgd_step__clone_then_subtract(params, grads, lr):
    new = {name: value.clone() for name, value in params.items()}
    for name in new:
        new[name].sub_(lr * grads[name])
    return new


def accuracy__float32_mean(logits, labels):
    return (logits.max(dim=-1).indices == labels).float().mean()


def accuracy__topk(logits, labels):
    best = logits.topk(1, dim=1).indices.squeeze(1)
    return int(torch.eq(best, labels).sum()) / labels.numel()
