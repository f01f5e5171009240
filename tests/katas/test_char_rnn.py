"""init, loss_and_grads, train and sample_text: cells walked step by step, and slopes by steps into the complex plane."""

import itertools

import numpy as np
import pytest

CELLS = ("rnn", "lstm", "gru")
BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}
every_cell = pytest.mark.parametrize("cell", CELLS)


def shapes(V, H, cell):
    M = BLOCKS[cell] * H
    biases = {"bx": (M,), "bh": (M,)} if cell == "gru" else {"b": (M,)}
    return {"Wx": (V, M), "Wh": (H, M), **biases, "Wy": (H, V), "by": (V,)}


def fresh(kata, V, H, rng, cell):
    """Parameters from init, with the names that they should have."""
    params, names = kata.init(V, H, rng, cell), list(shapes(V, H, cell))
    good = isinstance(params, dict) and set(params) == set(names)
    kata.law(good, f"the keys for {cell} are {', '.join(map(str, params))}, not {', '.join(names)}", function="init")
    return params


# ---------------------------------------------------------------------- init


@every_cell
def test_init_shapes_the_weights_for_the_cell(kata, cell):
    V, H = 7, 5
    params = fresh(kata, V, H, kata.rng(0), cell)
    for name, shape in shapes(V, H, cell).items():
        got, cause, says = np.shape(params[name]), None, ""
        if got == shape[::-1] and len(shape) == 2:
            cause, says = "transposed", "outputs come first here, as in torch.nn; a weight is used as x @ W"
        elif len(shape) == 1 and len(got) == 2 and np.prod(got) == shape[0]:
            cause, says = "extra-axis", "a bias has one axis; broadcasting does the rest"
        facts = f"has shape {got} for {cell} with V={V}, H={H}; {shape} was expected"
        kata.law(got == shape, facts, function="init", tensor=f"out[{name}]", cause=cause, says=says)


@every_cell
def test_init_starts_with_biases_of_zero_but_an_open_forget_gate(kata, cell):
    H = 5
    params = fresh(kata, 7, H, kata.rng(1), cell)
    for name in ("b", "bx", "bh", "by"):
        if name not in params:
            continue
        got, wanted = np.ravel(params[name]), np.zeros(np.size(params[name]))
        cause, says = None, ""
        if cell == "lstm" and name == "b":
            wanted[H : 2 * H] = 1
            places = [block for block in range(4) if np.all(got[block * H : (block + 1) * H] == 1)]
            if not got.any():
                cause, says = "missing-term", "the forget gates start half closed; their biases are 1, all others are 0"
            elif len(places) == 1 and got.sum() == H:
                cause, says = "gate-swapped", f"the ones stand in block {places[0]} of i, f, g, o; f is block 1"
        facts = f"holds {got.tolist()} for {cell}; {wanted.tolist()} was expected"
        kata.law(np.array_equal(got, wanted), facts, function="init", tensor=f"out[{name}]", cause=cause, says=says)


def test_init_makes_floats_of_the_usual_precision(kata):
    usual = "float64" if kata.track == "numpy" else "float32"  # the default of each library
    for name, param in fresh(kata, 3, 2, kata.rng(2), "lstm").items():
        facts = f"is {param.dtype}; {usual} was expected"
        kata.law(str(param.dtype) == usual, facts, function="init", tensor=f"out[{name}]", cause="dtype-drift")


def test_init_draws_from_the_generator(kata):
    one, other, again = (fresh(kata, 6, 4, kata.rng(seed), "gru") for seed in (3, 4, 3))
    for name in ("Wx", "Wh", "Wy"):
        kata.law(
            np.array_equal(one[name], again[name]),
            f"two generators with the same seed gave different {name}",
            function="init",
            cause="nondeterministic",
            says="the weights are drawn from somewhere else than the generator, so no run can be repeated",
        )
        kata.law(
            not np.array_equal(one[name], other[name]),
            f"two different generators gave the same {name}",
            function="init",
            tensor=f"out[{name}]",
            cause="argument-unused",
            says="no randomness comes from the generator; units that start equal stay equal for ever",
        )


