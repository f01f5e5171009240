"""How translation is trained, French to English: one task, one loop, and one of three models of the katas under it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from dojo.errors import DojoError, nearest
from dojo.training.borrowing import Borrowed
from dojo.training.learner import Learner
from dojo.training.outcomes import Outcome, Params, Point
from dojo.training.pair_loop import PairLoop
from dojo.training.recipes import Capstone, Task
from dojo.training.sentences import BOS, EOS, LONGEST, Vocabulary, clean, padded, references, split
from dojo.training.translations import Translated, bleu, exact, judged, translate

MODELS = {  # the first one is taken where none is asked for
    "transformer": "attention alone",
    "attention": "GRUs with additive attention",
    "seq2seq": "GRUs without attention",
}
GLANCE, SHOWN = 200, 4  # held-out sentences that are translated after each epoch, and how many of them are shown


@dataclass(frozen=True)
class Sizes:
    """A model's widths: E of the embeddings; H of the states, or F of the feed-forward layer; L blocks on each side."""

    epochs: int
    E: int
    H: int
    L: int = 0


@dataclass(frozen=True)
class Setting:
    """What the loop is given for one data set. A word stands in the vocabulary if it stands `least` times in the training
    pairs; `lr` is the highest learning rate, which comes after `warmup` steps."""

    title: str
    held_out: int
    sizes: dict[str, Sizes]
    least: int = 3
    batch_size: int = 128
    lr: float = 2e-3
    warmup: int = 200


@dataclass(frozen=True)
class PairTask(Task):
    """`source` "P S" and `target` "P T" with their lengths "P": ids of the training pairs, targets from <bos> to <eos>.
    `held_out` is every source kept away from training, with all its translations."""

    setting: Setting
    model: str
    source_vocab: Vocabulary
    target_vocab: Vocabulary
    source: np.ndarray
    source_lengths: np.ndarray
    target: np.ndarray
    target_lengths: np.ndarray
    held_out: dict[str, list[str]]


