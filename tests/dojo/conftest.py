"""Shared by the tests of the dojo: warnings are errors here, and commands run in fresh checkouts."""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from filelock import FileLock

from dojo import readme, stubs
from dojo.loading import ROOT

HERE = Path(__file__).parent
PARTS = ("dojo", "data", "solutions", "tests/katas", "tests/alternatives", "grader.py", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "cache", ".*")
OWN = ("PYTEST_", "COV_", "DOJO_")  # what a run of these tests sets, and a fresh checkout must not see
FRUGAL = {"DOJO_AHEAD": "no"}  # a worker of a test makes nothing that it may not need
CHANGED = {"COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "PYTHONPATH", "PYTHONWARNINGS"}


os.environ |= FRUGAL


def pytest_collection_modifyitems(items):
    """A warning fails a test of this folder, unless the test says otherwise."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
            item.add_marker(pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning"))  # it runs sh at once


def changed(solution: Path, changes) -> str:
    """A reference as a learner's file; each change is (text that stands there once, text instead)."""
    source = stubs.SOLUTION_IMPORT.sub(r"\1katas", solution.read_text(encoding="utf-8"))
    for old, new in changes:
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {solution.stem}"
        source = source.replace(old, new)
    return source


class Checkout:
    """A copy of the repository whose katas are all stubs; commands run in it as a learner runs them."""

    def __init__(self, root: Path):
        self.root = root

    def kata(self, name: str, track: str = "numpy") -> Path:
        """The learner's file of a kata."""
        return self.root / "katas" / track / f"{name}.py"

    def solve(self, name: str, track: str = "numpy", *changes: tuple[str, str]) -> Path:
        """Write the reference as the learner's answer; each change is (text that stands there once, text instead)."""
        source = changed(self.root / "solutions" / track / f"{name}.py", changes)
        self.kata(name, track).write_text(source, encoding="utf-8")
        return self.kata(name, track)

    def save(self, name: str, text: str, track: str = "numpy") -> None:
        """Save a kata as most editors do: a new file takes the place of the old one."""
        draft = self.kata(name, track).with_suffix(".draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(self.kata(name, track))

    def run(self, *command: str, cwd: Path | None = None, stdin: str = "", **environment: str):
        """Run Python with `command` in the checkout; returns the CompletedProcess with text output."""
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(OWN) and key not in CHANGED
        } | FRUGAL
        return subprocess.run(
            [sys.executable, *command],
            cwd=cwd or self.root,
            env=kept | environment,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    def grader(self, *arguments: str, **options):
        """`python grader.py …`."""
        return self.run(str(self.root / "grader.py"), *arguments, **options)

    @contextmanager
    def terminal(self, command: str, columns: int = 100, kind: str = "dumb"):
        """A terminal in which `python grader.py COMMAND` runs; when that is over it says `code N` and `reset yes`.

        `reset no` means that the command has left the terminal with other settings than it found. A `dumb` terminal
        gets no colours, and is taken to be 80 columns wide.
        """
        run = f'"{sys.executable}" grader.py {command}'
        script = f'trap : INT; was=$(stty -g); {run}; echo "code $?"; test "$was" = "$(stty -g)" && echo reset yes || echo reset no'
        place = {"cwd": str(self.root), "env": {"PATH": "/usr/bin:/bin", "TERM": kind}}
        screen = pexpect.spawn("/bin/sh", ["-c", script], encoding="utf-8", dimensions=(40, columns), **place)
        try:
            yield screen
        finally:
            screen.close(force=True)

    @staticmethod
    def left(written: str) -> list[str]:
        """The lines that stay of what was written to a terminal, without colours and what was erased again."""
        plain = re.sub(r"\x1b\[(?:[0-9;]*m|\?25[hl]|1A)|\r", "", written)
        return [line.rpartition("\x1b[2K")[2] for line in plain.splitlines()]

    def verdict(self, *arguments: str, **options) -> dict:
        """The verdict of `python grader.py check … --json`, which is one line."""
        (line,) = self.grader("check", *arguments, "--json", **options).stdout.splitlines()
        return json.loads(line)

    def pytest(self, *arguments: str, **options):
        """`python -m pytest …`, without a plugin that takes longer to end than the tests take to run."""
        return self.run("-m", "pytest", "-p", "no:hypothesispytest", *arguments, **options)

    def maintain(self, *arguments: str, **options):
        """`python -m dojo.maintain …`."""
        return self.run("-m", "dojo.maintain", *arguments, **options)


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def once(shared):
    """`once(name, make)`: the folder `name`, filled by `make(folder)` in the first process that asks for it."""

    def get(name: str, make) -> Path:
        folder = shared / name
        with FileLock(shared / f"{name}.lock"):
            if not folder.exists():
                draft = shared / f"{name}.draft"
                draft.mkdir()
                make(draft)
                draft.rename(folder)
        return folder

    return get


@pytest.fixture(scope="session")
def template(once) -> Path:
    """What every fresh checkout is copied from."""
    return once("template", lay_out)


def lay_out(root: Path) -> None:
    """A checkout with all that `maintain sync` makes, whatever somebody has written in this one; modules compiled."""
    for part in PARTS:
        source, target = ROOT / part, root / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=LEFT_OUT)
        else:
            shutil.copy2(source, target)
    (root / "katas").mkdir()
    shutil.copy2(ROOT / "katas" / "curriculum.toml", root / "katas" / "curriculum.toml")
    (root / "README.md").write_text(f"# A checkout\n\n{readme.BEGIN}\n{readme.END}\n", encoding="utf-8")
    for module in (["compileall", "-q", "dojo", "data"], ["dojo.maintain", "sync"]):
        subprocess.run([sys.executable, "-m", *module], cwd=root, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def new_checkout(template):
    """`new_checkout(folder)`: a fresh checkout at a folder that does not exist yet."""
    return lambda folder: Checkout(shutil.copytree(template, folder))


@pytest.fixture
def checkout(new_checkout, tmp_path) -> Checkout:
    """A fresh checkout: nothing solved, nothing judged."""
    return new_checkout(tmp_path / "checkout")


@pytest.fixture(scope="session")
def quiet_checkout(template) -> Checkout:
    """A checkout that tests share and must leave as it is."""
    return Checkout(template)


class Desk:
    """Commands as a Checkout has them, without a process for each: they run here, on one worker that stays warm, and judge
    the files of a folder through `--file`."""

    def __init__(self, root: Path, worker):
        self.root, self.worker = root, worker

    def kata(self, name: str, track: str = "numpy") -> Path:
        """The learner's file of a kata; a stub until it is solved."""
        path = self.root / track / f"{name}.py"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(stubs.make_stub((ROOT / "solutions" / track / path.name).read_text("utf-8")), "utf-8")
        return path

    def solve(self, name: str, track: str = "numpy", *changes: tuple[str, str]) -> Path:
        """As a Checkout's."""
        source = changed(ROOT / "solutions" / track / f"{name}.py", changes)
        self.kata(name, track).write_text(source, encoding="utf-8")
        return self.kata(name, track)

    def save(self, name: str, text: str, track: str = "numpy") -> None:
        """As a Checkout's."""
        self.kata(name, track).write_text(text, encoding="utf-8")

    def grader(self, command: str, kata: str, *arguments: str):
        """What `python grader.py COMMAND KATA …` would print and return."""
        from click.testing import CliRunner

        from dojo.cli import cli

        track = arguments[arguments.index("--track") + 1] if "--track" in arguments else "numpy"
        file = [] if {"--file", "--from"} & {*arguments} else ["--file", str(self.kata(kata, track))]
        done = CliRunner().invoke(cli, [command, kata, *arguments, *file], standalone_mode=False)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        code = done.return_value if isinstance(done.return_value, int) else done.exit_code
        return subprocess.CompletedProcess(command, code, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def warm_worker():
    """One worker for all tests that ask for it."""
    from dojo.running.client import Worker

    with Worker() as worker:
        yield worker


@pytest.fixture
def desk(warm_worker, tmp_path, monkeypatch) -> Desk:
    """A Desk with nothing on it; progress goes to a file of its own."""
    from dojo import session
    from dojo.grading import Grader
    from dojo.loading import curriculum
    from dojo.progress import Progress

    @contextmanager
    def shared(track: str):
        yield Grader(curriculum(), track, Progress(tmp_path / "progress.sqlite"), warm_worker)

    monkeypatch.setattr(session, "session", shared)
    return Desk(tmp_path / "desk", warm_worker)
