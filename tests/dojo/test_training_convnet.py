"""`grader.py train convnet`: the dojo's loop around the learner's gradients, checkpoints, and `train --compare`."""

import ast
import importlib.util
import io
import json
import math
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # `data` is not installed: like `katas`, it lives in the checkout

import data  # noqa: E402
from data.kinds import ImageData, Images  # noqa: E402
from dojo import loading  # noqa: E402
from dojo.errors import DojoError  # noqa: E402
from dojo.training import command, comparison, train  # noqa: E402
from dojo.training.capstones import recipe  # noqa: E402
from dojo.training.charts import classifier_figure  # noqa: E402
from dojo.training.checkpoints import Unkeepable, _pack, _unpack, checkpoint_path  # noqa: E402
from dojo.training.convnet import Convnet, Setting  # noqa: E402
from dojo.training.learner import Learner, LearnerError  # noqa: E402
from dojo.training.loop import Loop  # noqa: E402
from dojo.training.regularisers import L2, Decay, Dropout  # noqa: E402
from dojo.training.reporters import Bar, Lines  # noqa: E402
from dojo.training.warping import warped  # noqa: E402

pytestmark = pytest.mark.filterwarnings("error")

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
TRACKS = ["numpy", pytest.param("torch", marks=needs_torch)]
SOLVED = ("affine", "activations", "softmax", "cross_entropy", "conv2d", "pooling", "convnet")
OTHERS = ("backprop", "sgd", "network", "optimizers", "l2", "dropout")


class House:
    """A checkout of this test's own whose learner has solved what convnet stands on, and nothing else."""

    def __init__(self, root: Path):
        self.root = root
        for track in ("numpy", "torch"):
            (root / "katas" / track).mkdir(parents=True)
            (root / "solutions" / track).mkdir(parents=True)
            for name in (*SOLVED, *OTHERS):
                shutil.copy(ROOT / "solutions" / track / f"{name}.py", root / "solutions" / track)
            for name in SOLVED:
                self.solve(name, track)
        shutil.copy(ROOT / "katas" / "curriculum.toml", root / "katas")

    def path(self, name: str, track: str = "numpy") -> Path:
        return self.root / "katas" / track / f"{name}.py"

    def solve(self, name: str, track: str = "numpy") -> None:
        solved = (self.root / "solutions" / track / f"{name}.py").read_text(encoding="utf-8")
        self.path(name, track).write_text(re.sub(r"from solutions\.", "from katas.", solved), encoding="utf-8")

    def edit(self, name: str, old: str, new: str, track: str = "numpy") -> None:
        text = self.path(name, track).read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{name} has no {old!r}"
        self.path(name, track).write_text(text.replace(old, new, 1), encoding="utf-8")

    def params(self, name: str = "convnet-numpy") -> dict[str, np.ndarray]:
        with np.load(self.root / ".dojo" / "trained" / f"{name}.npz") as saved:
            return dict(saved)


def forget_katas() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("katas", "solutions") and name.count(".") == 2]:
        del sys.modules[name]


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    forget_katas()
    yield House(tmp_path)
    forget_katas()


@pytest.fixture(scope="module")
def digits() -> ImageData:
    """A few of the real ones: three batches, and a test."""
    whole = data.load("digits", announce=lambda line: None)
    cut = (Images(part.images[:count], part.labels[:count]) for part, count in ((whole.train, 80), (whole.test, 40)))
    return ImageData("digits", "a few digits", *cut)


@pytest.fixture(autouse=True)
def few(digits, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name, fallback, announce: digits)
    plain = Setting("8×8 digits", epochs=3, batch_size=32, lr=4e-3, shift=1)
    monkeypatch.setattr(Convnet, "settings", {"mnist": plain, "digits": plain})


@pytest.fixture
def undrawn(monkeypatch):
    """Drawing takes most of a short run's time; only the tests about pictures draw."""
    draw = lambda outcome, images, path, kernels=None: path.write_bytes(b"")  # noqa: E731
    monkeypatch.setattr("dojo.training.charts.draw_classifier", draw)


