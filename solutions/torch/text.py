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
    if not text:
        raise ValueError(f"text is {text!r}; a vocabulary needs at least one character")
    return sorted(set(text))


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
    ids = {character: i for i, character in enumerate(vocab)}  # one look-up each, however large the vocabulary
    unknown = sorted(set(text) - set(ids))
    if unknown:
        raise ValueError(f"the vocabulary has no {', '.join(map(repr, unknown))}; it has {len(vocab)} characters")
    return torch.tensor([ids[character] for character in text], dtype=torch.int64)


def decode(ids: Int[torch.Tensor, " length"], vocab: list[str]) -> str:
    """The text of these ids, as one string: the way back from `encode`.

        decode(encode(text, vocab), vocab) = text

    >>> decode(torch.tensor([2, 0, 1]), ["a", "b", "c"])
    'cab'

    Source: Karpathy: min-char-rnn (2015), https://gist.github.com/karpathy/d4dee566867f8291f086
    """
    for i in ids.tolist():
        if not 0 <= i < len(vocab):  # -1 would silently be the last character
            raise ValueError(f"id {i} is not in the vocabulary, which has the ids 0..{len(vocab) - 1}")
    return "".join(vocab[i] for i in ids.tolist())


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
    if batch_size < 1 or T < 1:
        raise ValueError(f"batch_size is {batch_size} and T is {T}; both must be at least 1")
    L = (len(ids) - 1) // batch_size  # the last id is nobody's input: it is a target only
    if L < T:
        raise ValueError(f"{len(ids)} ids are too few for batch_size {batch_size} and T {T}: one batch takes N·T + 1")
    rows = ids[: batch_size * L].reshape(batch_size, L)
    following = ids[1 : batch_size * L + 1].reshape(batch_size, L)
    for start in range(0, L - T + 1, T):
        yield rows[:, start : start + T], following[:, start : start + T]
