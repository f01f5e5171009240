"""Right answers to seq2seq in another style, in torch."""

import torch


def _cell(x, h, params, part):
    a = torch.nn.functional.linear(x, params[part + "_Wx"].T, params[part + "_bx"])
    u = torch.nn.functional.linear(h, params[part + "_Wh"].T, params[part + "_bh"])
    (a_r, a_z, a_n), (u_r, u_z, u_n) = a.chunk(3, dim=1), u.chunk(3, dim=1)
    z = torch.sigmoid(a_z + u_z)
    return torch.lerp(torch.tanh(a_n + torch.sigmoid(a_r + u_r) * u_n), h, z)


def init__uniform(source_vocab, target_vocab, E, H, generator, attention):
    def draw(*shape, std):
        return (torch.rand(shape, generator=generator) * 2 - 1) * std * 3**0.5

    params = {"Es": draw(source_vocab, E, std=1), "Et": draw(target_vocab, E, std=1)}
    for part in ("enc_", "dec_"):
        params[part + "Wx"], params[part + "Wh"] = draw(E, 3 * H, std=E**-0.5), draw(H, 3 * H, std=H**-0.5)
        params[part + "bx"], params[part + "bh"] = torch.zeros(3 * H), torch.zeros(3 * H)
    F = 2 * H if attention else H
    params["Wo"], params["bo"] = draw(F, target_vocab, std=F**-0.5), torch.zeros(target_vocab)
    if attention:
        params |= {"Wq": draw(H, H, std=H**-0.5), "Wk": draw(H, H, std=H**-0.5), "v": draw(H, std=H**-0.5)}
    return params


def encode__state_kept_at_the_end(source, lengths, params):
    h = params["enc_Wh"].new_zeros(source.shape[0], params["enc_Wh"].shape[0])
    hs = []
    for t in range(source.shape[1]):
        new = _cell(params["Es"].index_select(0, source[:, t]), h, params, "enc")
        h = torch.where((t < lengths).unsqueeze(1), new, h)
        hs.append(h)
    return torch.stack(hs, 1), h


def decode_step__written_out(token, h, hs, mask, params):
    h = _cell(params["Et"].index_select(0, token), h, params, "dec")
    if "Wq" not in params:
        return torch.addmm(params["bo"], h, params["Wo"]), h, None
    scores = torch.tanh((h @ params["Wq"]).unsqueeze(1) + hs @ params["Wk"]) @ params["v"]
    weights = torch.softmax(scores.masked_fill(~mask, -torch.inf), dim=1)
    context = torch.einsum("ns,nsh->nh", weights, hs)
    return torch.addmm(params["bo"], torch.cat([h, context], 1), params["Wo"]), h, weights


def loss_and_grads__step_by_step(params, source, source_lengths, target, target_lengths):
    own = {name: value.detach().clone().requires_grad_(True) for name, value in params.items()}
    hs, h = encode__state_kept_at_the_end(source, source_lengths, own)
    mask = torch.arange(source.shape[1]) < source_lengths[:, None]
    wanted = target.clone()
    wanted[torch.arange(target.shape[1]) >= target_lengths[:, None]] = -100
    logits = []
    for t in range(target.shape[1] - 1):
        scores, h, _ = decode_step__written_out(target[:, t], h, hs, mask, own)
        logits.append(scores)
    loss = torch.nn.functional.cross_entropy(torch.stack(logits, 2), wanted[:, 1:])
    loss.backward()
    return loss, {name: value.grad for name, value in own.items()}


def greedy_decode__rows_of_a_tensor(source, lengths, params, bos, eos, max_length):
    hs, h = encode__state_kept_at_the_end(source, lengths, params)
    mask = torch.arange(source.shape[1]) < lengths[:, None]
    ids = torch.full((len(source), 1), bos)
    for _ in range(max_length):
        logits, h, _ = decode_step__written_out(ids[:, -1], h, hs, mask, params)
        ids = torch.cat([ids, logits.argmax(1, keepdim=True)], 1)
    rows = ids[:, 1:].tolist()
    return [row[: row.index(eos)] if eos in row else row for row in rows]
