"""Right answers to transformer_block in another style."""

import math

import numpy as np


def feed_forward__one_line(x, W1, b1, W2, b2):
    return np.maximum(x @ W1 + b1, 0) @ W2 + b2


def feed_forward__einsum(x, W1, b1, W2, b2):
    z = np.einsum("nte,ef->ntf", x, W1) + b1
    return np.einsum("ntf,fe->nte", z * (z > 0), W2) + b2


def feed_forward__place_by_place(x, W1, b1, W2, b2):
    out = np.empty_like(x)
    for n in range(x.shape[0]):
        for t in range(x.shape[1]):
            h = (x[n, t] @ W1 + b1).clip(min=0)
            out[n, t] = h @ W2 + b2
    return out


def feed_forward_backward__axes(dout, x, W1, b1, W2, b2):
    z = x @ W1 + b1
    h = np.maximum(z, 0)
    dW2 = np.einsum("ntf,nte->fe", h, dout)
    db2 = dout.sum(axis=(0, 1))
    dh = dout @ W2.T
    dz = dh * (z > 0)
    dW1 = np.einsum("nte,ntf->ef", x, dz)
    db1 = dz.sum(axis=(0, 1))
    dx = dz @ W1.T
    return dx, dW1, db1, dW2, db2


def feed_forward_backward__batched_products(dout, x, W1, b1, W2, b2):
    z = x @ W1 + b1
    dz = np.where(z > 0, dout @ W2.T, 0)
    dW1 = (x.transpose(0, 2, 1) @ dz).sum(axis=0)
    dW2 = (np.maximum(z, 0).transpose(0, 2, 1) @ dout).sum(axis=0)
    return dz @ W1.T, dW1, dz.sum((0, 1)), dW2, dout.sum((0, 1))


def feed_forward_backward__step_by_step(dout, x, W1, b1, W2, b2):
    dx = np.zeros_like(x)
    dW1, db1 = np.zeros_like(W1), np.zeros_like(b1)
    dW2, db2 = np.zeros_like(W2), np.zeros_like(b2)
    for t in range(x.shape[1]):
        z = x[:, t] @ W1 + b1
        h = np.maximum(z, 0)
        dh = dout[:, t] @ W2.T
        dz = dh * (z > 0)
        dW2 += h.T @ dout[:, t]
        db2 += dout[:, t].sum(axis=0)
        dW1 += x[:, t].T @ dz
        db1 += dz.sum(axis=0)
        dx[:, t] = dz @ W1.T
    return dx, dW1, db1, dW2, db2


def _layer_norm(x, gamma, beta):
    mu = x.mean(-1, keepdims=True)
    sigma = np.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + 1e-5)
    return (x - mu) / sigma * gamma + beta


def _layer_norm_backward(dout, x, gamma):
    D = x.shape[-1]
    mu = x.mean(-1, keepdims=True)
    sigma = np.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + 1e-5)
    hat = (x - mu) / sigma
    dhat = dout * gamma
    dx = (D * dhat - dhat.sum(-1, keepdims=True) - hat * (dhat * hat).sum(-1, keepdims=True)) / (D * sigma)
    return dx, (dout * hat).sum((0, 1)), dout.sum((0, 1))


def _heads(a, G):
    N, T, E = a.shape
    return a.reshape(N, T, G, E // G).transpose(0, 2, 1, 3)


def _together(a):
    N, G, T, D = a.shape
    return a.transpose(0, 2, 1, 3).reshape(N, T, G * D)


def _weights(q, k, mask):
    scores = np.einsum("ngtd,ngsd->ngts", q, k) / math.sqrt(q.shape[-1])
    if mask is not None:
        mask = mask if mask.ndim == 2 else mask[:, None]
        scores = np.where(mask, scores, -1e30)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    weights = e / e.sum(-1, keepdims=True)
    return weights if mask is None else weights * mask


def block__written_out(x, params, G, mask=None):
    a = _layer_norm(x, params["gamma1"], params["beta1"])
    q, k, v = (_heads(a @ params[name], G) for name in ("Wq", "Wk", "Wv"))
    x = x + _together(_weights(q, k, mask) @ v) @ params["Wo"]
    b = _layer_norm(x, params["gamma2"], params["beta2"])
    return x + np.maximum(b @ params["W1"] + params["b1"], 0) @ params["W2"] + params["b2"]


def block__sequence_by_sequence(x, params, G, mask=None):
    N, T, E = x.shape
    D = E // G
    out = []
    for n in range(N):
        a = _layer_norm(x[n], params["gamma1"], params["beta1"])
        heads = []
        for g in range(G):
            columns = slice(g * D, (g + 1) * D)
            q, k, v = a @ params["Wq"][:, columns], a @ params["Wk"][:, columns], a @ params["Wv"][:, columns]
            visible = None if mask is None else mask if mask.ndim == 2 else mask[n]
            heads.append(_weights(q[None, None], k[None, None], visible)[0, 0] @ v)
        y = x[n] + np.hstack(heads) @ params["Wo"]
        b = _layer_norm(y, params["gamma2"], params["beta2"])
        h = np.maximum(b @ params["W1"] + params["b1"], 0)
        out.append(y + h @ params["W2"] + params["b2"])
    return np.stack(out)


def block_backward__written_out(dout, x, params, G, mask=None):
    p, E = params, x.shape[2]
    a = _layer_norm(x, p["gamma1"], p["beta1"])
    q, k, v = _heads(a @ p["Wq"], G), _heads(a @ p["Wk"], G), _heads(a @ p["Wv"], G)
    weights = _weights(q, k, mask)
    heads = _together(weights @ v)
    y = x + heads @ p["Wo"]
    b = _layer_norm(y, p["gamma2"], p["beta2"])
    z = b @ p["W1"] + p["b1"]
    h = np.maximum(z, 0)

    d = {}
    d["b2"] = dout.sum((0, 1))
    d["W2"] = np.einsum("ntf,nte->fe", h, dout)
    dz = dout @ p["W2"].T * (z > 0)
    d["b1"] = dz.sum((0, 1))
    d["W1"] = np.einsum("nte,ntf->ef", b, dz)
    dy, d["gamma2"], d["beta2"] = _layer_norm_backward(dz @ p["W1"].T, y, p["gamma2"])
    dy = dy + dout
    d["Wo"] = np.einsum("nte,ntf->ef", heads, dy)
    dheads = _heads(dy @ p["Wo"].T, G)
    dweights = dheads @ v.transpose(0, 1, 3, 2)
    dscores = weights * (dweights - (dweights * weights).sum(-1, keepdims=True)) / math.sqrt(E // G)
    dq, dk = _together(dscores @ k), _together(dscores.transpose(0, 1, 3, 2) @ q)
    dv = _together(weights.transpose(0, 1, 3, 2) @ dheads)
    da = np.zeros_like(a)
    for name, dpart in (("Wq", dq), ("Wk", dk), ("Wv", dv)):
        d[name] = np.einsum("nte,ntf->ef", a, dpart)
        da += dpart @ p[name].T
    dx, d["gamma1"], d["beta1"] = _layer_norm_backward(da, x, p["gamma1"])
    return dx + dy, {key: d[key] for key in p}
