"""Right answers to l2 in another style, in torch."""

import torch


def l2_penalty__running_total(params, lam):
    total = torch.tensor(0.0)
    for W in params.values():
        if W.dim() > 1:
            total = total + W.square().sum()
    return 0.5 * lam * total


def l2_penalty__norms(params, lam):
    return lam / 2 * sum(torch.linalg.vector_norm(W) ** 2 for W in params.values() if W.ndim >= 2)


def l2_penalty__one_long_vector(params, lam):
    flat = torch.cat([value.reshape(-1) for value in params.values() if value.ndim > 1])
    return lam / 2 * (flat @ flat)


def l2_grads__backward(params, lam):
    leaves = {key: value.clone().detach().requires_grad_(True) for key, value in params.items()}
    sum(lam / 2 * W.pow(2).sum() for W in leaves.values() if W.ndim > 1).backward()
    return {key: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for key, leaf in leaves.items()}


def l2_grads__allow_unused(params, lam):
    leaves = [value.detach().requires_grad_() for value in params.values()]
    penalty = l2_penalty__running_total(dict(zip(params, leaves, strict=True)), lam)
    found = torch.autograd.grad(penalty, leaves, allow_unused=True, materialize_grads=True)
    return dict(zip(params, found, strict=True))


def weight_decay_step__no_grad_in_place(params, grads, lr, lam):
    with torch.no_grad():
        new = {key: value.clone() for key, value in params.items()}
        for key in new:
            if new[key].ndim > 1:
                new[key].mul_(1 - lr * lam)
            new[key].sub_(grads[key], alpha=lr)
    return new


def weight_decay_step__penalty_in_the_gradient(params, grads, lr, lam):
    new = {}
    for key, value in params.items():
        slope = grads[key] + lam * value if value.ndim > 1 else grads[key]
        new[key] = value - lr * slope
    return new
