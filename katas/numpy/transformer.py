"""transformer: attention alone reads a sentence and writes its translation, with all words of a batch side by side."""

import math
import numpy as np
from jaxtyping import Float, Int
from katas.numpy.affine import affine, affine_backward
from katas.numpy.attention import causal_mask, padding_mask
from katas.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from katas.numpy.embedding import embedding, embedding_backward
from katas.numpy.multi_head import multi_head_attention, multi_head_attention_backward
from katas.numpy.normalization import layer_norm, layer_norm_backward
from katas.numpy.positions import sinusoidal_positions
from katas.numpy.transformer_block import block, block_backward, feed_forward, feed_forward_backward

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
    raise NotImplementedError("init")


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
    raise NotImplementedError("loss_and_grads")


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
    raise NotImplementedError("greedy_decode")
