"""What a learner computed beside what the reference computed: by value first, then by name, and where the two part."""

from dataclasses import dataclass

import numpy as np

from dojo.diagnosis.recording import Seen

TOLERANCE = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 1e-2}  # any other dtype: 1e-7
APART = "differs", "negated", "factor", "misnamed", "dtype", "graph", "cut"
TURNED = "transposed", "reshaped", "negated"
ELSEWHERE = "part", "return"  # rows of the reference whose name would give its code away, or says nothing


@dataclass(frozen=True)
class Pair:
    """The reference's value of the same meaning. `name` is empty where it has none of its own.

    `relation` is `equal`, `transposed`, `reshaped`, `negated`, `factor` (`factor` times as large), `differs` (it has
    the same name and another value: at most `difference` away, None where the shapes differ), `misnamed` (it is equal,
    and another value has the name), `dtype` or `graph` (equal values of another dtype, or which autograd does not reach); `cut` where
    the reference has nothing to compare with, and autograd loses its way.
    """

    name: str
    relation: str
    factor: float | None = None
    difference: float | None = None


def pair(seen: list[Seen], known: list[Seen]) -> list[Pair | None]:
    """For each of the learner's values the reference's, None where there is nothing to say."""
    return [None if one.kind == "argument" else _pair(one, known) for one in seen]


def without_repeats(seen: list[Seen], pairs: list[Pair | None]) -> tuple[list[Seen], list[Pair | None]]:
    """The rows to show: what comes back under a name that has been told already only counts where it says more.

    It does when the reference gives back something else, and has no value of that name with which the two could part.
    """
    told = {(one.function, one.name) for one, found in zip(seen, pairs, strict=True) if found and not one.output}
    kept = [
        (one, found)
        for one, found in zip(seen, pairs, strict=True)
        if not one.repeated or (found and found.relation in APART and (one.function, one.name) not in told)
    ]
    return [one for one, _ in kept], [found for _, found in kept]


def _pair(one: Seen, known: list[Seen]) -> Pair | None:
    if not _numbers(one.value):
        return None
    namesakes, now = _namesakes(one, known)
    for other in [*now, *namesakes]:
        if relation(one, other) == ("equal", None):
            return Pair(_name(other), _beyond_values(one, other))
    namesakes = [other for other in namesakes if other.function == one.function]  # elsewhere it may mean something else
    now = [other for other in now if other.function == one.function]
    if not one.output and not _plain(one.value):
        for other in known:
            equal = other.kind != "argument" and relation(one, other) == ("equal", None)
            if equal and (_name(other) or not namesakes):
                return Pair(_name(other), "misnamed" if namesakes else _beyond_values(one, other))
    for other in now[-1:]:
        found = relation(one, other)
        if found is not None:
            return Pair(_name(other), *found)
        if _numbers(other.value):
            return Pair(_name(other), "differs", None, _apart(one.value, other.value))
    if one.output or _plain(one.value):
        return None
    others = [(other, relation(one, other)) for other in known if other.kind != "argument"]
    return next((Pair(_name(other), *found) for other, found in others if found and found[0] in TURNED), None)


def _namesakes(one: Seen, known: list[Seen]) -> tuple[list[Seen], list[Seen]]:
    """The reference's values of the same name, and those of the same round; what comes back has no name but its place."""
    if one.output:
        found = [other for other in known if (other.output, other.function) == (one.output, one.function)]
    else:
        found = [other for other in known if other.name == one.name and other.kind in ("value", "argument")]
    return found, [other for other in found if other.time == one.time] or found[-1:]


def _beyond_values(one: Seen, other: Seen) -> str:
    """`equal`, or what is not equal although the values are: the dtype, or a tensor's place in the graph."""
    if one.dtype != other.dtype and "float" in one.dtype and "float" in other.dtype and one.shape and other.shape:
        return "dtype"
    return "graph" if other.requires_grad and one.requires_grad is False else "equal"


def relation(one: Seen, other: Seen) -> tuple[str, float | None] | None:
    """How the value of `one` follows from the value of `other`; None when it does not."""
    if not _numbers(one.value) or not _numbers(other.value):
        return None
    got, expected = np.asarray(one.value), np.asarray(other.value)
    rtol = max(TOLERANCE.get(one.dtype, 1e-7), TOLERANCE.get(other.dtype, 1e-7))
    if got.shape == expected.shape and _close(got, expected, rtol):
        return "equal", None
    if got.ndim == 2 and got.T.shape == expected.shape and _close(got.T, expected, rtol):
        return "transposed", None
    if got.shape == expected.shape:
        return _multiple(got, expected, rtol)
    if got.size == expected.size > 0 and _close(got.ravel(), expected.ravel(), rtol):
        return "reshaped", None
    return None


def with_cut(seen: list[Seen], pairs: list[Pair | None]) -> list[Pair | None]:
    """Where all values agree and a gradient does not, the first tensor that autograd does not reach is where they part."""
    if parting(pairs) is not None:
        return pairs
    for at, (one, found) in enumerate(zip(seen, pairs, strict=True)):
        lost = one.requires_grad is False and "float" in one.dtype and one.kind != "argument"
        if lost and (found is None or not found.name):
            return [*pairs[:at], Pair("", "cut"), *pairs[at + 1 :]]
    return pairs


def parting(pairs: list[Pair | None]) -> int | None:
    """The index of the first value that is not what the reference has there; only asked when the outcome is wrong."""
    for position, found in enumerate(pairs):
        if found is not None and found.relation in APART:
            return position
    return None


def _name(seen: Seen) -> str:
    return "" if seen.kind in ELSEWHERE else seen.name


def _numbers(value) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, np.ndarray) and value.dtype.kind in "fiub")


def _plain(value) -> bool:
    """Whether a value says too little to be told from another by itself: a size, a mask's single entry, all zeros."""
    if isinstance(value, bool | int):
        return True
    array = np.asarray(value)
    if array.size == 1:
        return float(array.reshape(-1)[0]) in (-1.0, 0.0, 0.5, 1.0, 2.0)
    return array.size == 0 or bool(np.all(array == array.flat[0]))


def _close(got: np.ndarray, expected: np.ndarray, rtol: float) -> bool:
    if got.dtype.kind != "f" and expected.dtype.kind != "f":
        return bool(np.array_equal(got, expected))
    scale = float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0))
    return bool(np.allclose(got, expected, rtol=rtol, atol=rtol * min(max(scale, 1e-30), 1.0), equal_nan=True))


def _multiple(got: np.ndarray, expected: np.ndarray, rtol: float) -> tuple[str, float | None] | None:
    """`negated`, or a constant factor."""
    if got.dtype.kind != "f" or expected.dtype.kind != "f" or got.size < 3:
        return None
    square = float(np.sum(expected.astype(float) ** 2))
    if not np.isfinite(square) or square == 0 or not np.all(np.isfinite(got)):
        return None
    factor = float(np.sum(got.astype(float) * expected) / square)
    if factor == 0 or not _close(got / factor, expected, rtol):
        return None
    return ("negated", None) if abs(factor + 1) < rtol else ("factor", factor)


def _apart(got, expected) -> float | None:
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return None
    with np.errstate(all="ignore"):
        error = np.abs(got.astype(float) - expected.astype(float))
    return float(np.max(error, initial=0.0)) if np.all(np.isfinite(error)) else float("inf")
