"""init, loss_and_grads, greedy_decode: against one sentence at a time, without any padding, head by head."""

from functools import cache

import numpy as np

HEADS = 4
ATTENTION = ("Wq", "Wk", "Wv", "Wo")


def shapes_of(source_vocab, target_vocab, E, F, reading, writing):
    """The shape of every parameter, with so many blocks that read and that write."""
    shapes = {"Es": (source_vocab, E), "Et": (target_vocab, E)}
    for part in [f"enc{n + 1}" for n in range(reading)] + [f"dec{n + 1}" for n in range(writing)]:
        cross = ["cross_gamma", "cross_beta", *(f"cross_{w}" for w in ATTENTION)] if part.startswith("dec") else []
        for name in ("gamma1", "beta1", *ATTENTION, *cross, "gamma2", "beta2"):
            shapes[f"{part}_{name}"] = (E, E) if name[-2:] in ATTENTION else (E,)
        shapes |= {f"{part}_W1": (E, F), f"{part}_b1": (F,), f"{part}_W2": (F, E), f"{part}_b2": (E,)}
    shapes |= dict.fromkeys(("enc_gamma", "enc_beta", "dec_gamma", "dec_beta"), (E,))
    return shapes | {"Wo": (E, target_vocab), "bo": (target_vocab,)}


def make(seed, reading=1, writing=1, source_vocab=6, target_vocab=5, E=8, F=3, scale=0.5):
    rng = np.random.default_rng(seed)
    params = {}
    for name, shape in shapes_of(source_vocab, target_vocab, E, F, reading, writing).items():
        params[name] = rng.normal(size=shape, scale=scale) + ("gamma" in name)
    return params


# Below, each parameter may have one axis more in front: the same formula for many sets of parameters at once.


def norm(x, p, gamma, beta):
    centred = x - x.mean(axis=-1, keepdims=True)
    return (
        p[gamma][..., None, :] * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        + p[beta][..., None, :]
    )


def attend(x, other, Wq, Wk, Wv, Wo, causal=False):
    q, k, v = x @ Wq, other @ Wk, other @ Wv
    D, out = q.shape[-1] // HEADS, 0
    hidden = np.triu(np.full((q.shape[-2], k.shape[-2]), causal), 1)
    for head in range(HEADS):
        some = slice(head * D, (head + 1) * D)
        scores = np.where(hidden, -np.inf, q[..., some] @ k[..., some].swapaxes(-1, -2) / np.sqrt(D))
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights = weights / weights.sum(axis=-1, keepdims=True)
        out = out + weights @ v[..., some] @ Wo[..., some, :]
    return out


