"""Watching a check from outside: what its process says, how long it takes, what it holds, and what it leaves behind.

Everything here must work whatever the learner's code does to its own process. Linux hands a check's orphans over to the
worker; where that is not to be had (macOS), what a check started is known by its environment.
"""

import contextlib
import json
import os
import resource
import select
import selectors
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

MEMORY = 4 * 2**30  # bytes that a check may allocate beyond what the worker holds already
MOST_MEMORY = MEMORY + MEMORY // 2  # bytes that a check with all its children may hold, looked at now and then
FILE_SIZE = 2**30  # bytes that a check may write into one file
OUTPUT = 4000  # bytes of the child's own output that are kept
TRACE = 20_000  # bytes of its stack
MUTE = 70  # the exit code of a child that could not deliver its verdict
LAST_FRAME = (b"_run_module_as_main", b"\n  ...\n")  # with one of these, faulthandler's account is complete
GRACE = 0.5  # seconds for a child to say where it was, or to be gone
LOOK = 0.5  # seconds between two looks at a child's memory
KINDS = ("events", "output", "trace")
MARK = "DOJO_WORKER"  # the environment variable that all descendants of a worker carry
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

_others: set[int] | None = None  # where orphans do not come to us: the processes that were there before the check


class HungUp(Exception):
    """The client has gone away."""


class Requests:
    """Lines from the client. `read()` takes what is there, and raises HungUp when that is the end.

    `doors` are all descriptors that lead to the client, which a check must not keep open. `spare` is work that is done
    bit by bit while no request waits.
    """

    def __init__(self, fd: int, *others: int):
        self.fd, self.doors = fd, (fd, *others)
        self.spare: Iterator = iter(())
        self._buffer = bytearray()

    def read(self) -> None:
        data = os.read(self.fd, 1 << 16)
        if not data:
            raise HungUp
        self._buffer += data

    def __iter__(self) -> Iterator[bytes]:
        while True:
            line, newline, rest = bytes(self._buffer).partition(b"\n")
            if newline:
                self._buffer[:] = rest
                yield line
                continue
            while not select.select([self.fd], [], [], 0)[0] and next(self.spare, self) is not self:
                pass
            try:
                self.read()
            except HungUp:
                return


@dataclass
class Seen:
    """What a child has said and how it ended. `reason` is `timeout`, `memory`, `silent` (it closed its pipe) or empty."""

    verdict: dict | None = None
    output: bytearray = field(default_factory=bytearray)
    dropped: int = 0
    trace: bytearray = field(default_factory=bytearray)
    place: dict[str, str] = field(default_factory=dict)  # the latest `test`, `call`, `judged` and `defect`
    reason: str = ""
    status: int = 0  # as os.waitpid gives it


