"""Judging one subject in this process: run its kata's tests through pytest, then explain what failed.

This runs inside a worker's child (see worker.py), because the learner's code may do anything to the process.
"""

import ast
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from dojo.checking.calls import Ended
from dojo.checking.compare import same
from dojo.diagnosis.causes import vocabulary
from dojo.loading import Subject, test_path
from dojo.running.plugin import KEY, Judging, Result, findings
from dojo.running.subjects import Loaded, Unusable
from dojo.running.verdict import verdict, whole_file

PYTEST = [
    "-p",
    "dojo.running.plugin",
    "-p",
    "no:terminal",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:faulthandler",
    "-p",
    "no:capture",
    "-p",
    "no:logging",
]
PYTEST += ["-p", "no:junitxml", "-p", "no:doctest", "-p", "no:pastebin", "-p", "no:unittest", "-p", "no:setuponly"]


@dataclass(frozen=True)
class Options:
    """How to judge: `leave_out` is a bank entry the diagnosis must not use; `explain` False asks for the status only;
    `measure` also compares values and times with the reference."""

    leave_out: str | None = None
    explain: bool = True
    measure: bool = False


def judge(
    subject: Subject, spec, options: Options, progress: Callable[[str, str], None] = lambda kind, what: None
) -> dict:
    """The verdict on `subject`. `progress` hears of each test and each call before it runs."""
    started = time.perf_counter()
    file = str(subject.path)
    total = count_tests(spec.name)
    try:
        loaded = Loaded(subject, spec)
    except Unusable as error:
        says = vocabulary()[error.cause].sentence if error.cause else ""
        finding = whole_file(str(error.file or file), error.facts, error.line, error.cause, says)
        tests = {"passed": 0, "failed": total, "total": total}
        return verdict(spec.name, subject.track, file, error.status, tests, time.perf_counter() - started, [finding])
    functions = {"done": len(loaded.functions) - len(loaded.unfinished), "total": len(loaded.functions)}
    if len(loaded.unfinished) == len(loaded.functions):
        tests = {"passed": 0, "failed": total, "total": total}
        return verdict(
            spec.name, subject.track, file, "not-started", tests, time.perf_counter() - started, [], functions
        )
    judging = run_tests(loaded, progress)
    tests, status = count(judging, total), status_of(judging, total)
    told, defect = explained(loaded, judging.results, options) if options.explain else ([], "")
    seconds = time.perf_counter() - started
    found = verdict(spec.name, subject.track, file, status, tests, seconds, told + notes(loaded), functions)
    if options.measure:
        from dojo.running.measure import measure

        found["measured"] = measure(loaded, judging.results)
    return found | ({"defect": defect} if defect else {})


def explained(loaded: Loaded, results: list[Result], options: Options) -> tuple[list[dict], str]:
    """Findings as dicts; when the diagnosis itself fails, the bare facts, and its traceback as a defect to report."""
    try:
        return [finding.as_dict() for finding in findings(loaded, results, options.leave_out)], ""
    except Exception:
        failed = [result for result in results if result.outcome not in ("passed", "skipped")]
        facts = [whole_file(str(loaded.subject.path), f"{result.test}: {result.error}") for result in failed]
        return facts, traceback.format_exc()


def run_tests(loaded: Loaded, progress: Callable[[str, str], None]) -> Judging:
    """Run the kata's test file on a loaded subject; the Judging holds one Result per test."""
    track = loaded.subject.track
    judging = Judging(loaded.subject.origin, (track,), loaded, on_test=lambda test: progress("test", test))
    loaded.on_call = lambda function: progress("call", function)
    pytest.main([str(test_path(loaded.spec.name)), *PYTEST], plugins=[_HandOver(judging)])
    return judging


class _HandOver:
    """Gives the plugin of a nested pytest run its Judging."""

    def __init__(self, judging: Judging):
        self.judging = judging

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config):
        config.stash[KEY] = self.judging


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


def count_tests(name: str) -> int:
    """How many test functions the kata's test file has (parametrized ones count once)."""
    tree = ast.parse(test_path(name).read_text(encoding="utf-8"))
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in tree.body)


__all__ = ["Options", "Result", "judge"]
