"""A call of the tests that is worth looking at: for the picture cell of a notebook."""

import numpy as np

from dojo.checking.calls import Call, arrays_in
from dojo.checking.tracks import leaves
from dojo.diagnosis.predicting import extreme
from dojo.diagnosis.snippet import given

FEWEST, BEST, MOST = 4, 24, 200  # numbers in the arguments of a call worth looking at
DIGITS = 2  # of what is drawn; nobody looks at more
LONGEST = 1500  # characters of the arguments, written down


def example(loaded, results: list) -> list[dict]:
    """One dict for each function with such a call: `function`, `arguments` (their names), `arrays` (those of them that can
    be drawn), `lines` that define them, and `axes`, the most that a result has."""
    calls = [call for result in results for call in result.calls if _telling(call)]
    found = []
    for law in loaded.reference.signatures.values():
        mine = [call for call in calls if call.law == law.name and not call.carried]
        for call in sorted(mine, key=lambda call: abs(_size(call) - BEST)):
            lines = given(law, call.like(_rounded), loaded.subject.track)
            if lines is not None and sum(map(len, lines)) <= LONGEST:
                names = law.parameters[: len(call.args)]
                arrays = [name for name, value in zip(names, call.args, strict=True) if isinstance(value, np.ndarray)]
                axes = max(np.ndim(value) for value in call.outputs.values())
                named = {"function": law.name, "arguments": list(names), "arrays": arrays}
                found.append(named | {"lines": lines, "axes": axes})
                break
    return found


def _telling(call: Call) -> bool:
    """Whether a call gave finite numbers on ordinary input of a size that can be drawn."""
    numbers = [value for value in call.outputs.values() if isinstance(value, np.ndarray | np.generic | float | int)]
    finite = all(np.all(np.isfinite(value)) for value in numbers if np.asarray(value).dtype.kind == "f")
    plain = not call.kwargs and call.error is None and call.refused is None
    return bool(numbers) and finite and plain and FEWEST <= _size(call) <= MOST and not extreme(call)


def _size(call: Call) -> int:
    """The numbers in the arguments of a call, the letters of its texts, and what its lists hold."""
    return sum(array.size for array in arrays_in(call.args)) + sum(
        len(value) for value in call.args if isinstance(value, str | list)
    )


def _rounded(args: tuple) -> tuple:
    """The arguments with few digits in their arrays; one that holds no fractions, such as a mask, stays as it is."""

    def short(item):
        return item.round(DIGITS) if isinstance(item, np.ndarray) and item.dtype.kind == "f" else item

    return leaves(args, short)
