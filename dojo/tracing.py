"""`trace`: what one call of a function computed, line by line, as a terminal or a script reads it. Imports no numpy."""

import json
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dojo import stubs
from dojo.curriculum import Kata
from dojo.errors import DojoError, nearest
from dojo.grading import Grader, untouched
from dojo.loading import solution_path
from dojo.terminal import make_console, show_verdict, wrapped
from dojo.waiting import busy

NARROW = 64  # columns; below it, a value takes two lines
INDENT = 6
NAME, SHAPE = 24, 26  # the widest that a column may be
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


def trace(grader: Grader, kata: Kata, function: str | None, file: Path | None, origin: str, as_json: bool) -> int:
    """Trace one function of a kata and show it; the exit code: 0, or 1 when there is nothing to show."""
    wanted = checked_name(kata, grader.track, function) if function else ""
    if file is None and origin == "katas" and untouched(kata, grader.track) is not None:
        hint = f"`python grader.py trace {kata.name} --from solutions` traces the reference."
        raise DojoError(f"{kata.name} is not started: there is nothing to trace yet.", hint)
    with busy(f"tracing {kata.name}", as_json):
        found = grader.worker.check(kata.name, grader.track, file, origin, trace=wanted)
    traced = found.pop("traced", None)
    if traced is None or "problem" in traced:
        return _nothing(found, traced, as_json)
    call = {"kata": kata.name, "track": grader.track, "function": traced["function"], "file": found["file"]}
    if as_json:
        print(json.dumps({"row": "call"} | call | {"test": traced["test"], "why": traced["why"]}))
        for row in traced["rows"]:
            print(json.dumps({"row": "value"} | row))
        print(json.dumps({"row": "end"} | traced["end"]))
        return 0
    show_trace(make_console(), call, traced)
    return 0


def checked_name(kata: Kata, track: str, function: str) -> str:
    """The function as the track has it. DojoError for one that the kata does not ask for."""
    names = list(stubs.functions(solution_path(kata.name, track).read_text(encoding="utf-8")))
    forward = function.removesuffix("_backward")
    if function in names:
        return function
    if track == "torch" and forward in names:
        hint = f"`python grader.py trace {kata.name} {forward} --track torch` shows what it goes through."
        raise DojoError("On the torch track autograd gives the derivative.", hint)
    raise DojoError(
        f"{kata.name} has no function {function!r}.", nearest(function, names) or f"It has {', '.join(names)}."
    )


def _nothing(found: dict, traced: dict | None, as_json: bool) -> int:
    """Say why there is nothing to show."""
    unwatched = found["status"] in ("passed", "failed") and traced is None
    says = f"{traced['problem']}" if traced else "the call did not come back while it was watched" if unwatched else ""
    if as_json:
        facts = [f"{finding['function'] or 'it'} {finding['facts']}" for finding in found["findings"]]
        row = {"row": "problem", "kata": found["kata"], "status": found["status"], "says": says or "; ".join(facts[:1])}
        print(json.dumps(row))
    elif says:
        make_console().print(Text(f"{found['kata']} ({found['track']}): {says}"))
    else:
        show_verdict(make_console(), found)
    return 1


# ---------------------------------------------------------------------- the table


def show_trace(console: Console, call: dict, traced: dict) -> None:
    """The values under the lines that made them, then how the call ended."""
    title = f"{traced['function']} · {call['kata']} ({call['track']})"
    console.print(Text(title, style="bold"))
    why = "a call that fails" if traced["why"] == "fails" else "the first call that a test makes"
    wrapped(console, Text(f"{why}, in {traced['test']}", style="dim"), 2)
    asked = any(row.get("requires_grad") for row in traced["rows"])
    for row in traced["rows"]:
        row["graph"] = _graph(row) if asked else ""
    widths = _widths(traced["rows"], console.width)
    last: dict[tuple, int] = {}
    jumped = False
    groups = groupby(traced["rows"], lambda row: (row["function"], row["line"], row["time"], row["kind"] == "argument"))
    for (function, line, time, argument), group in groups:
        rows = list(group)
        skipped = time - 1 - last.get((function, line), 0)
        if skipped > 0 and not jumped:
            console.print(Text(f"{'⋮':>4}  {skipped} more round{'s' if skipped > 1 else ''}", style="dim"))
        jumped = skipped > 0
        last[function, line] = time
        helper = "" if function == traced["function"] else f"{function}: "
        _code(console, "arguments" if argument else f"{helper}{rows[0]['code']}", line, time, rows[0]["times"])
        for row in rows:
            _value(console, row, widths)
    _end(console, call, traced)


