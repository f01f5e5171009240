"""For those who add katas: `python -m dojo.maintain sync | check | score | new NAME`.

`sync` writes the stubs from the solutions. `check` proves that everything fits together. `score` prints how well mistakes
are refused and named. `new NAME` lays out the files of a kata. Each complaint says what to run next.
"""

import json
import keyword
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from dojo import readme, stubs
from dojo.curriculum import TRACKS, Kata
from dojo.errors import DojoError
from dojo.grading import write_atomically
from dojo.layout import entry, layout
from dojo.loading import ROOT, curriculum, install_finder, kata_path, mistakes, solution_path
from dojo.running.client import Worker

FEWEST_MISTAKES = 6
FOLDERS = {  # where each kata has a file, and how it is called
    "solutions/derivations": "{}.md",
    "solutions/mistakes": "{}.py",
    "tests/katas": "test_{}.py",
    "tests/alternatives/numpy": "{}.py",
}


@click.group()
def maintain() -> None:
    """Keep the katas, their stubs, tests and mistakes consistent."""


@maintain.command()
def sync() -> None:
    """Write every stub from its solution, and the katas in README.md; katas that somebody has edited are left alone."""
    for kata in curriculum().katas:
        for track in kata.tracks:
            path, stub = kata_path(kata.name, track), stub_of(kata.name, track)
            if path.exists() and path.read_text(encoding="utf-8") == stub:
                continue
            if path.exists() and not replaceable(path):
                click.echo(
                    f"left alone, it is edited: {path.relative_to(ROOT)} (`grader.py reset {kata.name}` brings the stub)"
                )
                continue
            write_atomically(path, stub)
            click.echo(f"wrote {path.relative_to(ROOT)}")
    for path in readme.sync(curriculum()):
        click.echo(f"wrote {path.relative_to(ROOT)}")


@maintain.command()
@click.option("--quick", is_flag=True, help="Leave out what runs katas.")
def check(quick: bool) -> None:
    """Prove that stubs, references, mistakes, tests and the map agree."""
    found = list(complaints_of_files())
    if not quick and not found:
        found += [*complaints_of_stubs()]
        found += judged_complaints(Console(emoji=False))
    for complaint in found:
        click.echo(complaint)
    count = f"{len(found)} complaint{'s' if len(found) > 1 else ''}"
    click.echo(f"maintain check: {count if found else 'everything agrees'}")
    sys.exit(1 if found else 0)


@maintain.command()
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per case.")
@click.option("--verbose", is_flag=True, help="Say which cases went wrong, and how.")
def score(names: tuple[str, ...], as_json: bool, verbose: bool) -> None:
    """Refused, named and misnamed, with the bank and with the entry under test left out."""
    chosen = [curriculum()[name] for name in names] or list(curriculum().katas)
    sys.exit(1 if show_score(Console(emoji=False), chosen, as_json, verbose) else 0)


@maintain.command()
@click.argument("name")
@click.option("--chapter", type=int, required=True, help="The chapter it belongs to.")
@click.option("--title", default="what it is about", help="A few words for the map.")
def new(name: str, chapter: int, title: str) -> None:
    """Lay out the files of a new kata; every one holds a line that says what belongs there."""
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise click.UsageError(
            f"{name!r} is not a name for a kata: begin with a letter, go on with letters, digits and _"
        )
    if name in curriculum().names:
        raise click.UsageError(f"there is a kata called {name} already: `python grader.py` shows the map")
    files = layout(name)
    for path in files:
        if path.exists():
            raise click.UsageError(f"{path.relative_to(ROOT)} exists already; move it away first")
    for path, text in files.items():
        write_atomically(path, text)
        click.echo(f"wrote {path.relative_to(ROOT)}")
    click.echo(
        f"\nNow add this to katas/curriculum.toml, where the kata stands on the map:\n\n{entry(name, chapter, title)}"
    )
    click.echo(
        "then write the reference, and `python -m dojo.maintain sync` makes the stubs. CONTRIBUTING.md says the rest."
    )


