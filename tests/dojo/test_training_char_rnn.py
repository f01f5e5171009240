"""`grader.py train char_rnn`: a short text, small cells; what is learnt, kept, told and refused."""

import importlib.util
import io
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # `data` is not installed: like `katas`, it lives in the checkout

import data  # noqa: E402
from data.kinds import TextData  # noqa: E402
from dojo import loading  # noqa: E402
from dojo.errors import DojoError  # noqa: E402
from dojo.training import command, train  # noqa: E402
from dojo.training.capstones import recipe  # noqa: E402
from dojo.training.char_rnn import CharRnn, Setting  # noqa: E402
from dojo.training.checkpoints import checkpoint_path  # noqa: E402
from dojo.training.learner import Learner  # noqa: E402
from dojo.training.reporters import Bar, Lines  # noqa: E402
from dojo.training.text_charts import text_figure  # noqa: E402
from dojo.training.text_loop import mean_loss  # noqa: E402

pytestmark = pytest.mark.filterwarnings("error")

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
TRACKS = ["numpy", pytest.param("torch", marks=needs_torch)]
CELLS = ("rnn", "lstm", "gru")
SOLVED = ("activations", "affine", "softmax", "cross_entropy", "text", "embedding", *CELLS, "sampling", "char_rnn")
OTHERS = ("gradient_flow", "optimizers")
TEXT = "to be, or not to be: that is\nthe $question$.\n" * 14


class House:
    """A checkout of this test's own whose learner has solved what char_rnn stands on, but not chapter 3."""

    def __init__(self, root: Path):
        self.root = root
        for track in ("numpy", "torch"):
            (root / "katas" / track).mkdir(parents=True)
            (root / "solutions" / track).mkdir(parents=True)
            for name in (*SOLVED, *OTHERS):
                shutil.copy(ROOT / "solutions" / track / f"{name}.py", root / "solutions" / track)
                self.solve(name, track)
            for name in OTHERS:
                stub = 'raise NotImplementedError("{}")'
                functions = ("adam_step", "cosine_lr") if name == "optimizers" else ("clip_by_global_norm",)
                bodies = (f"def {each}(*given):\n    {stub.format(each)}\n" for each in functions)
                self.path(name, track).write_text("\n\n".join(bodies), encoding="utf-8")
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

    def params(self, name: str) -> dict[str, np.ndarray]:
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


@pytest.fixture(autouse=True)
def short(monkeypatch):
    text = TextData("shakespeare", "a few words", TEXT)
    monkeypatch.setattr(data, "load", lambda name, fallback, announce: text)
    plain = Setting("a few words", epochs=3, H=16, batch_size=4, T=8, lr=0.02)
    monkeypatch.setattr(CharRnn, "settings", {"shakespeare": plain, "python-reference": plain})


@pytest.fixture
def undrawn(monkeypatch):
    """Drawing takes most of a short run's time; only the test about the picture draws."""
    monkeypatch.setattr("dojo.training.text_charts.draw_text", lambda outcome, path: path.write_bytes(b""))


@pytest.fixture
def silent(monkeypatch):
    """`silent(stop)`: what is said, and Ctrl-C while the results of epoch `stop` are shown."""

    def make(stop: int | None = None) -> io.StringIO:
        said = io.StringIO()
        reporter = Lines("characters", Console(file=said, width=200))
        shown = reporter.epoch

        def epoch(point) -> None:
            shown(point)
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


# what it learns, and what it tells


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns_the_text(house, capsys, undrawn, track, cell):
    assert command("char_rnn", track, "katas", None, 6, None, None, True, False, False, cell) == 0
    *epochs, last = lines(capsys.readouterr().out)
    assert [line["epoch"] for line in epochs] == [1, 2, 3, 4, 5, 6]
    assert epochs[-1]["loss"] < 0.7 * epochs[0]["loss"] and last["validation"] < epochs[0]["validation"]
    assert last["validation"] == epochs[-1]["validation"] and last["sample"] == epochs[-1]["sample"]
    assert last["validation_bits"] == pytest.approx(last["validation"] / np.log(2))
    assert len(last["sample"]) == 300 and set(last["sample"]) <= set(TEXT) and last["cell"] == cell
    assert "characters_per_second" in last
    kept = house.params(f"char_rnn{'' if cell == 'lstm' else '-' + cell}-{track}")
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    assert kept["Wh"].shape == (16, 16 * blocks) and kept["Wh"].dtype == np.float32