@every_cell
def test_init_draws_uniformly_up_to_one_over_root_h(kata, cell):
    V, H = 60, 40
    params, bound = fresh(kata, V, H, kata.rng(5), cell), 1 / np.sqrt(H)
    for name in ("Wx", "Wh", "Wy"):
        W = params[name]
        std, most, mean = float(W.std()), float(np.abs(W).max()), float(W.mean())
        known = [
            (1.0, "missing-scale", "a standard normal is not scaled yet"),
            (1 / np.sqrt(3), "missing-scale", "these lie between −1 and 1; the bound is 1/√H"),
            (1 / np.sqrt(3 * V), "wrong-operand", "the bound is 1/√V; it is the size of the state that counts, H"),
            (1 / H / np.sqrt(3), "missing-term", "the bound is 1/H; the root is missing"),
            (bound / np.sqrt(12), "wrong-factor", "these lie between 0 and 1/√H, or half as wide: ±1/√H is meant"),
        ]
        cause, says = next(((c, s) for value, c, s in known if abs(std / value - 1) < 0.05), (None, ""))
        facts = (
            f"{name} of {cell} has the standard deviation {std:.3g}; 1/√(3·{H}) = {bound / np.sqrt(3):.3g} was expected"
        )
        good = abs(std * np.sqrt(3) / bound - 1) < 0.05
        kata.law(good, facts, function="init", tensor=f"out[{name}]", cause=cause, says=says)
        facts = f"{name} reaches {most:.3g}; nothing lies beyond 1/√{H} = {bound:.3g}"
        kata.law(most <= bound * 1.000001, facts, function="init", tensor=f"out[{name}]")
        facts = f"{name} has the mean {mean:.3g}, too far from 0 for {W.size} numbers"
        kata.law(abs(mean) < 3 * bound / np.sqrt(W.size), facts, function="init", tensor=f"out[{name}]")


# ---------------------------------------------------------------------- the same cells, step by step
#
# Every parameter may have axes in front: a whole family of networks reads the text at once. Where the family is the
# network itself, moved a little way into the imaginary direction of each parameter, the imaginary part of the loss is
# the slope, exactly: nothing is subtracted.


def sigma(z):
    return 0.5 + 0.5 * np.tanh(z / 2)


def walk(cell, p, ids, state):
    """Scores "... N T V" and the last state."""
    N, H = len(ids), p["Wh"].shape[-2]
    zeros = np.zeros((N, H))
    h, c = state if isinstance(state, tuple) else (zeros if state is None else state, zeros)
    rows = {name: p[name][..., None, :] for name in p if name[0] == "b"}
    scores = []
    for t in range(ids.shape[1]):
        x = p["Wx"][..., ids[:, t], :]
        if cell == "rnn":
            h = np.tanh(x + h @ p["Wh"] + rows["b"])
        elif cell == "lstm":
            z = x + h @ p["Wh"] + rows["b"]
            i, f, g, o = (z[..., k * H : (k + 1) * H] for k in range(4))
            c = sigma(f) * c + sigma(i) * np.tanh(g)
            h = sigma(o) * np.tanh(c)
        else:
            a, u = x + rows["bx"], h @ p["Wh"] + rows["bh"]
            r, z = sigma(a[..., :H] + u[..., :H]), sigma(a[..., H : 2 * H] + u[..., H : 2 * H])
            h = (1 - z) * np.tanh(a[..., 2 * H :] + r * u[..., 2 * H :]) + z * h
        scores.append(h @ p["Wy"] + rows["by"])
    return np.stack(scores, axis=-2), (h, c) if cell == "lstm" else h


def surprise(cell, p, ids, targets, state=None):
    """The mean loss, "...", and the last state."""
    scores, last = walk(cell, p, ids, state)
    scores = scores - scores.real.max(axis=-1, keepdims=True)
    n, t = np.indices(ids.shape)
    losses = np.log(np.exp(scores).sum(axis=-1)) - scores[..., n, t, targets]
    return losses.mean(axis=(-2, -1)), last


