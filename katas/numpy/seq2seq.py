"""seq2seq: one network reads a sentence, another writes its translation, and may look back at what was read."""

import math
import numpy as np
from jaxtyping import Bool, Float, Int
from katas.numpy.additive_attention import additive_attention
from katas.numpy.affine import affine, affine_backward
from katas.numpy.attention import padding_mask
from katas.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from katas.numpy.embedding import embedding, embedding_backward
from katas.numpy.gru import gru, gru_backward, gru_cell
from katas.numpy.softmax import softmax


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
    raise NotImplementedError("init")


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
    raise NotImplementedError("encode")


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
    raise NotImplementedError("decode_step")


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
    raise NotImplementedError("loss_and_grads")


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
    raise NotImplementedError("greedy_decode")
