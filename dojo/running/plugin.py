"""The pytest plugin: plain `pytest` runs the learner's katas, `pytest --from solutions` every reference.

It gives tests the fixture `kata`, once per track, and the markers `kata`, `chapter` and `track`. Nothing heavy is
imported before a kata's test is really there, because every pytest run in this environment loads this file.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

TRACKS = ("numpy", "torch")


@dataclass(eq=False)
class Result:
    """How one test of a kata ended: `passed`, `failed`, `not-started`, `locked`, `ended` or `skipped`."""

    test: str
    outcome: str
    error: BaseException | None = None
    calls: list = field(default_factory=list)


@dataclass(eq=False)
class Judging:
    """What is under test in this run, and what has been seen so far."""

    origin: str = "katas"
    tracks: tuple[str, ...] = ("numpy",)
    subject: Any = None  # a loaded subject handed over by the worker
    results: list[Result] = field(default_factory=list)
    loaded: dict = field(default_factory=dict)
    collected: int = 0
    tampered: list[str] = field(default_factory=list)  # what the file changed while none of its functions was called
    on_test: object | None = None  # called with the name of each test before it runs


KEY = pytest.StashKey[Judging]()


def pytest_addoption(parser):
    """`--from` and `--track`."""
    group = parser.getgroup("dojo")
    group.addoption(
        "--from", dest="dojo_from", default="katas", metavar="katas|solutions", help="what the kata tests run"
    )
    group.addoption(
        "--track", dest="dojo_track", default=None, help="numpy, torch or all (default: numpy; solutions: all)"
    )


def pytest_configure(config):
    """Register the markers, and read what is under test from the options."""
    for line in (
        "kata(name): a test of this kata; `-m 'kata(name=\"softmax\")'` selects it",
        "chapter(number): a test of this chapter; `-m 'chapter(number=2)'` selects it",
        "track(name): on this track",
    ):
        config.addinivalue_line("markers", line)
    origin, track = config.getoption("dojo_from"), config.getoption("dojo_track")
    if origin not in ("katas", "solutions"):
        raise pytest.UsageError(f"--from is katas or solutions, not {origin!r}")
    if track not in (None, "all", *TRACKS):
        raise pytest.UsageError(f"--track is numpy, torch or all, not {track!r}")
    everything = track == "all" or (track is None and origin == "solutions")
    config.stash.setdefault(KEY, Judging(origin, TRACKS if everything else (track or "numpy",)))


def pytest_generate_tests(metafunc):
    """A test that takes `kata` runs once for each chosen track that the kata has."""
    if "kata" in metafunc.fixturenames and _kata_name(metafunc.module.__file__):
        from dojo.errors import DojoError

        try:
            spec = _spec(_kata_name(metafunc.module.__file__))
        except DojoError as error:
            raise pytest.Collector.CollectError(str(error)) from None
        tracks = [track for track in metafunc.config.stash[KEY].tracks if track in spec.tracks]
        marks = [pytest.param(track, marks=pytest.mark.track(name=track)) for track in tracks]
        metafunc.parametrize("kata", marks, indirect=True)


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the markers
def pytest_collection_modifyitems(config, items):
    """Mark each test with its kata and chapter, and count those of katas."""
    for item in items:
        name = _kata_name(item.path)
        if name and "kata" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kata(name=name))  # by keyword, because `-m` selects by nothing else
            item.add_marker(pytest.mark.chapter(number=_spec(name).chapter))
            config.stash[KEY].collected += 1


@pytest.fixture
def kata(request):
    """The kata under test; see dojo/checking/kata.py."""
    from dojo import loading
    from dojo.running.subjects import Loaded, Unusable

    judging: Judging = request.config.stash[KEY]
    name, track = _kata_name(request.path), request.param
    if judging.subject is not None:
        return judging.subject.kata(request.module)
    if track == "torch":
        pytest.importorskip("torch", reason="torch is not installed: `make start` installs it")
    if (name, track) not in judging.loaded:
        try:
            made = Loaded(loading.subject(name, track, judging.origin), _spec(name))
        except Unusable as error:
            made = error
        judging.loaded[name, track] = made
    made = judging.loaded[name, track]
    if isinstance(made, Unusable):
        where = f"{made.file or loading.subject(name, track, judging.origin).path}:{made.line or 1}"
        pytest.fail(f"{where}: {made.status}: it {made.facts}", pytrace=False)
    return made.kata(request.module)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Tell whoever watches which test comes next."""
    judging: Judging = item.config.stash[KEY]
    if judging.on_test is not None:
        judging.on_test(item.originalname)  # type: ignore[operator]
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    """Keep each result for the diagnosis, and give a failed kata test our words in place of a traceback."""
    kata: Any = getattr(item, "funcargs", {}).get("kata")
    if call.when != "call" or not hasattr(kata, "calls"):
        return None
    judging: Judging = item.config.stash[KEY]
    error = call.excinfo.value if call.excinfo else None
    result = Result(item.originalname, _outcome(error, kata), error, kata.calls)
    judging.results.append(result)
    if result.outcome in ("passed", "skipped"):
        return None
    text = result.outcome if judging.subject is not None else _explained(judging.loaded[kata._name, kata.track], result)
    keywords = dict.fromkeys(item.keywords, 1)
    return pytest.TestReport(item.nodeid, item.location, keywords, "failed", text, "call", duration=call.duration)


