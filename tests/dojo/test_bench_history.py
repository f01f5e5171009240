"""The history of throughput: written whole or not at all, machines apart, and slower only beyond the noise."""

import errno
import json
import os

import pytest

from dojo.bench import history
from dojo.bench.history import Point, judge, load, pick, save, series
from dojo.errors import DojoError


def record(
    median: float = 1.0, machine: str = "a chip", when: str = "2026-01-01", name: str = "softmax · numpy reference"
) -> dict:
    extra = {"machine": machine, "threads": 1, "rows_per_second": 256 / median, "versions": {"numpy": "2.0"}}
    one = {"name": name, "extra_info": extra, "stats": {"median": median, "iqr": 0.01 * median}}
    return {"benchmarks": [one], "datetime": when, "commit_info": {"id": "0123456789", "dirty": True}}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / history.FOLDER / "Linux-CPython"


def test_records_are_numbered_and_read_again(tmp_path, folder):
    places = [save(folder, record(when=f"2026-01-0{day}"), "today") for day in (1, 2)]
    assert [place.name for place in places] == ["0001_today.json", "0002_today.json"]
    runs, unreadable = load(tmp_path)
    assert not unreadable
    assert [(run.number, run.commit, run.threads) for run in runs] == [(1, "0123456+", 1), (2, "0123456+", 1)]
    point = runs[0].points["softmax · numpy reference"]
    assert (point.median, point.rate, point.unit) == (1.0, 256, "rows")


def test_a_full_disk_leaves_the_history_as_it_was(tmp_path, folder, monkeypatch):
    before = save(folder, record(), "good")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DojoError, match="No space left on device") as caught:
        save(folder, record(), "bad")
    assert "history is as it was" in caught.value.next_step
    assert [path.name for path in folder.iterdir()] == [before.name]


def test_an_interrupted_write_leaves_no_trace(folder, monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        save(folder, record(), "half")
    assert not list(folder.iterdir())


def test_two_runs_that_end_together_get_two_numbers(folder, monkeypatch):
    save(folder, record(), "x")
    numbers = iter([1, 2])
    monkeypatch.setattr(history, "_next", lambda folder: next(numbers))
    assert save(folder, record(), "x").name == "0002_x.json"


def test_a_file_system_without_hard_links_does_too(folder, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert json.loads(save(folder, record(), "x").read_text(encoding="utf-8")) == record()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"benchmarks": 3}', '{"benchmarks": [{}], "datetime": "x"}'])
def test_a_record_that_is_damaged_is_named_and_left_out(tmp_path, folder, text):
    save(folder, record(), "good")
    (folder / "0002_bad.json").write_text(text, encoding="utf-8")
    runs, unreadable = load(tmp_path)
    assert [run.number for run in runs] == [1]
    assert unreadable == ["0002_bad.json"]


def test_times_that_are_no_times_are_not_read(tmp_path, folder):
    save(folder, record(median=float("nan")), "bad")
    save(folder, record(median=-1.0), "worse")
    runs, unreadable = load(tmp_path)
    assert not runs
    assert len(unreadable) == 2


def test_machines_and_numbers_of_threads_are_never_mixed(tmp_path, folder):
    for machine in ("a chip", "another", "a chip"):
        save(folder, record(machine=machine), "x")
    found = series(load(tmp_path)[0])
    lengths = {machine: len(names["softmax · numpy reference"]) for (machine, _), names in found.items()}
    assert lengths == {"a chip": 2, "another": 1}


def points(*medians: float, iqr: float = 0.01) -> list[Point]:
    return [Point("x", median, iqr * median, 1 / median, "rows", {"numpy": "2.0"}) for median in medians]


def test_the_first_run_is_judged_by_nothing():
    found = judge(points(1.0))
    assert found.change is None
    assert not found.slower


@pytest.mark.parametrize(
    ("medians", "slower"),
    [
        ((1.0, 1.01, 0.99, 1.2), True),  # 20 % where runs lie 2 % apart
        ((1.0, 1.2, 0.9, 1.2), False),  # 20 % where runs lie 30 % apart
        ((1.0, 1.01, 0.99, 0.8), False),  # faster
        ((1.0, 1.08), False),  # one run says nothing about how far runs lie apart
        ((1.0, 1.2), True),
        ((9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.2), True),  # what is long ago is over
    ],
)
def test_slower_is_what_exceeds_the_noise(medians, slower):
    assert judge(points(*medians)).slower == slower


def test_the_spread_within_a_run_is_noise_too():
    assert not judge(points(1.0, 1.0, 1.0, 1.2, iqr=0.25)).slower


def test_it_is_said_how_it_was_judged_and_which_versions_changed():
    runs = points(1.0, 1.01, 0.99, 1.2)
    runs[-1] = Point(**{**vars(runs[-1]), "versions": {"numpy": "2.1"}})
    found = judge(runs)
    assert found.why == (
        "against the middle of 3 earlier runs; these lie 2% apart, blocks within a run 1%; numpy is 2.1, was 2.0"
    )


@pytest.mark.parametrize("wanted", ["2", "0002", "0002_x", "some/where/0002_x.json"])
def test_a_run_is_picked_by_its_number_or_file(tmp_path, folder, wanted):
    for _ in range(2):
        save(folder, record(), "x")
    assert pick(load(tmp_path)[0], wanted).number == 2


def test_a_run_that_is_not_there_is_refused_with_those_that_are(tmp_path, folder):
    save(folder, record(), "x")
    with pytest.raises(DojoError, match="no run '7'") as caught:
        pick(load(tmp_path)[0], "7")
    assert "The last ones are 1" in caught.value.next_step
