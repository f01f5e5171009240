"""Right answers to transformer in another style."""

import numpy as np


def init__uniform(source_vocab, target_vocab, E, F, L, rng):
    def draw(rows, columns, D):
        return rng.uniform(-1, 1, (rows, columns)) * np.sqrt(3 / D)

    params = {"Es": draw(source_vocab, E, E), "Et": draw(target_vocab, E, E)}
    for layer in range(1, L + 1):
        for side in "enc", "dec":
            head = f"{side}{layer}_"
            for prefix in ("",) if side == "enc" else ("", "cross_"):
                number = "" if prefix else "1"
                params[f"{head}{prefix}gamma{number}"] = np.ones(E)
                params[f"{head}{prefix}beta{number}"] = np.zeros(E)
                for w in "qkvo":
                    params[f"{head}{prefix}W{w}"] = draw(E, E, E)
            params |= {head + "gamma2": np.ones(E), head + "beta2": np.zeros(E)}
            params |= {head + "W1": draw(E, F, E), head + "b1": np.zeros(F)}
            params |= {head + "W2": draw(F, E, F), head + "b2": np.zeros(E)}
    for side in "enc", "dec":
        params |= {side + "_gamma": np.ones(E), side + "_beta": np.zeros(E)}
    return params | {"Wo": draw(E, target_vocab, E), "bo": np.zeros(target_vocab)}


def _norm(x, gamma, beta):
    centred = x - x.mean(-1, keepdims=True)
    inverse = (np.square(centred).mean(-1, keepdims=True) + 1e-5) ** -0.5
    return gamma * centred * inverse + beta, (centred * inverse, inverse, gamma)


def _norm_back(dout, kept):
    normal, inverse, gamma = kept
    rows = (normal * dout).reshape(-1, len(gamma)).sum(0), dout.reshape(-1, len(gamma)).sum(0)
    d = dout * gamma
    return inverse * (d - d.mean(-1, keepdims=True) - normal * (d * normal).mean(-1, keepdims=True)), *rows


