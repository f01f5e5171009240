"""The score: how many wrong answers are refused and named, with the bank and without, and how many right ones accepted.

Every mistake is judged twice: with the whole bank, and with its own entry left out. The second figure says how an answer
that nobody foresaw will fare.
"""

import os
import queue
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dojo.curriculum import TRACKS, Kata
from dojo.diagnosis.causes import vocabulary
from dojo.loading import alternatives, mistakes
from dojo.running.client import Worker

BARS = {"named": 0.98, "named without its entry": 0.75, "misnamed": 0.02}


@dataclass(frozen=True)
class Case:
    """One answer to judge. `cause`, `function` and `tensor` are what its diagnosis should say; a right answer has no cause."""

    kata: str
    track: str
    origin: str
    cause: str | None = None
    function: str | None = None
    tensor: str | None = None
    left_out: bool = False

    @property
    def text(self) -> str:
        return f"{self.kata} ({self.track}) {self.origin}"


@dataclass
class Score:
    """The tally of many cases; `complaints` are sentences about the ones that went wrong."""

    right: int = 0
    accepted: int = 0
    wrong: int = 0
    refused: int = 0
    placed: int = 0  # function and tensor right
    named: Counter = field(default_factory=Counter)  # by left_out: first cause right
    misnamed: Counter = field(default_factory=Counter)
    judged: Counter = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def enter(self, case: Case, verdict: dict) -> None:
        """Count one verdict."""
        passed = verdict["status"] == "passed"
        if verdict.get("defect"):
            self.complaints.append(f"{case.text}: the diagnosis itself failed: {verdict['defect'].splitlines()[-1]}")
        if case.cause is None:
            self.right += 1
            self.accepted += passed
            if not passed:
                self.complaints.append(f"{case.text}: a right answer is refused: {_first(verdict)}")
            return
        self.judged[case.left_out] += 1
        if not case.left_out:
            self._refusal(case, verdict, passed)
        first = verdict["findings"][0]["causes"][:1] if verdict["findings"] else []
        cause = first[0]["cause"] if first else None
        self.named[case.left_out] += cause == case.cause
        self.misnamed[case.left_out] += cause not in (case.cause, None)
        if cause != case.cause:
            what = "without its entry" if case.left_out else "with the bank"
            by = f" by {first[0]['matched']}" if first else ""
            self.complaints.append(f"{case.text}: named {cause or 'nothing'}{by}, {what}")

    def _refusal(self, case: Case, verdict: dict, passed: bool) -> None:
        self.wrong += 1
        self.refused += not passed
        if passed:
            self.complaints.append(f"{case.text}: a wrong answer passes")
            return
        found = verdict["findings"][0] if verdict["findings"] else {}
        place = (found.get("function"), found.get("tensor"))
        self.placed += place == (case.function, case.tensor)
        if place != (case.function, case.tensor):
            self.complaints.append(
                f"{case.text}: placed at {place}, not {(case.function, case.tensor)}: {_first(verdict)}"
            )

    def row(self) -> list[str]:
        """Right answers accepted; wrong ones refused and placed; first cause right and wrong, with and without the entry."""
        cells = [f"{self.accepted}/{self.right}", f"{self.refused}/{self.wrong}", f"{self.placed}/{self.wrong}"]
        for left_out in (False, True):
            cells += [
                _percent(self.named[left_out], self.judged[left_out]),
                _percent(self.misnamed[left_out], self.judged[left_out]),
            ]
        return cells

    def below(self) -> list[str]:
        """The bars that are not met."""
        found = []
        if self.accepted < self.right:
            found.append(f"{self.right - self.accepted} right answers are refused")
        if self.refused < self.wrong:
            found.append(f"{self.wrong - self.refused} wrong answers pass")
        if self.placed < self.wrong:
            found.append(f"{self.wrong - self.placed} wrong answers are put down to another function or tensor")
        shares = [
            ("named", self.named[False], self.judged[False], 1),
            ("named without its entry", self.named[True], self.judged[True], 1),
            ("misnamed", self.misnamed[False] + self.misnamed[True], self.judged[False] + self.judged[True], -1),
        ]
        for name, count, total, sense in shares:
            share = count / total if total else 1.0
            if total and sense * share < sense * BARS[name]:
                found.append(f"{name}: {share:.1%} (bar: {BARS[name]:.0%})")
        return found


def cases(kata: Kata, tracks: Iterable[str] = TRACKS) -> list[Case]:
    """Every answer to a kata that the project knows, on these tracks."""
    found, tracks = [], [track for track in kata.tracks if track in tracks]
    for track in tracks:
        found.append(Case(kata.name, track, "solutions"))
        found += [Case(kata.name, track, f"alternative:{name}") for name in alternatives(kata.name, track)]
    for entry in mistakes(kata.name):
        for left_out in (False, True) if entry.track in tracks else ():  # type: ignore[attr-defined]
            which = f"mistake:{entry.__name__}:{entry.cause}"  # type: ignore[attr-defined]
            found.append(Case(kata.name, entry.track, which, entry.cause, entry.__name__, entry.tensor, left_out))  # type: ignore[attr-defined]
    return found


def judge_all(todo: Iterable[Case], on_each=lambda case: None) -> list[tuple[Case, dict]]:
    """The verdict on every case, in order, by as many workers as there are cores."""
    indexed: queue.Queue[tuple[int, Case]] = queue.Queue()
    listed = list(todo)
    for item in enumerate(listed):
        indexed.put(item)
    verdicts: dict[int, dict] = {}

    def work() -> None:
        with Worker() as worker:
            while True:
                try:
                    index, case = indexed.get_nowait()
                except queue.Empty:
                    return
                more: dict[str, Any] = {"leave_out": case.origin.removeprefix("mistake:")} if case.left_out else {}
                more["ready"] = case.cause is not None  # as it is for a learner, who takes longer to write than to save
                verdicts[index] = worker.check(case.kata, case.track, origin=case.origin, **more)
                on_each(case)

    threads = [threading.Thread(target=work) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    missing = [case.text for index, case in enumerate(listed) if index not in verdicts]
    if missing:
        raise RuntimeError(f"no verdict on {', '.join(missing[:5])}")
    return [(case, verdicts[index]) for index, case in enumerate(listed)]


def uncovered(katas: Iterable[Kata]) -> list[str]:
    """Causes of the vocabulary that no entry of the bank has."""
    covered = {entry.cause for kata in katas for entry in mistakes(kata.name)}  # type: ignore[attr-defined]
    return [name for name in vocabulary() if name not in covered]


def _first(verdict: dict) -> str:
    if not verdict["findings"]:
        return verdict["status"]
    found = verdict["findings"][0]
    return f"{found['function']} {found['facts']} ({found['test']})"[:200]


def _percent(count: int, total: int) -> str:
    return f"{count / total:.0%}" if total else "–"
