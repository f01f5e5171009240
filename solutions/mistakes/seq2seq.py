"""Wrong answers to seq2seq."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import seq2seq as right
from solutions.numpy.additive_attention import additive_attention
from solutions.numpy.affine import affine, affine_backward
from solutions.numpy.attention import padding_mask
from solutions.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from solutions.numpy.embedding import embedding, embedding_backward
from solutions.numpy.gru import gru, gru_backward, gru_cell
from solutions.numpy.softmax import softmax


def _draw(args, scale):
    """`init` with the spread of every weight chosen by `scale(name, shape)`; embeddings and biases as they should be."""
    *sizes, rng, attention = args
    params = right.init(*sizes, rng, attention)
    for name, value in params.items():
        if value.ndim == 2 and name not in ("Es", "Et"):
            params[name] = value * math.sqrt(len(value)) * scale(*value.shape)
    return params


def _there_and_back(
    params,
    source,
    source_lengths,
    target,
    target_lengths,
    start=lambda h: h,
    mask=lambda mask: mask,
    at_states=lambda from_scores, from_queries: from_scores + from_queries,
    at_last=lambda dh: dh,
    to_embedding=embedding_backward,
    dlogits=cross_entropy_backward,
    fresh=np.zeros_like,
):
    """The right forward and backward pass, with one of its steps replaced."""
    attention, N, H = "Wq" in params, len(source), len(params["dec_Wh"])
    given, wanted = target[:, :-1], target[:, 1:]
    real = padding_mask(target_lengths - 1, wanted.shape[1])
    hs, h = right.encode(source, source_lengths, params)
    h = start(h)
    ys = embedding(given, params["Et"])
    states = gru(ys, h, *right._weights(params, "dec"))
    features = states
    if attention:
        a, weights = right._attend(states, hs, mask(padding_mask(source_lengths, source.shape[1])), params)
        features = np.concatenate([states, weights @ hs], axis=2)
    rows = features[real]
    logits = affine(rows, params["Wo"], params["bo"])
    loss = cross_entropy(logits, wanted[real])
    grads = dict(params)
    drows, grads["Wo"], grads["bo"] = affine_backward(
        dlogits(1.0, logits, wanted[real]), rows, params["Wo"], params["bo"]
    )
    dfeatures = fresh(features)
    dfeatures[real] = drows
    dstates, dhs = dfeatures[:, :, :H], fresh(hs)
    if attention:
        dqueries, dhs, found = right._attend_backward(dfeatures[:, :, H:], a, weights, states, hs, params)
        dstates = at_states(dstates, dqueries)
        grads |= found
    dys, dh, *found = gru_backward(dstates, ys, h, *right._weights(params, "dec"))
    grads |= right._named(found, "dec")
    grads["Et"] = to_embedding(dys, given, params["Et"])
    dhs[np.arange(N), source_lengths - 1] += at_last(dh)
    xs, h0 = embedding(source, params["Es"]), np.zeros_like(h)
    dxs, _, *found = gru_backward(dhs, xs, h0, *right._weights(params, "enc"))
    grads |= right._named(found, "enc")
    grads["Es"] = to_embedding(dxs, source, params["Es"])
    return loss, grads


# ---------------------------------------------------------------------- init


@mistake(
    "missing-scale",
    "out[enc_Wx]",
    says="the weights are standard normal numbers, not scaled to how many products are added up; the gates start out shut "
    "or open",
)
def init(source_vocab, target_vocab, E, H, rng, attention):
    return _draw((source_vocab, target_vocab, E, H, rng, attention), lambda D, M: 1.0)


@mistake(
    "fan-swapped",
    "out[enc_Wx]",
    says="the spread is 1/√M, of the number of columns; what is added up for one number are the D rows",
)
def init(source_vocab, target_vocab, E, H, rng, attention):
    return _draw((source_vocab, target_vocab, E, H, rng, attention), lambda D, M: 1 / math.sqrt(M))


@mistake(
    "wrong-factor", "out[enc_Wx]", says="√(2/D) makes up for a relu, and there is none in a GRU: the spread is √(1/D)"
)
def init(source_vocab, target_vocab, E, H, rng, attention):
    return _draw((source_vocab, target_vocab, E, H, rng, attention), lambda D, M: math.sqrt(2 / D))


@mistake(
    "transposed",
    "out[enc_Wx]",
    says="the weights of the GRUs are stored as 3H × E, as torch.nn.GRU does; x @ Wx needs E × 3H",
)
def init(source_vocab, target_vocab, E, H, rng, attention):
    params = right.init(source_vocab, target_vocab, E, H, rng, attention)
    return params | {name: value.T.copy() for name, value in params.items() if name[4:] in ("Wx", "Wh")}


@mistake(
    "extra-axis", "out[enc_bx]", says="the biases have the shape (1, 3H); gru adds them to rows itself and takes (3H)"
)
def init(source_vocab, target_vocab, E, H, rng, attention):
    params = right.init(source_vocab, target_vocab, E, H, rng, attention)
    return params | {name: value[None] for name, value in params.items() if name[-2:] in ("bx", "bh", "bo")}


@mistake(
    "argument-unused",
    says="Wq, Wk and v are always there, and Wo always takes the context too: `attention` is not looked at",
)
def init(source_vocab, target_vocab, E, H, rng, attention):
    return right.init(source_vocab, target_vocab, E, H, rng, True)


@mistake(
    "wrong-operand",
    "out[Es]",
    says="the sizes of the two vocabularies have changed places: Es is for the source's words",
)
def init(source_vocab, target_vocab, E, H, rng, attention):
    return right.init(target_vocab, source_vocab, E, H, rng, attention)


@mistake(
    "nondeterministic", says="np.random draws from numpy's global state: the same seed gives other weights each time"
)
def init(source_vocab, target_vocab, E, H, rng, attention):
    params = right.init(source_vocab, target_vocab, E, H, rng, attention)
    return {name: np.random.permutation(value) if value.ndim == 2 else value for name, value in params.items()}


# ---------------------------------------------------------------------- encode


@mistake(
    "padding-leaks",
    "h",
    says="h is the state of the last column; a shorter sentence has gone on reading its padding by then",
)
def encode(source, lengths, params):
    hs, _ = right.encode(source, lengths, params)
    return hs, hs[:, -1]


@mistake(
    "off-by-one",
    "h",
    says="h is the state one word too early: the last word of a sentence of k words has the index k − 1",
)
def encode(source, lengths, params):
    hs, _ = right.encode(source, lengths, params)
    return hs, hs[np.arange(len(source)), lengths - 2]


@mistake(
    "broadcast-blowup",
    "h",
    says="hs[:, lengths − 1] picks the last words of all sentences in every sentence; each row has one of its own",
)
def encode(source, lengths, params):
    hs, _ = right.encode(source, lengths, params)
    return hs, hs[:, lengths - 1]


@mistake("reversed", "hs", says="the sentences are read from their end to their start")
def encode(source, lengths, params):
    xs = embedding(source[:, ::-1], params["Es"])
    hs = gru(xs, np.zeros((len(source), len(params["enc_Wh"])), xs.dtype), *right._weights(params, "enc"))[:, ::-1]
    return hs, hs[np.arange(len(source)), lengths - 1]


@mistake(
    "state-not-carried",
    "hs",
    says="every word is read with a state of zeros, and not with the one that the words before have left",
)
def encode(source, lengths, params):
    xs = embedding(source, params["Es"])
    zeros = np.zeros((len(source), len(params["enc_Wh"])), xs.dtype)
    steps = [gru_cell(xs[:, t], zeros, *right._weights(params, "enc")) for t in range(xs.shape[1])]
    hs = np.stack(steps, axis=1)
    return hs, hs[np.arange(len(source)), lengths - 1]


@mistake("wrong-operand", "hs", says="the source is read with the weights of the GRU that writes, dec_…")
def encode(source, lengths, params):
    return right.encode(source, lengths, params | {f"enc_{w}": params[f"dec_{w}"] for w in ("Wx", "Wh", "bx", "bh")})


@mistake(
    "dtype-drift",
    "hs",
    says="the first state is an array of float64 zeros, and every state behind it becomes float64",
)
def encode(source, lengths, params):
    h, hs = np.zeros((len(source), len(params["enc_Wh"]))), []
    for words in source.T:
        h = gru_cell(params["Es"][words], h, *right._weights(params, "enc"))
        hs.append(h)
    hs = np.stack(hs, axis=1)
    return hs, hs[np.arange(len(source)), lengths - 1]


@mistake("wrong-order", "hs", says="the results come back as (h, hs); the states of all words are the first")
def encode(source, lengths, params):
    hs, h = right.encode(source, lengths, params)
    return h, hs


@mistake("mutates-input", says="the padding is overwritten with zeros in the caller's own array of ids")
def encode(source, lengths, params):
    source[np.arange(source.shape[1]) >= lengths[:, None]] = 0
    return right.encode(source, lengths, params)


# ---------------------------------------------------------------------- decode_step


@mistake(
    "wrong-operand",
    "logits",
    says="the attention asks with the state of the step before; it asks with the new one",
)
def decode_step(token, h, hs, mask, params):
    logits, new, weights = right.decode_step(token, h, hs, mask, params)
    if "Wq" in params:
        context, weights = additive_attention(h, hs, hs, params["Wq"], params["Wk"], params["v"], mask)
        logits = affine(np.concatenate([new, context], axis=1), params["Wo"], params["bo"])
    return logits, new, weights


@mistake("wrong-order", "logits", says="the context stands before the state; Wo expects [h, context]")
def decode_step(token, h, hs, mask, params):
    logits, h, weights = right.decode_step(token, h, hs, mask, params)
    if "Wq" in params:
        context = (weights[:, None] @ hs)[:, 0]
        logits = affine(np.concatenate([context, h], axis=1), params["Wo"], params["bo"])
    return logits, h, weights


@mistake("mask-ignored", "logits", says="the mask is not handed on, so the attention looks at the padding too")
def decode_step(token, h, hs, mask, params):
    return right.decode_step(token, h, hs, np.ones_like(mask), params)


@mistake("mask-inverted", "logits", says="the attention looks at the padding only: True means a word, not padding")
def decode_step(token, h, hs, mask, params):
    return right.decode_step(token, h, hs, ~mask, params)


@mistake(
    "mask-after-softmax",
    "logits",
    says="the weights are made over all places and masked afterwards, so those of the true words add up to less than 1",
)
def decode_step(token, h, hs, mask, params):
    logits, h, weights = right.decode_step(token, h, hs, np.ones_like(mask), params)
    if "Wq" in params:
        weights = weights * mask
        context = (weights[:, None] @ hs)[:, 0]
        logits = affine(np.concatenate([h, context], axis=1), params["Wo"], params["bo"])
    return logits, h, weights


@mistake("state-not-carried", "h", says="the old state is returned; the next step needs the new one")
def decode_step(token, h, hs, mask, params):
    logits, _, weights = right.decode_step(token, h, hs, mask, params)
    return logits, h, weights


@mistake("missing-term", "logits", says="bo is not added to the scores")
def decode_step(token, h, hs, mask, params):
    return right.decode_step(token, h, hs, mask, params | {"bo": np.zeros_like(params["bo"])})


@mistake("wrong-type", "weights", says="zeros are returned as weights where there is no attention; it says None")
def decode_step(token, h, hs, mask, params):
    logits, h, weights = right.decode_step(token, h, hs, mask, params)
    return logits, h, np.zeros(hs.shape[:2], h.dtype) if weights is None else weights


@mistake(
    "not-normalised",
    "logits",
    says="softmax is applied to the scores already; what comes back are scores, and cross-entropy makes the probabilities",
)
def decode_step(token, h, hs, mask, params):
    logits, h, weights = right.decode_step(token, h, hs, mask, params)
    return softmax(logits), h, weights


# ---------------------------------------------------------------------- loss_and_grads


@mistake(
    "padding-leaks",
    "loss",
    says="the mean runs over all places of the batch, padding too, so the model also learns to write padding",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    return right.loss_and_grads(params, source, source_lengths, target, np.full(len(target), target.shape[1]))


@mistake(
    "off-by-one",
    "loss",
    says="each step is asked for the very word that it was given; it has to predict the next one, target[:, 1:]",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    loss, grads = right.loss_and_grads(params, source, source_lengths, target, target_lengths)
    hs, h = right.encode(source, source_lengths, params)
    mask, real = padding_mask(source_lengths, source.shape[1]), padding_mask(target_lengths - 1, target.shape[1] - 1)
    logits = []
    for t in range(target.shape[1] - 1):
        scores, h, _ = right.decode_step(target[:, t], h, hs, mask, params)
        logits.append(scores)
    return cross_entropy(np.stack(logits, axis=1)[real], target[:, :-1][real]), grads


@mistake("mask-ignored", "loss", says="the attention is given no mask, so it also looks at the padding of the source")
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    return _there_and_back(params, source, source_lengths, target, target_lengths, mask=np.ones_like)


@mistake("mask-inverted", "loss", says="the attention looks at the padding and not at the words: the mask is inverted")
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def turned(mask):
        return np.where(mask.all(axis=1, keepdims=True), mask, ~mask)  # a row that sees nothing would be nan at once

    return _there_and_back(params, source, source_lengths, target, target_lengths, mask=turned)


@mistake(
    "state-not-carried",
    "loss",
    says="the decoder starts from zeros; without the last state of the encoder it knows nothing of the source",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    return _there_and_back(params, source, source_lengths, target, target_lengths, start=np.zeros_like)


@mistake(
    "train-test-confused",
    "loss",
    says="each step is given the word that the model itself would have written, as in decoding; in training it is given the "
    "true one",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    hs, h = right.encode(source, source_lengths, params)
    mask, written = padding_mask(source_lengths, source.shape[1]), target.copy()
    token, logits = target[:, 0], []
    for t in range(target.shape[1] - 1):
        scores, h, _ = right.decode_step(token, h, hs, mask, params)
        logits.append(scores)
        token = written[:, t] = scores.argmax(axis=1)
    real = padding_mask(target_lengths - 1, target.shape[1] - 1)
    loss = cross_entropy(np.stack(logits, axis=1)[real], target[:, 1:][real])
    return loss, right.loss_and_grads(params, source, source_lengths, target, target_lengths)[1]


@mistake(
    "extra-mean",
    "loss",
    says="a mean is taken for each sentence and then over the sentences, so that a word of a short sentence counts for more; "
    "the mean is over all words together",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    each = [
        right.loss_and_grads(
            params, source[n : n + 1], source_lengths[n : n + 1], target[n : n + 1], target_lengths[n : n + 1]
        )
        for n in range(len(source))
    ]
    loss = sum(one for one, _ in each) / len(each)
    return loss, {name: sum(grads[name] for _, grads in each) / len(each) for name in params}


@mistake(
    "missing-mean",
    "grads[bo]",
    says="the loss is a mean over the words and the gradients are those of the sum: they are that many times too large",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    loss, grads = right.loss_and_grads(params, source, source_lengths, target, target_lengths)
    return loss, {name: value * (target_lengths - 1).sum() for name, value in grads.items()}


@mistake(
    "sign-flipped",
    "grads[bo]",
    says="the backward pass starts from y − p, so it returns the direction downhill; the gradient is p − y",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def dlogits(dout, logits, labels):
        return -cross_entropy_backward(dout, logits, labels)

    return _there_and_back(params, source, source_lengths, target, target_lengths, dlogits=dlogits)


@mistake(
    "gradient-not-carried",
    "grads[Es]",
    says="the gradient stops where the decoder starts: what it says about its first state has to go on into the encoder",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    return _there_and_back(params, source, source_lengths, target, target_lengths, at_last=np.zeros_like)


@mistake(
    "missing-term",
    "grads[Es]",
    says="the states of the decoder get their gradient from the scores only; they also ask, and the attention's answer "
    "depends on it",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    return _there_and_back(
        params, source, source_lengths, target, target_lengths, at_states=lambda direct, asked: direct
    )


@mistake(
    "not-accumulated",
    "grads[Es]",
    says="dE[ids] = … keeps one of the gradients of a word that occurs several times; all of them have to be added up",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    def to_embedding(dout, ids, E):
        dE = np.zeros_like(E)
        dE[ids] = dout
        return dE

    return _there_and_back(params, source, source_lengths, target, target_lengths, to_embedding=to_embedding)


@mistake(
    "dtype-drift",
    "grads[Wq]",
    says="the gradients are put into fresh arrays of float64, and everything below them becomes float64",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    return _there_and_back(
        params, source, source_lengths, target, target_lengths, fresh=lambda array: np.zeros(array.shape)
    )


@mistake(
    "mutates-input",
    says="target_lengths −= 1 changes the caller's own array; from then on every sentence is a word shorter",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    loss, grads = right.loss_and_grads(params, source, source_lengths, target, target_lengths)
    target_lengths -= 1
    return loss, grads


@mistake(
    "graph-broken",
    "grads[Es]",
    says="the state of the encoder is detached before the decoder starts from it, so the words of the source learn nothing",
    track="torch",
)
def loss_and_grads(params, source, source_lengths, target, target_lengths):
    import torch

    from solutions.torch import seq2seq
    from solutions.torch.attention import padding_mask

    leaves = {name: value.detach().clone().requires_grad_() for name, value in params.items()}
    hs, h = seq2seq.encode(source, source_lengths, leaves)
    hs, h = hs.detach(), h.detach()
    mask, loss = padding_mask(source_lengths, source.shape[1]), 0.0
    for t in range(target.shape[1] - 1):
        logits, h, _ = seq2seq.decode_step(target[:, t], h, hs, mask, leaves)
        losses = torch.nn.functional.cross_entropy(logits, target[:, t + 1], reduction="none")
        loss = loss + losses[t + 1 < target_lengths].sum()
    loss = loss / (target_lengths - 1).sum()
    loss.backward()
    return loss.detach(), {
        name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in leaves.items()
    }


# ---------------------------------------------------------------------- greedy_decode


@mistake("off-by-one", says="eos is written down before it is looked at, so it ends every sentence of the answer")
def greedy_decode(source, lengths, params, bos, eos, max_length):
    found = right.greedy_decode(source, lengths, params, bos, eos, max_length)
    return [ids + [eos] * (len(ids) < max_length) for ids in found]


@mistake(
    "batch-mixed",
    says="the loop ends as soon as one sentence has come to its end, and the others are cut off there",
)
def greedy_decode(source, lengths, params, bos, eos, max_length):
    found = right.greedy_decode(source, lengths, params, bos, eos, max_length)
    return [ids[: min(len(other) for other in found)] for ids in found]


@mistake(
    "padding-leaks",
    says="every sentence is taken to be as long as the longest, so the padding is read like words",
)
def greedy_decode(source, lengths, params, bos, eos, max_length):
    return right.greedy_decode(source, np.full(len(source), source.shape[1]), params, bos, eos, max_length)


@mistake(
    "state-not-carried",
    says="every step starts from the encoder's state again; it has to go on from the state of the step before",
)
def greedy_decode(source, lengths, params, bos, eos, max_length):
    hs, h = right.encode(source, lengths, params)
    return _decode(source, lengths, bos, eos, max_length, hs, h, params, lambda old, new: old, lambda token: token)


@mistake("wrong-operand", says="every step is given bos; from the second on, it has to be given the word just written")
def greedy_decode(source, lengths, params, bos, eos, max_length):
    hs, h = right.encode(source, lengths, params)
    return _decode(
        source, lengths, bos, eos, max_length, hs, h, params, lambda old, new: new, lambda token: 0 * token + bos
    )


@mistake(
    "missing-term",
    says="the decoder starts from zeros and not from the last state of the encoder",
)
def greedy_decode(source, lengths, params, bos, eos, max_length):
    hs, h = right.encode(source, lengths, params)
    return _decode(source, lengths, bos, eos, max_length, hs, 0 * h, params, lambda old, new: new, lambda token: token)


def _decode(source, lengths, bos, eos, max_length, hs, h, params, carried, given):
    """Greedy decoding with the state that is handed on, and the word that is given next, chosen by functions."""
    mask, token = padding_mask(lengths, source.shape[1]), np.full(len(source), bos)
    written, going = [[] for _ in source], np.ones(len(source), bool)
    for _ in range(max_length):
        logits, new, _ = right.decode_step(token, h, hs, mask, params)
        h, word = carried(h, new), logits.argmax(axis=1)
        token, going = given(word), going & (word != eos)
        for n in np.flatnonzero(going):
            written[n].append(int(word[n]))
    return written
