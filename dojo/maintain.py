"""For those who add katas: `python -m dojo.maintain sync | check | score | new NAME`.

`sync` writes the stubs from the solutions. `check` proves that everything fits together. `score` prints how well mistakes
are refused and named. `new NAME` lays out the files of a kata. Each complaint says what to run next.
"""

import json
import keyword
import os
import sys

import click
from rich.console import Console
from rich.table import Table

from dojo import readme
from dojo.agreement import (
    complaints_of_files,
    complaints_of_notebooks,
    complaints_of_stubs,
    present,
    replaceable,
    stub_of,
)
from dojo.curriculum import TRACKS, Kata
from dojo.errors import DojoError
from dojo.grading import write_atomically
from dojo.layout import entry, layout
from dojo.loading import ROOT, curriculum, install_finder, kata_path
from dojo.running.client import Worker
from dojo.waiting import counting


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
    with Worker() as worker:
        for path in readme.sync(curriculum(), worker):
            click.echo(f"wrote {path.relative_to(ROOT)}")


@maintain.command()
@click.option("--quick", is_flag=True, help="Leave out what runs katas.")
def check(quick: bool) -> None:
    """Prove that stubs, references, mistakes, tests and the map agree."""
    found = list(complaints_of_files())
    if not quick and not found:
        with Worker() as worker:
            for what, complaints in (("stubs", complaints_of_stubs), ("notebooks", complaints_of_notebooks)):
                with counting(f"judging {what}", len(curriculum().katas)) as tick:
                    found += complaints(worker, lambda _, tick=tick: tick())
            found += readme.complaints_of_finding(worker)
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


def judged_complaints(console: Console) -> list[str]:
    """Runs the score; its bars that are not met, and what went wrong when any is not."""
    total = show_score(console, list(curriculum().katas), False, False)
    return [f"score: {complaint}; `python -m dojo.maintain score --verbose` names the cases" for complaint in total]


def show_score(console: Console, katas: list[Kata], as_json: bool, verbose: bool) -> list[str]:
    """Judge every case of `katas`, print the table, and return the bars that are not met."""
    from dojo.scoring import Score, cases, judge_all, uncovered

    tracks = present(TRACKS)
    todo = [case for kata in katas for case in cases(kata, tracks)]
    total, rows = Score(), {kata.name: Score() for kata in katas}
    with counting("judging answers", len(todo)) as tick:
        judged = judge_all(todo, lambda _: tick())
    for case, verdict in judged:
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