def findings(loaded, results: list[Result], leave_out: str | None = None) -> list:
    """Findings for the failed tests among `results`: first what waits for a prerequisite, then what is wrong.

    `leave_out` as in `explain`. Wrong answers run for comparison, so numpy's warnings are not the learner's here.
    """
    import warnings

    from dojo.diagnosis.explain import explain

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        locked = [result for result in results if result.outcome == "locked"]
        waiting = {finding.facts: finding for finding in (_waiting(loaded, result) for result in reversed(locked))}
        rest = explain(loaded, [result for result in results if result.outcome != "locked"], leave_out)
    return [*reversed(waiting.values()), *rest]


def _waiting(loaded, result: Result):
    """The finding about a call that ran into an unfinished function of a prerequisite."""
    import traceback

    from dojo.diagnosis.findings import Finding
    from dojo.running.subjects import prerequisite_of

    assert result.error is not None
    frames, file = traceback.extract_tb(result.error.__traceback__), str(loaded.subject.path)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    kata = prerequisite_of(result.error, loaded.subject)
    facts = f"needs {frames[-1].name} of {kata}, which is not finished yet"
    return Finding(result.calls[-1].function, None, facts, result.test, file, (lines or [1])[-1] or 1)


def _explained(loaded, result: Result) -> str:
    from dojo.diagnosis.wording import plain

    return "\n\n".join(plain(finding) for finding in findings(loaded, [result]))


def _outcome(error, kata) -> str:
    if error is None:
        return "passed"
    if isinstance(error, pytest.skip.Exception):
        return "skipped"
    if isinstance(error, NotImplementedError):
        from dojo.running.subjects import prerequisite_of

        return "locked" if prerequisite_of(error, _Where(kata)) else "not-started"  # type: ignore[arg-type]
    return "ended" if type(error).__name__ == "Ended" else "failed"


class _Where:
    """As much of a Subject as `prerequisite_of` asks for."""

    def __init__(self, kata):
        self.track, self.path = kata.track, Path(kata.caller.module.__file__)


def _kata_name(path) -> str:
    """The kata that a test file is about; empty for any other file."""
    path = Path(path)
    tests = path.parent
    if tests.name == "katas" and tests.parent.name == "tests" and path.name.startswith("test_"):
        return path.stem.removeprefix("test_")
    return ""


_SPECS: dict = {}


def know(spec) -> None:
    """Take a kata's entry of the curriculum, so that it need not be read for this kata."""
    _SPECS[spec.name] = spec


def _spec(name):
    from dojo.errors import DojoError

    if not _SPECS:
        from dojo.loading import curriculum

        _SPECS.update({kata.name: kata for kata in curriculum().katas})
    if name not in _SPECS:
        raise DojoError(f"No kata on the map is called {name!r}.", "Add it to katas/curriculum.toml.")
    return _SPECS[name]
