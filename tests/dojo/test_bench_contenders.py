"""Who is timed: everybody agrees before the clock runs, floating-point operations are those torch counts, wrong files stay out."""

from functools import cache

import numpy as np
import pytest

from dojo.bench import agreeing, devices, learners, lineup, machine, models
from dojo.bench.agreeing import Disagreement, differences
from dojo.bench.arguments import items
from dojo.bench.contenders import Contender, Task, task
from dojo.bench.machine import roofline
from dojo.bench.measuring import batches, measure
from dojo.bench.recording import entries, title
from dojo.checking.reference import reference
from dojo.curriculum import Kata
from dojo.loading import curriculum, install_finder, solution_path
from dojo.workloads import Workload

KATAS = {kata.name: kata for kata in curriculum().katas if kata.workload}
SMALL = {"N": 3, "T": 4, "S": 4, "D": 6, "H": 5, "M": 4, "A": 3, "V": 20, "length": 600, "side": 8, "h": 3, "v": 3}
DISTINCT = {
    "conv2d": {"H": 6, "W": 6, "C": 2, "O": 3},
    "convnet": {"A": 8, "B": 16, "F": 64},
    "pooling": {"H": 6, "W": 6, "C": 2},
    "sampling": {"V": 30},
    "weight_init": {"D": 64, "M": 64},
    "network": {"D": 6, "M": 4},
    "multi_head": {"E": 8},
    "transformer_block": {"E": 8, "F": 6},
    "attention": {"E": 3, "F": 5, "S": 5},
    "looking_inside": {"O": 3, "C": 2},
}
FILLED = {"source_lengths": 4, "target_lengths": 4, "batch_size": 2, "T": 4}
HIDDEN = {"shapes", "rnn", "lstm", "gru", "attention", "multi_head", "char_rnn", "transformer_block"}
PEAKS = dict.fromkeys(("numpy", "torch cpu", "torch cuda", "torch mps"), {"flops": 1e9, "bytes": 1e9})


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def small(name: str) -> Kata:
    """A kata whose workload takes no time; random answers keep enough numbers to tell their spread."""
    kata = KATAS[name]
    work = kata.workload
    sizes = {letter: size for letter, size in {**SMALL, **DISTINCT.get(name, {})}.items() if letter in work.sizes}
    if name != "dropout":
        sizes |= (
            {"...": (2, 3)} if len(work.sizes.get("...", ())) == 2 else {"...": (5,)} if "..." in work.sizes else {}
        )
    else:
        sizes = {}
    arguments = {key: FILLED.get(key, value) for key, value in work.arguments.items()}
    init = {key: min(value, 12) if type(value) is int else value for key, value in work.init.items()}
    changed = {"sizes": {**work.sizes, **sizes}, "arguments": arguments, "init": init}
    changed["below"] = {key: min(most, 12) if type(most) is int else most for key, most in work.below.items()}
    return Kata(**{**vars(kata), "workload": Workload(**{**vars(work), **changed})})


@cache
def lined_up(name: str) -> tuple[Task, list[Contender], list[str]]:
    what = task(name, small(name).workload)
    return what, *lineup.line_up(what, {}, compiling=False)


@pytest.mark.parametrize("name", KATAS)
def test_all_contenders_give_the_same_answers(name):
    what, contenders, left_out = lined_up(name)
    assert contenders[0].name == "numpy reference"
    assert all(reason.startswith(("cuda:", "mps:", "cpu:")) for reason in left_out), left_out
    found = differences(contenders, what)
    assert set(found) == {one.name for one in contenders}
    assert items(what.work, what.arguments) > 0


def test_models_and_layers_meet_a_built_in():
    pytest.importorskip("torch")
    without = [name for name in KATAS if not any(one.kind == "built-in" for one in lined_up(name)[1])]
    alone = {"gradcheck", "text", "sampling", "positions", "additive_attention", "seq2seq", "transformer"}
    assert set(without) <= alone  # what nobody has ready
    assert "sklearn MLPClassifier" in [one.name for one in lined_up("network")[1]]


@pytest.mark.parametrize("name", [name for name, kata in KATAS.items() if kata.workload.flops])
def test_floating_point_operations_are_those_that_torch_counts(name):
    pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    what, contenders, _ = lined_up(name)
    built_in = [one for one in contenders if one.kind == "built-in" and one.track == "torch" and one.device == "cpu"]
    # some built-ins do all products within one call, where the counter does not look
    countable = built_in if name not in HIDDEN else [one for one in contenders if one.name == "torch reference"]
    with FlopCounterMode(display=False) as counter:
        countable[0].call()
    assert what.work.count() == counter.get_total_flops()


# ---------------------------------------------------------------------- disagreement


def stand_in(name: str, answer, kind: str = "reference") -> Contender:
    return Contender(name, kind, "numpy", "cpu", lambda: answer, lambda got: {"0": np.asarray(got)})


