"""Right answers to backprop in another style, in torch."""

import torch


def forward__clamped(params, x):
    last = len(params) // 2
    for l in range(1, last):
        x = (x @ params[f"W{l}"] + params[f"b{l}"]).clamp(min=0)
    return torch.addmm(params[f"b{last}"], x, params[f"W{last}"])


def forward__linear(params, x):
    for l in range(len(params) // 2):
        x = torch.nn.functional.linear(torch.relu(x) if l else x, params[f"W{l + 1}"].T, params[f"b{l + 1}"])
    return x


def loss_and_grads__backward_on_clones(params, x, labels):
    own = {key: value.clone().detach() for key, value in params.items()}
    for value in own.values():
        value.requires_grad = True
    logits = forward__clamped(own, x)
    loss = (torch.logsumexp(logits, 1) - logits[torch.arange(len(labels)), labels]).mean()
    loss.backward()
    return loss, {key: value.grad for key, value in own.items()}


def loss_and_grads__one_flat_vector(params, x, labels):
    flat = torch.cat([value.detach().flatten() for value in params.values()]).requires_grad_(True)
    parts = torch.split(flat, [value.numel() for value in params.values()])
    own = {key: part.reshape(params[key].shape) for key, part in zip(params, parts, strict=True)}
    loss = torch.nn.functional.nll_loss(torch.log_softmax(forward__linear(own, x), dim=1), labels)
    (gradient,) = torch.autograd.grad(loss, flat)
    pieces = torch.split(gradient, [value.numel() for value in params.values()])
    return loss, {key: piece.reshape(params[key].shape) for key, piece in zip(params, pieces, strict=True)}


def loss_and_grads__by_hand(params, x, labels):
    L = len(params) // 2
    hs = [x]
    for l in range(1, L + 1):
        z = hs[-1] @ params[f"W{l}"] + params[f"b{l}"]
        hs.append(torch.relu(z) if l < L else z)
    dz = torch.softmax(z, 1)
    loss = -torch.log_softmax(z, 1).gather(1, labels[:, None]).mean()
    dz[torch.arange(len(labels)), labels] -= 1
    dz = dz / len(labels)
    grads = {}
    for l in range(L, 0, -1):
        grads[f"W{l}"], grads[f"b{l}"] = hs[l - 1].T @ dz, dz.sum(0)
        dz = (dz @ params[f"W{l}"].T) * (hs[l - 1] > 0)
    return loss.item(), grads
