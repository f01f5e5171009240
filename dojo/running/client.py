"""The grader's side of a worker: start it, ask it, and start another when it is gone. Imports no numpy."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from dojo.errors import DojoError
from dojo.loading import ROOT
from dojo.running.verdict import verdict, whole_file


class Worker:
    """A worker process, started at the first check and kept warm; use it as a context manager."""

    def __init__(self):
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def start(self) -> None:
        """Start the process without waiting for it, so that it imports while the caller does something else."""
        if self._process is None or self._process.poll() is not None:
            environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
            environment.setdefault("PYTHONHASHSEED", "0")
            environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
            environment.pop("PYTEST_ADDOPTS", None)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dojo.running.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the grader, which ends the worker itself
            )

    def check(self, kata: str, track: str, file: Path | None = None, origin: str = "katas", **more) -> dict:
        """The verdict on a kata; `more` goes into the request (`leave_out`, `explain`, `time_limit`)."""
        request = {"kata": kata, "track": track, "origin": origin, "file": str(file) if file else None, **more}
        answer = self._ask(request)
        if answer is None:
            path = str(file or ROOT / "katas" / track / f"{kata}.py")
            return verdict(kata, track, path, "died", findings=[whole_file(path, "took the worker down with it")])
        if "error" in answer:
            raise DojoError(f"The dojo itself failed: {answer['error']}", answer.get("trace", ""))
        return answer

    def _ask(self, request: dict) -> dict | None:
        for _ in range(2):
            self.start()
            process = self._process
            assert process is not None and process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
            except BrokenPipeError:  # it died between two checks: a fresh one answers
                self.close()
                continue
            line = process.stdout.readline()
            if line:
                return json.loads(line)
            self.close()
            return None
        return None

    def close(self) -> None:
        """End the worker."""
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
