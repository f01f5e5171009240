"""What translations are worth: exact matches and BLEU against every known translation, also by the length of the source."""

from collections.abc import Sequence
from dataclasses import dataclass

from dojo.training.learner import Learner
from dojo.training.outcomes import Params
from dojo.training.sentences import BOS, EOS, LONGEST, UNKNOWN, Vocabulary, padded

LOWEST = -1e9  # a score that no sum brings up again
CHUNK = 250  # sentences in one call of `greedy_decode`
BANDS = ((1, 4), (5, 6), (7, 8), (9, LONGEST))  # words of the source, from and to


@dataclass(frozen=True)
class Band:
    """The sentences whose source has `first` to `last` words: how many, BLEU from 0 to 100, exact matches from 0 to 1."""

    first: int
    last: int
    count: int
    bleu: float
    exact: float


@dataclass(frozen=True)
class Translated:
    """Every held-out source with the translation that was written; BLEU and exact matches of all, and of each band."""

    sources: tuple[str, ...]
    written: tuple[str, ...]
    bleu: float
    exact: float
    bands: tuple[Band, ...]


def judged(sources: Sequence[str], written: Sequence[str], known: Sequence[Sequence[str]]) -> Translated:
    """The worth of `written`, where `known` has every reference translation of each source."""
    bands = []
    for first, last in BANDS:
        inside = [n for n, source in enumerate(sources) if first <= len(source.split()) <= last]
        if inside:
            mine, theirs = [written[n] for n in inside], [known[n] for n in inside]
            bands.append(Band(first, last, len(inside), bleu(mine, theirs), exact(mine, theirs)))
    return Translated(tuple(sources), tuple(written), bleu(written, known), exact(written, known), tuple(bands))


def bleu(written: Sequence[str], known: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU from 0 to 100, each sentence against all of its references; words are what spaces separate.

    Source: Papineni and others: BLEU (2002); Post: A Call for Clarity in Reporting BLEU Scores (2018), sacrebleu.
    """
    from sacrebleu.metrics.bleu import BLEU

    most = max(len(references) for references in known)  # sacrebleu wants one list for every first reference, and so on
    columns = [[references[n] if n < len(references) else None for references in known] for n in range(most)]
    return BLEU(tokenize="none", force=True).corpus_score(list(written), columns).score


def exact(written: Sequence[str], known: Sequence[Sequence[str]]) -> float:
    """The share of sentences that are one of their references, word for word."""
    return sum(line in references for line, references in zip(written, known, strict=True)) / len(written)


def translate(
    learner: Learner, params: Params, sources: Sequence[str], source_vocab: Vocabulary, target_vocab: Vocabulary
) -> list[str]:
    """What the learner's `greedy_decode` makes of normalised sentences, in words.

    `<unk>` is never written, as no translator would: its score is the lowest, and the likeliest word comes instead.
    """
    written, rows = [], source_vocab.encode(sources)
    bo = params["bo"].copy()
    bo[UNKNOWN] = LOWEST
    native = learner.track.native(params | {"bo": bo})
    for first in range(0, len(rows), CHUNK):
        ids, lengths = padded(rows[first : first + CHUNK])
        found = learner.call("greedy_decode", ids, lengths, native, BOS, EOS, LONGEST + 2)
        written += _checked(learner, found, len(ids), len(target_vocab))
    return [target_vocab.decode(row) for row in written]


def _checked(learner: Learner, found, count: int, words: int) -> list[list[int]]:
    try:
        rows = [[int(number) for number in row] for row in found]
    except (TypeError, ValueError):
        raise learner.wrong(
            "greedy_decode", f"gave back a {type(found).__name__}; a list of lists of ids was expected"
        ) from None
    if len(rows) != count:
        raise learner.wrong("greedy_decode", f"gave back {len(rows)} translations of {count} sentences")
    strange = [number for row in rows for number in row if not 0 <= number < words]
    if strange:
        raise learner.wrong("greedy_decode", f"wrote the id {strange[0]}; the vocabulary has 0 to {words - 1}")
    return rows