def test_the_first_lines_say_whose_functions_it_runs_on_and_each_epoch_shows_a_sample(house, silent, undrawn):
    said = silent()
    assert train("char_rnn", epochs=2) == 0
    told = said.getvalue()
    assert "your char_rnn (numpy) on a few words" in told
    assert "it runs on your lm_batches and the reference's clip_by_global_norm, adam_step and cosine_lr" in told
    assert re.search(r"epoch 1 of 2 · loss \d\.\d{4} nats, \d\.\d{3} bits · validation \d\.\d{4} nats", told)
    assert re.search(r"epoch 1 of 2 .*\n    \S", told), "a line of the sample, indented"
    assert re.search(r"validation loss \d\.\d{4} nats per character, \d\.\d{3} bits · trained for", told)


def test_the_bar_shows_the_loss_while_it_moves(house, undrawn, monkeypatch):
    shown = []
    bar = Bar("characters", Console(file=io.StringIO(), force_terminal=True, width=200))
    bar.live = shown.append
    monkeypatch.setattr("dojo.training.reporters.make_reporter", lambda as_json, unit: bar)
    monkeypatch.setattr("dojo.training.running.GLANCE", 0.0)
    assert train("char_rnn", epochs=1) == 0
    assert shown and re.fullmatch(r"loss \d\.\d{4} nats, \d\.\d{3} bits", shown[0])


def test_the_picture_has_both_curves_in_nats_and_bits_and_the_sample(house, monkeypatch, capsys):
    found = []
    monkeypatch.setattr(
        "dojo.training.text_charts.draw_text", lambda outcome, path: found.append(outcome) or path.touch()
    )
    assert train("char_rnn", epochs=2, as_json=True) == 0
    figure = text_figure(found[0])
    FigureCanvasAgg(figure).draw()  # dollars in the sample are no formula
    curves, written = (part.axes[0] for part in figure.subfigs)
    assert [len(line.get_ydata()) for line in curves.lines] == [2, 2]
    assert list(curves.lines[1].get_ydata()) == [point.validation for point in found[0].points]
    assert curves.get_ylabel() == "nats" and curves.child_axes[0].get_ylabel() == "bits"
    assert written.texts[0].get_text().replace(r"\$", "$").split()[0] in found[0].judgement.sample
    assert "lstm" in figure.get_suptitle() and f"{found[0].judgement.validation:.3f} nats" in figure.get_suptitle()


def test_the_validation_loss_is_that_of_the_last_tenth_read_in_rows(house):
    learner, capstone = Learner("char_rnn", "numpy", "solutions"), CharRnn()
    task = capstone.prepare(data.load("", False, None), None)
    assert len(task.held_out) == len(TEXT) // 10 and len(task.ids) + len(task.held_out) == len(TEXT)
    params = learner.call("init", len(task.vocab), 16, learner.track.rng(0), "gru")
    L, losses, state = (len(task.held_out) - 1) // 4, [], None
    for start in range(0, L - 7, 8):
        places = np.arange(4)[:, None] * L + start + np.arange(8)
        window = task.held_out[places], task.held_out[places + 1]
        loss, _, state = learner.module.loss_and_grads(params, *window, state)
        losses.append(loss)
    assert mean_loss(learner, params, task.held_out, 4, 8) == pytest.approx(np.mean(losses))


# stopped, and gone on with


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_resumed_training_ends_on_the_same_bits(house, silent, undrawn, track, cell):
    silent()
    name = f"char_rnn{'' if cell == 'lstm' else '-gru'}-{track}"
    assert train("char_rnn", track, seed=3, cell=cell) == 0
    whole = house.params(name)
    said = silent(stop=1)
    assert train("char_rnn", track, seed=3, cell=cell) == 0
    assert "stopped after epoch 1 of 3; kept" in said.getvalue()
    flag = "" if cell == "lstm" else " --cell gru"
    assert f"train char_rnn{flag}{'' if track == 'numpy' else ' --track torch'} --resume" in said.getvalue()
    assert not same(house.params(name), whole)
    said = silent()
    assert train("char_rnn", track, cell=cell, resume=True) == 0
    assert "It goes on after epoch 1 of 3." in said.getvalue()
    assert same(house.params(name), whole)


