"""The worker: a process with everything imported and nothing run, that forks a child for each check.

It reads one JSON request per line on standard input. On standard output it says `{"ready": true}` once, and for each
request `{"started": seconds}`, the time limit, and then the verdict. The child runs the learner's code; the worker only
watches it (see supervising.py) and says what happened when no verdict came.

Start it through `client.Worker`; `python -m dojo.running.worker` is the process itself.
"""

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

from dojo import stubs
from dojo.curriculum import Curriculum
from dojo.errors import DojoError
from dojo.loading import ROOT, Subject, curriculum, subject, test_path
from dojo.running import collected, supervising
from dojo.running.collected import Collected
from dojo.running.subjects import Unusable, make_track, read
from dojo.running.verdict import verdict, whole_file

USED = (  # what every check would import for itself
    "dojo.diagnosis.explain",
    "jaxtyping",
    "numpy.testing",
    "numpy.typing",
    "pdb",
    "pytest_benchmark.logger",
    "statistics",
    "tracemalloc",
    "unittest.mock",
)
OUTPUT_NOTE = "\n… and {:,} more bytes"


def main() -> None:
    """Serve requests until the client hangs up."""
    requests, answers = os.dup(0), os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_RDWR)  # so that nothing a check prints or reads gets between the two
    os.dup2(null, 0)
    os.dup2(null, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which hangs up
    prepare("numpy")
    with contextlib.suppress(BrokenPipeError):  # nobody is left to hear it
        serve(supervising.Requests(requests, answers.fileno()), answers)
    os._exit(0)


def serve(requests: supervising.Requests, answers) -> None:
    """One verdict line for each request line."""

    def say(answer: dict) -> None:
        answers.write(json.dumps(answer).encode() + b"\n")

    say({"ready": True})
    for line in requests:
        try:
            answer = check(json.loads(line), requests, lambda limit: say({"started": limit}))
        except supervising.HungUp:
            return
        except DojoError as error:
            answer = {"error": error.args[0], "next_step": error.next_step}
        except Exception as error:  # a defect of the dojo itself must reach a person, not hang the client
            defect = error.args[0] if isinstance(error, Defect) else traceback.format_exc()
            answer = {"error": defect.strip().splitlines()[-1], "trace": defect}
        say(answer)


class Defect(Exception):
    """The child failed outside the learner's code; the message is its traceback."""


def prepare(track: str) -> None:
    """Import what checks need, once, and take it out of the garbage collector's rounds so that forks stay cheap."""
    from _pytest.config import default_plugins

    from dojo.running import judge  # noqa: F401

    make_track(track)
    for name in (*USED, *(f"_pytest.{plugin}" for plugin in default_plugins)):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


_kept: tuple[tuple, Curriculum] | None = None


def current() -> Curriculum:
    """The curriculum, read again only when its file has changed."""
    global _kept
    found = (ROOT / "katas" / "curriculum.toml").stat()
    stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
    if _kept is None or _kept[0] != stamp:
        _kept = (stamp, curriculum())
    return _kept[1]


def check(request: dict, requests: supervising.Requests, on_start) -> dict:
    """The verdict on one request: `kata`, `track`, `origin`, and perhaps `file`, `leave_out`, `explain`, `time_limit`.

    `ready` asks that all be made first that a worker makes while nobody waits."""
    spec, track = current()[request["kata"]], request["track"]
    if not test_path(spec.name).exists():
        raise DojoError(
            f"{spec.name} cannot be judged: {test_path(spec.name)} is missing.", "`git checkout tests` brings it back."
        )
    file = request.get("file")
    try:
        made = subject(spec.name, track, request.get("origin", "katas"), Path(file) if file else None)
    except (OSError, RuntimeError, ValueError) as error:  # a symlink that leads to itself, a NUL byte
        facts = f"cannot be read: {error}".splitlines()[0]
        return verdict(spec.name, track, str(file), "broken", findings=[whole_file(str(file), facts)])
    if track == "torch":
        missing = _prepare_torch()
        if missing:
            return verdict(spec.name, "torch", str(made.path), "broken", findings=[whole_file(str(made.path), missing)])
    tests = collected.prepare(spec, track)
    if request.get("ready"):
        list(tests.get_ready())
    limit = float(request.get("time_limit") or spec.time_limit)
    on_start(limit)
    started = time.perf_counter()
    seen = _run(request, made, tests, requests, limit)
    answer = seen.verdict or _without_verdict(made, tests, seen, limit)
    answer["seconds"] = round(time.perf_counter() - started, 3)
    requests.spare = tests.get_ready()
    output = seen.output.decode("utf-8", "replace")
    if output.strip():
        answer["output"] = output + (OUTPUT_NOTE.format(seen.dropped) if seen.dropped else "")
    return answer


def _prepare_torch() -> str:
    try:
        if "torch" not in sys.modules:
            prepare("torch")
        import torch  # noqa: F401
    except ImportError:
        return "needs PyTorch, which is not installed: run `make start` (without NUMPY_ONLY)"
    return ""


def _run(
    request: dict, made: Subject, tests: Collected, requests: supervising.Requests, limit: float
) -> supervising.Seen:
    """Fork a child for one check and watch it to its end."""
    supervising.adopt_orphans()
    pipes = [os.pipe() for _ in supervising.KINDS]
    reads, writes = [read for read, _ in pipes], [write for _, write in pipes]
    try:
        child = os.fork()
        if child == 0:
            _child(request, made, tests, writes, [*reads, *requests.doors])
        for write in writes:
            os.close(write)
        writes = []
        return supervising.supervise(child, reads, requests, limit)
    finally:
        for end in (*reads, *writes):
            os.close(end)


# ---------------------------------------------------------------------- the child


def _child(request: dict, made: Subject, tests: Collected, writes: list[int], foreign: list[int]) -> None:
    """Never returns."""
    me, events, code = os.getpid(), writes[0], supervising.MUTE

    def tell(event: dict) -> None:
        if os.getpid() == me:  # a copy that the learner's code has forked stays silent
            _write_all(events, b"\n" + json.dumps(event).encode() + b"\n")

    try:
        _settle(writes, foreign)
        from dojo.running.judge import Options, judge

        options = Options(**{key: request[key] for key in request if key in Options.__dataclass_fields__})
        tell({"verdict": judge(made, tests, options, lambda kind, what: tell({kind: what}))})
        code = 0
    except BaseException as error:
        # A MemoryError: what the learner's code still holds leaves no room for the diagnosis.
        with contextlib.suppress(BaseException):
            tell({"memory": "full"} if isinstance(error, MemoryError) else {"defect": traceback.format_exc()})
            code = 0
    finally:
        os._exit(code)


def _settle(writes: list[int], foreign: list[int]) -> None:
    """Make a forked copy of the worker the place where a learner's code runs."""
    os.setpgid(0, 0)
    for fd in foreign:
        os.close(fd)
    _, output, trace = writes
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False, errors="replace")
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False, errors="replace")
    faulthandler.enable(trace, all_threads=False)
    faulthandler.register(signal.SIGUSR1, trace, all_threads=False)
    sys.breakpointhook = _no_debugger
    supervising.limit_myself()