@pytest.fixture
def silent(monkeypatch):
    """`silent(stop)`: what is said, and Ctrl-C while the results of epoch `stop` are shown."""

    def make(stop: int | None = None) -> io.StringIO:
        said = io.StringIO()
        reporter = Lines("images", Console(file=said, width=200))

        def epoch(point) -> None:
            if point.epoch == stop:
                raise KeyboardInterrupt

        reporter.epoch = epoch
        monkeypatch.setattr("dojo.training.reporters.make_reporter", lambda as_json, unit: reporter)
        return said

    return make


def lines(captured: str) -> list[dict]:
    return [json.loads(line) for line in captured.splitlines()]


def same(one: dict, other: dict) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


# what it learns, and with whose functions


@pytest.mark.parametrize("track", TRACKS)
def test_the_learners_convnet_learns(house, capsys, undrawn, track):
    assert train("convnet", track, epochs=10, as_json=True) == 0
    *epochs, last = lines(capsys.readouterr().out)
    assert [line["epoch"] for line in epochs] == list(range(1, 11))
    assert epochs[-1]["loss"] < 0.9 * epochs[0]["loss"] and last["accuracy"] > 0.15  # of ten classes, in 30 steps
    assert last["accuracy"] == epochs[-1]["accuracy"]
    params = house.params(f"convnet-{track}")
    assert params["w2"].shape == (16, 8, 5, 5) and params["w2"].dtype == np.float32


def test_the_references_run_leaves_the_learners_files_alone(house, undrawn, silent):
    silent()
    assert train("convnet", epochs=1) == 0
    before = {path: path.read_bytes() for path in (house.root / ".dojo").rglob("*.*") if path.is_file()}
    assert len(before) == 3  # parameters, picture, checkpoint
    assert train("convnet", origin="solutions", epochs=1, seed=1) == 0
    assert all(path.read_bytes() == content for path, content in before.items())
    assert set(house.params("convnet-numpy-reference")) == set(house.params())


def test_the_step_is_the_learners_own_once_it_is_written(house, undrawn, silent):
    said = silent()
    assert train("convnet", epochs=1) == 0
    assert (
        "it runs on the reference's minibatches, cosine_lr and adam_step, until your sgd and optimizers is written"
        in said.getvalue()
    )
    house.solve("optimizers")
    house.edit("optimizers", "    return params, state", "    raise RuntimeError('momentum')")
    before, said = house.params(), silent()
    assert train("convnet", epochs=1) == 0
    assert "it runs on your cosine_lr and adam_step and the reference's minibatches" in said.getvalue()
    assert same(house.params(), before)
    silent()
    text = house.path("optimizers").read_text(encoding="utf-8")
    house.path("optimizers").write_text(text.replace("    return params, state", "    return params"), encoding="utf-8")
    forget_katas()
    assert train("convnet", epochs=1) == 1


