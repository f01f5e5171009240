"""The generated parts of README.md: the table of katas between its markers, the pictures of the map and of a finding."""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from dojo import stubs
from dojo.curriculum import Chapter, Curriculum, Kata
from dojo.errors import DojoError
from dojo.grading import Standing, write_atomically
from dojo.loading import ROOT, kata_path, solution_path
from dojo.running.client import Worker

README = ROOT / "README.md"
PICTURE = ROOT / ".github" / "map.svg"
FINDING = ROOT / ".github" / "finding.svg"
BEGIN, END = "<!-- katas: written by `python -m dojo.maintain sync` -->", "<!-- end of katas -->"
WIDTH = 100  # columns of a picture
ANSWER = (  # kata, track, and what somebody wrote in place of a line of the reference: the picture shows what it gets
    "softmax",
    "numpy",
    "return exps / exps.sum(axis=-1, keepdims=True)",
    "return exps / exps.sum(axis=0, keepdims=True)",
)
SECONDS = 0.15  # in the picture, so that it is the same at every run
EVENING = ("passed", "passed", "passed", "failed")  # the states of the first katas in the picture; the rest is open
DRAWING = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>{title}</title>
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
<rect fill="#1b1f24" width="{width}" height="{height}" rx="8"/>
<g transform="translate(18, 14)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


@dataclass(frozen=True)
class Page:
    """A file that `sync` writes, or a file in which it writes a part: where, and its text as it should be."""

    path: Path
    text: str

    @property
    def is_current(self) -> bool:
        return self.path.is_file() and self.path.read_text(encoding="utf-8") == self.text


def pages(curriculum: Curriculum) -> list[Page]:
    """README.md and the picture as they should be. DojoError when README.md has no place for the table."""
    return [Page(README, with_table(_readme(), curriculum)), Page(PICTURE, picture(curriculum))]


def sync(curriculum: Curriculum, worker: Worker) -> Iterator[Path]:
    """Write the pages that are not current; yields each one written."""
    for make in (
        lambda: pages(curriculum),
        lambda: [Page(FINDING, finding(worker))],
    ):  # a fault in one spares the other
        for page in make():
            if not page.is_current:
                write_atomically(page.path, page.text)
                yield page.path


def complaints(curriculum: Curriculum) -> Iterator[str]:
    """The pages that are not current, and what to run."""
    try:
        found = pages(curriculum)
    except DojoError as error:
        yield str(error).replace("\n", " ")
        return
    for page in found:
        if not page.is_current:
            yield f"{page.path.relative_to(ROOT)} does not show the katas of the map: run `python -m dojo.maintain sync`"


def complaints_of_finding(worker: Worker) -> Iterator[str]:
    """The same for the picture of a finding, which takes a worker."""
    try:
        current = Page(FINDING, finding(worker)).is_current
    except DojoError as error:
        yield str(error).replace("\n", " ")
        return
    if not current:
        yield f"{FINDING.relative_to(ROOT)} is not what `check` says now: run `python -m dojo.maintain sync`"


def with_table(text: str, curriculum: Curriculum) -> str:
    """`text` with the table of katas between the markers. DojoError when they do not stand there, once and in order."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise DojoError(
            "README.md has no place for the table of katas.", f"Write `{BEGIN}` and `{END}`, each on a line of its own."
        )
    return f"{before}{BEGIN}\n\n{table(curriculum)}\n\n{END}{after}"


def table(curriculum: Curriculum) -> str:
    """The katas in Markdown, chapter by chapter, in the order of the map."""
    return "\n\n".join(map(_chapter, curriculum.chapters))


def _chapter(chapter: Chapter) -> str:
    head = f"**{chapter.number} · {chapter.title}**\n\n| kata | what it is about | builds on |\n|---|---|---|"
    return "\n".join([head, *map(_row, chapter.katas)])


def _row(kata: Kata) -> str:
    name = f"`{kata.name}`" + (" ★" if kata.capstone else "")
    title = kata.title.replace("|", "\\|") + (f" ({kata.tracks[0]} only)" if len(kata.tracks) == 1 else "")
    return f"| {name} | {title} | {', '.join(f'`{needed}`' for needed in kata.prerequisites)} |"


def picture(curriculum: Curriculum) -> str:
    """The map as the terminal draws it for somebody who has begun, as SVG."""
    from dojo.terminal import draw_map

    states = dict(zip(curriculum.names, EVENING, strict=False))
    standings = []
    for kata in curriculum.katas:
        needs = tuple(name for name in kata.prerequisites if states.get(name) != "passed")
        state = states.get(kata.name, "locked" if needs else "not-started")
        standings.append(Standing(kata, "numpy", state, 2, 2, None, needs))
    console = _recorder()
    draw_map(console, curriculum, standings)
    return _exported(console, "The map of katas in a terminal", "map")


def finding(worker: Worker) -> str:
    """What `check` says about a wrong answer, as SVG: it is really judged. DojoError when it is not refused."""
    from dojo.terminal import show_verdict

    kata, track, line, wrong = ANSWER
    source = solution_path(kata, track).read_text(encoding="utf-8")
    if source.count(line) != 1:
        raise DojoError(
            f"`{line}` does not stand once in the {track} reference of {kata}.", "Mend ANSWER in dojo/readme.py."
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{kata}.py"
        file.write_text(stubs.SOLUTION_IMPORT.sub(r"\1katas", source.replace(line, wrong)), encoding="utf-8")
        verdict = worker.check(kata, track, file)
    if verdict["status"] != "failed" or not verdict["findings"][0]["causes"]:
        raise DojoError(f"`{wrong}` in {kata} is not named: the verdict is {verdict['status']}.", "See dojo/readme.py.")
    shown = str(kata_path(kata, track).relative_to(ROOT))
    findings = [
        found | {"file": shown if found["file"] == str(file) else found["file"]} for found in verdict["findings"]
    ]
    console = _recorder()
    console.print(f"$ python grader.py check {kata}", style="dim")
    show_verdict(console, verdict | {"file": shown, "seconds": SECONDS, "findings": findings})
    return _exported(console, f"The verdict on a wrong {kata} in a terminal", "finding")


def _recorder() -> Console:
    return Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False
    )


def _exported(console: Console, title: str, name: str) -> str:
    drawn = console.export_svg(code_format=DRAWING.replace("{title}", title), unique_id=name)
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def _readme() -> str:
    try:
        return README.read_text(encoding="utf-8")
    except OSError as error:
        raise DojoError(
            f"{README} cannot be read: {error.strerror}.", "`git checkout README.md` brings it back."
        ) from None
