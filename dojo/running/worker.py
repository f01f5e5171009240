"""The worker: a process with everything imported and nothing run, that forks a child for each check.

It reads one JSON request per line on standard input and answers one JSON verdict per line on standard output. The child
runs the learner's code; the worker only watches it: it drains what the child prints, kills it with all its children at
the time limit or the memory limit, and says what happened when no verdict came. When the grader is gone in the middle of
a check, so are the child and the worker.

Start it through `client.Worker`; `python -m dojo.running.worker` is the process itself.
"""

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import psutil
from _pytest.config import default_plugins

from dojo.curriculum import Kata
from dojo.loading import Subject, curriculum, subject
from dojo.running.supervising import GONE, MEMORY, MOST, Watch, supervise
from dojo.running.verdict import verdict, whole_file

FILE_SIZE = 2**30  # bytes that a check may write into one file
USED = ("dojo.diagnosis.explain", "jaxtyping", "numpy.testing", "numpy.typing", "unittest.mock", "pdb", "statistics")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def main() -> None:
    """Serve requests until standard input ends."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_RDWR)  # so that nothing a check prints or reads gets between the two
    os.dup2(null, 0)
    os.dup2(null, 1)
    serve(requests, answers)


def serve(requests, answers) -> None:
    """One verdict line for each request line."""
    prepare(["numpy"])
    for line in requests:
        request = json.loads(line)
        try:
            answer = check(request, [requests.fileno(), answers.fileno()])
        except Exception as error:  # a defect of the dojo itself must reach a person, not hang the client
            answer = {"error": "".join(traceback.format_exception_only(error)).strip(), "trace": traceback.format_exc()}
        try:
            answers.write(json.dumps(answer).encode() + b"\n")
        except BrokenPipeError:  # the grader is gone
            return


def prepare(tracks: list[str]) -> None:
    """Import what checks need, once, and take it out of the garbage collector's rounds so that forks stay cheap."""
    from dojo.running.subjects import make_track

    for name in ["dojo.running.judge", *USED, *(f"_pytest.{name}" for name in default_plugins)]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for track in tracks:
        with contextlib.suppress(ImportError):
            make_track(track)
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        _prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans of a check come to us, to be ended


def _prctl(option: int, value: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def check(request: dict, doors: Sequence[int] = ()) -> dict:
    """The verdict on one request: `kata`, `track`, `origin`, and perhaps `file`, `leave_out`, `explain`.

    `doors` are the descriptors that lead to the grader; the first becomes readable when it is gone, as it asks for one
    thing at a time. They are closed in the child, so that the grader does not wait for a child that outlives a worker.
    """
    spec = curriculum()[request["kata"]]
    file = request.get("file")
    made = subject(spec.name, request["track"], request.get("origin", "katas"), Path(file) if file else None)
    if request["track"] == "torch":
        missing = _prepare_torch()
        if missing:
            return verdict(spec.name, "torch", str(made.path), "broken", findings=[whole_file(str(made.path), missing)])
    started = time.perf_counter()
    limit = float(request.get("time_limit") or spec.time_limit)
    ends = [os.pipe() for _ in range(3)]  # events, output, trace
    child = os.fork()
    if child == 0:
        _child(request, made, spec, [write for _, write in ends], [*(read for read, _ in ends), *doors])
    for _, write in ends:
        os.close(write)
    watch, reason = supervise(child, [read for read, _ in ends], limit, doors[:1])
    if reason == GONE:
        sys.exit()
    answer = json.loads(watch.verdict) if watch.verdict else _no_verdict(made, spec, watch, reason, limit)
    answer["seconds"] = round(time.perf_counter() - started, 3)
    output = watch.output.decode("utf-8", "replace")
    if output.strip():
        answer["output"] = output + (f"\n… and {watch.dropped:,} more bytes" if watch.dropped else "")
    return answer


def _prepare_torch() -> str:
    try:
        if "torch" not in sys.modules:
            prepare(["torch"])
        import torch  # noqa: F401
    except ImportError:
        return "needs PyTorch, which is not installed: run `make start` (without NUMPY_ONLY)"
    return ""


# ---------------------------------------------------------------------- the child


def _child(request: dict, made: Subject, spec: Kata, writes: list[int], not_mine: list[int]) -> None:
    """Never returns."""
    try:
        os.setsid()
        if sys.platform == "linux":
            _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a worker that is killed takes its child with it
        for door in not_mine:
            os.close(door)
        events, output, trace = writes
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False, errors="replace")
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False, errors="replace")
        faulthandler.enable(trace, all_threads=False)
        faulthandler.register(signal.SIGUSR1, trace, all_threads=False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _limit()
        from dojo.running.judge import Options, judge

        def progress(kind: str, what: str) -> None:
            os.write(events, json.dumps({kind: what}).encode() + b"\n")

        options = Options(request.get("leave_out"), request.get("explain", True), request.get("measure", False))
        found = judge(made, spec, options, progress)
        _write_all(events, json.dumps({"verdict": found}).encode() + b"\n")
    except BaseException as error:
        with contextlib.suppress(BaseException):
            text = "".join(traceback.format_exception(error))
            _write_all(writes[0], json.dumps({"defect": text}).encode() + b"\n")
    finally:
        os._exit(0)


def _limit() -> None:
    held = psutil.Process().memory_info().vms
    for kind, most in (
        (resource.RLIMIT_AS, held + MEMORY),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):
            _, hard = resource.getrlimit(kind)
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _no_verdict(made: Subject, spec: Kata, watch: Watch, reason: str, limit: float) -> dict:
    """The verdict on a child that gave none: what happened, in which function and line."""
    file, function = str(made.path), watch.place.get("call")
    where = (
        f" in {function} ({watch.place['test']})" if function and "test" in watch.place else " while it was imported"
    )
    if "defect" in watch.place:
        raise RuntimeError(watch.place["defect"])
    if reason == "timeout":
        status, facts = "timeout", f"did not come back within {limit:g} s{where}"
    elif reason == "memory":
        status, facts = "died", f"used more than {MOST / 2**30:.0f} GB of memory{where} and was stopped"
    elif reason == "exit":
        status, facts = "died", f"ended the process{where}"
    else:
        status, facts = "died", f"crashed the process ({_signal(reason)}){where}"
    finding = whole_file(file, facts, _line_in(watch.trace.decode("utf-8", "replace"), file), function=function)
    finding["test"] = watch.place.get("test", "")
    from dojo.running.judge import count_tests

    total = count_tests(spec.name)
    return verdict(spec.name, made.track, file, status, {"passed": 0, "failed": total, "total": total}, 0.0, [finding])


def _signal(name: str) -> str:
    words = {"SIGSEGV": "segmentation fault", "SIGKILL": "killed", "SIGABRT": "aborted", "SIGFPE": "arithmetic fault"}
    return f"{name}: {words[name]}" if name in words else name


def _line_in(trace: str, file: str) -> int | None:
    """The innermost line of `file` in a faulthandler trace."""
    for text in trace.splitlines():
        if f'File "{file}"' in text and ", line " in text:
            digits = text.split(", line ")[1].split(" ")[0]
            return int(digits) if digits.isdigit() else None
    return None


if __name__ == "__main__":
    main()