def slopes(cell, p, ids, targets, state=None):
    """The gradient of the mean loss for every parameter."""
    count, start = sum(value.size for value in p.values()), 0
    family = {name: np.repeat(value[None] + 0j, count, axis=0) for name, value in p.items()}
    for value in family.values():
        size = value[0].size
        value.reshape(count, size)[start + np.arange(size), np.arange(size)] += 1e-30j
        start += size
    flat = surprise(cell, family, ids, targets, state)[0].imag / 1e-30
    ends = np.cumsum([value.size for value in p.values()])[:-1]
    return {name: part.reshape(p[name].shape) for name, part in zip(p, np.split(flat, ends), strict=True)}


def make(cell, seed, N=3, T=4, V=5, H=2):
    """Parameters, ids and targets with repeats, and a state that is not zero."""
    rng = np.random.default_rng(seed)
    params = {name: 0.7 * rng.normal(size=shape) for name, shape in shapes(V, H, cell).items()}
    state = rng.uniform(-0.9, 0.9, size=(N, H))
    state = (state, rng.normal(size=(N, H))) if cell == "lstm" else state
    return params, rng.integers(0, V, size=(N, T)), rng.integers(0, V, size=(N, T)), state


def check(kata, cell, params, ids, targets, state=None):
    loss, grads, last = kata.loss_and_grads(params, ids, targets, state)
    expected, final = surprise(cell, params, ids, targets, state)
    kata.assert_close(loss, expected)
    kata.assert_close(last, final)
    kata.assert_close(grads, slopes(cell, params, ids, targets, state))


@every_cell
def test_loss_of_equal_chances(kata, cell):
    params = {name: np.zeros(shape) for name, shape in shapes(5, 2, cell).items()}
    loss, _, _ = kata.loss_and_grads(params, np.array([[0, 4, 1]] * 2), np.array([[4, 1, 2]] * 2), None)
    kata.law(
        not any(np.isclose(loss, count * np.log(5)) for count in (2, 3, 6)),
        f"the loss of 2 rows of 3 equal chances among 5 is {float(loss):.4g}; log 5 = {np.log(5):.4g} was expected",
        function="loss_and_grads",
        tensor="loss",
        cause="missing-mean",
        says="the loss is a sum over the rows or over the steps; it is a mean over every character",
    )
    kata.assert_close(loss, np.log(5))


@every_cell
def test_loss_of_a_single_step(kata, cell):
    params, ids, targets, _ = make(cell, 0, T=1)
    loss, _, last = kata.loss_and_grads(params, ids, targets, None)
    expected, final = surprise(cell, params, ids, targets)
    kata.assert_close(loss, expected)
    kata.assert_close(last, final)


@every_cell
def test_loss_and_state_of_several_steps(kata, cell):
    params, ids, targets, _ = make(cell, 1)
    loss, _, last = kata.loss_and_grads(params, ids, targets, None)
    expected, final = surprise(cell, params, ids, targets)
    _, between = surprise(cell, params, ids[:, :-1], targets[:, :-1])
    kata.law(
        not np.isclose(loss, surprise(cell, params, ids[:, -1:], targets[:, -1:], between)[0]),
        f"the loss is {float(loss):.6g}, which is that of the last character alone; {float(expected):.6g} was expected",
        function="loss_and_grads",
        tensor="loss",
        cause="only-last-step",
        says="only the last character of each row is predicted; every step has a target of its own",
    )
    kata.assert_close(loss, expected)
    kata.assert_close(last, final)


@every_cell
def test_loss_and_state_start_from_the_state_given(kata, cell):
    params, ids, targets, state = make(cell, 2)
    loss, _, last = kata.loss_and_grads(params, ids, targets, state)
    expected, final = surprise(cell, params, ids, targets, state)
    kata.law(
        not np.isclose(loss, surprise(cell, params, ids, targets)[0]),
        f"the loss is {float(loss):.6g}, as if the state were zeros; {float(expected):.6g} was expected",
        function="loss_and_grads",
        tensor="loss",
        cause="state-not-carried",
        says="the state that is given does not come in: every piece of the text is read as if nothing came before it",
    )
    kata.assert_close(loss, expected)
    kata.assert_close(last, final)


