"""`grader.py train translate`: cleaning and splitting, the loop under three models, checkpoints, scores and --compare."""

import importlib.util
import io
import json
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
from data.kinds import PairData  # noqa: E402
from data.number_words import english, french  # noqa: E402
from dojo import loading  # noqa: E402
from dojo.errors import DojoError  # noqa: E402
from dojo.training import command, train  # noqa: E402
from dojo.training.capstones import recipe  # noqa: E402
from dojo.training.learner import Learner  # noqa: E402
from dojo.training.looking import weights  # noqa: E402
from dojo.training.pair_loop import batches, cut  # noqa: E402
from dojo.training.reporters import Lines  # noqa: E402
from dojo.training.sentences import BOS, EOS, PAD, UNKNOWN, Vocabulary, clean, normalise, padded, references, split  # noqa: E402
from dojo.training.translate import MODELS, Setting, Sizes, Translate  # noqa: E402
from dojo.training.translations import judged  # noqa: E402

pytestmark = pytest.mark.filterwarnings("error")

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
TRACKS = ["numpy", pytest.param("torch", marks=needs_torch)]
KATAS = (
    *("activations", "affine", "softmax", "cross_entropy", "embedding", "gru", "normalization", "attention"),
    *("additive_attention", "multi_head", "positions", "transformer_block", "seq2seq", "transformer"),
    *("optimizers", "gradient_flow"),
)
TINY = Setting(
    "numbers in words",
    held_out=12,
    sizes={"seq2seq": Sizes(2, 4, 8), "attention": Sizes(2, 4, 6), "transformer": Sizes(2, 8, 8, 1)},
    least=1,
    batch_size=16,
    warmup=2,
    lr=2e-2,
)


def forget_katas() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("katas", "solutions") and name.count(".") == 2]:
        del sys.modules[name]


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A checkout of this test's own whose learner has solved all that translation stands on, on both tracks."""
    for track in ("numpy", "torch"):
        (tmp_path / "katas" / track).mkdir(parents=True)
        (tmp_path / "solutions" / track).mkdir(parents=True)
        for name in KATAS:
            source = (ROOT / "solutions" / track / f"{name}.py").read_text(encoding="utf-8")
            (tmp_path / "solutions" / track / f"{name}.py").write_text(source, encoding="utf-8")
            mine = re.sub(r"from solutions\.", "from katas.", source)
            (tmp_path / "katas" / track / f"{name}.py").write_text(mine, encoding="utf-8")
    shutil.copy(ROOT / "katas" / "curriculum.toml", tmp_path / "katas")
    monkeypatch.setattr(loading, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    forget_katas()
    yield tmp_path
    forget_katas()


@pytest.fixture(autouse=True)
def few(monkeypatch):
    pairs = tuple((english(n), french(n)) for n in range(60))
    monkeypatch.setattr(data, "load", lambda name, fallback, announce: PairData("number-words", "", pairs))
    monkeypatch.setattr(Translate, "settings", {"translation": TINY, "number-words": TINY})


@pytest.fixture
def undrawn(monkeypatch):
    write = lambda *given: given[-1].write_bytes(b"")  # noqa: E731
    monkeypatch.setattr("dojo.training.translate_charts.draw_translations", write)
    monkeypatch.setattr("dojo.training.translate_charts.draw_comparison", write)


@pytest.fixture
def silent(monkeypatch):
    """`silent(stop)`: what is said, and Ctrl-C while the results of epoch `stop` are shown."""

    def make(stop: int | None = None) -> io.StringIO:
        said = io.StringIO()
        reporter = Lines("words", Console(file=said, width=300))
        show = reporter.epoch

        def epoch(point) -> None:
            show(point)
            if point.epoch == stop:
                raise KeyboardInterrupt

        reporter.epoch = epoch
        monkeypatch.setattr("dojo.training.reporters.make_reporter", lambda as_json, unit: reporter)
        return said

    return make


def params(house: Path, run: str) -> dict[str, np.ndarray]:
    with np.load(house / ".dojo" / "trained" / f"{run}.npz") as saved:
        return dict(saved)


def same(one: dict, other: dict) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


def task_of(model: str = "transformer"):
    capstone = recipe("translate", "numpy")
    capstone.choose(model=model)
    return capstone, capstone.prepare(data.load("", True, print), None)


# the pairs


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("Où es-tu ?", "ou es tu ?"),
        ("I'm OK.", "i m ok ."),
        ("Ça, c'est 1 œuf…", "ca c est oeuf"),
        ("Really?!", "really ? !"),
        ("  123 ", ""),
    ],
)
def test_sentences_are_plain_lower_case_words_with_marks_apart(sentence, plain):
    assert normalise(sentence) == plain


def test_pairs_are_kept_once_if_neither_side_is_empty_or_too_long():
    long = " ".join(["mot"] * 10)
    pairs = [("Va !", "Go."), ("va!", "GO ."), ("", "x"), (f"{long} .", "long"), (long, "ten"), ("a", f"{long} mot")]
    assert clean(pairs) == [("va !", "go ."), (long, "ten")]


