"""Right answers to gradcheck in another style."""

import numpy as np


def numerical_gradient__in_place(f, x, eps):
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        saved = x[index]
        x[index] = saved + eps
        above = f(x)
        x[index] = saved - eps
        below = f(x)
        x[index] = saved
        gradient[index] = (above - below) / 2 / eps
    return gradient


def numerical_gradient__rows_of_the_identity(f, x, eps):
    steps = eps * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + step) - f(x - step)) / (2 * eps) for step in steps]).reshape(x.shape)


def numerical_gradient__flat_copies(f, x, eps):
    def at(i, distance):
        moved = x.flatten()
        moved[i] += distance
        return float(f(moved.reshape(x.shape)))

    return np.reshape([(at(i, eps) - at(i, -eps)) / (2 * eps) for i in range(x.size)], x.shape)


def relative_error__loops(a, b):
    worst = 0.0
    for one, other in zip(a.ravel(), b.ravel(), strict=True):
        if one != other:
            worst = max(worst, abs(one - other) / max(abs(one), abs(other)))
    return worst


def relative_error__masked(a, b):
    differ = a != b
    if not differ.any():
        return 0
    a, b = a[differ], b[differ]
    return np.max(np.abs(a - b) / np.maximum(abs(a), abs(b)))


def relative_error__nan_to_zero(a, b):
    return np.nan_to_num(abs(a - b) / np.fmax(abs(a), abs(b))).max()


def gradient_check__loops(f, grad, x, eps):
    claimed, here, worst = grad(x), f(x), 0.0
    for index in np.ndindex(*x.shape):
        up, down = np.copy(x), np.copy(x)
        up[index] += eps
        down[index] -= eps
        ahead, behind = (f(up) - here) / eps, (here - f(down)) / eps
        numeric = (f(up) - f(down)) / (2 * eps)
        scale = max(abs(numeric), abs(claimed[index]), 1e-6)
        if abs(ahead - behind) <= 1e-2 * scale:
            worst = max(worst, abs(numeric - claimed[index]) / scale)
    return worst


def gradient_check__mean_of_the_two_slopes(f, grad, x, eps):
    steps = eps * np.eye(x.size).reshape((-1, *x.shape))
    ahead = np.array([f(x + step) - f(x) for step in steps]).reshape(x.shape) / eps
    behind = np.array([f(x) - f(x - step) for step in steps]).reshape(x.shape) / eps
    a, b = (ahead + behind) / 2, grad(x)
    scale = np.maximum.reduce([abs(a), abs(b), np.full(x.shape, 1e-6)])
    smooth = abs(ahead - behind) <= 0.01 * scale
    return np.max((abs(a - b) / scale)[smooth], initial=0)
