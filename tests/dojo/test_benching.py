"""`grader.py bench`: its table, its picture, the history and comparisons it tells, and what it says when things go wrong."""

import json
import sys

import pytest

from dojo import benching, cli
from dojo.bench import history
from dojo.bench.measuring import batches
from dojo.benching import chart, table, told
from dojo.errors import DojoError
from dojo.loading import curriculum
from dojo.terminal import make_console
from tests.dojo.test_bench_history import record as kept

FACTS = {"cpu": "a chip", "cores": 2, "memory_gib": 8, "accelerators": [], "system": "Linux", "threads": 1}
MACHINE = {"facts": FACTS, "peaks": {"numpy": {"flops": 6e10, "bytes": 6e9}}, "load": 0.01}


def row(name: str, rate: float, kind: str = "reference", track: str = "numpy", **more) -> dict:
    usual = {
        "device": "cpu",
        "to_reference": rate / 1000,
        "to_built_in": rate / 2000,
        "of_peak": 0.5,
        "of_roofline": 0.25,
    }
    usual |= {"median": 1 / rate, "iqr": 0.01 / rate, "drift": 0.0, "valid": True, "seconds_before": 0.0}
    return (
        usual
        | {"name": name, "kind": kind, "track": track, "rate": rate, "peak_of": "numpy", "flops": 2_000_000}
        | more
    )


def record(batch: int | None = 64, *rows: dict, **more) -> dict:
    rows = rows or (row("numpy reference", 1000), row("torch.nn", 2000, "built-in", "torch"))
    usual = {"kata": "network", "function": "loss_and_grads", "model": True, "unit": "examples", "valid": True}
    return usual | {"batch": batch, "left_out": [], "rows": list(rows)} | more


def printed(records: list[dict], machine: dict | None = MACHINE, quick: bool = False) -> str:
    console = make_console()
    with console.capture() as captured:
        table.show(console, records, machine, quick)
    return captured.get()


def test_the_table_has_a_line_for_each_contender():
    text = printed([record()])
    assert "network, batch 64 · a training step" in text
    assert "examples/s" in text
    cells = {line.split()[0]: line.split() for line in text.splitlines() if line.startswith(("numpy ref", "torch.nn"))}
    assert cells["torch.nn"][1:] == ["2", "k", "2.00×", "1.00×", "50%", "25%", "0.5", "0.005"]
    assert "peak: numpy, each for its own; 2 MFLOP a call" in text


def test_the_machine_and_its_peaks_stand_above():
    text = printed([record()])
    assert text.startswith("a chip, 2 cores, 8 GiB, Linux · 1 thread\n")
    assert "numpy 60 GFLOP/s, 6 GB/s" in text
    assert "busy" not in text


def test_a_busy_machine_is_said():
    assert "42% of the processors were busy" in printed([record()], MACHINE | {"load": 0.42})


def test_a_disturbed_contender_is_named_with_the_consequence():
    text = printed([record(64, row("numpy reference", 1000, valid=False, drift=0.3), valid=False)])
    assert "numpy reference took +30% beside the others: the record is invalid and not kept" in text


def test_who_is_left_out_stands_below_with_the_reason():
    text = printed([record(left_out=["cuda: no CUDA device was found"]), {"kata": "affine", "refused": "They differ."}])
    assert "left out: cuda: no CUDA device was found" in text
    assert "affine: not timed. They differ." in text


def test_the_time_of_compiling_stands_below():
    assert "torch.nn, compiled: 12.3 s to compile" in printed(
        [record(1, row("torch.nn, compiled", 5, seconds_before=12.34))]
    )


def test_what_was_not_counted_is_a_dash():
    text = printed([record(64, row("numpy reference", 1000, of_peak=None, of_roofline=None, to_built_in=None))])
    assert text.count("—") == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5 "), (999, "999 "), (1234, "1.23 k"), (2.5e6, "2.5 M"), (6e10, "60 G"), (3e13, "30 T")],
)
def test_rates_have_three_digits_and_a_prefix(value, text):
    assert table.rate(value) == text


# ---------------------------------------------------------------------- the command


