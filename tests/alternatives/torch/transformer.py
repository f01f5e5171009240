"""Right answers to transformer in another style, in torch."""

import torch

functional = torch.nn.functional


def _norm(x, params, name):
    return functional.layer_norm(x, x.shape[-1:], params[name], params[name.replace("gamma", "beta")], 1e-5)


def _look(x, other, params, prefix, mask):
    q, k, v = (
        (a @ params[prefix + w]).unflatten(2, (4, -1)).transpose(1, 2)
        for a, w in ((x, "Wq"), (other, "Wk"), (other, "Wv"))
    )
    scores = torch.einsum("ngtd,ngsd->ngts", q, k) / q.shape[-1] ** 0.5
    weights = torch.softmax(scores.masked_fill(~mask, -torch.inf), dim=-1)
    return (weights @ v).transpose(1, 2).flatten(2) @ params[prefix + "Wo"]


def _start(ids, E):
    T, width = ids.shape[1], E.shape[1]
    angles = torch.arange(T)[:, None] / 10000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    waves = torch.zeros(T, width, dtype=E.dtype)
    waves[:, ::2], waves[:, 1::2] = angles.sin(), angles.cos()
    return functional.embedding(ids, E) * width**0.5 + waves


def _count(params, side):
    return len({name.split("_")[0] for name in params if name.startswith(side) and name[3].isdigit()})


def _think(x, params, part):
    return (
        x
        + (torch.relu(_norm(x, params, part + "gamma2") @ params[part + "W1"] + params[part + "b1"]))
        @ params[part + "W2"]
        + params[part + "b2"]
    )


def _read(source, mask, params):
    x = _start(source, params["Es"])
    for part in [f"enc{n + 1}_" for n in range(_count(params, "enc"))]:
        a = _norm(x, params, part + "gamma1")
        x = _think(x + _look(a, a, params, part, mask), params, part)
    return _norm(x, params, "enc_gamma")


def _scores(given, hs, mask, params):
    y, causal = _start(given, params["Et"]), torch.ones(given.shape[1], given.shape[1], dtype=torch.bool).tril()
    for part in [f"dec{n + 1}_" for n in range(_count(params, "dec"))]:
        a = _norm(y, params, part + "gamma1")
        y = y + _look(a, a, params, part, causal)
        y = y + _look(_norm(y, params, part + "cross_gamma"), hs, params, part + "cross_", mask)
        y = _think(y, params, part)
    return _norm(y, params, "dec_gamma") @ params["Wo"] + params["bo"]


def _mask(lengths, S):
    return (torch.arange(S) < lengths[:, None])[:, None, None]


def loss_and_grads__built_ins_and_backward(params, source, source_lengths, target, target_lengths):
    own = {name: value.detach().clone().requires_grad_(True) for name, value in params.items()}
    mask = _mask(source_lengths, source.shape[1])
    wanted = target.masked_fill(torch.arange(target.shape[1]) >= target_lengths[:, None], -100)[:, 1:]
    logits = _scores(target[:, :-1], _read(source, mask, own), mask, own)
    loss = functional.cross_entropy(logits.flatten(0, 1), wanted.flatten())
    loss.backward()
    return loss.detach(), {name: value.grad for name, value in own.items()}


@torch.no_grad()
def greedy_decode__one_by_one(source, lengths, params, bos, eos, max_length):
    translations = []
    for words, S in zip(source, lengths.tolist(), strict=True):
        mask = torch.ones(1, 1, 1, S, dtype=torch.bool)
        hs, ids = _read(words[None, :S], mask, params), [bos]
        while len(ids) <= max_length:
            word = _scores(torch.tensor([ids]), hs, mask, params)[0, -1].argmax().item()
            if word == eos:
                break
            ids.append(word)
        translations.append(ids[1:])
    return translations