class Ear:
    """Reads the pipes of a child into a Seen, and notices when the client hangs up."""

    def __init__(self, reads: list[int], requests: Requests):
        self.seen, self.requests = Seen(), requests
        self.deaf = False  # the pipe of events has ended
        self._events = b""
        self._selector = selectors.DefaultSelector()
        for kind, read in zip(KINDS, reads, strict=True):
            self._selector.register(read, selectors.EVENT_READ, kind)
        self._selector.register(requests.fd, selectors.EVENT_READ, "client")

    def __enter__(self) -> "Ear":
        return self

    def __exit__(self, *_) -> None:
        self._selector.close()

    def listen(self, seconds: float) -> bool:
        """Read what comes within `seconds`; whether anything did."""
        ready = self._selector.select(max(seconds, 0))
        for key, _ in ready:
            self._read(key)
        return bool(ready)

    def _read(self, key) -> None:
        if key.data == "client":
            self.requests.read()
            return
        data = os.read(key.fd, 1 << 16)
        if not data:
            self._selector.unregister(key.fd)
            self.deaf |= key.data == "events"
        elif key.data == "output":
            kept = data[: max(OUTPUT - len(self.seen.output), 0)]
            self.seen.output += kept
            self.seen.dropped += len(data) - len(kept)
        elif key.data == "trace":
            self.seen.trace += data[: max(TRACE - len(self.seen.trace), 0)]
        else:
            *lines, self._events = (self._events + data).split(b"\n")
            for line in lines:
                self._enter(line)

    def _enter(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:  # something else was written there
            return
        if isinstance(event, dict) and isinstance(event.get("verdict"), dict):
            self.seen.verdict = event["verdict"]
        elif isinstance(event, dict):
            self.seen.place.update({key: str(value) for key, value in event.items()})


def supervise(child: int, reads: list[int], requests: Requests, limit: float) -> Seen:
    """Read until the verdict is there or the child is gone; then end everything that it started. May raise HungUp."""
    with Ear(reads, requests) as ear:
        seen = ear.seen
        try:
            _wait(child, ear, limit)
            if seen.reason in ("timeout", "memory"):
                _ask_where(child, ear)
        finally:
            seen.status = end(child)
        until = time.monotonic() + GRACE
        while time.monotonic() < until and ear.listen(0):  # what is still in the pipes
            pass
    return seen


def _wait(child: int, ear: Ear, limit: float) -> None:
    now = time.monotonic()
    deadline, look = now + limit, now + LOOK
    while ear.seen.verdict is None and not ear.seen.reason:
        now = time.monotonic()
        if now > deadline:
            ear.seen.reason = "timeout"
        elif ear.deaf:
            ear.seen.reason = "" if _gone(child) else "silent"
            return
        elif now > look:
            look = now + LOOK
            ear.seen.reason = "memory" if _held(child) > MOST_MEMORY else ""
            if _is_zombie(child):
                return
        else:
            ear.listen(min(deadline, look) - now)


def _ask_where(child: int, ear: Ear) -> None:
    """Have the child write its stack, so that the finding can name the learner's line."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGUSR1)
    until = time.monotonic() + GRACE
    while not any(mark in ear.seen.trace for mark in LAST_FRAME) and time.monotonic() < until:
        ear.listen(until - time.monotonic())


def _gone(child: int) -> bool:
    """Whether a child whose pipe has ended ends too."""
    until = time.monotonic() + GRACE
    while not _is_zombie(child):
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


def _is_zombie(child: int) -> bool:
    try:
        return psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def _held(child: int) -> int:
    """Bytes that the child and its children hold, for where the kernel's own limit does not bite."""
    held = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(child)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                held += one.memory_info().rss
    return held


# ---------------------------------------------------------------------- limits and ends


def adopt_orphans() -> None:
    """Have what a check leaves behind come to this process, to be ended here; or remember who was there before it."""
    global _others
    if not _prctl(PR_SET_CHILD_SUBREAPER, 1):
        _others = set(psutil.pids())


def limit_myself() -> None:
    """Bound this process, and have it end with its parent where the system can do that."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    held = psutil.Process().memory_info().vms
    for kind, most in (("RLIMIT_AS", held + MEMORY), ("RLIMIT_FSIZE", FILE_SIZE), ("RLIMIT_CORE", 0)):
        number = getattr(resource, kind, None)
        if number is not None:
            with contextlib.suppress(OSError, ValueError):
                _, hard = resource.getrlimit(number)
                resource.setrlimit(number, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def end(child: int) -> int:
    """Kill the child and everything it started; its exit status."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)
    status = 0
    with contextlib.suppress(ChildProcessError):
        _, status = os.waitpid(child, 0)
    until = time.monotonic() + 2.0
    while _orphans() and time.monotonic() < until:
        time.sleep(0.001)
    return status


def _orphans() -> bool:
    """Kill and bury what a check left behind; whether there was anything."""
    if _others is not None:
        return bool(kill_marked(os.environ.get(MARK, ""), set(psutil.pids()) - _others))
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    for orphan in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            orphan.kill()
    return True


def kill_marked(mark: str, pids: set[int] | None = None) -> int:
    """Kill every process (of `pids`) that a worker's mark shows to be its descendant; how many there were."""
    found = 0
    for pid in (pids if pids is not None else set(psutil.pids())) - {os.getpid()}:
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            if mark and process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                process.kill()
                found += 1
    return found


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    return ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0