@every_cell
def test_a_text_in_two_pieces_is_the_text_in_one(kata, cell):
    params, ids, targets, _ = make(cell, 3, T=6)
    first, _, between = kata.loss_and_grads(params, ids[:, :2], targets[:, :2], None)
    second, _, last = kata.loss_and_grads(params, ids[:, 2:], targets[:, 2:], between)
    expected, final = surprise(cell, params, ids, targets)
    kata.assert_close(last, final)
    kata.assert_close((first * 2 + second * 4) / 6, expected)


@every_cell
def test_grads_of_the_layer_that_scores(kata, cell):
    params, ids, targets, _ = make(cell, 4)
    _, grads, _ = kata.loss_and_grads(params, ids, targets, None)
    wanted = slopes(cell, params, ids, targets)
    kata.assert_close({key: grads.get(key) for key in ("by", "Wy")}, {key: wanted[key] for key in ("by", "Wy")})


@every_cell
def test_grads_of_a_single_step(kata, cell):
    check(kata, cell, *make(cell, 5, T=1))


@every_cell
def test_grads_go_back_through_time(kata, cell):
    params, ids, targets, _ = make(cell, 6)
    _, grads, _ = kata.loss_and_grads(params, ids, targets, None)
    alone, state, T = {name: np.zeros_like(value) for name, value in params.items()}, None, ids.shape[1]
    for t in range(T):  # as if each step were a text of its own
        here = ids[:, t : t + 1], targets[:, t : t + 1], state
        alone = {name: alone[name] + value / T for name, value in slopes(cell, params, *here).items()}
        _, state = surprise(cell, params, *here)
    for name in ("Wx", "Wh"):
        kata.law(
            np.shape(grads.get(name)) != alone[name].shape or not np.allclose(grads[name], alone[name]),
            "has what each step does to its own output alone, and nothing of what it does to the steps behind it",
            function="loss_and_grads",
            tensor=f"grads[{name}]",
            cause={"numpy": "gradient-not-carried", "torch": "graph-broken"}[kata.track],
            says="the gradient does not go back from step to step; a state reaches the loss through all that follow it",
        )
    check(kata, cell, params, ids, targets)


@every_cell
def test_grads_start_from_the_state_given(kata, cell):
    check(kata, cell, *make(cell, 7))


@every_cell
def test_grads_of_a_single_row_unit_and_character(kata, cell):
    check(kata, cell, *make(cell, 8, N=1, T=5, V=3, H=3))
    check(kata, cell, *make(cell, 9, N=2, T=3, V=1, H=1))


@every_cell
def test_grads_add_up_where_a_character_repeats(kata, cell):
    params, ids, targets, state = make(cell, 10)
    ids[:] = 2
    check(kata, cell, params, ids, targets, state)


@every_cell
def test_loss_survives_extreme_scores(kata, cell):
    params, ids, targets, _ = make(cell, 11, V=3)
    params["Wy"][:] = 0
    params["by"] = np.array([1e4, 0.0, -1e4])
    loss, grads, _ = kata.loss_and_grads(params, ids, targets, None)
    kata.law(
        np.isfinite(loss),
        f"is {float(loss)} for scores of ±1e4",
        function="loss_and_grads",
        tensor="loss",
        cause="unstable",
        says="exp of such a score overflows; the maximum of a row is taken off first, which changes nothing else",
    )
    kata.assert_close(loss, (1e4 - params["by"][targets]).mean())
    kata.assert_close(grads["by"], np.array([1.0, 0, 0]) - np.bincount(targets.ravel(), minlength=3) / targets.size)


@every_cell
def test_loss_survives_cells_that_are_driven_to_their_ends(kata, cell):
    params, ids, targets, state = make(cell, 12)
    params["Wx"] = 1e4 * np.sign(params["Wx"])
    check(kata, cell, params, ids, targets, state)