def plain(random: bool = False) -> Task:
    return Task("affine", KATAS["affine"].workload, {}, [], (), random, ())


@pytest.mark.parametrize("wrong", [[1.0, 2.1], [1.0, np.nan], [1.0], [[1.0], [2.0]]])
def test_who_gives_another_answer_is_not_timed(wrong):
    with pytest.raises(Disagreement, match="theirs and the mine differ by .* in answer 0"):
        differences([stand_in("mine", [1.0, 2.0]), stand_in("theirs", wrong)], plain())


def test_rounding_is_no_other_answer():
    found = differences([stand_in("mine", [1.0, 2.0]), stand_in("theirs", [1.0, 2.00001])], plain())
    assert 0 < found["theirs"] < agreeing.FARTHEST["float32"]


def test_a_step_that_is_not_taken_is_seen_beside_parameters_a_thousand_times_as_large():
    what, contenders, _ = lined_up("network")
    lazy = stand_in("lazy", None)
    lazy = Contender(**{**vars(lazy), "answers": lambda _: {f"2[{key}]": value for key, value in what.start.items()}})
    with pytest.raises(Disagreement, match="lazy"):
        differences([contenders[0], lazy], what)


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_no_number_is_seen_wherever_it_stands(place):
    good, bad = {"0": np.ones(2), "1": np.ones(2)}, {"0": np.ones(2), "1": np.ones(2)}
    bad[str(place)] = np.array([1.0, np.nan])
    pair = [
        Contender(name, "reference", "numpy", "cpu", lambda: 0, lambda _, found=found: found)
        for name, found in (("a", good), ("b", bad))
    ]
    with pytest.raises(Disagreement):
        differences(pair, plain())


def test_random_answers_are_compared_by_mean_and_spread():
    one, other = (np.random.default_rng(seed).normal(size=100_000) for seed in (0, 1))
    assert differences([stand_in("mine", one), stand_in("theirs", other)], plain(random=True))["theirs"] < 0.03
    with pytest.raises(Disagreement):
        differences([stand_in("mine", one), stand_in("theirs", 1.1 * other)], plain(random=True))


def test_answers_without_anything_in_common_are_no_agreement():
    elsewhere = Contender("theirs", "reference", "numpy", "cpu", lambda: 1.0, lambda got: {"9": np.asarray(got)})
    with pytest.raises(Disagreement, match="nothing|no answer in common"):
        differences([stand_in("mine", 1.0), elsewhere], plain())


# ---------------------------------------------------------------------- the learner's files


def test_a_right_file_takes_part_on_its_track(tmp_path):
    mine = tmp_path / "affine.py"
    mine.write_text(solution_path("affine", "numpy").read_text(encoding="utf-8"), encoding="utf-8")
    what = task("affine", small("affine").workload)
    contenders, _ = lineup.line_up(what, {"numpy": mine}, compiling=False)
    assert contenders[1].name == "yours, numpy"
    assert differences(contenders, what)["yours, numpy"] == 0


def test_a_file_that_raises_is_left_out_with_its_reason(tmp_path):
    mine = tmp_path / "affine.py"
    mine.write_text("raise RuntimeError('not today')", encoding="utf-8")
    contenders, left_out = lineup.line_up(task("affine", small("affine").workload), {"numpy": mine}, compiling=False)
    assert "your numpy file: RuntimeError: not today" in left_out
    assert "yours, numpy" not in [one.name for one in contenders]


class Judge:
    """Stands for a Grader whose verdicts are known."""

    status = "passed"

    def __init__(self, *_):
        pass

    def known(self, kata):
        return {"status": self.status}


@pytest.mark.parametrize(("status", "timed"), [("passed", True), ("failed", False), ("locked", False)])
def test_only_files_with_a_passed_verdict_are_timed(monkeypatch, status, timed):
    monkeypatch.setattr(learners, "Grader", type("Known", (Judge,), {"status": status}))
    monkeypatch.setattr(learners, "untouched", lambda kata, track: track == "torch")
    found, left_out = learners.right_files(KATAS["affine"], curriculum(), None, None)
    assert (list(found) == ["numpy"]) == timed
    assert timed or left_out == [f"your numpy file: its verdict is {status}, and what is wrong is not timed"]


# ---------------------------------------------------------------------- devices and compilers


def test_a_device_that_is_absent_is_told_with_the_reason(monkeypatch):
    monkeypatch.setattr(lineup, "absent", lambda device: "there is none" if device != "cpu" else "")
    _, left_out = lineup.line_up(task("affine", small("affine").workload), {}, compiling=False)
    assert left_out == ["cuda: there is none", "mps: there is none"]


def test_without_torch_numpy_is_timed_alone(monkeypatch):
    monkeypatch.setattr(lineup, "absent", lambda device: "PyTorch is not installed")
    monkeypatch.setattr(lineup, "present", lambda: ())
    contenders, left_out = lineup.line_up(task("affine", small("affine").workload), {})
    assert [one.name for one in contenders] == ["numpy reference"]
    assert "cpu: PyTorch is not installed" in left_out


