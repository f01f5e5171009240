"""The learner's functions beside the reference of the same track: the largest difference and the time, on the tests' inputs."""

import statistics
import time

import numpy as np

from dojo.checking.calls import Call
from dojo.diagnosis.evidence import Evidence
from dojo.loading import load_path, solution_path

REPEATS = 7
MOST_CALLS = 6


def measure(loaded, results: list) -> list[dict]:
    """One dict per function that can be compared: `function`, `difference`, `seconds`, `reference_seconds` (medians per call)."""
    subject = loaded.subject
    reference = load_path(solution_path(subject.kata, subject.track), f"measured.{subject.track}.{subject.kata}")
    rows = []
    for law in loaded.reference.signatures:
        evidence = Evidence(loaded, law, results)
        if not evidence.answers or (subject.track == "torch" and law.endswith("_backward")):
            continue
        differences = [_largest(answer.call.outputs, answer.expected) for answer in evidence.answers]
        calls = [answer.call for answer in evidence.answers if not answer.call.carried][:MOST_CALLS]
        mine, theirs = (vars(module).get(law) for module in (loaded.module, reference))
        row = {"function": law, "difference": max(differences)}
        if callable(mine) and callable(theirs):
            row["seconds"], row["reference_seconds"] = _times(loaded.track, [mine, theirs], calls)
        rows.append(row)
    return rows


def _largest(got: dict, expected: dict) -> float:
    worst = 0.0
    for tensor, value in expected.items():
        if isinstance(value, np.ndarray | np.generic | float | int) and tensor in got:
            with np.errstate(all="ignore"):
                error = np.abs(np.asarray(got[tensor], float) - np.asarray(value, float))
            worst = max(worst, float(np.max(np.where(np.isfinite(error), error, 0.0), initial=0.0)))
    return worst


def _times(track, functions: list, calls: list[Call]) -> list[float]:
    """The median seconds of a call for each function; they take turns, so that a busy moment hits all."""
    samples: list[list[float]] = [[] for _ in functions]
    for _ in range(REPEATS):
        for function, kept in zip(functions, samples, strict=True):
            arguments = [track.native(call.args) for call in calls]
            start = time.perf_counter()
            for args in arguments:
                _quietly(function, args)
            kept.append((time.perf_counter() - start) / len(calls))
    return [statistics.median(kept) for kept in samples]


def _quietly(function, args) -> None:
    try:
        result = function(*args)
        if hasattr(result, "__next__"):
            list(result)
    except Exception:  # a call that the tests expect to raise takes its time too
        pass
