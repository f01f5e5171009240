"""`make start` and the versions it installs; a script stands in for Python and writes down what it is asked to do."""

import re
import shutil
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dojo.loading import ROOT

PYTHON = """#!/bin/sh
echo "$*" >> "$LOG"
case "$1 $2" in
    "--version ") echo "Python $VERSION" ;;
    "-c import"*) test "$VERSION" != 3.8.10 ;;
    "-m venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    "-m pip") test -z "$PIP_FAILS" ;;
esac
"""
TOOLS = ("make", "sh", "cat", "cksum", "cp", "mkdir", "mv", "rm")  # and no Python of the machine's own
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


@pytest.fixture
def start(tmp_path):
    """`start("NUMPY_ONLY=1")` runs `make start` in a folder with a space in its name; returns what pip was asked for."""
    root, tools, log, fake = (tmp_path / name for name in ("the dojo", "tools", "log", "fake"))
    root.mkdir()
    tools.mkdir()
    for name in TOOLS:
        (tools / name).symlink_to(shutil.which(name))
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, root)
    fake.write_text(PYTHON, encoding="utf-8")
    fake.chmod(0o755)

    def run(*arguments: str, version: str = "3.12.1", pip_fails: str = "", code: int = 0) -> list[str]:
        log.write_text("")
        environment = {"PATH": str(tools), "LOG": str(log), "VERSION": version, "PIP_FAILS": pip_fails}
        command = ["make", "start", f"PYTHON={fake}", *arguments]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
        assert (done.returncode != 0) == (code != 0), done.stdout + done.stderr
        run.said = done.stdout + done.stderr
        return re.findall(r"pip install .*-e (.*)", log.read_text())

    run.root = root
    return run


@needs_make
def test_the_first_start_installs_under_the_constraints_and_draws_the_map(start):
    assert start() == [".[torch,dev]"]
    assert "Making .venv with Python 3.12.1" in start.said and "the first time takes" in start.said


@needs_make
def test_a_second_start_installs_nothing_and_says_nothing(start):
    start()
    assert start() == [] and start.said == ""


@needs_make
def test_without_torch_first_and_with_it_later(start):
    assert start("NUMPY_ONLY=1") == [".[dev]"]
    assert start("NUMPY_ONLY=1") == []
    assert start() == [".[torch,dev]"]
    assert start("NUMPY_ONLY=1") == []  # more than enough is there


@needs_make
@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_other_requirements_are_installed(start, name):
    start()
    with open(start.root / name, "a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert start() == [".[torch,dev]"]


@needs_make
def test_an_installation_that_failed_is_tried_again(start):
    start(pip_fails="yes", code=1)
    assert "The installation stopped" in start.said and "NUMPY_ONLY=1" in start.said
    assert start() == [".[torch,dev]"]


@needs_make
def test_a_python_that_is_too_old_is_named(start):
    start(version="3.8.10", code=1)
    assert "needs Python 3.11 or newer" in start.said and "is Python 3.8.10" in start.said
    assert not (start.root / ".venv").exists()


def test_every_requirement_is_pinned_to_a_version_that_fits():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in project["dependencies"] + sum(project["optional-dependencies"].values(), []):
        wanted = Requirement(text)
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), text
    assert pins["torch"] == "2.13.0"
