"""A kata's tests, collected by pytest once and run later, in as many forked copies of this process as are needed.

Configuring pytest and collecting a file cost more than running a kata's tests does, and neither has seen a line of the
learner's code. So the worker does both before it forks (see worker.py), and keeps the result while the files that it
came from stay as they are.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

import pytest

from dojo.checking.reference import reference
from dojo.curriculum import Kata
from dojo.diagnosis.kept_mutants import forget_mutants, get_ready
from dojo.loading import ROOT, alternatives, install_finder, mistakes, test_path
from dojo.running.plugin import KEY, Judging, know

WITHOUT = ("terminal", "cacheprovider", "faulthandler", "capture", "logging", "junitxml", "doctest", "pastebin")
WITHOUT += ("unittest", "setuponly", "setupplan", "stepwise", "legacypath", "threadexception", "unraisableexception")
OPTIONS = ["-p", "dojo.running.plugin", *(word for name in WITHOUT for word in ("-p", f"no:{name}"))]
SOURCES = ("solutions/numpy", "solutions/torch", "solutions/mistakes", "tests/alternatives/numpy")
SOURCES += ("tests/alternatives/torch", "tests/katas")


class Collected:
    """The tests of `spec` on `track`. `judging` says what they run on; set its `subject` before `run()`."""

    def __init__(self, spec: Kata, track: str):
        know(spec)
        self.spec = spec
        self.judging = Judging("katas", (track,))
        self._session: pytest.Session | None = None
        pytest.main([str(test_path(spec.name)), *OPTIONS], plugins=[self])
        functions = [item for item in self._items if isinstance(item, pytest.Function)]
        self.modules = [module for module in {item.path: item.module for item in functions}.values() if module]

    @property
    def _items(self) -> list[pytest.Item]:
        return self._session.items if self._session else []

    @property
    def total(self) -> int:
        """How many test functions there are (parametrized ones count once)."""
        return len({getattr(item, "originalname", item.name) for item in self._items})

    def run(self) -> None:
        """Run the tests on the judging's subject; its results hold how each one ended, also when not all of them ran."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(pytest.exit.Exception, session.Interrupted, session.Failed, KeyboardInterrupt):
                session.config.hook.pytest_runtestloop(session=session)

    def get_ready(self) -> Iterator[None]:
        """What a diagnosis will want, made bit by bit: for whoever has time now and forks later."""
        if os.environ.get("DOJO_AHEAD") == "no":  # the suite starts many workers, each for a check or two
            return
        with contextlib.suppress(Exception):  # a defect there will be told by the diagnosis that runs into it
            for _ in get_ready(self.spec.name, reference(self.spec.name, self.spec.tracks[0])):
                yield
            gc.freeze()

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config):
        """Hand the judging over to the plugin."""
        config.stash[KEY] = self.judging

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        """Stop before the first test when this is the collection; leave the loop to pytest when it is the run."""
        if self.judging.subject is not None:
            return None
        self._session = session
        return True


_kept: dict[tuple[str, str], Collected] = {}
_state: frozenset = frozenset()


def prepare(spec: Kata, track: str) -> Collected:
    """The tests of `spec` on `track`, with the references and the bank loaded; kept until one of the files changes."""
    global _state
    now = _stamps()
    if now != _state:
        _kept.clear()
        for cached in (reference, mistakes, alternatives):
            cached.cache_clear()
        _state = now
    if (spec.name, track) not in _kept:
        _kept.clear()  # a learner works on one kata at a time
        forget_mutants()
        install_finder("solutions")
        mistakes(spec.name)
        for each in {spec.tracks[0], track}:
            reference(spec.name, each)
            alternatives(spec.name, each)
        _kept[spec.name, track] = Collected(spec, track)
        gc.freeze()
        _forget()  # from sys.modules only: whoever imports one later must be seen to do so
    return _kept[spec.name, track]


def _stamps() -> frozenset:
    """What tells one state of the files from another."""
    found = set()
    for folder in SOURCES:
        with contextlib.suppress(FileNotFoundError):
            for file in (ROOT / folder).iterdir():
                seen = file.stat()
                found.add((str(file), seen.st_mtime_ns, seen.st_size))
    return frozenset(found)


def _forget() -> None:
    """Take the solutions and the tests out of what is imported."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("solutions", "tests")]:
        del sys.modules[name]
