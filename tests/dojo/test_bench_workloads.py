"""What the curriculum says about timing: read, refused with the mend, and turned into arguments of the right shapes."""

import tomllib

import numpy as np
import pytest

from dojo.bench.arguments import Draw, items, traffic
from dojo.checking.reference import reference
from dojo.curriculum import load
from dojo.errors import DojoError
from dojo.loading import ROOT, curriculum, install_finder
from dojo.workloads import arithmetic

MAP = """\
format = 1
[[chapter]]
number = 1
title = "First"
[[kata]]
name = "affine"
chapter = 1
title = "a layer"
hints = ["mild", "clearer", "explicit"]
references = ["a book"]
[kata.workload]
"""
GOOD = 'function = "affine"\nsizes = { N = 4, D = 3, M = 5 }\nitems = "N"\nunit = "examples"\nbatch = "N"\nflops = "6*N*D*M"\n'
WITH_WORKLOAD = [kata for kata in curriculum().katas if kata.workload]


def read(tmp_path, text: str):
    path = tmp_path / "curriculum.toml"
    path.write_text(MAP + text, encoding="utf-8")
    return load(path)["affine"].workload


def test_a_workload_is_read(tmp_path):
    found = read(tmp_path, GOOD)
    assert found.count() == 6 * 4 * 3 * 5
    assert found.batches == ()
    assert not found.is_model
    assert found.at(64).sizes == {"N": 64, "D": 3, "M": 5}
    assert found.at(None) is found


def test_a_model_has_its_three_batch_sizes(tmp_path):
    found = read(tmp_path, GOOD + 'update = "sgd.sgd_step"\n')
    assert found.is_model
    assert found.batches == (1, 64, 1024)


def test_without_a_workload_nothing_is_timed(tmp_path):
    path = tmp_path / "curriculum.toml"
    path.write_text(MAP.replace("[kata.workload]\n", ""), encoding="utf-8")
    assert load(path)["affine"].workload is None


@pytest.mark.parametrize(
    ("was", "instead", "what", "mend"),
    [
        ('items = "N"', 'item = "N"', "unknown key 'item'", "Did you mean items?"),
        ('items = "N"\n', "", "has no items", "Add `items = …`"),
        ('items = "N"', "items = 3", "items is 3", "type that it has"),
        ('items = "N"', 'items = "Q"', "items is 'Q'", "letters of sizes"),
        ("N = 4", "N = 0", "N = 0", "whole number above 0"),
        ("N = 4", "N = [4]", "N = [4]", "whole number above 0"),
        ("N = 4", '"..." = 4', "... = 4", "a list of them"),
        ('"affine"', '"affine.affine"', "function is 'affine.affine'", "one function"),
        ("6*N*D*M", "6*N*Q", "Q has no size", "letters of sizes"),
        ("6*N*D*M", "N**2", "N ** 2 is more than", "letters of sizes"),
        ("6*N*D*M", "6*", "is not arithmetic", "letters of sizes"),
        ('batch = "N"', 'batch = "B"', "batch is 'B'", "letter of sizes"),
        ('unit = "examples"', 'unit = "per second"', "unit is 'per second'", "one small word"),
        ('unit = "examples"', 'unit = "rows"\nbelow = { labels = "C" }', "labels = 'C'", "letter of sizes"),
        ('unit = "examples"', 'unit = "rows"\nupdate = "sgd_step"', "update is 'sgd_step'", "a kata and its step"),
        ('unit = "examples"', 'unit = "rows"\nbatches = [0]', "batches holds 0", "whole numbers above 0"),
        ('unit = "examples"', 'unit = "rows"\ndtype = "float16"', "dtype is 'float16'", "float32 or float64"),
    ],
)
def test_what_is_wrong_with_a_workload_names_the_kata_and_the_mend(tmp_path, was, instead, what, mend):
    assert GOOD.count(was) == 1
    with pytest.raises(DojoError) as caught:
        read(tmp_path, GOOD.replace(was, instead))
    message, _, step = str(caught.value).partition("\n")
    assert "kata affine" in message
    assert what in message
    assert mend in step


def test_arithmetic_knows_sums_products_and_whole_quotients():
    assert arithmetic("2*N + 3*(M - 1) + D//2", {"N": 5, "M": 4, "D": 7}) == 10 + 9 + 3


def test_every_kata_of_the_map_says_what_is_timed():
    without = [kata.name for kata in curriculum().katas if not kata.workload]
    assert not without


# ---------------------------------------------------------------------- arguments


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def drawn(kata: str, **sizes) -> dict:
    work = curriculum()[kata].workload
    small = type(work)(**{**vars(work), "sizes": {**work.sizes, **sizes}})
    return Draw(small).arguments(getattr(reference(kata).module, small.function))


def test_shapes_come_from_the_annotations():
    found = drawn("lstm", N=2, T=3, D=4, H=5)
    shapes = {name: value.shape for name, value in found.items()}
    assert shapes == {"xs": (2, 3, 4), "h0": (2, 5), "c0": (2, 5), "Wx": (4, 20), "Wh": (5, 20), "b": (20,)}
    assert {value.dtype for value in found.values()} == {np.dtype(np.float32)}


def test_dicts_get_the_shapes_of_the_workload_and_labels_stay_below():
    found = drawn("network", N=50, D=3, M=4, C=2)
    assert {name: value.shape for name, value in found["params"].items()} == {
        "W1": (3, 4),
        "b1": (4,),
        "W2": (4, 2),
        "b2": (2,),
    }
    assert set(found["labels"]) == {0, 1}
    assert list(found) == ["params", "x", "labels"]  # lr belongs to the step


def test_rows_of_a_simplex_are_distributions():
    found = drawn("perplexity", C=5)
    np.testing.assert_allclose(found["p"].sum(axis=-1), 1, rtol=1e-5)


def test_the_same_seed_draws_the_same():
    one, other = drawn("affine", N=2), drawn("affine", N=2)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_an_axis_without_a_size_is_named():
    work = curriculum()["affine"].workload
    lacking = type(work)(**{**vars(work), "sizes": {"N": 2, "M": 3}})
    with pytest.raises(DojoError, match="no size for the axis D"):
        Draw(lacking).arguments(reference("affine").module.affine)


def test_items_are_counted_by_letters_or_by_an_argument():
    embedding, sgd = curriculum()["embedding"].workload, curriculum()["sgd"].workload
    assert items(embedding, {}) == embedding.sizes["N"] * embedding.sizes["T"]
    assert items(sgd, {"params": {"W": np.zeros((2, 3)), "b": np.zeros(3)}}) == 9


def test_traffic_counts_the_bytes_of_arrays_only():
    assert traffic({"W": np.zeros(3, np.float32)}, 2.0, [np.zeros(2)], None) == 12 + 16


def test_the_workloads_of_the_map_are_tables_of_plain_values():
    table = tomllib.loads((ROOT / "katas" / "curriculum.toml").read_text(encoding="utf-8"))
    assert {entry["name"] for entry in table["kata"] if "workload" in entry} == {kata.name for kata in WITH_WORKLOAD}
