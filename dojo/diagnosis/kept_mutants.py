"""The mutants of a kata's functions, made when they are first asked for or while nobody waits, and kept.

Three sources: the reference, its naive form, and right answers in another style.
"""

import itertools
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import ClassVar

from dojo.diagnosis.mutants import Mutant, mutants
from dojo.diagnosis.predicting import Predictor
from dojo.loading import alternatives, alternatives_path

WILD = ("wrong-operand", "wrong-argument")  # in another style, a name for any other explains too much
MOST_NAIVE = 300  # changed naive forms of one function


class _Kept:
    """The items of an iterator, each made when it is first asked for, and once per process."""

    made: ClassVar[dict[tuple[str, str, str], "_Kept"]] = {}

    def __init__(self, source: Iterator[Mutant]):
        self.source, self.items = source, []

    def __iter__(self) -> Iterator[Mutant]:
        for position in itertools.count():
            if position == len(self.items):
                item = next(self.source, None)
                if item is None:
                    return
                self.items.append(item)
            yield self.items[position]


def get_ready(name: str, reference) -> Iterator[Mutant]:
    """Make, one by one, the mutants that do not depend on an answer, so that a diagnosis finds them there."""
    for law in reference.laws:
        yield from _own(name, law, reference)
    for law in reference.laws:
        yield from _other(name, law, reference)


def forget_mutants() -> None:
    """Give up the mutants that are kept: their sources may have changed, or another kata comes."""
    _Kept.made.clear()


def own_mutants(name: str, predictor: Predictor, reference) -> Iterable[Mutant]:
    """The reference with one thing changed."""
    return _own(name, predictor.evidence.law, reference)


def _own(name: str, law: str, reference) -> Iterable[Mutant]:
    return _Kept.made.setdefault(("own", name, law), _Kept(mutants(reference.source, law, vars(reference.module))))


def naive_mutants(name: str, predictor: Predictor, reference) -> Iterable[Mutant]:
    """The same for the reference without its numerical tricks: what is right on ordinary inputs, and one thing changed."""
    law = predictor.evidence.law

    def make() -> Iterator[Mutant]:
        for plain in own_mutants(name, predictor, reference):
            if plain.source and predictor.harmless(plain.function):
                yield from mutants(plain.source, law, vars(reference.module))

    return _Kept.made.setdefault(("naive", name, law), _Kept(itertools.islice(make(), MOST_NAIVE)))


def alternative_mutants(name: str, predictor: Predictor, reference) -> Iterable[Mutant]:
    """The same for right answers in another style."""
    return _other(name, predictor.evidence.law, reference)


def _other(name: str, law: str, reference) -> Iterable[Mutant]:
    def make() -> Iterator[Mutant]:
        path = alternatives_path(name, "numpy")
        source = path.read_text(encoding="utf-8") if path.exists() else ""
        for style, function in alternatives(name, "numpy").items():
            if style.split("__")[0] == law and isinstance(function, FunctionType):
                world = {**vars(reference.module), **function.__globals__}
                yield from mutants(source, style, world, WILD)

    return _Kept.made.setdefault(("other", name, law), _Kept(make()))
