"""The grader's side of a worker: start it, ask it, and start another when it is gone. Imports no numpy."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import IO

from dojo.errors import DojoError
from dojo.loading import ROOT
from dojo.running.verdict import verdict, whole_file

PATIENCE = 15.0  # seconds beyond a check's time limit after which the worker itself counts as stuck
ENDING = 2.0  # seconds for a worker to end by itself
FOREIGN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONWARNINGS")


class Worker:
    """A worker process, started at the first check and kept warm; use it as a context manager."""

    def __init__(self):
        self._process: subprocess.Popen | None = None
        self._errors: IO[bytes] | None = None  # its standard error
        self._buffer = b""
        self._ready = False
        self._mark = ""

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def start(self) -> None:
        """Start the process without waiting for it, so that it imports while the caller does something else."""
        if self._process is not None and self._process.poll() is None:
            return
        import tempfile

        self.close()
        self._mark, self._errors = uuid.uuid4().hex, tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dojo.running.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=ROOT,
                env=_environment(self._mark),
                start_new_session=True,  # Ctrl-C is for the grader, which ends the worker itself
            )
        except OSError as error:
            self._complaints()
            raise DojoError(
                f"No worker could be started: {error}.", "`python grader.py doctor` looks for the reason."
            ) from None

    def check(self, kata: str, track: str, file: Path | None = None, origin: str = "katas", **more) -> dict:
        """The verdict on a kata; `more` goes into the request (`leave_out`, `explain`, `time_limit`)."""
        request = {"kata": kata, "track": track, "origin": origin, "file": str(file) if file else None, **more}
        answer = self._ask(request)
        if isinstance(answer, str):
            path = str(file or ROOT / "katas" / track / f"{kata}.py")
            return verdict(kata, track, path, "died", findings=[whole_file(path, answer)])
        if "trace" in answer:
            place = keep_defect(answer["trace"], request)
            raise DojoError(
                f"The dojo itself failed: {answer['error']}",
                f"{place} has the details: please report it with that file.",
            )
        if "error" in answer:
            raise DojoError(answer["error"], answer["next_step"])
        return answer

    def _ask(self, request: dict) -> dict | str:
        """The worker's answer, or what the check did to the worker."""
        if self._process is not None and self._process.poll() is not None:
            self.close()  # it died between two checks: a fresh one answers
        self.start()
        self._await_ready()
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._line()
            if answer is not None and "started" in answer:
                answer = self._line(answer["started"] + PATIENCE)
        except BrokenPipeError:
            answer = None
        except TimeoutError:
            self.close(0)
            return "stopped the worker, the process that watches it"
        except BaseException:
            self.close()  # Ctrl-C: end the check at once
            raise
        return answer if answer is not None else _ended(self.close())

    def _await_ready(self) -> None:
        if self._ready:
            return
        if self._line() is None:
            words = self._complaints().strip()
            code = self.close()
            last = words.splitlines()[-1] if words else f"it ended with code {code}"
            place = keep_defect(words, {"python": sys.executable})
            raise DojoError(
                f"The worker could not start: {last}",
                f"`make start` installs what is missing; {place} has the details.",
            )
        self._ready = True

    def _line(self, seconds: float | None = None) -> dict | None:
        """The next line from the worker as JSON, None when it is gone; TimeoutError after `seconds`."""
        assert self._process is not None and self._process.stdout is not None
        fd = self._process.stdout.fileno()
        deadline = None if seconds is None else time.monotonic() + seconds
        while b"\n" not in self._buffer:
            if deadline is not None and not select.select([fd], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise TimeoutError
            data = os.read(fd, 1 << 16)
            if not data:
                return None
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def close(self, patience: float = ENDING) -> int:
        """End the worker with everything it has started; its exit code, negative for a signal."""
        process, self._process = self._process, None
        self._buffer, self._ready = b"", False
        if process is None:
            return 0
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()  # a worker that hears this ends its check, and itself
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.returncode != 0:  # it could not clear up behind itself
            from dojo.running.supervising import kill_marked

            kill_marked(self._mark)
        if words := self._complaints():
            sys.stderr.write(words)
        return process.returncode

    def _complaints(self) -> str:
        """What the worker has written on standard error, which is nothing as long as all goes well; told once."""
        errors, self._errors = self._errors, None
        if errors is None:
            return ""
        with errors:
            errors.seek(0)
            return errors.read().decode("utf-8", "replace")


def _environment(mark: str) -> dict[str, str]:
    """The environment of a worker: one thread, no plugins, no window, and nothing that makes warnings errors."""
    environment = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    environment |= {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(ROOT),
        "MPLBACKEND": "Agg",
        "DOJO_WORKER": mark,
    }
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environment.setdefault("PYTHONHASHSEED", "0")
    return environment


def _ended(code: int) -> str:
    """What a check did to its worker, from the worker's exit code."""
    try:
        how = f" ({signal.Signals(-code).name})" if code < 0 else ""
    except ValueError:
        how = ""
    return f"took the worker, the process that watches it, down with it{how}"


def keep_defect(trace: str, request: dict) -> Path:
    """Write a traceback of the dojo itself to a file under .dojo; its path, relative to the checkout."""
    folder = ROOT / ".dojo"
    place = folder / f"defect-{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}.txt"
    asked = ", ".join(f"{key}={value}" for key, value in request.items() if value is not None)
    try:
        folder.mkdir(exist_ok=True)
        place.write_text(f"{asked}\n\n{trace.rstrip()}\n", encoding="utf-8")
    except OSError as error:
        return Path(f"(nothing: {error.strerror})")
    return place.relative_to(ROOT)