def test_no_sentence_stands_on_both_sides_of_the_split():
    rng = np.random.default_rng(0)
    pairs = list(dict.fromkeys((f"f{a}", f"e{b}") for a, b in rng.integers(60, size=(50, 2))))
    train_pairs, away = split(pairs, 10)
    assert len(away) == 10 and sorted(train_pairs + away) == sorted(pairs)
    for side in (0, 1):
        assert not {pair[side] for pair in train_pairs} & {pair[side] for pair in away}
    assert split(pairs, 10) == (train_pairs, away) and split(pairs, 10, seed=1)[1] != away


def test_a_group_that_would_be_too_many_stays_in_training():
    pairs = [("a", "x"), ("a", "y"), ("b", "y"), ("c", "z")]
    assert split(pairs, 2) == (pairs[:3], pairs[3:])


def test_a_vocabulary_knows_frequent_words_and_marks():
    vocab = Vocabulary.of(["b a a", "c a b"], 2)
    assert vocab.words == ("<pad>", "<bos>", "<eos>", "<unk>", "a", "b")
    assert vocab.encode(["a b c"]) == [[4, 5, UNKNOWN]] and vocab.decode([5, 3]) == "b <unk>"


def test_padding_fills_rows_at_their_ends():
    ids, lengths = padded([[5], [6, 7]])
    assert ids.tolist() == [[5, PAD], [6, 7]] and lengths.tolist() == [1, 2]


def test_a_source_has_all_its_translations():
    assert references([("a", "x"), ("b", "y"), ("a", "z")]) == {"a": ["x", "z"], "b": ["y"]}


def test_the_task_has_targets_from_bos_to_eos_and_batches_without_waste():
    _, task = task_of()
    rows = np.arange(len(task.target))
    assert (task.target[:, 0] == BOS).all() and (task.target[rows, task.target_lengths - 1] == EOS).all()
    seen = list(batches(task, np.random.default_rng(0)))
    assert sorted(np.concatenate(seen)) == list(rows) and max(map(len, seen)) == 16
    source, source_lengths, target, target_lengths = cut(task, seen[0])
    assert source.shape[1] == source_lengths.max() and target.shape[1] == target_lengths.max()
    learnt = {
        task.source_vocab.decode(row[:count]) for row, count in zip(task.source, task.source_lengths, strict=True)
    }
    assert task.size == (task.target_lengths - 1).sum() and not task.held_out.keys() & learnt


# the scores


def test_every_known_translation_counts():
    sources, known = ["a b c d e", "a"], [["it is a very good day", "this is one fine good day"], ["yes"]]
    good = judged(sources, ["this is one fine good day", "no"], known)
    assert good.exact == 0.5 and [band.exact for band in good.bands] == [0.0, 1.0]
    assert good.bands[1].bleu == pytest.approx(100) and good.bands[1].count == 1
    assert judged(sources, ["it is", "no"], known).bleu < good.bleu < 100


def test_an_unknown_word_is_never_written(house):
    capstone, task = task_of()
    learner = Learner(capstone.kata, "numpy", "solutions")
    drawn = learner.params(capstone.init(learner, task, np.random.default_rng(0)), "init")
    bo = np.zeros(len(task.target_vocab))
    bo[[UNKNOWN, UNKNOWN + 1]] = 1e4, 1e3
    (written,) = capstone.translated(learner, task, drawn | {"bo": bo}, ["vingt"])
    assert set(written.split()) == {task.target_vocab.words[UNKNOWN + 1]}


# training


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_learns_on_both_tracks(house, capsys, undrawn, model, track):
    assert train("translate", track, epochs=6, as_json=True, model=model) == 0
    *epochs, last = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert epochs[-1]["loss"] < 0.95 * epochs[0]["loss"] and len(epochs[0]["sample"]) == 4
    assert last["model"] == model and 0 <= last["exact"] <= 1 and 0 <= last["bleu"] <= 100
    assert sum(band["sentences"] for band in last["by_length"]) == 12 and "words_per_second" in last
    assert {param.dtype for param in params(house, f"translate-{model}-{track}").values()} == {np.dtype("float32")}


@pytest.mark.parametrize("track", TRACKS)
def test_a_resumed_training_ends_on_the_same_bits(house, undrawn, silent, track):
    silent()
    assert train("translate", track, epochs=3, seed=4, model="attention") == 0
    whole = params(house, f"translate-attention-{track}")
    said = silent(stop=1)
    assert train("translate", track, epochs=3, seed=4, model="attention") == 0
    flag = "" if track == "numpy" else " --track torch"
    assert f"`python grader.py train translate --model attention{flag} --resume` goes on" in said.getvalue()
    assert not same(params(house, f"translate-attention-{track}"), whole)
    silent()
    assert train("translate", track, resume=True, model="attention") == 0
    assert same(params(house, f"translate-attention-{track}"), whole)


