"""Right answers to optimizers in another style."""

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np


def momentum_step__one_parameter_after_the_other(params, grads, state, lr, momentum=0.9):
    new_params, new_state = {}, {}
    for name in params:
        v = state.get(name, np.zeros_like(params[name]))
        v = momentum * v + grads[name]
        new_params[name] = params[name] - lr * v
        new_state[name] = v
    return new_params, new_state


def momentum_step__first_step_apart(params, grads, state, lr, momentum=0.9):
    if not state:
        velocity = grads
    else:
        velocity = {name: np.add(grads[name], momentum * state["velocity"][name]) for name in grads}
    return {name: np.subtract(p, lr * velocity[name]) for name, p in params.items()}, {"velocity": velocity}


def momentum_step__downhill_velocity(params, grads, state, lr, momentum=0.9):
    v = {}
    for name, g in grads.items():
        v[name] = momentum * state[name] - g if name in state else -g
    return {name: params[name] + lr * v[name] for name in params}, v


@dataclass
class Memory:
    velocity: np.ndarray


def nesterov_step__one_parameter_after_the_other(params, grads, state, lr, momentum=0.9):
    new_params, new_state = {}, {}
    for name in params:
        g = grads[name]
        v = state.get(name, np.zeros_like(params[name]))
        v = momentum * v + g
        ahead = g + momentum * v
        new_params[name] = params[name] - lr * ahead
        new_state[name] = v
    return new_params, new_state


def nesterov_step__objects_in_the_state(params, grads, state, lr, momentum=0.9):
    print("nesterov step of", len(params), "parameters")
    old = state["memory"] if state else {name: Memory(np.zeros_like(value)) for name, value in params.items()}
    memory = {name: Memory(momentum * old[name].velocity + grads[name]) for name in params}
    moved = {name: p - lr * grads[name] - lr * momentum * memory[name].velocity for name, p in params.items()}
    return moved, {"memory": memory}


def rmsprop_step__one_parameter_after_the_other(params, grads, state, lr, alpha=0.99, eps=1e-8):
    new_params, new_state = {}, {}
    for name in params:
        g = grads[name]
        s = state.get(name, np.zeros_like(params[name]))
        s = alpha * s + (1 - alpha) * g * g
        new_params[name] = params[name] - lr * g / (np.sqrt(s) + eps)
        new_state[name] = s
    return new_params, new_state


def rmsprop_step__a_list_of_means(params, grads, state, lr, alpha=0.99, eps=1e-8):
    names = list(params)
    old = state.get("means", [0 * params[name] for name in names])
    means = [s + (1 - alpha) * (np.square(grads[name]) - s) for name, s in zip(names, old, strict=True)]
    steps = [grads[name] * lr / np.add(s**0.5, eps) for name, s in zip(names, means, strict=True)]
    return {name: params[name] - step for name, step in zip(names, steps, strict=True)}, {"means": means}


def adam_step__one_parameter_after_the_other(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    new_params, new_state = {}, {"t": state.get("t", 0) + 1}
    t = new_state["t"]
    for name in params:
        g = grads[name]
        m, v = state.get(name, (np.zeros_like(g), np.zeros_like(g)))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        new_params[name] = params[name] - lr * m_hat / (np.sqrt(v_hat) + eps)
        new_state[name] = (m, v)
    return new_params, new_state


def adam_step__corrected_like_torch(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t = int(state.get("t", 0)) + 1
    m = {name: g + beta1 * (state["m"][name] - g) if state else (1 - beta1) * g for name, g in grads.items()}
    v = {name: g**2 + beta2 * (state["v"][name] - g**2) if state else (1 - beta2) * g**2 for name, g in grads.items()}
    size, root = lr / (1 - beta1**t), math.sqrt(1 - beta2**t)
    return {name: params[name] - size * m[name] / (v[name] ** 0.5 / root + eps) for name in params}, {
        "t": np.array(t),
        "m": m,
        "v": v,
    }


def adam_step__defaultdicts_and_powers(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = defaultdict(float, state.get("m", {})), defaultdict(float, state.get("v", {}))
    powers = [beta * power for beta, power in zip((beta1, beta2), state.get("powers", [1.0, 1.0]), strict=True)]
    moved = {}
    for name, g in grads.items():
        m[name] = beta1 * m[name] + g * (1 - beta1)
        v[name] = beta2 * v[name] + g * g * (1 - beta2)
        moved[name] = params[name] - m[name] / (1 - powers[0]) * lr / ((v[name] / (1 - powers[1])) ** 0.5 + eps)
    return moved, {"m": m, "v": v, "powers": powers}


def adamw_step__one_parameter_after_the_other(
    params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    new_params, new_state = {}, {"t": state.get("t", 0) + 1}
    t = new_state["t"]
    for name in params:
        g = grads[name]
        m, v = state.get(name, (np.zeros_like(g), np.zeros_like(g)))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        new_params[name] = params[name] - lr * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * params[name])
        new_state[name] = (m, v)
    return new_params, new_state


def adamw_step__decay_as_a_factor(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    t = state.get("t", 0) + 1
    new, kept = {}, {"t": t}
    for name, p in params.items():
        m, v = state.get(name, np.zeros((2, *p.shape), p.dtype))
        m, v = m + (1 - beta1) * (grads[name] - m), v + (1 - beta2) * (grads[name] ** 2 - v)
        new[name] = p * (1 - lr * weight_decay) - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        kept[name] = np.stack([m, v])
    return new, kept


def cosine_lr__half_angle(step, total, base, warmup):
    if warmup > step:
        return step / warmup * base
    return base * np.cos(np.pi / 2 * (step - warmup) / (total - warmup)) ** 2


def cosine_lr__progress(step, total, base, warmup):
    if step < warmup:
        return base * step / warmup
    progress = (step - warmup) / (total - warmup)
    return 0.5 * base * (1 + np.cos(np.pi * progress))
