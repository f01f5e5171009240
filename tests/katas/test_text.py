"""build_vocab, encode, decode and lm_batches: known texts, refusals, and where every id of a stream turns up."""

import numpy as np

TEXT = "To be, or not to be:\n\tthat is the question. Ça va?\n"

# ---------------------------------------------------------------------- build_vocab


def vocabulary(kata, text):
    """The vocabulary of a text, after a look at what it is made of."""
    vocab = kata.build_vocab(text)
    strings = all(isinstance(character, str) for character in vocab)
    kata.law(strings, "holds other things than str", function="build_vocab", cause="wrong-type")
    wanted = sorted(set(text))
    facts = f"is {_short(vocab)}; {_short(wanted)} was expected"
    told(
        kata,
        "build_vocab",
        vocab,
        wanted,
        facts,
        (sorted(text), "not-normalised", "a character that comes again has several places; it should have one id"),
        (wanted[::-1], "reversed", "the order is turned round: the smallest character comes first"),
        (list(dict.fromkeys(text)), "wrong-order", "the order is that of the text; sorted, it is always the same one"),
        (list(set(text)), "nondeterministic", "a set has no order of its own: it differs from run to run; sort it"),
        (sorted(set(text.lower())), "wrong-argument", "the text is made small first, so that capitals have no id"),
        (sorted(set(text.split())), "wrong-operand", "these are words; here every single character is a token"),
    )
    missing = [character for character in wanted if character not in vocab]
    kata.law(
        not missing or not set(vocab) <= set(wanted),
        f"lacks {_short(missing)}",
        function="build_vocab",
        cause="missing-term",
        says="characters were left out before the vocabulary was made; spaces and line breaks are some, too",
    )
    kata.law(
        vocab[1:] != wanted,
        facts,
        function="build_vocab",
        cause="off-by-one",
        says="a place was added at the front, which moves every id up by one",
    )
    kata.law(vocab == wanted, facts, function="build_vocab")
    return vocab


def told(kata, function, got, wanted, facts, *stories):
    """A wrong answer that is what another formula gives is told so; of a right one nothing is said."""
    for answer, cause, says in stories:
        seen = not np.array_equal(got, wanted) and np.array_equal(got, answer)
        kata.law(not seen, facts, function=function, cause=cause, says=says)


def _short(value):
    text = repr(value)
    return text if len(text) <= 90 else f"{text[:89]}…"


def test_build_vocab_of_a_word(kata):
    vocabulary(kata, "banana")


def test_build_vocab_sorts_whatever_the_text_begins_with(kata):
    vocabulary(kata, "zyxwvutsrqponmlkjihgfedcba")
    vocabulary(kata, "qdzaxkjbwv" * 3)


def test_build_vocab_knows_spaces_line_breaks_and_capitals(kata):
    vocabulary(kata, TEXT)
    vocabulary(kata, "  Aa\n aA")


def test_build_vocab_of_one_character(kata):
    vocabulary(kata, "x")
    vocabulary(kata, "\n\n\n")


def test_build_vocab_of_characters_beyond_ascii(kata):
    vocabulary(kata, "Ωé→λ∂ a→Ω")


# ---------------------------------------------------------------------- encode and decode


def ids_of(kata, text, vocab):
    """The ids of a text, which must be int64, beside their truth."""
    ids = kata.encode(text, vocab)
    wanted, own = np.array([vocab.index(character) for character in text], dtype=np.int64), sorted(set(text))
    told(
        kata,
        "encode",
        ids,
        wanted,
        f"gives {_short(ids.tolist())} for {_short(text)}; {_short(wanted.tolist())} was expected",
        (wanted + 1, "off-by-one", "the ids are counted from 1; the first character of the vocabulary has the id 0"),
        (wanted[::-1], "reversed", "the ids run from the end of the text to its start"),
        ([ord(character) for character in text], "wrong-operand", "these are code points; an id is a place in vocab"),
        ([own.index(c) for c in text], "argument-unused", "these are ids in a vocabulary of this text; vocab is given"),
    )
    kata.assert_close(ids, wanted)
    kata.law(
        ids.dtype == np.int64,
        f"is {ids.dtype}; int64 was expected",
        function="encode",
        cause="dtype-drift",
        says="the ids have another dtype than int64, which is what indexing and other people's code count on",
    )
    return ids


def test_encode_of_a_word(kata):
    ids_of(kata, "cabbage", list("abceg"))


def test_encode_uses_the_vocabulary_it_is_given(kata):
    vocab = list("abcdefghijklmnopqrstuvwxyz")
    ids_of(kata, "hello", vocab)
    ids_of(kata, "zoo", vocab)


def test_encode_of_a_text_with_everything(kata):
    ids_of(kata, TEXT, sorted(set(TEXT + "XYZ!")))
    ids_of(kata, "\n Aa", ["\n", " ", "A", "a"])


