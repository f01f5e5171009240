"""init, encode, decode_step, loss_and_grads, greedy_decode: against one sentence at a time, without any padding."""

from functools import cache

import numpy as np

PARTS = ("Wx", "Wh", "bx", "bh")


def shapes_of(source_vocab, target_vocab, E, H, attention):
    shapes = {"Es": (source_vocab, E), "Et": (target_vocab, E)}
    for part in ("enc", "dec"):
        shapes |= dict(zip([f"{part}_{w}" for w in PARTS], [(E, 3 * H), (H, 3 * H), (3 * H,), (3 * H,)], strict=True))
    shapes |= {"Wo": (H + H * attention, target_vocab), "bo": (target_vocab,)}
    return shapes | ({"Wq": (H, H), "Wk": (H, H), "v": (H,)} if attention else {})


def make(seed, attention, source_vocab=6, target_vocab=5, E=3, H=2, scale=0.9):
    rng = np.random.default_rng(seed)
    shapes = shapes_of(source_vocab, target_vocab, E, H, attention)
    return {name: rng.normal(size=shape, scale=scale) for name, shape in shapes.items()}


# Below, each parameter may have one axis more in front: the same formula for many sets of parameters at once.


def step(x, h, p, part):
    """One step of the GRU; x and h end with a single row."""
    Wx, Wh, bx, bh = (p[f"{part}_{w}"] for w in PARTS)
    a_r, a_z, a_n = np.split(x @ Wx + bx[..., None, :], 3, axis=-1)
    u_r, u_z, u_n = np.split(h @ Wh + bh[..., None, :], 3, axis=-1)
    r, z = 1 / (1 + np.exp(-a_r - u_r)), 1 / (1 + np.exp(-a_z - u_z))
    return (1 - z) * np.tanh(a_n + r * u_n) + z * h


def read(words, p):
    """The states after each of `words`, one below the other."""
    h, states = 0 * p["enc_bh"][..., None, : p["enc_Wh"].shape[-2]], []
    for word in words:
        h = step(p["Es"][..., word : word + 1, :], h, p, "enc")
        states.append(h)
    return np.concatenate(states, axis=-2)


def write(word, h, hs, p):
    """The logits behind `word`, the new state, and the weights of the attention or None."""
    h = step(p["Et"][..., word : word + 1, :], h, p, "dec")
    features, weights = h, None
    if "Wq" in p:
        scores = np.tanh(h @ p["Wq"] + hs @ p["Wk"]) @ p["v"][..., None]  # S 1
        weights = np.exp(scores) / np.exp(scores).sum(axis=-2, keepdims=True)
        features = np.concatenate([h, (weights * hs).sum(axis=-2, keepdims=True)], axis=-1)
    return features @ p["Wo"] + p["bo"][..., None, :], h, weights


def mean_loss(p, source, source_lengths, target, target_lengths):
    total = 0
    for n, (S, T) in enumerate(zip(source_lengths, target_lengths, strict=True)):
        hs = read(source[n, :S], p)
        h = hs[..., -1:, :]
        for t in range(T - 1):
            logits, h, _ = write(target[n, t], h, hs, p)
            total = total + np.log(np.exp(logits).sum(axis=(-2, -1))) - logits[..., 0, target[n, t + 1]]
    return total / sum(T - 1 for T in target_lengths)


def central_differences(p, *batch, eps=1e-6):
    """Every single parameter moved up and down by eps, all in one go."""
    sizes = [value.size for value in p.values()]
    moved = np.concatenate([value.ravel() for value in p.values()]) + eps * np.repeat([np.eye(sum(sizes))], 2, 0) * [
        [[1]],
        [[-1]],
    ]
    many = np.split(moved.reshape(2 * sum(sizes), -1), np.cumsum(sizes)[:-1], axis=1)
    above, below = mean_loss(
        {name: one.reshape(-1, *value.shape) for (name, value), one in zip(p.items(), many, strict=True)}, *batch
    ).reshape(2, -1)
    slopes = np.split((above - below) / (2 * eps), np.cumsum(sizes)[:-1])
    return {name: one.reshape(value.shape) for (name, value), one in zip(p.items(), slopes, strict=True)}


