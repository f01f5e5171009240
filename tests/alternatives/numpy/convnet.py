"""Right answers to convnet in another style."""

import numpy as np

from solutions.numpy.conv2d import conv2d, conv2d_backward
from solutions.numpy.pooling import max_pool2d, max_pool2d_backward


def init__uniform(rng, side=28):
    shapes = {"w1": (8, 1, 5, 5), "w2": (16, 8, 5, 5), "W3": (16 * (side // 2 // 2) ** 2, 10)}
    params = {}
    for l, (name, shape) in enumerate(shapes.items(), start=1):
        fan = shape[0] if name == "W3" else shape[1] * shape[2] * shape[3]
        limit = np.sqrt(6 / fan)
        params[name] = rng.uniform(-limit, limit, shape)
        params[f"b{l}"] = np.zeros(shape[-1] if name == "W3" else shape[0])
    return params


def init__scale_given_to_normal(rng, side=28):
    C, K, half = (1, 8, 16), 5, side // 2
    left = C[2] * (half // 2) * (half // 2)
    params = {f"b{l}": np.zeros(size) for l, size in ((1, C[1]), (2, C[2]), (3, 10))}
    for l in (1, 2):
        params[f"w{l}"] = rng.normal(0.0, (2 / (C[l - 1] * K**2)) ** 0.5, (C[l], C[l - 1], K, K))
    params["W3"] = rng.standard_normal((left, 10)) * np.sqrt(2.0 / left)
    return params


def loss_and_grads__loop_over_the_stages(params, x, labels):
    N, z, h, p, grads = len(x), {}, {}, {0: x}, {}
    for l in (1, 2):
        w = params[f"w{l}"]
        z[l] = conv2d(p[l - 1], w, params[f"b{l}"], 1, w.shape[2] // 2)
        h[l] = np.maximum(z[l], 0)
        p[l] = max_pool2d(h[l], 2, 2)
    row = p[2].reshape(N, -1)
    logits = row @ params["W3"] + params["b3"]
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exps / exps.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(exps.sum(axis=1)) + logits.max(axis=1) - logits[np.arange(N), labels])
    dlogits = probabilities / N
    dlogits[np.arange(N), labels] -= 1 / N
    grads["W3"] = row.T @ dlogits
    grads["b3"] = dlogits.sum(axis=0)
    drow = dlogits @ params["W3"].T
    d = drow.reshape(p[2].shape)
    for l in (2, 1):
        w = params[f"w{l}"]
        dh = max_pool2d_backward(d, h[l], 2, 2)
        dz = dh * (z[l] > 0)
        d, grads[f"w{l}"], _ = conv2d_backward(dz, p[l - 1], w, params[f"b{l}"], 1, w.shape[2] // 2)
        grads[f"b{l}"] = dz.sum(axis=(0, 2, 3))
    return loss, grads


def _unfold(x, K):
    p = K // 2
    padded = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
    return np.lib.stride_tricks.sliding_window_view(padded, (K, K), (2, 3))


def _halve(z):
    """relu and pooling in one: the best of four and 0, and who it was (4 for nobody)."""
    s = z.shape[2] // 2
    four = np.stack([z[:, :, r : 2 * s : 2, c : 2 * s : 2] for r in (0, 1) for c in (0, 1)])
    winner = four.argmax(axis=0)
    best = np.take_along_axis(four, winner[None], 0)[0]
    return np.where(best > 0, best, 0), np.where(best > 0, winner, 4)


def _double(d, winner, side):
    dz = np.zeros((*d.shape[:2], side, side), d.dtype)
    s = d.shape[2]
    for k in range(4):
        dz[:, :, k // 2 : 2 * s : 2, k % 2 : 2 * s : 2] = d * (winner == k)
    return dz


def _run(params, x):
    kept = []
    for l in ("1", "2"):
        w = params["w" + l]
        seen = _unfold(x, w.shape[2])
        z = np.einsum("nchwij,ocij->nohw", seen, w) + params["b" + l].reshape(1, -1, 1, 1)
        x, winner = _halve(z)
        kept.append((seen, winner, z.shape[2]))
    return kept, x, x.reshape(len(x), -1).dot(params["W3"]) + params["b3"]


def loss_and_grads__einsum(params, x, labels):
    kept, last, logits = _run(params, x)
    N = len(labels)
    shifted = logits - logits.max(axis=1)[:, None]
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1))[:, None]
    delta = np.exp(log_p)
    delta[range(N), labels] -= 1
    delta /= N
    grads = {"W3": np.einsum("nd,nc->dc", last.reshape(N, -1), delta), "b3": delta.sum(0)}
    d = np.einsum("nc,dc->nd", delta, params["W3"]).reshape(last.shape)
    for l, (seen, winner, side) in ((2, kept[1]), (1, kept[0])):
        dz = _double(d, winner, side)
        grads[f"w{l}"] = np.einsum("nohw,nchwij->ocij", dz, seen)
        grads[f"b{l}"] = dz.sum((0, 2, 3))
        if l == 2:  # the gradient of a convolution is one with turned kernels
            turned = params["w2"][:, :, ::-1, ::-1]
            d = np.einsum("nohwij,ocij->nchw", _unfold(dz, turned.shape[2]), turned)
    return -np.mean(log_p[range(N), labels]), grads


def loss_and_grads__example_by_example(params, x, labels):
    parts = [loss_and_grads__einsum(params, x[n : n + 1], labels[n : n + 1]) for n in range(len(x))]
    loss = sum(part[0] for part in parts) / len(x)
    return loss, {name: sum(part[1][name] for part in parts) / len(x) for name in params}


def predict__einsum(params, x):
    return np.argmax(_run(params, x)[2], axis=-1)


def predict__one_by_one(params, x):
    return np.array([np.argsort(_run(params, image[None])[2][0])[-1] for image in x])