def test_what_is_shown_names_the_model_the_helpers_and_translations(house, undrawn, silent):
    said = silent()
    assert train("transformer", epochs=1) == 0
    text = said.getvalue()
    assert "your transformer (numpy) on 48 numbers in words, French to English" in text
    assert "it runs on your clip_by_global_norm, adam_step and cosine_lr" in text
    assert "attention alone, E = 8, F = 8, 1 blocks each" in text and text.count("→") == 4
    assert "BLEU by words of the source" in text


@pytest.mark.parametrize(
    ("kata", "old", "new", "what"),
    [
        ("transformer", "    return loss, grads", "    return loss", "loss_and_grads gave back a"),
        ("transformer", "    return loss, grads", "    return loss, {}", "loss_and_grads gave gradients of the shapes"),
        ("transformer", "    return written\n", "    return None\n", "greedy_decode gave back a NoneType"),
        ("transformer", "    return written\n", "    return [[99]] * len(source)\n", "greedy_decode wrote the id 99"),
        (
            "transformer",
            "    return written\n",
            "    return written[1:]\n",
            "greedy_decode gave back 11 translations of 12",
        ),
        ("optimizers", "    return params, state", "    return params", "adam_step gave back a dict"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_one_sentence(house, capsys, silent, kata, old, new, what):
    silent()
    path = house / "katas" / "numpy" / f"{kata}.py"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert train("translate", epochs=1) == 1
    message = capsys.readouterr().err
    assert re.match(rf"katas/numpy/{kata}\.py:\d+: ", message) and what in message and "Traceback" not in message


def test_options_that_do_not_fit_are_refused(house):
    with pytest.raises(DojoError, match=r"Did you mean attention\?"):
        train("translate", model="atention")
    with pytest.raises(DojoError, match="no cells"):
        train("translate", cell="gru")
    with pytest.raises(DojoError, match="belongs to translate"):
        train("network", model="attention")
    with pytest.raises(DojoError, match="all three models"):
        command("translate", "numpy", "katas", None, 1, 0, None, False, False, True, model="attention")
    with pytest.raises(DojoError, match="cannot be trained on 'mnist'"):
        train("translate", dataset="mnist")


def test_too_few_pairs_are_refused(house, monkeypatch):
    monkeypatch.setattr(
        data, "load", lambda name, fallback, announce: PairData("number-words", "", (("one", "un"), ("two", "deux")))
    )
    with pytest.raises(DojoError, match="2 pairs of up to 10 words, too few"):
        train("translate")


# where it looks


@pytest.mark.parametrize("model", ["attention", "transformer"])
def test_the_weights_of_attention_are_those_behind_every_written_word(house, model):
    capstone, task = task_of(model)
    learner = Learner(capstone.kata, "numpy", "solutions")
    drawn = learner.params(capstone.init(learner, task, np.random.default_rng(0)), "init")
    seen = weights(drawn, [5, 6, 7], [4, 4])
    assert seen.shape == (3, 3) and np.allclose(seen.sum(axis=1), 1) and (seen >= 0).all()


def test_a_model_without_attention_looks_nowhere(house):
    capstone, task = task_of("seq2seq")
    learner = Learner(capstone.kata, "numpy", "solutions")
    with pytest.raises(ValueError, match="looks nowhere"):
        weights(learner.params(capstone.init(learner, task, np.random.default_rng(0)), "init"), [5], [4])


# --compare


def test_compare_trains_what_has_no_checkpoint_and_draws(house, capsys):
    assert train("translate", epochs=1, model="attention", as_json=True) == 0
    capsys.readouterr()
    assert command("translate", "numpy", "katas", None, 1, None, None, True, False, True, seeds=2) == 0
    said = capsys.readouterr()
    *rows, last = (json.loads(line) for line in said.out.splitlines())
    rows = [row for row in rows if "seed" in row]  # the others are about an epoch
    assert [(row["model"], row["seed"]) for row in rows] == [
        (model, seed) for seed in (0, 1) for model in ("seq2seq", "attention", "transformer")
    ]
    assert "attention, seed 0: taken from" in said.err and all(row["parameters"] > 0 for row in rows)
    assert set(last["means"]) == set(MODELS) and Path(last["picture"]).read_bytes().startswith(b"\x89PNG")


def test_compare_prints_a_table_and_ends_with_the_rows_it_has(house, undrawn, silent, capsys, monkeypatch):
    silent()
    asked = []
    prepare = Translate.prepare

    def interrupted(self, *given):
        asked.append(self.model)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return prepare(self, *given)

    monkeypatch.setattr(Translate, "prepare", interrupted)
    monkeypatch.setattr(
        "dojo.training.translate_comparison.make_reporter",
        lambda as_json, unit: Lines(unit, Console(file=io.StringIO())),
    )
    assert command("translate", "numpy", "solutions", None, 1, None, None, False, False, True) == 0
    said = capsys.readouterr().out
    assert re.search(r"seq2seq +0 +[\d,]+ +1 × ", said) and re.search(r"attention +0 ", said)
    assert "transformer  " not in said and "12 held-out sentences" in re.sub(r"\s+", " ", said)
