"""The files that `maintain new` lays out for a kata: a trivial one that passes, whose parts show what belongs where."""

from pathlib import Path

from dojo.loading import ROOT, solution_path, test_path

SOLUTION = '''"""{name}: what it is, in one line."""

import {module}
from jaxtyping import Float


def {name}(x: Float[{array}, "N D"]) -> Float[{array}, "N D"]:
    """What it does, its formula, what it must survive.

    Source: …
    """
    return x + 0
'''
DERIVATION = """# {name}, backwards

Shapes first, then one element, then the matrix form.
"""
MISTAKES = '''"""Wrong answers to {name}."""

from solutions.mistakes import mistake
from solutions.numpy import {name} as right


@mistake("wrong-factor", says="it is twice what belongs here")
def {name}(x):
    return 2 * right.{name}(x)
'''
TESTS = '''"""{name}: what the tests look at."""

import numpy as np


def test_{name}_of_two_rows(kata):
    x = np.random.default_rng(0).normal(size=(2, 3))
    kata.assert_close(kata.{name}(x), x)
'''
ALTERNATIVE = '''"""Right answers to {name} in another style."""


def {name}__copied(x):
    return x.{copy}()
'''
ENTRY = """[[kata]]
name = "{name}"
chapter = {chapter}
title = "{title}"
prerequisites = []
hints = [
    "mild: what to look at in {name}",
    "clearer: where people go wrong in {name}",
    "explicit: the equation of {name} and its axes in words",
]
references = ["a book chapter, a paper or a video"]
[kata.forbidden]
numpy = []
torch = []
"""


def layout(name: str) -> dict[Path, str]:
    """The files of a new kata with their first lines, by path."""
    alternatives = ROOT / "tests" / "alternatives"
    return {
        solution_path(name, "numpy"): SOLUTION.format(name=name, module="numpy as np", array="np.ndarray"),
        solution_path(name, "torch"): SOLUTION.format(name=name, module="torch", array="torch.Tensor"),
        ROOT / "solutions" / "derivations" / f"{name}.md": DERIVATION.format(name=name),
        ROOT / "solutions" / "mistakes" / f"{name}.py": MISTAKES.format(name=name),
        test_path(name): TESTS.format(name=name),
        alternatives / "numpy" / f"{name}.py": ALTERNATIVE.format(name=name, copy="copy"),
        alternatives / "torch" / f"{name}.py": ALTERNATIVE.format(name=name, copy="clone"),
    }


def entry(name: str, chapter: int, title: str) -> str:
    """The kata's entry in katas/curriculum.toml."""
    return ENTRY.format(name=name, chapter=chapter, title=title.replace("\\", "\\\\").replace('"', '\\"'))
