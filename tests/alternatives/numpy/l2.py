"""Right answers to l2 in another style."""

import numpy as np


def l2_penalty__running_total(params, lam):
    total = 0.0
    for W in params.values():
        if W.ndim != 1:
            total += np.sum(W * W)
    return 0.5 * lam * total


def l2_penalty__norms(params, lam):
    weights = [value for value in params.values() if len(value.shape) >= 2]
    return lam * sum(np.linalg.norm(W) ** 2 for W in weights) / 2


def l2_penalty__one_long_vector(params, lam):
    flat = np.concatenate([value.ravel() for value in params.values() if value.ndim != 1])
    return float(lam / 2 * np.dot(flat, flat))


def l2_penalty__dot_products(params, lam):
    return lam / 2 * sum(np.vdot(W, W) for W in params.values() if W.ndim != 1)


def l2_grads__comparison_as_a_factor(params, lam):
    return {name: lam * W * (W.ndim > 1) for name, W in params.items()}


def l2_grads__zeros_then_weights(params, lam):
    grads = {key: np.zeros(value.shape, value.dtype) for key, value in params.items()}
    for key, value in params.items():
        if np.ndim(value) > 1:
            grads[key] += lam * value
    return grads


def l2_grads__a_factor_for_each_array(params, lam):
    price = {key: 0.0 for key, value in params.items() if value.ndim == 1}
    return {key: np.multiply(value, price.get(key, lam)) for key, value in params.items()}


def weight_decay_step__shrink_then_step(params, grads, lr, lam):
    new = {}
    for name, W in params.items():
        shrink = 1 - lr * lam if W.ndim > 1 else 1.0
        new[name] = shrink * W - lr * grads[name]
    return new


def weight_decay_step__penalty_in_the_gradient(params, grads, lr, lam):
    penalty = l2_grads__comparison_as_a_factor(params, lam)
    return {name: params[name] - lr * (grads[name] + penalty[name]) for name in params}


def weight_decay_step__copy_then_subtract(params, grads, lr, lam):
    new = {name: value.copy() for name, value in params.items()}
    for name in new:
        new[name] -= lr * grads[name]
        if new[name].ndim > 1:
            new[name] -= lr * lam * params[name]
    return new
