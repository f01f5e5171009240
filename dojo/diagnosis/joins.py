"""The sentences for operations that are no arithmetic: joining, reshaping, einsum, and indexing."""

import ast
import math
from typing import Any

import numpy as np

from dojo.diagnosis.peek import is_array, peek


def joined(name: str, node: ast.Call, place) -> str:
    """Arrays that do not fit together: `stack` wants equal shapes, `concatenate` equal sizes on every other axis."""
    parts = node.args[0].elts if isinstance(node.args[0], ast.List | ast.Tuple) else []
    known = [(part, value) for part in parts if (value := place.array(part)) is not None]
    if len(known) < 2:
        return ""
    given = [item.value for item in node.keywords if item.arg in ("axis", "dim")] + node.args[1:2]
    at = peek(given[0], place.names) if given else 0
    along = {"vstack": 0, "hstack": 1 if known[0][1].ndim > 1 else 0, "column_stack": 1}.get(name, at)
    first, shape = known[0][1], tuple(known[0][1].shape)
    for part, value in known[1:]:
        texts = f"{place.text(known[0][0], first)} and {place.text(part, value)}"
        if len(value.shape) != len(shape):
            return f"{texts} do not have the same number of axes"
        if name == "stack" and tuple(value.shape) != shape:
            return f"{texts} differ; stack puts arrays of one shape beside each other"
        others = [i for i in range(len(shape)) if isinstance(along, int) and i != along % max(len(shape), 1)]
        if any(value.shape[i] != shape[i] for i in others):
            return f"{texts} are joined along axis {along}; every other axis must agree"
    return ""


def reshaped(operands: list, place) -> str:
    """A number of values that the new shape cannot hold."""
    array = place.array(operands[0])
    asked = [peek(item, place.names) for item in operands[1:]]
    if len(asked) == 1 and isinstance(asked[0], tuple | list):
        asked = list(asked[0])
    wanted = [size for size in asked if isinstance(size, int)]
    if array is None or not wanted or len(wanted) < len(asked):
        return ""
    held, room = math.prod(array.shape), math.prod(size for size in wanted if size != -1)
    shape = f"({', '.join(map(str, wanted))}{',' if len(wanted) == 1 else ''})"
    if -1 in wanted:
        fits = room and held % room == 0
        said = f"{place.text(operands[0], array)} holds {held} values, no multiple of {room}, so {shape} does not fit"
        return "" if fits else said
    return (
        "" if held == room else f"{place.text(operands[0], array)} holds {held} values and {shape} has room for {room}"
    )


def einsum(node: ast.Call, place) -> str:
    """An operand with other axes than its letters, or a letter with two sizes."""
    letters = peek(node.args[0], place.names)
    if not isinstance(letters, str) or "." in letters:
        return ""
    inputs, _, result = letters.replace(" ", "").partition("->")
    terms, operands = inputs.split(","), node.args[1:]
    if len(terms) != len(operands):
        return f"'{letters}' names {len(terms)} operands and {len(operands)} are given"
    seen: dict[str, tuple[int, str]] = {}
    for term, operand in zip(terms, operands, strict=True):
        value = place.array(operand)
        if value is None:
            continue
        text = place.text(operand, value)
        if len(value.shape) != len(term):
            return f"'{term}' stands for {len(term)} axes, and {text} has {len(value.shape)}"
        for letter, size in zip(term, value.shape, strict=True):
            before = seen.setdefault(letter, (size, text))
            if before[0] != size:
                return f"in '{letters}' the axis {letter} is {before[0]} long in {before[1]} and {size} in {text}"
    unknown = [letter for letter in result if letter not in inputs]
    return f"in '{letters}' the result has the axis {unknown[0]}, which no operand has" if unknown else ""


def index(node: ast.Subscript, place: Any) -> str:
    """Too many indices, one beyond the end, a key that is not there, or index arrays that do not meet."""
    value, at = peek(node.value, place.names), peek(node.slice, place.names)
    if isinstance(value, dict):
        known = ", ".join(map(str, value))
        return f"{ast.unparse(node.value)} has the keys {known}" if at not in value else ""
    if isinstance(value, list | tuple):
        return f"{ast.unparse(node.value)} has {len(value)} items, 0 to {len(value) - 1}" if value else ""
    if not is_array(value):
        return ""
    text, shape = place.text(node.value, value), tuple(np.shape(value))  # type: ignore[arg-type]
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    values: list[Any] = [peek(part, place.names) for part in parts]
    used = [(part, item) for part, item in zip(parts, values, strict=True) if not _new_axis(part)]
    if len(used) > len(shape):
        return f"{text} has {len(shape)} {'axis' if len(shape) == 1 else 'axes'}, and {len(used)} indices are given"
    for axis, (part, item) in enumerate(used):
        said = _beyond(part, item, axis, text, shape[axis], place)
        if said:
            return said
    return _apart([(part, item) for part, item in used if is_array(item) and item.ndim], place)


def _new_axis(part: ast.AST) -> bool:
    return ast.unparse(part) in ("None", "np.newaxis", "numpy.newaxis", "...")


def _beyond(part: ast.AST, item, axis: int, text: str, size: int, place) -> str:
    """An index that the axis does not have."""
    if is_array(item) and str(item.dtype) in ("bool", "torch.bool"):
        wrong = item.ndim == 1 and item.shape[0] != size
        return f"{place.text(part, item)} picks from axis {axis} of {text}, which is {size} long" if wrong else ""
    numbers = (
        np.asarray(item) if isinstance(item, int | np.ndarray | np.integer) or is_array(item) else np.zeros(0, int)
    )
    bad = numbers[(numbers >= size) | (numbers < -size)] if numbers.dtype.kind in "iu" else numbers[:0]
    if not bad.size:
        return ""
    says = f"axis {axis} of {text} is {size} long, so its indices run from 0 to {size - 1}"
    worst, said = bad.ravel()[0], ast.unparse(part)
    if said == str(worst):
        return f"{says}, and {said} is asked for"
    return f"{says}; {said} {'is' if numbers.ndim == 0 else 'holds'} {worst}"


def _apart(arrays: list, place) -> str:
    """Two index arrays of different length: they are read in step."""
    for part, item in arrays[1:]:
        first = arrays[0]
        if tuple(item.shape) != tuple(first[1].shape) and item.ndim == first[1].ndim == 1:
            return f"{place.text(*first)} and {place.text(part, item)} are read in step, and have different lengths"
    return ""