SOURCE = np.array([[2, 4, 4, 1], [3, 0, 5, 2], [5, 1, 3, 3]])
TARGET = np.array([[1, 3, 3, 0, 2], [1, 2, 4, 0, 3], [1, 4, 0, 2, 1]])  # bos is 1, eos is 2
BATCH = (SOURCE, np.array([2, 1, 4]), TARGET, np.array([5, 2, 4]))
FULL = (SOURCE, np.array([4, 4, 4]), TARGET, np.array([5, 5, 5]))


@cache
def truth(seed, attention, *lengths):
    """Loss and gradients of `make(seed, attention)` on a batch with these lengths of the source, then of the target."""
    batch = (SOURCE, np.array(lengths[:3]), TARGET, np.array(lengths[3:]))
    p = make(seed, attention)
    return mean_loss(p, *batch), central_differences(p, *batch)


def check(kata, seed, attention, batch):
    loss, grads = kata.loss_and_grads(make(seed, attention), *batch)
    expected = truth(seed, attention, *batch[1].tolist(), *batch[3].tolist())
    kata.assert_close(loss, expected[0])
    kata.assert_close(grads, expected[1], rtol=1e-5)


def same(one, other):
    return all(np.allclose(one[name], other[name], rtol=1e-9, atol=1e-9) for name in one)


# ---------------------------------------------------------------------- init


def fresh(kata, *sizes):
    """Parameters from init with the names and shapes that they should have."""
    *sizes, seed, attention = sizes
    params, expected = kata.init(*sizes, kata.rng(seed), attention), shapes_of(*sizes, attention)
    other = set(params) == set(shapes_of(*sizes, not attention))
    kata.law(
        set(params) == set(expected),
        f"has {', '.join(params)} with attention={attention}; {', '.join(expected)} were expected",
        function="init",
        cause="argument-unused" if other else None,
        says="the model is the same with attention and without",
    )
    swapped = shapes_of(sizes[1], sizes[0], *sizes[2:], attention)
    for name, shape in expected.items():
        got, cause, says = np.shape(params[name]), None, ""
        if got == shape[::-1] and len(shape) == 2:
            cause, says = "transposed", "a weight is stored as inputs × outputs, the way it is used in x @ W"
        elif len(shape) == 1 and len(got) > 1 and np.prod(got) == shape[0]:
            cause, says = "extra-axis", "one axis is enough"
        elif got == swapped[name]:
            cause, says = "wrong-operand", "the sizes of the two vocabularies have changed places"
        facts = f"has shape {got}; {shape} was expected"
        kata.law(got == shape, facts, function="init", tensor=f"out[{name}]", cause=cause, says=says)
    return params


def test_init_has_the_shapes_of_both_models(kata):
    for attention in (False, True):
        fresh(kata, 7, 5, 2, 3, 0, attention)


def test_init_draws_embeddings_of_spread_1_and_weights_by_what_is_added_up(kata):
    params = fresh(kata, 90, 80, 60, 100, 1, True)
    for name, value in params.items():
        tensor = {"function": "init", "tensor": f"out[{name}]"}
        if name[-2:] in ("bx", "bh", "bo"):
            kata.law(not np.any(value), f"holds {np.ravel(value)[:3].tolist()} …; zeros were expected", **tensor)
            continue
        std = 1 if name in ("Es", "Et") else len(value) ** -0.5
        got, sure = np.sqrt(np.mean(np.square(value))), 5 / np.sqrt(2 * value.size)
        others = {"missing-scale": 1.0, "fan-swapped": value.shape[-1] ** -0.5, "wrong-factor": std * 2**0.5}
        causes = [cause for cause, other in others.items() if abs(got / other - 1) < sure and other != std]
        kata.law(
            abs(got / std - 1) < sure,
            f"has entries of spread {got:.3g}; {std:.3g} was expected, {'1' if std == 1 else f'1/√{len(value)}'}",
            cause=causes[0] if causes else None,
            says="the spread is that of another formula",
            **tensor,
        )
        mean, sure = np.mean(value), 5 * std / np.sqrt(value.size)
        kata.law(abs(mean) < sure, f"has the mean {mean:.3g}; 0 was expected", **tensor)


