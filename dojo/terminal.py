"""What the terminal shows: the map, a verdict, hints. Readable without colour and in 80 columns."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dojo.curriculum import Curriculum
from dojo.diagnosis.findings import Finding, Match
from dojo.diagnosis.wording import body, headline
from dojo.grading import Standing, next_kata
from dojo.loading import ROOT, kata_path

MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "broken": ("!", "red"),
    "timeout": ("!", "red"),
    "died": ("!", "red"),
    "not-started": ("·", "default"),
    "locked": ("-", "dim"),
}
WORDS = {"not-started": "not started", "timeout": "too slow", "died": "ended the process"}
STATE = 24  # characters of a state on the map
SCREEN = 3  # findings on one screen; more with --all
PRINTED = 6  # lines of the learner's own prints under a finding


def make_console(stderr: bool = False) -> Console:
    """A console that keeps NO_COLOR; where output goes to a file it is 100 columns wide."""
    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(stderr=stderr, highlight=False, width=100)
    return console


def draw_map(console: Console, curriculum: Curriculum, standings: list[Standing]) -> None:
    """Chapters, katas with their states, and the next one to do."""
    now = next_kata(standings)
    passed = sum(standing.state == "passed" for standing in standings)
    track = standings[0].track if standings else "numpy"
    console.print(Text(f"Neural dojo · {track} track · {passed} of {len(standings)} katas passed", style="bold"))
    by_name = {standing.kata.name: standing for standing in standings}
    widths = (max(map(len, map(_name, standings)), default=0), max(map(len, map(_state, standings)), default=0))
    for chapter in curriculum.chapters:
        console.print(Text(f"\n{chapter.number} · {chapter.title}", style="bold"))
        for kata in chapter.katas:
            if kata.name in by_name:
                console.print(_map_line(by_name[kata.name], now, widths), no_wrap=True, overflow="ellipsis")
    console.print()
    if now is None:
        console.print("Every kata of this track has passed.")
        return
    path = relative(Path("katas") / now.track / f"{now.kata.name}.py")
    flag = "" if now.track == "numpy" else f" --track {now.track}"
    console.print(Text.assemble("next: ", (now.kata.name, "bold"), f" — {now.kata.title}"))
    console.print(f"      edit {path}, then `python grader.py check {now.kata.name}{flag}`")
    console.print(f"      or let `python grader.py watch{flag}` judge at every save")


def _map_line(standing: Standing, now: Standing | None, widths: tuple[int, int]) -> Text:
    mark, style = MARKS[standing.state]
    here = "›" if now is not None and standing.kata.name == now.kata.name else " "
    name, state = _name(standing).ljust(widths[0]), _state(standing).ljust(widths[1])
    return Text.assemble(f" {here} ", (mark, style), f" {name}  ", (state, style), (f"  {standing.kata.title}", "dim"))


def _name(standing: Standing) -> str:
    return f"{standing.kata.name}{' ★' if standing.kata.capstone else ''}"


def _state(standing: Standing) -> str:
    """The state in a few words, `STATE` characters at most, so that the title keeps its place."""
    text = WORDS.get(standing.state, standing.state)
    if standing.state == "locked" and standing.needs:
        text = f"needs {', '.join(standing.needs)}"
    elif standing.state == "failed" and standing.functions:
        text = f"failed, {standing.done}/{standing.functions} written"
    first, more = next(iter(standing.needs), ""), len(standing.needs) - 1
    shorter = [f"needs {first} and {more} more", f"needs {first} +{more}"] if more > 0 else []
    fitting = [words for words in (text, *shorter) if len(words) <= STATE]
    return fitting[0] if fitting else f"{text[: STATE - 1]}…"


def show_verdict(console: Console, verdict: dict, everything: bool = False) -> None:
    """One verdict: the line that says how it went, then its findings."""
    status, tests = verdict["status"], verdict["tests"]
    mark, style = MARKS[status]
    words = WORDS.get(status, status)
    count = (
        f" · {tests['passed']} of {tests['total']} tests pass"
        if tests["total"] and status in ("passed", "failed")
        else ""
    )
    line = f" {words}{count} · {verdict['seconds']:.2f} s"
    console.print(Text.assemble((mark, style), " ", (f"{verdict['kata']} ({verdict['track']})", "bold"), (line, style)))
    findings = verdict["findings"]
    shown = findings if everything else findings[:SCREEN]
    for found in shown:
        show_finding(console, found, everything)
    if len(findings) > len(shown):
        rest = len(findings) - len(shown)
        console.print(f"\n{rest} more finding{'s' if rest > 1 else ''}: `check {verdict['kata']} --all` shows them")
    if verdict.get("output", "").strip() and not any(found.get("printed") for found in findings):
        console.print()
        wrapped(console, _printed("printed while it ran", verdict["output"], everything), 2)
    if step := next_step(verdict, console.width):
        console.print(Text(f"\n{step}", style="dim"))


def show_finding(console: Console, found: dict, everything: bool) -> None:
    """Where, the facts, the likely causes; what was printed and the input to try."""
    finding = as_finding(found)
    console.print()
    console.print(Text(headline(finding, _base()), style="bold"), soft_wrap=True)
    for line in body(finding):
        wrapped(console, line, 2)
    if finding.printed.strip():
        wrapped(console, _printed("you printed", finding.printed, everything), 2)
    if everything and finding.inputs:
        wrapped(console, Text("try it:", style="dim"), 2)
        for line in finding.inputs.splitlines():  # never wrapped, so that it can be copied
            console.print(Text(f"    {line}"), soft_wrap=True)


def show_hint(console: Console, found: dict) -> None:
    """A hint; with the last one, what to read."""
    if found["about_cause"]:
        wrapped(console, f"about your last verdict ({found['cause']}): {found['about_cause']}")
        console.print()
    wrapped(console, f"hint {found['level']} of {found['of']}: {found['hint']}")
    if found["level"] == found["of"]:
        console.print("\nThis was the last hint. To read about it:")
        bullets(console, found["references"])


def next_step(verdict: dict, width: int = 80) -> str:
    """The command that helps now; several where they have room in one line of `width` columns."""
    kata, status = verdict["kata"], verdict["status"]
    flag = "" if verdict["track"] == "numpy" else f" --track {verdict['track']}"
    if status == "passed":
        return f"`python grader.py compare {kata}{flag}` shows the references beside yours"
    if status == "not-started":
        return f"edit {relative(Path(verdict['file']))}; `python grader.py hint {kata}{flag}` gives a first hint"
    if status == "locked":
        return "finish the prerequisite first; `python grader.py` shows the map"
    if status == "broken":
        if Path(verdict["file"]) != kata_path(kata, verdict["track"]):
            return "mend the file, then judge it again"
        return (
            f"mend it and check again; `python grader.py reset {kata}{flag}` brings the stub back (and keeps a backup)"
        )
    if any(found.get("inputs") for found in verdict["findings"]):
        hint, trace, inputs = f"`hint {kata}{flag}`", f"`trace {kata}{flag}`", f"`check {kata}{flag} --all`"
        short = f"{hint} for a hint · {inputs} for the failing input"
        full = f"{hint} for a hint · {trace} line by line · {inputs} for the failing input"
        fitting = [line for line in (full, f"{hint} · {trace} · {inputs} for the failing input") if len(line) <= width]
        return fitting[0] if fitting else short
    return f"`python grader.py hint {kata}{flag}` gives a hint"


def as_finding(found: dict) -> Finding:
    """A finding of the verdict's JSON as a Finding."""
    causes = [Match(**cause) for cause in found.get("causes", [])]
    keys = ("function", "tensor", "facts", "test", "file", "line", "printed", "inputs")
    return Finding(**{key: found[key] for key in keys if key in found}, causes=causes)