# ---------------------------------------------------------------------- stubs


def stub_of(name: str, track: str) -> str:
    """The stub as `sync` writes it."""
    return stubs.make_stub(solution_path(name, track).read_text(encoding="utf-8"))


def replaceable(path: Path) -> bool:
    """Whether a kata file holds nothing of a learner's: every function is unfinished and git knows its very text."""
    import subprocess

    source = path.read_text(encoding="utf-8")
    try:
        if set(stubs.functions(source)) - set(stubs.unfinished(source)):
            return False
    except SyntaxError:
        return False
    git = ["git", "-C", str(ROOT), "show", f"HEAD:{path.relative_to(ROOT).as_posix()}"]
    try:
        known = subprocess.run(git, capture_output=True, text=True, encoding="utf-8")
    except OSError:  # no git here
        return True
    return known.returncode != 0 or known.stdout == source


# ---------------------------------------------------------------------- check


def complaints_of_files() -> Iterator[str]:
    """What is missing, unlisted, or does not agree, told from the files alone."""
    katas = curriculum().katas
    names = {kata.name for kata in katas}
    hints: dict[str, str] = {}
    for kata in katas:
        yield from _missing_files(kata)
        yield from _disagreements(kata)
        for hint in kata.hints:
            if hint in hints:
                yield f"{kata.name}: a hint also serves {hints[hint]}; write one of its own in katas/curriculum.toml"
            hints[hint] = kata.name
    for track in TRACKS:
        for folder in (ROOT / "katas" / track, ROOT / "solutions" / track):
            for path in sorted(folder.glob("*.py")):
                if path.stem not in names:
                    yield f"{path.relative_to(ROOT)} is not on the map: add it to katas/curriculum.toml or remove it"
    for folder, pattern in FOLDERS.items():
        for path in sorted((ROOT / folder).glob(pattern.format("*"))):
            stem = path.stem.removeprefix("test_") if "test_" in pattern else path.stem
            if stem not in names and stem != "__init__":
                yield f"{path.relative_to(ROOT)} belongs to no kata of the map: add it to katas/curriculum.toml or remove it"
    yield from readme.complaints(curriculum())


def _missing_files(kata: Kata) -> Iterator[str]:
    for track in kata.tracks:
        for path in (solution_path(kata.name, track), kata_path(kata.name, track)):
            if not path.is_file():
                yield f"{path.relative_to(ROOT)} is missing: `python -m dojo.maintain sync` writes stubs, solutions are yours to write"
    for folder, pattern in FOLDERS.items():
        path = ROOT / folder / pattern.format(kata.name)
        if not path.is_file():
            yield f"{path.relative_to(ROOT)} is missing: write it (`python -m dojo.maintain new NAME` shows how they begin)"


def _disagreements(kata: Kata) -> Iterator[str]:
    defined = {}
    for track in kata.tracks:
        path = solution_path(kata.name, track)
        if not path.is_file():
            return
        try:
            defined[track] = list(stubs.functions(path.read_text(encoding="utf-8")))
        except SyntaxError as error:
            yield f"{path.relative_to(ROOT)}:{error.lineno}: is not Python: {error.msg}; mend it"
            return
        stub = kata_path(kata.name, track)
        if stub.is_file():
            source = stub.read_text(encoding="utf-8")
            untouched = _all_unfinished(source)
            if untouched and source != stub_of(kata.name, track):
                yield f"{stub.relative_to(ROOT)} is not what its solution makes: run `python -m dojo.maintain sync`"
    if len(defined) == 2:
        forward = [name for name in defined["numpy"] if not name.endswith("_backward")]
        if forward != defined["torch"]:
            yield f"{kata.name}: numpy has {', '.join(forward)}; torch has {', '.join(defined['torch'])}: give both the same names and order"
    try:
        entries = mistakes(kata.name)
    except Exception as error:
        yield f"solutions/mistakes/{kata.name}.py does not import: {type(error).__name__}: {error}; mend it"
        return
    if len(entries) < FEWEST_MISTAKES:
        yield f"{kata.name}: {len(entries)} mistakes; write at least {FEWEST_MISTAKES} in solutions/mistakes/{kata.name}.py"
    seen = set()
    for mistake in entries:
        key = (mistake.__name__, mistake.cause)  # type: ignore[attr-defined]
        if key in seen:
            yield f"{kata.name}: two mistakes of {key[0]} have the cause {key[1]}: give one another cause, or drop it"
        seen.add(key)
        if mistake.__name__ not in defined.get(mistake.track, []):  # type: ignore[attr-defined]
            yield f"{kata.name}: a mistake overrides {mistake.__name__}, which the reference does not define"


