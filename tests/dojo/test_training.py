"""`grader.py train network`: what it reaches, what it draws and keeps, and what it says when the file is not ready."""

import importlib.util
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # `data` is not installed: like `katas`, it lives in the checkout

import data  # noqa: E402
from dojo import loading  # noqa: E402
from dojo.errors import DojoError  # noqa: E402
from dojo.training import learner as learner_module  # noqa: E402
from dojo.training import train  # noqa: E402
from dojo.training.capstones import recipe  # noqa: E402
from dojo.training.charts import caption, classifier_figure, title  # noqa: E402
from dojo.training.judging import Misjudged, cross_entropy, judge  # noqa: E402
from dojo.training.learner import Learner, LearnerError  # noqa: E402
from dojo.training.network import sideways  # noqa: E402
from dojo.training.reporters import Bar, Lines  # noqa: E402
from dojo.training.running import run  # noqa: E402

pytestmark = pytest.mark.filterwarnings("error")

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
TRACKS = ["numpy", pytest.param("torch", marks=needs_torch)]
NEEDED = ("affine", "activations", "backprop", "sgd", "network")
CATCHES = "    except KeyboardInterrupt:\n        pass"
CHILD = """
import json, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits it ignored
from dojo import loading
loading.ROOT = Path(sys.argv[2])
from dojo.training import train
code = train("network", "numpy", "katas", "digits", 100_000, 0, None, True)
print(json.dumps({"torch": "torch" in sys.modules, "pyplot": "matplotlib.pyplot" in sys.modules}))
sys.exit(code)
"""


class House:
    """A checkout of this test's own whose learner has solved chapter 1 with the references' text."""

    def __init__(self, root: Path):
        self.root = root
        for track in ("numpy", "torch"):
            (root / "katas" / track).mkdir(parents=True)
            (root / "solutions" / track).mkdir(parents=True)
            for name in NEEDED:
                shutil.copy(ROOT / "solutions" / track / f"{name}.py", root / "solutions" / track)
                solved = (ROOT / "solutions" / track / f"{name}.py").read_text(encoding="utf-8")
                self.path(name, track).write_text(re.sub(r"from solutions\.", "from katas.", solved), encoding="utf-8")
        shutil.copy(ROOT / "katas" / "curriculum.toml", root / "katas")

    def path(self, name: str, track: str = "numpy") -> Path:
        return self.root / "katas" / track / f"{name}.py"

    def edit(self, name: str, old: str, new: str, track: str = "numpy") -> int:
        """Replace `old` once; the number of the line where it stood."""
        text = self.path(name, track).read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{name} has no {old!r}"
        self.path(name, track).write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def params(self, track: str = "numpy") -> dict[str, np.ndarray]:
        with np.load(self.root / ".dojo" / "trained" / f"network-{track}.npz") as saved:
            return dict(saved)

    @property
    def picture(self) -> Path:
        return self.root / ".dojo" / "pictures" / "network-numpy.png"


def forget_katas() -> None:
    for name in [name for name in sys.modules if name.startswith("katas.")]:
        del sys.modules[name]


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    forget_katas()
    yield House(tmp_path)
    forget_katas()


@pytest.fixture
def undrawn(monkeypatch):
    """Drawing takes most of a short run's time; only the tests about pictures draw."""
    monkeypatch.setattr("dojo.training.charts.draw_classifier", lambda outcome, images, path: path.write_bytes(b""))


def outcome_of(track="numpy", origin="katas", epochs=4, reporter=None, seed=0, prepare=lambda learner: None):
    """A run on the digits and what came of it."""
    capstone = recipe("network", track)
    learner = Learner("network", track, origin)
    prepare(learner)
    task = capstone.prepare(data.load("digits", announce=lambda line: None), epochs)
    reporter = reporter or Lines(capstone.unit, Console(file=io.StringIO()))
    reporter.begin(capstone, learner, task)
    return run(capstone, learner, task, seed, reporter)