def relative(path: Path) -> Path:
    """`path` relative to where the learner stands, when that is shorter."""
    path = path if path.is_absolute() else ROOT / path
    return path.relative_to(_base()) if path.is_relative_to(_base()) else path


def _base() -> Path:
    return Path.cwd()


def _printed(title: str, text: str, everything: bool) -> Text:
    lines = text.rstrip().splitlines()
    kept = lines if everything else lines[:PRINTED]
    more = [f"… {len(lines) - len(kept)} more lines"] if len(lines) > len(kept) else []
    return Text("\n".join([f"{title}:", *(f"  {line}" for line in [*kept, *more])]), style="dim")


def bullets(console: Console, lines: Iterable[str]) -> None:
    """A list, wrapped with a hanging indent."""
    for line in lines:
        first, *rest = Text(line).wrap(console, console.width - 4)
        for mark, part in [("· ", first), *[("  ", part) for part in rest]]:
            part.rstrip()
            console.print(Text.assemble(f"  {mark}", part))


def wrapped(console: Console, text: Text | str, indent: int = 0) -> None:
    """Print wrapped, some columns in, without blanks at the end of a line."""
    for line in (Text(text) if isinstance(text, str) else text).wrap(console, console.width - indent):
        line.rstrip()
        console.print(Text.assemble(" " * indent, line))
