"""`grader.py picture NAME`: what each picture measures, that nothing in it is cut off, and what it says of a wrong kata."""

import importlib.util
import json
import re
import shutil
import sys
from functools import cache
from importlib import import_module
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # `data` is not installed: like `katas`, it lives in the checkout

from dojo import loading, pictures  # noqa: E402
from dojo.drawing import apart  # noqa: E402
from dojo.errors import DojoError  # noqa: E402
from dojo.pictures import convnet_inside, digits, looking_inside, measure, picture  # noqa: E402
from dojo.pictures.lessons import LESSONS, Fact  # noqa: E402
from dojo.training import learner as learner_module  # noqa: E402
from dojo.training.learner import LearnerError  # noqa: E402

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch):
    """The digits that every machine has, and a convnet trained on them once, whatever this checkout has learnt."""
    monkeypatch.setattr(digits, "finest", digits.small)
    monkeypatch.setattr(convnet_inside, "kept", lambda track: None)
    monkeypatch.setattr(looking_inside, "trained", lambda learner, tick: trained())


@cache
def trained():
    return convnet_inside.briefly(learner_module.Learner("looking_inside", "numpy", "solutions"), lambda done: None)


@cache
def measured(name: str):
    """The numbers of a lesson and the values of its facts by what they say, from the reference."""
    numbers, facts = measure(import_module(f"dojo.pictures.{name}"), name, "numpy", "solutions")
    return numbers, {fact.says: fact.value for fact in facts}


# what is measured


def test_a_saturated_neuron_has_next_to_no_gradient_under_the_quadratic_cost():
    numbers, _ = measured("learning_slowdown")
    assert numbers.at_start["quadratic"] < 0.02 < 0.9 < numbers.at_start["cross-entropy"]
    assert numbers.outputs["cross-entropy"][50] < 0.1 < 0.9 < numbers.outputs["quadratic"][50]


def test_the_spread_dies_explodes_or_stays_as_the_weights_are_drawn():
    spreads = measured("weight_init")[0].spreads
    assert spreads["tanh", "small"][-1] < 1e-15
    assert spreads["relu", "large"][-1] > 1e10
    assert 0.1 < spreads["relu", "He"][-1] / spreads["relu", "He"][0] < 10
    assert spreads["tanh", "large"][-1] > 0.9, "saturated"


def test_gradients_vanish_with_sigmoid_and_arrive_with_relu_and_he():
    norms = measured("gradient_flow")[0].norms
    ratio = {key: found[0] / found[-1] for key, found in norms.items()}
    assert ratio["sigmoid", "small"] < 1e-3 and ratio["sigmoid", "Xavier"] < 1e-3
    assert 0.1 < ratio["relu", "He"] < 10 and 0.1 < ratio["tanh", "Xavier"] < 10
    assert norms["relu", "large"].min() > 1e10 and norms["relu", "small"].max() < 1e-10
    assert ratio["tanh", "large"] > 1e3


def test_momentum_and_adam_are_ahead_of_plain_descent():
    numbers, _ = measured("optimizers")
    far = {name: np.linalg.norm(way[-1]) for name, way in numbers.ways.items()}
    end = {name: losses[-20:].mean() for name, losses in numbers.losses.items()}
    starts = {float(losses[0]) for losses in numbers.losses.values()}
    for name in ("momentum", "Adam"):
        assert far[name] < 0.2 * far["plain"]
        assert end[name] < 0.3 * end["plain"]
    assert len(starts) == 1 and starts.pop() > 2, "all begin at the same place, knowing nothing"


def test_l2_shrinks_the_weights_and_forgets_the_wrong_labels():
    numbers, _ = measured("l2")
    without, with_it = numbers.test
    assert numbers.norm(with_it) < 0.5 * numbers.norm(without)
    assert numbers.test[with_it][-1] > numbers.test[without][-1] + 0.05
    assert numbers.train[with_it][-1] < numbers.train[without][-1]