def test_cells_do_not_share_a_checkpoint(house, silent, undrawn):
    silent(stop=1)
    assert train("char_rnn", cell="rnn") == 0
    assert checkpoint_path("char_rnn-rnn", "numpy", "katas").is_file()
    with pytest.raises(DojoError, match="no checkpoint to go on from"):
        train("char_rnn", resume=True)


# what is refused


def test_a_cell_that_is_none_is_refused_and_so_is_a_cell_for_other_capstones(house):
    with pytest.raises(DojoError, match="no cell 'lsmt'. .*lstm"):
        train("char_rnn", cell="lsmt")
    with pytest.raises(DojoError, match="convnet has no cells"):
        recipe("convnet", "numpy").choose("gru")
    with pytest.raises(DojoError, match="Leave --cell"):
        command(None, "numpy", "katas", None, None, None, None, False, False, True, "gru")
    with pytest.raises(DojoError, match="char_rnn cannot be compared"):
        command("char_rnn", "numpy", "katas", None, None, None, None, False, False, True)


@pytest.mark.parametrize("text", ["", "short", TEXT[:300]])
def test_a_text_that_is_too_short_says_how_long_it_has_to_be(house, monkeypatch, text):
    monkeypatch.setattr(data, "load", lambda *_, **__: TextData("shakespeare", "", text))
    with pytest.raises(DojoError, match=rf"has {len(text)} characters, which is too short.*4 rows of 8") as refused:
        train("char_rnn")
    assert "331 characters or more" in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    return loss, grads, state\n", "    return loss, grads\n", "a loss, a dict of gradients and a state"),
        ("    return loss, grads, state\n", "    return loss, {}, state\n", "gave gradients of the shapes {}"),
        ("    return loss, grads, state\n", "    return None, grads, state\n", "gave None as the loss"),
        ("    return loss, grads, state\n", "    return loss / 0, grads, state\n", "loss_and_grads"),
    ],
)
def test_a_wrong_answer_of_the_learner_is_told_by_line(house, undrawn, capsys, old, new, said):
    house.edit("char_rnn", old, new)
    with np.errstate(all="ignore"):
        assert train("char_rnn", epochs=1) == 1
    assert re.match(r"katas/numpy/char_rnn\.py:\d+: ", (err := capsys.readouterr().err)) and said in err


def test_a_sample_that_is_no_text_is_told(house, undrawn, capsys):
    house.edit("char_rnn", "    return decode(", "    return len(prime) or decode(")
    assert train("char_rnn", epochs=1) == 1
    assert "sample_text gave back a int; a str was expected" in capsys.readouterr().err


@pytest.mark.parametrize("track", TRACKS)
def test_the_references_refuse_what_cannot_be(track):
    learner = Learner("char_rnn", track, "solutions")
    kata, rng, ids = learner.module, learner.track.rng(0), learner.track.native(np.arange(8).reshape(2, 4) % 5)
    params = kata.init(5, 3, rng, "lstm")
    vocab = list("abcde")
    for wrong, said in (
        (lambda: kata.init(5, 3, rng, "elman"), "'elman'"),
        (lambda: kata.init(0, 3, rng, "rnn"), "V is 0"),
        (lambda: kata.loss_and_grads(params, ids, ids[:, :3], None), r"\(2, 4\), targets \(2, 3\)"),
        (lambda: kata.loss_and_grads(params, ids[:, :0], ids[:, :0], None), r"\(2, 0\)"),
        (lambda: kata.loss_and_grads(params, ids + 1, ids, None), "id 5 is not in the vocabulary"),
        (lambda: kata.loss_and_grads(params, ids, ids, (params["Wh"], params["Wh"])), r"\(3, 12\).*N H \(2, 3\)"),
        (lambda: kata.train(ids[0], 5, 3, "gru", 1, 2, 4, 0.1, rng), "4 ids are too few"),
        (lambda: kata.sample_text(params, vocab, "", 3, 1.0, rng), "prime is ''"),
        (lambda: kata.sample_text(params, vocab, "a?b", 3, 1.0, rng), r"'\?'"),
        (lambda: kata.sample_text(params, vocab[:4], "a", 3, 1.0, rng), "vocab has 4 of 5"),
        (lambda: kata.sample_text(params, vocab, "a", -1, 1.0, rng), "length is -1"),
        (lambda: kata.sample_text(params, vocab, "a", 3, -0.5, rng), "temperature is -0.5"),
    ):
        with pytest.raises(ValueError, match=said):
            wrong()
