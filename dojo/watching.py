"""`watch`: judge at every save with the one warm worker, and listen to four keys."""

import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from dojo.errors import DojoError
from dojo.grading import Grader, next_kata
from dojo.loading import ROOT
from dojo.terminal import make_console, relative, show_hint, show_verdict
from dojo.waiting import busy

STEP = 10  # ms between looks for changes; watchfiles' own 50 would be a third of the whole feedback time
SETTLE = 60  # ms in which one save's several events are taken together at most
LOOK = 0.05  # seconds between looks where the system has no watch left to give
BEAT = 200  # ms after which the thread that waits for changes says that it is there
KEYS = "h hint · c compare · n next · q quit"
ENDINGS = (b"q", b"Q", b"\x04", b"")  # the last is the end of input


def watch(grader: Grader, name: str | None) -> None:
    """Watch the track's katas until q, Ctrl-C or the end of input; `name` is the kata that keys speak of at first."""
    Watcher(grader, make_console(), name).run()


class Watcher:
    """The state of one `watch`: which kata the keys speak of, and the events waiting to be handled."""

    def __init__(self, grader: Grader, console: Console, name: str | None):
        self.grader, self.console = grader, console
        self.folder = ROOT / "katas" / grader.track
        self.events: queue.Queue[tuple[str, str]] = queue.Queue()
        self.saved: set[str] = set()  # katas whose save waits on the queue, so that a second save does not queue again
        self.status = ""  # of the last verdict
        self.ready, self.stop = threading.Event(), threading.Event()
        self.current = name or self._next()

    def run(self) -> None:
        self.grader.worker.start()
        threads = [threading.Thread(target=self._files, daemon=True)]
        if sys.stdin.isatty():
            threads.append(threading.Thread(target=self._keys, daemon=True))
        with _single_keys(), contextlib.suppress(KeyboardInterrupt):
            for thread in threads:
                thread.start()
            self._judge(self.current)
            self.ready.wait()
            self.console.print(f"\nwatching {relative(self.folder)} · {KEYS}")
            while True:
                self._handle(*self.events.get())
        self.stop.set()

    def _handle(self, kind: str, what: str) -> None:
        if kind == "file":
            self.saved.discard(what)
            self._judge(what)
        elif kind == "blind":
            raise DojoError(f"{self.folder} cannot be watched: {what}.", "`python grader.py check` judges without it.")
        elif what == "h":
            self._hint()
        elif what == "c":
            self._compare()
        elif what == "n":
            self.current = self._next(after=self.current)
            self._judge(self.current)

    def _judge(self, name: str) -> None:
        self.current = name
        with busy(f"judging {name}"):
            found = self.grader.grade(self.grader.curriculum[name])
        self.status = found["status"]
        self.console.print()
        show_verdict(self.console, found)
        if self.status == "passed":
            following = self._next(after=name)
            last = "every kata of this track has passed"
            self.console.print(f"n goes on to {following}" if following != name else last, style="dim")

    def _hint(self) -> None:
        self.console.print()
        show_hint(self.console, self.grader.hint(self.grader.curriculum[self.current]))

    def _compare(self) -> None:
        from dojo.comparing import show_comparison

        kata = self.grader.curriculum[self.current]
        if self.status != "passed":
            self.console.print(f"\n{self.current} has not passed yet: h gives a hint")
            return
        self.console.print()
        with busy(f"measuring {self.current}"):
            measured = self.grader.worker.check(self.current, self.grader.track, measure=True).get("measured", [])
        show_comparison(self.console, kata, self.grader.track, measured)

    def _next(self, after: str | None = None) -> str:
        """The kata to do now; never the one just left, if there is another."""
        standings = [s for s in self.grader.standings() if s.kata.name != after]
        found = next_kata(standings)
        return found.kata.name if found is not None else (after or self.grader.katas()[0].name)

    def _files(self) -> None:
        """Put a `file` event on the queue for every kata that is saved."""
        names = {kata.name for kata in self.grader.katas()}
        try:
            for changes in self._changes():
                self.ready.set()
                for saved in sorted({Path(path).stem for _, path in changes if path.endswith(".py")} & names):
                    if saved not in self.saved:
                        self.saved.add(saved)
                        self.events.put(("file", saved))
        except (OSError, RuntimeError) as error:
            self.events.put(("blind", str(error)))
            self.ready.set()

    def _changes(self) -> Iterator[set]:
        """What has changed, and an empty set at every beat."""
        from watchfiles import watch as watch_files

        how = {"step": STEP, "debounce": SETTLE, "rust_timeout": BEAT, "yield_on_timeout": True}
        try:
            yield from watch_files(self.folder, stop_event=self.stop, raise_interrupt=False, **how)
        except (OSError, RuntimeError):
            yield from self._seen()  # every program of a machine together has a limited number of watches

    def _seen(self) -> Iterator[set]:
        """The same from looking again and again. OSError when there is no folder."""
        before = stamps(self.folder)
        while True:
            after = stamps(self.folder)
            yield {("changed", path) for path, stamp in after.items() if before.get(path) != stamp}
            before = after
            if self.stop.wait(LOOK):
                return

    def _keys(self) -> None:
        """Put a `key` event on the queue for every key; q and the end of input stop the watch, whatever it is doing."""
        while not self.stop.is_set():
            try:
                key = os.read(sys.stdin.fileno(), 1)
            except OSError:
                key = b""
            if key in ENDINGS:
                os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C does, so that it also ends a check that hangs
                return
            self.events.put(("key", key.decode("ascii", "replace").lower()))


def stamps(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What changes when a file of `folder` is saved, by path."""
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                info = entry.stat()
                found[entry.path] = (info.st_mtime_ns, info.st_size, info.st_ino)
    return found


@contextlib.contextmanager
def _single_keys():
    """Keys one by one and without echo while the block runs, where standard input is a terminal."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that being ended leaves the terminal as it was, too
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