@every_cell
def test_loss_and_grads_keep_float32(kata, cell):
    params, ids, targets, state = make(cell, 13)
    single = {name: value.astype(np.float32) for name, value in params.items()}
    state = tuple(part.astype(np.float32) for part in state) if cell == "lstm" else state.astype(np.float32)
    loss, grads, last = kata.loss_and_grads(single, ids, targets, state)
    expected, final = surprise(cell, params, ids, targets, state)
    kata.assert_close(loss, expected, rtol=1e-5)
    wanted = slopes(cell, params, ids, targets, state)
    kata.assert_close(grads, {name: value.astype(np.float32) for name, value in wanted.items()}, rtol=1e-5)
    parts, finals = (last, final) if cell == "lstm" else ((last,), (final,))
    for part, value in zip(parts, finals, strict=True):
        kata.assert_close(part, value.astype(np.float32), rtol=1e-5)


@every_cell
def test_loss_and_grads_keep_float32_from_a_state_of_none(kata, cell):
    params, ids, targets, _ = make(cell, 14)
    single = {name: value.astype(np.float32) for name, value in params.items()}
    _, grads, last = kata.loss_and_grads(single, ids, targets, None)
    for part in last if cell == "lstm" else (last,):
        facts = f"holds {part.dtype}; its arguments are float32"
        kata.law(str(part.dtype) == "float32", facts, function="loss_and_grads", tensor="state", cause="dtype-drift")
    wanted = slopes(cell, params, ids, targets)
    kata.assert_close(grads, {name: value.astype(np.float32) for name, value in wanted.items()}, rtol=1e-5)


# ---------------------------------------------------------------------- train
#
# `train` starts from what `init` draws from the same generator; from there every step is arithmetic.

TEXT = np.random.default_rng(14).integers(0, 4, size=27)  # in rows of 8 or 13, windows of 3: a rest is dropped


def batches(ids, N, T):
    """The batches of the text over and over, and whether the state starts anew."""
    L = (len(ids) - 1) // N
    while True:
        for start in range(0, L - T + 1, T):
            places = np.arange(N)[:, None] * L + start + np.arange(T)
            yield ids[places], ids[places + 1], start == 0


def recorder(stop=None):
    """A list, and an on_step that writes to it: number, loss, a copy of the parameters. The call `stop` interrupts."""
    seen = []

    def on_step(step, loss, params):
        seen.append((step, float(loss), {name: np.array(param) for name, param in params.items()}))
        if len(seen) == stop:
            raise KeyboardInterrupt

    return seen, on_step


def exact(kata):
    """Tolerance by track: torch starts from float32."""
    return 1e-7 if kata.track == "numpy" else 2e-4


def trained(kata, steps, lr=0.01, N=2, T=3, cell="gru", H=3, seed=15, ids=TEXT):
    seen, on_step = recorder()
    got = kata.train(ids, 4, H, cell, steps, N, T, lr, kata.rng(seed), on_step)
    return seen, got


def test_train_starts_from_what_init_draws(kata):
    start = fresh(kata, 4, 3, kata.rng(15), "gru")
    got = kata.train(TEXT, 4, 3, "gru", 0, 2, 3, 0.01, kata.rng(15))
    good = set(got) == set(start) and all(np.array_equal(got[name], start[name]) for name in start)
    facts = "in 0 steps, train gave back other parameters than init draws from the same generator"
    kata.law(good, facts, function="train")


def test_train_calls_on_step_after_each_step(kata):
    seen, got = trained(kata, 5)
    numbers = [step for step, _, _ in seen]
    kata.law(
        bool(seen),
        "on_step was not called in 5 steps",
        function="train",
        cause="argument-unused",
        says="on_step is taken and never called; it belongs at the end of every step",
    )
    kata.law(
        numbers != [1, 2, 3, 4, 5],
        "on_step was called with the steps 1 to 5",
        function="train",
        cause="off-by-one",
        says="steps are counted from 1; the first one is 0",
    )
    kata.law(numbers == [0, 1, 2, 3, 4], f"on_step was called with the steps {numbers}, not 0 to 4", function="train")
    same = all(np.array_equal(seen[-1][2][name], got[name]) for name in got)
    kata.law(same, "after the last step, on_step was given other parameters than train returned", function="train")


