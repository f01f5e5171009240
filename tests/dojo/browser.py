"""A headless Chromium that tests talk to over a pair of pipes, which takes nothing but the standard library."""

import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
AXE = "axe-core@4.10"
PATIENCE = 60.0  # seconds for an answer


def chromium() -> str | None:
    """The browser of this machine, if it has one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def axe(cache: Path) -> str | None:
    """The source of axe-core, from npm; None where npm is missing or cannot be reached."""
    package = next(iter(sorted(cache.glob("axe-core-*.tgz"))), None)
    if package is None:
        if shutil.which("npm") is None:
            return None
        cache.mkdir(parents=True, exist_ok=True)
        with suppress(subprocess.TimeoutExpired):
            command = ["npm", "pack", AXE, "--silent", "--fetch-retries=1", "--fetch-timeout=20000"]
            subprocess.run(command, cwd=cache, capture_output=True, timeout=90)
        package = next(iter(sorted(cache.glob("axe-core-*.tgz"))), None)
    if package is None:
        return None
    with tarfile.open(package) as archive:
        return archive.extractfile("package/axe.min.js").read().decode("utf-8")


@contextmanager
def browser(profile: Path):
    """A running browser; it is ended when the block is left."""
    (theirs_in, ours_out), (ours_in, theirs_out) = map(_high, os.pipe()), map(_high, os.pipe())
    flags = [*FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
    quiet = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, theirs_in, 3), (os.POSIX_SPAWN_DUP2, theirs_out, 4)]
    actions += [(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)]
    pid = os.posix_spawn(chromium(), ["chromium", *flags], os.environ, file_actions=actions, setpgroup=0)
    for handle in (theirs_in, theirs_out, quiet):
        os.close(handle)
    try:
        yield Browser(ours_in, ours_out)
    finally:
        os.close(ours_out)
        os.close(ours_in)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _high(handle: int) -> int:
    """The same pipe under a number above those that the browser gets."""
    made = fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(handle)
    return made


class Browser:
    """Messages of the DevTools protocol, each ended by a zero byte."""

    def __init__(self, reads: int, writes: int):
        self.reads, self.writes, self.number, self.buffer = reads, writes, 0, b""
        self.events: list[dict] = []
        os.set_blocking(reads, False)

    def page(self, address: str, width: int = 1440, height: int = 900, dark: bool = False, media: str = "") -> "Page":
        """Open a page of this size in this scheme, and wait until it is loaded."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        page.ask("Emulation.setEmulatedMedia", media=media, features=scheme)
        page.resize(width, height)
        page.ask("Page.navigate", url=address)
        self.wait(lambda event: event.get("method") == "Page.loadEventFired" and event["sessionId"] == session)
        return page

    def ask(self, method: str, session: str | None = None, **params) -> dict:
        """The answer to a command."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        waiting = json.dumps(message).encode() + b"\0"
        while waiting:
            waiting = waiting[os.write(self.writes, waiting) :]
        number = self.number
        answer = self.wait(lambda event: event.get("id") == number)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def wait(self, wanted) -> dict:
        """The first message, past or to come, that is `wanted`."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for place, event in enumerate(self.events):
                if wanted(event):
                    return self.events.pop(place)
            assert time.monotonic() < deadline, "the browser does not answer"
            self._read()

    def _read(self) -> None:
        try:
            data = os.read(self.reads, 1 << 20)
        except BlockingIOError:
            time.sleep(0.005)
            return
        assert data, "the browser has ended"
        *whole, self.buffer = (self.buffer + data).split(b"\0")
        self.events += map(json.loads, whole)


class Page:
    """One page."""

    def __init__(self, browser: Browser, session: str):
        self.browser, self.session = browser, session

    def ask(self, method: str, **params) -> dict:
        """The answer to a command about this page."""
        return self.browser.ask(method, self.session, **params)

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page another size, in CSS pixels."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def run(self, script: str):
        """What an expression comes to, or what its promise does."""
        found = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def complaints(self) -> list[str]:
        """What the console has shown so far, and exceptions."""
        kinds = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        return [json.dumps(event["params"]) for event in self._mine() if event["method"] in kinds]

    def requests(self) -> list[str]:
        """Every address that the page has asked for."""
        sent = [event["params"]["request"]["url"] for event in self._mine() if "request" in event.get("params", {})]
        return [url for url in sent if not url.startswith("data:")]

    def _mine(self) -> list[dict]:
        return [event for event in self.browser.events if event.get("sessionId") == self.session and "method" in event]

    def shot(self, path: Path, whole: bool = True) -> None:
        """A picture of the page."""
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.ask("Page.printToPDF", printBackground=False)["data"])
