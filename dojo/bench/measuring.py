"""One measurement: the contenders of a workload agree, are timed in blocks, and become a record of plain numbers."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from dojo.bench.agreeing import differences
from dojo.bench.arguments import items, traffic
from dojo.bench.blocks import ROUNDS, SHORTEST, Timing, compare, speed
from dojo.bench.contenders import Contender, Task, task
from dojo.bench.devices import clock
from dojo.bench.lineup import NUMPY_REFERENCE, line_up
from dojo.bench.machine import peak_of, roofline
from dojo.curriculum import Kata
from dojo.errors import DojoError
from dojo.workloads import Workload

TRIES = 2  # how often contenders that disturb each other are timed before the record is given up


def measure(
    kata: Kata,
    batch: int | None,
    peaks: Mapping[str, Mapping[str, float]],
    learners: Mapping[str, Path],
    rounds: int = ROUNDS,
    shortest: float = SHORTEST,
    compiling: bool = True,
    tick: Callable[[], float] = clock,
) -> dict:
    """Time everybody on the workload of a kata, with `batch` in the place of its own batch size if that is given.

    The record has `kata`, `batch`, `unit`, `valid`, `left_out` and `rows`, one for each contender, the numpy reference
    first. It is invalid when a contender was disturbed by the others twice. Disagreement when two contenders differ.
    """
    if kata.workload is None:
        raise DojoError(f"{kata.name} has no workload.", "Add [kata.workload] to its entry in katas/curriculum.toml.")
    work = kata.workload.at(batch)
    what = task(kata.name, work)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a built-in that grumbles is no news about a kata
        contenders, left_out = line_up(what, learners, compiling)
        apart = differences(contenders, what)
        calls, tries = {one.name: one.call for one in contenders}, 1
        timings = compare(calls, rounds, shortest, tick)
        while tries < TRIES and not all(timing.valid for timing in timings.values()):
            timings, tries = compare(calls, rounds, shortest, tick), tries + 1
    size = batch if batch is not None else work.sizes.get(work.batch)
    rows = [_row(one, timings, contenders, what, apart[one.name], peaks) for one in contenders]
    return {
        "kata": kata.name,
        "function": work.function,
        "model": work.is_model,
        "batch": size,
        "unit": work.unit,
        "items": items(work, what.arguments),
        "valid": all(row["valid"] for row in rows),
        "tries": tries,
        "left_out": left_out,
        "rows": rows,
    }


def _row(
    one: Contender,
    timings: Mapping[str, Timing],
    contenders: list[Contender],
    what: Task,
    apart: float,
    peaks: Mapping[str, Mapping[str, float]],
) -> dict:
    """The numbers of one contender."""
    timing, work = timings[one.name], what.work
    whose = peak_of(one.track, one.device)
    flops, bytes = work.count(), _moved(what)
    fewest = roofline(flops, bytes, dict(peaks[whose])) if work.dtype == "float32" else None
    best = _built_in(contenders, timings)
    return {
        "name": one.name,
        "kind": one.kind,
        "track": one.track,
        "device": one.device,
        "seconds": list(timing.seconds),
        "alone": list(timing.alone),
        "median": timing.median,
        "iqr": timing.iqr,
        "drift": timing.drift,
        "valid": timing.valid,
        "rate": items(work, what.arguments) / timing.median,
        "to_reference": speed(timing, timings[NUMPY_REFERENCE]),
        "to_built_in": speed(timing, timings[best]) if best else None,
        "built_in": best,
        "ratios": {name: speed(timing, other) for name, other in timings.items()},
        "difference": apart,
        "flops": flops,
        "bytes": bytes,
        "peak_of": whose,
        "peak": peaks[whose]["flops"],
        "bandwidth": peaks[whose]["bytes"],
        "of_peak": flops / timing.median / peaks[whose]["flops"] if flops else None,
        "of_roofline": fewest / timing.median if fewest else None,
        "seconds_before": one.seconds_before,
    }


def _moved(what: Task) -> int:
    """The least bytes of a call: every argument and upstream gradient is read, and every gradient or new parameter written."""
    arguments = list(what.arguments.values())
    written = [what.arguments[name] for name in what.differentiable]
    if what.work.is_model:
        params = what.arguments["params"]
        written += [params, params]  # the gradients and the parameters after the step
    return traffic(arguments, what.upstream, written)


def _built_in(contenders: list[Contender], timings: Mapping[str, Timing]) -> str | None:
    """The name of the built-in that the others are compared with: torch's on the processor; None where there is none."""
    names = [one.name for one in contenders if one.kind == "built-in" and one.device == "cpu" and one.track == "torch"]
    return names[0] if names and names[0] in timings else None


def batches(work: Workload, sweep: bool) -> tuple[int | None, ...]:
    """The batch sizes that are timed: a model's usual ones, a finer row for a sweep, and None for its own size alone."""
    if sweep and work.batch:
        return tuple(2**n for n in range(11))
    return work.batches or (None,)
