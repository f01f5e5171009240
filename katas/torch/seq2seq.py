"""seq2seq: one network reads a sentence, another writes its translation, and may look back at what was read."""

import math
import torch
from jaxtyping import Bool, Float, Int
from katas.torch.additive_attention import additive_attention
from katas.torch.affine import affine
from katas.torch.attention import padding_mask
from katas.torch.cross_entropy import cross_entropy
from katas.torch.embedding import embedding
from katas.torch.gru import gru, gru_cell
from katas.torch.softmax import softmax


def init(
    source_vocab: int, target_vocab: int, E: int, H: int, generator: torch.Generator, attention: bool
) -> dict[str, torch.Tensor]:
    """Parameters to start from, in the default dtype; `source_vocab` and `target_vocab` are the sizes of the vocabularies.

        Es: source_vocab × E        Et: target_vocab × E             the embeddings of both languages
        enc_Wx: E × 3H    enc_Wh: H × 3H    enc_bx, enc_bh: 3H       the GRU that reads
        dec_Wx: E × 3H    dec_Wh: H × 3H    dec_bx, dec_bh: 3H       the GRU that writes
        Wo: H × target_vocab        bo: target_vocab                 from its state to a score for every word
        with attention: Wq, Wk: H × H    v: H, and Wo: 2H × target_vocab

    All entries are independent with mean 0. Embeddings have standard deviation 1; weights have 1/√D, where D is the length
    of their first axis (v too); biases are 0. Whether there is a `Wq` tells the other functions whether to attend. All of
    the randomness comes from `generator`.

    >>> params = init(7, 9, 2, 4, torch.Generator().manual_seed(0), True)
    >>> {name: tuple(param.shape) for name, param in params.items() if "_" not in name}
    {'Es': (7, 2), 'Et': (9, 2), 'Wo': (8, 9), 'bo': (9,), 'Wq': (4, 4), 'Wk': (4, 4), 'v': (4,)}

    Source: Cho and others: Learning Phrase Representations using RNN Encoder–Decoder (2014); Bahdanau, Cho, Bengio: Neural
    Machine Translation by Jointly Learning to Align and Translate (2014).
    """
    raise NotImplementedError("init")


def encode(
    source: Int[torch.Tensor, "N S"], lengths: Int[torch.Tensor, " N"], params: dict[str, torch.Tensor]
) -> tuple[Float[torch.Tensor, "N S H"], Float[torch.Tensor, "N H"]]:
    """Read every sentence: the state after each of its words, and the state after its last one.

        hs_n1 … hs_nS = gru(embedding(source_n, Es), 0, enc_…)        h_n = hs_n at the last of the lengths_n true words

    Sentences of a batch differ in length, so the shorter ones are filled up with some id at their end. This padding must
    not reach `h`. What stands in `hs` behind a sentence's end does not matter: nobody may look at it.
    (`torch.nn.utils.rnn.pack_padded_sequence` does this for `torch.nn.GRU`.)

    >>> params = init(4, 4, 2, 3, torch.Generator().manual_seed(0), False)
    >>> hs, h = encode(torch.tensor([[1, 2, 0], [1, 2, 3]]), torch.tensor([2, 3]), params)
    >>> torch.equal(h[0], hs[1, 1]), torch.equal(h[1], hs[1, 2])  # both have read the words 1, 2
    (True, True)

    Source: Sutskever, Vinyals, Le: Sequence to Sequence Learning with Neural Networks (2014), section 2.
    """
    raise NotImplementedError("encode")


