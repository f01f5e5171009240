"""The commands around the katas: training, pictures, notebooks, the report, the data, the installation. Imports as in cli.py."""

import json
from pathlib import Path

import click

from dojo.options import json_option, origin_option, out_option, track_option


@click.command()
@click.argument("name", required=False)
@track_option
@origin_option
@click.option("--data", "dataset", default=None, help="A data set (default: the real one if it can be had).")
@click.option("--epochs", type=click.IntRange(1, 1000), default=None, help="How many rounds over the data.")
@click.option("--seed", type=int, default=None, help="Where all randomness begins.  [default: 0]")
@click.option("--cell", default=None, help="What char_rnn remembers with: lstm, gru or rnn.  [default: lstm]")
@click.option(
    "--model", default=None, help="What translates: transformer, attention or seq2seq.  [default: transformer]"
)
@click.option(
    "--seeds", type=click.IntRange(1, 10), default=1, help="translate --compare: that many seeds from --seed on."
)
@out_option
@json_option
@click.option("--resume", is_flag=True, help="Go on after the last whole epoch, to the same end as without the stop.")
@click.option(
    "--compare",
    is_flag=True,
    help="A table: network and convnet with and without each regulariser; with translate, the three models.",
)
@click.pass_context
def train(ctx, **options):
    """Train a capstone on real data and draw what it learnt. Ctrl-C stops it and keeps what was reached.

    NAME is network, convnet, char_rnn or translate. The last is no kata: it trains transformer, or with --model the two
    kinds of seq2seq, to translate French sentences into English ones. `train transformer` is the same.

    What your file leaves to the dojo, such as convnet's steps, runs on your own katas as far as they are written, and
    on the references' where they are not; the first lines say which.

    \b
    Example: python grader.py train network --from solutions
    """
    from dojo.training import command

    ctx.exit(command(**options))


@click.command()
@click.argument("katas", nargs=-1)
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="Of BLAS and of PyTorch.")
@click.option("--quick", is_flag=True, help="A look in seconds: short blocks, nothing kept.")
@click.option("--plot", is_flag=True, help="Draw throughput against batch sizes from 1 to 1024.")
@out_option
@click.option("--history", is_flag=True, help="What was measured before, and what became slower.")
@click.option("--compare", nargs=2, metavar="RUN RUN", default=None, help="Two runs of the history side by side.")
@json_option
@click.pass_context
def bench(ctx, katas, **options):
    """How quick your katas are, beside the references and what PyTorch has ready. Without a name: all of them.

    Only files that are right are timed. It takes half a minute for each kata, and some minutes for a model: leave the
    machine alone meanwhile. The figures are kept in .benchmarks. Exit code 1: something was disturbed, or became slower.

    \b
    Example: python grader.py bench softmax --quick
    """
    from dojo.benching import command

    ctx.exit(command(katas, **options))


@click.command()
@click.argument("name", required=False)
@track_option
@origin_option
@out_option
@json_option
@click.pass_context
def picture(ctx, name, track, origin, out, as_json):
    """Draw the lesson of a kata with your functions; without a name, list what can be drawn.

    \b
    Example: python grader.py picture weight_init --from solutions
    """
    from dojo.pictures import picture as draw

    ctx.exit(draw(name, track, origin, out, as_json))


@click.command()
@click.argument("katas", nargs=-1)
@click.option("--again", is_flag=True, help="Write notebooks anew that you have worked in; a copy is kept first.")
def notebook(katas, again):
    """Write katas (without a name: all of them) as Jupyter notebooks, in the folder notebooks/.

    \b
    Example: python grader.py notebook softmax
    """
    from dojo.notebook import write
    from dojo.session import session
    from dojo.terminal import relative
    from dojo.waiting import counting

    with session("numpy") as grader:
        chosen = [grader.curriculum[name] for name in katas] or list(grader.curriculum.katas)
        told = []
        try:
            with counting("writing notebooks", len(chosen)) as tick:
                for path, what in write(chosen, grader.curriculum, grader.worker, again):
                    told.append(f"{relative(path)}: {what}")
                    tick()
        finally:
            click.echo("\n".join(told))  # below the bar, whatever ended it


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the page goes.")
@click.option("--open", "opened", is_flag=True, help="Show it in the browser.")
@json_option
def report(out, opened, as_json):
    """Write what you have done as one page: the map, attempts and time, mistakes you met, pictures.

    It goes to .dojo/report.html, loads nothing from anywhere, and can be sent as it is.

    \b
    Example: python grader.py report --open
    """
    from dojo.report import write
    from dojo.session import session
    from dojo.terminal import relative

    with session("numpy") as numpy, session("torch") as torch:
        path, numbers = write([numpy, torch], out)
    click.echo(
        json.dumps({"report": str(path.resolve()), **numbers}) if as_json else f"report: {relative(path.resolve())}"
    )
    if opened:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            click.echo("No browser was found here: open that file in one.", err=True)


@click.command()
@click.argument("names", nargs=-1)
@json_option
def data(names, as_json):
    """Where the data sets come from; with names, fetch them now.

    \b
    Example: python grader.py data mnist
    """
    import data as datasets

    if names:
        for name in names:
            fetched = datasets.fetch(name)
            click.echo(json.dumps({"name": name, "source": fetched.source}) if as_json else f"{name}: {fetched.source}")
        return
    for found in datasets.status():
        if as_json:
            click.echo(json.dumps(found._asdict()))
        else:
            size = f"{found.bytes / 1e6:.1f} MB" if found.bytes else "made on the spot"
            click.echo(f"{found.name:<14} {size:>16}  {found.origin}\n{'':<32}{found.licence}")


@click.command()
@json_option
@click.pass_context
def doctor(ctx, as_json):
    """Look over the installation and say what to mend.

    \b
    Example: python grader.py doctor
    """
    from dojo.doctor import examine

    findings = examine()
    for name, good, text in findings:
        if as_json:
            click.echo(json.dumps({"name": name, "good": good, "text": text}))
        else:
            click.echo(f"{'ok  ' if good else 'MEND'} {name}: {text}")
    ctx.exit(0 if all(good for _, good, _ in findings) else 1)


AROUND = (train, bench, picture, notebook, report, data, doctor)
