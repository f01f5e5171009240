"""How quick every kata is, forward and backward or as a training step: yours, the references and the built-ins.

`python grader.py bench` runs it and draws the table; so does pytest:

    pytest tests/benchmarks/bench_katas.py --bench-katas softmax,network --benchmark-autosave

The curriculum says what is timed. Answers are compared first, then contenders take turns in blocks on equal threads; the
samples go into pytest-benchmark's storage. Nothing here asserts anything about time.
"""

from contextlib import ExitStack

import pytest
from threadpoolctl import threadpool_limits

from dojo.bench.agreeing import Disagreement
from dojo.bench.blocks import SHORTEST
from dojo.bench.devices import torch_or_reason
from dojo.bench.learners import right_files
from dojo.bench.machine import facts, frequency, load, measured
from dojo.bench.measuring import batches, measure
from dojo.bench.recording import entries
from dojo.loading import curriculum
from dojo.progress import Progress, default_path
from dojo.running.client import Worker
from tests.benchmarks.conftest import tell

MAP = curriculum()


def pytest_generate_tests(metafunc):
    """One test for each kata that has a workload, and for each of its batch sizes."""
    wanted = metafunc.config.getoption("--bench-katas").split(",")
    katas = [MAP[name] for name in wanted if name] or MAP.katas
    sweep = metafunc.config.getoption("--bench-sweep")
    cases = [(kata, size) for kata in katas if kata.workload for size in batches(kata.workload, sweep)]
    names = [f"{kata.name}{f'-{size}' if size is not None else ''}" for kata, size in cases]
    metafunc.parametrize(("kata", "batch"), cases, ids=names)


@pytest.fixture(scope="session")
def machine(pytestconfig):
    """The threads set, the machine measured, and what else it was doing then."""
    threads, torch = pytestconfig.getoption("--bench-threads"), torch_or_reason()[0]
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(threads))
        if torch is not None:
            before = torch.get_num_threads()
            stack.callback(torch.set_num_threads, before)
            torch.set_num_threads(threads)
        busy = load()
        peaks = measured(min(0.3, pytestconfig.getoption("--bench-block")))
        found = facts(threads)
        tell(pytestconfig, {"facts": found, "peaks": peaks, "load": busy, "frequency": frequency()})
        yield found, peaks, busy


@pytest.fixture(scope="session")
def judging():
    """What tells which of the learner's files are right."""
    with Progress(default_path()) as progress, Worker() as worker:
        yield progress, worker


def test_throughput(kata, batch, machine, judging, keep, pytestconfig):
    found, peaks, busy = machine
    learners, wrong = right_files(kata, MAP, *judging)
    block = pytestconfig.getoption("--bench-block")
    options = {"rounds": pytestconfig.getoption("--bench-rounds"), "shortest": block}
    compiling = not pytestconfig.getoption("--bench-no-compile")
    try:
        record = measure(kata, batch, peaks, learners, compiling=compiling, **options)
    except Disagreement as error:
        tell(pytestconfig, {"kata": kata.name, "batch": batch, "refused": str(error)})
        raise
    record["left_out"] += wrong
    tell(pytestconfig, record)
    if block >= SHORTEST:  # anything shorter is a look, and no measurement
        keep(entries(record, found, busy))
    if not record["valid"]:
        pytest.skip("the contenders disturbed each other: the record is not kept")
