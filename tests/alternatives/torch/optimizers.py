"""Right answers to optimizers in another style, in torch."""

import math

import torch


def momentum_step__clone_then_in_place(params, grads, state, lr, momentum=0.9):
    velocity = {name: torch.zeros_like(p) if name not in state else state[name].clone() for name, p in params.items()}
    moved = {name: p.clone() for name, p in params.items()}
    for name in params:
        velocity[name].mul_(momentum).add_(grads[name])
        moved[name].sub_(velocity[name], alpha=lr)
    return moved, velocity


def nesterov_step__under_no_grad(params, grads, state, lr, momentum=0.9):
    with torch.no_grad():
        v = {name: torch.add(g, state.get(name, torch.zeros_like(g)), alpha=momentum) for name, g in grads.items()}
        return {name: p - lr * torch.add(grads[name], v[name], alpha=momentum) for name, p in params.items()}, v


def rmsprop_step__lerp(params, grads, state, lr, alpha=0.99, eps=1e-8):
    mean = {name: torch.lerp(state.get(name, torch.zeros_like(g)), g * g, 1 - alpha) for name, g in grads.items()}
    return {
        name: torch.addcdiv(p, grads[name], mean[name].sqrt().add(eps), value=-lr) for name, p in params.items()
    }, mean


def adam_step__a_tensor_counts(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state.get("step", torch.tensor(0)) + 1
    moved, kept = {}, {"step": t}
    for name, p in params.items():
        m, v = state.get(name, (torch.zeros_like(p), torch.zeros_like(p)))
        m = m.lerp(grads[name], 1 - beta1)
        v = v.mul(beta2).addcmul(grads[name], grads[name], value=1 - beta2)
        denominator = v.sqrt() / math.sqrt(1 - beta2 ** t.item()) + eps
        moved[name] = p - lr / (1 - beta1 ** t.item()) * m / denominator
        kept[name] = (m, v)
    return moved, kept


def adamw_step__pairs_in_lists(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    steps = state.get("steps", []) + [1]
    names = list(params)
    ms = state.get("ms", [torch.zeros_like(params[name]) for name in names])
    vs = state.get("vs", [torch.zeros_like(params[name]) for name in names])
    ms = [beta1 * m + (1 - beta1) * grads[name] for name, m in zip(names, ms, strict=True)]
    vs = [beta2 * v + (1 - beta2) * grads[name].square() for name, v in zip(names, vs, strict=True)]
    moved = {}
    for name, m, v in zip(names, ms, vs, strict=True):
        adam = m / (1 - beta1 ** len(steps)) / ((v / (1 - beta2 ** len(steps))).sqrt() + eps)
        moved[name] = params[name] - lr * weight_decay * params[name] - lr * adam
    return moved, {"steps": steps, "ms": ms, "vs": vs}


def cosine_lr__a_tensor(step, total, base, warmup):
    if step < warmup:
        return torch.tensor(base * step / warmup, dtype=torch.float64)
    share = torch.tensor((step - warmup) / (total - warmup), dtype=torch.float64)
    return base / 2 * (1 + torch.cos(math.pi * share))
