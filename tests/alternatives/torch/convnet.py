"""Right answers to convnet in another style, in torch."""

import torch

from solutions.torch.conv2d import conv2d
from solutions.torch.pooling import max_pool2d


def init__fill_in_place(generator, side=28):
    shapes = {"w1": (8, 1, 5, 5), "b1": (8,), "w2": (16, 8, 5, 5), "b2": (16,)}
    shapes |= {"W3": (16 * (side // 4) * (side // 4), 10), "b3": (10,)}
    params = {}
    for name, shape in shapes.items():
        params[name] = torch.zeros(shape)
        if name[0] != "b":
            fan = shape[0] if len(shape) == 2 else params[name][0].numel()
            params[name].normal_(0, (2 / fan) ** 0.5, generator=generator)
    return params


def _scores(params, x):
    for l in (1, 2):  # the maximum of four may come before relu: relu keeps their order
        w = params[f"w{l}"]
        x = max_pool2d(conv2d(x, w, params[f"b{l}"], 1, (w.shape[-1] - 1) // 2), 2, 2).clamp(min=0)
    return torch.addmm(params["b3"], x.flatten(start_dim=1), params["W3"])


def _unfolded(params, x):
    for l in (1, 2):
        w, side = params[f"w{l}"], x.shape[-1]
        seen = torch.nn.functional.unfold(x, w.shape[-1], padding=w.shape[-1] // 2)  # N CKK SS
        z = (w.flatten(1) @ seen + params[f"b{l}"][:, None]).reshape(len(x), -1, side, side)
        half = side // 2
        z = torch.relu(z[:, :, : 2 * half, : 2 * half]).reshape(len(x), -1, half, 2, half, 2)
        x = z.transpose(3, 4).flatten(4).max(dim=4).values
    return x.reshape(len(x), -1) @ params["W3"] + params["b3"]


def loss_and_grads__backward_on_clones(params, x, labels):
    own = {name: param.clone().detach().requires_grad_(True) for name, param in params.items()}
    logits = _scores(own, x)
    loss = (torch.logsumexp(logits, 1) - logits[torch.arange(len(labels)), labels]).mean()
    loss.backward()
    return loss, {name: param.grad for name, param in own.items()}


def loss_and_grads__unfold(params, x, labels):
    own = {name: param.detach().requires_grad_() for name, param in params.items()}
    loss = torch.nn.functional.cross_entropy(_unfolded(own, x), labels)
    return loss.item(), dict(zip(own, torch.autograd.grad(loss, tuple(own.values())), strict=True))


def predict__unfold(params, x):
    return torch.softmax(_unfolded(params, x), dim=1).max(dim=1)[1]


def predict__topk(params, x):
    return _scores(params, x).topk(1, dim=-1).indices[:, 0]
