"""The library behind `grader.py`: it runs a learner's kata, judges it, and names the mistake."""


def load_ipython_extension(shell) -> None:
    """`%load_ext dojo` in a notebook: the magics `%%kata`, `%check` and `%%picture`."""
    from dojo.notebook.magic import load

    load(shell)
