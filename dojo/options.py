"""What all commands share: a group that suggests near names and prints a DojoError plainly, `--track` and `--json`."""

import sys
from pathlib import Path

import click

from dojo.curriculum import TRACKS
from dojo.errors import DojoError, nearest


class Commands(click.Group):
    """A click group that suggests the nearest command, and turns a DojoError into a message and exit code 2."""

    def resolve_command(self, ctx, args):
        """As click does it, with a suggestion when there is no such command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            wish = nearest(args[0], list(self.commands))
            raise click.UsageError(f"There is no command {args[0]!r}. {wish}".rstrip(), ctx) from error

    def list_commands(self, ctx):
        """In the order of the source, which is the order a learner meets them."""
        return list(self.commands)

    def invoke(self, ctx):
        """Run a command; what a person can mend goes to standard error without a traceback."""
        try:
            return super().invoke(ctx)
        except DojoError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(0)


class Track(click.ParamType):
    """numpy or torch."""

    name = "track"

    def convert(self, value, param, ctx):
        """The track's name, or a usage error that suggests the nearest."""
        if value not in TRACKS:
            wish = nearest(value, list(TRACKS)) or "The tracks are numpy and torch."
            self.fail(f"There is no track {value!r}. {wish}", param, ctx)
        return value


track_option = click.option("--track", type=Track(), default="numpy", show_default=True, help="numpy or torch.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per line, for scripts.")
origin_option = click.option(
    "--from",
    "origin",
    type=click.Choice(["katas", "solutions"]),
    default="katas",
    show_default=True,
    help="Your functions, or the references.",
)
out_option = click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the picture goes.")
file_option = click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
    help="Take this file in place of the kata's own.",
)