def test_a_step_that_gives_no_state_is_told_by_its_line(house, capsys, silent):
    silent()
    house.solve("optimizers")
    text = house.path("optimizers").read_text(encoding="utf-8")
    house.path("optimizers").write_text(text.replace("    return params, state", "    return params"), encoding="utf-8")
    assert train("convnet", epochs=1) == 1
    said = capsys.readouterr().err
    assert re.match(r"katas/numpy/optimizers\.py:\d+: adam_step gave back a dict; parameters of the same shapes", said)
    assert "`python grader.py check optimizers`" in said


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("    return loss, grads", "    return loss", "loss_and_grads gave back a"),
        ('"w1": dw1', '"w1": dw1[:, 0]', "loss_and_grads gave gradients of the shapes"),
        ('"w1": dw1', '"w1": dw1 * np.nan', "loss_and_grads led to a loss of nan after epoch 1"),
        ("    return logits.argmax(axis=1)", "    return logits", "predict gave back the shape"),
        ("    return logits.argmax(axis=1)", "    return logits.argmax(axis=1) + 10", "the classes are 0 to 9"),
        ("    D = 16 * (", "    D = 1 // 0 * (", "init raised ZeroDivisionError"),
        ("z1 = conv2d(x, w1, b1, 1,", "z1 = conv2d(x, w1, b1,", "_forward raised TypeError"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_one_sentence(house, capsys, silent, old, new, what):
    silent()
    house.edit("convnet", old, new)
    assert train("convnet", epochs=1) == 1
    message = capsys.readouterr().err
    assert re.match(r"katas/numpy/convnet\.py:\d+: ", message) and what in message
    assert "Traceback" not in message and not (house.root / ".dojo" / "trained").exists()


def test_an_error_of_the_dojo_is_not_blamed_on_the_learner(house, monkeypatch):
    reporter = Lines("images", Console(file=io.StringIO()))
    reporter.epoch = lambda point: {}["ours"]
    monkeypatch.setattr("dojo.training.reporters.make_reporter", lambda as_json, unit: reporter)
    with pytest.raises(KeyError, match="ours"):
        train("convnet", epochs=1)


@pytest.mark.parametrize("shift", [0, 1])
def test_the_loop_moves_each_batch_within_its_border(house, digits, shift):
    capstone, learner = recipe("convnet", "numpy"), Learner("convnet", "numpy", "katas")
    task = capstone.task(digits, digits.train.images, digits.train.labels, 1)
    loop, offsets = Loop(capstone, learner, task, 80, 0.1, shift), np.random.default_rng(0)
    wide = np.pad(task.x, ((0, 0), (0, 0), (shift, shift), (shift, shift)))
    moved = [loop._moved(wide, offsets) for _ in range(100)]
    assert all(batch.shape == task.x.shape and batch.flags.c_contiguous for batch in moved)
    places = [(top, left) for top in range(2 * shift + 1) for left in range(2 * shift + 1)]
    cut = {place: wide[:, :, place[0] : place[0] + 8, place[1] : place[1] + 8] for place in places}
    seen = {place for batch in moved for place in places if np.array_equal(batch, cut[place])}
    assert seen == set(places)


def test_warped_copies_are_other_images_of_the_same_digits(digits):
    images, rng = digits.train.images, np.random.default_rng(0)
    one, other = warped(images, rng), warped(images, rng)
    assert one.shape == images.shape and one.dtype == np.float32 and not np.array_equal(one, other)
    assert one.min() >= 0 and one.max() <= 1
    near = [np.corrcoef(copy.ravel(), image.ravel())[0, 1] for copy, image in zip(one, images, strict=True)]
    assert min(near) > 0.5 and max(near) < 0.9999


def test_copies_stand_beside_the_images_with_their_labels(digits, monkeypatch):
    few = Setting("8×8 digits", epochs=1, batch_size=32, lr=4e-3, copies=2)
    monkeypatch.setattr(Convnet, "settings", {"digits": few})
    task = recipe("convnet", "numpy").prepare(digits, None)
    assert task.size == 240 and task.x.shape == (240, 1, 8, 8) and "2 warped copies" in task.detail
    assert np.array_equal(task.x[:80, 0], digits.train.images)
    assert np.array_equal(task.labels, np.tile(digits.train.labels, 3))


def test_a_warp_by_nothing_changes_nothing(digits, monkeypatch):
    for most in ("TURN", "SLANT", "STRETCH", "MOVE"):
        monkeypatch.setattr(f"dojo.training.warping.{most}", 0.0)
    assert np.allclose(warped(digits.train.images, np.random.default_rng(0)), digits.train.images, atol=1e-6)


# checkpoints


@pytest.mark.parametrize("track", TRACKS)
def test_a_resumed_training_ends_bit_for_bit_where_an_uninterrupted_one_does(house, undrawn, silent, track, capsys):
    silent()
    assert train("convnet", track, epochs=4, seed=3) == 0
    whole, points = house.params(f"convnet-{track}"), _points(track)
    said = silent(stop=2)
    assert train("convnet", track, epochs=4, seed=3) == 0
    flag = "" if track == "numpy" else " --track torch"
    assert f"`python grader.py train convnet{flag} --resume` goes on after the last whole epoch." in said.getvalue()
    assert not same(house.params(f"convnet-{track}"), whole)
    said = silent()
    assert train("convnet", track, resume=True) == 0
    assert "It goes on after epoch 2 of 4." in said.getvalue()
    assert same(house.params(f"convnet-{track}"), whole)
    assert [point[:3] for point in _points(track)] == [point[:3] for point in points]


def _points(track: str) -> list[tuple]:
    from dojo.training.checkpoints import load

    found = load(checkpoint_path("convnet", track, "katas")).points
    return [(point.epoch, point.loss, point.accuracy, point.seconds) for point in found]


def test_ctrl_c_within_an_epoch_keeps_what_was_reached_and_goes_on_after_the_last_whole_one(house, undrawn, silent):
    silent()
    assert train("convnet", epochs=3) == 0
    whole = house.params()
    house.edit(
        "convnet",
        "    z1, h1, p1",
        "    COUNT.append(1)\n    if len(COUNT) == 7: raise KeyboardInterrupt\n    z1, h1, p1",
    )
    house.edit("convnet", "def init(", "COUNT = []\n\n\ndef init(")  # measuring after each epoch is a call, too
    said = silent()
    assert train("convnet", epochs=3) == 0
    assert "stopped after epoch 1 of 3; kept" in said.getvalue()
    reached = house.params()
    assert not same(reached, whole)
    said = silent()
    house.edit("convnet", "len(COUNT) == 7", "False")
    assert train("convnet", resume=True) == 0
    assert "convnet.py has changed since the checkpoint" in said.getvalue()
    assert same(house.params(), whole)


@pytest.fixture
def begun(house, undrawn, silent):
    """A training that was stopped after epoch 1 of 3, with seed 5."""
    silent(stop=1)
    assert train("convnet", epochs=3, seed=5) == 0
    silent()
    return house


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seed": 6}, "seed 5, not 6"),
        ({"epochs": 4}, "epochs 3, not 4"),
        ({"dataset": "mnist"}, "data set digits, not mnist"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(begun, digits, monkeypatch, options, said):
    other = ImageData(options.get("dataset", "digits"), "", digits.train, digits.test)
    monkeypatch.setattr(data, "load", lambda name, fallback, announce: other)
    with pytest.raises(DojoError, match=rf"(?s)is of another training: .*{said}.*without --resume"):
        train("convnet", resume=True, **options)


@needs_torch
def test_a_checkpoint_under_another_trainings_name_is_refused(begun):
    mine = checkpoint_path("convnet", "numpy", "katas")
    for options in ({"track": "torch"}, {"origin": "solutions"}):
        path = checkpoint_path("convnet", options.get("track", "numpy"), options.get("origin", "katas"))
        shutil.copy(mine, path)
        with pytest.raises(DojoError, match="(track numpy, not torch|--from katas, not solutions)"):
            train("convnet", resume=True, **options)


@pytest.mark.parametrize("harm", ["cut", "bit", "empty", "other"])
def test_a_damaged_checkpoint_is_refused(begun, harm):
    path = checkpoint_path("convnet", "numpy", "katas")
    content = path.read_bytes()
    middle = len(content) // 2
    spoilt = {"cut": content[:-10], "empty": b"", "other": b"PK" + content}
    spoilt["bit"] = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    path.write_bytes(spoilt[harm])
    with pytest.raises(DojoError, match=r"(?s)is damaged: its checksum does not fit.*Train again without --resume"):
        train("convnet", resume=True)


def test_there_has_to_be_something_to_go_on_from(house, undrawn, silent):
    silent()
    with pytest.raises(DojoError, match="There is no checkpoint to go on from"):
        train("convnet", resume=True)
    assert train("convnet", epochs=1) == 0
    with pytest.raises(DojoError, match="That training is over: .* has all 1 epochs"):
        train("convnet", resume=True)


def test_network_says_why_it_cannot_go_on(house):
    with pytest.raises(DojoError, match="its `train` starts from fresh parameters at every call"):
        train("network", resume=True)


def test_a_state_that_cannot_be_kept_costs_the_checkpoint_and_no_more(house, undrawn, silent):
    house.solve("optimizers")
    house.edit(
        "optimizers",
        "def adam_step(",
        "def adam_step(*given):\n    params, state = _adam(*given)\n    return params, dict(state, it=object())\n\n\ndef _adam(",
    )
    text = house.path("optimizers").read_text(encoding="utf-8")
    said = silent()
    assert train("convnet", epochs=2) == 0, text
    assert said.getvalue().count("The state of the optimizer holds an object.") == 1
    assert not checkpoint_path("convnet", "numpy", "katas").exists()


def test_whatever_a_state_is_made_of_comes_back_as_it_was():
    state = {
        "t": 3,
        ("w", 1): [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(2.5)],
        "beta": (0.9, np.float64(0.1), np.int32(7)),
        "more": {"none": None, "yes": True, "text": "ü", 5: -math.inf, "big": 2**127},
    }
    arrays: list[np.ndarray] = []
    packed = json.loads(json.dumps(_pack(state, arrays)))
    back = _unpack(packed, arrays)
    assert repr(back) == repr(state)
    assert back["beta"][1].dtype == np.float64 and back["beta"][2].dtype == np.int32
    assert back[("w", 1)][0].dtype == np.float32
    for strange in (object(), {1, 2}, np.array([object()]), lambda: 0):
        with pytest.raises(Unkeepable):
            _pack({"it": strange}, [])


def test_the_bar_goes_on_where_the_training_was(begun, monkeypatch):
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80, color_system=None, legacy_windows=False)
    monkeypatch.setattr("dojo.training.reporters.make_reporter", lambda as_json, unit: Bar(unit, console))
    monkeypatch.setattr("dojo.training.running.GLANCE", 0.0)
    assert train("convnet", resume=True) == 0
    shown = re.split(r"[\r\n]+", re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", written.getvalue()))
    bars = [line for line in shown if line.startswith("epoch ")]
    assert bars[0].startswith("epoch 2/3") and bars[-1].startswith("epoch 3/3")
    assert len(bars) > 5 and max(map(len, bars)) < 80


# the judgement and the picture


def test_the_worst_are_wrong_answers_sorted_by_the_probability_of_the_truth(house, digits):
    capstone, learner = recipe("convnet", "numpy"), Learner("convnet", "numpy", "katas")
    task = capstone.prepare(digits, 1)
    params = Loop(capstone, learner, task, 80, 0.1).start(0)["params"]
    judged = capstone.judge(learner, task, params)
    answers = capstone.answers(learner, task, params, task.test_x)
    assert judged.total == 40 and judged.accuracy == (answers == task.test_labels).mean()
    chances = [found.probability for found in judged.worst]
    assert chances == sorted(chances) and len(chances) == 16
    for found in judged.worst:
        loss, _ = learner.call("loss_and_grads", params, task.test_x[[found.index]], task.test_labels[[found.index]])
        assert found.predicted == answers[found.index] != found.label == task.test_labels[found.index]
        assert found.probability == pytest.approx(math.exp(-loss), rel=1e-6)


def test_the_picture_shows_the_first_kernels(house, monkeypatch, silent):
    drawn = []
    monkeypatch.setattr("dojo.training.charts.draw_classifier", lambda *given: (drawn.append(given), given[2].touch()))
    silent()
    assert train("convnet", epochs=1) == 0
    outcome, images, _, kernels = drawn[0]
    assert np.array_equal(kernels, house.params()["w1"])
    *_, last = classifier_figure(outcome, images, kernels).subfigs
    shown = [np.asarray(axes.images[0].get_array()) for axes in last.axes]
    assert len(shown) == 8 and all(
        np.array_equal(image, kernel[0]) for image, kernel in zip(shown, kernels, strict=True)
    )
    assert len(classifier_figure(outcome, images).subfigs) == 3


# --compare


def test_compare_has_a_row_for_every_pair_and_prints_a_table(house, capsys):
    for name in ("backprop", "sgd", "network"):
        house.solve(name)
    assert command(None, "numpy", "katas", None, 2, None, None, False, False, True) == 0
    said = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in said.splitlines() if line.startswith("│")]
    assert [row[:2] for row in rows] == [
        [name, title]
        for name in ("network", "convnet")
        for title in ("none", "L2, λ = 0.002", "weight decay, λ = 0.3", "dropout of pixels, p = 0.2")
    ]
    assert {row[2] for row in rows} == {"15,010", "4,074"}
    assert all(re.fullmatch(r"\d+\.\d\d%", cell) for row in rows for cell in row[3:5])
    assert re.search(r"your functions \(numpy\) on 80 training images of 8×8 digits, 2 epochs of Adam", said)


@pytest.mark.parametrize("track", TRACKS)
def test_compare_in_json_is_a_line_per_row(house, capsys, track):
    assert command("convnet", track, "solutions", None, 1, 4, None, True, False, True) == 0
    *rows, last = lines(capsys.readouterr().out)
    assert len(rows) == 4 and last == {"done": True, "rows": 4, "stopped": False}
    assert {(row["capstone"], row["track"], row["from"], row["seed"]) for row in rows} == {
        ("convnet", track, "solutions", 4)
    }
    assert len({row["test_accuracy"] for row in rows} | {row["train_accuracy"] for row in rows}) > 1


def test_compare_says_which_file_is_not_ready_and_goes_on_with_the_other(house, capsys):
    assert command(None, "numpy", "katas", None, 1, None, None, True, False, True) == 1
    said = capsys.readouterr()
    assert "katas/numpy/network.py:1: the file is missing" in said.err
    assert [row.get("capstone") for row in lines(said.out)] == ["convnet"] * 4 + [None]


def test_compare_ends_with_the_rows_it_has(house, capsys, monkeypatch):
    contender, asked = comparison._contender, []

    def interrupted(*given):
        asked.append(given)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return contender(*given)

    monkeypatch.setattr(comparison, "_contender", interrupted)
    assert command("convnet", "numpy", "solutions", None, 1, None, None, True, False, True) == 0
    assert lines(capsys.readouterr().out)[-1] == {"done": True, "rows": 1, "stopped": True}


def test_each_regulariser_changes_its_own_part_of_the_step(house):
    learner, rng = Learner("convnet", "numpy", "solutions"), np.random.default_rng(0)
    params, grads = {"W": np.full((2, 3), 2.0), "b": np.ones(3)}, {"W": np.ones((2, 3)), "b": np.ones(3)}
    found = L2(learner).grads(params, grads)
    assert np.allclose(found["W"], 1 + L2.lam * 2) and np.array_equal(found["b"], grads["b"])
    plain, _ = L2(learner).step(params, grads, {}, 0.5)
    decayed, _ = Decay(learner).step(params, grads, {}, 0.5)
    assert np.allclose(decayed["W"], plain["W"] - 0.5 * Decay.decay * 2)
    seen = Dropout(learner).inputs(np.ones((40, 40)), rng)
    assert set(np.unique(seen.round(6))) == {0.0, round(1 / (1 - Dropout.p), 6)}


# what is asked for


def test_options_that_do_not_go_together_are_refused(house):
    with pytest.raises(DojoError, match="Which capstone"):
        command(None, "numpy", "katas", None, None, None, None, False, False, False)
    with pytest.raises(DojoError, match="keeps no checkpoint"):
        command(None, "numpy", "katas", None, None, None, None, False, True, True)
    with pytest.raises(DojoError, match="only a capstone"):
        command("softmax", "numpy", "katas", None, None, None, None, False, False, True)
    with pytest.raises(DojoError, match=r"Did you mean mnist\?"):
        command(None, "numpy", "katas", "minst", None, None, None, False, False, True)


def test_a_broken_optimizer_is_blamed_and_not_replaced(house, silent):
    silent()
    house.path("optimizers").write_text("def adam_step(:\n", encoding="utf-8")
    with pytest.raises(LearnerError, match=r"optimizers\.py:1: this is not Python"):
        recipe("convnet", "numpy").helpers(Learner("convnet", "numpy", "katas"))


def test_the_modules_of_the_training_import_each_other_in_no_circle():
    folder, uses = ROOT / "dojo" / "training", {}
    for path in folder.glob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        asked = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
        uses[path.stem] = {name.rpartition(".")[2] for name in asked if name.startswith("dojo.training.")}
    while free := [name for name, used in uses.items() if not used & set(uses)]:
        for name in free:
            del uses[name]
    assert not uses