def start(words, E):
    width = E.shape[-1]
    place, rate = np.arange(len(words))[:, None], 10000.0 ** (-(np.arange(width) // 2 * 2) / width)
    waves = np.where(np.arange(width) % 2 == 0, np.sin(place * rate), np.cos(place * rate))
    return E[..., words, :] * np.sqrt(width) + waves


def blocks(p, side):
    number = 1
    while f"{side}{number}_Wq" in p:
        yield {
            name.removeprefix(f"{side}{number}_"): value
            for name, value in p.items()
            if name.startswith(f"{side}{number}_")
        }
        number += 1


def think(x, b):
    hidden = np.maximum(norm(x, b, "gamma2", "beta2") @ b["W1"] + b["b1"][..., None, :], 0)
    return x + hidden @ b["W2"] + b["b2"][..., None, :]


def read(words, p):
    x = start(words, p["Es"])
    for b in blocks(p, "enc"):
        a = norm(x, b, "gamma1", "beta1")
        x = think(x + attend(a, a, *(b[w] for w in ATTENTION)), b)
    return norm(x, p, "enc_gamma", "enc_beta")


def write(words, hs, p):
    """The logits behind each of `words`, one below the other."""
    y = start(words, p["Et"])
    for b in blocks(p, "dec"):
        a = norm(y, b, "gamma1", "beta1")
        y = y + attend(a, a, *(b[w] for w in ATTENTION), causal=True)
        y = y + attend(norm(y, b, "cross_gamma", "cross_beta"), hs, *(b[f"cross_{w}"] for w in ATTENTION))
        y = think(y, b)
    return norm(y, p, "dec_gamma", "dec_beta") @ p["Wo"] + p["bo"][..., None, :]


def mean_loss(p, source, source_lengths, target, target_lengths):
    total = 0
    for n, (S, T) in enumerate(zip(source_lengths, target_lengths, strict=True)):
        logits = write(target[n, : T - 1], read(source[n, :S], p), p)
        chosen = np.take_along_axis(logits, target[n, 1:T].reshape((1,) * (logits.ndim - 2) + (-1, 1)), axis=-1)[..., 0]
        total = total + (np.log(np.exp(logits).sum(axis=-1)) - chosen).sum(axis=-1)
    return total / sum(T - 1 for T in target_lengths)


def slopes(p, directions, *batch, eps=1e-5):
    """How the loss changes along each of `directions`, dicts like `p`: central differences, all in one go."""
    moved = {
        name: np.stack([value + sign * eps * d[name] for sign in (1, -1) for d in directions])
        for name, value in p.items()
    }
    above, below = mean_loss(moved, *batch).reshape(2, -1)
    return (above - below) / (2 * eps)


SOURCE = np.array([[2, 4, 4, 1], [3, 0, 5, 2], [5, 1, 3, 3]])
TARGET = np.array([[1, 3, 3, 0, 2], [1, 2, 4, 0, 3], [1, 4, 0, 2, 1]])  # bos is 1, eos is 2
BATCH = (SOURCE, np.array([2, 1, 4]), TARGET, np.array([5, 2, 4]))
FULL = (SOURCE, np.array([4, 4, 4]), TARGET, np.array([5, 5, 5]))


@cache
def truth(seed, full, reading, writing):
    """The loss, a random direction for each parameter, zero elsewhere, and the slopes along them."""
    p, batch, rng = make(seed, reading, writing), FULL if full else BATCH, np.random.default_rng(seed)
    directions = [{other: rng.normal(size=w.shape) if other == name else 0 * w for other, w in p.items()} for name in p]
    return mean_loss(p, *batch), directions, slopes(p, directions, *batch)


def check(kata, seed, full=False, reading=1, writing=1):
    p = make(seed, reading, writing)
    loss, grads = kata.loss_and_grads(p, *(FULL if full else BATCH))
    expected, directions, found = truth(seed, full, reading, writing)
    kata.assert_close(loss, expected)
    compare(kata, p, grads, directions, found)


def compare(kata, p, grads, directions, expected, rtol=1e-5):
    """Each gradient against the slope along its direction."""
    kata.law(
        set(grads) == set(p),
        f"has gradients for {', '.join(grads)}; those of {', '.join(p)} were expected",
        function="loss_and_grads",
    )
    for name, value in p.items():
        kata.law(
            np.shape(grads[name]) == value.shape,
            f"has shape {np.shape(grads[name])}; {value.shape} was expected",
            function="loss_and_grads",
            tensor=f"grads[{name}]",
        )
    for direction, slope, name in zip(directions, expected, p, strict=True):
        got = float(np.sum(grads[name] * direction[name]))
        kata.law(
            abs(got - slope) < rtol * (0.1 + abs(slope)),
            f"has the slope {got:.6g} along a random direction; the loss itself has {slope:.6g}",
            function="loss_and_grads",
            tensor=f"grads[{name}]",
        )


# ---------------------------------------------------------------------- init


def test_init_has_the_shapes_of_all_blocks(kata):
    params = kata.init(7, 5, 8, 3, 2, kata.rng(0))
    kata.assert_close(params, params)  # a dict of arrays
    expected = shapes_of(7, 5, 8, 3, 2, 2)
    kata.law(
        set(params) == set(expected),
        f"has {', '.join(params)}; the keys {', '.join(expected)} were expected",
        function="init",
    )
    for name, shape in expected.items():
        swapped = name == "Es" and np.shape(params[name]) == expected["Et"]
        kata.law(
            np.shape(params[name]) == shape,
            f"has shape {np.shape(params[name])}; {shape} was expected",
            function="init",
            tensor=f"out[{name}]",
            cause="wrong-operand" if swapped else None,
            says="the sizes of the two vocabularies have changed places: Es is for the source",
        )


def test_init_draws_each_weight_by_what_is_added_up(kata):
    params = kata.init(50, 40, 24, 36, 1, kata.rng(1))
    for name, value in params.items():
        if value.ndim == 1:
            one = float("gamma" in name)
            kata.law(
                np.all(value == one),
                f"has entries from {np.min(value):.3g} to {np.max(value):.3g}; {one:g} was expected",
                function="init",
                tensor=f"out[{name}]",
                cause="missing-term" if one and not np.any(value) else None,
                says="the gains start at 0, so that every norm gives zeros; they start at 1",
            )
            continue
        table = name in ("Es", "Et")
        D, M = value.shape[::-1] if table else value.shape
        got, sure = np.sqrt(np.mean(np.square(value))), 5 / np.sqrt(2 * value.size)
        slips = {
            "missing-scale": (1.0, "these are standard normal numbers, not scaled to how many products are added up"),
            "fan-swapped": (M**-0.5, "the spread is 1/√M, of the number of columns; what is added up are the D rows"),
        }
        if table:
            slips = {"wrong-factor": (1.0, "the embeddings have the spread 1: they are multiplied by √E later")}
        found = [(cause, says) for cause, (spread, says) in slips.items() if abs(got / spread - 1) < sure]
        cause, says = found[0] if found else (None, "")
        kata.law(
            abs(got * np.sqrt(D) - 1) < sure,
            f"has entries of spread {got:.3g}; {D**-0.5:.3g} was expected, 1/√{D}",
            function="init",
            tensor=f"out[{name}]",
            cause=cause,
            says=says,
        )
        kata.law(
            abs(np.mean(value)) < 5 / np.sqrt(D * value.size),
            f"has the mean {np.mean(value):.3g}; 0 was expected",
            function="init",
            tensor=f"out[{name}]",
        )


def test_init_draws_every_entry_anew_and_only_from_the_generator(kata):
    one, again, other = (kata.init(8, 8, 8, 8, 1, kata.rng(seed)) for seed in (2, 2, 3))
    kata.law(
        all(np.array_equal(one[name], again[name]) for name in one),
        "gives other numbers for the same seed: some of them do not come from the generator",
        function="init",
        cause="nondeterministic",
    )
    kata.law(not np.allclose(one["Es"], other["Es"]), "gives the same numbers for two seeds", function="init")
    drawn = [name for name, value in one.items() if value.ndim == 2]
    for n, second in enumerate(drawn):
        for first in drawn[:n]:
            kata.law(
                not np.allclose(one[first], one[second]),
                f"holds the numbers of {first} again; they are independent",
                function="init",
                tensor=f"out[{second}]",
            )


# ---------------------------------------------------------------------- loss_and_grads


def test_loss_of_equal_chances_by_hand(kata):
    p = {name: 0 * value for name, value in make(20).items()}
    loss, grads = kata.loss_and_grads(p, *BATCH)
    kata.assert_close(loss, np.log(5))
    # wanted are 3 3 0 2, 2, 4 0 2: eight words with five chances each
    kata.assert_close(grads, {**p, "bo": 1 / 5 - np.array([2, 0, 3, 2, 1]) / 8})


def test_loss_of_one_word_each(kata):
    p = make(21)
    batch = np.array([[3]]), np.array([1]), np.array([[1, 2]]), np.array([2])
    kata.assert_close(kata.loss_and_grads(p, *batch)[0], mean_loss(p, *batch))


def test_loss_and_grads_of_sentences_of_one_length(kata):
    check(kata, 22, full=True)


def test_loss_and_grads_of_sentences_of_many_lengths(kata):
    check(kata, 23)


def test_loss_and_grads_with_more_blocks(kata):
    check(kata, 24, reading=1, writing=2)
    check(kata, 25, reading=2, writing=1)


def test_gradients_of_single_entries(kata):
    """A direction sees a sum; here every entry of the matrices by which the writing side looks at the source."""
    p = make(26)
    names, E = ("dec1_cross_Wk", "dec1_Wv"), 8
    directions = [
        {other: np.eye(E * E)[n].reshape(E, E) if other == name else 0 * w for other, w in p.items()}
        for name in names
        for n in range(0, E * E, 3)
    ]
    expected = slopes(p, directions, *BATCH).reshape(len(names), -1)
    _, grads = kata.loss_and_grads(p, *BATCH)
    for name, slope in zip(names, expected, strict=True):
        kata.law(
            np.allclose(np.ravel(grads[name])[::3], slope, rtol=1e-5, atol=1e-6),
            f"is not the slope of the loss: entries {np.round(np.ravel(grads[name])[:9:3], 5).tolist()}, {np.round(slope[:3], 5).tolist()} expected",
            function="loss_and_grads",
            tensor=f"grads[{name}]",
        )


def test_padding_reaches_neither_the_loss_nor_the_gradients(kata):
    p, (_, source_lengths, _, target_lengths) = make(27), BATCH
    source = np.where(np.arange(4) < source_lengths[:, None], SOURCE, 5 - SOURCE)
    target = np.where(np.arange(5) < target_lengths[:, None], TARGET, 4 - TARGET)
    wider = np.hstack([source, [[4], [4], [4]]]), np.hstack([target, [[3, 0], [3, 0], [3, 0]]])
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
        wrong = [name for name in grads if not np.allclose(grads[name], grads_other[name], rtol=1e-7, atol=1e-7)]
        kata.law(
            not wrong,
            "changes when only the padding does",
            function="loss_and_grads",
            tensor=f"grads[{(wrong or [''])[0]}]",
            cause="padding-leaks",
            says="what stands behind the end of a sentence has a part in the gradients",
        )


def test_no_place_sees_the_words_that_it_has_to_predict(kata):
    p = make(28)
    losses = [
        float(kata.loss_and_grads(p, SOURCE[:1], np.array([4]), np.array([[1, 3, last]]), np.array([3]))[0])
        for last in (0, 4)
    ]
    expected = [mean_loss(p, SOURCE[:1], [4], np.array([[1, 3, last]]), [3]) for last in (0, 4)]
    kata.law(
        np.allclose(np.diff(losses), np.diff(expected)),
        f"changes by {np.diff(losses)[0]:.4g} with the last word; {np.diff(expected)[0]:.4g} was expected: earlier places see it",
        function="loss_and_grads",
        tensor="loss",
    )
    kata.assert_close(np.array(losses), np.array(expected))


def test_loss_and_grads_survive_extreme_scores(kata):
    p = {name: 0 * value for name, value in make(29).items()}
    p["bo"] = np.array([0.0, 0.0, 1e4, 0.0, 0.0])
    loss, grads = kata.loss_and_grads(p, *BATCH)
    kata.assert_close(loss, 1e4 * 5 / 8)
    kata.assert_close(grads["bo"], np.array([-2, 0, 5, -2, -1]) / 8)


def test_loss_and_grads_keep_float32(kata):
    p = {name: value.astype(np.float32) for name, value in make(23).items()}
    loss, grads = kata.loss_and_grads(p, *BATCH)
    expected, directions, found = truth(23, False, 1, 1)
    kata.assert_close(loss, expected)
    for name, value in grads.items():
        kata.law(
            np.asarray(value).dtype == np.float32,
            f"is {np.asarray(value).dtype}; float32 was expected, as the parameters are",
            function="loss_and_grads",
            tensor=f"grads[{name}]",
            cause="dtype-drift",
        )
    compare(kata, p, grads, directions, found, rtol=2e-3)


# ---------------------------------------------------------------------- greedy_decode


def translate(p, words, bos, eos, max_length):
    """One sentence, word by word."""
    hs, ids = read(words, p), []
    while len(ids) < max_length:
        word = int(write([bos, *ids], hs, p)[-1].argmax())
        if word == eos:
            break
        ids.append(word)
    return ids


def writer(seed, **sizes):
    """Params that never write bos, 5."""
    p = make(seed, target_vocab=6, **sizes)
    p["Wo"] = 3 * p["Wo"]
    p["bo"][5] = -60.0
    return p


def agree(kata, p, lengths, eos_ids=(2, 0, 3), longest=6):
    for eos in eos_ids:
        expected = [translate(p, words[:S], 5, eos, longest) for words, S in zip(SOURCE, lengths, strict=True)]
        kata.assert_close(kata.greedy_decode(SOURCE, np.array(lengths), p, 5, eos, longest), expected)


def test_greedy_decode_by_hand(kata):
    p = {name: 0 * value for name, value in make(30).items()}
    p["bo"] = np.array([0.0, 1.0, 2.0, 5.0, 4.0])
    source, lengths = np.array([[1, 2], [3, 0]]), np.array([2, 1])
    kata.assert_close(kata.greedy_decode(source, lengths, p, 1, 2, 4), [[3, 3, 3, 3], [3, 3, 3, 3]])
    kata.assert_close(kata.greedy_decode(source, lengths, p, 1, 3, 4), [[], []])


def test_greedy_decode_of_whole_sentences(kata):
    agree(kata, writer(293), (4, 4, 4))


def test_greedy_decode_does_not_read_the_padding(kata):
    agree(kata, writer(223), (2, 1, 3))


def test_greedy_decode_with_more_blocks(kata):
    agree(kata, writer(241, reading=2, writing=2), (2, 4, 3), (2,))


def test_greedy_decode_stops_at_the_longest_length(kata):
    for longest in (1, 3):
        agree(kata, writer(293), (4, 4, 4), (9,), longest)


def test_greedy_decode_takes_a_single_sentence_of_a_single_word(kata):
    p = writer(70)
    kata.assert_close(kata.greedy_decode(np.array([[3]]), np.array([1]), p, 5, 2, 5), [translate(p, [3], 5, 2, 5)])
