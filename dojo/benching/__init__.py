"""`grader.py bench`: has pytest measure in a process of its own, and draws what came out of it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from dojo import loading
from dojo.bench.measuring import batches
from dojo.bench.threads import single_threaded, threaded
from dojo.curriculum import Kata
from dojo.errors import DojoError
from dojo.terminal import make_console

BENCHMARK = "tests/benchmarks/bench_katas.py"
LOOK = ("--bench-block=0.02", "--bench-rounds=3", "--bench-no-compile")  # what --quick makes of it


def command(
    names: tuple[str, ...],
    threads: int,
    quick: bool,
    plot: bool,
    out: Path | None,
    history: bool,
    compare: tuple[str, str] | None,
    as_json: bool,
) -> int:
    """Run the command; its exit code: 1 when a measurement was refused, disturbed, stopped or could not be kept."""
    from dojo.benching.told import tell_comparison, tell_history

    katas = chosen(names)
    if history:
        return tell_history([kata.name for kata in katas] if names else [], as_json)
    if compare is not None:
        return tell_comparison(*compare, as_json)
    records = list(measured(katas, threads, quick, plot, as_json))
    return finished(records, plot, out, quick, as_json)


def chosen(names: tuple[str, ...]) -> list[Kata]:
    """The katas of these names, or all that say what is timed."""
    known = loading.curriculum()
    katas = [known[name] for name in names] or [kata for kata in known.katas if kata.workload]
    for kata in katas:
        if kata.workload is None:
            raise DojoError(f"{kata.name} does not say what is timed.", "`bench` without a name times those that do.")
    return katas


def measured(katas: list[Kata], threads: int, quick: bool, sweep: bool, quiet: bool) -> Iterator[dict]:
    """What pytest logs of each measurement, as it comes in; a bar meanwhile. Ctrl-C ends it and keeps what is done."""
    from dojo.waiting import counting

    total = sum(len(batches(kata.workload, sweep)) for kata in katas if kata.workload)
    environment = single_threaded(dict(os.environ)) if threads == 1 else threaded(dict(os.environ), threads)
    with tempfile.TemporaryDirectory(prefix="dojo-bench-") as folder, counting("timing", total, quiet) as tick:
        log = Path(folder) / "log.jsonl"
        options = [f"--bench-katas={','.join(kata.name for kata in katas)}", f"--bench-log={log}"]
        options += [f"--bench-threads={threads}", *(LOOK if quick else ["--benchmark-autosave"])]
        options += ["--bench-sweep"] if sweep else []
        arguments = [sys.executable, "-m", "pytest", BENCHMARK, *options, "-v", "-p", "no:cacheprovider", "-n0"]
        process = subprocess.Popen(
            arguments, cwd=loading.ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        said, stopped = _followed(process, tick)
        records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
    if not records and not stopped:
        raise DojoError(f"Nothing was timed.\n{said[-2000:].strip()}", f"`pytest {BENCHMARK}` says more.")
    yield from records
    if stopped:
        yield {"trouble": "Stopped; what was finished is kept."}


def finished(records: list[dict], plot: bool, out: Path | None, quick: bool, as_json: bool) -> int:
    """Show what was logged; the exit code."""
    from dojo.benching.table import show

    machine = next((record for record in records if "facts" in record), None)
    rows = [record for record in records if "rows" in record]
    if as_json:
        for record in records:
            print(json.dumps(record))
    else:
        show(make_console(), records, machine, quick)
    if plot and rows:
        from dojo.benching.chart import draw

        for place in draw(rows, machine or {}, out):
            line = {"picture": str(place.resolve())}
            print(json.dumps(line) if as_json else f"picture: {_short(place)}")
    bad = any("refused" in record or "trouble" in record or record.get("valid") is False for record in records)
    return 1 if bad or not rows else 0


def _followed(process: subprocess.Popen, tick: Callable[[], None]) -> tuple[str, bool]:
    """Everything that the process said, a tick for every test it ended, and whether somebody stopped it."""
    said: list[str] = []
    assert process.stdout is not None
    stopped = False
    while True:
        try:
            for line in process.stdout:
                said.append(line)
                if "::test_throughput[" in line:
                    tick()
            process.wait()
            return "".join(said), stopped
        except KeyboardInterrupt:  # the terminal has told pytest too, which ends what it is doing and saves
            stopped = True


def _short(path: Path) -> str:
    from dojo.terminal import relative

    return str(relative(path.resolve()))
