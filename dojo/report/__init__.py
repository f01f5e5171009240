"""The door to `grader.py report`: what a learner has done so far, as one page that needs no network."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from dojo.errors import DojoError
from dojo.grading import Grader
from dojo.loading import ROOT

PLACE = ROOT / ".dojo" / "report.html"
FOLDER = Path(__file__).parent


def write(graders: Sequence[Grader], out: Path | None = None) -> tuple[Path, dict]:
    """Write the page to `out` (or its place in .dojo), whole or not at all; its path, and the numbers in it.

    `graders` has one for each track, over the same progress; nothing is run. DojoError when the disk refuses.
    """
    from dojo.training.keeping import write_whole

    path = Path(out) if out is not None else PLACE
    if path.is_dir():
        raise DojoError(
            f"{path} is a folder; the report needs the name of a file.", f"For example `--out {path / 'report.html'}`."
        )
    page = told(graders, datetime.now().astimezone())
    text = render(page)
    write_whole(path, lambda place: place.write_text(text, encoding="utf-8"))
    tracks = {track.name: {"passed": track.passed, "of": track.total} for track in page["tracks"]}
    causes = [{"cause": met.cause, "times": met.times} for met in page["causes"]]
    attempts = sum(effort.attempts for effort in page["efforts"])
    return path, {"tracks": tracks, "attempts": attempts, "causes": causes, "pictures": len(page["pictures"])}


def told(graders: Sequence[Grader], now: datetime) -> dict:
    """Everything that stands on the page, by the names of its template."""
    from dojo.report.pictures import pictures
    from dojo.report.story import causes, chapters, efforts, tracks
    from dojo.report.throughput import throughput

    progress, curriculum = graders[0].progress, graders[0].curriculum
    attempts = progress.history()
    begun = efforts(attempts, progress, curriculum)
    return {
        "now": now,
        "tracks": tracks(graders),
        "chapters": chapters(graders),
        "efforts": begun,
        "spent": sum((effort.spent for effort in begun), timedelta()),
        "causes": causes(attempts, progress.causes()),
        "pictures": pictures(ROOT / ".dojo" / "pictures", curriculum),
        "throughput": throughput(ROOT),
    }


def render(page: dict) -> str:
    """The page as HTML, with its style inside and everything that came from elsewhere escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from dojo.diagnosis.findings import readable
    from dojo.report import words

    environment = Environment(
        loader=FileSystemLoader(FOLDER, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": words.moment, "iso": words.iso, "took": words.took, "times": words.times}
    environment.filters |= {"number": words.number, "plain": readable}
    return environment.get_template("page.html").render(page)
