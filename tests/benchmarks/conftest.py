"""Options of the benchmarks, and a history in pytest-benchmark's storage that is written whole or not at all."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dojo.bench import history  # noqa: E402
from dojo.bench.blocks import ROUNDS, SHORTEST  # noqa: E402
from dojo.errors import DojoError  # noqa: E402


def pytest_addoption(parser):
    """How long, how often, what and where to tell of it."""
    group = parser.getgroup("dojo benchmarks")
    group.addoption("--bench-katas", default="", metavar="NAMES", help="only these katas, with commas between them")
    group.addoption("--bench-sweep", action="store_true", help="a fine row of batch sizes, from 1 to 1024")
    group.addoption("--bench-threads", type=int, default=1, help="threads of BLAS and of torch (default: 1)")
    group.addoption("--bench-block", type=float, default=SHORTEST, help="seconds of a block, at least")
    group.addoption("--bench-rounds", type=int, default=ROUNDS, help="rounds of blocks")
    group.addoption("--bench-no-compile", action="store_true", help="without torch.compile")
    group.addoption("--bench-suite", action="store_true", help="bench_feedback.py: time the whole suite too")
    group.addoption("--bench-log", default=None, metavar="FILE", help="every record as a line of JSON, at once")


def pytest_sessionstart(session):
    """Have pytest-benchmark keep the samples, and save them by way of a renamed file."""
    benchmarks = session.config._benchmarksession
    benchmarks.save_data = True
    storage = benchmarks.storage

    def save(record, name):
        try:
            place = history.save(storage.path / storage.default_machine_id, record, name)
        except DojoError as error:
            tell(session.config, {"trouble": str(error)})
            print(f"\n{error}", file=sys.stderr)
            session.exitstatus = 1
        else:
            tell(session.config, {"kept": str(place)})

    if hasattr(storage, "default_machine_id"):  # files; what Elasticsearch is given is its own business
        storage.save = save


def tell(config, record: dict) -> None:
    """Append a line of JSON to the log, if there is one."""
    if place := config.getoption("--bench-log"):
        with open(place, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


@pytest.fixture
def keep(request):
    """`keep(entries)`: they go into pytest-benchmark's record of this run."""
    return request.config._benchmarksession.benchmarks.extend
