"""Right answers to network in another style, in torch."""

import torch

from solutions.torch import backprop
from solutions.torch import network as right


def init__fill_in_place(sizes, generator):
    params = {}
    for l, (D, M) in enumerate(zip(sizes, sizes[1:], strict=False), start=1):
        params[f"W{l}"] = torch.empty(D, M).normal_(0, (2 / D) ** 0.5, generator=generator)
        params[f"b{l}"] = torch.zeros(M)
    return params


def init__uniform(sizes, generator):
    params = {}
    for l, (D, M) in enumerate(zip(sizes, sizes[1:], strict=False), start=1):
        params[f"W{l}"] = (2 * torch.rand(D, M, generator=generator) - 1) * (6 / D) ** 0.5
        params[f"b{l}"] = torch.zeros(M)
    return params


def train__leaves_and_backward(x, labels, sizes, epochs, batch_size, lr, generator, on_epoch=None):
    params = {name: value.to(x.dtype).requires_grad_() for name, value in right.init(sizes, generator).items()}
    try:
        for epoch in range(epochs):
            for batch in torch.randperm(len(x), generator=generator).split(batch_size):
                loss = torch.nn.functional.cross_entropy(backprop.forward(params, x[batch]), labels[batch])
                loss.backward()
                with torch.no_grad():
                    for value in params.values():
                        value -= lr * value.grad
                        value.grad = None
            if on_epoch is not None:
                on_epoch(epoch, params)
    except KeyboardInterrupt:
        print("stopped")
    return {name: value.detach() for name, value in params.items()}


def train__value_and_grad(x, labels, sizes, epochs, batch_size, lr, generator, on_epoch=None):
    def loss(params, inputs, targets):
        log_p = torch.log_softmax(backprop.forward(params, inputs), dim=1)
        return -log_p.gather(1, targets[:, None]).mean()

    params = {name: value.type_as(x) for name, value in right.init(sizes, generator).items()}
    for epoch in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            names, values = zip(*((name, value.requires_grad_()) for name, value in params.items()), strict=True)
            slopes = torch.autograd.grad(loss(params, x[batch], labels[batch]), values)
            params = {n: (v - lr * s).detach() for n, v, s in zip(names, values, slopes, strict=True)}
        try:
            if on_epoch is not None:
                on_epoch(epoch, params)
        except KeyboardInterrupt:
            return params
    return params


def predict__topk(params, x):
    return backprop.forward(params, x).topk(1, dim=-1).indices[:, 0]


def predict__through_softmax(params, x):
    return torch.softmax(backprop.forward(params, x), dim=1).max(dim=1)[1]
