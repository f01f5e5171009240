"""transformer: attention alone reads a sentence and writes its translation, with all words of a batch side by side."""

import math

import torch
from jaxtyping import Float, Int

from solutions.torch.affine import affine
from solutions.torch.attention import causal_mask, padding_mask
from solutions.torch.cross_entropy import cross_entropy
from solutions.torch.embedding import embedding
from solutions.torch.multi_head import multi_head_attention
from solutions.torch.normalization import layer_norm
from solutions.torch.positions import sinusoidal_positions
from solutions.torch.transformer_block import block, feed_forward

HEADS, EPS = 4, 1e-5  # given: the heads of every attention, the ε of every layer norm


def init(
    source_vocab: int, target_vocab: int, E: int, F: int, L: int, generator: torch.Generator
) -> dict[str, torch.Tensor]:
    """Parameters to start from, in the default dtype: L blocks that read, L blocks that write, all of width E.

        Es: source_vocab × E        Et: target_vocab × E                the embeddings of both languages
        enc1_…, enc2_…, … encL_…    what `block` takes                  gamma1 beta1 Wq Wk Wv Wo gamma2 beta2 W1 b1 W2 b2
        dec1_…, dec2_…, … decL_…    the same, and for looking at the source   cross_gamma cross_beta: E
                                                    cross_Wq cross_Wk cross_Wv cross_Wo: E × E
        enc_gamma, enc_beta, dec_gamma, dec_beta: E                     the norm behind the last block of each side
        Wo: E × target_vocab        bo: target_vocab                    from the last norm to a score for every word

    So the first matrix of the first block that reads is `enc1_Wq`; W1 is E × F. Gains (gamma) are 1; everything called
    beta, b1, b2 or bo is 0. All other entries are independent with mean 0: embeddings have the standard deviation 1/√E,
    weights 1/√D, where D is the length of their first axis. How many blocks there are, the other functions tell from the
    names; the number of heads is 4 throughout, so E is a multiple of 4. All of the randomness comes from `generator`.

    >>> params = init(7, 9, 8, 16, 1, torch.Generator().manual_seed(0))
    >>> {name: tuple(param.shape) for name, param in params.items() if "gamma" not in name and "beta" not in name and "dec" not in name}
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
    return {name: _fresh(name, shape, generator) for name, shape in shapes.items()}


def loss_and_grads(
    params: dict[str, torch.Tensor],
    source: Int[torch.Tensor, "N S"],
    source_lengths: Int[torch.Tensor, " N"],
    target: Int[torch.Tensor, "N T"],
    target_lengths: Int[torch.Tensor, " N"],
) -> tuple[Float[torch.Tensor, ""], dict[str, torch.Tensor]]:
    """The mean cross-entropy of every word of the translations, and its gradient for every tensor of `params`.

        x = √E · embedding(source, Es) + positions            for each block that reads:     x ← block(x, …)
        hs = layer_norm(x, enc_gamma, enc_beta)
        y = √E · embedding(target, Et) + positions            for each block that writes:
            a = layer_norm(y, gamma1, beta1)                  y ← y + multi_head_attention(a, a, Wq, Wk, Wv, Wo)
            c = layer_norm(y, cross_gamma, cross_beta)        y ← y + multi_head_attention(c, hs, cross_Wq, …, cross_Wo)
            b = layer_norm(y, gamma2, beta2)                  y ← y + feed_forward(b, W1, b1, W2, b2)
        logits = layer_norm(y, dec_gamma, dec_beta) Wo + bo
        loss = mean over the true words of −log softmax(logits_t)[target_{t+1}]
        grads[key] = ∂loss/∂params[key], by autograd

    The positions are `sinusoidal_positions`. Whoever reads sees all true words of the source; whoever writes sees the words
    of the target up to its own place, and all true words of the source. The batch is that of seq2seq: rows are filled up at
    their end with some id; a row of `target` is bos, the words, eos, and padding, its length counts both; each place
    is given the true word and has to predict the next one. Padding, of any id, changes neither the loss nor a gradient.
    Neither do other examples of the batch. `grads` has the keys, shapes and dtypes of `params`. The
    tensors in `params` belong to the caller: their values, their `requires_grad` and their `.grad` must stay as they are.

    >>> params = {name: 0 * param for name, param in init(4, 5, 8, 16, 1, torch.Generator().manual_seed(0)).items()}
    >>> source, target = torch.tensor([[1, 2], [3, 0]]), torch.tensor([[1, 3, 2], [1, 2, 0]])  # bos is 1, eos is 2
    >>> loss, grads = loss_and_grads(params, source, torch.tensor([2, 1]), target, torch.tensor([3, 2]))
    >>> torch.exp(loss), grads["bo"]  # three words to predict, with five equal chances
    (tensor(5.), tensor([ 0.2000,  0.2000, -0.4667, -0.1333,  0.2000]))

    Source: Vaswani and others (2017), section 3; Xiong and others (2020), figure 1 (b).
    """
    leaves = {name: param.detach().requires_grad_() for name, param in params.items()}  # detach makes a new tensor
    loss = _loss(leaves, source, source_lengths, target, target_lengths)
    found = torch.autograd.grad(loss, list(leaves.values()))
    grads = dict(zip(leaves, found, strict=True))
    loss = loss.detach()  # the number, without the graph behind it
    return loss, grads


def greedy_decode(
    source: Int[torch.Tensor, "N S"],
    lengths: Int[torch.Tensor, " N"],
    params: dict[str, torch.Tensor],
    bos: int,
    eos: int,
    max_length: int,
) -> list[list[int]]:
    """Translate: write the most likely word behind what is written, and go on, until it is `eos`.

        written = bos        then again and again:  the argmax of the logits at the last place of `written` is put behind it

    Returns a list of ids for each sentence, without bos and eos, of at most `max_length` ids. A sentence that has come to
    its end stays as it is, while others of the batch are still being written. The source is read only once.

    >>> params = {name: 0 * param for name, param in init(4, 5, 8, 16, 1, torch.Generator().manual_seed(0)).items()}
    >>> greedy_decode(torch.tensor([[1, 2]]), torch.tensor([2]), params | {"bo": torch.arange(5.0)}, 1, 2, 3)  # always 4
    [[4, 4, 4]]

    Source: Vaswani and others (2017), section 3.1, "auto-regressive".
    """
    _check_lengths(source, lengths, 1)
    mask = padding_mask(lengths, source.shape[1])[:, None]  # N 1 S
    written, going = [[] for _ in source], torch.arange(len(source))  # going: the sentences that have no end yet
    with torch.no_grad():  # nobody differentiates a choice
        hs = _read(source, mask, params)
        for _ in range(max_length):
            so_far = torch.tensor([[bos, *written[n]] for n in going.tolist()])
            features = _write(so_far, hs[going], mask[going], params)[
                :, -1
            ]  # the last place knows all that is before it
            token = affine(features, params["Wo"], params["bo"]).argmax(dim=1)
            going, token = going[token != eos], token[token != eos]
            if not len(going):
                break
            for n, word in zip(going.tolist(), token.tolist(), strict=True):
                written[n].append(word)
    return written


def _loss(params, source, source_lengths, target, target_lengths) -> torch.Tensor:
    """The loss of `loss_and_grads`, with all places of the target side by side: the true words are known before."""
    _check_lengths(source, source_lengths, 1)
    _check_lengths(target, target_lengths, 2)
    given, wanted = target[:, :-1], target[:, 1:]  # N T−1
    real = padding_mask(target_lengths - 1, wanted.shape[1])  # N T−1, True where a word is wanted
    mask = padding_mask(source_lengths, source.shape[1])[:, None]  # N 1 S: the same for every place that looks
    features = _write(given, _read(source, mask, params), mask, params)
    rows = features[real]  # one row for each true word: what is padding goes no further
    logits = affine(rows, params["Wo"], params["bo"])
    return cross_entropy(logits, wanted[real])


def _fresh(name, shape, generator) -> torch.Tensor:
    kind = name.split("_")[-1]
    if "gamma" in kind:
        return torch.ones(shape)
    if "beta" in kind or kind in ("b1", "b2", "bo"):
        return torch.zeros(shape)
    D = shape[1] if kind in ("Es", "Et") else shape[0]
    return torch.randn(shape, generator=generator) / math.sqrt(D)


def _parts(params, side: str) -> list[str]:
    """ "enc1", "enc2", … or "dec1", "dec2", …: the blocks that there are."""
    return [f"{side}{number}" for number in range(1, len(params)) if f"{side}{number}_Wq" in params]


def _of(part: str, params) -> dict[str, torch.Tensor]:
    """The parameters of one block, by the names that they have inside it."""
    return {name.removeprefix(f"{part}_"): param for name, param in params.items() if name.startswith(f"{part}_")}


def _embed(ids, E) -> torch.Tensor:
    """√E times the embeddings, so that they are not small beside the waves of the positions: N T E."""
    positions = sinusoidal_positions(ids.shape[1], E.shape[1]).to(E)
    return embedding(ids, E) * math.sqrt(E.shape[1]) + positions


def _read(source, mask, params) -> torch.Tensor:
    """What the writing side looks at, "N S E"."""
    x = _embed(source, params["Es"])
    for part in _parts(params, "enc"):
        x = block(x, _of(part, params), HEADS, mask)
    return layer_norm(x, params["enc_gamma"], params["enc_beta"], EPS)


def _write(given, hs, mask, params) -> torch.Tensor:
    """What each place of the target knows when it has to name the next word, "N T E"."""
    y, causal = _embed(given, params["Et"]), causal_mask(given.shape[1])
    for part in _parts(params, "dec"):
        y = _writing_block(y, hs, _of(part, params), causal, mask)
    return layer_norm(y, params["dec_gamma"], params["dec_beta"], EPS)


def _writing_block(y, hs, p, causal, mask) -> torch.Tensor:
    """`block`, with a look at the source between its two parts."""
    a = layer_norm(y, p["gamma1"], p["beta1"], EPS)
    y = y + multi_head_attention(a, a, p["Wq"], p["Wk"], p["Wv"], p["Wo"], HEADS, causal)
    c = layer_norm(y, p["cross_gamma"], p["cross_beta"], EPS)
    y = y + multi_head_attention(c, hs, p["cross_Wq"], p["cross_Wk"], p["cross_Wv"], p["cross_Wo"], HEADS, mask)
    b = layer_norm(y, p["gamma2"], p["beta2"], EPS)
    return y + feed_forward(b, p["W1"], p["b1"], p["W2"], p["b2"])


def _check_lengths(ids: torch.Tensor, lengths: torch.Tensor, least: int) -> None:
    if lengths.shape != ids.shape[:1] or lengths.min() < least or lengths.max() > ids.shape[1]:
        shape = tuple(ids.shape)
        raise ValueError(f"lengths {lengths.tolist()} of ids {shape}: each must lie between {least} and {shape[1]}")
