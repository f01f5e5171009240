"""`check --pdb`: the debugger at the first finding, inside the learner's own function, with the input that fails.

This runs in the grader's own process, because a learner wants the keyboard. What has to be guarded against has been seen
before: the worker has judged the same file, and whatever hangs or ends a process is not run here.
"""

import os
import pdb
import sys
from pathlib import Path
from types import TracebackType

from dojo.curriculum import Kata
from dojo.running.client import FOREIGN

WHY_NOT = {
    "broken": "Python cannot read the file, so nothing of it can run",
    "not-started": "nothing is written yet that could run",
    "timeout": "it did not come back, and would not do so here; the finding names the line where it was",
    "died": "the call ends the process, and would end the debugger with it",
    "locked": "a prerequisite is not finished: nothing of its own has failed",
}
KEYS = "n: next line · s: into a call · p x.shape: print · w: where · q: leave"
AFTERWARDS = "p x.shape: print · u: to the caller · w: where · q: leave"


class Debugger(pdb.Pdb):
    """pdb, which knows afterwards whether it was left with q."""

    left = False

    def set_quit(self):
        """As pdb does it."""
        self.left = True
        super().set_quit()


def open_at(kata: Kata, found: dict, file: Path | None) -> None:
    """Open the debugger at the first finding of a verdict, or say in one line why it cannot be."""
    tests = {finding["function"]: finding["test"] for finding in reversed(found["findings"]) if finding["function"]}
    reason = WHY_NOT.get(found["status"]) or _debug(kata, found["track"], file, dict(reversed(tests.items())))
    if reason:
        print(f"\nno debugger: {reason}")


def _debug(kata: Kata, track: str, file: Path | None, tests: dict[str, str]) -> str:
    """Open pdb on the call that fails, of the first function that has one; why not, when there is none.

    `tests` has the functions of the findings, in order, each with the test that the finding comes from.
    """
    from dojo.loading import subject
    from dojo.running import collected
    from dojo.running.subjects import Loaded, Unusable
    from dojo.running.tracing import chosen

    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # as in a worker
    collection = collected.prepare(kata, track)
    stop, sys.breakpointhook = sys.breakpointhook, lambda *_, **__: None  # not while the tests look for the call
    try:
        loaded = Loaded(subject(kata.name, track, "katas", file), kata)
        collection.judging.subject = loaded
        collection.run()
    except Unusable as error:
        return f"it {error.facts}"
    finally:
        sys.breakpointhook = stop
    names = [name for name in dict.fromkeys([*tests, *loaded.functions]) if name in vars(loaded.module)]
    calls = [chosen(loaded, collection.judging.results, name, tests.get(name, "")) for name in names]
    failing = [found for found in calls if found is not None and found[2] == "fails"]
    for call, test, why in failing or [found for found in calls if found is not None]:
        _open(loaded, call, test, why)
        return ""
    return "no test calls one of its functions"


def _open(loaded, call, test: str, why: str) -> None:
    here = _own_frames(call.traceback, str(loaded.subject.path))
    print(f"\nthe call of {call.function} in {test}")
    if why == "first":
        print("no call of it fails here: this is the first one")
    if call.error is not None and here is not None:
        print(f"it has raised {type(call.error).__name__}: {call.error}\n{AFTERWARDS}")
        pdb.post_mortem(here)
        return
    from dojo.checking.calls import copy_values

    arguments = loaded.track.native(copy_values(call.args))
    if call.gradient and loaded.subject.track == "torch":
        forward = loaded.reference.signatures[call.function]
        arguments = list(arguments[len(arguments) - len(forward.parameters) :])
        for name in loaded.caller(loaded.module, quiet=True).differentiable(call.function):
            position = forward.parameters.index(name)
            arguments[position] = _asking(arguments[position])
    print(KEYS)
    debugger = Debugger()
    try:
        result = debugger.runcall(vars(loaded.module)[call.function], *arguments, **call.kwargs)
        print("" if debugger.left else f"it gave back {result!r}")
    except Exception as error:
        print(f"it raised {type(error).__name__}: {error}")


def _asking(value):
    """A tensor, or a dict of them, that autograd follows."""
    from dojo.checking.tracks import leaves

    return leaves(value, lambda leaf: leaf.requires_grad_(True))


def _own_frames(trace: TracebackType | None, file: str) -> TracebackType | None:
    """A traceback that ends where the learner's own code ends, so that the debugger opens there and not inside numpy."""
    entries = []
    while trace is not None:
        entries.append(trace)
        trace = trace.tb_next
    own = [at for at, entry in enumerate(entries) if entry.tb_frame.f_code.co_filename == file]
    made = None
    for entry in reversed(entries[own[0] : own[-1] + 1] if own else []):
        made = TracebackType(made, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return made
