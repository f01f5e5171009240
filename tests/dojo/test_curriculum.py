"""The map of katas: the real one loads, and everything that can be wrong with one is told by file, kata and mend."""

import copy
import dataclasses
import re
import tomllib

import pytest

from dojo import curriculum
from dojo.errors import DojoError
from dojo.loading import ROOT

PATH = ROOT / "katas" / "curriculum.toml"
SMALL = """\
format = 1

[[chapter]]
number = 1
title = "First"

[[chapter]]
number = 2
title = "Second"

[[kata]]
name = "affine"
chapter = 1
title = "a layer"
hints = ["mild", "clearer", "explicit"]
references = ["a book"]

[[kata]]
name = "softmax"
chapter = 2
title = "scores become probabilities"
prerequisites = ["affine"]
hints = ["mild", "clearer", "explicit"]
references = ["a book"]
"""


@pytest.fixture
def table():
    return tomllib.loads(SMALL)


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "curriculum.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_the_real_map_loads_in_order():
    found = curriculum.load(PATH)
    assert [kata.chapter for kata in found.katas] == sorted(kata.chapter for kata in found.katas)
    assert found.names == [kata.name for kata in found.katas]
    assert len(set(found.names)) == len(found.names)
    assert [chapter.number for chapter in found.chapters] == sorted({kata.chapter for kata in found.katas})


def test_every_kata_of_the_real_map_has_both_tracks_and_its_own_hints():
    found = curriculum.load(PATH)
    hints = [hint for kata in found.katas for hint in kata.hints]
    assert all(kata.tracks == curriculum.TRACKS for kata in found.katas)
    assert len(set(hints)) == len(hints)
    assert not [hint for hint in hints if "TODO" in hint]


def test_what_a_kata_leaves_out_has_a_default(write):
    kata = curriculum.load(write(SMALL))["affine"]
    assert kata.tracks == ("numpy", "torch")
    assert kata.prerequisites == ()
    assert kata.capstone is False
    assert kata.time_limit == curriculum.TIME_LIMIT
    assert kata.tolerance == curriculum.TOLERANCES
    assert kata.forbidden == {}


def test_what_a_kata_says_is_kept(table):
    table["kata"][1] |= {"capstone": True, "time_limit": 3, "tracks": ["torch"], "tolerance": {"float32": 1e-4}}
    table["kata"][1]["forbidden"] = {"torch": ["torch.softmax"]}
    kata = curriculum.parse(table, PATH)["softmax"]
    assert kata.capstone is True
    assert kata.time_limit == 3.0
    assert kata.tracks == ("torch",)
    assert kata.tolerance == {"float64": 1e-9, "float32": 1e-4}
    assert kata.forbidden == {"torch": ("torch.softmax",)}


def test_a_chapter_without_katas_is_not_on_the_map(table):
    table["chapter"].append({"number": 3, "title": "Third"})
    assert [chapter.number for chapter in curriculum.parse(table, PATH).chapters] == [1, 2]


def test_a_kata_cannot_be_changed_by_accident(table):
    with pytest.raises(dataclasses.FrozenInstanceError):
        curriculum.parse(table, PATH)["affine"].title = "another"


def test_an_unknown_kata_suggests_the_nearest(table):
    with pytest.raises(DojoError, match="no kata called 'sofmax'. Did you mean softmax?") as raised:
        curriculum.parse(table, PATH)["sofmax"]
    assert "grader.py" in raised.value.next_step


def test_a_name_that_resembles_nothing_suggests_nothing(table):
    with pytest.raises(DojoError) as raised:
        curriculum.parse(table, PATH)["zzz"]
    assert "Did you mean" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (SMALL.replace('title = "First"', "title = First"), r"curriculum.toml:5: is not valid TOML: Invalid value\."),
        (SMALL.replace("[[chapter]]\nnumber = 2", "[[chapter\nnumber = 2"), "curriculum.toml:7: is not valid TOML"),
        (SMALL + 'name = "twice"\nname = "twice"\n', "curriculum.toml:25: is not valid TOML"),
        (SMALL.encode().replace(b"First", b"\xff"), "curriculum.toml:5: is not text in UTF-8"),
        (SMALL + 'open = "', "curriculum.toml"),
    ],
)
def test_bad_toml_is_told_by_file_and_line(write, content, complaint):
    with pytest.raises(DojoError, match=complaint) as raised:
        curriculum.load(write(content))
    assert raised.value.next_step


def test_a_missing_map_says_how_to_get_it_back(tmp_path):
    with pytest.raises(DojoError, match="curriculum.toml is missing") as raised:
        curriculum.load(tmp_path / "curriculum.toml")
    assert "git checkout" in raised.value.next_step


def test_a_folder_in_place_of_the_map_is_told(tmp_path):
    with pytest.raises(DojoError, match="cannot be read"):
        curriculum.load(tmp_path)


def of_softmax(**changes):
    return lambda table: table["kata"][1].update(changes)


def without(key):
    return lambda table: table["kata"][1].pop(key)


