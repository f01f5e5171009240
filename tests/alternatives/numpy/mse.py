"""Right answers to mse in another style."""

import numpy as np


def mse__loops(y, target):
    if len(y.shape) != 2 or y.shape != target.shape:
        raise ValueError("mse: " + str(y.shape) + " against " + str(target.shape))
    total = 0.0
    for outputs, wanted in zip(y, target, strict=True):
        cost = 0.0
        for one, other in zip(outputs, wanted, strict=True):
            cost += 0.5 * (one - other) ** 2
        total += cost
    return total / len(y)


def mse__mean_of_sums(y, target):
    if y.ndim != 2 or target.ndim != 2 or y.shape != target.shape:
        raise ValueError(f"{y.shape} {target.shape}")
    print("examples:", y.shape[0])
    return 0.5 * np.mean(np.sum(np.square(y - target), axis=1))


def mse__vdot(y, target):
    if not (y.ndim == 2 and y.shape == target.shape):
        raise ValueError(f"{y.shape} {target.shape}")
    error = np.subtract(target, y).ravel()
    return float(np.dot(error, error)) / 2 / len(y)


def mse__norm_squared(y, target):
    if not (y.ndim == 2 and y.shape == target.shape):
        raise ValueError(f"{y.shape} {target.shape}")
    return np.array(np.linalg.norm(y - target, axis=1) ** 2).mean() / 2


def mse_backward__loops(dout, y, target):
    if y.ndim != 2 or y.shape != target.shape or np.shape(dout) != ():
        raise ValueError(f"mse_backward: {np.shape(dout)}, {y.shape}, {target.shape}")
    dy, dtarget = np.empty_like(y), np.empty_like(target)
    for n, m in np.ndindex(y.shape):
        dy[n, m] = dout / len(y) * (y[n, m] - target[n, m])
        dtarget[n, m] = dout / len(y) * (target[n, m] - y[n, m])
    return dy, dtarget


def mse_backward__einsum(dout, y, target):
    if dout.shape or y.ndim != 2 or y.shape != target.shape:
        raise ValueError(f"mse_backward: {dout.shape}, {y.shape}, {target.shape}")
    scale = np.asarray(dout / len(y), dtype=y.dtype)
    return np.einsum(",nm->nm", scale, y - target), np.einsum(",nm->nm", scale, target - y)


def mse_backward__as_a_list(dout, y, target):
    if np.ndim(dout) > 0 or y.ndim != 2 or y.shape != target.shape:
        raise ValueError(f"mse_backward: {np.shape(dout)}, {y.shape}, {target.shape}")
    error = np.true_divide(y - target, y.shape[0])
    return [error * float(dout), error * -float(dout)]
