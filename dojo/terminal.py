"""What the terminal shows: the map, a verdict, hints. Readable without colour and in 80 columns."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dojo.curriculum import Curriculum
from dojo.diagnosis.findings import Finding, Match, folded
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
TITLE = 20  # of a title; where there is less room, the map goes without
SCREEN = 3  # findings on one screen; more with --all
ROWS = 23  # of a screen of 24, on which the next prompt wants one
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
    titled = console.width - sum(widths) - 9 >= TITLE
    for chapter in curriculum.chapters:
        console.print(Text(f"\n{chapter.number} · {chapter.title}", style="bold"))
        for kata in chapter.katas:
            if kata.name in by_name:
                line = _map_line(by_name[kata.name], now, widths, titled)
                console.print(line, no_wrap=True, overflow="ellipsis")
    console.print()
    if now is None:
        console.print("Every kata of this track has passed.")
        return
    path = relative(Path("katas") / now.track / f"{now.kata.name}.py")
    flag, name = _flag(now.track), now.kata.name
    first, *rest = _lines(console, Text.assemble((name, "bold"), f" — {now.kata.title}"), 6)
    console.print(Text.assemble("next: ", first[6:]))
    steps = [[f"edit {path}, then", f"`python grader.py check {name}{flag}`"]]
    steps += [[f"or let `python grader.py watch{flag}`", "judge at every save"]]
    for line in rest:
        console.print(line)
    for step in steps:  # a command is never broken in two
        whole = " ".join(step)
        for part in [whole] if len(whole) + 6 <= console.width else step:
            console.print(Text(f"      {part}"), soft_wrap=True)


def _map_line(standing: Standing, now: Standing | None, widths: tuple[int, int], titled: bool) -> Text:
    mark, style = MARKS[standing.state]
    here = "›" if now is not None and standing.kata.name == now.kata.name else " "
    name, state = _name(standing).ljust(widths[0]), _state(standing).ljust(widths[1])
    line = Text.assemble(f" {here} ", (mark, style), f" {name}  ", (state, style))
    if titled:
        line.append(f"  {standing.kata.title}", "dim")
    line.rstrip()
    return line


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
    """One verdict: the line that says how it went, then its findings, on one screen unless `everything` is asked for."""
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
    findings = [as_finding(found) for found in verdict["findings"]]
    tail: list[Text] = []
    if verdict.get("output", "").strip() and not any(found.printed for found in findings):
        tail = [Text(), *_printed(console, "printed while it ran", verdict["output"], everything)]
    if step := next_step(verdict, console.width):
        tail += [Text(), *_lines(console, Text(step, style="dim"))]
    if everything:
        blocks = [finding_lines(console, found, everything=True) for found in findings]
    else:
        more = f"`check {verdict['kata']}{_flag(verdict['track'])} --all`"
        blocks = _on_one_screen(console, folded(findings), ROWS - 1 - _rows(console, tail), more)
    for line in [*(line for block in blocks for line in block), *tail]:
        console.print(line, soft_wrap=True)


def _on_one_screen(
    console: Console, findings: list[tuple[Finding, list[str]]], room: int, more: str
) -> list[list[Text]]:
    """The first findings, as many as have room; a first one that is too long ends early. `more` shows the rest."""
    blocks = [finding_lines(console, found, others) for found, others in findings]
    last = 2 if len(blocks) > 1 else 0  # the line that counts what is left out, and the blank one above it
    shown = blocks[:1]
    if shown and (rows := _rows(console, shown[0])) > room - last:
        cut = shown[0]
        while cut and rows > room - last - 1:
            rows -= _rows(console, [cut[-1]])
            cut = cut[:-1]
        shown = [[*cut, Text(f"  … {more} shows the rest of it", style="dim")]]
    for block in blocks[1:SCREEN]:
        rest = 2 if len(blocks) > len(shown) + 1 else 0
        if _rows(console, [line for each in [*shown, block] for line in each]) > room - rest:
            break
        shown.append(block)
    if left := len(blocks) - len(shown):
        shown.append([Text(), Text(f"{left} more finding{'s' if left > 1 else ''}: {more} shows them")])
    return shown


def finding_lines(console: Console, found: Finding, others: Sequence[str] = (), everything: bool = False) -> list[Text]:
    """Where, the facts, the likely causes; what was printed and the input to try. `others` are tensors folded into it."""
    lines = [Text(), Text(headline(found, _base(), others), style="bold")]
    for line in body(found):
        lines += _lines(console, line, 2)
    if found.printed.strip():
        lines += _printed(console, "you printed", found.printed, everything)
    if everything and found.inputs:
        lines += _lines(console, Text("try it:", style="dim"), 2)
        lines += [Text(f"    {line}") for line in found.inputs.splitlines()]  # not wrapped, so that it can be copied
    return lines


def _rows(console: Console, lines: Iterable[Text]) -> int:
    """How many rows of the terminal they take."""
    return sum(max(1, -(-line.cell_len // console.width)) for line in lines)


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
    flag = _flag(verdict["track"])
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


def _printed(console: Console, title: str, text: str, everything: bool) -> list[Text]:
    """What the learner's own code printed; without `everything`, its first lines, each in one row."""
    lines = text.rstrip().splitlines()
    kept = lines if everything else lines[:PRINTED]
    more = [f"… {len(lines) - len(kept)} more lines"] if len(lines) > len(kept) else []
    whole = Text("\n".join([f"{title}:", *(f"  {line}" for line in [*kept, *more])]), style="dim")
    if everything:
        return _lines(console, whole, 2)
    for line in (rows := list(whole.split("\n"))):
        line.truncate(console.width - 2, overflow="ellipsis")
    return [Text.assemble("  ", line) for line in rows]


def bullets(console: Console, lines: Iterable[str]) -> None:
    """A list, wrapped with a hanging indent."""
    for line in lines:
        first, *rest = Text(line).wrap(console, console.width - 4)
        for mark, part in [("· ", first), *[("  ", part) for part in rest]]:
            part.rstrip()
            console.print(Text.assemble(f"  {mark}", part))


def wrapped(console: Console, text: Text | str, indent: int = 0) -> None:
    """Print wrapped, some columns in, without blanks at the end of a line."""
    for line in _lines(console, text, indent):
        console.print(line)


def _lines(console: Console, text: Text | str, indent: int = 0) -> list[Text]:
    made = []
    for line in (Text(text) if isinstance(text, str) else text).wrap(console, console.width - indent):
        line.rstrip()
        made.append(Text.assemble(" " * indent, line))
    return made


def _flag(track: str) -> str:
    return "" if track == "numpy" else f" --track {track}"
