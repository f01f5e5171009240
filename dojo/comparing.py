"""`compare`: the learner's file beside both references, function by function, with the derivation and the measurements."""

import ast
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table

from dojo.curriculum import Kata
from dojo.grading import Grader
from dojo.loading import ROOT, kata_path, solution_path
from dojo.terminal import make_console
from dojo.waiting import busy


def compare(grader: Grader, kata: Kata, spoil: bool) -> int:
    """Judge a kata and show it beside the references if it passes, or all the same with `spoil`; the exit code."""
    console, name = make_console(), kata.name
    grader.worker.start()
    with busy(f"judging {name}"):
        status = grader.grade(kata)["status"]
    if status != "passed" and not spoil:
        console.print(f"{name} has not passed yet ({status}), and the references would give it away.", soft_wrap=True)
        says = (
            f"`python grader.py hint {name}` goes one step further; `compare {name} --spoil` shows them all the same."
        )
        console.print(says, soft_wrap=True)
        return 1
    with busy(f"measuring {name}"):
        measured = grader.worker.check(name, grader.track, measure=True) if status == "passed" else {}
    show_comparison(console, kata, grader.track, measured.get("measured", []))
    return 0


def show_comparison(console: Console, kata: Kata, track: str, measured: list[dict]) -> None:
    """Each function as the learner wrote it and as the references have it, then the measurements and the derivation."""
    columns = [("yours", kata_path(kata.name, track))]
    columns += [(f"reference, {name}", solution_path(kata.name, name)) for name in kata.tracks]
    codes = [(title, bodies(path)) for title, path in columns]
    for function in dict.fromkeys(name for _, code in codes for name in code):
        console.print(Rule(function, align="left"))
        for title, code in codes:
            if function in code:
                console.print(f"[dim]{title}[/dim]")
                console.print(
                    Syntax(code[function], "python", theme="ansi_dark", background_color="default", word_wrap=True)
                )
    if measured:
        console.print(Rule("measured on the inputs of the tests", align="left"))
        console.print(table(measured, track))
    derivation = ROOT / "solutions" / "derivations" / f"{kata.name}.md"
    if derivation.exists():
        console.print(Rule("derivation", align="left"))
        console.print(Markdown(derivation.read_text(encoding="utf-8")))


def table(measured: list[dict], track: str) -> Table:
    """Largest difference and time per call of each function."""
    made = Table(box=None, pad_edge=False)
    made.add_column("function")
    for title in ("largest difference", "yours", f"{track} reference", "ratio"):
        made.add_column(title, justify="right")
    for row in measured:
        cells = [row["function"], f"{row['difference']:.1e}"]
        if "seconds" in row:
            mine, theirs = row["seconds"], row["reference_seconds"]
            cells += [f"{mine * 1e6:.1f} µs", f"{theirs * 1e6:.1f} µs", f"{mine / theirs:.2f}×"]
        made.add_row(*cells)
    return made


def bodies(path: Path) -> dict[str, str]:
    """The source of each top-level function and class of a file without its docstring, by name."""
    try:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return {}
    lines, found = source.splitlines(), {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = node.body[0]
            documented = ast.get_docstring(node, clean=False) is not None and len(node.body) > 1
            head = (
                lines[node.lineno - 1 : first.lineno - 1] if documented else lines[node.lineno - 1 : first.lineno - 1]
            )
            start = (first.end_lineno or first.lineno) if documented else first.lineno - 1
            found[node.name] = "\n".join([*head, *lines[start : node.end_lineno]])
    return found