def failure(capsys, **options) -> str:
    """The message of a training that must fail with exit code 1."""
    assert train("network", dataset="digits", epochs=3, **options) == 1
    return capsys.readouterr().err


# what is reached and what is drawn


@pytest.mark.parametrize("track", TRACKS)
def test_the_learners_network_learns_the_digits(house, track):
    outcome = outcome_of(track, epochs=6)
    assert outcome.judgement.accuracy > 0.9
    assert [point.epoch for point in outcome.points] == [1, 2, 3, 4, 5, 6]
    assert outcome.points[-1].loss < 0.5 * outcome.points[0].loss
    assert outcome.points[-1].accuracy == outcome.judgement.accuracy
    assert not outcome.stopped
    assert all(np.array_equal(outcome.params[name], saved) for name, saved in house.params(track).items())


def test_both_origins_and_every_repetition_give_the_same_numbers(house):
    mine, again, reference = outcome_of(epochs=2), outcome_of(epochs=2), outcome_of(epochs=2, origin="solutions")
    other = outcome_of(epochs=2, seed=1)
    losses = [[point.loss for point in outcome.points] for outcome in (mine, again, reference, other)]
    assert losses[0] == losses[1] == losses[2] != losses[3]


def test_the_picture_shows_what_was_measured(house, capsys):
    assert train("network", origin="katas", dataset="digits", epochs=3) == 0
    assert house.picture.read_bytes().startswith(b"\x89PNG")
    assert not list(house.picture.parent.glob(".*")), "a temporary file was left behind"
    said = capsys.readouterr().out
    assert f"picture:    {house.picture.relative_to(house.root)}" in said
    assert re.search(r"^epoch 3 of 3 · loss \d\.\d{4} · accuracy \d\d\.\d\d% · [\d,]+ images/s$", said, re.MULTILINE)
    assert re.search(
        r"^test accuracy \d\d\.\d\d% of 360 · trained for \d+\.\d s · [\d,]+ images/s$", said, re.MULTILINE
    )


def test_the_figure_holds_the_numbers_of_the_outcome(house):
    outcome = outcome_of(epochs=3)
    figure = classifier_figure(outcome, outcome.task.test_images)
    curves, confusion, worst = (part.axes for part in figure.subfigs)
    assert list(curves[0].lines[0].get_ydata()) == [point.loss for point in outcome.points]
    assert list(curves[1].lines[0].get_ydata()) == [100 * point.accuracy for point in outcome.points]
    assert sum(int(text.get_text()) for text in confusion[0].texts) == 360
    assert [axes.get_title() for axes in worst] == [caption(found) for found in outcome.judgement.worst]
    assert len(worst) == 16
    for part in ("your network", "numpy", "digits", f"{outcome.judgement.accuracy:.2%}"):
        assert part in title(outcome)


def test_the_judgement_counts_every_test_image_and_sorts_the_worst(house):
    outcome = outcome_of(epochs=3)
    judged, task = outcome.judgement, outcome.task
    assert judged.total == 360
    assert list(judged.confusion.sum(axis=1)) == [(task.test_labels == digit).sum() for digit in range(10)]
    chances = [found.probability for found in judged.worst]
    assert chances == sorted(chances)
    assert len({found.index for found in judged.worst}) == 16
    assert all(task.test_labels[found.index] == found.label for found in judged.worst)


