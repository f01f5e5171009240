"""Right answers to char_rnn in another style."""

import numpy as np

from solutions.numpy import char_rnn as right
from solutions.numpy.gru import gru, gru_backward
from solutions.numpy.lstm import lstm, lstm_backward
from solutions.numpy.rnn import rnn, rnn_backward


def init__one_after_the_other(V, H, rng, cell):
    k = H**-0.5
    M = {"rnn": H, "lstm": 4 * H, "gru": 3 * H}[cell]
    params = {"Wx": rng.random((V, M)) * 2 * k - k, "Wh": rng.random((H, M)) * 2 * k - k}
    if cell == "gru":
        params["bx"], params["bh"] = np.zeros(M), np.zeros(M)
    elif cell == "lstm":
        params["b"] = np.concatenate([np.zeros(H), np.ones(H), np.zeros(2 * H)])
    else:
        params["b"] = np.zeros(M)
    params["Wy"] = (2 * rng.random((H, V)) - 1) * k
    params["by"] = np.zeros(V)
    return params


def loss_and_grads__katas_of_the_cells(params, ids, targets, state):
    N, T = ids.shape
    V, H = len(params["by"]), len(params["Wh"])
    dtype = params["Wx"].dtype
    xs = np.eye(V, dtype=dtype)[ids]
    h0 = np.zeros((N, H), dtype)
    if "bx" in params:
        h0 = h0 if state is None else state
        arguments = (xs, h0, params["Wx"], params["Wh"], params["bx"], params["bh"])
        hs = gru(*arguments)
        last = hs[:, -1]
    elif params["Wx"].shape[1] == H:
        h0 = h0 if state is None else state
        arguments = (xs, h0, params["Wx"], params["Wh"], params["b"])
        hs = rnn(*arguments)
        last = hs[:, -1]
    else:
        h0, c0 = (h0, h0) if state is None else state
        arguments = (xs, h0, c0, params["Wx"], params["Wh"], params["b"])
        hs, cT = lstm(*arguments)
        last = (hs[:, -1], cT)
    logits = hs @ params["Wy"] + params["by"]
    shifted = logits - logits.max(axis=2, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    rows, columns = np.arange(N)[:, None], np.arange(T)
    loss = -log_p[rows, columns, targets].mean()
    dlogits = np.exp(log_p)
    dlogits[rows, columns, targets] -= 1
    dlogits /= N * T
    grads = {"by": dlogits.sum(axis=(0, 1)), "Wy": np.einsum("nth,ntv->hv", hs, dlogits)}
    dhs = dlogits @ params["Wy"].T
    if "bx" in params:
        _, _, grads["Wx"], grads["Wh"], grads["bx"], grads["bh"] = gru_backward(dhs, *arguments)
    elif isinstance(last, tuple):
        _, _, _, grads["Wx"], grads["Wh"], grads["b"] = lstm_backward(dhs, np.zeros_like(last[1]), *arguments)
    else:
        _, _, grads["Wx"], grads["Wh"], grads["b"] = rnn_backward(dhs, *arguments)
    return loss, grads, last


def _sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def loss_and_grads__step_by_step(params, ids, targets, state):
    Wx, Wh, Wy, by = (params[name] for name in ("Wx", "Wh", "Wy", "by"))
    (N, T), H = ids.shape, Wh.shape[0]
    kind = Wh.shape[1] // H
    h = np.zeros((N, H), Wh.dtype)
    c = np.zeros((N, H), Wh.dtype)
    if state is not None:
        h, c = (state[0], state[1]) if kind == 4 else (state, c)
    kept, loss = [], 0
    for t in range(T):
        x = Wx[ids[:, t]]
        if kind == 1:
            new, new_c, parts = np.tanh(x + h.dot(Wh) + params["b"]), c, ()
        elif kind == 4:
            z = x + h.dot(Wh) + params["b"]
            i, f, o = _sigmoid(z[:, :H]), _sigmoid(z[:, H : 2 * H]), _sigmoid(z[:, 3 * H :])
            g = np.tanh(z[:, 2 * H : 3 * H])
            new_c = f * c + i * g
            new, parts = o * np.tanh(new_c), (i, f, g, o)
        else:
            a, u = x + params["bx"], h.dot(Wh) + params["bh"]
            r, z = _sigmoid(a[:, :H] + u[:, :H]), _sigmoid(a[:, H : 2 * H] + u[:, H : 2 * H])
            n = np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :])
            new, new_c, parts = (1 - z) * n + z * h, c, (r, z, n, u[:, 2 * H :])
        scores = new.dot(Wy) + by
        scores = scores - scores.max(1)[:, None]
        exps = np.exp(scores)
        p = exps / exps.sum(1)[:, None]
        loss += (np.log(exps.sum(1)) - scores[np.arange(N), targets[:, t]]).sum()
        kept.append((h, c, new, new_c, parts, p))
        h, c = new, new_c
    grads = {name: np.zeros_like(param) for name, param in params.items()}
    dh, dc = np.zeros((N, H), Wh.dtype), np.zeros((N, H), Wh.dtype)
    for t in range(T)[::-1]:
        before, c_before, new, new_c, parts, p = kept[t]
        ds = p.copy()
        ds[np.arange(N), targets[:, t]] -= 1
        ds /= N * T
        grads["Wy"] += new.T.dot(ds)
        grads["by"] += ds.sum(0)
        dh = dh + ds.dot(Wy.T)
        straight = 0
        if kind == 1:
            da = du = dh * (1 - new * new)
        elif kind == 4:
            i, f, g, o = parts
            dc = dc + dh * o * (1 - np.tanh(new_c) ** 2)
            da = du = np.hstack(
                [
                    dc * g * i * (1 - i),
                    dc * c_before * f * (1 - f),
                    dc * i * (1 - g**2),
                    dh * np.tanh(new_c) * o * (1 - o),
                ]
            )
            dc = dc * f
        else:
            r, z, n, u_n = parts
            dn = dh * (1 - z) * (1 - n**2)
            dz = dh * (before - n) * z * (1 - z)
            dr = dn * u_n * r * (1 - r)
            da, du, straight = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r]), dh * z
        np.add.at(grads["Wx"], ids[:, t], da)
        grads["Wh"] += before.T.dot(du)
        if kind == 3:
            grads["bx"] += da.sum(0)
            grads["bh"] += du.sum(0)
        else:
            grads["b"] += da.sum(0)
        dh = du.dot(Wh.T) + straight
    return loss / (N * T), grads, (h, c) if kind == 4 else h


