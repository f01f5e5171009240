"""Rules for answers of another shape than expected: small pure functions from a case to a cause or nothing."""

import numpy as np

from dojo.diagnosis.cases import Case, close, match
from dojo.diagnosis.findings import Match


def transposed_shape(case: Case) -> Match | None:
    """The expected axes in another order."""
    got, expected = case.got, case.expected
    if got.ndim == expected.ndim >= 2 and sorted(got.shape) == sorted(expected.shape):
        return match(
            "transposed", f"its axes stand in another order: {got.shape} for {expected.shape}", "transposed_shape"
        )
    return None


def blowup(case: Case) -> Match | None:
    """A column met a row, and a square table came of it."""
    got, expected = case.got, case.expected
    if got.ndim == 2 and expected.ndim <= 2 and expected.size > 1 and got.size > expected.size:
        sides = {size for size in expected.shape if size > 1}
        if len(set(got.shape)) == 1 and got.shape[0] in sides:
            n = got.shape[0]
            return match("broadcast-blowup", f"a column and a row of {n} were broadcast into a {n}×{n} table", "blowup")
    return None


def not_summed(case: Case) -> Match | None:
    """A gradient that still has the shape of the upstream gradient."""
    got, expected = case.got, case.expected
    if not case.gradient or got.ndim < expected.ndim or got.shape == expected.shape:
        return None
    upstream = [np.shape(value) for name, value in case.arguments.items() if name.startswith("d")]
    each = got.shape[1:] == expected.shape and got.shape[0] in (case.sizes.get("N"), case.sizes.get("T"))
    left = [shape[-got.ndim :] for shape in upstream if got.ndim]  # what a sum over the first axes only leaves
    if each or (got.size > expected.size and got.shape in left):
        return match(
            "not-summed",
            "there is one gradient for each use of it: what was broadcast in the forward pass must be summed here",
            "not_summed",
        )
    return None


def only_last_step(case: Case) -> Match | None:
    """The last step alone, where there should be all of them."""
    for axis, label in enumerate(case.labels):
        if label.startswith("T=") and close(case.got, np.take(case.expected, -1, axis)):
            return match("only-last-step", "only what belongs to the last step comes back", "only_last_step")
    return None


def lost_axis(case: Case) -> Match | None:
    """An axis is missing."""
    got, expected = case.got.shape, case.expected.shape
    if got == () and expected:
        return match("lost-axis", "it is a single number: every axis was summed away", "lost_axis")
    if len(got) >= len(expected):
        return None
    if case.got.size == case.expected.size:
        return match("lost-axis", f"the numbers stand in {len(got)} axes where {len(expected)} belong", "lost_axis")
    for axis in range(len(expected)):
        if expected[:axis] + expected[axis + 1 :] == got:
            name = case.labels[axis].split("=")[0] if axis < len(case.labels) else str(axis)
            return match("lost-axis", f"the axis {name} is gone", "lost_axis")
    if len(got) > 0 and got == expected[: len(got)]:
        names = " and ".join(label.split("=")[0] for label in case.labels[len(got) :])
        return match("lost-axis", f"the axes {names} are gone", "lost_axis")
    return None


def extra_axis(case: Case) -> Match | None:
    """An axis too many."""
    got, expected = case.got.shape, case.expected.shape
    if len(got) <= len(expected):
        return None
    if case.got.size == case.expected.size:
        return match("extra-axis", f"it has {len(got) - len(expected)} axis of size 1 too many", "extra_axis")
    for axis in range(len(got)):
        if got[:axis] + got[axis + 1 :] == expected:
            if expected and got[axis] > 1 and got[axis] in expected:
                return match("broadcast-blowup", f"it has grown an axis of size {got[axis]}", "extra_axis")
            return match("extra-axis", f"it still has an axis of size {got[axis]}, which should be gone", "extra_axis")
    if expected and got[: len(expected)] == expected:
        sizes = " and ".join(map(str, got[len(expected) :]))
        return match("extra-axis", f"it still has axes of size {sizes}, which should be gone", "extra_axis")
    return None


def other_axis(case: Case) -> Match | None:
    """One axis per example where one per feature belongs, or the reverse: a reduction over the wrong axis."""
    got, expected = case.got.shape, case.expected.shape
    if len(got) == len(expected) == 1 and got[0] in case.sizes.values() and expected[0] in case.sizes.values():
        names = {size: name for name, size in case.sizes.items()}
        return match(
            "wrong-axis",
            f"it runs along {names[got[0]]} where {names[expected[0]]} belongs: the sum took the wrong axis",
            "other_axis",
        )
    return None


SHAPE_RULES = (transposed_shape, blowup, not_summed, only_last_step, lost_axis, extra_axis, other_axis)
