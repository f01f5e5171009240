"""Watching a child that judges: read what it sends, and end it with everything it started."""

import contextlib
import json
import os
import selectors
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil

MEMORY = 4 * 2**30  # bytes that a check may allocate beyond what the worker holds already
MOST = MEMORY * 1.5  # bytes that it may hold together with its children
OUTPUT = 4000  # characters of the child's own output that are kept
GRACE = 0.3  # seconds for a killed child to say where it was
GONE = "gone"  # why a check ended: nobody waits for its verdict any more


@dataclass
class Watch:
    """What the worker has seen of a running child."""

    verdict: bytes = b""
    output: bytearray = field(default_factory=bytearray)
    dropped: int = 0
    trace: bytearray = field(default_factory=bytearray)
    place: dict[str, str] = field(default_factory=dict)


def supervise(child: int, reads: list[int], limit: float, grader: Sequence[int]) -> tuple[Watch, str]:
    """Read until the verdict is there, or the child or the grader is gone; returns what was seen and why it ended."""
    watch, reason, buffer = Watch(), "", bytearray()
    deadline, next_look = time.monotonic() + limit, time.monotonic() + 0.5
    selector = selectors.DefaultSelector()
    for kind, read in zip(("events", "output", "trace"), reads, strict=True):
        selector.register(read, selectors.EVENT_READ, kind)
    for door in grader:
        selector.register(door, selectors.EVENT_READ, GONE)
    status = None
    try:
        while not watch.verdict and not reason and len(selector.get_map()) > len(grader):
            now = time.monotonic()
            if now > deadline:
                reason = "timeout"
                break
            for key, _ in selector.select(min(deadline, next_look) - now if now < next_look else 0.01):
                if key.data == GONE:
                    return watch, GONE
                _read(key, selector, watch, buffer)
            if time.monotonic() > next_look:
                next_look = time.monotonic() + 0.5
                reason = _too_large(child)
                ended, status = os.waitpid(child, os.WNOHANG) if status is None else (0, status)
                if ended:
                    _drain(selector, watch, buffer)
                    break
        if reason == "timeout" or reason == "memory":
            _ask_where(child, selector, watch, buffer)
    finally:
        for door in grader:
            selector.unregister(door)
        status = _end(child, status)
        _drain(selector, watch, buffer)
        for read in reads:
            os.close(read)
        selector.close()
    return watch, reason or _how_it_ended(status)


def _read(key, selector, watch: Watch, buffer: bytearray) -> None:
    if key.data == GONE:  # no more than a sign
        return
    data = os.read(key.fd, 1 << 16)
    if not data:
        selector.unregister(key.fd)
    elif key.data == "output":
        room = max(OUTPUT - len(watch.output), 0)
        watch.output += data[:room]
        watch.dropped += max(len(data) - room, 0)
    elif key.data == "trace":
        watch.trace += data[: max(20_000 - len(watch.trace), 0)]
    else:
        buffer += data
        while b"\n" in buffer:
            line, _, rest = bytes(buffer).partition(b"\n")
            buffer[:] = rest
            with contextlib.suppress(ValueError):
                _event(json.loads(line), watch)


def _event(event: dict, watch: Watch) -> None:
    if "verdict" in event:
        watch.verdict = json.dumps(event["verdict"]).encode()
    else:
        watch.place.update({key: str(value) for key, value in event.items()})


def _drain(selector, watch: Watch, buffer: bytearray) -> None:
    """What is still in the pipes."""
    until = time.monotonic() + GRACE
    while selector.get_map() and time.monotonic() < until:
        ready = selector.select(0)
        if not ready:
            return
        for key, _ in ready:
            _read(key, selector, watch, buffer)


def _ask_where(child: int, selector, watch: Watch, buffer: bytearray) -> None:
    """Have the child write its stack, so that the finding can name the learner's line."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGUSR1)
    until = time.monotonic() + GRACE
    while not watch.trace and time.monotonic() < until and selector.get_map():
        for key, _ in selector.select(0.05):
            _read(key, selector, watch, buffer)


def _too_large(child: int) -> str:
    """`memory` when the child and its children hold more than they may (where the kernel's own limit does not bite)."""
    try:
        process = psutil.Process(child)
        held = sum(p.memory_info().rss for p in [process, *process.children(recursive=True)])
    except psutil.Error:
        return ""
    return "memory" if held > MOST else ""


def _end(child: int, status: int | None) -> int:
    """Kill the child and everything it started; its exit status."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            _, status = os.waitpid(child, 0)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        for orphan in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                orphan.kill()
        while os.waitpid(-1, 0)[0]:
            pass
    return status or 0


def _how_it_ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return "exit"