def train__own_batches_and_adam(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step=None):
    params = right.init(V, H, rng, cell)
    first = {name: np.zeros_like(param) for name, param in params.items()}
    second = {name: np.zeros_like(param) for name, param in params.items()}
    length = (len(ids) - 1) // batch_size
    windows = length // T
    state = None
    for step in range(steps):
        start = step % windows * T
        if start == 0:
            state = None
        places = np.array([row * length + start for row in range(batch_size)])[:, None] + np.arange(T)[None]
        loss, grads, state = right.loss_and_grads(params, ids[places], ids[places + 1], state)
        flat = np.concatenate([grad.ravel() for grad in grads.values()])
        norm = np.linalg.norm(flat)
        moved = {}
        for name, grad in grads.items():
            grad = grad / norm if norm > 1 else grad
            first[name] += 0.1 * (grad - first[name])
            second[name] += 0.001 * (grad * grad - second[name])
            m, v = first[name] / (1 - 0.9 ** (step + 1)), second[name] / (1 - 0.999 ** (step + 1))
            moved[name] = params[name] - lr * m / (v**0.5 + 1e-8)
        params = moved
        try:
            if on_step:
                on_step(step, float(loss), params)
        except KeyboardInterrupt:
            return params
    return params


def sample_text__one_state_all_along(params, vocab, prime, length, temperature, rng):
    for character in prime:
        if character not in vocab:
            raise ValueError(f"{character!r} is not among the characters {vocab}")
    H, lstm_like = len(params["Wh"]), params["Wh"].shape[1] == 4 * len(params["Wh"])
    state, text = None, prime
    while len(text) < len(prime) + length:
        unread = text if state is None else text[-1]
        for character in unread:
            i = np.array([[vocab.index(character)]])
            _, _, state = right.loss_and_grads(params, i, i, state)
        h = state[0] if lstm_like else state
        assert h.shape == (1, H)
        scores = (h @ params["Wy"] + params["by"])[0].astype(float)
        if temperature == 0:
            text += vocab[np.argmax(scores)]
        else:
            weights = np.exp((scores - scores.max()) / temperature)
            text += rng.choice(vocab, p=weights / weights.sum())
    return text[len(prime) :]
