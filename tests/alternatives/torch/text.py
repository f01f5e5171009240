"""Right answers to text in another style, in torch."""

import torch


def build_vocab__keys_of_a_dict(text):
    return sorted(dict.fromkeys(text))


def encode__filled_tensor(text, vocab):
    ids = torch.zeros(len(text), dtype=torch.long)
    for i, character in enumerate(text):
        if character not in vocab:
            raise ValueError(f"{character} is not in the vocabulary")
        ids[i] = vocab.index(character)
    return ids


def encode__list_then_tensor(text, vocab):
    known = {character: i for i, character in enumerate(vocab)}
    unknown = [character for character in text if character not in known]
    if unknown:
        raise ValueError(f"unknown characters {unknown}")
    return torch.tensor(list(map(known.__getitem__, text))).long()


def decode__items(ids, vocab):
    return "".join(vocab[i.item()] for i in ids)


def decode__tensor_as_index(ids, vocab):
    text = []
    for i in ids:
        text.append(vocab[i])
    return "".join(text)


def lm_batches__view(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    x = ids[: L * batch_size].view(batch_size, L)
    y = ids[1 : L * batch_size + 1].view(batch_size, L)
    for k in range(L // T):
        yield x[:, k * T : k * T + T], y[:, k * T : k * T + T]


def lm_batches__unfold(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    rows = ids.unfold(0, L + 1, L)[:batch_size]
    for t in range(0, L - T + 1, T):
        yield rows[:, t : t + T], rows[:, t + 1 : t + 1 + T]


def lm_batches__split(ids, batch_size, T):
    L = (ids.numel() - 1) // batch_size
    parts = [
        part.reshape(batch_size, L)[:, : L // T * T].split(T, dim=1)
        for part in (ids[: batch_size * L], ids[1 : 1 + batch_size * L])
    ]
    return zip(*parts, strict=True)
