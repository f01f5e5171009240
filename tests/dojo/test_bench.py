"""Timing in blocks: what is counted, in which order, and when a comparison does not count."""

import os
import subprocess
import sys

import pytest

from dojo.bench.blocks import Timing, compare, speed, table
from dojo.bench.threads import ONE, UNSET, one_torch_thread, single_threaded
from dojo.loading import ROOT


class Machine:
    """A clock that only moves when a contender is called, by its seconds; `disturbed` ones take longer after another."""

    def __init__(self, seconds: dict[str, float], disturbed: tuple[str, ...] = ()):
        self.now, self.seconds, self.disturbed = 0.0, seconds, disturbed
        self.order: list[str] = []

    def clock(self) -> float:
        return self.now

    def contenders(self) -> dict:
        return {name: lambda name=name: self.call(name) for name in self.seconds}

    def call(self, name: str) -> None:
        changed = bool(self.order) and self.order[-1] != name
        self.now += self.seconds[name] * (30 if changed and name in self.disturbed else 1)
        self.order.append(name)


def blocks(order: list[str]) -> list[str]:
    """Each run of one name, once."""
    return [name for n, name in enumerate(order) if n == 0 or order[n - 1] != name]


def test_every_block_gives_the_seconds_of_one_call():
    machine = Machine({"a": 0.125, "b": 0.5})
    found = compare(machine.contenders(), rounds=4, shortest=1.0, clock=machine.clock)
    assert found["a"].seconds == (0.125,) * 4
    assert found["a"].alone == (0.125,) * 4
    assert found["b"].median == found["b"].median_alone == 0.5
    assert found["b"].iqr == 0
    assert found["a"].valid
    assert found["b"].valid


def test_blocks_alternate_and_each_round_turns_the_order():
    machine = Machine({"a": 0.25, "b": 0.25, "c": 0.25})
    compare(machine.contenders(), rounds=2, shortest=1.0, clock=machine.clock)
    warm_up, alone, rounds = "abc", "abc", "abcba"  # c ends the first round and begins the second
    assert "".join(blocks(machine.order)) == warm_up + alone + rounds + alone[1:]


def test_a_block_lasts_at_least_as_long_as_it_should():
    machine = Machine({"slow": 0.75, "quick": 0.01})
    compare(machine.contenders(), rounds=1, shortest=1.0, clock=machine.clock)
    assert (
        machine.order.count("slow") == 2 * 6
    )  # warm-up, two blocks before, one in the round, two behind: two calls each
    assert machine.order.count("quick") >= 100 * 6


def test_a_contender_that_the_others_disturb_is_invalid():
    machine = Machine({"a": 0.25, "b": 0.25}, disturbed=("b",))
    found = compare(machine.contenders(), rounds=3, shortest=1.0, clock=machine.clock)
    assert found["a"].valid
    assert not found["b"].valid
    assert found["b"].drift > 1
    lines = table(found, "a").splitlines()
    assert "invalid" not in lines[1]
    assert "invalid: +2900% from its time alone" in lines[2]


def test_the_speed_is_taken_round_by_round():
    one, other = Timing("one", (1.0, 2.0, 4.0), (2.0,)), Timing("other", (0.5, 1.0, 2.0), (1.0,))
    assert speed(other, one) == 2.0
    assert speed(one, other) == 0.5
    assert other.iqr == 0.75


def test_nothing_to_time_is_refused():
    with pytest.raises(ValueError, match="0 contenders and 9 rounds"):
        compare({})
    with pytest.raises(ValueError, match="1 contenders and 0 rounds"):
        compare({"a": int}, rounds=0)


def test_one_thread_is_asked_of_blas_and_its_kernels_are_left_to_it():
    found = single_threaded({"HOME": "/", "OPENBLAS_NUM_THREADS": "8", **dict.fromkeys(UNSET, "x")})
    assert found == {"HOME": "/", **ONE}


def test_a_script_starts_again_on_one_thread_and_does_its_work_once():
    script = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from dojo.bench.threads import restart_on_one_thread\n"
        "restart_on_one_thread()\n"
        "print('begun', os.environ['OMP_NUM_THREADS'], os.environ.get('OPENBLAS_CORETYPE'))"
    )
    surroundings = {**os.environ, "OMP_NUM_THREADS": "4", "OPENBLAS_CORETYPE": "Haswell"}
    done = subprocess.run([sys.executable, "-c", script], env=surroundings, capture_output=True, text=True, check=True)
    assert done.stdout == "begun 1 None\n"


def test_torch_gets_its_threads_back():
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    with pytest.raises(KeyError), one_torch_thread():
        assert torch.get_num_threads() == 1
        raise KeyError
    assert torch.get_num_threads() == before