def test_init_draws_every_entry_anew_and_only_from_the_generator(kata):
    one, other, again = (fresh(kata, 8, 8, 4, 4, seed, True) for seed in (2, 3, 2))
    kata.law(
        same(one, again),
        "gives other numbers for the same seed: some of them do not come from the generator",
        function="init",
        cause="nondeterministic",
        says="the numbers are drawn from somewhere else than the generator, so no run can be repeated",
    )
    kata.law(not np.allclose(one["Es"], other["Es"]), "gives the same numbers for two seeds", function="init")
    for first, second in (("Es", "Et"), ("enc_Wx", "dec_Wx"), ("enc_Wh", "dec_Wh"), ("Wq", "Wk")):
        kata.law(
            not np.allclose(one[first], one[second]),
            f"holds the numbers of {first} again; they are independent",
            function="init",
            tensor=f"out[{second}]",
        )


def test_init_makes_floats_of_the_usual_precision(kata):
    usual = "float64" if kata.track == "numpy" else "float32"  # the default of each library
    for name, value in fresh(kata, 7, 5, 2, 3, 4, True).items():
        facts = f"is {value.dtype}; {usual} was expected"
        kata.law(str(value.dtype) == usual, facts, function="init", tensor=f"out[{name}]", cause="dtype-drift")


# ---------------------------------------------------------------------- encode


def test_encode_by_hand(kata):
    p = {name: 0 * value for name, value in make(0, False, E=2, H=1).items()}
    p |= {"enc_bx": np.array([0.0, 0.0, 20.0])}  # z = 1/2 and n = 1: every word goes half of the way to 1
    hs, h = kata.encode(np.array([[1, 2, 3]]), np.array([3]), p)
    kata.assert_close(hs, [[[0.5], [0.75], [0.875]]])
    kata.assert_close(h, [[0.875]])


def test_encode_of_sentences_of_one_length(kata):
    p = make(1, False)
    expected = np.array([read(words, p) for words in SOURCE])
    kata.assert_close(kata.encode(SOURCE, np.array([4, 4, 4]), p), (expected, expected[:, -1]))


def test_encode_does_not_read_the_padding(kata):
    p, lengths = make(3, True), np.array([3, 1, 2])
    other = np.where(np.arange(4) < lengths[:, None], SOURCE, 5 - SOURCE)
    (hs, h), (hs_other, h_other) = kata.encode(SOURCE, lengths, p), kata.encode(other, lengths, p)
    within = np.arange(4) < lengths[:, None]
    kata.law(
        np.shape(hs) == (3, 4, 2),
        f"has shape {np.shape(hs)}; (3, 4, 2) was expected, the sentences and their padding",
        function="encode",
        tensor="hs",
    )
    kata.law(
        np.allclose(h, h_other) and np.allclose(hs[within], hs_other[within]),
        "changes when only the padding does",
        function="encode",
        tensor="h",
        cause="padding-leaks",
        says="the padding is read as if it were words",
    )
    kata.assert_close(h, np.array([read(words[:S], p)[-1] for words, S in zip(SOURCE, lengths, strict=True)]))


def test_encode_stops_at_the_last_true_word(kata):
    p, lengths = make(2, False), np.array([2, 1, 4])
    hs, h = kata.encode(SOURCE, lengths, p)
    expected = [read(words[:S], p) for words, S in zip(SOURCE, lengths, strict=True)]
    kata.assert_close(h, np.array([states[-1] for states in expected]))
    for n, S in enumerate(lengths):
        kata.assert_close(hs[n, :S], expected[n])


def test_encode_takes_size_1(kata):
    p = make(4, False, E=1, H=1)
    expected = read([3], p)
    kata.assert_close(kata.encode(np.array([[3]]), np.array([1]), p), (expected[None], expected))


def test_encode_survives_extreme_embeddings(kata):
    p = make(5, False)
    p["Es"] = 1e4 * p["Es"]
    with np.errstate(all="ignore"):
        expected = np.array([read(words, p) for words in SOURCE])
    kata.assert_close(kata.encode(SOURCE, np.array([4, 4, 4]), p), (expected, expected[:, -1]))


def test_encode_keeps_float32(kata):
    p = make(6, False)
    single = {name: value.astype(np.float32) for name, value in p.items()}
    expected = np.array([read(words, p) for words in SOURCE])
    kata.assert_close(kata.encode(SOURCE, np.array([4, 4, 4]), single), (expected, expected[:, -1]))


