"""seq2seq: one network reads a sentence, another writes its translation, and may look back at what was read."""

import math

import numpy as np
from jaxtyping import Bool, Float, Int

from solutions.numpy.additive_attention import additive_attention
from solutions.numpy.affine import affine, affine_backward
from solutions.numpy.attention import padding_mask
from solutions.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from solutions.numpy.embedding import embedding, embedding_backward
from solutions.numpy.gru import gru, gru_backward, gru_cell
from solutions.numpy.softmax import softmax


def init(
    source_vocab: int, target_vocab: int, E: int, H: int, rng: np.random.Generator, attention: bool
) -> dict[str, np.ndarray]:
    """Parameters to start from, in float64; `source_vocab` and `target_vocab` are the sizes of the two vocabularies.

        Es: source_vocab × E        Et: target_vocab × E             the embeddings of both languages
        enc_Wx: E × 3H    enc_Wh: H × 3H    enc_bx, enc_bh: 3H       the GRU that reads
        dec_Wx: E × 3H    dec_Wh: H × 3H    dec_bx, dec_bh: 3H       the GRU that writes
        Wo: H × target_vocab        bo: target_vocab                 from its state to a score for every word
        with attention: Wq, Wk: H × H    v: H, and Wo: 2H × target_vocab

    All entries are independent with mean 0. Embeddings have standard deviation 1; weights have 1/√D, where D is the length
    of their first axis (v too); biases are 0. Whether there is a `Wq` tells the other functions whether to attend. All of
    the randomness comes from `rng`.

    >>> {name: param.shape for name, param in init(7, 9, 2, 4, np.random.default_rng(0), True).items() if "b" not in name}
    {'Es': (7, 2), 'Et': (9, 2), 'enc_Wx': (2, 12), 'enc_Wh': (4, 12), 'dec_Wx': (2, 12), 'dec_Wh': (4, 12), 'Wo': (8, 9), 'Wq': (4, 4), 'Wk': (4, 4), 'v': (4,)}

    Source: Cho and others: Learning Phrase Representations using RNN Encoder–Decoder (2014); Bahdanau, Cho, Bengio: Neural
    Machine Translation by Jointly Learning to Align and Translate (2014).
    """
    shapes: dict[str, tuple[int, ...]] = {"Es": (source_vocab, E), "Et": (target_vocab, E)}
    for part in ("enc", "dec"):
        shapes |= {f"{part}_Wx": (E, 3 * H), f"{part}_Wh": (H, 3 * H), f"{part}_bx": (3 * H,), f"{part}_bh": (3 * H,)}
    shapes |= {"Wo": (2 * H if attention else H, target_vocab), "bo": (target_vocab,)}
    if attention:
        shapes |= {"Wq": (H, H), "Wk": (H, H), "v": (H,)}
    params = {}
    for name, shape in shapes.items():
        bias = name.split("_")[-1] in ("bx", "bh", "bo")
        scale = 0.0 if bias else 1.0 if name in ("Es", "Et") else 1 / math.sqrt(shape[0])
        params[name] = rng.normal(size=shape) * scale
    return params


def encode(
    source: Int[np.ndarray, "N S"], lengths: Int[np.ndarray, " N"], params: dict[str, np.ndarray]
) -> tuple[Float[np.ndarray, "N S H"], Float[np.ndarray, "N H"]]:
    """Read every sentence: the state after each of its words, and the state after its last one.

        hs_n1 … hs_nS = gru(embedding(source_n, Es), 0, enc_…)        h_n = hs_n at the last of the lengths_n true words

    Sentences of a batch differ in length, so the shorter ones are filled up with some id at their end. This padding must
    not reach `h`. What stands in `hs` behind a sentence's end does not matter: nobody may look at it.

    >>> params = init(4, 4, 2, 3, np.random.default_rng(0), False)
    >>> hs, h = encode(np.array([[1, 2, 0], [1, 2, 3]]), np.array([2, 3]), params)
    >>> np.array_equal(h[0], hs[1, 1]), np.array_equal(h[1], hs[1, 2])  # both have read the words 1, 2
    (True, True)

    Source: Sutskever, Vinyals, Le: Sequence to Sequence Learning with Neural Networks (2014), section 2.
    """
    _check_lengths(source, lengths, 1)
    xs = embedding(source, params["Es"])  # N S E
    h0 = np.zeros((len(source), len(params["enc_Wh"])), xs.dtype)
    hs = gru(xs, h0, *_weights(params, "enc"))
    h = hs[np.arange(len(source)), lengths - 1]  # a state never looks ahead, so what follows has not touched this one
    return hs, h


