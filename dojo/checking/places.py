"""Where the wrong values of an array lie, when there is a short way to say it."""

import numpy as np

TIMES = ("T", "S", "L")  # names of axes along which one thing follows another
THICKEST = 3  # of a border
SMALLEST = 2  # sides of what lies inside of it; a single pixel may be right by chance


def where(wrong: np.ndarray, labels: list[str]) -> str:
    """`, all at N[2]`, `, from T[2] on`, `, all on the border`; empty when all are wrong, or no short way is known.

    `labels` name the axes (`N=4`). Only on an axis that is a sequence does a beginning or an end say anything, and only
    an image has a border.
    """
    if wrong.all() or not wrong.any():
        return ""
    names = [label.split("=")[0] if "=" in label else "" for label in labels]
    for axis, name in enumerate(names):
        said = _along(wrong, axis, name)
        if said:
            return said
    return _border(wrong, names) or _diagonal(wrong)


def _along(wrong: np.ndarray, axis: int, name: str) -> str:
    """One index of an axis, or the first or last steps of a sequence."""
    size, others = wrong.shape[axis], tuple(i for i in range(wrong.ndim) if i != axis)
    hit = np.flatnonzero(wrong.any(axis=others))
    first, last = int(hit[0]), int(hit[-1])
    if size > 1 and len(hit) == 1:
        return f", all at {name or f'axis {axis}'}[{first}]"
    if name not in TIMES or len(hit) != last - first + 1:
        return ""
    if first > 0 and last == size - 1:
        return f", from {name}[{first}] on"
    return f", up to {name}[{last}]" if first == 0 and last < size - 1 else ""


def _border(wrong: np.ndarray, names: list[str]) -> str:
    rows = [axis for axis, name in enumerate(names) if name.startswith("H")]
    columns = [axis for axis, name in enumerate(names) if name.startswith("W")]
    if not rows or not columns:
        return ""
    image = np.any(wrong, axis=tuple(i for i in range(wrong.ndim) if i not in (rows[-1], columns[-1])))
    for thick in range(1, THICKEST + 1):
        inside = image[thick:-thick, thick:-thick]
        if min(inside.shape) >= SMALLEST and not inside.any():
            return ", all on the border" if thick == 1 else f", all within {thick} of the border"
    return ""


def _diagonal(wrong: np.ndarray) -> str:
    if wrong.ndim < 2 or wrong.shape[-1] != wrong.shape[-2]:
        return ""
    diagonal = np.eye(wrong.shape[-1], dtype=bool)
    if not wrong[..., ~diagonal].any():
        return ", all on the diagonal"
    return ", none of them on the diagonal" if not wrong[..., diagonal].any() else ""
