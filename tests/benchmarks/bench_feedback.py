"""How quick the feedback is: the map, a check from cold, and the time from a save to its verdict in `watch`.

Run it with `make bench`, which keeps the figures in the history of `grader.py bench`, or as a script. It works in a copy of the checkout and asserts nothing about time; the bars
that the project has set itself stand beside the figures.
"""

import ast
import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dojo import stubs  # noqa: E402
from dojo.loading import curriculum  # noqa: E402

PARTS = ("dojo", "data", "katas", "solutions", "tests/katas", "grader.py", "pyproject.toml")
CHAPTERS = (1, 2)
LEFT_OUT = (".venv", ".dojo", ".benchmarks", "__pycache__", "notebooks")
RUNS = 9  # of a whole process
WRONG = 3  # wrong answers for each kata and track
STILL = 0.05  # seconds without a byte after which a verdict counts as printed
PATIENCE = 15  # seconds for a verdict to come at all
VERDICT = re.compile(r"^\S (\w+) \((?:numpy|torch)\) (.+?) · ", re.MULTILINE)
SWAPPED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}


@dataclass
class Figure:
    """Seconds measured for one thing, with the bars for their median and the worst of them."""

    name: str
    bar: float
    bar_of_worst: float | None = None
    seconds: list[float] = field(default_factory=list)
    slowest: str = ""

    def add(self, seconds: float, what: str = "") -> None:
        """Take one measurement down."""
        if not self.seconds or seconds > max(self.seconds):
            self.slowest = what
        self.seconds.append(seconds)

    def row(self) -> str:
        """The line of the report."""
        worst = f"{self.bar_of_worst:.2f}" if self.bar_of_worst else ""
        cells = f"{self.name:<44}{len(self.seconds):>5}{median(self.seconds):>9.3f}{self.bar:>6.2f}"
        return f"{cells}{max(self.seconds):>9.3f}{worst:>6}  {self.slowest}".rstrip()


# ---------------------------------------------------------------------- a checkout with every kata solved


def copy_checkout(root: Path) -> None:
    """A copy in which every kata holds its reference, and `.venv` is the environment that runs this."""
    for part in PARTS:
        source, target = ROOT / part, root / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "cache"))
        else:
            shutil.copy2(source, target)
    (root / ".venv").symlink_to(sys.prefix)
    for kata in curriculum().katas:
        for track in kata.tracks:
            save(root / "katas" / track / f"{kata.name}.py", right(kata.name, track))


def right(kata: str, track: str) -> str:
    """The reference as a learner's file."""
    text = (ROOT / "solutions" / track / f"{kata}.py").read_text(encoding="utf-8")
    return stubs.SOLUTION_IMPORT.sub(r"\1katas", text)


def wrong(source: str) -> list[str]:
    """Up to WRONG wrong answers: in each, one operator of the source is another one, spread over the file."""
    spots = [
        n for n, node in enumerate(ast.walk(ast.parse(source))) if isinstance(node, ast.BinOp) and _swappable(node)
    ]
    chosen = [spots[round(i * (len(spots) - 1) / max(WRONG - 1, 1))] for i in range(WRONG)] if spots else []
    return [_with_another_operator(source, spot) for spot in dict.fromkeys(chosen)]


def _swappable(node: ast.BinOp) -> bool:
    return type(node.op) in SWAPPED or isinstance(node.op, ast.MatMult)


def _with_another_operator(source: str, spot: int) -> str:
    tree = ast.parse(source)
    node = list(ast.walk(tree))[spot]
    assert isinstance(node, ast.BinOp)
    if isinstance(node.op, ast.MatMult):
        node.left, node.right = node.right, node.left
    else:
        node.op = SWAPPED[type(node.op)]()
    return ast.unparse(tree) + "\n"


