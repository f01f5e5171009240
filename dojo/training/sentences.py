"""Sentence pairs made ready for translation: cleaned, cut into words, split so that nothing held out was learnt from."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

PAD, BOS, EOS, UNKNOWN = range(4)
MARKS = ("<pad>", "<bos>", "<eos>", "<unk>")
LONGEST = 10  # words; a mark such as the full stop is one

Pair = tuple[str, str]  # source, target


def normalise(sentence: str) -> str:
    """Lower case, without accents, marks apart, everything else a space: "Où es-tu ?" becomes "ou es tu ?".

    Source: the same steps as in PyTorch's tutorial "Translation with a Sequence to Sequence Network and Attention".
    """
    letters = unicodedata.normalize("NFD", sentence.lower().replace("œ", "oe").replace("æ", "ae"))
    plain = "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
    return re.sub(r"[^a-z.!?]+", " ", re.sub(r"([.!?])", r" \1 ", plain)).strip()


def clean(pairs: Iterable[Pair], longest: int = LONGEST) -> list[Pair]:
    """Every pair once, normalised, in the order of its first coming, if both sides have 1 to `longest` words."""
    known: dict[str, str] = {}
    found: dict[Pair, None] = {}
    for pair in pairs:
        for side in pair:
            if side not in known:
                known[side] = normalise(side)
        source, target = known[pair[0]], known[pair[1]]
        if source and target and max(source.count(" "), target.count(" ")) < longest:
            found[source, target] = None
    return list(found)


def split(pairs: Sequence[Pair], held_out: int, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """(training pairs, `held_out` other pairs) such that no sentence stands on both sides, in either language.

    Pairs that share a sentence, directly or through other pairs, form a group; whole groups are drawn at random until
    they have `held_out` pairs; one that would be too many stays in training.
    """
    groups = _groups(pairs)
    order = np.random.default_rng(seed).permutation(len(groups))
    away: set[int] = set()
    for group in (groups[n] for n in order):
        if len(away) + len(group) <= held_out:
            away.update(group)
    kept = [pair for n, pair in enumerate(pairs) if n not in away]
    return kept, [pairs[n] for n in sorted(away)]


def _groups(pairs: Sequence[Pair]) -> list[list[int]]:
    """The pairs by number, in connected groups (union-find over the sentences)."""
    parent: dict[tuple[int, str], tuple[int, str]] = {}

    def root(sentence: tuple[int, str]) -> tuple[int, str]:
        parent.setdefault(sentence, sentence)
        while parent[sentence] != sentence:
            parent[sentence] = parent[parent[sentence]]
            sentence = parent[sentence]
        return sentence

    for source, target in pairs:
        parent[root((0, source))] = root((1, target))
    groups = defaultdict(list)
    for number, (source, _) in enumerate(pairs):
        groups[root((0, source))].append(number)
    return list(groups.values())


@dataclass(frozen=True)
class Vocabulary:
    """The words of one language, the four marks first; a word that is not among them is `<unk>`."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, sentences: Iterable[str], least: int) -> "Vocabulary":
        """The words that stand in these sentences at least `least` times, the most frequent first."""
        counts = Counter(word for sentence in sentences for word in sentence.split())
        kept = [word for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count >= least]
        return cls((*MARKS, *kept))

    def encode(self, sentences: Sequence[str]) -> list[list[int]]:
        """The ids of the words of each sentence."""
        ids = {word: number for number, word in enumerate(self.words)}
        return [[ids.get(word, UNKNOWN) for word in sentence.split()] for sentence in sentences]

    def decode(self, ids: Sequence[int]) -> str:
        """The words of these ids in one line."""
        return " ".join(self.words[number] for number in ids)

    def __len__(self) -> int:
        return len(self.words)


def padded(rows: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ids as one array, filled up at their ends with `<pad>`, and their lengths: "N T", "N"."""
    lengths = np.array([len(row) for row in rows])
    ids = np.full((len(rows), int(lengths.max())), PAD)
    for row, line in zip(rows, ids, strict=True):
        line[: len(row)] = row
    return ids, lengths


def references(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    """Every source sentence with all its translations, each in the order of its first coming."""
    found: dict[str, list[str]] = defaultdict(list)
    for source, target in pairs:
        found[source].append(target)
    return dict(found)