# ---------------------------------------------------------------------- decode_step


def one_step(seed, attention, lengths, room=1, **sizes):
    """Arguments of decode_step for sentences of these lengths, with `room` behind the longest, and what comes out of it."""
    p, rng, S = make(seed, attention, **sizes), np.random.default_rng(seed), max(lengths) + room
    H = len(p["dec_Wh"])
    token, h, hs = (
        rng.integers(5, size=len(lengths)),
        rng.normal(size=(len(lengths), H)),
        rng.normal(size=(len(lengths), S, H)),
    )
    mask = np.arange(S) < np.array(lengths)[:, None]
    rows = [write(token[n], h[n : n + 1], hs[n, :k], p) for n, k in enumerate(lengths)]
    logits, h_new = np.array([row[0][0] for row in rows]), np.array([row[1][0] for row in rows])
    weights = np.zeros((len(lengths), S)) if attention else None
    for n, k in enumerate(lengths if attention else []):
        weights[n, :k] = rows[n][2][:, 0]
    return (token, h, hs, mask, p), (logits, h_new, weights)


def test_decode_step_without_attention(kata):
    args, expected = one_step(10, False, (2, 4, 1))
    logits, h, weights = kata.decode_step(*args)
    kata.law(
        not np.array_equal(h, args[1]),
        "is the state that was given",
        function="decode_step",
        tensor="h",
        cause="state-not-carried",
        says="the old state comes back, so the next step starts from it again",
    )
    kata.assert_close((logits, h), expected[:2])
    kata.law(
        weights is None,
        "is not None; there are no weights without attention",
        function="decode_step",
        tensor="weights",
        cause="wrong-type",
        says="weights are returned where nothing is attended to",
    )


def test_decode_step_with_attention_over_whole_sentences(kata):
    args, expected = one_step(11, True, (4, 4, 4), room=0)
    kata.assert_close(kata.decode_step(*args), expected)


def test_decode_step_with_attention_looks_at_true_words_only(kata):
    args, expected = one_step(12, True, (2, 4, 1))
    kata.assert_close(kata.decode_step(*args), expected)


def test_decode_step_does_not_look_behind_the_end(kata):
    (token, h, hs, mask, p), expected = one_step(13, True, (3, 1, 2))
    hs[~mask] *= 1e4
    logits, h, weights = kata.decode_step(token, h, hs, mask, p)
    kata.law(
        np.allclose(weights, expected[2]) and np.allclose(logits, expected[0]),
        "changes when only the states behind the ends of the sentences do",
        function="decode_step",
        tensor="logits",
        cause="padding-leaks",
        says="the attention looks at states that belong to padding",
    )
    kata.assert_close((logits, h, weights), expected)


def test_decode_step_takes_size_1(kata):
    for attention in (False, True):
        args, expected = one_step(14, attention, (1,), E=1, H=1)
        kata.assert_close(kata.decode_step(*args), expected)


def test_decode_step_survives_extreme_scores(kata):
    (token, h, hs, mask, p), _ = one_step(15, True, (2, 4, 1))
    p["v"] = 1e4 * p["v"]
    logits, h, weights = kata.decode_step(token, h, hs, mask, p)
    kata.law(np.all(np.isfinite(logits)), "is not finite for scores of ±1e4", function="decode_step", tensor="logits")
    kata.assert_close(weights.sum(axis=1), np.ones(3))


def test_decode_step_keeps_float32(kata):
    for attention in (False, True):
        (token, h, hs, mask, p), expected = one_step(16, attention, (2, 4, 1))
        single = {name: value.astype(np.float32) for name, value in p.items()}
        kata.assert_close(kata.decode_step(token, h.astype(np.float32), hs.astype(np.float32), mask, single), expected)


# ---------------------------------------------------------------------- loss_and_grads


def test_loss_of_equal_chances_by_hand(kata):
    for attention in (False, True):
        p = {name: 0 * value for name, value in make(20, attention).items()}
        loss, grads = kata.loss_and_grads(p, *FULL)
        kata.assert_close(loss, np.log(5))
        # wanted are 3 3 0 2, 2 4 0 3, 4 0 2 1: twelve words with five chances each
        kata.assert_close(grads, {**p, "bo": 1 / 5 - np.array([3, 1, 3, 3, 2]) / 12})