def _no_debugger(*_, **__) -> None:
    raise RuntimeError(
        "a check has no terminal for a debugger: `python grader.py check KATA --pdb` opens one where it fails"
    )


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


# ---------------------------------------------------------------------- when it gave no verdict


def _without_verdict(made: Subject, tests: Collected, seen: supervising.Seen, limit: float) -> dict:
    """The verdict on a child that gave none: what happened, in which function and line."""
    if "defect" in seen.place:
        raise Defect(seen.place["defect"])
    status, facts = _what_happened(seen, limit)
    if "judged" in seen.place:  # every test had ended, and the diagnosis ran into it
        answer = json.loads(seen.place["judged"])
        if answer["status"] != "passed":
            note = f"{facts} when it was called again for the diagnosis, which is left out"
            answer["findings"].append(_finding(made, seen, note))
        return answer
    facts += "" if "call" in seen.place else " while it was imported"
    none = {"passed": 0, "failed": tests.total, "total": tests.total}
    return verdict(made.kata, made.track, str(made.path), status, none, findings=[_finding(made, seen, facts)])


def _what_happened(seen: supervising.Seen, limit: float) -> tuple[str, str]:
    """Status and facts."""
    if seen.reason == "timeout":
        return "timeout", f"did not come back within {limit:g} s"
    if seen.reason == "memory" or "memory" in seen.place:
        return "died", f"used more than {supervising.MEMORY / 2**30:.0f} GB of memory and was stopped"
    if seen.reason == "silent" or seen.status == supervising.MUTE << 8:
        return "died", "closed the pipe through which the dojo listens"
    if os.WIFSIGNALED(seen.status):
        return "died", f"crashed the process ({_signal(os.WTERMSIG(seen.status))})"
    code = os.WEXITSTATUS(seen.status)
    return "died", "ended the process" + (f" with exit code {code}" if code else "")


def _finding(made: Subject, seen: supervising.Seen, facts: str) -> dict:
    file, function = str(made.path), seen.place.get("call")
    line = _line_in(seen.trace.decode("utf-8", "replace"), file) or _first_line(made.path, function)
    return whole_file(file, facts, line, function=function) | {"test": seen.place.get("test", "")}


def _first_line(path: Path, function: str | None) -> int:
    """Where a function starts; 1 when that cannot be told."""
    try:
        return stubs.functions(read(path)).get(function or "", 1)
    except (SyntaxError, ValueError, Unusable):
        return 1


def _signal(number: int) -> str:
    words = {"SIGSEGV": "segmentation fault", "SIGKILL": "killed", "SIGABRT": "aborted", "SIGFPE": "arithmetic fault"}
    words |= {"SIGTERM": "ended", "SIGALRM": "alarm", "SIGBUS": "bus error"}
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return f"{name}: {words[name]}" if name in words else name


def _line_in(trace: str, file: str) -> int | None:
    """The innermost line of `file` in a faulthandler trace, which writes paths in ASCII."""
    place = f'File "{file.encode("ascii", "backslashreplace").decode()}", line '
    for text in trace.splitlines():
        if place in text:
            digits = text.split(place)[1].split(" ")[0]
            return int(digits) if digits.isdigit() else None
    return None


if __name__ == "__main__":
    from dojo.running import worker  # under its own name, so that the guard can watch it

    worker.main()
