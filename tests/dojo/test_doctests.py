"""The references: the examples in their docstrings are true."""

import doctest
from pathlib import Path

import pytest

from dojo import stubs
from dojo.loading import ROOT, install_finder, load_path

SOLUTIONS = sorted(ROOT.glob("solutions/[nt]*/*.py"))


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_examples_of_a_solution_are_true(path: Path):
    if path.parent.name == "torch":
        pytest.importorskip("torch")
    install_finder("solutions")
    module = load_path(path, f"solutions.{path.parent.name}.{path.stem}")
    parser, runner, told = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False), []
    for name, line in stubs.functions(path.read_text(encoding="utf-8")).items():
        examples = parser.get_doctest(getattr(module, name).__doc__, dict(vars(module)), name, str(path), line)
        assert examples.examples, f"{name} has no example"
        runner.run(examples, out=told.append)
    assert not told, "".join(told)