def test_loss_counts_the_words_of_a_translation_only(kata):
    p, lengths = make(23, False), BATCH[3]
    other = np.where(np.arange(5) < lengths[:, None], TARGET, 4 - TARGET)
    one, two = (kata.loss_and_grads(p, *FULL[:2], target, lengths)[0] for target in (TARGET, other))
    kata.law(
        np.allclose(one, two),
        "changes when only the padding of the translations does",
        function="loss_and_grads",
        tensor="loss",
        cause="padding-leaks",
        says="what stands behind the end of a translation has a part in the loss",
    )


def test_gradients_reach_the_encoder(kata):
    _, grads = kata.loss_and_grads(make(23, False), *BATCH)
    for name in ("Es", "enc_Wx", "enc_Wh", "enc_bx", "enc_bh"):
        kata.law(
            np.any(grads[name]) or not np.any(grads["dec_Wh"]),
            f"is 0 throughout, though {name} moves the loss; the gradient of the decoder is not 0",
            function="loss_and_grads",
            tensor=f"grads[{name}]",
            cause={"numpy": "gradient-not-carried", "torch": "graph-broken"}[kata.track],
            says="the gradient stops on its way back from the decoder, so the encoder gets none",
        )


def test_loss_and_grads_of_sentences_of_one_length(kata):
    check(kata, 21, False, FULL)
    check(kata, 22, True, FULL)


def test_loss_and_grads_without_attention(kata):
    check(kata, 23, False, BATCH)


def test_loss_and_grads_with_attention(kata):
    check(kata, 24, True, BATCH)


def test_loss_is_what_the_steps_say(kata):
    for attention in (False, True):
        p = make(25, attention)
        hs, h = kata.encode(SOURCE, BATCH[1], p)
        mask, total = np.arange(4) < BATCH[1][:, None], 0.0
        for t in range(4):
            logits, h, _ = kata.decode_step(TARGET[:, t], h, hs, mask, p)
            losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(3), TARGET[:, t + 1]]
            total += losses[t + 1 < BATCH[3]].sum()
        kata.assert_close(kata.loss_and_grads(p, *BATCH)[0], total / 8)


def test_padding_reaches_neither_the_loss_nor_the_gradients(kata):
    source_lengths, target_lengths = BATCH[1], BATCH[3]
    source = np.where(np.arange(4) < source_lengths[:, None], SOURCE, 5 - SOURCE)
    target = np.where(np.arange(5) < target_lengths[:, None], TARGET, 4 - TARGET)
    wider = np.hstack([source, [[4], [4], [4]]]), np.hstack([target, [[3, 0], [3, 0], [3, 0]]])
    for attention in (False, True):
        p = make(26, attention)
        loss, grads = kata.loss_and_grads(p, *BATCH)
        for other_source, other_target in ((source, target), wider):
            loss_other, grads_other = kata.loss_and_grads(p, other_source, source_lengths, other_target, target_lengths)
            kata.law(
                np.allclose(loss, loss_other),
                "changes when only the padding does",
                function="loss_and_grads",
                tensor="loss",
                cause="padding-leaks",
                says="what stands behind the end of a sentence has a part in the loss",
            )
            wrong = [name for name in grads if not same({name: grads[name]}, {name: grads_other[name]})]
            kata.law(
                not wrong,
                "changes when only the padding does",
                function="loss_and_grads",
                tensor=f"grads[{(wrong or [''])[0]}]",
                cause="padding-leaks",
                says="what stands behind the end of a sentence has a part in the gradients",
            )


def test_loss_and_grads_of_the_shortest_sentences(kata):
    """One word to read, and nothing but eos to write."""
    for attention in (False, True):
        p = make(27, attention)
        batch = np.array([[3]]), np.array([1]), np.array([[1, 2]]), np.array([2])
        loss, grads = kata.loss_and_grads(p, *batch)
        kata.assert_close(loss, mean_loss(p, *batch))
        kata.assert_close(grads, central_differences(p, *batch), rtol=1e-5)