def decode_step(
    token: Int[np.ndarray, " N"],
    h: Float[np.ndarray, "N H"],
    hs: Float[np.ndarray, "N S H"],
    mask: Bool[np.ndarray, "N S"],
    params: dict[str, np.ndarray],
) -> tuple[Float[np.ndarray, "N V"], Float[np.ndarray, "N H"], Float[np.ndarray, "N S"] | None]:
    """Write one word: scores for every word of the target language, from the word before and the state so far.

        h ← gru_cell(Et[token], h, dec_…)
        without attention:  logits = h Wo + bo
        with attention:     context, weights = additive_attention(h, hs, hs, Wq, Wk, v, mask)
                            logits = [h, context] Wo + bo

    The attention asks with the new h. `hs` are the encoder's states, and `mask` is True where they belong to a word and
    not to padding. Returns (logits, h, weights); without attention, where params has no `Wq`, weights is None.

    >>> params = init(4, 5, 2, 3, np.random.default_rng(0), True)
    >>> logits, h, weights = decode_step(np.array([1]), np.zeros((1, 3)), np.ones((1, 2, 3)), np.ones((1, 2), bool), params)
    >>> logits.shape, h.shape, weights
    ((1, 5), (1, 3), array([[0.5, 0.5]]))

    Source: Bahdanau, Cho, Bengio (2014), section 3.1; Luong, Pham, Manning: Effective Approaches to Attention-based Neural
    Machine Translation (2015), section 3.1, for asking with the new state.
    """
    h = gru_cell(params["Et"][token], h, *_weights(params, "dec"))
    features, weights = h, None
    if "Wq" in params:
        context, weights = additive_attention(h, hs, hs, params["Wq"], params["Wk"], params["v"], mask)
        features = np.concatenate([h, context], axis=1)  # N 2H
    logits = affine(features, params["Wo"], params["bo"])
    return logits, h, weights


def loss_and_grads(
    params: dict[str, np.ndarray],
    source: Int[np.ndarray, "N S"],
    source_lengths: Int[np.ndarray, " N"],
    target: Int[np.ndarray, "N T"],
    target_lengths: Int[np.ndarray, " N"],
) -> tuple[Float[np.ndarray, ""], dict[str, np.ndarray]]:
    """The mean cross-entropy of every word of the translations, and its gradient for every array of `params`.

        h_0 = h of encode(source)        logits_t, h_t = decode_step(target_t, h_{t−1}, …)    for t = 1 … T−1
        loss = mean over the true words of −log softmax(logits_t)[target_{t+1}]

    Each step is given the true word before, whatever it would have written itself (teacher forcing), and has to predict
    the next one. A row of `target` is bos, the words, eos, and padding; its length counts bos and eos. So a row has
    length − 1 words to predict, the first of them behind bos, the last one eos. The mean is over the words of all rows
    together. Padding, of any id, reaches neither a state nor the attention nor the loss. It must work with attention and
    without. `grads` has the keys, shapes and dtypes of `params`.

    >>> params = {name: 0 * param for name, param in init(4, 5, 2, 3, np.random.default_rng(0), True).items()}
    >>> source, target = np.array([[1, 2], [3, 0]]), np.array([[1, 3, 2], [1, 2, 0]])  # bos is 1, eos is 2
    >>> loss, grads = loss_and_grads(params, source, np.array([2, 1]), target, np.array([3, 2]))
    >>> np.exp(loss).round(2), grads["bo"].round(2)  # three words to predict, with five equal chances
    (np.float64(5.0), array([ 0.2 ,  0.2 , -0.47, -0.13,  0.2 ]))

    Source: Sutskever, Vinyals, Le (2014), section 2; solutions/derivations/seq2seq.md works it out.
    """
    _check_lengths(target, target_lengths, 2)
    attention, N, H = "Wq" in params, len(source), len(params["dec_Wh"])
    given, wanted = target[:, :-1], target[:, 1:]  # N T−1
    real = padding_mask(target_lengths - 1, wanted.shape[1])  # N T−1, True where a word is wanted
    mask = padding_mask(source_lengths, source.shape[1])  # N S

    hs, h = encode(source, source_lengths, params)
    ys = embedding(given, params["Et"])  # N T−1 E
    states = gru(ys, h, *_weights(params, "dec"))  # N T−1 H: no state waits for a context, so all of them come first
    features = states
    if attention:
        a, weights = _attend(states, hs, mask, params)  # N T−1 S A, N T−1 S
        features = np.concatenate([states, weights @ hs], axis=2)  # N T−1 2H
    rows = features[real]  # one row for each true word: what is padding goes no further
    logits = affine(rows, params["Wo"], params["bo"])
    loss = cross_entropy(logits, wanted[real])

    grads = dict(params)  # the keys in their order; every value is replaced below
    dlogits = cross_entropy_backward(1.0, logits, wanted[real])
    drows, grads["Wo"], grads["bo"] = affine_backward(dlogits, rows, params["Wo"], params["bo"])
    dfeatures = np.zeros_like(features)
    dfeatures[real] = drows
    dstates, dhs = dfeatures[:, :, :H], np.zeros_like(hs)
    if attention:
        dqueries, dhs, found = _attend_backward(dfeatures[:, :, H:], a, weights, states, hs, params)
        dstates = dstates + dqueries
        grads |= found
    dys, dh, *found = gru_backward(dstates, ys, h, *_weights(params, "dec"))
    grads |= _named(found, "dec")
    grads["Et"] = embedding_backward(dys, given, params["Et"])
    dhs[np.arange(N), source_lengths - 1] += dh  # h is one of the hs
    xs, h0 = embedding(source, params["Es"]), np.zeros_like(h)
    dxs, _, *found = gru_backward(dhs, xs, h0, *_weights(params, "enc"))
    grads |= _named(found, "enc")
    grads["Es"] = embedding_backward(dxs, source, params["Es"])
    return loss, grads