@pytest.fixture
def pytest_logs(monkeypatch):
    """`pytest_logs(record, …)`: what the process that measures would have logged."""

    def set_up(*records: dict):
        monkeypatch.setattr(benching, "measured", lambda *_: iter(records))

    return set_up


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*arguments: str):
        monkeypatch.setattr(sys, "argv", ["grader.py", "bench", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return run


def test_a_good_measurement_ends_with_code_0(command, pytest_logs):
    pytest_logs(MACHINE, record(), {"kept": "somewhere"})
    code, text, _ = command("network")
    assert code == 0
    assert "kept as somewhere" in text


@pytest.mark.parametrize(
    "bad", [record(valid=False), {"kata": "affine", "refused": "They differ."}, {"trouble": "Stopped."}]
)
def test_a_bad_one_ends_with_code_1(command, pytest_logs, bad):
    pytest_logs(MACHINE, record(), bad)
    assert command("network")[0] == 1


def test_json_is_one_object_for_each_line(command, pytest_logs):
    pytest_logs(MACHINE, record())
    _, text, _ = command("network", "--json")
    assert [json.loads(line) for line in text.splitlines()] == [MACHINE, record()]


def test_a_name_that_is_not_on_the_map_gets_a_wish(command):
    code, _, error = command("netwrk")
    assert code == 2
    assert "Did you mean network?" in error


def test_all_katas_with_a_workload_are_meant_without_a_name():
    assert [kata.name for kata in benching.chosen(())] == [kata.name for kata in curriculum().katas if kata.workload]


class Process:
    """Stands for pytest: writes its log and says its lines; with `interrupt`, Ctrl-C comes after the first."""

    def __init__(self, arguments, interrupt: bool = False, log: str = "", **_):
        self.arguments = arguments
        place = next(one.removeprefix("--bench-log=") for one in arguments if one.startswith("--bench-log="))
        if log:
            with open(place, "w", encoding="utf-8") as file:
                file.write(log)
        self.stdout = self.said(interrupt)

    def said(self, interrupt):
        yield "bench_katas.py::test_throughput[network-1] PASSED\n"
        if interrupt:
            raise KeyboardInterrupt
        yield "bench_katas.py::test_throughput[network-64] PASSED\n"

    def wait(self):
        pass


def run_with(monkeypatch, **more) -> list[dict]:
    monkeypatch.setattr(benching.subprocess, "Popen", lambda arguments, **options: Process(arguments, **more))
    return list(benching.measured([curriculum()["network"]], 1, True, False, True))


def test_what_pytest_logged_comes_back(monkeypatch):
    assert run_with(monkeypatch, log=json.dumps(record()) + "\n") == [record()]


def test_after_ctrl_c_what_was_finished_is_shown(monkeypatch):
    found = run_with(monkeypatch, log=json.dumps(record()) + "\n", interrupt=True)
    assert found == [record(), {"trouble": "Stopped; what was finished is kept."}]


def test_nothing_logged_is_an_error_with_what_pytest_said(monkeypatch):
    with pytest.raises(DojoError, match=r"(?s)Nothing was timed.*network-64"):
        run_with(monkeypatch)


# ---------------------------------------------------------------------- the picture


def sweep(quick: float, slow: float, spread: float = 0.01) -> list[dict]:
    """Records at eight sizes: numpy calls cost nothing extra, torch's cost a bit and are quicker for each example."""
    made = []
    for n in range(8):
        numpy, torch = 2**n / (2**n * slow), 2**n / (1 + 2**n * quick)
        rows = [row("numpy reference", numpy), row("torch.nn", torch, "built-in", "torch")]
        made.append(record(2**n, *[one | {"iqr": spread * one["median"]} for one in rows]))
    return made


def test_the_crossing_lies_where_the_lines_meet():
    ((size, rate, winner, loser),) = chart.crossings(sweep(quick=0.05, slow=0.1))  # 1 + 0.05 n = 0.1 n at n = 20
    assert size == pytest.approx(20, rel=0.05)
    assert rate == pytest.approx(10, rel=0.05)
    assert (winner, loser) == ("torch.nn", "numpy reference")


def test_noise_makes_no_crossing():
    assert not chart.crossings(sweep(quick=0.05, slow=0.1, spread=2.0))


def test_lines_that_touch_within_the_noise_cross_once():
    rates = [(1, 10.0, 0.02), (2, 10.0, 0.02), (4, 10.0, 0.02), (8, 10.0, 0.02)]
    other = [(1, 8.0, 0.02), (2, 10.1, 0.02), (4, 9.9, 0.02), (8, 12.0, 0.02)]
    ((size, rate, rising),) = chart.crossing(rates, other)
    assert 1 < size < 8
    assert rate == pytest.approx(10)
    assert rising


def test_a_gpu_pays_from_a_batch_on():
    records = [record(one["batch"], *one["rows"][1:], row("numpy reference", 1)) for one in sweep(0.1, 0.1)]
    for one in records:
        one["rows"].append(
            row("torch.nn on cuda", one["batch"] / (3 + one["batch"] * 0.01), "built-in", "torch", device="cuda")
        )
    assert ("torch.nn on cuda", "torch.nn") in [found[2:] for found in chart.crossings(records)]


def test_the_picture_is_drawn_with_its_lesson(tmp_path):
    records = sweep(quick=0.05, slow=0.1)
    (place,) = chart.draw([MACHINE | one for one in records], MACHINE, tmp_path / "here" / "x.png")
    assert place.read_bytes().startswith(b"\x89PNG")
    figure = chart.figure_of(records, MACHINE)
    assert figure.texts[0].get_text() == "network: from a batch of 21 on, torch.nn is ahead of the numpy reference"
    assert "a chip, 2 cores, 8 GiB, Linux, 1 thread" in figure.texts[1].get_text()


def test_one_size_makes_no_picture():
    assert chart.draw([record()], MACHINE, None) == []


def test_a_sweep_goes_up_to_1024():
    assert batches(curriculum()["network"].workload, sweep=True)[-1] == 1024


# ---------------------------------------------------------------------- history and comparison


@pytest.fixture
def past(tmp_path, monkeypatch):
    """`past(median, …)`: one run for each; keyword `machine` names where."""
    monkeypatch.setattr(told, "ROOT", tmp_path)

    def fill(*medians: float, **more):
        for day, median in enumerate(medians, start=1):
            history.save(tmp_path / history.FOLDER / "Linux", kept(median, when=f"2026-01-{day:02}", **more), "x")

    return fill


def test_without_a_history_it_is_said_how_to_begin(command, past):
    assert command("--history")[:2] == (0, "Nothing has been measured yet: `python grader.py bench softmax` begins.\n")


def test_the_history_tells_what_became_slower_and_how_it_was_judged(command, past):
    past(1.0, 1.01, 0.99, 1.3)
    code, text, _ = command("--history")
    assert code == 1
    assert "softmax · numpy reference" in text
    flat = " ".join(text.split())
    assert "became slower by 30%: against the middle of 3 earlier runs; these lie 2% apart" in flat
    assert "1 (2026-01-01, 0123456+)" in flat


def test_a_steady_history_ends_with_code_0_in_json_too(command, past):
    past(1.0, 1.01)
    code, text, _ = command("--history", "--json")
    assert code == 0
    (line,) = map(json.loads, text.splitlines())
    assert [run["median"] for run in line["runs"]] == [1.0, 1.01]
    assert not line["slower"]


def test_other_machines_stand_apart(command, past):
    past(1.0)
    past(9.0, machine="another")
    code, text, _ = command("--history")
    assert code == 0  # nine times as slow, but elsewhere
    assert "a chip · 1 thread" in text
    assert "another · 1 thread" in text


def test_the_history_of_one_kata_leaves_the_others_out(command, past):
    past(1.0)
    past(1.0, name="network, batch 64 · torch.nn")
    text = command("network", "--history")[1]
    assert "network, batch 64 · torch.nn" in text
    assert "softmax" not in text


def test_two_runs_stand_side_by_side(command, past):
    past(1.0, 0.5)
    code, text, _ = command("--compare", "1", "2")
    assert code == 0
    assert "2.00×" in text
    assert "within the noise" not in text


def test_what_lies_within_the_noise_is_said_to(command, past):
    past(1.0, 0.99)
    assert "within the noise" in command("--compare", "1", "2")[1]


def test_runs_of_two_machines_are_compared_with_a_warning(command, past):
    past(1.0)
    past(1.0, machine="another")
    assert "They ran on different machines or threads" in " ".join(command("--compare", "1", "2")[1].split())
