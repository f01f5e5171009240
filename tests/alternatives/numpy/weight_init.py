"""Right answers to weight_init in another style."""

import numpy as np

from solutions.numpy.activations import relu, sigmoid, tanh


def xavier_uniform__shifted_and_scaled(D, M, rng):
    return (2 * rng.random((D, M)) - 1) * np.sqrt(6 / (D + M))


def xavier_uniform__from_the_deviation(D, M, rng):
    std = (2 / (D + M)) ** 0.5
    return np.array([rng.uniform(-std * 3**0.5, std * 3**0.5, M) for _ in range(D)])


def xavier_normal__standard_normal(D, M, rng):
    return rng.standard_normal((D, M)) / np.sqrt((D + M) / 2)


def xavier_normal__one_by_one(D, M, rng):
    W = np.empty((D, M))
    for d in range(D):
        for m in range(M):
            W[d, m] = rng.normal(0.0, np.sqrt(2.0 / (D + M)))
    return W


def he_uniform__transposed_draw(D, M, rng):
    bound = 2**0.5 * np.sqrt(3 / D)
    return rng.uniform(-bound, bound, (M, D)).T


def he_normal__gain_over_root_of_fan(D, M, rng):
    gain, fan_in = np.sqrt(2.0), D
    return rng.normal(scale=gain / np.sqrt(fan_in), size=(D, M))


def orthogonal__svd(D, M, rng):
    U, _, Vt = np.linalg.svd(rng.standard_normal((D, M)), full_matrices=False)
    return U @ Vt


def orthogonal__plain_qr(D, M, rng):
    Q, _ = np.linalg.qr(rng.normal(size=(max(D, M), min(D, M))))
    return Q if D >= M else Q.T


def orthogonal__part_of_a_square(D, M, rng):
    side = max(D, M)
    return np.linalg.qr(rng.normal(size=(side, side)))[0][:D, :M]


def orthogonal__gram_schmidt(D, M, rng):
    vectors = []
    while len(vectors) < min(D, M):
        v = rng.normal(size=max(D, M))
        for _ in range(2):  # a second time takes away what rounding left
            for u in vectors:
                v = v - (u @ v) * u
        vectors.append(v / np.linalg.norm(v))
    rows = np.array(vectors)
    return rows.T if D >= M else rows


def activation_stds__by_the_formula(weights, x, activation):
    f = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}[activation]
    h, stds = x, np.zeros(len(weights), x.dtype)
    for l, W in enumerate(weights):
        h = f(h @ W)
        deviation = h - h.mean()
        stds[l] = np.sqrt((deviation**2).mean())
    return stds


def activation_stds__branches(weights, x, activation):
    stds = []
    for W in weights:
        x = np.dot(x, W)
        if activation == "tanh":
            x = np.tanh(x)
        elif activation == "relu":
            x = np.maximum(x, 0)
        else:
            x = sigmoid(x)
        stds.append(np.std(x))
    return np.asarray(stds)


def activation_stds__keep_all_then_measure(weights, x, activation):
    f = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}[activation]
    layers = [x]
    for W in weights:
        layers.append(f(np.einsum("nd,dm->nm", layers[-1], W)))
    return np.array([np.sqrt(np.var(h)) for h in layers[1:]]).astype(x.dtype)