def _attend(x, other, p, prefix, hidden):
    N, T, E = x.shape
    q, k, v = (
        (a @ p[prefix + w]).reshape(N, -1, 4, E // 4) for a, w in ((x, "Wq"), (other, "Wk"), (other, "Wv"))
    )  # N T G D
    scores = np.einsum("ntgd,nsgd->ngts", q, k) * (E // 4) ** -0.5
    scores = np.where(hidden, -np.inf, scores)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    weights = scores / scores.sum(-1, keepdims=True)
    heads = np.einsum("ngts,nsgd->ntgd", weights, v).reshape(N, T, E)
    return heads @ p[prefix + "Wo"], (x, other, q, k, v, weights, heads)


def _attend_back(dout, p, prefix, kept, grads, part):
    x, other, q, k, v, weights, heads = kept
    N, T, E = x.shape
    dheads = (dout @ p[prefix + "Wo"].T).reshape(N, T, 4, E // 4)
    dweights = np.einsum("ntgd,nsgd->ngts", dheads, v)
    dscores = weights * (dweights - np.einsum("ngts,ngts->ngt", dweights, weights)[..., None]) * (E // 4) ** -0.5
    dq = np.einsum("ngts,nsgd->ntgd", dscores, k).reshape(N, T, E)
    dk = np.einsum("ngts,ntgd->nsgd", dscores, q).reshape(N, -1, E)
    dv = np.einsum("ngts,ntgd->nsgd", weights, dheads).reshape(N, -1, E)
    for w, a, d in (("Wq", x, dq), ("Wk", other, dk), ("Wv", other, dv), ("Wo", heads, dout)):
        grads[part + prefix + w] = np.einsum("nti,ntj->ij", a, d)
    return dq @ p[prefix + "Wq"].T, dk @ p[prefix + "Wk"].T + dv @ p[prefix + "Wv"].T


def _block(x, params, part, hidden, hs=None, hidden_hs=None):
    p, tape = {name[len(part) :]: value for name, value in params.items() if name.startswith(part)}, []
    a, kept = _norm(x, p["gamma1"], p["beta1"])
    out, attention = _attend(a, a, p, "", hidden)
    x = x + out
    tape.append((kept, attention))
    if hs is not None:
        c, kept = _norm(x, p["cross_gamma"], p["cross_beta"])
        out, attention = _attend(c, hs, p, "cross_", hidden_hs)
        x = x + out
        tape.append((kept, attention))
    b, kept = _norm(x, p["gamma2"], p["beta2"])
    h = np.clip(b @ p["W1"] + p["b1"], 0, None)
    return x + h @ p["W2"] + p["b2"], (part, p, tape, kept, b, h)


def _block_back(dx, kept, grads):
    part, p, tape, norm2, b, h = kept
    dz = (dx @ p["W2"].T) * (h > 0)
    grads[part + "W2"], grads[part + "b2"] = np.einsum("nti,ntj->ij", h, dx), dx.sum((0, 1))
    grads[part + "W1"], grads[part + "b1"] = np.einsum("nti,ntj->ij", b, dz), dz.sum((0, 1))
    d, grads[part + "gamma2"], grads[part + "beta2"] = _norm_back(dz @ p["W1"].T, norm2)
    dx, dhs = dx + d, None
    if len(tape) == 2:
        kept, attention = tape[1]
        dc, dhs = _attend_back(dx, p, "cross_", attention, grads, part)
        d, grads[part + "cross_gamma"], grads[part + "cross_beta"] = _norm_back(dc, kept)
        dx = dx + d
    kept, attention = tape[0]
    da, da_kv = _attend_back(dx, p, "", attention, grads, part)
    d, grads[part + "gamma1"], grads[part + "beta1"] = _norm_back(da + da_kv, kept)
    return dx + d, dhs


def _start(ids, E):
    width = E.shape[1]
    waves = np.zeros((ids.shape[1], width), E.dtype)
    for t in range(ids.shape[1]):
        for pair in range(width // 2):
            angle = t / 10000 ** (2 * pair / width)
            waves[t, 2 * pair], waves[t, 2 * pair + 1] = np.sin(angle), np.cos(angle)
    return E[ids] * E.dtype.type(width**0.5) + waves


def _blocks(params, side):
    return sorted(name[: -len("W1")] for name in params if name.startswith(side) and name.endswith("_W1"))


def loss_and_grads__everything_kept_on_a_tape(params, source, source_lengths, target, target_lengths):
    given, T, tapes = target[:, :-1], target.shape[1] - 1, []
    hidden = (np.arange(source.shape[1]) >= source_lengths[:, None])[:, None, None]
    future = np.triu(np.ones((T, T), bool), 1)
    x = _start(source, params["Es"])
    for part in _blocks(params, "enc"):
        x, tape = _block(x, params, part, hidden)
        tapes.append(tape)
    hs, norm_hs = _norm(x, params["enc_gamma"], params["enc_beta"])
    y = _start(given, params["Et"])
    for part in _blocks(params, "dec"):
        y, tape = _block(y, params, part, future, hs, hidden)
        tapes.append(tape)
    out, norm_out = _norm(y, params["dec_gamma"], params["dec_beta"])
    logits = out @ params["Wo"] + params["bo"]
    real = (np.arange(T) < target_lengths[:, None] - 1).astype(logits.dtype)
    logits = logits - logits.max(-1, keepdims=True)
    logp = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = np.eye(logits.shape[-1], dtype=logits.dtype)[target[:, 1:]]
    loss = -(logp * chosen * real[..., None]).sum() / real.sum()

    grads = {}
    dlogits = (np.exp(logp) - chosen) * real[..., None] / real.sum()
    grads["Wo"], grads["bo"] = np.einsum("nti,ntj->ij", out, dlogits), dlogits.sum((0, 1))
    dy, grads["dec_gamma"], grads["dec_beta"] = _norm_back(dlogits @ params["Wo"].T, norm_out)
    dhs = np.zeros_like(hs)
    while tapes and tapes[-1][0].startswith("dec"):
        dy, more = _block_back(dy, tapes.pop(), grads)
        dhs = dhs + more
    dx, grads["enc_gamma"], grads["enc_beta"] = _norm_back(dhs, norm_hs)
    while tapes:
        dx, _ = _block_back(dx, tapes.pop(), grads)
    for name, ids, d in (("Es", source, dx), ("Et", given, dy)):
        grads[name] = np.zeros_like(params[name])
        np.add.at(grads[name], ids, d * params[name].dtype.type(params[name].shape[1] ** 0.5))
    return loss, grads


def greedy_decode__the_whole_batch_to_the_end(source, lengths, params, bos, eos, max_length):
    hidden = (np.arange(source.shape[1]) >= np.asarray(lengths)[:, None])[:, None, None]
    x = _start(source, params["Es"])
    for part in _blocks(params, "enc"):
        x, _ = _block(x, params, part, hidden)
    hs, _ = _norm(x, params["enc_gamma"], params["enc_beta"])
    ids = np.full((len(source), 1), bos)
    for T in range(1, max_length + 1):
        y = _start(ids, params["Et"])
        for part in _blocks(params, "dec"):
            y, _ = _block(y, params, part, np.triu(np.ones((T, T), bool), 1), hs, hidden)
        out, _ = _norm(y[:, -1], params["dec_gamma"], params["dec_beta"])
        ids = np.hstack([ids, (out @ params["Wo"] + params["bo"]).argmax(-1)[:, None]])
    rows = [row[1:] for row in ids.tolist()]
    return [row[: row.index(eos)] if eos in row else row for row in rows]