def test_train_walks_along_the_text_and_carries_the_state(kata):
    # With a learning rate of 0 the network stays as it is, so the losses tell which text it saw, and in which state.
    params = fresh(kata, 4, 3, kata.rng(15), "gru")
    seen, _ = trained(kata, 7, lr=0.0)
    losses = [loss for _, loss, _ in seen]
    kata.law(len(losses) == 7, f"on_step was called {len(losses)} times in 7 steps", function="train")

    def predicted(carry=True, anew=True):
        state, found = None, []
        for inputs, targets, first in itertools.islice(batches(TEXT, 2, 3), 7):
            state = None if first and anew or not carry else state
            loss, state = surprise("gru", params, inputs, targets, state)
            found.append(loss)
        return found

    rtol = exact(kata)
    kata.law(
        not np.allclose(losses, predicted(carry=False), rtol=rtol),
        "every batch was read as if nothing came before it",
        function="train",
        cause="state-not-carried",
        says="the state that comes out of one batch has to go into the next, whose rows go on there",
    )
    kata.law(
        not np.allclose(losses, predicted(anew=False), rtol=rtol),
        "at the start of the text the state still held what was read at its end",
        function="train",
        says="the rows start again at their beginnings, and the state has to start again with them",
    )
    facts = f"the losses at a learning rate of 0 were {np.round(losses, 4).tolist()}; {np.round(predicted(), 4).tolist()} was expected"
    kata.law(np.allclose(losses, predicted(), rtol=rtol), facts, function="train")


def adam(params, text, N, T, steps, lr, cell, limit=1.0):
    """What Adam makes of `params` in so many steps, with the gradients cut to a norm of `limit`."""
    m = v = dict.fromkeys(params, 0.0)
    state = None
    for t, (inputs, targets, first) in enumerate(itertools.islice(batches(text, N, T), steps), start=1):
        state = None if first else state
        grads = slopes(cell, params, inputs, targets, state)
        _, state = surprise(cell, params, inputs, targets, state)
        norm = np.sqrt(sum((grad**2).sum() for grad in grads.values()))
        grads = {name: grad * min(1, limit / norm) for name, grad in grads.items()}
        m = {name: 0.9 * m[name] + 0.1 * grads[name] for name in params}
        v = {name: 0.999 * v[name] + 0.001 * grads[name] ** 2 for name in params}
        params = {
            name: params[name] - lr * (m[name] / (1 - 0.9**t)) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
            for name in params
        }
    return params


def test_train_takes_steps_of_adam(kata):
    for cell in CELLS:
        start = {name: np.array(value, float) for name, value in fresh(kata, 4, 2, kata.rng(16), cell).items()}
        seen, _ = trained(kata, 3, lr=0.02, cell=cell, H=2, seed=16)
        kata.law(len(seen) == 3, f"on_step was called {len(seen)} times in 3 steps", function="train")
        moved = {name: np.array(seen[0][2][name], float) - start[name] for name in start}
        kata.law(
            any(np.any(move) for move in moved.values()),
            "after a step with a learning rate of 0.02 every parameter is where it was",
            function="train",
            cause="state-not-carried",
            says="the parameters that a step returns are not the ones that the next step starts from",
        )
        sizes = np.abs(np.concatenate([move.ravel() for move in moved.values()])) / 0.02
        kata.law(
            not 3.1 < np.median(sizes) < 3.2,
            f"the first step is {np.median(sizes):.3g} times lr long; Adam's first is lr, whatever the gradient",
            function="train",
            cause="bias-correction-missing",
            says="m and v start at 0; without their correction the first step is 0.1/√0.001 = 3.16 times too long",
        )
        wanted = adam(start, TEXT, 2, 3, 3, 0.02, cell)
        atol = 1e-7 if kata.track == "numpy" else 2e-4
        kata.assert_close({name: seen[2][2][name] for name in wanted}, wanted, rtol=1e-6, atol=atol)


