"""Right answers to seq2seq in another style."""

import numpy as np


def init__written_out(source_vocab, target_vocab, E, H, rng, attention):
    def weight(D, M):
        return rng.standard_normal((D, M)) / np.sqrt(D)

    params = {
        "Es": rng.standard_normal((source_vocab, E)),
        "Et": rng.standard_normal((target_vocab, E)),
        "enc_Wx": weight(E, 3 * H),
        "enc_Wh": weight(H, 3 * H),
        "enc_bx": np.zeros(3 * H),
        "enc_bh": np.zeros(3 * H),
        "dec_Wx": weight(E, 3 * H),
        "dec_Wh": weight(H, 3 * H),
        "dec_bx": np.zeros(3 * H),
        "dec_bh": np.zeros(3 * H),
        "Wo": weight(2 * H if attention else H, target_vocab),
        "bo": np.zeros(target_vocab),
    }
    if attention:
        params["Wq"] = weight(H, H)
        params["Wk"] = weight(H, H)
        params["v"] = weight(H, 1)[:, 0]
    return params


def init__uniform(source_vocab, target_vocab, E, H, rng, attention):
    def draw(*shape, std):
        return rng.uniform(-std * 3**0.5, std * 3**0.5, size=shape)

    params = {}
    if attention:
        params["v"], params["Wk"], params["Wq"] = (draw(*s, std=H**-0.5) for s in ((H,), (H, H), (H, H)))
    for part in ("dec_", "enc_"):
        params[part + "Wx"], params[part + "Wh"] = draw(E, 3 * H, std=E**-0.5), draw(H, 3 * H, std=H**-0.5)
        params[part + "bx"] = params[part + "bh"] = np.zeros(3 * H)
    F = 2 * H if attention else H
    params["Wo"], params["bo"] = draw(F, target_vocab, std=F**-0.5), np.zeros(target_vocab)
    params["Es"], params["Et"] = draw(source_vocab, E, std=1), draw(target_vocab, E, std=1)
    return params


def _sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def _cell(x, h, params, part):
    """The new state, and what its backward needs."""
    H = h.shape[1]
    a = x @ params[part + "_Wx"] + params[part + "_bx"]
    u = h @ params[part + "_Wh"] + params[part + "_bh"]
    r = _sigmoid(a[:, :H] + u[:, :H])
    z = _sigmoid(a[:, H : 2 * H] + u[:, H : 2 * H])
    n = np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :])
    return (1 - z) * n + z * h, (x, h, r, z, n, u[:, 2 * H :])


def _cell_backward(dh_new, cache, params, part, grads):
    """dx and dh; the weights' gradients are added to `grads`."""
    x, h, r, z, n, u_n = cache
    da_n = dh_new * (1 - z) * (1 - n**2)
    da_z = dh_new * (h - n) * z * (1 - z)
    da_r = da_n * u_n * r * (1 - r)
    da, du = np.hstack([da_r, da_z, da_n]), np.hstack([da_r, da_z, da_n * r])
    grads[part + "_Wx"] += x.T @ da
    grads[part + "_Wh"] += h.T @ du
    grads[part + "_bx"] += da.sum(axis=0)
    grads[part + "_bh"] += du.sum(axis=0)
    return da @ params[part + "_Wx"].T, dh_new * z + du @ params[part + "_Wh"].T


def encode__state_kept_at_the_end(source, lengths, params):
    N, S = source.shape
    h = np.zeros((N, params["enc_Wh"].shape[0]), params["enc_Wh"].dtype)
    hs = np.zeros((N, S, h.shape[1]), h.dtype)
    for t in range(S):
        new, _ = _cell(params["Es"][source[:, t]], h, params, "enc")
        h = np.where(t < lengths[:, None], new, h)
        hs[:, t] = h
    return hs, h


def encode__sentence_by_sentence(source, lengths, params):
    N, S = source.shape
    H = params["enc_Wh"].shape[0]
    hs = np.zeros((N, S, H), params["enc_Wh"].dtype)
    last = []
    for n in range(N):
        h = np.zeros((1, H), hs.dtype)
        for t in range(lengths[n]):
            h, _ = _cell(params["Es"][source[n, t]][None], h, params, "enc")
            hs[n, t] = h[0]
        last.append(h[0])
    return hs, np.array(last)


def _look(h, hs, mask, params):
    """Context, weights, and the hidden layer of the attention for one query of each example."""
    a = np.tanh((h @ params["Wq"])[:, None, :] + hs @ params["Wk"])
    scores = np.where(mask, a @ params["v"], -1e30)
    e = np.exp(scores - scores.max(axis=1, keepdims=True)) * mask
    weights = e / e.sum(axis=1, keepdims=True)
    return np.einsum("ns,nsh->nh", weights, hs), weights, a