def _all_unfinished(source: str) -> bool:
    try:
        return set(stubs.functions(source)) <= set(stubs.unfinished(source))
    except SyntaxError:
        return False


def complaints_of_stubs() -> Iterator[str]:
    """Every stub, freshly made in a temporary folder, must be judged `not-started`."""
    with tempfile.TemporaryDirectory() as folder, Worker() as worker:
        for kata in curriculum().katas:
            for track in _present(kata.tracks):
                path = Path(folder) / f"{track}_{kata.name}.py"
                path.write_text(stub_of(kata.name, track), encoding="utf-8")
                status = worker.check(kata.name, track, file=path)["status"]
                if status != "not-started":
                    yield f"the {track} stub of {kata.name} is judged {status}, not not-started: see dojo/stubs.py"


def judged_complaints(console: Console) -> list[str]:
    """Runs the score; its bars that are not met, and what went wrong when any is not."""
    total = show_score(console, list(curriculum().katas), False, False)
    return [f"score: {complaint}; `python -m dojo.maintain score --verbose` names the cases" for complaint in total]


def show_score(console: Console, katas: list[Kata], as_json: bool, verbose: bool) -> list[str]:
    """Judge every case of `katas`, print the table, and return the bars that are not met."""
    from dojo.scoring import Score, cases, judge_all, uncovered

    tracks = _present(TRACKS)
    todo = [case for kata in katas for case in cases(kata, tracks)]
    total, rows = Score(), {kata.name: Score() for kata in katas}
    for case, verdict in judge_all(todo):
        for tally in (total, rows[case.kata]):
            tally.enter(case, verdict)
        if as_json:
            click.echo(json.dumps(vars(case) | {"status": verdict["status"], "findings": verdict["findings"]}))
    if not as_json:
        console.print(_table({**rows, "all": total} if len(rows) > 1 else rows))
        if len(tracks) < len(TRACKS):
            console.print("torch is not installed: its track was left out")
        rest = uncovered(curriculum().katas)
        if verbose:
            for complaint in total.complaints:
                console.print(complaint, markup=False, soft_wrap=True)
            console.print(f"causes that no mistake has yet: {', '.join(rest) or 'none'}")
    return total.below()


def _table(rows: dict) -> Table:
    made = Table(box=None, pad_edge=False)
    made.add_column("kata")
    titles = ("right accepted", "wrong refused", "placed", "named", "misnamed", "named*", "misnamed*")
    for title in titles:
        made.add_column(title, justify="right")
    for name, tally in rows.items():
        made.add_row(name, *tally.row())
    made.caption = "* with the entry under test left out of the bank"
    return made


def _present(tracks) -> list[str]:
    """The tracks that can run here."""
    import importlib.util

    return [track for track in tracks if track != "torch" or importlib.util.find_spec("torch") is not None]


def main() -> None:
    """Run the command line; DojoErrors become a message and exit code 2."""
    try:
        os.chdir(ROOT)  # what it says and draws is the same wherever it is run
        install_finder()  # the mistakes import solutions
        maintain()
    except DojoError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