def test_train_cuts_large_gradients(kata):
    # Adam forgets a common factor of all gradients, but not one of a few of them: the text is one character for long,
    # until the network is sure of it, and then another comes.
    text = np.array([0] * 61 + [1, 0] * 4)
    before = {name: np.array(value, float) for name, value in fresh(kata, 4, 2, kata.rng(17), "rnn").items()}
    seen, _ = trained(kata, 34, lr=0.1, N=1, T=2, cell="rnn", H=2, seed=17, ids=text)
    kata.law(len(seen) == 34, f"on_step was called {len(seen)} times in 34 steps", function="train")
    got, atol = seen[-1][2], 1e-5 if kata.track == "numpy" else 5e-3
    cut = adam(before, text, 1, 2, 34, 0.1, "rnn")
    uncut = adam(before, text, 1, 2, 34, 0.1, "rnn", limit=np.inf)
    kata.law(
        not all(np.allclose(got[name], uncut[name], rtol=0, atol=atol) for name in got),
        "a gradient of a norm far above 1 went into the step as it was",
        function="train",
        cause="missing-term",
        says="the gradients are not clipped; together they may be no longer than 1",
    )
    kata.assert_close(got, cut, rtol=0, atol=atol)


def test_train_keeps_what_it_has_when_interrupted(kata):
    seen, on_step = recorder(stop=3)
    try:
        got = kata.train(TEXT, 4, 3, "lstm", 6, 2, 3, 0.01, kata.rng(18), on_step)
    except KeyboardInterrupt:
        got = None
    kata.law(
        got is not None,
        "a KeyboardInterrupt (Ctrl-C) that on_step raised came out of train, and the parameters reached are lost",
        function="train",
        cause="wrong-type",
        says="the interruption goes through; catch it around the loop and return the parameters as they are then",
    )
    kata.law(
        len(seen) == 3, f"interrupted after step 2, it went on to call on_step {len(seen)} times", function="train"
    )
    kata.assert_close(got, seen[-1][2])


@every_cell
def test_train_learns_a_text_by_heart(kata, cell):
    text = np.array([0, 1, 2, 1, 3, 0, 0, 2] * 6)  # what follows 0, 1 or 2 depends on what came before
    seen, _ = trained(kata, 80, lr=0.04, N=2, T=8, cell=cell, H=10, seed=19, ids=text)
    losses = [loss for _, loss, _ in seen]
    kata.law(len(losses) == 80, f"on_step was called {len(losses)} times in 80 steps", function="train")
    facts = f"the loss went from {losses[0]:.3g} to {losses[-1]:.3g} in 80 steps; below 0.2 is usual"
    kata.law(losses[-1] < 0.2, facts, function="train")


# ---------------------------------------------------------------------- sample_text

VOCAB = ["a", "b", "c", "d", "e"]


def likeliest(cell, params, prime, length):
    """What the network writes at temperature 0."""
    ids = [VOCAB.index(character) for character in prime]
    for _ in range(length):
        scores, _ = walk(cell, params, np.array([ids]), None)
        ids.append(int(scores[0, -1].argmax()))
    return "".join(VOCAB[i] for i in ids[len(prime) :])


def deciding(cell, seed):
    """A network whose state runs on for long, so that one character more or less read leads to another text."""
    params = make(cell, seed, H=6)[0]
    return {name: 2 * value if name in ("Wh", "Wy") else value for name, value in params.items()}