def test_a_compiler_that_fails_is_told_with_the_reason(monkeypatch):
    torch = pytest.importorskip("torch")

    def refuse(*_):
        raise RuntimeError("no compiler here\nand a long story")

    monkeypatch.setattr(torch, "compile", refuse)
    contenders, left_out = lineup.line_up(task("network", small("network").workload), {})
    assert "torch.compile: RuntimeError: no compiler here" in left_out
    assert not [one for one in contenders if one.kind == "compiled"]


def test_a_compiled_model_takes_the_same_step_and_tells_how_long_compiling_took(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch, "compile", lambda function: function)
    what = task("network", small("network").workload)
    one = models.model(what, "cpu", compile=True)
    assert one.seconds_before > 0
    assert differences([lined_up("network")[1][0], one], what)[one.name] < 1e-4


def test_the_clock_waits_for_devices():
    before = devices.clock()
    assert devices.clock() >= before


# ---------------------------------------------------------------------- the record


class Ticking:
    """A clock that moves by a second at each look."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_a_record_has_rates_ratios_and_shares_of_the_peak(monkeypatch):
    kata = small("affine")
    record = measure(kata, None, PEAKS, {}, rounds=1, shortest=0.5, compiling=False, tick=Ticking())
    assert record["valid"]
    assert (record["batch"], record["items"], record["unit"]) == (3, 3, "examples")
    for row in record["rows"]:  # each block is one call of one second
        assert row["median"] == 1
        assert row["rate"] == 3
        assert row["to_reference"] == 1
        assert row["of_peak"] == kata.workload.count() / PEAKS["numpy"]["flops"]
    assert record["rows"][0]["peak_of"] == "numpy"


def test_a_batch_takes_the_place_of_the_workloads_own():
    record = measure(small("affine"), 7, PEAKS, {}, rounds=1, shortest=0.5, compiling=False, tick=Ticking())
    assert (record["batch"], record["items"]) == (7, 7)


def test_what_disturbs_itself_is_tried_again_and_then_not_kept():
    looks = iter(range(10**6))

    def unsteady() -> float:  # blocks by turns take longer and longer
        return float(next(looks)) ** 3

    record = measure(small("affine"), None, PEAKS, {}, rounds=1, shortest=0.5, compiling=False, tick=unsteady)
    assert record["tries"] == 2
    assert not record["valid"]
    assert entries(record, {}, 0.0) == []


def test_what_is_kept_has_its_samples_and_explains_itself():
    record = measure(small("affine"), None, PEAKS, {}, rounds=2, shortest=0.5, compiling=False, tick=Ticking())
    facts = {
        "cpu": "a chip",
        "cores": 2,
        "memory_gib": 8,
        "accelerators": [],
        "system": "Linux",
        "versions": {},
        "threads": 1,
    }
    kept = [one.as_dict() for one in entries(record, facts, 0.05)]
    assert kept[0]["name"] == title(record, record["rows"][0]) == "affine, batch 3 · numpy reference"
    assert kept[0]["stats"]["data"] == record["rows"][0]["seconds"]
    extra = kept[0]["extra_info"]
    assert extra["examples_per_second"] == 3
    assert extra["machine"] == "a chip, 2 cores, 8 GiB, Linux"
    assert {"threads", "versions", "load", "of_peak", "ratios", "drift", "difference"} <= set(extra)


def test_models_are_timed_at_three_sizes_and_a_sweep_is_finer():
    assert batches(KATAS["network"].workload, sweep=False) == (1, 64, 1024)
    assert batches(KATAS["softmax"].workload, sweep=False) == (None,)
    assert batches(KATAS["softmax"].workload, sweep=True) == (None,)  # it has no batch axis of its own
    assert batches(KATAS["conv2d"].workload, sweep=True) == tuple(2**n for n in range(11))


def test_the_roofline_is_the_products_or_the_memory_but_no_cache():
    peak = {"flops": 100.0, "bytes": 10.0}
    assert roofline(1000, 0, peak) == 10
    assert roofline(1000, 2**26, peak) == 2**26 / 10
    assert roofline(None, 1000, peak) is None


def test_every_function_that_is_timed_is_one_of_its_kata():
    for name, kata in KATAS.items():
        assert hasattr(reference(name).module, kata.workload.function)


def test_what_other_processes_use_is_the_load(monkeypatch):
    used = iter([{(1, 0.0): 5.0, (2, 0.0): 1.0}, {(1, 0.0): 5.5, (3, 0.0): 9.0}])  # one ended, one began
    monkeypatch.setattr(machine, "_used", lambda: next(used))
    monkeypatch.setattr(machine.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 2)
    assert machine.load(1.0) == 0.25


def test_every_other_process_is_looked_at():
    assert all(seconds >= 0 for seconds in machine._used().values())
