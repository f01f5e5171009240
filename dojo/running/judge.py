"""Judging one subject in this process: run its kata's tests through pytest, then explain what failed.

This runs inside a worker's child (see worker.py), because the learner's code may do anything to the process.
"""

import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from dojo.checking.calls import Ended
from dojo.checking.compare import Refused, same
from dojo.diagnosis.causes import vocabulary
from dojo.loading import Subject
from dojo.running.collected import Collected
from dojo.running.plugin import Judging, Result, findings
from dojo.running.subjects import Loaded, Unusable, words
from dojo.running.verdict import verdict, whole_file


@dataclass(frozen=True)
class Options:
    """How to judge: `leave_out` is a bank entry the diagnosis must not use; `explain` False asks for the status only;
    `measure` also compares values and times with the reference; `trace` names a function to watch line by line ("" for the
    one of the first finding); `example` also gives calls that are worth looking at."""

    leave_out: str | None = None
    explain: bool = True
    measure: bool = False
    trace: str | None = None
    example: bool = False


def judge(
    subject: Subject,
    tests: Collected,
    options: Options,
    progress: Callable[[str, str], None] = lambda kind, what: None,
) -> dict:
    """The verdict on `subject` by `tests`. `progress` hears of each test and each call before it runs, and of a judgement that still
    lacks its diagnosis (`judged`, as JSON)."""
    started = time.perf_counter()
    spec, file = tests.spec, str(subject.path)
    total = tests.total
    none = {"passed": 0, "failed": total, "total": total}
    try:
        loaded = Loaded(subject, spec, alone=True, tests=tests.modules)
    except Unusable as error:
        says = vocabulary()[error.cause].sentence if error.cause else ""
        finding = whole_file(str(error.file or file), error.facts, error.line, error.cause, says)
        return verdict(spec.name, subject.track, file, error.status, none, time.perf_counter() - started, [finding])
    functions = {"done": len(loaded.functions) - len(loaded.unfinished), "total": len(loaded.functions)}
    if len(loaded.unfinished) == len(loaded.functions):
        return verdict(
            spec.name, subject.track, file, "not-started", none, time.perf_counter() - started, [], functions
        )
    judging = run_tests(loaded, tests, progress)
    distrust = distrusted(loaded, judging)
    found = judged(loaded, judging, total, distrust) | {"functions": functions}
    progress("judged", json.dumps(found))
    told, defect = explained(loaded, judging.results, options) if options.explain else ([], "")
    found["findings"] = distrust + told + notes(loaded)
    found["seconds"] = round(time.perf_counter() - started, 3)
    if options.measure:
        from dojo.running.measure import measure

        found["measured"] = measure(loaded, judging.results)
    if options.trace is not None:
        from dojo.running.tracing import trace

        found["traced"] = trace(loaded, judging.results, found["findings"], options.trace)
    if options.example:
        from dojo.running.examples import example

        found["example"] = example(loaded, judging.results)
    return found | ({"defect": defect} if defect else {})


def judged(loaded: Loaded, judging: Judging, total: int, distrust: list[dict]) -> dict:
    """The verdict as it stands without a diagnosis: each failed test with its bare facts."""
    subject = loaded.subject
    tests, status = count(judging, total), status_of(judging, total)
    if distrust and status == "passed":
        status = "failed"
    facts = distrust + bare_facts(loaded, judging.results) + notes(loaded)
    return verdict(subject.kata, subject.track, str(subject.path), status, tests, findings=facts)


def explained(loaded: Loaded, results: list[Result], options: Options) -> tuple[list[dict], str]:
    """Findings as dicts; when the diagnosis itself fails, the bare facts, and its traceback as a defect to report."""
    try:
        return [finding.as_dict() for finding in findings(loaded, results, options.leave_out)], ""
    except Exception:
        return bare_facts(loaded, results), traceback.format_exc()


def bare_facts(loaded: Loaded, results: list[Result]) -> list[dict]:
    """One finding per failed test, without any diagnosis."""
    file = str(loaded.subject.path)
    found = []
    for result in results:
        error = result.error
        if result.outcome in ("passed", "skipped"):
            continue
        if isinstance(error, Refused | Ended):
            said, function = str(error), error.function
        else:
            said, function = words(error) if error else "the test did not pass", None
        found.append(whole_file(file, said, function=function) | {"test": result.test})
    return found


def distrusted(loaded: Loaded, judging: Judging) -> list[dict]:
    """A finding when the file got hold of its own answer, or of what the judge stands on: such tests prove nothing."""
    file, known, seen = str(loaded.subject.path), len(judging.results), judging.collected
    if answer := loaded.own_answer():
        says = vocabulary()["forbidden-call"].sentence
        return [whole_file(file, f"imports {answer}, the kata's own answer", cause="forbidden-call", says=says)]
    if judging.tampered:
        names = ", ".join(list(dict.fromkeys(judging.tampered))[:3])
        return [whole_file(file, f"changes {names} while the tests run; such a run proves nothing")]
    if known < seen or not seen:
        return [whole_file(file, f"does not let its tests run to their end: {known} of {seen} reported a result")]
    return []


def run_tests(loaded: Loaded, tests: Collected, progress: Callable[[str, str], None]) -> Judging:
    """Run the kata's tests on a loaded subject; the Judging holds one Result per test."""
    judging = tests.judging
    judging.origin, judging.subject = loaded.subject.origin, loaded
    judging.on_test = lambda test: progress("test", test)
    loaded.on_call = lambda function: progress("call", function)
    tests.run()
    judging.tampered = loaded.tampered + loaded.guard.restore_all()
    return judging


def count(judging: Judging, total: int) -> dict[str, int]:
    """How many tests passed; whatever did not report a pass counts as failed."""
    passed = sum(result.outcome == "passed" for result in judging.results)
    return {
        "passed": passed,
        "failed": max(total, len(judging.results)) - passed,
        "total": max(total, len(judging.results)),
    }


def status_of(judging: Judging, total: int) -> str:
    """`passed` only on positive evidence: every collected test reported a pass, and the judge still tells wrong from right."""
    outcomes = [result.outcome for result in judging.results]
    if any(isinstance(result.error, Ended) for result in judging.results):
        return "died"
    if "locked" in outcomes:
        return "locked"
    complete = len(outcomes) == judging.collected >= total > 0
    if complete and all(outcome == "passed" for outcome in outcomes) and judge_is_whole():
        return "passed"
    return "failed"


def judge_is_whole() -> bool:
    """Whether comparing and raising still work after the learner's code ran in this process."""
    try:
        with pytest.raises(ValueError):
            raise ValueError
        with pytest.raises(pytest.fail.Exception), pytest.raises(ValueError):
            pass
        np.testing.assert_allclose(np.ones(2), np.zeros(2))
    except AssertionError:
        return not same(np.ones(2), np.zeros(2), 1e-9) and same(np.ones(2), np.ones(2), 1e-9)
    return False


def notes(loaded: Loaded) -> list[dict]:
    """Discipline findings: side effects that refuse nothing."""
    lines = _lines(loaded.source)
    file = str(loaded.subject.path)
    return [
        whole_file(file, facts, lines.get(function, 1), function=function or None)
        for function, facts in loaded.notes.items()
    ]


def _lines(source: str) -> dict[str, int]:
    from dojo import stubs

    return stubs.functions(source)


__all__ = ["Options", "Result", "judge"]