def decode_step(
    token: Int[torch.Tensor, " N"],
    h: Float[torch.Tensor, "N H"],
    hs: Float[torch.Tensor, "N S H"],
    mask: Bool[torch.Tensor, "N S"],
    params: dict[str, torch.Tensor],
) -> tuple[Float[torch.Tensor, "N V"], Float[torch.Tensor, "N H"], Float[torch.Tensor, "N S"] | None]:
    """Write one word: scores for every word of the target language, from the word before and the state so far.

        h ← gru_cell(Et[token], h, dec_…)
        without attention:  logits = h Wo + bo
        with attention:     context, weights = additive_attention(h, hs, hs, Wq, Wk, v, mask)
                            logits = [h, context] Wo + bo

    The attention asks with the new h. `hs` are the encoder's states, and `mask` is True where they belong to a word and
    not to padding. Returns (logits, h, weights); without attention, where params has no `Wq`, weights is None.

    >>> params = init(4, 5, 2, 3, torch.Generator().manual_seed(0), True)
    >>> mask = torch.ones(1, 2, dtype=torch.bool)
    >>> logits, h, weights = decode_step(torch.tensor([1]), torch.zeros(1, 3), torch.ones(1, 2, 3), mask, params)
    >>> tuple(logits.shape), tuple(h.shape), weights
    ((1, 5), (1, 3), tensor([[0.5000, 0.5000]]))

    Source: Bahdanau, Cho, Bengio (2014), section 3.1; Luong, Pham, Manning: Effective Approaches to Attention-based Neural
    Machine Translation (2015), section 3.1, for asking with the new state.
    """
    raise NotImplementedError("decode_step")


def loss_and_grads(
    params: dict[str, torch.Tensor],
    source: Int[torch.Tensor, "N S"],
    source_lengths: Int[torch.Tensor, " N"],
    target: Int[torch.Tensor, "N T"],
    target_lengths: Int[torch.Tensor, " N"],
) -> tuple[Float[torch.Tensor, ""], dict[str, torch.Tensor]]:
    """The mean cross-entropy of every word of the translations, and its gradient for every tensor of `params`.

        h_0 = h of encode(source)        logits_t, h_t = decode_step(target_t, h_{t−1}, …)    for t = 1 … T−1
        loss = mean over the true words of −log softmax(logits_t)[target_{t+1}]
        grads[key] = ∂loss/∂params[key], by autograd

    Each step is given the true word before, whatever it would have written itself (teacher forcing), and has to predict
    the next one. A row of `target` is bos, the words, eos, and padding; its length counts bos and eos. So a row has
    length − 1 words to predict, the first of them behind bos, the last one eos. The mean is over the words of all rows
    together. Padding, of any id, reaches neither a state nor the attention nor the loss. It must work with attention and
    without. `grads` has the keys, shapes and dtypes of `params`. The tensors in `params` belong to the caller: their
    values, their `requires_grad` and their `.grad` must stay as they are.

    >>> params = {name: 0 * param for name, param in init(4, 5, 2, 3, torch.Generator().manual_seed(0), True).items()}
    >>> source, target = torch.tensor([[1, 2], [3, 0]]), torch.tensor([[1, 3, 2], [1, 2, 0]])  # bos is 1, eos is 2
    >>> loss, grads = loss_and_grads(params, source, torch.tensor([2, 1]), target, torch.tensor([3, 2]))
    >>> torch.exp(loss), grads["bo"]  # three words to predict, with five equal chances
    (tensor(5.), tensor([ 0.2000,  0.2000, -0.4667, -0.1333,  0.2000]))

    Source: Sutskever, Vinyals, Le (2014), section 2.
    """
    raise NotImplementedError("loss_and_grads")


def greedy_decode(
    source: Int[torch.Tensor, "N S"],
    lengths: Int[torch.Tensor, " N"],
    params: dict[str, torch.Tensor],
    bos: int,
    eos: int,
    max_length: int,
) -> list[list[int]]:
    """Translate: write the most likely word, read it, write the next one, until it is `eos`.

        token_0 = bos        token_t = argmax of the logits of decode_step(token_{t−1}, h_{t−1}, …)

    Returns a list of ids for each sentence, without bos and eos, of at most `max_length` ids. A sentence that has come to
    its end stays as it is, while others of the batch are still being written.

    >>> params = {name: 0 * param for name, param in init(4, 5, 2, 3, torch.Generator().manual_seed(0), False).items()}
    >>> params["bo"] = torch.arange(5.0)  # the word 4 wins at every step
    >>> greedy_decode(torch.tensor([[1, 2]]), torch.tensor([2]), params, 1, 2, 3)
    [[4, 4, 4]]

    Source: Sutskever, Vinyals, Le (2014), section 3.2, with a beam of one.
    """
    raise NotImplementedError("greedy_decode")