def test_encode_of_one_character_and_of_none(kata):
    ids_of(kata, "b", ["a", "b"])
    ids_of(kata, "a", ["a"])
    ids_of(kata, "", ["a", "b", "c"])


def test_encode_of_a_long_text_with_many_characters(kata):
    vocab = [chr(0x4E00 + i) for i in range(300)]
    ids_of(kata, "".join(vocab[(7 * i * i + 3) % 300] for i in range(2000)), vocab)


def test_encode_refuses_characters_that_it_does_not_know(kata):
    vocab = list("bcdfg")
    for text, unknown in (("bedd", "e"), ("aaab", "a"), ("bcdz", "z"), ("cBd", "B"), ("bc→dd→", "→")):
        kata.refuses("encode", text, vocab, naming=unknown)


def text_of(kata, ids, vocab):
    """The text of some ids, as it should be; `kata` hears where it is not."""
    got, characters = kata.decode(np.array(ids, dtype=np.int64), vocab), [vocab[i] for i in ids]
    wanted = "".join(characters)
    if characters:
        told(
            kata,
            "decode",
            got,
            wanted,
            f"gives {_short(got)} for {ids}; {_short(wanted)} was expected",
            (wanted[::-1], "reversed", "the text runs from its end to its start"),
            (" ".join(characters), "wrong-operand", "the characters are joined with a space; nothing is between them"),
            ("".join(vocab[i - 1] for i in ids), "off-by-one", "each character is the one before: ids count from 0"),
            ("".join(map(chr, ids)), "argument-unused", "`chr` knows code points; an id is a place in vocab"),
            (characters[-1], "only-last-step", "only the last character is returned: each one replaces the others"),
            ("".join(dict.fromkeys(characters)), "not-accumulated", "a character that comes again is left out"),
            ("".join(sorted(characters)), "wrong-order", "the characters are sorted; the order of a text is its own"),
            (wanted.strip(), "missing-term", "white space at the ends is stripped away; it belongs to the text"),
        )
    kata.assert_close(got, wanted)


def test_decode_of_a_word(kata):
    text_of(kata, [2, 0, 1, 1, 3], list("abcd"))


def test_decode_of_one_character_and_of_none(kata):
    text_of(kata, [1], ["a", "b"])
    text_of(kata, [0], ["x"])
    text_of(kata, [], ["x", "y"])


def test_decode_keeps_spaces_and_line_breaks(kata):
    text_of(kata, [1, 2, 0, 0, 3, 1], ["\n", " ", "A", "b"])


def test_decode_is_the_way_back_from_encode(kata):
    vocab = sorted(set(TEXT + "XYZ!"))
    kata.assert_close(kata.decode(kata.encode(TEXT, vocab), vocab), TEXT)
    vocab = sorted("Ωé→λ∂ ")
    kata.assert_close(kata.decode(kata.encode("λ→é ∂Ω", vocab), vocab), "λ→é ∂Ω")


# ---------------------------------------------------------------------- lm_batches