def save(path: Path, text: str) -> float:
    """Save as editors do, by a rename; returns the moment of the rename."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
    return time.perf_counter()


# ---------------------------------------------------------------------- watching the watch


class Screen:
    """`grader.py watch` in a terminal of its own; what it prints is read with the time at which it came."""

    def __init__(self, root: Path, track: str, kata: str):
        self.pid, self.door = pty.fork()
        if self.pid == 0:
            os.chdir(root)
            os.environ["TERM"] = "dumb"
            os.execv(sys.executable, [sys.executable, "grader.py", "watch", kata, "--track", track])
        self.verdict(kata)

    def verdict(self, kata: str) -> tuple[str, float]:
        """The status of the next verdict on `kata`, and the moment at which its last byte came."""
        text, last, deadline = "", 0.0, time.perf_counter() + PATIENCE
        while True:
            found = [status for name, status in VERDICT.findall(text) if name == kata]
            ready, _, _ = select.select([self.door], [], [], STILL if found else 0.5)
            if ready:
                with contextlib.suppress(OSError):
                    text += os.read(self.door, 1 << 16).decode("utf-8", "replace").replace("\r\n", "\n")
                    last = time.perf_counter()
            elif found:
                return found[-1], last
            if time.perf_counter() > deadline:
                raise TimeoutError(f"no verdict on {kata} after {PATIENCE} s; the screen says {text!r}")

    def close(self) -> None:
        """Quit."""
        with contextlib.suppress(OSError):
            os.write(self.door, b"q")
        time.sleep(0.3)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.door)


def saves(root: Path, track: str) -> Iterator[tuple[str, str, float]]:
    """Kata, status and seconds from the save to the printed verdict: wrong and right answers by turns."""
    katas = [kata.name for kata in curriculum().katas if kata.chapter in CHAPTERS and track in kata.tracks]
    screen = Screen(root, track, katas[0])
    try:
        for kata in katas:
            path, good = root / "katas" / track / f"{kata}.py", right(kata, track)
            save(path, good)  # the first verdict on a kata is not warm yet
            screen.verdict(kata)
            for bad in wrong(good):
                for text in (bad, f"{good}\n# saved again\n"):
                    time.sleep(0.15)
                    saved = save(path, text)
                    status, printed = screen.verdict(kata)
                    yield kata, status, printed - saved
    finally:
        screen.close()


# ---------------------------------------------------------------------- the figures


def whole_processes(root: Path) -> Iterator[Figure]:
    """`python grader.py` with nothing changed, and one check from cold, as somebody types them."""
    environment = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
    python = getattr(sys, "_base_executable", sys.executable)
    commands = (
        ("grader.py, nothing changed", [], Figure("grader.py with nothing changed", 0.25)),
        ("check", ["check", "softmax", "--track", "numpy"], Figure("check softmax, cold", 1.0)),
    )
    for _, arguments, figure in commands:
        for run in range(RUNS + 1):
            started = time.perf_counter()
            done = subprocess.run([python, "grader.py", *arguments], cwd=root, env=environment, capture_output=True)
            assert done.returncode == 0, done.stderr.decode()
            if run:  # the first one judges what has changed, and fills the system's caches
                figure.add(time.perf_counter() - started)
        yield figure


def save_to_verdict(root: Path) -> Iterator[Figure]:
    """One figure each for right and wrong answers on each track that can run here."""
    for track in ("numpy", "torch") if find_spec("torch") else ("numpy",):
        figures = {kind: Figure(f"save to verdict, {track}, {kind} answers", 0.15, 0.4) for kind in ("right", "wrong")}
        for kata, status, seconds in saves(root, track):
            assert not status.startswith(("not started", "locked")), f"{kata}: {status}"
            figures["right" if status.startswith("passed") else "wrong"].add(seconds, kata)
        yield from figures.values()


def measure() -> list[Figure]:
    """All figures, taken in a copy of this checkout."""
    with tempfile.TemporaryDirectory(prefix="dojo-bench-") as folder:
        root = Path(folder)
        copy_checkout(root)
        return [*whole_processes(root), *save_to_verdict(root)]


def report(figures: list[Figure]) -> str:
    """The table: number of measurements, median and worst in seconds, each with its bar."""
    head = f"{'seconds':<44}{'n':>5}{'median':>9}{'bar':>6}{'worst':>9}{'bar':>6}  slowest"
    return "\n".join([head, *(figure.row() for figure in figures)])


def whole_suite() -> Figure:
    """`make test`, once, in a copy: the suite is not to see this checkout's progress."""
    figure = Figure("the whole suite, once", 180)
    with tempfile.TemporaryDirectory(prefix="dojo-bench-") as folder:
        root = Path(folder) / "copy"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", "--from", "solutions"]
        started = time.perf_counter()
        done = subprocess.run([*command, "tests/dojo", "tests/katas"], cwd=root, capture_output=True, text=True)
        figure.add(time.perf_counter() - started, "" if done.returncode == 0 else done.stdout.splitlines()[-1])
    return figure


def test_feedback(capsys, keep, pytestconfig):
    """Every save gets a verdict; the table is printed and kept, and how long it took is for a person to judge."""
    from dojo.bench.machine import facts, load
    from dojo.bench.recording import about, entry

    busy = load()
    figures = measure() + ([whole_suite()] if pytestconfig.getoption("--bench-suite") else [])
    explained = about(facts(None), busy)
    keep(entry(f"feedback · {one.name}", "feedback", one.seconds, explained | {"bar": one.bar}) for one in figures)
    with capsys.disabled():
        print(f"\n{report(figures)}")
    assert all(figure.seconds for figure in figures)


if __name__ == "__main__":
    taken = measure()
    if "--json" in sys.argv:
        print(json.dumps({figure.name: figure.seconds for figure in taken}))
    else:
        print(report(taken))