def test_dropout_averages_out():
    numbers, _ = measured("dropout")
    assert numbers.errors[-1] < 0.06 < 0.5 < numbers.errors[0]
    assert np.array_equal(numbers.resting, numbers.image)
    assert (numbers.dropped[0.75] != 0).sum() < (numbers.dropped[0.25] != 0).sum()


def test_layer_norm_keeps_the_spread_and_batch_norm_goes_down_columns():
    numbers, _ = measured("normalization")
    assert {len(spread) for spread in numbers.normed.values()} == {20}
    assert all(spread.min() > 0.5 and spread.max() < 0.7 for spread in numbers.normed.values())
    small, *_, large = numbers.plain.values()
    assert small[-1] < 1e-6 and large[-1] > 1e6
    assert np.allclose(numbers.by_batch.std(axis=0), 1, atol=1e-4)
    assert np.allclose(numbers.by_layer.std(axis=1), 1, atol=1e-4)


def test_the_kernel_finds_the_digit_it_was_cut_from():
    numbers, _ = measured("conv2d")
    assert numbers.found == (0, numbers.place)
    assert np.array_equal(numbers.answers.shape, (1, 73))


def test_pooling_sends_its_gradient_to_one_pixel_or_to_all():
    numbers, _ = measured("pooling")
    windows = numbers.gradients["maximum"].reshape(4, 2, 4, 2).swapaxes(1, 2).reshape(16, 4)
    assert (np.sort(windows, axis=1) == [0, 0, 0, 1]).all()
    assert (numbers.gradients["mean"] == 0.25).all()


def test_edge_maps_react_to_their_own_direction():
    numbers, facts = measured("feature_maps")
    assert numbers.maps.shape == (8, 3, 8, 8)
    assert all(value > 0.999 for says, value in facts.items() if says.startswith("correlation"))
    assert (numbers.shared, numbers.dense) == (30, 65 * 192)


def test_what_the_convnet_looks_at_is_in_the_maps():
    numbers, _ = measured("looking_inside")
    assert numbers.accuracy > 0.85 and numbers.label == looking_inside.DIGIT
    assert numbers.kernels.shape == (8, 5, 5) and numbers.maps.shape == (8, 8, 8)
    assert numbers.maps.max() > 0 and numbers.saliency.min() >= 0 < numbers.saliency.max()
    assert numbers.occlusion.shape == (6, 6) and numbers.occlusion.min() < numbers.probability
    assert len(numbers.backs) == 5 and all(np.abs(back).max() > 0 for back in numbers.backs.values())
    assert numbers.slope == pytest.approx(1, abs=0.03)


@needs_torch
@pytest.mark.parametrize("name", ["pooling", "looking_inside"])
def test_the_torch_track_measures_the_same(name):
    numbers, facts = measure(import_module(f"dojo.pictures.{name}"), name, "torch", "solutions")
    assert all(fact.holds for fact in facts)
    if name == "pooling":
        assert all(
            np.array_equal(found, measured(name)[0].gradients[kind]) for kind, found in numbers.gradients.items()
        )


def test_an_lstm_remembers_what_a_plain_cell_forgets():
    numbers, _ = measured("char_rnn")
    assert numbers.curves["lstm"][-1] < 0.1 < 0.5 < numbers.curves["rnn"].min()  # where guessing costs log 2


# what is drawn


@pytest.mark.parametrize("name", LESSONS)
def test_the_figure_shows_it_and_cuts_nothing_off(name):
    figure = import_module(f"dojo.pictures.{name}").figure(measured(name)[0])
    renderer = FigureCanvasAgg(figure).get_renderer()
    page, around = figure.bbox_inches, figure.get_tightbbox(renderer)
    assert page.x0 <= around.x0 and around.x1 <= page.x1 and page.y0 <= around.y0 and around.y1 <= page.y1
    first, second = figure.texts[:2]
    assert first.get_weight() == "bold" and not first.get_text().endswith(".")
    assert second.get_window_extent(renderer).y1 < first.get_window_extent(renderer).y0
    drawn = [axes for axes in figure.axes if axes.axison]
    words = [
        *figure.texts,
        *(text for axes in drawn for text in (*axes.texts, axes.title, axes.xaxis.label, axes.yaxis.label)),
    ]
    boxes = {text: text.get_window_extent(renderer) for text in words if text.get_text()}
    assert not [(one, other) for one, other in combinations(boxes, 2) if boxes[one].overlaps(boxes[other])]
    assert all(axes.lines or axes.images or axes.patches for axes in drawn)
    for axes in drawn:
        if axes.lines and not axes.images:
            assert axes.get_xlabel(), "a curve's axes have names"


