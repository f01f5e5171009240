"""Right answers to gradient_flow in another style, in torch."""

import torch


def layer_gradient_norms__backward_on_clones(weights, x, dout, activation):
    own = [W.clone().requires_grad_(True) for W in weights]
    h = x
    for W in own:
        h = getattr(torch, activation)(h @ W)
    (h * dout).sum().backward()
    return torch.stack([torch.linalg.norm(W.grad) for W in own])


def layer_gradient_norms__by_hand(weights, x, dout, activation):
    kept = []
    for W in weights:
        z = x @ W
        kept.append((x, z))
        x = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}[activation](z)
    norms = torch.empty(len(weights), dtype=dout.dtype)
    for l in range(len(weights) - 1, -1, -1):
        h, z = kept[l]
        s = torch.sigmoid(z)
        slope = {"tanh": 1 - torch.tanh(z) ** 2, "relu": (z > 0).to(z.dtype), "sigmoid": s * (1 - s)}[activation]
        dout = dout * slope
        norms[l] = (h.T @ dout).norm()
        dout = dout @ weights[l].T
    return norms


def clip_by_value__minimum_and_maximum(grads, limit):
    bound = {name: torch.full_like(g, limit) for name, g in grads.items()}
    return {name: torch.maximum(torch.minimum(g, bound[name]), -bound[name]) for name, g in grads.items()}


def clip_by_value__clone_then_in_place(grads, limit):
    return {name: g.clone().clamp_(min=-limit, max=limit) for name, g in grads.items()}


def clip_by_global_norm__like_pytorch(grads, max_norm):
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in grads.values()]))
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    return {name: g * factor for name, g in grads.items()}, norm


def clip_by_global_norm__one_long_vector(grads, max_norm):
    long = torch.cat([g.flatten() for g in grads.values()])
    norm = long.norm().item()
    return {name: g / max(1.0, norm / max_norm) for name, g in grads.items()}, norm