def test_judging_agrees_with_a_small_case_done_by_hand():
    logits = np.log(np.array([[0.7, 0.2, 0.1], [0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]))
    judged = judge(logits, logits.argmax(axis=1), np.array([0, 1, 2]), count=2)
    assert judged.confusion.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert judged.accuracy == pytest.approx(2 / 3)
    assert [(found.index, found.predicted) for found in judged.worst] == [(1, 0), (0, 0)]
    assert [found.probability for found in judged.worst] == pytest.approx([0.25, 0.7])


def test_the_loss_survives_extreme_logits_and_says_when_they_are_not_numbers():
    logits = np.array([[1e4, 0.0], [0.0, -1e4]], dtype=np.float32)
    assert cross_entropy(logits, np.array([0, 0])) == 0
    assert cross_entropy(logits, np.array([1, 0])) == 5000
    assert np.isnan(cross_entropy(np.array([[np.inf, np.inf]]), np.array([0])))


def test_a_caption_says_truth_answer_and_probability():
    assert caption(Misjudged(0, 4, 9, 0.0021)) == "4 → 9  2e-3"
    assert caption(Misjudged(0, 4, 4, 0.514)) == "4 → 4  0.51"
    assert caption(Misjudged(0, 4, 9, 0.0)) == "4 → 9  0.00"


def test_sideways_copies_move_by_one_pixel_and_lose_none_within():
    images = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    moved, labels = sideways(images, np.array([7, 8]))
    assert labels.tolist() == [7, 8, 7, 8, 7, 8]
    assert np.array_equal(moved[:2], images)
    assert np.array_equal(moved[2:4, :, :3], images[:, :, 1:])
    assert not moved[2:4, :, 3].any()
    assert np.array_equal(moved[4:, :, 1:], images[:, :, :3])
    assert not moved[4:, :, 0].any()


# how it shows


def test_json_is_a_line_per_epoch_and_a_last_one_whatever_the_learner_prints(house, capsys, undrawn):
    house.edit("network", "    params = {}\n", "    print('from my init')\n    params = {}\n")
    out = house.root / "pictures" / "mine.svg"
    assert train("network", dataset="digits", epochs=2, out=out, as_json=True) == 0
    captured = capsys.readouterr()
    first, second, last = [json.loads(line) for line in captured.out.splitlines()]
    assert set(first) == {"epoch", "loss", "accuracy", "seconds", "images_per_second"}
    assert (first["epoch"], second["epoch"]) == (1, 2)
    assert last["done"] and last["accuracy"] == second["accuracy"] and not last["stopped"]
    assert (last["data"], last["track"], last["from"], last["epochs"]) == ("digits", "numpy", "katas", 2)
    assert Path(last["picture"]) == out
    assert Path(last["parameters"]).is_file()
    assert "from my init" in captured.err


def test_the_bar_moves_within_an_epoch_and_fits_in_80_columns(house, monkeypatch):
    monkeypatch.setattr("dojo.training.running.GLANCE", 0.0)
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80, color_system=None, legacy_windows=False)
    outcome_of(epochs=2, reporter=Bar("images", console))
    shown = re.split(r"[\r\n]+", re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", written.getvalue()))
    bars = [line for line in shown if line.startswith("epoch ")]
    assert len(bars) > 20, "one per batch is expected when it looks at every batch"
    assert max(map(len, bars)) < 80
    assert re.search(r"epoch 2/2 .*loss \d\.\d{4} · accuracy \d\d\.\d\d% · [\d,]+ images/s", bars[-1])
    assert "left" in bars[-1]


def test_without_a_generator_of_batches_the_bar_moves_by_epochs(house, monkeypatch):
    monkeypatch.setattr("dojo.training.running.GLANCE", 0.0)
    house.edit("network", "import minibatches, sgd_step", "import minibatches as batches, sgd_step")
    house.edit("network", "in minibatches(", "in batches(")
    moved = []
    reporter = Lines("images", Console(file=io.StringIO()))
    reporter.advance = lambda done, per_second: moved.append(done)
    assert len(outcome_of(epochs=2, reporter=reporter).points) == 2
    assert moved == []


class Clock:
    """Stands in for the module `time`: it moves only when told."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_the_rate_counts_training_alone(house, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("dojo.training.running.time", clock)
    reporter = Lines("images", Console(file=io.StringIO()))
    reporter.epoch = lambda point: clock.wait(1000)
    reporter.advance = lambda done, per_second: clock.wait(1000)

    def a_second_per_step(learner):
        step = vars(learner.module)["sgd_step"]
        vars(learner.module)["sgd_step"] = lambda *arguments: (clock.wait(1.0), step(*arguments))[1]

    outcome = outcome_of(epochs=2, reporter=reporter, prepare=a_second_per_step)
    steps = 135  # 4,311 images in batches of 32
    assert [point.seconds for point in outcome.points] == [steps, steps]
    assert outcome.seconds == 2 * steps
    assert outcome.per_second == outcome.points[0].per_second == outcome.task.size / steps


# Ctrl-C


class Interrupting(Lines):
    """Ctrl-C while the results of an epoch are shown."""

    def __init__(self, epoch: int):
        super().__init__("images", Console(file=io.StringIO()))
        self.last = epoch

    def epoch(self, point):
        if point.epoch == self.last:
            raise KeyboardInterrupt


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("catches", [True, False])
def test_ctrl_c_after_an_epoch_keeps_that_epoch(house, track, catches):
    whole = outcome_of(track, epochs=2)
    if not catches:
        house.edit("network", CATCHES, "    finally:\n        pass", track)
    outcome = outcome_of(track, epochs=5, reporter=Interrupting(2))
    assert outcome.stopped and outcome.finished == 2
    assert all(np.array_equal(outcome.params[name], whole.params[name]) for name in whole.params)
    assert all(np.array_equal(saved, whole.params[name]) for name, saved in house.params(track).items())


def test_ctrl_c_in_the_middle_of_an_epoch_keeps_the_epoch_before(house):
    whole = outcome_of(epochs=2)
    house.edit("network", CATCHES, "    finally:\n        pass")
    house.edit(
        "network",
        "                params = sgd_step",
        "                if epoch == 2: raise KeyboardInterrupt\n                params = sgd_step",
    )
    outcome = outcome_of(epochs=5)
    assert outcome.finished == 2 and len(outcome.points) == 2
    assert all(np.array_equal(outcome.params[name], whole.params[name]) for name in whole.params)


def test_parameters_spoilt_by_the_interruption_are_not_kept(house):
    whole = outcome_of(epochs=1)
    house.edit("network", "        pass  # params", "        params['W1'] = params['W1'] * np.nan  # params")
    outcome = outcome_of(epochs=3, reporter=Interrupting(1))
    assert all(np.array_equal(outcome.params[name], whole.params[name]) for name in whole.params)


def test_parameters_changed_in_place_afterwards_do_not_change_the_kept_ones(house):
    whole = outcome_of(epochs=1)
    house.edit(
        "network",
        "                params = sgd_step(params, grads, lr)",
        "                for k in params: params[k] -= lr * grads[k]",
    )
    house.edit("network", CATCHES, "    finally:\n        [p.fill(7) for p in params.values()]")
    outcome = outcome_of(epochs=3, reporter=Interrupting(1))
    assert all(np.allclose(outcome.params[name], whole.params[name], atol=1e-5) for name in whole.params)


def test_ctrl_c_before_there_is_anything_to_keep_says_so(house, capsys):
    house.edit("network", CATCHES, "    finally:\n        pass")
    house.edit("network", "    params = {}\n", "    raise KeyboardInterrupt\n")
    assert train("network", dataset="digits", epochs=3) == 130
    assert "nothing to keep" in capsys.readouterr().out
    assert not (house.root / ".dojo").exists()


@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C cannot be sent to one process on Windows")
def test_sigint_ends_the_process_well(house):
    command = [sys.executable, "-W", "error", "-c", CHILD, str(ROOT), str(house.root)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=house.root)
    for _ in range(3):
        assert "epoch" in json.loads(child.stdout.readline())
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    *_, last, modules = [json.loads(line) for line in out.splitlines()]
    assert child.returncode == 0, err
    assert last["stopped"] and 3 <= last["epochs"] < last["of"] == 100_000
    assert house.picture.is_file() and set(house.params()) == {"W1", "b1", "W2", "b2"}
    assert modules == {"torch": False, "pyplot": False}
    assert "Traceback" not in err


@pytest.fixture
def python_handles_sigint():
    """A job in the background inherits it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C cannot be sent to one process on Windows")
def test_sigint_strikes_again_where_the_learners_code_swallows_it(house, python_handles_sigint):
    attempt = """
                try:
                    import os, signal
                    if epoch == 1: os.kill(os.getpid(), signal.SIGINT)
                except BaseException: pass
"""
    step = "                params = sgd_step(params, grads, lr)\n"
    house.edit("network", step, step.rstrip() + attempt)
    outcome = outcome_of(epochs=3)
    assert outcome.finished == 1 and outcome.stopped
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# a file that is not ready


def test_an_unfinished_function_is_named_by_line_before_anything_is_loaded(house, capsys, monkeypatch):
    monkeypatch.setattr(data, "load", None)
    text = house.path("network").read_text(encoding="utf-8")
    line = house.edit(
        "network", "def predict(", "def predict(params, x):\n    raise NotImplementedError('predict')\n\n\ndef _old("
    )
    assert "def predict(" in text
    said = failure(capsys)
    assert said.startswith(f"katas/numpy/network.py:{line}: predict is not written yet\n")
    assert "`python grader.py check network`" in said


def test_an_unfinished_prerequisite_is_blamed_by_its_own_name(house, capsys):
    line = house.edit(
        "sgd", "    return {name: param - lr", "    raise NotImplementedError('sgd_step')\n    return {name: param - lr"
    )
    said = failure(capsys)
    assert said.startswith(f"katas/numpy/sgd.py:{line}: sgd_step is not written yet\n")
    assert "`python grader.py check sgd`" in said


def test_an_exception_is_told_by_line_without_a_traceback(house, capsys):
    line = house.edit("network", "sgd_step(params, grads, lr)", "sgd_step(params, grads['W9'], lr)")
    said = failure(capsys)
    assert said.startswith(f"katas/numpy/network.py:{line}: train raised KeyError: 'W9'\n    params = sgd_step(")
    assert "Traceback" not in said and "dojo/" not in said


@needs_torch
def test_on_the_torch_track_the_next_step_names_the_track(house, capsys):
    house.edit("network", "sgd_step(params, grads, lr)", "sgd_step(params, 1 / 0, lr)", "torch")
    said = failure(capsys, track="torch")
    assert "ZeroDivisionError" in said and "`python grader.py check network --track torch`" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("import math\n", "import math\nimport maths_\n", "this raised ModuleNotFoundError: No module named 'maths_'"),
        ("import math\n", "import (math\n", "this is not Python"),
        ("import math\n", "raise SystemExit\n", "this raised SystemExit, which would end the process"),
        ("    on_epoch: ", "    *, on_epoch: ", "TypeError: train() takes 7 positional arguments but 8"),
        ("            if on_epoch is not None:", "            if False:", "train called on_epoch 0 times in 3 epochs"),
        (
            "                on_epoch(",
            "                on_epoch(epoch, params), on_epoch(",
            "train called on_epoch more often",
        ),
        ("on_epoch(epoch, params)\n", "on_epoch(epoch, None)\n", "train gave None as the parameters"),
        (
            "    return params\n\n\ndef predict",
            "\n\ndef predict",
            "train gave None as the parameters; a dict of arrays",
        ),
        (".argmax(axis=1)", "", "predict gave back the shape (360, 10); (360,) was expected"),
        (".argmax(axis=1)", ".argmax(axis=1) + 10", "the classes are 0 to 9"),
        (".argmax(axis=1)", ".argmax(axis=1).tolist()", "predict gave back a list; np.ndarray was expected"),
        (
            "sgd_step(params, grads, lr)",
            "{k: v * np.nan for k, v in params.items()}",
            "led to a loss of nan after epoch 1",
        ),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_one_sentence(house, capsys, old, new, said):
    house.edit("network", old, new)
    message = failure(capsys)
    assert re.match(r"katas/numpy/network\.py:\d+: ", message)
    assert said in message
    assert "Traceback" not in message
    assert not (house.root / ".dojo" / "trained").exists()


def test_a_missing_file_says_how_to_get_it_back(house, capsys):
    house.path("network").unlink()
    assert (
        failure(capsys)
        == "katas/numpy/network.py:1: the file is missing\n`python grader.py reset network` brings the stub back.\n"
    )


def test_an_error_of_the_dojo_is_not_blamed_on_the_learner(house):
    reporter = Lines("images", Console(file=io.StringIO()))
    reporter.epoch = lambda point: {}["ours"]
    with pytest.raises(KeyError, match="ours"):
        outcome_of(epochs=2, reporter=reporter)


def test_a_mistake_that_the_learners_code_swallows_is_still_told(house):
    house.edit("network", ".argmax(axis=1)", "")
    house.edit("network", "    except KeyboardInterrupt:", "    except BaseException:")
    with pytest.raises(LearnerError, match="predict gave back the shape"):
        outcome_of(epochs=2)


def test_forward_may_stay_in_the_prerequisite(house):
    house.edit("network", "import forward, loss_and_grads", "import loss_and_grads")
    house.edit(
        "network",
        "    return forward(params, x)",
        "    from katas.numpy.backprop import forward\n\n    return forward(params, x)",
    )
    assert "forward" not in vars(Learner("network", "numpy", "katas").module)
    assert len(outcome_of(epochs=1).points) == 1


# what is asked for


def test_only_capstones_can_be_trained(house):
    with pytest.raises(DojoError, match=r"(?s)softmax cannot be trained: .*`train` knows: network"):
        train("softmax")
    with pytest.raises(DojoError, match="Did you mean network"):
        train("netwrok")


def test_an_unknown_data_set_suggests_the_nearest(house):
    with pytest.raises(DojoError, match=r"(?s)'minst'\. Did you mean mnist\?.*mnist or digits"):
        train("network", dataset="minst")


def test_mnist_is_tried_first_and_a_line_says_what_came_instead(house, capsys, monkeypatch, undrawn):
    digits, asked = data.load("digits"), []

    def load(name, fallback, announce):
        asked.append((name, fallback))
        announce(f"{name} could not be fetched. Instead: the digits.")
        return digits

    monkeypatch.setattr(data, "load", load)
    assert train("network", epochs=1) == 0
    assert train("network", epochs=1, dataset="mnist") == 0
    assert asked == [("mnist", True), ("mnist", False)]  # who asks for MNIST gets MNIST or an error
    assert "mnist could not be fetched. Instead: the digits." in capsys.readouterr().out


def test_missing_torch_says_what_to_install(house, monkeypatch):
    def missing(track):
        raise ModuleNotFoundError(f"No module named {track!r}")

    monkeypatch.setattr(learner_module, "make_track", missing)
    with pytest.raises(DojoError, match=r"(?s)No module named 'torch'.*`make start` installs it"):
        train("network", track="torch")


def test_a_place_for_the_picture_is_refused_before_the_training(house, monkeypatch):
    monkeypatch.setattr(learner_module, "Learner", None)
    with pytest.raises(DojoError, match="is a folder"):
        train("network", out=house.root)
    with pytest.raises(DojoError, match=r"\.png, \.svg, \.pdf"):
        train("network", out=house.root / "mine.docx")
    with pytest.raises(DojoError, match="seed is -1"):
        train("network", seed=-1)


def test_a_picture_that_cannot_be_written_leaves_the_parameters(house):
    (house.root / "blocked").write_text("a file where a folder is needed")
    with pytest.raises(DojoError, match="cannot be written"):
        train("network", dataset="digits", epochs=1, out=house.root / "blocked" / "mine.png")
    assert house.params()