def test_names_beside_lines_are_pushed_apart_as_little_as_it_takes():
    assert apart([], 10) == []
    assert apart([0, 30, 60], 10) == [0, 30, 60]
    assert apart([0, 0], 10) == [-5, 5]
    assert apart([0, 2, 4, 100], 10) == [-8, 2, 12, 100]
    placed = apart([0, 9, 12, 12, 40], 10)
    assert all(later - earlier >= 10 - 1e-9 for earlier, later in zip(placed, placed[1:], strict=False))


def test_the_picture_is_a_file_and_the_numbers_are_told(tmp_path, capsys):
    out = tmp_path / "new" / "mine.png"
    assert picture("pooling", origin="solutions", out=out) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in out.parent.iterdir()] == ["mine.png"], "a temporary file was left behind"
    said = capsys.readouterr().out
    assert "share of pixels with a gradient, maximum: 0.25\n" in said
    assert said.endswith(f"picture: {out}\n")


def test_json_is_one_line_with_what_is_shown(tmp_path, capsys):
    out = tmp_path / "mine.svg"
    assert picture("conv2d", origin="solutions", out=out, as_json=True) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert set(told) == {"picture", "track", "from", "path", "seconds", "shows"}
    assert (told["picture"], told["track"], told["from"], told["path"]) == ("conv2d", "numpy", "solutions", str(out))
    assert all(fact["low"] <= fact["value"] <= fact["high"] for fact in told["shows"])
    assert "<svg" in out.read_text(encoding="utf-8")


# a kata that is not right


CHANGES = {
    "learning_slowdown": ("quadratic_output_gradient", lambda f: lambda z, t: 2 * f(z, t)),
    "l2": ("l2_grads", lambda f: lambda params, lam: f(params, 0 * lam)),
    "dropout": ("dropout", lambda f: lambda x, p, *rest: tuple((1 - p) * part for part in f(x, p, *rest))),
    "weight_init": ("he_normal", lambda f: lambda D, M, rng: f(D, M, rng) / 2),
    "gradient_flow": ("layer_gradient_norms", lambda f: lambda *given: f(*given)[::-1].copy()),
    "optimizers": ("adam_step", lambda f: lambda params, grads, state, lr: f(params, grads, {}, lr)),
    "normalization": ("layer_norm", lambda f: lambda x, *rest: x - x.mean(axis=-1, keepdims=True)),
    "conv2d": ("conv2d", lambda f: lambda x, w, *rest: f(x, w[:, :, ::-1, ::-1], *rest)),
    "pooling": ("max_pool2d_backward", lambda f: lambda *given: 2 * f(*given)),
    "feature_maps": ("edge_kernels", lambda f: lambda: f().swapaxes(2, 3)),
    "looking_inside": ("deconv2d", lambda f: lambda y, w, *rest: f(y, w[:, :, ::-1, ::-1], *rest)),
    "char_rnn": (
        "loss_and_grads",
        lambda f: lambda params, ids, targets, state: f(params, ids[:, ::-1], targets, state),
    ),
}


