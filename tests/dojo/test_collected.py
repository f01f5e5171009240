"""Tests that are collected once and run in forked copies: kept while their files stay, made again when one changes."""

import os

import pytest

from dojo.loading import curriculum, subject
from dojo.running import collected
from dojo.running.judge import Options, judge


@pytest.fixture
def fresh(monkeypatch):
    """As in a worker that has just started; pytest's plugins of this very run stay out."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setattr(collected, "_kept", {})
    monkeypatch.setattr(collected, "_state", frozenset())


def in_a_copy(work) -> str:
    """What `work()` answers in a forked copy of this process."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, str(work()).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


def test_one_collection_serves_many_runs(fresh):
    tests = collected.prepare(curriculum()["softmax"], "numpy")
    made = subject("softmax", "numpy", "solutions")
    answers = [in_a_copy(lambda: judge(made, tests, Options())["tests"]) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0] == str({"passed": tests.total, "failed": 0, "total": tests.total})
    assert tests.total > 5


def test_it_is_kept_until_a_file_changes(fresh, tmp_path, monkeypatch):
    spec, file = curriculum()["softmax"], tmp_path / "softmax.py"
    file.touch()
    monkeypatch.setattr(collected, "SOURCES", (str(tmp_path),))
    tests = collected.prepare(spec, "numpy")
    assert collected.prepare(spec, "numpy") is tests
    file.write_text("# changed")
    assert collected.prepare(spec, "numpy") is not tests


def test_what_it_imported_is_imported_again_by_whoever_asks(fresh):
    import sys

    collected.prepare(curriculum()["cross_entropy"], "numpy")
    assert not [name for name in sys.modules if name.startswith(("solutions.", "tests.katas"))]
