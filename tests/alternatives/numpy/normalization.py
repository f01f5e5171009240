"""Right answers to normalization in another style."""

import math

import numpy as np


def batch_norm__sums(x, gamma, beta, eps):
    N = len(x)
    mu = np.sum(x, axis=0) / N
    centred = x - mu
    var = np.sum(centred**2, axis=0) / N
    return gamma * centred * (var + eps) ** -0.5 + beta


def batch_norm__column_by_column(x, gamma, beta, eps):
    out = np.empty_like(x)
    N = len(x)
    for d in range(x.shape[1]):
        mean = sum(x[n, d] for n in range(N)) / N
        var = sum((x[n, d] - mean) ** 2 for n in range(N)) / N
        for n in range(N):
            out[n, d] = gamma[d] * (x[n, d] - mean) / math.sqrt(var + eps) + beta[d]
    return out


def batch_norm__folded_into_one_affine_step(x, gamma, beta, eps):
    mean, var = np.mean(x, axis=0), np.var(x, axis=0)
    scale = gamma / np.sqrt(var + eps)
    return (x - mean) * scale + beta


def batch_norm_backward__step_by_step(dout, x, gamma, beta, eps):
    N = len(x)
    mu = x.mean(axis=0)
    centred = x - mu
    var = (centred**2).mean(axis=0)
    std = np.sqrt(var + eps)
    dx_hat = dout * gamma
    dvar = (dx_hat * centred).sum(axis=0) * -0.5 / std**3
    dmu = -dx_hat.sum(axis=0) / std
    dx = dx_hat / std + dvar * 2 * centred / N + dmu / N
    dgamma = (dout * centred / std).sum(axis=0)
    dbeta = dout.sum(axis=0)
    return dx, dgamma, dbeta


def batch_norm_backward__compact(dout, x, gamma, beta, eps):
    N = x.shape[0]
    inv_std = 1 / np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) * inv_std
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * x_hat, axis=0)
    dx = gamma * inv_std / N * (N * dout - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta


def batch_norm_backward__through_the_jacobian(dout, x, gamma, beta, eps):
    N, D = x.shape
    dx = np.zeros_like(x)
    x_hat = np.zeros_like(x)
    for d in range(D):
        std = math.sqrt(np.var(x[:, d]) + eps)
        x_hat[:, d] = (x[:, d] - np.mean(x[:, d])) / std
        jacobian = (np.eye(N) - 1 / N - np.outer(x_hat[:, d], x_hat[:, d]) / N) / std
        dx[:, d] = jacobian @ (dout[:, d] * gamma[d])
    return dx, np.einsum("nd,nd->d", dout, x_hat), np.einsum("nd->d", dout)


def layer_norm__einsum(x, gamma, beta, eps):
    D = x.shape[-1]
    centred = x - np.einsum("...d->...", x)[..., None] / D
    var = np.einsum("...d,...d->...", centred, centred)[..., None] / D
    return centred / np.sqrt(var + eps) * gamma + beta


def layer_norm__row_by_row(x, gamma, beta, eps):
    out = np.empty_like(x)
    for index in np.ndindex(x.shape[:-1]):
        row = x[index]
        out[index] = (row - row.mean()) / math.sqrt(row.var() + eps) * gamma + beta
    return out


def layer_norm__transposed(x, gamma, beta, eps):
    moved = np.moveaxis(x, -1, 0)
    centred = moved - moved.mean(axis=0)
    return gamma * np.moveaxis(centred / np.sqrt((centred * centred).mean(axis=0) + eps), 0, -1) + beta


def layer_norm_backward__step_by_step(dout, x, gamma, beta, eps):
    D = x.shape[-1]
    mu = x.mean(axis=-1, keepdims=True)
    centred = x - mu
    var = (centred**2).mean(axis=-1, keepdims=True)
    std = np.sqrt(var + eps)
    dx_hat = dout * gamma
    dvar = (dx_hat * centred).sum(axis=-1, keepdims=True) * -0.5 / std**3
    dmu = -dx_hat.sum(axis=-1, keepdims=True) / std
    dx = dx_hat / std + dvar * 2 * centred / D + dmu / D
    dgamma = (dout * centred / std).reshape(-1, D).sum(axis=0)
    dbeta = dout.reshape(-1, D).sum(axis=0)
    return dx, dgamma, dbeta


def layer_norm_backward__row_by_row(dout, x, gamma, beta, eps):
    D = x.shape[-1]
    dx, dgamma, dbeta = np.zeros_like(x), np.zeros_like(gamma), np.zeros_like(beta)
    for index in np.ndindex(x.shape[:-1]):
        row, up = x[index], dout[index]
        std = math.sqrt(row.var() + eps)
        x_hat = (row - row.mean()) / std
        dgamma += up * x_hat
        dbeta += up
        g = up * gamma
        dx[index] = (D * g - g.sum() - x_hat * np.dot(g, x_hat)) / (D * std)
    return dx, dgamma, dbeta


def running_stats__moved_by_the_difference(mean, var, x, momentum):
    mu = np.mean(x, axis=0)
    spread = np.sum((x - mu) ** 2, axis=0) / (len(x) - 1)
    return mean + momentum * (mu - mean), var + momentum * (spread - var)


def running_stats__bessel(mean, var, x, momentum):
    N = len(x)
    batch_var = x.var(axis=0) * N / (N - 1)
    new_mean = momentum * x.mean(axis=0) + (1 - momentum) * mean
    new_var = momentum * batch_var + (1 - momentum) * var
    return new_mean, new_var
