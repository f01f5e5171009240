"""Are two arrays the same, and where do they differ: facts only."""

from dataclasses import dataclass

import numpy as np

from dojo.checking.places import where


class Refused(AssertionError):
    """An answer that is not right: what was seen, about which function and tensor, and the cause where the test proves one."""

    def __init__(
        self,
        facts: str,
        function: str | None = None,
        tensor: str | None = None,
        cause: str | None = None,
        says: str = "",
    ):
        super().__init__(facts)
        self.facts, self.function, self.tensor, self.cause, self.says = facts, function, tensor, cause, says


def same(got, expected, rtol: float, atol: float | None = None) -> bool:
    """Whether two numbers or arrays have one shape and agree: |got − expected| ≤ atol + rtol·|expected|, inf and nan alike."""
    got, expected = np.asarray(got), np.asarray(expected)
    return got.shape == expected.shape and bool(np.all(agrees(got, expected, rtol, atol)))


def agrees(got: np.ndarray, expected: np.ndarray, rtol: float, atol: float | None = None) -> np.ndarray:
    """Element by element, for arrays of one shape. `atol` is `rtol` when it is not given."""
    if got.dtype.kind not in "fiub" or expected.dtype.kind not in "fiub":
        return np.asarray(got == expected)
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(all="ignore"):
        close = np.abs(got - expected) <= (rtol if atol is None else atol) + rtol * np.abs(expected)
    return np.where(np.isfinite(expected), close, (got == expected) | (np.isnan(got) & np.isnan(expected)))


@dataclass(frozen=True)
class Difference:
    """Where `got` and `expected`, arrays of one shape, differ: a mask, and the facts read from it."""

    got: np.ndarray
    expected: np.ndarray
    wrong: np.ndarray

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the largest error; a nan or inf that should not be there comes first."""
        with np.errstate(all="ignore"):
            error = np.abs(self.got.astype(float) - self.expected.astype(float))
        error = np.where(self.wrong, np.where(np.isfinite(error), error, np.inf), -1.0)
        return tuple(int(i) for i in np.unravel_index(np.argmax(error), error.shape))


def difference(got, expected, rtol: float, atol: float | None = None) -> Difference:
    """The Difference of two numbers or arrays of one shape."""
    got, expected = np.asarray(got), np.asarray(expected)
    return Difference(got, expected, ~agrees(got, expected, rtol, atol))


def describe(got, expected, labels: list[str], rtol: float) -> str:
    """One sentence of facts about two numbers or arrays of numbers; `labels` name the axes of `expected` (`N=4`)."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.dtype.kind not in "fiub" or expected.dtype.kind not in "fiub":
        return f"is {_short(got)}; {_short(expected)} was expected"
    wanted = f"({', '.join(labels)}{',' if len(labels) == 1 else ''})"
    if got.shape != expected.shape:
        return f"has shape {got.shape}; {wanted if labels else 'a single number'} was expected"
    if got.ndim == 0:
        one, other = apart(got, expected)
        return f"is {one}; {other} was expected"
    found = difference(got, expected, rtol)
    count, at = int(found.wrong.sum()), found.worst
    strange = np.isnan(got) & ~np.isnan(expected) if got.dtype.kind == "f" else np.zeros(got.shape, bool)
    place = where(found.wrong, labels)
    text = f"is {wanted} as it should be; {count} of {got.size} values differ{place}"
    if strange.any():
        text += f", {int(strange.sum())} of them nan"
    one, other = apart(got[at], expected[at])
    return f"{text}; at {list(at)} it is {one}, expected {other}"


def _short(value: np.ndarray, limit: int = 60) -> str:
    """Something else than numbers, as Python writes it."""
    text = repr(value.tolist())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def apart(one, other) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see that they differ."""
    for digits in (4, 6, 9, 12, 17):
        texts = f"{float(one):.{digits}g}", f"{float(other):.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def number(value) -> str:
    """A number as a person writes it: four significant digits, `-inf`, `nan`."""
    return f"{float(value):.4g}"
