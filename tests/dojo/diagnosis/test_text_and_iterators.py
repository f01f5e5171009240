"""Answers that are text, lists of text, or what an iterator hands out are compared as they are."""

from collections.abc import Iterator

import numpy as np

from dojo.checking.calls import Call
from dojo.checking.signatures import signature
from dojo.diagnosis.evidence import Evidence, as_numbers, named_outputs

CALL = Call("f", (np.arange(4),), {})


def comparing() -> Evidence:
    evidence = Evidence.__new__(Evidence)
    evidence.tolerance, evidence._rtol = {"float64": 1e-9, "float32": 1e-5}, {}
    return evidence


def test_text_is_the_same_as_equal_text():
    same = comparing().same
    assert same("abc", "abc", CALL) and same(["a", "\n"], ["a", "\n"], CALL)
    assert not same("abc", "abd", CALL) and not same(["a", "b"], ["a"], CALL) and not same(1.0, "1.0", CALL)
    assert same(np.ones(2), "abc", CALL) is False and same("abc", np.ones(2), CALL) is False


def test_an_output_that_is_none_is_left_out():
    def first(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        return ids[:1], None

    outputs = named_outputs(signature(first), first, CALL)
    assert outputs is not None and list(outputs) == ["output 0"]


def test_an_iterator_of_the_reference_has_the_items_that_a_record_has():
    def halves(ids: np.ndarray) -> Iterator[np.ndarray]:
        yield ids[:2]
        yield ids[2:]

    outputs = named_outputs(signature(halves), halves, CALL)
    assert outputs is not None and comparing().same([np.array([0, 1]), np.array([2, 3])], outputs[None], CALL)


def test_an_iterator_without_end_is_cut_off():
    def forever(ids: np.ndarray) -> Iterator[int]:
        while True:
            yield 0

    outputs = named_outputs(signature(forever), forever, CALL)
    assert outputs is not None and len(outputs[None]) == 1000


def test_only_numbers_and_arrays_count_as_numbers():
    assert as_numbers(np.ones(3)).shape == (3,) and as_numbers(2.5) == 2.5
    for other in ("abc", [np.ones(2), np.ones(3)], None, {"a": 1}):
        assert as_numbers(other).dtype == object and as_numbers(other).shape == ()
