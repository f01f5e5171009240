"""Wrong answers to text."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import text as right


@mistake("not-normalised", says="all characters are sorted, repeats included; each one stands in a vocabulary once")
def build_vocab(text):
    return sorted(text)


@mistake(
    "wrong-order",
    says="the characters stand in the order in which the text has them; sorted, the order is the same for every text",
)
def build_vocab(text):
    return list(dict.fromkeys(text))


@mistake("nondeterministic", says="a set has no order of its own: strings come out of it differently in every run")
def build_vocab(text):
    return list(set(text))


@mistake("wrong-type", says="this is a set, which has no places to serve as ids; a sorted list was asked for")
def build_vocab(text):
    return set(text)


@mistake("reversed", says="sorted the wrong way round: the largest character gets the id 0")
def build_vocab(text):
    return sorted(set(text), reverse=True)


@mistake("missing-term", says="line breaks and spaces are taken away first; they are characters, and get ids, too")
def build_vocab(text):
    return sorted(set("".join(text.split())))


@mistake("wrong-argument", says="the text is made small before it is looked at, so that capitals have no id")
def build_vocab(text):
    return sorted(set(text.lower()))


@mistake("wrong-operand", says="the text is cut into words, and these are sorted; here a token is a single character")
def build_vocab(text):
    return sorted(set(text.split()))


@mistake("off-by-one", says="a place at the front is kept for unknown characters, which moves every id up by one")
def build_vocab(text):
    return ["?", *sorted(set(text))]


@mistake(
    "range-not-checked",
    says="a character without an id silently gets that of the first one; the error says which one is not known",
)
def encode(text, vocab):
    ids = {character: i for i, character in enumerate(vocab)}
    return np.array([ids.get(character, 0) for character in text], dtype=np.int64)


@mistake("off-by-one", says="the ids are counted from 1; the first character of the vocabulary has the id 0")
def encode(text, vocab):
    return right.encode(text, vocab) + 1


@mistake("wrong-operand", says="these are the code points that `ord` gives; an id is a place in the vocabulary")
def encode(text, vocab):
    right.encode(text, vocab)
    return np.array([ord(character) for character in text], dtype=np.int64)


@mistake("argument-unused", says="a vocabulary is made from this text; the ids have to be those of the one given")
def encode(text, vocab):
    right.encode(text, vocab)
    own = sorted(set(text))
    return np.array([own.index(character) for character in text], dtype=np.int64)


@mistake("wrong-type", says="the ids come in a list; an array was asked for")
def encode(text, vocab):
    return right.encode(text, vocab).tolist()


@mistake("dtype-drift", says="one byte for each id is not enough for every alphabet; ids are int64")
def encode(text, vocab):
    return right.encode(text, vocab).astype(np.uint8)


@mistake("missing-term", says="white space at both ends is stripped away; it belongs to the text")
def encode(text, vocab):
    return right.encode(text.strip(), vocab)


@mistake("extra-axis", says="these are one-hot rows; the number of the one in each of them is the id")
def encode(text, vocab):
    return np.eye(len(vocab), dtype=np.int64)[right.encode(text, vocab)]


@mistake("reversed", says="the ids run from the end of the text to its start")
def encode(text, vocab):
    return right.encode(text, vocab)[::-1]


@mistake("wrong-type", says="the characters come in a list; joined, they are a text")
def decode(ids, vocab):
    return [vocab[i] for i in ids]


@mistake("wrong-operand", says="a space is put between the characters; a text has them side by side")
def decode(ids, vocab):
    return " ".join(vocab[i] for i in ids)


@mistake("off-by-one", says="the ids are taken to count from 1, so that each character is the one before")
def decode(ids, vocab):
    return "".join(vocab[i - 1] for i in ids)


@mistake("reversed", says="each character is put in front of the text, which comes out from its end to its start")
def decode(ids, vocab):
    text = ""
    for i in ids:
        text = vocab[i] + text
    return text


@mistake("argument-unused", says="`chr` is asked, which knows code points; an id is a place in the vocabulary")
def decode(ids, vocab):
    return "".join(chr(i) for i in ids)


@mistake("only-last-step", says="the text starts anew with each character, so that the last one alone is returned")
def decode(ids, vocab):
    text = ""
    for i in ids:
        text = vocab[i]
    return text


@mistake("not-accumulated", says="a character that comes again is left out, as if each id could be used once")
def decode(ids, vocab):
    return "".join(dict.fromkeys(vocab[i] for i in ids))


@mistake("wrong-order", says="the ids are sorted first; the order of a text is all that it has")
def decode(ids, vocab):
    return "".join(vocab[i] for i in np.sort(ids))


@mistake("missing-term", says="spaces and line breaks at both ends are stripped away; they belong to the text")
def decode(ids, vocab):
    return right.decode(ids, vocab).strip()


@mistake("missing-term", says="the targets are the inputs themselves: the shift by one is missing")
def lm_batches(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    rows = ids[: batch_size * L].reshape(batch_size, L)
    for start in range(0, L - T + 1, T):
        yield rows[:, start : start + T], rows[:, start : start + T]


@mistake("reversed", says="the targets are the ids before the inputs; a model is to tell what comes next")
def lm_batches(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    rows, others = (part[: batch_size * L].reshape(batch_size, L) for part in (ids, np.roll(ids, 1)))
    for start in range(0, L - T + 1, T):
        yield rows[:, start : start + T], others[:, start : start + T]


@mistake(
    "wrong-operand",
    says="the last id is an input as well, so that rows are cut too long; it has no next id, and the first one of the "
    "text is no answer",
)
def lm_batches(ids, batch_size, T):
    L = len(ids) // batch_size
    rows = ids[: batch_size * L].reshape(batch_size, L)
    following = np.roll(ids, -1)[: batch_size * L].reshape(batch_size, L)
    for start in range(0, L - T + 1, T):
        yield rows[:, start : start + T], following[:, start : start + T]


@mistake("off-by-one", says="the rest that does not fill a window comes as a short one; it is to be dropped")
def lm_batches(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    rows = ids[: batch_size * L].reshape(batch_size, L)
    following = ids[1 : batch_size * L + 1].reshape(batch_size, L)
    for start in range(0, L, T):
        yield rows[:, start : start + T], following[:, start : start + T]


@mistake("batch-dropped", says="the range ends one too early: a last window that fills the rows exactly never comes")
def lm_batches(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    rows = ids[: batch_size * L].reshape(batch_size, L)
    following = ids[1 : batch_size * L + 1].reshape(batch_size, L)
    for start in range(0, L - T, T):
        yield rows[:, start : start + T], following[:, start : start + T]


@mistake(
    "state-not-carried",
    says="the windows of the stream go to the rows in turn, so that a row does not go on from the batch before",
)
def lm_batches(ids, batch_size, T):
    for k in range((len(ids) - 1) // batch_size // T):
        start = k * batch_size * T
        stop = start + batch_size * T
        yield ids[start:stop].reshape(batch_size, T), ids[start + 1 : stop + 1].reshape(batch_size, T)


@mistake("wrong-order", says="the ids are dealt out to the rows in turn, like cards; a row is a piece of the text")
def lm_batches(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    rows = ids[: batch_size * L].reshape(L, batch_size).T
    following = ids[1 : batch_size * L + 1].reshape(L, batch_size).T
    for start in range(0, L - T + 1, T):
        yield rows[:, start : start + T], following[:, start : start + T]


@mistake("stride-ignored", says="the window moves on by one id at a time, where it moves by T")
def lm_batches(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    rows = ids[: batch_size * L].reshape(batch_size, L)
    following = ids[1 : batch_size * L + 1].reshape(batch_size, L)
    for start in range(L - T + 1):
        yield rows[:, start : start + T], following[:, start : start + T]


@mistake("transposed", says="time runs down and the rows across; batch first: an example is a row")
def lm_batches(ids, batch_size, T):
    for inputs, targets in right.lm_batches(ids, batch_size, T):
        yield inputs.T, targets.T


@mistake("argument-unused", says="whole rows come at once: T, the length of a window, does not occur")
def lm_batches(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    yield ids[: batch_size * L].reshape(batch_size, L), ids[1 : batch_size * L + 1].reshape(batch_size, L)


@mistake("wrong-type", says="all batches are collected in a list; an iterator hands them out one by one")
def lm_batches(ids, batch_size, T):
    return list(right.lm_batches(ids, batch_size, T))


@mistake("dtype-drift", says="the arrays to be filled are made by np.zeros, which holds floats unless told otherwise")
def lm_batches(ids, batch_size, T):
    for batch in right.lm_batches(ids, batch_size, T):
        inputs, targets = np.zeros((2, batch_size, T))
        inputs[:], targets[:] = batch
        yield inputs, targets


@mistake(
    "nondeterministic", says="the windows are shuffled; they have to come in the order of the text, as a state goes on"
)
def lm_batches(ids, batch_size, T):
    batches = list(right.lm_batches(ids, batch_size, T))
    np.random.shuffle(batches)
    yield from batches


@mistake("mutates-input", says="the ids are moved on by one in place, and the caller's text is another one afterwards")
def lm_batches(ids, batch_size, T):
    inputs = ids[:-1].copy()
    ids[:-1] = ids[1:]
    L = len(inputs) // batch_size
    rows, following = (part[: batch_size * L].reshape(batch_size, L) for part in (inputs, ids))
    for start in range(0, L - T + 1, T):
        yield rows[:, start : start + T], following[:, start : start + T]


@mistake(
    "lost-axis",
    says="the tensor is cut into its rows and those are zipped: single rows come, without the axis of the examples",
    track="torch",
)
def lm_batches(ids, batch_size, T):
    L = (len(ids) - 1) // batch_size
    rows = ids[: batch_size * L].reshape(batch_size, L)
    following = ids[1 : batch_size * L + 1].reshape(batch_size, L)
    for row, later in zip(rows, following, strict=True):
        for start in range(0, L - T + 1, T):
            yield row[start : start + T], later[start : start + T]