def greedy_decode(
    source: Int[np.ndarray, "N S"],
    lengths: Int[np.ndarray, " N"],
    params: dict[str, np.ndarray],
    bos: int,
    eos: int,
    max_length: int,
) -> list[list[int]]:
    """Translate: write the most likely word, read it, write the next one, until it is `eos`.

        token_0 = bos        token_t = argmax of the logits of decode_step(token_{t−1}, h_{t−1}, …)

    Returns a list of ids for each sentence, without bos and eos, of at most `max_length` ids. A sentence that has come to
    its end stays as it is, while others of the batch are still being written.

    >>> params = {name: 0 * param for name, param in init(4, 5, 2, 3, np.random.default_rng(0), False).items()}
    >>> greedy_decode(np.array([[1, 2]]), np.array([2]), params | {"bo": np.arange(5.0)}, 1, 2, 3)  # always 4
    [[4, 4, 4]]

    Source: Sutskever, Vinyals, Le (2014), section 3.2, with a beam of one.
    """
    hs, h = encode(source, lengths, params)
    mask = padding_mask(lengths, source.shape[1])
    token = np.full(len(source), bos)
    written, going = [[] for _ in source], np.ones(len(source), bool)
    for _ in range(max_length):
        logits, h, _ = decode_step(token, h, hs, mask, params)
        token = logits.argmax(axis=1)
        going &= token != eos
        if not going.any():
            break
        for n in np.flatnonzero(going):
            written[n].append(int(token[n]))
    return written


def _weights(params: dict[str, np.ndarray], part: str) -> list[np.ndarray]:
    """Wx, Wh, bx, bh of the encoder ("enc") or the decoder ("dec")."""
    return [params[f"{part}_{name}"] for name in ("Wx", "Wh", "bx", "bh")]


def _named(found: list[np.ndarray], part: str) -> dict[str, np.ndarray]:
    """The gradients of `_weights`, by name."""
    return dict(zip([f"{part}_{name}" for name in ("Wx", "Wh", "bx", "bh")], found, strict=True))


def _attend(states, hs, mask, params) -> tuple[np.ndarray, np.ndarray]:
    """`additive_attention` of all steps at once: its hidden layer, "N T S A", and the weights, "N T S".

    The keys go through Wk once, and not at each step.
    """
    a = np.tanh((states @ params["Wq"])[:, :, None] + (hs @ params["Wk"])[:, None])
    scores = np.where(mask[:, None], a @ params["v"], -np.inf)  # a length is at least 1, so some score is finite
    return a, softmax(scores)


def _attend_backward(dcontexts, a, weights, states, hs, params) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """The gradients of `states` and `hs`, and those of Wq, Wk and v by name."""
    dweights = dcontexts @ hs.swapaxes(1, 2)  # N T S
    dscores = weights * (dweights - (dweights * weights).sum(axis=2, keepdims=True))
    dz = dscores[..., None] * params["v"] * (1 - a * a)  # N T S A
    dq, dk = dz.sum(axis=2), dz.sum(axis=1)  # N T A, N S A: each query met all keys, and each key all queries
    dstates = dq @ params["Wq"].T
    dhs = weights.swapaxes(1, 2) @ dcontexts + dk @ params["Wk"].T  # a word is averaged, and compared
    found = {"Wq": _over_steps(states, dq), "Wk": _over_steps(hs, dk), "v": np.tensordot(dscores, a, axes=3)}
    return dstates, dhs, found


def _over_steps(x: np.ndarray, dout: np.ndarray) -> np.ndarray:
    """Σ_n Σ_t x_ntᵀ dout_nt, the gradient of W in x @ W."""
    return x.reshape(-1, x.shape[-1]).T @ dout.reshape(-1, dout.shape[-1])


def _check_lengths(ids: np.ndarray, lengths: np.ndarray, least: int) -> None:
    if lengths.shape != ids.shape[:1] or lengths.min() < least or lengths.max() > ids.shape[1]:
        raise ValueError(
            f"lengths {lengths.tolist()} of ids {ids.shape}: each must lie between {least} and {ids.shape[1]}"
        )
