"""`%load_ext dojo`: the cells of a notebook as katas. `%%kata` saves, judges and defines; `%check` judges; `%%picture` draws."""

import atexit
import sys
import types
from functools import cache

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.display import display

from dojo import stubs
from dojo.curriculum import Kata
from dojo.errors import DojoError
from dojo.grading import Grader, backup, holds, untouched, write_atomically
from dojo.loading import ROOT, curriculum, install_finder, kata_path, load_source, solution_path
from dojo.notebook.page import Message, Picture, Verdict
from dojo.notebook.reading import parsed
from dojo.progress import Progress, default_path
from dojo.running.client import Worker

RUNS = ("passed", "failed", "not-started")  # with these, the file ran to its end in the worker, and may do so here


class NotPassed(Exception):
    """What `%check` raises for a kata that has not passed: nbgrader counts a cell that raises as not solved."""

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback."""
        return [str(self)]


@magics_class
class KataMagics(Magics):
    """The three magics, on top of one worker that stays warm as long as the kernel runs."""

    @cell_magic
    def kata(self, line: str, cell: str) -> None:
        """`%%kata numpy softmax`: save this cell as the kata's file, judge it, and define its functions here."""
        try:
            track, name = parsed(line, curriculum())
            kata = curriculum()[name]
            note = save(kata, track, cell)
            verdict = grader(track).grade(kata)
        except DojoError as error:
            display(Message(str(error)))
            return
        if verdict["status"] in RUNS:
            self._define(name, track)
        display(Verdict(verdict, note))

    @line_magic
    def check(self, line: str) -> None:
        """`%check numpy softmax`: the verdict on the kata's file as it is now; raises when it has not passed."""
        try:
            track, name = parsed(line, curriculum())
            kata = curriculum()[name]
            verdict = grader(track).known(kata) or grader(track).grade(kata)
        except DojoError as error:
            raise NotPassed(str(error)) from None
        if verdict["status"] != "passed":
            display(Verdict(verdict))
            raise NotPassed(f"{name} ({track}) has not passed yet: {verdict['status']}")
        display(Verdict(verdict))

    @cell_magic
    def picture(self, line: str, cell: str) -> None:
        """`%%picture`: run this cell, which calls your functions, and show what it draws."""
        from dojo.notebook.showing import show

        assert self.shell is not None
        world = {**self.shell.user_ns, "show": lambda **arrays: display(Picture(show(**arrays)))}
        try:
            exec(compile(cell, "<picture>", "exec"), world)
        except NotImplementedError as error:
            display(Message(f"{error} is not written yet: there is nothing to draw."))
        except NameError as error:
            display(Message(f"{error}: run the cell with your functions first."))

    def _define(self, name: str, track: str) -> None:
        """Put the kata's public names into the notebook's namespace, on top of the learner's own prerequisites."""
        assert self.shell is not None
        for module in [module for module in sys.modules if module.startswith("katas.")]:
            del sys.modules[module]  # a prerequisite may have been saved again
        install_finder("katas")
        path = kata_path(name, track)
        try:
            module = load_source(path.read_text(encoding="utf-8"), path, f"katas.{track}.{name}")
        except Exception:  # the verdict has said what is wrong
            return
        public = {key: value for key, value in vars(module).items() if not key.startswith("_")}
        self.shell.push({key: value for key, value in public.items() if not isinstance(value, types.ModuleType)})


def save(kata: Kata, track: str, source: str) -> str:
    """Save a cell as the kata's file; a sentence on what was kept, or empty.

    A bare stub never takes the place of work: then the file stays, and is what gets judged.
    """
    path, text = kata_path(kata.name, track), f"{source.rstrip()}\n"
    if holds(path, text):
        return ""
    stub = stubs.make_stub(solution_path(kata.name, track).read_text(encoding="utf-8"))
    worked_on = path.exists() and untouched(kata, track) is None
    shown = path.relative_to(ROOT)
    if worked_on and text.rstrip() == stub.rstrip():
        return f"this cell still holds the stub, so {shown} stays as you wrote it, and is judged"
    kept = backup(path, ROOT / ".dojo" / "backups") if worked_on else None
    write_atomically(path, text)
    return f"saved as {shown}" + (f"; what stood there is kept as {kept.relative_to(ROOT)}" if kept else "")


@cache
def grader(track: str) -> Grader:
    """The grader of a track, on the worker of this kernel."""
    return Grader(curriculum(), track, Progress(default_path()), _worker())


@cache
def _worker() -> Worker:
    worker = Worker()
    atexit.register(worker.close)
    return worker


def load(shell) -> None:
    """What `%load_ext dojo` does: offer the magics, and start the worker while the learner reads."""
    install_finder("katas")
    shell.register_magics(KataMagics)
    _worker().start()
