"""The learner's commands. Every import that costs time is made inside the command that needs it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from dojo.commands import AROUND
from dojo.errors import DojoError
from dojo.options import Commands, file_option, json_option, origin_option, track_option


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@track_option
@json_option
@click.pass_context
def cli(ctx, track, as_json):
    """Learn how neural networks work by writing them.

    Without a command: grade what changed since the last verdict, then draw the map with the next kata.

    \b
    Example: python grader.py --track torch
    """
    if ctx.invoked_subcommand is not None:
        return
    with _grader(track) as grader:
        changed = grader.changed()
        verdicts = list(_graded(grader, changed, as_json))
        standings = list(grader.standings())
    if as_json:
        for standing in standings:
            line = {"kata": standing.kata.name, "track": track, "state": standing.state, "needs": standing.needs}
            click.echo(json.dumps(line | {"functions": {"done": standing.done, "total": standing.functions}}))
        return
    from dojo.terminal import draw_map, make_console, show_verdict

    console = make_console()
    for verdict in verdicts:
        if verdict["status"] != "not-started":
            show_verdict(console, verdict)
            console.print()
    draw_map(console, grader.curriculum, standings)


@cli.command()
@click.argument("katas", nargs=-1)
@track_option
@json_option
@file_option
@click.option("--all", "everything", is_flag=True, help="Every finding, with the input that failed.")
@click.option("--pdb", is_flag=True, help="Open the debugger where it fails.")
@click.pass_context
def check(ctx, katas, track, as_json, file, everything, pdb):
    """Judge katas now. Exit code 0: passed, 1: not yet.

    Without a name: all that are begun. The path of a notebook stands for its kata cells.

    \b
    Example: python grader.py check softmax --track torch
    """
    if file is not None and len(katas) != 1:
        raise click.UsageError("--file needs the name of one kata: `check softmax --file mine.py`")
    if pdb and (as_json or not sys.stdin.isatty()):
        raise click.UsageError("--pdb needs a terminal to talk to, and standard input or output is none here")
    with _grader(track) as grader:
        results = []
        for found in _judged(grader, katas, track, file, as_json):
            results.append(found["status"] == "passed")
            _show(found, as_json, everything)
            if pdb and not results[-1]:
                from dojo.debugging import open_at

                open_at(grader.curriculum[found["kata"]], found, file)
                ctx.exit(1)
    if not results and not as_json:
        click.echo("No kata is begun yet. `python grader.py` shows the map and the first one.")
    ctx.exit(0 if results and all(results) else 1)


@cli.command()
@click.argument("kata", required=False)
@track_option
def watch(kata, track):
    """Judge at every save, and show the verdict. Keys: h hint, c compare, n next, q quit.

    \b
    Example: python grader.py watch softmax
    """
    from dojo.watching import watch as watch_katas

    with _grader(track) as grader:
        if kata is not None:
            _on_track(grader.curriculum[kata], track)
        watch_katas(grader, kata)


@cli.command()
@click.argument("kata")
@track_option
@json_option
def hint(kata, track, as_json):
    """One hint, one step further at each call. The answer is never among them.

    \b
    Example: python grader.py hint softmax
    """
    with _grader(track) as grader:
        found = grader.hint(_on_track(grader.curriculum[kata], track))
    if as_json:
        click.echo(json.dumps({"kata": kata, "track": track} | found))
        return
    from dojo.terminal import make_console, show_hint

    show_hint(make_console(), found)


@cli.command()
@click.argument("kata")
@track_option
@click.option("--spoil", is_flag=True, help="Show the references although the kata has not passed.")
@click.pass_context
def compare(ctx, kata, track, spoil):
    """Your file beside both references: the code, the derivation, the largest difference, the speed.

    \b
    Example: python grader.py compare softmax
    """
    from dojo.comparing import compare as compare_kata

    with _grader(track) as grader:
        ctx.exit(compare_kata(grader, _on_track(grader.curriculum[kata], track), spoil))


@cli.command()
@click.argument("kata")
@click.argument("function", required=False)
@track_option
@origin_option
@file_option
@json_option
@click.pass_context
def trace(ctx, kata, function, track, origin, file, as_json):
    """Every value that your code computes on a test's input, line by line, beside the reference's.

    It takes the first call that fails, or the first of all; without a FUNCTION, the one your last mistake is in.

    \b
    Example: python grader.py trace softmax softmax_backward
    """
    from dojo.tracing import trace as trace_kata

    if file is not None and origin == "solutions":
        raise click.UsageError("--file and --from solutions name two different files")
    with _grader(track) as grader:
        spec = _on_track(grader.curriculum[kata], track)
        ctx.exit(trace_kata(grader, spec, function, file, origin, as_json))


@cli.command()
@click.argument("kata")
@track_option
def reset(kata, track):
    """Bring the stub of a kata back. Your file is kept as a backup first.

    \b
    Example: python grader.py reset softmax
    """
    from dojo.loading import kata_path
    from dojo.terminal import relative

    with _grader(track) as grader:
        kept = grader.reset(_on_track(grader.curriculum[kata], track))
    if kept is not None:
        click.echo(f"your file is kept as {relative(kept)}")
    click.echo(f"{relative(kata_path(kata, track))} is the stub again")


for command in AROUND:
    cli.add_command(command)


def _grader(track: str):
    from dojo.session import session

    return session(track)


def _on_track(kata, track: str):
    if track not in kata.tracks:
        raise DojoError(f"{kata.name} has no {track} track.", f"`--track {kata.tracks[0]}` is there.")
    return kata


def _graded(grader, changed, as_json: bool) -> Iterator[dict]:
    """The verdicts on katas that have changed."""
    from dojo.waiting import counting

    with counting("judging", len(changed), as_json) as tick:
        for kata in changed:
            yield grader.grade(kata)
            tick()


def _judged(grader, names, track: str, file: Path | None, as_json: bool) -> Iterator[dict]:
    """The verdicts that `check` was asked for: on katas by name, on the kata cells of notebooks, or on all that is begun."""
    from dojo.waiting import busy

    katas = [None if name.endswith(".ipynb") else _on_track(grader.curriculum[name], track) for name in names]
    for name, kata in zip(names, katas, strict=True) if names else ((kata.name, kata) for kata in grader.begun()):
        grader.worker.start()
        if kata is None:
            from dojo.notebook import grade

            yield from grade(Path(name), grader.curriculum, grader.worker)
        else:
            with busy(f"judging {name}", as_json):
                found = grader.worker.check(name, track, file) if file is not None else grader.grade(kata)
            yield found


def _show(verdict: dict, as_json: bool, everything: bool) -> None:
    if as_json:
        click.echo(json.dumps(verdict))
        return
    from dojo.terminal import make_console, show_verdict

    show_verdict(make_console(), verdict, everything)


def main() -> None:
    """Run the command line; the exit code is 0 for a pass, 1 for not yet, 2 for wrong usage."""
    try:
        code = cli.main(prog_name="grader.py", standalone_mode=False)  # click hands over what `ctx.exit` was given
        sys.exit(code if isinstance(code, int) else 0)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