@pytest.mark.parametrize("name", LESSONS)
def test_a_wrong_function_is_named_by_line_and_nothing_is_drawn(name, monkeypatch, tmp_path, capsys):
    function, change = CHANGES[name]
    load = loading.load_subject

    def with_change(subject, source):
        module = load(subject, source)
        right = vars(module)[function]
        wrong = change(right)
        wrong.__code__ = wrong.__code__.replace(
            co_filename=str(subject.path), co_firstlineno=right.__code__.co_firstlineno
        )
        vars(module)[function] = wrong
        return module

    monkeypatch.setattr(loading, "load_subject", with_change)
    monkeypatch.setattr("dojo.pictures.l2.STEPS", 20)
    monkeypatch.setattr("dojo.pictures.char_rnn.STEPS", 40)
    assert picture(name, origin="solutions", out=tmp_path / "mine.png") == 1
    said = capsys.readouterr()
    assert re.match(rf"solutions/numpy/{name}\.py:\d+: {function} is not right yet: ", said.err), said.err
    assert said.out == "" and not list(tmp_path.iterdir())


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A checkout of this test's own, whose learner has solved learning_slowdown."""
    for name in ("activations", "learning_slowdown"):
        path = tmp_path / "katas" / "numpy" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        solved = (ROOT / "solutions" / "numpy" / f"{name}.py").read_text(encoding="utf-8")
        path.write_text(solved.replace("from solutions.", "from katas."), encoding="utf-8")
    (tmp_path / "solutions").mkdir()
    shutil.copy(ROOT / "katas" / "curriculum.toml", tmp_path / "katas")
    monkeypatch.setattr(loading, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    forget_katas()
    yield tmp_path
    forget_katas()


def forget_katas() -> None:
    for name in [name for name in sys.modules if name.startswith("katas.")]:
        del sys.modules[name]


def test_the_learners_own_functions_are_drawn(house, capsys):
    assert picture("learning_slowdown") == 0
    assert "picture: .dojo/pictures/learning_slowdown-numpy.png\n" in capsys.readouterr().out
    assert (house / ".dojo" / "pictures" / "learning_slowdown-numpy.png").is_file()


def test_an_unfinished_function_is_named_by_line(house, capsys):
    path = house / "katas" / "numpy" / "learning_slowdown.py"
    path.write_text("def quadratic_output_gradient(z, target):\n    raise NotImplementedError('…')\n", encoding="utf-8")
    assert picture("learning_slowdown") == 1
    said = capsys.readouterr().err
    assert said.startswith("katas/numpy/learning_slowdown.py:1: quadratic_output_gradient is not written yet\n")
    assert "`python grader.py check learning_slowdown`" in said


def test_an_unfinished_kata_that_the_picture_needs_is_blamed_by_its_own_name(house, capsys):
    folder = house / "katas" / "numpy"
    shutil.copy(ROOT / "solutions" / "numpy" / "optimizers.py", folder)
    stub = "def loss_and_grads(params, x, labels):\n    raise NotImplementedError('loss_and_grads')\n"
    (folder / "backprop.py").write_text(stub, encoding="utf-8")
    assert picture("optimizers") == 1
    said = capsys.readouterr().err
    assert said.startswith("katas/numpy/backprop.py:2: loss_and_grads is not written yet\n")
    assert "`python grader.py check backprop`" in said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return None", "quadratic_output_gradient gave back None; np.ndarray was expected"),
        ("return z[1:]", "quadratic_output_gradient gave back the shape (160,); (161,) was expected"),
        ("return z / target['t']", "quadratic_output_gradient raised IndexError"),
        ("return z * float('nan')", "gradient at the start, quadratic cost is nan, where"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_one_sentence(house, capsys, body, said):
    path = house / "katas" / "numpy" / "learning_slowdown.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n\ndef quadratic_output_gradient(z, target):\n    {body}\n", encoding="utf-8")
    assert picture("learning_slowdown") == 1
    message = capsys.readouterr().err
    assert re.match(r"katas/numpy/learning_slowdown\.py:\d+: ", message) and said in message
    assert "Traceback" not in message


def test_a_fact_that_is_no_number_does_not_hold():
    assert Fact("", 1.0, 1, 1, "f").holds and Fact("", np.float32(0.5), 0, 1, "f").holds
    assert not any(Fact("", value, 0, 1, "f").holds for value in (float("nan"), float("inf"), -0.1, 1.1))


def test_pairs_and_dicts_are_checked():
    from dojo.pictures.fitting import alike

    subject = learner_module.Learner("optimizers", "numpy", "solutions")
    with pytest.raises(LearnerError, match=r"adam_step gave arrays of the shapes \{'W': \(2,\)\}; \{'W': \(3,\)\}"):
        alike(subject, {"W": np.zeros(3)}, {"W": np.zeros(2)}, "adam_step")
    vars(subject.module)["adam_step"] = lambda params: params
    with pytest.raises(LearnerError, match="adam_step gave back a dict; a tuple of two was expected"):
        subject.pair("adam_step", {})


# what is asked for


def test_without_a_name_everything_is_listed(capsys):
    assert picture(None) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(LESSONS)
    assert max(map(len, lines)) <= 100 and all(len(line.split()) > 4 for line in lines)
    assert picture(None, as_json=True) == 0
    assert [json.loads(line)["picture"] for line in capsys.readouterr().out.splitlines()] == list(LESSONS)


def test_every_picture_is_of_a_kata_and_has_its_three_parts():
    for name in LESSONS:
        assert name in loading.curriculum().names
        module = import_module(f"dojo.pictures.{name}")
        assert all(callable(getattr(module, part)) for part in ("measure", "shows", "figure"))


def test_what_cannot_be_drawn_is_said_before_any_work(monkeypatch, tmp_path):
    monkeypatch.setattr(pictures, "measure", None)
    with pytest.raises(DojoError, match=r"There is no picture called 'wieght_init'\. Did you mean weight_init\?"):
        picture("wieght_init")
    with pytest.raises(DojoError, match=r"(?s)softmax has no picture\..*lists what can be drawn"):
        picture("softmax")
    with pytest.raises(DojoError, match="is a folder"):
        picture("pooling", out=tmp_path)
    with pytest.raises(DojoError, match=r"\.png, \.svg, \.pdf"):
        picture("pooling", out=tmp_path / "mine.docx")


def test_a_picture_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "blocked").write_text("a file where a folder is needed")
    with pytest.raises(DojoError, match="(?s)cannot be written.*run the command again"):
        picture("conv2d", origin="solutions", out=tmp_path / "blocked" / "mine.png")


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(figure, path, *whose):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pictures, "save", full)
    with pytest.raises(DojoError, match="mine.png cannot be written: No space left on device"):
        picture("conv2d", origin="solutions", out=tmp_path / "mine.png")
    assert not list(tmp_path.iterdir())


