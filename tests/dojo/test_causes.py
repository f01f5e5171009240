"""The vocabulary of causes: complete, in order, and readable."""

import copy
import subprocess
import sys
import tomllib

import pytest

from dojo.diagnosis import causes
from dojo.errors import DojoError

TABLE = {
    "shape": "transposed wrong-axis broadcast-blowup lost-axis extra-axis wrong-order shape-not-checked",
    "scale": "missing-mean extra-mean wrong-factor sign-flipped missing-scale",
    "derivative": "wrong-operand missing-term upstream-ignored not-summed not-accumulated wrong-argument "
    "elementwise-for-matmul diagonal-only",
    "numbers": "unstable log-of-zero eps-misplaced dtype-drift biased-variance unbiased-variance",
    "sequence": "state-not-carried gradient-not-carried off-by-one reversed gate-swapped "
    "wrong-nonlinearity only-last-step",
    "masking": "mask-ignored mask-inverted mask-after-softmax padding-leaks future-leaks",
    "statistics": "batch-mixed train-test-confused not-normalised",
    "convolution": "kernel-flipped padding-ignored stride-ignored channels-not-summed ties",
    "regularisation": "bias-penalised not-inverted fan-swapped bias-correction-missing",
    "learning": "one-sided wrong-base pairing-lost batch-dropped coupled-decay",
    "discipline": "range-not-checked argument-unused mutates-input graph-broken nondeterministic "
    "forbidden-call wrong-type",
}
SPECIAL_FACTORS = (
    "extra-mean missing-scale sign-flipped wrong-base not-inverted fan-swapped biased-variance unbiased-variance "
    "one-sided bias-correction-missing upstream-ignored kernel-flipped"
)
NAMED_OMISSIONS = (
    "sign-flipped wrong-operand wrong-argument upstream-ignored diagonal-only not-summed not-accumulated wrong-factor "
    "gradient-not-carried state-not-carried only-last-step coupled-decay bias-penalised padding-ignored "
    "channels-not-summed"
)
EARLIER_THAN = [
    ("missing-mean", "wrong-factor"),
    ("wrong-axis", "batch-mixed"),
    ("missing-term", "argument-unused"),
    ("mask-ignored", "missing-term"),
    ("mask-inverted", "missing-term"),
    ("mask-after-softmax", "missing-term"),
    *[(name, "wrong-factor") for name in SPECIAL_FACTORS.split()],
    *[(name, "missing-term") for name in NAMED_OMISSIONS.split()],
    # a special operand before any other operand
    ("wrong-argument", "wrong-operand"),
    ("elementwise-for-matmul", "wrong-operand"),
    # a special order before any other order
    ("transposed", "wrong-order"),
    ("reversed", "wrong-order"),
    ("gate-swapped", "wrong-order"),
    ("kernel-flipped", "transposed"),
    # a special surplus or loss of an axis before the bare fact
    ("not-summed", "extra-axis"),
    ("channels-not-summed", "extra-axis"),
    ("only-last-step", "lost-axis"),
    # the step that broke a property before the property
    ("wrong-axis", "not-normalised"),
    ("batch-mixed", "not-normalised"),
    ("mask-ignored", "future-leaks"),
    ("mask-ignored", "padding-leaks"),
    ("mask-ignored", "argument-unused"),
    ("padding-leaks", "batch-mixed"),
    ("train-test-confused", "batch-mixed"),
    ("mutates-input", "nondeterministic"),
    ("log-of-zero", "unstable"),
]
NAMES = [name for names in TABLE.values() for name in names.split()]


def test_vocabulary_is_the_table_of_the_design():
    found = {group: {c.name for c in causes.vocabulary().values() if c.group == group} for group in TABLE}
    assert found == {group: set(names.split()) for group, names in TABLE.items()}
    assert sorted(causes.vocabulary()) == sorted(NAMES)
    assert all(name == cause.name for name, cause in causes.vocabulary().items())


def test_groups_are_those_of_the_table():
    assert list(TABLE) == list(causes.GROUPS)


@pytest.mark.parametrize("name", NAMES)
def test_sentence_can_stand_in_a_message(name):
    sentence = causes.vocabulary()[name].sentence
    assert 30 <= len(sentence) <= 120
    assert sentence[0].islower()
    assert sentence[-1] not in ".!?"
    assert "`" not in sentence


@pytest.mark.parametrize("name", NAMES)
def test_hint_is_whole_sentences_without_code(name):
    hint = causes.vocabulary()[name].hint
    assert 60 <= len(hint) <= 200
    assert hint[0].isupper()
    assert hint[-1] in ".?"
    assert not set("`@=*()[]{}_") & set(hint)


@pytest.mark.parametrize("part", ["sentence", "hint"])
def test_no_text_stands_twice(part):
    texts = [getattr(cause, part).lower() for cause in causes.vocabulary().values()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(("earlier", "later"), EARLIER_THAN, ids=" before ".join)
def test_the_more_specific_comes_first(earlier, later):
    assert causes.rank(earlier) < causes.rank(later)


def test_rank_numbers_the_vocabulary_from_zero():
    assert [causes.rank(name) for name in causes.vocabulary()] == list(range(len(NAMES)))


def test_rank_of_an_unknown_cause_suggests_the_nearest():
    with pytest.raises(DojoError, match="Did you mean transposed"):
        causes.rank("transpose")


def test_vocabulary_is_read_once():
    assert causes.vocabulary() is causes.vocabulary()


def drop_from_order(table):
    table["order"].remove("ties")


def drop_table(table):
    del table["cause"]["ties"]


def list_twice(table):
    table["order"].append("ties")


def change(key, value):
    def edit(table):
        table["cause"]["ties"][key] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda table: table.update(format=2), "format is 2"),
        (lambda table: table.update(order="ties"), "order is not a list of names"),
        (lambda table: table.pop("cause"), r"there is no \[cause.NAME\]"),
        (drop_from_order, "cause ties: it is missing in order"),
        (drop_table, "cause ties: it stands in order and has no table"),
        (list_twice, "cause ties: it stands twice in order"),
        (change("group", "shapes"), "there is no group 'shapes'"),
        (change("sentence", " "), "sentence is ' '"),
        (change("hint", 3), "hint is 3"),
        (change("hints", "more"), r"unknown key 'hints'"),
        (lambda table: table["cause"].update(ties="a word"), "its entry is 'a word'"),
        (lambda table: table.update(order=["Ties"], cause={"Ties": {}}), "lower-case words"),
    ],
)
def test_an_invalid_vocabulary_is_refused_by_name(edit, complaint):
    table = copy.deepcopy(tomllib.loads(causes.PATH.read_text(encoding="utf-8")))
    edit(table)
    with pytest.raises(DojoError, match=complaint) as raised:
        causes.parse(table, causes.PATH)
    assert raised.value.next_step


@pytest.mark.parametrize("content", [None, b"order = [", b"\xff"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "causes.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DojoError, match="causes.toml") as raised:
        causes.load(path)
    assert raised.value.next_step


def test_reading_the_vocabulary_needs_no_numpy():
    code = "import sys; from dojo.diagnosis import causes; causes.vocabulary(); sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=causes.PATH.parents[2]).returncode == 0