@every_cell
def test_sample_text_at_temperature_zero_writes_the_likeliest(kata, cell):
    for seed in range(20, 24):
        params = deciding(cell, seed)
        for prime in ("c", "dab"):
            got, wanted = kata.sample_text(params, VOCAB, prime, 9, 0.0, kata.rng(0)), likeliest(cell, params, prime, 9)
            kata.law(
                got != prime + wanted,
                f"after {prime!r} came {got!r}; {wanted!r} was expected",
                function="sample_text",
                says="the prime stands in the result; only what follows it was asked for",
            )
            kata.law(
                len(got) == 9,
                f"gave {len(got)} characters; 9 were asked for",
                function="sample_text",
                cause="off-by-one" if abs(len(got) - 9) == 1 else None,
                says="it writes one character too many or too few",
            )
            for read, cause, says in (
                (prime[-1], "state-not-carried", "only the last character of the prime is read; all of it is meant"),
                (prime + prime[-1], "off-by-one", "the last character of the prime is read twice"),
                (prime[-2::-1] + prime[-1], "reversed", "the prime is read from its end; it is read in its order"),
                (prime[::-1], "reversed", "the prime is read from its end; it is read in its order"),
                (prime[:-1] or "a", "off-by-one", "the last character of the prime is not read"),
            ):
                kata.law(
                    got == wanted or got != likeliest(cell, params, read, 9),
                    f"after {prime!r} came {got!r}, as after {read!r}; {wanted!r} was expected",
                    function="sample_text",
                    cause=cause,
                    says=says,
                )
            kata.law(got == wanted, f"after {prime!r} came {got!r}; {wanted!r} was expected", function="sample_text")


def test_sample_text_draws_by_the_scores(kata):
    params = {name: np.zeros(shape) for name, shape in shapes(3, 2, "rnn").items()}
    params["by"] = np.log([0.1, 0.3, 0.6])
    for temperature in (1.0, 0.5):
        p = np.array([0.1, 0.3, 0.6]) ** (1 / temperature)
        got = kata.sample_text(params, ["x", "y", "z"], "x", 600, temperature, kata.rng(24))
        share = np.array([got.count(character) for character in "xyz"]) / 600
        facts = f"at temperature {temperature:g}, x, y and z came with the shares {share.round(3)}; {(p / p.sum()).round(3)} is right"
        wrong = np.array([0.1, 0.3, 0.6]) ** temperature
        cause = "argument-unused" if np.allclose(share, [0.1, 0.3, 0.6], atol=0.06) else None
        cause = "wrong-operand" if cause is None and np.allclose(share, wrong / wrong.sum(), atol=0.06) else cause
        kata.law(np.allclose(share, p / p.sum(), atol=0.08), facts, function="sample_text", cause=cause)


def test_sample_text_draws_from_the_generator(kata):
    params = {name: np.zeros(shape) for name, shape in shapes(3, 2, "gru").items()}
    one, other, again = (kata.sample_text(params, ["x", "y", "z"], "y", 40, 1.0, kata.rng(seed)) for seed in (1, 2, 1))
    kata.law(
        one == again,
        "two generators with the same seed wrote different texts",
        function="sample_text",
        cause="nondeterministic",
        says="the characters are drawn with something else than the generator, so no text can be repeated",
    )
    kata.law(
        one != other,
        f"two different generators wrote the same text, {one!r}",
        function="sample_text",
        cause="argument-unused",
        says="the generator is not asked, so every text is the same",
    )


def test_sample_text_of_no_characters_is_empty(kata):
    got = kata.sample_text(deciding("lstm", 25), VOCAB, "ab", 0, 1.0, kata.rng(3))
    kata.law(got == "", f"gave {got!r} for a length of 0; '' was expected", function="sample_text")


def test_sample_text_refuses_a_prime_of_unknown_characters(kata):
    kata.refuses("sample_text", deciding("rnn", 26), VOCAB, "ab?", 3, 1.0, kata.rng(4), naming="?")


def test_sample_text_takes_float32(kata):
    params = deciding("lstm", 27)
    single = {name: value.astype(np.float32) for name, value in params.items()}
    got, wanted = kata.sample_text(single, VOCAB, "bead", 6, 0.0, kata.rng(5)), likeliest("lstm", params, "bead", 6)
    kata.law(got == wanted, f"after 'bead' came {got!r}; {wanted!r} was expected", function="sample_text")
