"""Answers judged by the real judge in a child, as `python grader.py check` does it."""

import pytest

from dojo.diagnosis.findings import Finding, Match
from dojo.diagnosis.wording import plain
from dojo.loading import solution_path
from dojo.running.client import Worker


@pytest.fixture(scope="session")
def worker():
    """One warm worker for all tests of this process."""
    with Worker() as started:
        yield started


@pytest.fixture
def judge(worker, tmp_path):
    """`judge(kata, track, source)`: the verdict on a file with that source."""

    def run(kata: str, track: str, source: str) -> dict:
        file = tmp_path / f"{kata}.py"
        file.write_text(source, encoding="utf-8")
        return worker.check(kata, track, file=file)

    return run


@pytest.fixture
def changed(judge):
    """`changed(kata, track, (old, new), …)`: the verdict on the reference with some text replaced, each standing there once."""

    def run(kata: str, track: str, *changes: tuple[str, str]) -> dict:
        source = solution_path(kata, track).read_text(encoding="utf-8")
        for old, new in changes:
            assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {kata}"
            source = source.replace(old, new)
        return judge(kata, track, source)

    return run


@pytest.fixture
def told(tmp_path):
    """`told(verdict)`: all its findings as a person reads them, without the snippets."""

    def run(verdict: dict) -> str:
        texts = []
        for found in verdict["findings"]:
            causes = [Match(**cause) for cause in found["causes"]]
            finding = Finding(**{**found, "causes": causes, "inputs": ""})
            texts.append(plain(finding, tmp_path))
        return "\n\n".join(texts) + "\n"

    return run
