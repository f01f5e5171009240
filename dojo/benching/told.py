"""`bench --history` and `bench --compare`: what was measured before, machines apart, and what has become slower."""

import json

from rich.table import Table
from rich.text import Text

from dojo.bench.history import Point, judge, load, pick, series
from dojo.benching.table import SLOWER, rate, times
from dojo.loading import ROOT
from dojo.terminal import make_console

SHOWN = 6  # runs of a series, the last ones


def tell_history(katas: list[str], as_json: bool) -> int:
    """Every series of the history, of these katas alone if any are given. Exit code 1 when something became slower."""
    runs, unreadable = load(ROOT)
    console, slower = make_console(), 0
    for (machine, threads), names in sorted(series(runs).items(), key=str):
        rows = {name: points for name, points in sorted(names.items()) if _wanted(name, katas)}
        made = Table(
            title=_machine(machine, threads), title_justify="left", box=None, pad_edge=False, title_style="bold"
        )
        for head in ("", "runs", "first", "last", "change", "noise", "commit"):
            made.add_column(head, justify="left" if head in ("", "commit") else "right")
        told = []
        for name, points in rows.items():
            found, last = judge([point for _, point in points]), points[-1]
            slower += found.slower
            if as_json:
                values = [
                    {"run": run.number, "time": run.time, "commit": run.commit, **_json(point)} for run, point in points
                ]
                line = {"machine": machine, "threads": threads, "name": name, "runs": values}
                print(
                    json.dumps(
                        line | {"change": found.change, "noise": found.noise, "slower": found.slower, "why": found.why}
                    )
                )
                continue
            change = Text(
                "—" if found.change is None else f"{found.change:+.0%} time", style=SLOWER if found.slower else ""
            )
            made.add_row(
                name,
                str(len(points)),
                _speed(points[0][1]),
                _speed(last[1]),
                change,
                f"{found.noise:.0%}",
                last[0].commit,
            )
            told += [f"{name} became slower by {found.change:.0%}: {found.why}"] if found.slower else []
        if rows and not as_json:
            console.print(made)
            for line in told:
                console.print(Text(f"  {line}", style=SLOWER))
            console.print()
    if not as_json:
        if not runs:
            console.print("Nothing has been measured yet: `python grader.py bench softmax` begins.")
        numbers = ", ".join(f"{run.number} ({run.time[:10]}, {run.commit or 'no commit'})" for run in runs[-SHOWN:])
        if runs:
            console.print(Text(f"the last runs: {numbers}", style="dim"))
        for name in unreadable:
            console.print(Text(f"{name} cannot be read and is left out", style=SLOWER))
    return 1 if slower else 0


def tell_comparison(one: str, other: str, as_json: bool) -> int:
    """Two runs side by side, where both have measured the same."""
    runs, _ = load(ROOT)
    before, after = pick(runs, one), pick(runs, other)
    console = make_console()
    shared = [name for name in before.points if name in after.points]
    made = Table(box=None, pad_edge=False)
    for head in ("", f"run {before.number}", f"run {after.number}", "speed", ""):
        made.add_column(head, justify="left" if not head else "right")
    for name in shared:
        was, now = before.points[name], after.points[name]
        faster, noise = was.median / now.median, (was.iqr + now.iqr) / was.median
        within = abs(faster - 1) <= noise
        if as_json:
            print(
                json.dumps(
                    {"name": name, "before": _json(was), "after": _json(now), "speed": faster, "within_noise": within}
                )
            )
            continue
        made.add_row(
            name, _speed(was), _speed(now), times(faster), Text("within the noise" if within else "", style="dim")
        )
    if as_json:
        return 0
    for number, run in ((before.number, before), (after.number, after)):
        console.print(
            Text(
                f"run {number}: {run.time[:16]} · {run.commit or 'no commit'} · {_machine(run.machine, run.threads)}",
                style="dim",
            )
        )
    if (before.machine, before.threads) != (after.machine, after.threads):
        console.print(
            Text("They ran on different machines or threads: the speeds say little about the code.", style=SLOWER)
        )
    console.print(made if shared else "They have measured nothing in common.")
    return 0


def _wanted(name: str, katas: list[str]) -> bool:
    return not katas or name.partition(" · ")[0].partition(",")[0] in katas


def _machine(machine: str, threads: int | None) -> str:
    return machine if threads is None else f"{machine} · {threads} thread{'s' if threads > 1 else ''}"


def _speed(point: Point) -> str:
    return f"{rate(point.rate).strip()} {point.unit}/s" if point.rate is not None else f"{point.median * 1e3:.3g} ms"


def _json(point: Point) -> dict:
    return {"median": point.median, "iqr": point.iqr, "rate": point.rate, "unit": point.unit}