# a convnet that was trained before


def test_a_convnet_that_was_trained_before_is_looked_into(tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(digits, "finest", digits.small)
    monkeypatch.setattr(loading, "ROOT", tmp_path)
    assert convnet_inside.kept("numpy") is None
    path = tmp_path / ".dojo" / "trained" / "convnet-numpy.npz"
    path.parent.mkdir(parents=True)
    shapes = {"w1": (3, 1, 5, 5), "b1": (3,), "w2": (4, 3, 5, 5), "b2": (4,), "W3": (16, 10), "b3": (10,)}
    params = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    np.savez(path, **params)
    found = convnet_inside.kept("numpy")
    assert not found.fresh and found.images.shape[1:] == (8, 8) and found.images.dtype == np.float32
    assert found.params["w1"].shape == (3, 1, 5, 5)
    for unfit in ({"W3": np.ones((17, 10))}, {"w1": np.ones(3)}):
        np.savez(path, **params | unfit)
        assert convnet_inside.kept("numpy") is None
    path.write_bytes(b"half a file")
    assert convnet_inside.kept("numpy") is None


def test_switches_are_the_places_of_the_maxima():
    h = np.random.default_rng(0).normal(size=(2, 3, 5, 4))
    found = convnet_inside.switches(h)
    assert found.shape == (2, 3, 2, 2)
    for n, c, i, j in np.ndindex(found.shape):
        window = h[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        assert h[n, c].ravel()[found[n, c, i, j]] == window.max()