def _code(console: Console, code: str, line: int, time: int, times: int) -> None:
    count = f"  ({ORDINALS.get(time, f'{time}th')} of {times} times)" if times > 1 else ""
    room = console.width - INDENT - len(count)
    text = code if len(code) <= room else f"{code[: room - 1]}…"
    console.print(Text.assemble((f"{line:>4}  ", "dim"), (text, "cyan"), (count, "dim")), no_wrap=True)


def _value(console: Console, row: dict, widths: list[int]) -> None:
    """One value: in columns, or in two lines where columns have no room."""
    cells, mark = _cells(row), _beside(row)
    style = "bold red" if row.get("parts") else ""
    pad = " " * INDENT
    if console.width < NARROW:
        wrapped(console, Text(" ".join(cell for cell in cells[:2] if cell), style=style), INDENT)
        more = " · ".join(cell for cell in [*cells[2:], mark] if cell)
        if more:
            wrapped(console, Text(more, style=style), INDENT + 2)
        return
    fitted = [_fit(cell, width) for cell, width in zip(cells, widths, strict=True)]
    line = pad + "  ".join(cell for cell, width in zip(fitted, widths, strict=True) if width)
    if len(line) + 2 + len(mark) <= console.width:
        console.print(Text(f"{line}  {mark}".rstrip(), style=style), no_wrap=True)
        return
    console.print(Text(line.rstrip()[: console.width], style=style), no_wrap=True)
    if mark:
        wrapped(console, Text(mark, style=style), INDENT + widths[0] + 2)


def _widths(rows: list[dict], width: int) -> list[int]:
    """The widths of the columns: name, shape and dtype, range, graph."""
    cells = [_cells(row) for row in rows]
    most = [max((len(cell[column]) for cell in cells), default=0) for column in range(4)]
    name, shape = min(most[0], NAME - 6 * bool(most[3])), min(most[1], SHAPE)
    graph = min(most[3], 14)
    return [name, shape, max(min(most[2], width - INDENT - name - shape - graph - 8), 8), graph]


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else f"{cell[: max(width - 1, 0)]}…"[:width]


def _cells(row: dict) -> list[str]:
    kind = row["dtype"] if "shape" in row else ""
    return [row["name"], f"{row.get('axes', '')} {kind}".strip(), _range(row), row["graph"]]


def _range(row: dict) -> str:
    if "value" in row:
        value = row["value"]
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    if "of" in row:
        return f"{row['true']} of {row['of']} true"
    if row.get("empty"):
        return "empty"
    strange = [f"{row[kind]} {kind}" for kind in ("nan", "inf") if row.get(kind)]
    if "min" in row:
        low, high = _short(row["min"]), _short(row["max"])
        strange.append(f"all {low}" if row["min"] == row["max"] else f"{low} … {high}, mean {_short(row['mean'])}")
    return ", ".join(strange)


def _short(value: float) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _graph(row: dict) -> str:
    """How autograd stands to a tensor; empty for what is none."""
    if row.get("requires_grad") is None:
        return ""
    return (row["grad_fn"] or "leaf") if row["requires_grad"] else "no graph"


def _beside(row: dict) -> str:
    """The reference's value of the same meaning."""
    found = row.get("reference")
    if not found:
        return ""
    name = found.get("name") or ("what the reference gives" if row["kind"] == "return" else "the reference")
    words = {
        "equal": f"= {name}",
        "transposed": f"= {name}, transposed",
        "reshaped": f"= {name}, in another shape",
        "negated": f"= −{name}",
        "factor": f"= {found.get('factor', 1):.4g} × {name}",
        "misnamed": f"= {name}, not {row['name']}",
        "cut": "autograd goes no further",
        "dtype": f"= {name}, in another dtype",
        "graph": f"= {name}, outside of the graph",
        "differs": f"≠ {name}" + (f" by {float(found['difference']):.2g}" if "difference" in found else ""),
    }
    return words[found["relation"]] + ("  ‹ here they part" if row.get("parts") else "")


def _end(console: Console, call: dict, traced: dict) -> None:
    end = traced["end"]
    console.print()
    if traced["more"]:
        wrapped(console, Text(f"… {traced['more']} more values", style="dim"))
    if traced["stopped"]:
        wrapped(console, Text("it ran on for longer than it is watched; what came last is not shown", style="dim"))
    if end.get("raised"):
        wrapped(console, Text(f"then line {end['line']} {end['says'][0]}", style="red"))
    elif not end["right"]:
        for sentence in end["says"]:
            wrapped(console, sentence)
    else:
        wrapped(console, "what comes back is right" if end.get("compared") else "it came back")
    if any("reference" in row for row in traced["rows"]):
        wrapped(console, Text("=, ≠: beside the reference's value of that name", style="dim"))
    if traced["others"]:
        names = ", ".join(traced["others"])
        wrapped(console, Text(f"`trace {call['kata']} FUNCTION` takes also {names}", style="dim"))
