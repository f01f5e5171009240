"""Wrong answers to char_rnn."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import char_rnn as right
from solutions.numpy import optimizers
from solutions.numpy.cross_entropy import cross_entropy, cross_entropy_backward, one_hot
from solutions.numpy.gradient_flow import clip_by_global_norm
from solutions.numpy.gru import gru, gru_backward
from solutions.numpy.lstm import lstm, lstm_backward
from solutions.numpy.rnn import rnn, rnn_backward
from solutions.numpy.sampling import generate, sample
from solutions.numpy.text import decode, encode, lm_batches


def _draw(V, H, cell, weight, open_block=1):
    """Parameters of the right shapes; `weight(shape)` draws a matrix, the ones stand in block `open_block` of b."""
    M = {"rnn": 1, "lstm": 4, "gru": 3}[cell] * H
    params = {"Wx": weight((V, M)), "Wh": weight((H, M))}
    params |= {"bx": np.zeros(M), "bh": np.zeros(M)} if cell == "gru" else {"b": np.zeros(M)}
    if cell == "lstm" and open_block is not None:
        params["b"][open_block * H : (open_block + 1) * H] = 1
    return params | {"Wy": weight((H, V)), "by": np.zeros(V)}


def _walk(params, ids, state):
    """The states "N T H" by the katas of the cells, the last state, and how the gradient of the states goes back."""
    H, M = params["Wh"].shape
    xs = one_hot(ids.ravel(), len(params["Wx"])).astype(params["Wx"].dtype).reshape(*ids.shape, -1)
    zeros = np.zeros((len(ids), H), params["Wh"].dtype)
    if M == 4 * H:
        h0, c0 = (zeros, zeros) if state is None else state
        given = xs, h0, c0, params["Wx"], params["Wh"], params["b"]
        hs, cT = lstm(*given)

        def back(dhs):
            dxs, dh0, dc0, dWx, dWh, db = lstm_backward(dhs, np.zeros_like(cT), *given)
            return {"Wx": dWx, "Wh": dWh, "b": db}

        return hs, (hs[:, -1], cT), back
    h0 = zeros if state is None else state
    if M == H:
        given = xs, h0, params["Wx"], params["Wh"], params["b"]
        return (
            rnn(*given),
            rnn(*given)[:, -1],
            lambda dhs: dict(zip(("Wx", "Wh", "b"), rnn_backward(dhs, *given)[2:], strict=True)),
        )
    given = xs, h0, params["Wx"], params["Wh"], params["bx"], params["bh"]
    return (
        gru(*given),
        gru(*given)[:, -1],
        lambda dhs: dict(zip(("Wx", "Wh", "bx", "bh"), gru_backward(dhs, *given)[2:], strict=True)),
    )


def _score(params, hs):
    return hs.reshape(-1, hs.shape[-1]) @ params["Wy"] + params["by"]


def _finish(params, hs, back, dlogits):
    """All gradients from that of the scores."""
    rows = hs.reshape(-1, hs.shape[-1])
    dhs = (dlogits @ params["Wy"].T).reshape(hs.shape)
    return back(dhs) | {"Wy": rows.T @ dlogits, "by": dlogits.sum(axis=0)}


# ---------------------------------------------------------------------- init


@mistake(
    "missing-scale",
    "out[Wx]",
    says="these are standard normal numbers, not scaled to the size of the state: the cells start out saturated",
)
def init(V, H, rng, cell):
    return _draw(V, H, cell, lambda shape: rng.normal(size=shape))


@mistake(
    "missing-term",
    "out[b]",
    says="all biases are 0; those of the forget gates are 1, so that most of the memory stays at each step",
)
def init(V, H, rng, cell):
    bound = 1 / math.sqrt(H)
    return _draw(V, H, cell, lambda shape: rng.uniform(-bound, bound, shape), open_block=None)


@mistake("gate-swapped", "out[b]", says="the ones stand in the block of the input gate; the forget gate is the second")
def init(V, H, rng, cell):
    bound = 1 / math.sqrt(H)
    return _draw(V, H, cell, lambda shape: rng.uniform(-bound, bound, shape), open_block=0)


@mistake(
    "transposed",
    "out[Wx]",
    says="the matrices are stored as torch.nn stores them, outputs first; here a weight is used as x @ W",
)
def init(V, H, rng, cell):
    bound = 1 / math.sqrt(H)
    return _draw(V, H, cell, lambda shape: rng.uniform(-bound, bound, shape[::-1]))


@mistake(
    "wrong-operand", "out[Wx]", says="the bound is 1/√V, with the size of the vocabulary; the size of the state counts"
)
def init(V, H, rng, cell):
    bound = 1 / math.sqrt(V)
    return _draw(V, H, cell, lambda shape: rng.uniform(-bound, bound, shape))


@mistake(
    "argument-unused",
    "out[Wx]",
    says="the weights come from a generator of their own with a fixed seed, so every network starts from the same ones",
)
def init(V, H, rng, cell):
    own, bound = np.random.default_rng(0), 1 / math.sqrt(H)
    return _draw(V, H, cell, lambda shape: own.uniform(-bound, bound, shape))


@mistake("nondeterministic", says="the weights are drawn with numpy's global generator, so no run can be repeated")
def init(V, H, rng, cell):
    own, bound = np.random.default_rng(), 1 / math.sqrt(H)
    return _draw(V, H, cell, lambda shape: own.uniform(-bound, bound, shape))


# ---------------------------------------------------------------------- loss_and_grads


@mistake(
    "state-not-carried",
    "loss",
    says="the network starts from zeros in every piece of the text; the state that is given is what it remembers",
)
def loss_and_grads(params, ids, targets, state):
    return right.loss_and_grads(params, ids, targets, None)


@mistake(
    "gradient-not-carried",
    "grads[Wx]",
    says="each step gets the gradient of its own output alone; what its state does to the steps behind it is left out",
)
def loss_and_grads(params, ids, targets, state):
    T, loss, grads = ids.shape[1], 0.0, {name: np.zeros_like(param) for name, param in params.items()}
    for t in range(T):
        here, found, state = right.loss_and_grads(params, ids[:, t : t + 1], targets[:, t : t + 1], state)
        loss = loss + here / T
        grads = {name: grads[name] + found[name] / T for name in params}
    return loss, grads, state


@mistake(
    "missing-mean",
    "loss",
    says="the loss is summed over the steps and averaged over the rows alone; it is a mean over every character",
)
def loss_and_grads(params, ids, targets, state):
    loss, grads, state = right.loss_and_grads(params, ids, targets, state)
    T = ids.shape[1]
    return loss * T, {name: grad * T for name, grad in grads.items()}, state


@mistake(
    "only-last-step",
    "loss",
    says="only the last character of each row is predicted; every step has a target of its own",
)
def loss_and_grads(params, ids, targets, state):
    hs, last, back = _walk(params, ids, state)
    rows, labels = hs[:, -1], targets[:, -1]
    logits = rows @ params["Wy"] + params["by"]
    dlogits = cross_entropy_backward(1.0, logits, labels)
    dhs = np.zeros_like(hs)
    dhs[:, -1] = dlogits @ params["Wy"].T
    grads = back(dhs) | {"Wy": rows.T @ dlogits, "by": dlogits.sum(axis=0)}
    return cross_entropy(logits, labels), grads, last


@mistake(
    "not-accumulated",
    "grads[Wx]",
    says="the row of a character takes the gradient of one of its places; what the others have to say is overwritten",
)
def loss_and_grads(params, ids, targets, state):
    loss, grads, last = right.loss_and_grads(params, ids, targets, state)
    # a table with a row for every place tells what each place has to say
    own = params | {"Wx": params["Wx"][ids.ravel()]}
    places = np.arange(ids.size).reshape(ids.shape)
    _, found, _ = right.loss_and_grads(own, places, targets, state)
    grads["Wx"] = np.zeros_like(params["Wx"])
    grads["Wx"][ids.ravel()] = found["Wx"]
    return loss, grads, last


@mistake(
    "extra-mean",
    "grads[by]",
    says="the gradients are divided by the number of characters once more; the loss is a mean already",
)
def loss_and_grads(params, ids, targets, state):
    loss, grads, last = right.loss_and_grads(params, ids, targets, state)
    return loss, {name: grad / ids.size for name, grad in grads.items()}, last


@mistake(
    "transposed",
    "loss",
    says="the scores are laid out step by step and the targets row by row, so that a score meets another place's target",
)
def loss_and_grads(params, ids, targets, state):
    hs, last, back = _walk(params, ids, state)
    by_time = hs.swapaxes(0, 1).reshape(ids.size, -1)
    logits = by_time @ params["Wy"] + params["by"]
    dlogits = cross_entropy_backward(1.0, logits, targets.ravel())
    dhs = (dlogits @ params["Wy"].T).reshape(ids.shape[1], len(ids), -1).swapaxes(0, 1)
    grads = back(dhs) | {"Wy": by_time.T @ dlogits, "by": dlogits.sum(axis=0)}
    return cross_entropy(logits, targets.ravel()), grads, last


@mistake("missing-term", "loss", says="the scores have no bias: by is left out of the last layer")
def loss_and_grads(params, ids, targets, state):
    loss, grads, last = right.loss_and_grads(params | {"by": np.zeros_like(params["by"])}, ids, targets, state)
    return loss, grads, last


@mistake(
    "off-by-one",
    "loss",
    says="the scores are read from the state before each character, so that none of them knows the character itself",
)
def loss_and_grads(params, ids, targets, state):
    hs, last, back = _walk(params, ids, state)
    h0 = state[0] if isinstance(state, tuple) else np.zeros_like(hs[:, 0]) if state is None else state
    before = np.concatenate([h0[:, None], hs[:, :-1]], axis=1)
    logits = _score(params, before)
    dlogits = cross_entropy_backward(1.0, logits, targets.ravel())
    dbefore = (dlogits @ params["Wy"].T).reshape(hs.shape)
    dhs = np.concatenate([dbefore[:, 1:], np.zeros_like(dbefore[:, :1])], axis=1)
    rows = before.reshape(ids.size, -1)
    grads = back(dhs) | {"Wy": rows.T @ dlogits, "by": dlogits.sum(axis=0)}
    return cross_entropy(logits, targets.ravel()), grads, last


@mistake(
    "unstable",
    "loss",
    says="the scores go through exp as they are; a score of 1e4 overflows, unless the maximum is taken off first",
)
def loss_and_grads(params, ids, targets, state):
    hs, last, back = _walk(params, ids, state)
    exps = np.exp(_score(params, hs))
    p = exps / exps.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(ids.size), targets.ravel()]).mean()
    dlogits = p.copy()
    dlogits[np.arange(ids.size), targets.ravel()] -= 1
    return loss, _finish(params, hs, back, dlogits / ids.size), last


@mistake(
    "dtype-drift",
    "grads[Wx]",
    says="the zeros that stand for a missing state are float64, and turn everything behind them into float64",
)
def loss_and_grads(params, ids, targets, state):
    if state is None:
        wide = {name: param.astype(np.float64) for name, param in params.items()}
        return right.loss_and_grads(wide, ids, targets, None)
    return right.loss_and_grads(params, ids, targets, state)


@mistake(
    "graph-broken",
    "grads[Wx]",
    track="torch",
    says="the state is detached between the steps, so that the gradient never goes back through time",
)
def loss_and_grads(params, ids, targets, state):
    import torch

    from solutions.torch import char_rnn as torch_right

    leaves = {name: param.detach().requires_grad_() for name, param in params.items()}
    loss = 0.0
    for t in range(ids.shape[1]):
        hs, state = torch_right._states(leaves, ids[:, t : t + 1], state)
        state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        logits = hs[:, 0] @ leaves["Wy"] + leaves["by"]
        loss = loss + torch.nn.functional.cross_entropy(logits, targets[:, t]) / ids.shape[1]
    found = torch.autograd.grad(loss, list(leaves.values()))
    return loss.detach(), dict(zip(leaves, found, strict=True)), state


@mistake(
    "mutates-input",
    track="torch",
    says="the caller's own parameters are asked to require a gradient; differentiate for detached copies",
)
def loss_and_grads(params, ids, targets, state):
    import torch

    from solutions.torch import char_rnn as torch_right

    for param in params.values():
        param.requires_grad_()
    hs, state = torch_right._states(params, ids, state)
    logits = hs.flatten(0, 1) @ params["Wy"] + params["by"]
    loss = torch.nn.functional.cross_entropy(logits, targets.flatten())
    loss.backward()
    state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
    return loss.detach(), {name: param.grad for name, param in params.items()}, state


# ---------------------------------------------------------------------- train


def _train(
    ids, V, H, cell, steps, batch_size, T, lr, rng, on_step, carry=True, limit=1.0, first=0, adam=optimizers.adam_step
):
    params, optimizer, step = right.init(V, H, rng, cell), {}, 0
    while step < steps:
        state = None
        for inputs, targets in lm_batches(ids, batch_size, T):
            loss, grads, state = right.loss_and_grads(params, inputs, targets, state if carry else None)
            grads, _ = clip_by_global_norm(grads, limit)
            params, optimizer = adam(params, grads, optimizer, lr)
            if on_step is not None:
                on_step(step + first, loss, params)
            step += 1
            if step == steps:
                break
    return params


def _kept(*given, **changes):
    """The same, where Ctrl-C ends it with the parameters reached."""
    *given, on_step = given
    reached = {}

    def watched(step, loss, params):
        reached["params"] = params
        if on_step is not None:
            on_step(step, loss, params)

    try:
        return _train(*given, watched, **changes)
    except KeyboardInterrupt:
        return reached["params"]


@mistake(
    "state-not-carried",
    says="every batch starts from nothing; the state that comes out of a batch belongs into the next, whose rows go on there",
)
def train(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step=None):
    return _kept(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step, carry=False)


@mistake(
    "missing-term", says="the gradients go into the step as long as they are; they are clipped to a norm of 1 first"
)
def train(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step=None):
    return _kept(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step, limit=1e30)


@mistake("off-by-one", says="on_step hears of the steps 1, 2, 3, …; the first one is 0")
def train(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step=None):
    return _kept(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step, first=1)


@mistake(
    "wrong-type",
    says="Ctrl-C goes through, and all that was learned is lost; catch it around the loop and return the parameters",
)
def train(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step=None):
    return _train(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step)


@mistake("argument-unused", says="on_step is taken and never called; it belongs at the end of every step")
def train(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step=None):
    return _kept(ids, V, H, cell, steps, batch_size, T, lr, rng, None)


def _without_correction(params, grads, state, lr):
    m = {name: 0.9 * state.get("m", {}).get(name, 0.0) + 0.1 * grads[name] for name in params}
    v = {name: 0.999 * state.get("v", {}).get(name, 0.0) + 0.001 * grads[name] ** 2 for name in params}
    return {name: params[name] - lr * m[name] / (np.sqrt(v[name]) + 1e-8) for name in params}, {"m": m, "v": v}


@mistake(
    "bias-correction-missing",
    says="m and v of Adam start at 0 and are too small at first; they are divided by 1 − beta^t before they are used",
)
def train(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step=None):
    return _kept(ids, V, H, cell, steps, batch_size, T, lr, rng, on_step, adam=_without_correction)


# ---------------------------------------------------------------------- sample_text


def _writer(params):
    """The step of `generate`, by way of the katas of the cells."""

    def step(token, state):
        hs, state, _ = _walk(params, np.array([[token]]), state)
        return _score(params, hs)[0], state

    return step


def _read(params, ids, state=None):
    step = _writer(params)
    for i in ids:
        _, state = step(i, state)
    return state


def _write(params, vocab, before, last, length, temperature, rng, draw=sample):
    step, state, written = _writer(params), _read(params, before), []
    for _ in range(length):
        logits, state = step(last, state)
        last = draw(logits, temperature, rng)
        written.append(last)
    return "".join(vocab[i] for i in written)


@mistake(
    "state-not-carried",
    says="only the last character of the prime is read; the network has to read all of it, in order, and keep the state",
)
def sample_text(params, vocab, prime, length, temperature, rng):
    ids = encode(prime, vocab)
    return decode(np.array(generate(_writer(params), None, ids[-1], length, temperature, rng), dtype=int), vocab)


@mistake(
    "off-by-one",
    says="the last character of the prime is read twice: once with the prime, and once more as the first input",
)
def sample_text(params, vocab, prime, length, temperature, rng):
    ids = encode(prime, vocab)
    return _write(params, vocab, ids, ids[-1], length, temperature, rng)


@mistake(
    "wrong-operand",
    says="the scores are multiplied by the temperature; divided by it, they make a low temperature a careful one",
)
def sample_text(params, vocab, prime, length, temperature, rng):
    def draw(logits, temperature, rng):
        return sample(logits, 1 / temperature if temperature else 0.0, rng)

    *before, last = encode(prime, vocab)
    return _write(params, vocab, before, last, length, temperature, rng, draw)


@mistake("argument-unused", says="the temperature is not used: every text is drawn as if it were 1")
def sample_text(params, vocab, prime, length, temperature, rng):
    def draw(logits, temperature, rng):
        return sample(logits, 1.0 if temperature else 0.0, rng)

    *before, last = encode(prime, vocab)
    return _write(params, vocab, before, last, length, temperature, rng, draw)


@mistake(
    "nondeterministic",
    says="the characters are drawn with a generator of their own, so no text can be repeated",
)
def sample_text(params, vocab, prime, length, temperature, rng):
    *before, last = encode(prime, vocab)
    return _write(params, vocab, before, last, length, temperature, np.random.default_rng())


@mistake(
    "range-not-checked",
    says="characters of the prime that the vocabulary does not have are left out; they are refused with a ValueError",
)
def sample_text(params, vocab, prime, length, temperature, rng):
    *before, last = [vocab.index(character) for character in prime if character in vocab]
    return _write(params, vocab, before, last, length, temperature, rng)


@mistake(
    "reversed",
    says="the prime is read from its end; the network has to read it in the order in which it is written",
)
def sample_text(params, vocab, prime, length, temperature, rng):
    *before, last = encode(prime, vocab)
    return _write(params, vocab, before[::-1], last, length, temperature, rng)
