"""Right answers to char_rnn in another style, in torch."""

import torch

from solutions.torch import char_rnn as right
from solutions.torch.gru import gru
from solutions.torch.lstm import lstm
from solutions.torch.rnn import rnn


def init__fill_in_place(V, H, generator, cell):
    k = H**-0.5
    M = {"rnn": H, "lstm": 4 * H, "gru": 3 * H}[cell]
    params = {"Wx": torch.empty(V, M), "Wh": torch.empty(H, M), "Wy": torch.empty(H, V)}
    for param in params.values():
        param.uniform_(-k, k, generator=generator)
    for name in ("bx", "bh") if cell == "gru" else ("b",):
        params[name] = torch.zeros(M)
    if cell == "lstm":
        params["b"][H : 2 * H].fill_(1)
    params["by"] = torch.zeros(V)
    return params


def _forward(params, ids, state):
    H = params["Wh"].shape[0]
    xs = torch.nn.functional.one_hot(ids, params["Wx"].shape[0]).to(params["Wx"])
    zeros = torch.zeros(ids.shape[0], H).to(params["Wx"])
    if params["Wh"].shape[1] == 4 * H:
        h, c = state if state is not None else (zeros, zeros)
        hs, c = lstm(xs, h, c, params["Wx"], params["Wh"], params["b"])
        return hs, (hs[:, -1], c)
    h = zeros if state is None else state
    if "b" in params:
        hs = rnn(xs, h, params["Wx"], params["Wh"], params["b"])
    else:
        hs = gru(xs, h, params["Wx"], params["Wh"], params["bx"], params["bh"])
    return hs, hs[:, -1]


def loss_and_grads__katas_of_the_cells(params, ids, targets, state):
    leaves = {name: param.clone().detach().requires_grad_(True) for name, param in params.items()}
    hs, last = _forward(leaves, ids, state)
    logits = hs @ leaves["Wy"] + leaves["by"]
    log_p = torch.log_softmax(logits, dim=-1)
    loss = -log_p.gather(2, targets[:, :, None]).mean()
    loss.backward()
    grads = {name: leaf.grad for name, leaf in leaves.items()}
    last = tuple(part.detach() for part in last) if isinstance(last, tuple) else last.detach()
    return loss.item(), grads, last


def loss_and_grads__functional(params, ids, targets, state):
    def surprise(leaves):
        hs, last = _forward(leaves, ids, state)
        logits = (hs @ leaves["Wy"] + leaves["by"]).reshape(-1, leaves["by"].numel())
        return torch.nn.functional.cross_entropy(logits, targets.reshape(-1)), last

    detached = {name: param.detach() for name, param in params.items()}
    grads, (loss, last) = torch.func.grad_and_value(surprise, has_aux=True)(detached)
    return loss, grads, last


def train__optimizer_by_hand(ids, V, H, cell, steps, batch_size, T, lr, generator, on_step=None):
    params = right.init(V, H, generator, cell)
    leaves = [param.requires_grad_() for param in params.values()]
    optimizer = torch.optim.Adam(leaves, lr=lr)
    length, state, start = (len(ids) - 1) // batch_size, None, 0
    rows = ids[: length * batch_size].view(batch_size, length)
    following = ids[1 : length * batch_size + 1].view(batch_size, length)
    try:
        for step in range(steps):
            if start + T > length:
                state, start = None, 0
            window = slice(start, start + T)
            loss, grads, state = right.loss_and_grads(params, rows[:, window], following[:, window], state)
            for name, leaf in params.items():
                leaf.grad = grads[name]
            torch.nn.utils.clip_grad_norm_(leaves, 1.0)
            optimizer.step()
            start += T
            if on_step is not None:
                on_step(step, loss.item(), {name: param.detach().clone() for name, param in params.items()})
    except KeyboardInterrupt:
        pass
    return {name: param.detach() for name, param in params.items()}


def sample_text__multinomial(params, vocab, prime, length, temperature, generator):
    unknown = [character for character in prime if character not in vocab]
    if unknown:
        raise ValueError(f"not in the vocabulary: {unknown}")
    ids, state, written = torch.tensor([[vocab.index(character) for character in prime]]), None, []
    for _ in range(length):
        hs, state = _forward(params, ids, state)
        scores = hs[0, -1] @ params["Wy"] + params["by"]
        if temperature > 0:
            drawn = torch.multinomial(torch.softmax(scores / temperature, 0), 1, generator=generator)
        else:
            drawn = scores.argmax().view(1)
        written.append(vocab[drawn.item()])
        ids = drawn.view(1, 1)
    return "".join(written)