class Translate(Capstone):
    """`init`, `loss_and_grads` and `greedy_decode` of the kata `transformer`, or of `seq2seq` with or without attention."""

    name = "translate"
    unit = "words"
    threads = 2  # the scores of all words of a language are one large product
    trains = "loss_and_grads"
    settings: ClassVar[dict[str, Setting]] = {
        "translation": Setting(
            "pairs of sentences",
            held_out=2000,
            sizes={
                "seq2seq": Sizes(epochs=4, E=128, H=384),
                "attention": Sizes(epochs=4, E=128, H=256),
                "transformer": Sizes(epochs=3, E=192, H=768, L=2),
            },
        ),
        "number-words": Setting(
            "numbers in words",
            held_out=1000,
            sizes={
                "seq2seq": Sizes(epochs=3, E=64, H=128),
                "attention": Sizes(epochs=3, E=64, H=128),
                "transformer": Sizes(epochs=3, E=64, H=128, L=2),
            },
            batch_size=64,
            least=1,
        ),
    }

    def __init__(self):
        self.model, self.seed = next(iter(MODELS)), 0
        self.heard = 0.0  # the mean loss of the epoch under way, or of the last one

    def choose(self, cell: str | None = None, model: str | None = None) -> None:
        super().choose(cell)
        if model is not None and model not in MODELS:
            wish = nearest(model, list(MODELS))
            raise DojoError(f"There is no model {model!r}. {wish}".rstrip(), f"--model knows {', '.join(MODELS)}.")
        self.model = model or self.model

    @property
    def kata(self) -> str:
        return "transformer" if self.model == "transformer" else "seq2seq"

    @property
    def label(self) -> str:
        return f"{self.name}-{self.model}" + (f"-seed{self.seed}" if self.seed else "")

    @property
    def flags(self) -> str:
        return f" --model {self.model}"

    def prepare(self, dataset, epochs: int | None) -> PairTask:
        setting: Setting = self.settings[dataset.name]
        pairs = clean((french, english) for english, french in dataset.pairs)
        train, away = split(pairs, setting.held_out)
        if not train or not away:
            what = f"{dataset.name!r} has {len(pairs):,} pairs of up to {LONGEST} words"
            raise DojoError(f"{what}, too few to learn from and to hold some out.", "Take a larger data set.")
        vocabs = [Vocabulary.of((pair[side] for pair in train), setting.least) for side in (0, 1)]
        source, source_lengths = padded(vocabs[0].encode([pair[0] for pair in train]))
        rows = vocabs[1].encode([pair[1] for pair in train])
        target, target_lengths = padded([[BOS, *row, EOS] for row in rows])
        sizes = setting.sizes[self.model]
        words = int(target_lengths.sum()) - len(train)  # what there is to predict: the words, and the end
        return PairTask(
            data=dataset.name,
            title=f"{len(train):,} {setting.title}, French to English",
            detail=self._detail(setting, vocabs, len(away)),
            size=words,
            epochs=epochs or sizes.epochs,
            setting=setting,
            model=self.model,
            source_vocab=vocabs[0],
            target_vocab=vocabs[1],
            source=source,
            source_lengths=source_lengths,
            target=target,
            target_lengths=target_lengths,
            held_out=references(away),
        )

    def _detail(self, setting: Setting, vocabs: list[Vocabulary], away: int) -> str:
        sizes = setting.sizes[self.model]
        wide = f"F = {sizes.H}, {sizes.L} blocks each" if sizes.L else f"H = {sizes.H}"
        return (
            f"{MODELS[self.model]}, E = {sizes.E}, {wide}; {len(vocabs[0]):,} French and {len(vocabs[1]):,} English words; "
            f"sentences of up to {LONGEST} words; {away:,} pairs held out, none of their sentences in training; batches of "
            f"{setting.batch_size}; learning rate up to {setting.lr:g} in {setting.warmup} steps, then down to 0"
        )

    def init(self, learner: Learner, task: PairTask, rng) -> Any:
        """What the learner's `init` gives for the model of this task."""
        sizes, vocabs = task.setting.sizes[task.model], (len(task.source_vocab), len(task.target_vocab))
        if task.model == "transformer":
            return learner.call("init", *vocabs, sizes.E, sizes.H, sizes.L, rng)
        return learner.call("init", *vocabs, sizes.E, sizes.H, rng, task.model == "attention")

    def fit(self, learner: Learner, task: PairTask, seed: int, on_epoch, tick, place=None):
        def hear(words: int, loss: float) -> None:
            self.heard = loss
            tick(words, f"loss {loss:.4f}")

        loop = PairLoop(learner, task)
        return loop.run(place or loop.start(seed, lambda rng: self.init(learner, task, rng)), on_epoch, hear)

    def helpers(self, learner: Learner) -> list[Borrowed]:
        return PairLoop.helpers(learner)

    def measure(self, learner: Learner, task: PairTask, params: Params) -> dict:
        """BLEU and exact matches on some of the held-out sentences, always the same ones, and a few translations."""
        every = list(task.held_out)
        some = [every[n] for n in np.random.default_rng(0).permutation(len(every))[:GLANCE]]
        written = self.translated(learner, task, params, some)
        known = [task.held_out[source] for source in some]
        by_length = sorted(range(min(SHOWN, len(some))), key=lambda n: len(some[n]))
        sample = "\n".join(f"{some[n]}  →  {written[n]}  ({known[n][0]})" for n in by_length)
        return {
            "loss": self.heard,
            "accuracy": exact(written, known),
            "bleu": bleu(written, known),
            "sample": sample,
        }

    def judge(self, learner: Learner, task: PairTask, params: Params) -> Translated:
        sources = list(task.held_out)
        return judged(sources, self.translated(learner, task, params, sources), list(task.held_out.values()))

    def translated(self, learner: Learner, task: PairTask, params: Params, sources: Sequence[str]) -> list[str]:
        """The learner's translations of some normalised sentences."""
        return translate(learner, params, sources, task.source_vocab, task.target_vocab)

    def draw(self, outcome: Outcome, path: Path) -> None:
        from dojo.training.translate_charts import draw_translations

        draw_translations(outcome, path)

    # how it is told

    def told(self, point: Point) -> str:
        return (
            f"loss {point.loss:.4f} · of {GLANCE} held-out sentences: BLEU {point.bleu:.1f}, exact {point.accuracy:.1%}"
        )

    def aside(self, point: Point) -> str:
        """A few held-out sentences, what was written, and in brackets a translation by a person."""
        return "\n".join(f"    {line}" for line in point.sample.splitlines())

    def fields(self, point: Point) -> dict:
        return {
            "model": self.model,
            "loss": point.loss,
            "bleu": point.bleu,
            "exact": point.accuracy,
            "sample": point.sample.splitlines(),
        }

    def verdict(self, judgement: Translated) -> str:
        found = (
            f"BLEU {judgement.bleu:.1f}, exact {judgement.exact:.1%} of {len(judgement.sources):,} held-out sentences"
        )
        bands = ", ".join(f"{band.first}–{band.last}: {band.bleu:.1f}" for band in judgement.bands)
        return f"{found} (BLEU by words of the source: {bands})"

    def verdict_fields(self, judgement: Translated) -> dict:
        return {
            "model": self.model,
            "bleu": judgement.bleu,
            "exact": judgement.exact,
            "by_length": by_length(judgement),
        }


def by_length(judgement: Translated) -> list[dict]:
    """The bands of a judgement for scripts."""
    return [
        {"words": [band.first, band.last], "sentences": band.count, "bleu": band.bleu, "exact": band.exact}
        for band in judgement.bands
    ]