WRONG_KATAS = {
    "an unknown key": (of_softmax(hint=["x"]), "unknown key 'hint'", "Did you mean hints?"),
    "a key like no other": (of_softmax(xyzzy=1), "unknown key 'xyzzy'", "Known keys: name, chapter"),
    "a key of the wrong type": (of_softmax(chapter="2"), "chapter is '2'", "type that it has"),
    "a truth value for a number": (of_softmax(time_limit=True), "time_limit is True", "type that it has"),
    "no hints": (without("hints"), "hints is missing", "Add `hints"),
    "no references": (without("references"), "references is missing", "Add `references"),
    "no title": (without("title"), "title is missing", "Add `title"),
    "no chapter": (without("chapter"), "chapter is missing", "Add `chapter"),
    "two hints": (of_softmax(hints=["a", "b"]), "it has 2 hints", "Write at least 3, from mild to explicit"),
    "an empty hint": (of_softmax(hints=["a", " ", "c"]), "hints holds something", "non-empty strings"),
    "a number among hints": (of_softmax(hints=["a", 2, "c"]), "hints holds something", "non-empty strings"),
    "empty references": (of_softmax(references=[]), "it has no references", "Name a book chapter"),
    "an unknown chapter": (of_softmax(chapter=7), "there is no chapter 7", r"\[\[chapter\]\]"),
    "an unknown track": (of_softmax(tracks=["jax"]), "there is no track 'jax'", "Tracks are numpy and torch"),
    "no track": (of_softmax(tracks=[]), "it has no track", "Leave `tracks` out"),
    "an unknown track to forbid on": (of_softmax(forbidden={"jax": []}), "there is no track 'jax'", "numpy and torch"),
    "a name in place of a list": (
        of_softmax(forbidden={"numpy": "np.exp"}),
        "forbidden numpy = 'np.exp'",
        "List names",
    ),
    "a name without its module": (of_softmax(forbidden={"numpy": ["exp"]}), r"forbidden numpy = \['exp'\]", "module"),
    "a misspelt prerequisite": (
        of_softmax(prerequisites=["afine"]),
        "'afine' is not on the map",
        "Did you mean affine?",
    ),
    "a prerequisite of its own": (of_softmax(prerequisites=["softmax"]), "'softmax' does not stand earlier", "earlier"),
    "a time limit of nothing": (of_softmax(time_limit=0), "time_limit is 0", "between 0 and 600"),
    "a time limit of hours": (of_softmax(time_limit=3600.0), "time_limit is 3600", "between 0 and 600"),
    "a tolerance of 2": (of_softmax(tolerance={"float64": 2.0}), "tolerance float64 = 2.0", "between 0 and 1"),
    "a tolerance in words": (of_softmax(tolerance={"float64": "low"}), "tolerance float64 = 'low'", "between 0 and 1"),
    "a tolerance for float16": (
        of_softmax(tolerance={"float16": 1e-2}),
        "tolerance float16 = 0.01",
        "float64 and float32",
    ),
}


@pytest.mark.parametrize("name", WRONG_KATAS)
def test_a_kata_is_refused_with_file_name_and_mend_for(name, table):
    edit, complaint, mend = WRONG_KATAS[name]
    edit(table)
    with pytest.raises(DojoError, match=complaint) as raised:
        curriculum.parse(table, PATH)
    message, _, next_step = str(raised.value).partition("\n")
    assert message.startswith(f"{PATH}, kata softmax: ")
    assert re.search(mend, next_step)


def test_a_prerequisite_that_stands_later_is_refused(table):
    table["kata"][0]["prerequisites"] = ["softmax"]
    with pytest.raises(
        DojoError, match="kata affine: prerequisite 'softmax' does not stand earlier on the map"
    ) as raised:
        curriculum.parse(table, PATH)
    assert raised.value.next_step == "List only katas that stand earlier in the file."


def test_a_name_that_stands_twice_is_refused(table):
    table["kata"].append(copy.deepcopy(table["kata"][1]))
    with pytest.raises(DojoError, match="kata softmax: the name stands twice"):
        curriculum.parse(table, PATH)


def test_a_kata_behind_a_later_chapter_is_named(table):
    table["kata"].append(table["kata"][0] | {"name": "relu"})
    with pytest.raises(DojoError, match="kata relu: it is of chapter 1 and stands behind one of chapter 2"):
        curriculum.parse(table, PATH)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda table: table.update(format=2), "format is 2"),
        (lambda table: table.pop("format"), "format is None"),
        (lambda table: table.update(katas=[]), "unknown key 'katas'"),
        (lambda table: table.pop("kata"), r"there is no \[\[kata\]\]"),
        (lambda table: table.update(kata={"name": "affine"}), "kata is not a list of tables"),
        (lambda table: table.update(chapter=["First"]), "chapter is not a list of tables"),
        (lambda table: table["chapter"][0].update(number="1"), "a chapter has number '1'"),
        (lambda table: table["chapter"].append(table["chapter"][0]), "chapter 1 stands twice"),
        (lambda table: table["chapter"][0].pop("title"), "chapter 1: title is None"),
        (lambda table: table["chapter"][0].update(titel="x"), "chapter 1: unknown key 'titel'"),
        (lambda table: table["kata"][0].update(name="two words"), "a kata has name 'two words'"),
        (lambda table: table["kata"][0].pop("name"), "a kata has name ''"),
    ],
)
def test_the_map_itself_is_refused_with_the_file_and_a_mend(table, edit, complaint):
    edit(table)
    with pytest.raises(DojoError, match=complaint) as raised:
        curriculum.parse(table, PATH)
    assert str(raised.value).startswith(str(PATH))
    assert raised.value.next_step.endswith((".", "?"))
