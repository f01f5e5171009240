"""transformer: attention alone reads a sentence and writes its translation, with all words of a batch side by side."""

import math

import numpy as np
from jaxtyping import Float, Int

from solutions.numpy.affine import affine, affine_backward
from solutions.numpy.attention import causal_mask, padding_mask
from solutions.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from solutions.numpy.embedding import embedding, embedding_backward
from solutions.numpy.multi_head import multi_head_attention, multi_head_attention_backward
from solutions.numpy.normalization import layer_norm, layer_norm_backward
from solutions.numpy.positions import sinusoidal_positions
from solutions.numpy.transformer_block import block, block_backward, feed_forward, feed_forward_backward

HEADS, EPS = 4, 1e-5  # given: the heads of every attention, the ε of every layer norm


def init(
    source_vocab: int, target_vocab: int, E: int, F: int, L: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Parameters to start from, in float64: L blocks that read, L blocks that write, all of width E.

        Es: source_vocab × E        Et: target_vocab × E                the embeddings of both languages
        enc1_…, enc2_…, … encL_…    what `block` takes                  gamma1 beta1 Wq Wk Wv Wo gamma2 beta2 W1 b1 W2 b2
        dec1_…, dec2_…, … decL_…    the same, and for looking at the source   cross_gamma cross_beta: E
                                                    cross_Wq cross_Wk cross_Wv cross_Wo: E × E
        enc_gamma, enc_beta, dec_gamma, dec_beta: E                     the norm behind the last block of each side
        Wo: E × target_vocab        bo: target_vocab                    from the last norm to a score for every word

    So the first matrix of the first block that reads is `enc1_Wq`; W1 is E × F. Gains (gamma) are 1; everything called
    beta, b1, b2 or bo is 0. All other entries are independent with mean 0: embeddings have the standard deviation 1/√E,
    weights 1/√D, where D is the length of their first axis. How many blocks there are, the other functions tell from the
    names; the number of heads is 4 throughout, so E is a multiple of 4. All of the randomness comes from `rng`.

    >>> params = init(7, 9, 8, 16, 1, np.random.default_rng(0))
    >>> {name: param.shape for name, param in params.items() if "gamma" not in name and "beta" not in name and "dec" not in name}
    {'Es': (7, 8), 'Et': (9, 8), 'enc1_Wq': (8, 8), 'enc1_Wk': (8, 8), 'enc1_Wv': (8, 8), 'enc1_Wo': (8, 8), 'enc1_W1': (8, 16), 'enc1_b1': (16,), 'enc1_W2': (16, 8), 'enc1_b2': (8,), 'Wo': (8, 9), 'bo': (9,)}

    Source: Vaswani and others: Attention Is All You Need (2017), arXiv 1706.03762; Xiong and others: On Layer
    Normalization in the Transformer Architecture (2020), arXiv 2002.04745, for the norms.
    """
    if E % HEADS or min(source_vocab, target_vocab, E, F, L) < 1:
        sizes = f"the vocabularies are {source_vocab} and {target_vocab}, E is {E}, F is {F}, L is {L}"
        raise ValueError(f"{sizes}: all must be 1 or more, and E a multiple of the {HEADS} heads")
    attention = {"gamma": (E,), "beta": (E,), "Wq": (E, E), "Wk": (E, E), "Wv": (E, E), "Wo": (E, E)}
    shapes = {"Es": (source_vocab, E), "Et": (target_vocab, E)}
    for part in [f"{side}{number + 1}" for side in ("enc", "dec") for number in range(L)]:
        shapes |= {
            f"{part}_{name}{'1' if name in ('gamma', 'beta') else ''}": shape for name, shape in attention.items()
        }
        if part.startswith("dec"):
            shapes |= {f"{part}_cross_{name}": shape for name, shape in attention.items()}
        shapes |= {f"{part}_gamma2": (E,), f"{part}_beta2": (E,)}
        shapes |= {f"{part}_W1": (E, F), f"{part}_b1": (F,), f"{part}_W2": (F, E), f"{part}_b2": (E,)}
    shapes |= {"enc_gamma": (E,), "enc_beta": (E,), "dec_gamma": (E,), "dec_beta": (E,)}
    shapes |= {"Wo": (E, target_vocab), "bo": (target_vocab,)}
    return {name: _fresh(name, shape, rng) for name, shape in shapes.items()}


def loss_and_grads(
    params: dict[str, np.ndarray],
    source: Int[np.ndarray, "N S"],
    source_lengths: Int[np.ndarray, " N"],
    target: Int[np.ndarray, "N T"],
    target_lengths: Int[np.ndarray, " N"],
) -> tuple[Float[np.ndarray, ""], dict[str, np.ndarray]]:
    """The mean cross-entropy of every word of the translations, and its gradient for every array of `params`.

        x = √E · embedding(source, Es) + positions            for each block that reads:     x ← block(x, …)
        hs = layer_norm(x, enc_gamma, enc_beta)
        y = √E · embedding(target, Et) + positions            for each block that writes:
            a = layer_norm(y, gamma1, beta1)                  y ← y + multi_head_attention(a, a, Wq, Wk, Wv, Wo)
            c = layer_norm(y, cross_gamma, cross_beta)        y ← y + multi_head_attention(c, hs, cross_Wq, …, cross_Wo)
            b = layer_norm(y, gamma2, beta2)                  y ← y + feed_forward(b, W1, b1, W2, b2)
        logits = layer_norm(y, dec_gamma, dec_beta) Wo + bo
        loss = mean over the true words of −log softmax(logits_t)[target_{t+1}]

    The positions are `sinusoidal_positions`. Whoever reads sees all true words of the source; whoever writes sees the words
    of the target up to its own place, and all true words of the source. The batch is that of seq2seq: rows are filled up at
    their end with some id; a row of `target` is bos, the words, eos, and padding, its length counts both; each place
    is given the true word and has to predict the next one. Padding, of any id, changes neither the loss nor a gradient.
    Neither do other examples of the batch. `grads` has the keys, shapes and dtypes of `params`.

    >>> params = {name: 0 * param for name, param in init(4, 5, 8, 16, 1, np.random.default_rng(0)).items()}
    >>> source, target = np.array([[1, 2], [3, 0]]), np.array([[1, 3, 2], [1, 2, 0]])  # bos is 1, eos is 2
    >>> loss, grads = loss_and_grads(params, source, np.array([2, 1]), target, np.array([3, 2]))
    >>> np.exp(loss).round(2), grads["bo"].round(2)  # three words to predict, with five equal chances
    (np.float64(5.0), array([ 0.2 ,  0.2 , -0.47, -0.13,  0.2 ]))

    Source: Vaswani and others (2017), section 3; Xiong and others (2020), figure 1 (b); solutions/derivations/transformer.md
    works it out.
    """
    _check_lengths(source, source_lengths, 1)
    _check_lengths(target, target_lengths, 2)
    given, wanted = target[:, :-1], target[:, 1:]  # N T−1
    real = padding_mask(target_lengths - 1, wanted.shape[1])  # N T−1, True where a word is wanted
    mask = padding_mask(source_lengths, source.shape[1])[:, None]  # N 1 S: the same for every place that looks

    hs, xs = _read(source, mask, params)
    ys = _write(given, hs, mask, params)
    rows = ys[-1][real]  # one row for each true word: what is padding goes no further
    features = layer_norm(rows, params["dec_gamma"], params["dec_beta"], EPS)
    logits = affine(features, params["Wo"], params["bo"])
    loss = cross_entropy(logits, wanted[real])

    grads = dict(params)  # the keys in their order; every value is replaced below
    dlogits = cross_entropy_backward(1.0, logits, wanted[real])
    dfeatures, grads["Wo"], grads["bo"] = affine_backward(dlogits, features, params["Wo"], params["bo"])
    drows, *found = layer_norm_backward(dfeatures, rows, params["dec_gamma"], params["dec_beta"], EPS)
    grads["dec_gamma"], grads["dec_beta"] = found
    dy, dhs = np.zeros_like(ys[-1]), np.zeros_like(hs)
    dy[real] = drows
    for part, y in reversed(list(zip(_parts(params, "dec"), ys, strict=False))):
        dy, dhs_here, found = _writing_block_backward(dy, y, hs, _of(part, params), mask)
        dhs += dhs_here  # every block that writes has looked at the same hs
        grads |= {f"{part}_{name}": gradient for name, gradient in found.items()}
    grads["Et"] = _embed_backward(dy, given, params["Et"])
    dx, *found = layer_norm_backward(dhs, xs[-1], params["enc_gamma"], params["enc_beta"], EPS)
    grads["enc_gamma"], grads["enc_beta"] = found
    for part, x in reversed(list(zip(_parts(params, "enc"), xs, strict=False))):
        dx, found = block_backward(dx, x, _of(part, params), HEADS, mask)
        grads |= {f"{part}_{name}": gradient for name, gradient in found.items()}
    grads["Es"] = _embed_backward(dx, source, params["Es"])
    return loss, grads


def greedy_decode(
    source: Int[np.ndarray, "N S"],
    lengths: Int[np.ndarray, " N"],
    params: dict[str, np.ndarray],
    bos: int,
    eos: int,
    max_length: int,
) -> list[list[int]]:
    """Translate: write the most likely word behind what is written, and go on, until it is `eos`.

        written = bos        then again and again:  the argmax of the logits at the last place of `written` is put behind it

    Returns a list of ids for each sentence, without bos and eos, of at most `max_length` ids. A sentence that has come to
    its end stays as it is, while others of the batch are still being written. The source is read only once.

    >>> params = {name: 0 * param for name, param in init(4, 5, 8, 16, 1, np.random.default_rng(0)).items()}
    >>> greedy_decode(np.array([[1, 2]]), np.array([2]), params | {"bo": np.arange(5.0)}, 1, 2, 3)  # always 4
    [[4, 4, 4]]

    Source: Vaswani and others (2017), section 3.1, "auto-regressive".
    """
    _check_lengths(source, lengths, 1)
    mask = padding_mask(lengths, source.shape[1])[:, None]  # N 1 S
    hs, _ = _read(source, mask, params)
    written, going = [[] for _ in source], np.arange(len(source))  # going: the sentences that have no end yet
    for _ in range(max_length):
        so_far = np.array([[bos, *written[n]] for n in going])
        y = _write(so_far, hs[going], mask[going], params)[-1][:, -1]  # the last place knows all that stands before it
        logits = affine(layer_norm(y, params["dec_gamma"], params["dec_beta"], EPS), params["Wo"], params["bo"])
        token = logits.argmax(axis=1)
        going, token = going[token != eos], token[token != eos]
        if not len(going):
            break
        for n, word in zip(going, token, strict=True):
            written[n].append(int(word))
    return written


def _fresh(name, shape, rng) -> np.ndarray:
    kind = name.split("_")[-1]
    if "gamma" in kind:
        return np.ones(shape)
    if "beta" in kind or kind in ("b1", "b2", "bo"):
        return np.zeros(shape)
    D = shape[1] if kind in ("Es", "Et") else shape[0]
    return rng.normal(size=shape) / math.sqrt(D)


def _parts(params, side: str) -> list[str]:
    """ "enc1", "enc2", … or "dec1", "dec2", …: the blocks that there are."""
    return [f"{side}{number}" for number in range(1, len(params)) if f"{side}{number}_Wq" in params]


def _of(part: str, params) -> dict[str, np.ndarray]:
    """The parameters of one block, by the names that they have inside it."""
    return {name.removeprefix(f"{part}_"): param for name, param in params.items() if name.startswith(f"{part}_")}


def _embed(ids, E) -> np.ndarray:
    """√E times the embeddings, so that they are not small beside the waves of the positions: N T E."""
    positions = sinusoidal_positions(ids.shape[1], E.shape[1]).astype(E.dtype)
    return embedding(ids, E) * math.sqrt(E.shape[1]) + positions


def _embed_backward(dout, ids, E) -> np.ndarray:
    return embedding_backward(dout * math.sqrt(E.shape[1]), ids, E)


def _read(source, mask, params) -> tuple[np.ndarray, list[np.ndarray]]:
    """What the writing side looks at, "N S E"; and what goes into the first block, between the blocks, out of the last."""
    xs = [_embed(source, params["Es"])]
    for part in _parts(params, "enc"):
        xs.append(block(xs[-1], _of(part, params), HEADS, mask))
    return layer_norm(xs[-1], params["enc_gamma"], params["enc_beta"], EPS), xs


def _write(given, hs, mask, params) -> list[np.ndarray]:
    """What goes into the first block that writes, between the blocks, and out of the last: each "N T E"."""
    ys = [_embed(given, params["Et"])]
    for part in _parts(params, "dec"):
        *_, out = _writing_block(ys[-1], hs, _of(part, params), mask)
        ys.append(out)
    return ys


def _writing_block(y, hs, p, mask) -> tuple[np.ndarray, ...]:
    """`block`, with a look at the source between its two parts; and everything on the way to its result, the last."""
    causal = causal_mask(y.shape[1])
    a = layer_norm(y, p["gamma1"], p["beta1"], EPS)
    y1 = y + multi_head_attention(a, a, p["Wq"], p["Wk"], p["Wv"], p["Wo"], HEADS, causal)
    c = layer_norm(y1, p["cross_gamma"], p["cross_beta"], EPS)
    y2 = y1 + multi_head_attention(c, hs, *(p[name] for name in CROSS), HEADS, mask)
    b = layer_norm(y2, p["gamma2"], p["beta2"], EPS)
    out = y2 + feed_forward(b, p["W1"], p["b1"], p["W2"], p["b2"])
    return a, y1, c, y2, b, out


def _writing_block_backward(dout, y, hs, p, mask) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """The gradients of y and hs, and those of the block's parameters by name."""
    causal, d = causal_mask(y.shape[1]), {}
    a, y1, c, y2, b, _ = _writing_block(y, hs, p, mask)
    db, d["W1"], d["b1"], d["W2"], d["b2"] = feed_forward_backward(dout, b, p["W1"], p["b1"], p["W2"], p["b2"])
    dy2, d["gamma2"], d["beta2"] = layer_norm_backward(db, y2, p["gamma2"], p["beta2"], EPS)
    dy2 += dout  # y2 reaches the result straight, and through the norm
    dc, dhs, *found = multi_head_attention_backward(dy2, c, hs, *(p[name] for name in CROSS), HEADS, mask)
    d |= dict(zip(CROSS, found, strict=True))
    dy1, d["cross_gamma"], d["cross_beta"] = layer_norm_backward(dc, y1, p["cross_gamma"], p["cross_beta"], EPS)
    dy1 += dy2
    da_q, da_kv, *found = multi_head_attention_backward(dy1, a, a, p["Wq"], p["Wk"], p["Wv"], p["Wo"], HEADS, causal)
    d |= dict(zip(("Wq", "Wk", "Wv", "Wo"), found, strict=True))
    dy, d["gamma1"], d["beta1"] = layer_norm_backward(da_q + da_kv, y, p["gamma1"], p["beta1"], EPS)
    dy += dy1
    return dy, dhs, d


CROSS = ("cross_Wq", "cross_Wk", "cross_Wv", "cross_Wo")


def _check_lengths(ids: np.ndarray, lengths: np.ndarray, least: int) -> None:
    if lengths.shape != ids.shape[:1] or lengths.min() < least or lengths.max() > ids.shape[1]:
        raise ValueError(
            f"lengths {lengths.tolist()} of ids {ids.shape}: each must lie between {least} and {ids.shape[1]}"
        )
