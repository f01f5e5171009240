"""What the progress tells: where a learner stands, what it took to get there, and which mistakes came back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dojo.curriculum import Curriculum
from dojo.diagnosis.causes import vocabulary
from dojo.grading import Grader, Standing, next_kata
from dojo.progress import Attempt, Progress, Seen
from dojo.report.words import parsed
from dojo.terminal import MARKS, WORDS

BREAK = timedelta(minutes=30)  # between two verdicts; what is longer was no work on a kata


@dataclass(frozen=True)
class Track:
    """How far a learner is on a track, and the kata to do now."""

    name: str
    passed: int
    total: int
    now: Standing | None


@dataclass(frozen=True)
class State:
    """Where a kata stands on a track; `changed` when its files have changed since that verdict."""

    state: str
    mark: str
    words: str
    written: str
    changed: bool


@dataclass(frozen=True)
class Row:
    """A kata on the map, with its state on each track; None where it has no such track."""

    name: str
    title: str
    capstone: bool
    needs: tuple[str, ...]
    states: tuple[State | None, ...]


@dataclass(frozen=True)
class Rows:
    """A chapter of the map."""

    number: int
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Effort:
    """What a kata took on a track: attempts up to the first pass (or so far), the time spent on them, hints read."""

    kata: str
    track: str
    attempts: int
    spent: timedelta
    hints: int
    begun: datetime | None
    passed: datetime | None
    ever_passed: bool


@dataclass(frozen=True)
class Place:
    """Where a cause was met: `times` in a function of a kata, on some of its tensors."""

    kata: str
    track: str
    function: str
    tensors: tuple[str, ...]
    times: int


@dataclass(frozen=True)
class Met:
    """A cause, how often it was met anew, and where."""

    cause: str
    sentence: str
    times: int
    places: tuple[Place, ...]


def tracks(graders: Sequence[Grader]) -> list[Track]:
    """Each track in a line."""
    made = []
    for grader in graders:
        standings = list(grader.standings())
        passed = sum(standing.state == "passed" for standing in standings)
        made.append(Track(grader.track, passed, len(standings), next_kata(standings)))
    return made


def chapters(graders: Sequence[Grader]) -> list[Rows]:
    """The map, with the states of all tracks beside each other."""
    states: dict[tuple[str, str], State] = {}
    for grader in graders:
        changed = {kata.name for kata in grader.changed()}
        for standing in grader.standings():
            mark, _ = MARKS.get(standing.state, ("?", ""))
            words = WORDS.get(standing.state, standing.state)
            partly = standing.state == "failed" and standing.functions > standing.done
            written = f"{standing.done} of {standing.functions} written" if partly else ""
            stale = standing.verdict is not None and standing.kata.name in changed
            states[standing.kata.name, grader.track] = State(standing.state, mark, words, written, stale)
    return [
        Rows(
            chapter.number,
            chapter.title,
            tuple(
                Row(
                    kata.name,
                    kata.title,
                    kata.capstone,
                    kata.prerequisites,
                    tuple(states.get((kata.name, grader.track)) for grader in graders),
                )
                for kata in chapter.katas
            ),
        )
        for chapter in graders[0].curriculum.chapters
    ]


def efforts(attempts: list[Attempt], progress: Progress, curriculum: Curriculum) -> list[Effort]:
    """One line for each kata and track that was begun, in the order of the map; katas that left the map come last."""
    made: dict[tuple[str, str], list[Attempt]] = defaultdict(list)
    spent: dict[tuple[str, str], timedelta] = defaultdict(timedelta)
    before: datetime | None = None
    for attempt in attempts:
        key, time = (attempt.kata, attempt.track), parsed(attempt.time)
        if not any(earlier.status == "passed" for earlier in made[key]):
            made[key].append(attempt)
            if before is not None and time is not None and timedelta(0) < time - before <= BREAK:
                spent[key] += time - before
        before = time or before
    places = {name: place for place, name in enumerate(curriculum.names)}
    ordered = sorted(made, key=lambda key: (places.get(key[0], len(places)), key))
    return [_effort(key, made[key], spent[key], progress.hint_level(*key)) for key in ordered]


def _effort(key: tuple[str, str], attempts: list[Attempt], spent: timedelta, hints: int) -> Effort:
    first, last = attempts[0], attempts[-1]
    done = last.status == "passed"
    passed = parsed(last.time) if done else None
    return Effort(*key, len(attempts), spent, hints, parsed(first.time), passed, done)


def causes(attempts: list[Attempt], seen: list[Seen]) -> list[Met]:
    """The likeliest cause of each finding, most frequent first.

    One that stands in several verdicts in a row, because the file was saved without mending it, was met once.
    """
    named: dict[tuple[str, str, str], dict[tuple[str, str], set[str]]] = defaultdict(lambda: defaultdict(set))
    for cause in seen:
        if cause.place == 0:
            where = named[cause.time, cause.kata, cause.track]
            where[cause.cause, cause.function or ""].add(cause.tensor or "")
    counts: dict[str, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
    tensors: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    standing: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for attempt in attempts:
        kata = (attempt.kata, attempt.track)
        found = named.get((attempt.time, *kata), {})
        for (cause, function), which in found.items():
            tensors[cause, *kata, function] |= which - {""}
            counts[cause][*kata, function] += (cause, function) not in standing[kata]
        standing[kata] = set(found)
    made = []
    for cause, places in counts.items():
        listed = [
            Place(*where, tuple(sorted(tensors[cause, *where])), count)
            for where, count in sorted(places.items(), key=lambda item: (-item[1], item[0]))
        ]
        known = vocabulary().get(cause)
        sentence = known.sentence if known is not None else ""
        made.append(Met(cause, sentence, sum(places.values()), tuple(listed)))
    return sorted(made, key=lambda met: (-met.times, met.cause))
