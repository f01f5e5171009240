"""text: characters become numbers and back, and one long text becomes batches to learn its next character from."""

from collections.abc import Iterator
import torch
from jaxtyping import Int


def build_vocab(text: str) -> list[str]:
    """Every character that occurs in `text`, once, in sorted order: the vocabulary of a model that reads it.

    A character's place in the list is its id. Spaces, line breaks and capitals are characters like any other, and the
    order is Python's own, so that every run and every machine gives a character the same id.

    >>> build_vocab("hello, Lo\\n")
    ['\\n', ' ', ',', 'L', 'e', 'h', 'l', 'o']

    Source: Karpathy: The Unreasonable Effectiveness of Recurrent Neural Networks (2015), and its min-char-rnn.
    """
    raise NotImplementedError("build_vocab")


def encode(text: str, vocab: list[str]) -> Int[torch.Tensor, " length"]:
    """The id of each character: its place in `vocab`, counted from 0, as int64.

        vocab[ids_i] = text_i

    A character that is not in the vocabulary raises ValueError, and the message contains that character. An empty text
    gives an empty tensor of int64. It must survive a text of a million characters: searching the vocabulary from its
    start for each of them takes long.

    >>> encode("cab", ["a", "b", "c"])
    tensor([2, 0, 1])

    Source: Karpathy: min-char-rnn (2015), https://gist.github.com/karpathy/d4dee566867f8291f086
    """
    raise NotImplementedError("encode")


def decode(ids: Int[torch.Tensor, " length"], vocab: list[str]) -> str:
    """The text of these ids, as one string: the way back from `encode`.

        decode(encode(text, vocab), vocab) = text

    >>> decode(torch.tensor([2, 0, 1]), ["a", "b", "c"])
    'cab'

    Source: Karpathy: min-char-rnn (2015), https://gist.github.com/karpathy/d4dee566867f8291f086
    """
    raise NotImplementedError("decode")


def lm_batches(
    ids: Int[torch.Tensor, " length"], batch_size: int, T: int
) -> Iterator[tuple[Int[torch.Tensor, "N T"], Int[torch.Tensor, "N T"]]]:
    """Cut one long stream of ids into batches for a language model: pairs (inputs, targets), each of batch_size × T.

        L = ⌊(length − 1) / N⌋        N = batch_size
        row n of batch k:  inputs_nt = ids[n·L + k·T + t]     targets_nt = ids[n·L + k·T + t + 1]     t = 0 … T − 1

    The stream is cut into N pieces of L ids, one for each row, and a window of T ids walks along all of them at once: row
    n of the next batch goes on where row n of this one ends, so that a recurrent state can be carried over. The targets
    are the stream one id later; at the end of a window they reach one id past it. What does not fill a window at the end
    of a piece is dropped, and so is what does not fill a piece.

    >>> for inputs, targets in lm_batches(torch.arange(12), 2, 2):
    ...     print(inputs.tolist(), targets.tolist())
    [[0, 1], [5, 6]] [[1, 2], [6, 7]]
    [[2, 3], [7, 8]] [[3, 4], [8, 9]]

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 10.2; Merity, Keskar, Socher: Regularizing and
    Optimizing LSTM Language Models (2017), section 4, which batches a stream in this way.
    """
    raise NotImplementedError("lm_batches")