def batches(kata, length, N, T):
    """All batches of a stream whose ids are all different, as they should be; `kata` hears where they are not."""
    ids = (np.arange(length) * 37 + 11) % 1009  # no two alike, and no order in them
    place = {int(value): i for i, value in enumerate(ids)}
    found = kata.lm_batches(ids, N, T)
    about = f"{length} ids, batch_size {N}, T {T}"
    for k, pair in enumerate(found):
        two = isinstance(pair, tuple | list) and len(pair) == 2
        kata.law(two, f"item {k} is not a pair (inputs, targets)", function="lm_batches", cause="wrong-type")
        arrays = all(isinstance(part, np.ndarray) for part in pair)
        facts = f"item {k} holds {type(pair[0]).__name__} and {type(pair[1]).__name__}, not arrays"
        kata.law(arrays, facts, function="lm_batches", cause="wrong-type")
        integers = all(part.dtype.kind == "i" for part in pair)
        facts = f"the ids are {pair[0].dtype} and {pair[1].dtype}; they came as int64"
        kata.law(integers, facts, function="lm_batches", cause="dtype-drift", says="ids are whole numbers, and stay so")
    L = (length - 1) // N
    shapes = [tuple(part.shape for part in pair) for pair in found]
    known(kata, shapes, L, N, T, about)
    starts = range(0, L - T + 1, T)
    for k, ((inputs, targets), start) in enumerate(zip(found, starts, strict=True)):
        where = np.arange(N)[:, None] * L + start + np.arange(T)  # the place in the stream of each input
        got = [np.vectorize(lambda value: place.get(int(value), -1))(part) for part in (inputs, targets)]
        facts = f"{about}: batch {k} has inputs from the places {got[0].tolist()}; {where.tolist()} were expected"
        if not np.array_equal(got[0], where):
            refuse_inputs(kata, got[0], got[1], where, length // N - L, facts)
        shift = (got[1] - where)[where > 0]  # before the first id there is none
        facts = f"{about}: batch {k} has inputs from the places {where.tolist()} and targets from {got[1].tolist()}"
        for wrong, cause, says in (
            (0, "missing-term", "the targets are the inputs themselves: the shift by one is missing"),
            (-1, "reversed", "the targets are the ids before the inputs; a model is to tell what comes next"),
            (2, "off-by-one", "the targets are two ids later; the next one is one later"),
        ):
            seen = shift.size and np.all(shift == wrong)
            kata.law(not seen, facts, function="lm_batches", cause=cause, says=says)
        kata.law(np.array_equal(got[1], where + 1), facts, function="lm_batches")
    return found


def known(kata, shapes, L, N, T, about):
    """The number of batches and their shapes are right."""
    wanted = [((N, T), (N, T))] * (L // T)
    if shapes == wanted:
        return
    facts = f"{about}: the rows have {L} ids, so {len(wanted)} pairs of ({N}, {T}) were expected; they were {shapes}"
    full, first = all(shape == wanted[0] for shape in shapes), shapes[0] if shapes else None
    for seen, cause, says in (
        (
            first == ((T, N), (T, N)) and N != T,
            "transposed",
            "time runs down and the rows across; an example is a row",
        ),
        (
            first == ((N, L), (N, L)) and L != T,
            "argument-unused",
            "whole rows come at once: T, the length of a window, is not used",
        ),
        (
            shapes[:-1] == wanted and shapes[-1][0] == (N, L % T),
            "off-by-one",
            "one window too many: the last one is shorter than T, and such a rest is to be dropped",
        ),
        (
            full and len(shapes) == len(wanted) + 1 and (L + 1) % T == 0,
            "wrong-operand",
            "the rows are one id too long: the last id of the stream has no next one, so it is no input",
        ),
        (
            full and len(shapes) < len(wanted),
            "batch-dropped",
            "the loop ends too early: a window that still fits into the rows never comes",
        ),
        (
            full and len(shapes) == L - T + 1,
            "stride-ignored",
            "the window moves on by one id at a time; it moves by T, so that each id is an input once",
        ),
    ):
        kata.law(not seen, facts, function="lm_batches", cause=cause, says=says)
    kata.law(False, facts, function="lm_batches")


def refuse_inputs(kata, got, targets, where, longer, facts):
    """Inputs from other places than expected: name the way of cutting where there is one."""
    N, T = got.shape
    row, column = np.arange(N)[:, None], np.arange(T)
    for seen, cause, says in (
        (np.array_equal(targets, where), "wrong-order", "inputs and targets have changed places"),
        (
            longer and np.array_equal(got, where + longer * row),
            "wrong-operand",
            "the rows are one id too long: the last id of the stream has no next one, so it is no input",
        ),
        (
            N > 1 and np.array_equal(got, got[0, 0] + row * T + column),
            "state-not-carried",
            "each row is the next window of the stream, so that a row does not go on from the batch before, and no "
            "state can be carried along it",
        ),
        (
            N > 1 and T > 1 and np.array_equal(got, got[0, 0] + row + column * N),
            "wrong-order",
            "the ids are dealt out to the rows in turn, so that neighbours in a row are no neighbours in the text",
        ),
    ):
        kata.law(not seen, facts, function="lm_batches", cause=cause, says=says)
    kata.law(False, facts, function="lm_batches")


def test_lm_batches_answer_the_same_again(kata):
    ids = np.random.default_rng(0).integers(50, size=121)
    first, second = (repr(list(kata.lm_batches(ids, 3, 4))) for _ in range(2))
    facts = "two calls with the same ids gave different batches; the windows come in the order of the text"
    kata.law(first == second, facts, function="lm_batches", cause="nondeterministic")


def test_lm_batches_of_one_row(kata):
    batches(kata, 13, 1, 4)


def test_lm_batches_cut_the_stream_into_rows(kata):
    batches(kata, 25, 4, 3)  # L = 6


def test_lm_batches_drop_what_does_not_fill_a_window(kata):
    batches(kata, 24, 2, 4)  # L = 11: two windows, three ids left
    batches(kata, 31, 2, 5)  # L = 15: three windows, nothing left


def test_lm_batches_leave_the_last_id_to_the_targets(kata):
    batches(kata, 24, 2, 6)  # 24 ids fill two rows of 12, but the last id has no next one: L = 11
    batches(kata, 25, 2, 6)  # L = 12
    batches(kata, 12, 3, 3)  # L = 3: exactly one window


def test_lm_batches_of_the_shortest_stream(kata):
    batches(kata, 2, 1, 1)
    batches(kata, 7, 2, 3)
    batches(kata, 5, 4, 1)


def test_lm_batches_of_single_steps(kata):
    batches(kata, 12, 3, 1)


def test_lm_batches_go_on_where_the_batch_before_ended(kata):
    found = batches(kata, 101, 5, 4)  # L = 20
    for n in range(5):
        row, following = (np.concatenate([pair[i][n] for pair in found]) for i in (0, 1))
        kata.assert_close(row[1:], following[:-1])
