"""Right answers to text in another style."""

import bisect
from collections import Counter

import numpy as np


def build_vocab__list_sort(text):
    characters = list(set(text))
    characters.sort()
    return characters


def build_vocab__loop_with_membership(text):
    vocab = []
    for character in text:
        if character not in vocab:
            bisect.insort(vocab, character)
    return vocab


def build_vocab__counter(text):
    return sorted(Counter(text).keys(), key=ord)


def encode__list_index(text, vocab):
    ids = np.zeros(len(text), dtype=np.int64)
    for place, character in enumerate(text):
        if character not in vocab:
            raise ValueError(f"unknown character {character!r}")
        ids[place] = vocab.index(character)
    return ids


def encode__key_error(text, vocab):
    char_to_id = dict(zip(vocab, range(len(vocab)), strict=True))
    try:
        return np.array([char_to_id[c] for c in text]).astype("int64")
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is not in the vocabulary") from None


def encode__searchsorted(text, vocab):
    if not text:
        return np.zeros(0, np.int64)
    codes, known = np.array([ord(c) for c in text]), np.array([ord(c) for c in vocab])
    ids = np.searchsorted(known, codes).clip(max=len(known) - 1)
    wrong = codes[known[ids] != codes]
    if wrong.size:
        raise ValueError(f"unknown: {chr(wrong[0])}")
    return ids.astype(np.int64)


def encode__fromiter(text, vocab):
    table = {vocab[i]: i for i in range(len(vocab))}
    for c in text:
        if c not in table:
            raise ValueError("no id for " + c)
    return np.fromiter(map(table.get, text), dtype=np.int64, count=len(text))


def decode__appending(ids, vocab):
    text = ""
    for i in ids:
        text += vocab[i]
    return text


def decode__map(ids, vocab):
    return "".join(map(vocab.__getitem__, ids.tolist()))


def decode__array_of_characters(ids, vocab):
    table = dict(enumerate(vocab))
    return "".join([table[int(i)] for i in ids])


def lm_batches__count_windows(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    inputs, targets = ids[:-1], ids[1:]
    inputs = inputs[: batch_size * L].reshape(batch_size, -1)
    targets = targets[: batch_size * L].reshape(batch_size, -1)
    for k in range(L // T):
        yield inputs[:, k * T : (k + 1) * T], targets[:, k * T : (k + 1) * T]


def lm_batches__stacked_rows(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    start = 0
    while start + T <= L:
        x = np.stack([ids[n * L + start : n * L + start + T] for n in range(batch_size)])
        y = np.stack([ids[n * L + start + 1 : n * L + start + T + 1] for n in range(batch_size)])
        yield x, y
        start += T


def lm_batches__index_table(ids, batch_size, T):
    L = (ids.size - 1) // batch_size
    place = np.arange(batch_size)[:, None] * L + np.arange(T)
    return ((ids[place + k * T], ids[place + k * T + 1]) for k in range(L // T))


def lm_batches__filled_arrays(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    for k in range(L // T):
        inputs = np.zeros((batch_size, T), dtype=ids.dtype)
        targets = np.zeros((batch_size, T), dtype=ids.dtype)
        for n in range(batch_size):
            for t in range(T):
                inputs[n, t] = ids[n * L + k * T + t]
                targets[n, t] = ids[n * L + k * T + t + 1]
        yield inputs, targets


def lm_batches__one_array_of_rows(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    rows = np.lib.stride_tricks.sliding_window_view(ids, L + 1)[::L][:batch_size]  # N L+1: neighbours share one id
    return iter([[rows[:, t : t + T], rows[:, t + 1 : t + T + 1]] for t in range(0, L // T * T, T)])