def test_loss_and_grads_take_size_1(kata):
    p = make(28, True, E=1, H=1)
    batch = np.array([[3, 2]]), np.array([2]), np.array([[1, 3, 2]]), np.array([3])
    loss, grads = kata.loss_and_grads(p, *batch)
    kata.assert_close(loss, mean_loss(p, *batch))
    kata.assert_close(grads, central_differences(p, *batch), rtol=1e-5)


def test_loss_and_grads_survive_extreme_scores(kata):
    p = {name: 0 * value for name, value in make(29, True).items()}
    p["bo"] = np.array([0.0, 0.0, 1e4, 0.0, 0.0])
    loss, grads = kata.loss_and_grads(p, *BATCH)
    kata.assert_close(loss, 1e4 * 5 / 8)
    kata.assert_close(grads["bo"], np.array([-2, 0, 5, -2, -1]) / 8)


def test_loss_and_grads_keep_float32(kata):
    for seed, attention in ((23, False), (24, True)):
        p = {name: value.astype(np.float32) for name, value in make(seed, attention).items()}
        loss, grads = kata.loss_and_grads(p, *BATCH)
        expected = truth(seed, attention, *BATCH[1].tolist(), *BATCH[3].tolist())
        kata.assert_close(loss, expected[0])
        kata.assert_close(grads, expected[1])


# ---------------------------------------------------------------------- greedy_decode


def translate(p, words, bos, eos, max_length):
    """One sentence, word by word."""
    hs, ids, word = read(words, p), [], bos
    h = hs[-1:]
    while len(ids) < max_length:
        logits, h, _ = write(word, h, hs, p)
        word = int(logits.argmax())
        if word == eos:
            break
        ids.append(word)
    return ids


def writer(seed, attention):
    """Params that never write bos, 5."""
    p = make(seed, attention, target_vocab=6, H=4, scale=2.0)
    p["bo"][5] = -60.0
    return p


def test_greedy_decode_by_hand(kata):
    p = {name: 0 * value for name, value in make(30, False).items()}
    p["bo"] = np.array([0.0, 1.0, 2.0, 5.0, 4.0])
    source, lengths = np.array([[1, 2], [3, 0]]), np.array([2, 1])
    kata.assert_close(kata.greedy_decode(source, lengths, p, 1, 2, 4), [[3, 3, 3, 3], [3, 3, 3, 3]])
    kata.assert_close(kata.greedy_decode(source, lengths, p, 1, 3, 4), [[], []])


def test_greedy_decode_without_attention(kata):
    p = writer(538, False)
    for eos in (2, 0, 3):
        expected = [translate(p, words, 5, eos, 6) for words in SOURCE]
        kata.assert_close(kata.greedy_decode(SOURCE, np.array([4, 4, 4]), p, 5, eos, 6), expected)


def test_greedy_decode_with_attention(kata):
    p = writer(390, True)
    for eos in (2, 0, 3):
        expected = [translate(p, words, 5, eos, 6) for words in SOURCE]
        kata.assert_close(kata.greedy_decode(SOURCE, np.array([4, 4, 4]), p, 5, eos, 6), expected)


def test_greedy_decode_does_not_read_the_padding(kata):
    lengths = np.array([2, 1, 3])
    for seed, attention in ((294, False), (216, True)):
        p = writer(seed, attention)
        for eos in (2, 0, 3):
            expected = [translate(p, words[:S], 5, eos, 6) for words, S in zip(SOURCE, lengths, strict=True)]
            kata.assert_close(kata.greedy_decode(SOURCE, lengths, p, 5, eos, 6), expected)


def test_greedy_decode_stops_at_the_longest_length(kata):
    p = writer(390, True)
    for longest in (1, 3):
        expected = [translate(p, words, 5, 9, longest) for words in SOURCE]
        kata.assert_close(kata.greedy_decode(SOURCE, np.array([4, 4, 4]), p, 5, 9, longest), expected)


def test_greedy_decode_takes_a_single_word(kata):
    p = make(36, True, target_vocab=6, E=1, H=1, scale=2.0)
    p["bo"][5] = -60.0
    expected = [translate(p, [3], 5, 2, 5)]
    kata.assert_close(kata.greedy_decode(np.array([[3]]), np.array([1]), p, 5, 2, 5), expected)