def decode_step__written_out(token, h, hs, mask, params):
    h, _ = _cell(params["Et"][token], h, params, "dec")
    if "Wq" not in params:
        return h @ params["Wo"] + params["bo"], h, None
    context, weights, _ = _look(h, hs, mask, params)
    return np.hstack([h, context]) @ params["Wo"] + params["bo"], h, weights


def decode_step__two_halves_of_Wo(token, h, hs, mask, params):
    h, _ = _cell(params["Et"][token], h, params, "dec")
    H = h.shape[1]
    logits = params["bo"] + h @ params["Wo"][:H]
    weights = None
    if "Wq" in params:
        context, weights, _ = _look(h, hs, mask, params)
        logits = logits + context @ params["Wo"][H:]
    return logits, h, weights


def loss_and_grads__step_by_step(params, source, source_lengths, target, target_lengths):
    N, S = source.shape
    T, H = target.shape[1], params["enc_Wh"].shape[0]
    attention = "Wq" in params
    count = (target_lengths - 1).sum()
    mask = np.arange(S) < source_lengths[:, None]
    grads = {name: np.zeros_like(value) for name, value in params.items()}

    h = np.zeros((N, H), params["enc_Wh"].dtype)
    hs, read = np.zeros((N, S, H), h.dtype), []
    for t in range(S):
        new, cache = _cell(params["Es"][source[:, t]], h, params, "enc")
        h = np.where(mask[:, t : t + 1], new, h)
        hs[:, t] = h
        read.append(cache)
    steps, loss = [], 0.0
    for t in range(T - 1):
        h, cache = _cell(params["Et"][target[:, t]], h, params, "dec")
        features, looked = h, None
        if attention:
            looked = _look(h, hs, mask, params)
            features = np.hstack([h, looked[0]])
        logits = features @ params["Wo"] + params["bo"]
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        counts = t + 1 < target_lengths
        loss = loss - (log_p[np.arange(N), target[:, t + 1]] * counts).sum() / count
        dlogits = np.exp(log_p)
        dlogits[np.arange(N), target[:, t + 1]] -= 1
        steps.append((h, cache, features, looked, dlogits * counts[:, None] / h.dtype.type(count)))

    dhs, dh = np.zeros_like(hs), np.zeros_like(h)
    for t in reversed(range(T - 1)):
        h, cache, features, looked, dlogits = steps[t]
        grads["Wo"] += features.T @ dlogits
        grads["bo"] += dlogits.sum(axis=0)
        dfeatures = dlogits @ params["Wo"].T
        dh = dh + dfeatures[:, :H]
        if attention:
            _, weights, a = looked
            dcontext = dfeatures[:, H:]
            dhs += weights[:, :, None] * dcontext[:, None, :]
            dweights = np.einsum("nsh,nh->ns", hs, dcontext)
            dscores = weights * (dweights - (dweights * weights).sum(axis=1, keepdims=True))
            grads["v"] += np.einsum("ns,nsa->a", dscores, a)
            dz = dscores[:, :, None] * params["v"] * (1 - a**2)
            grads["Wq"] += h.T @ dz.sum(axis=1)
            grads["Wk"] += np.einsum("nsh,nsa->ha", hs, dz)
            dh = dh + dz.sum(axis=1) @ params["Wq"].T
            dhs += dz @ params["Wk"].T
        dx, dh = _cell_backward(dh, cache, params, "dec", grads)
        np.add.at(grads["Et"], target[:, t], dx)
    for t in reversed(range(S)):
        dh = dh + dhs[:, t]
        dx, before = _cell_backward(dh * mask[:, t : t + 1], read[t], params, "enc", grads)
        dh = np.where(mask[:, t : t + 1], before, dh)
        np.add.at(grads["Es"], source[:, t], dx)
    return loss, grads


def greedy_decode__sentence_by_sentence(source, lengths, params, bos, eos, max_length):
    answers = []
    for n in range(len(source)):
        words = source[n : n + 1, : lengths[n]]
        hs, h = encode__state_kept_at_the_end(words, lengths[n : n + 1], params)
        ids, token = [], bos
        while len(ids) < max_length:
            logits, h, _ = decode_step__written_out(np.array([token]), h, hs, np.ones(words.shape, bool), params)
            token = int(np.argmax(logits[0]))
            if token == eos:
                break
            ids.append(token)
        answers.append(ids)
    return answers


def greedy_decode__cut_afterwards(source, lengths, params, bos, eos, max_length):
    hs, h = encode__state_kept_at_the_end(source, lengths, params)
    mask = np.arange(source.shape[1]) < lengths[:, None]
    token, columns = np.full(len(source), bos), []
    for _ in range(max_length):
        logits, h, _ = decode_step__written_out(token, h, hs, mask, params)
        token = logits.argmax(axis=1)
        columns.append(token)
    rows = [[int(column[n]) for column in columns] for n in range(len(source))]
    return [row[: row.index(eos)] if eos in row else row for row in rows]
