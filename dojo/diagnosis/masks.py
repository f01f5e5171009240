"""Are only masked places wrong: a boolean mask or a list of lengths among the arguments, laid over a wrong output."""

import numpy as np

from dojo.checking.compare import difference
from dojo.checking.places import TIMES
from dojo.diagnosis.evidence import Answer, Evidence


def only_masked(evidence: Evidence, answer: Answer, tensor: str | None) -> str:
    """`; only where mask is False`, when exactly such places are wrong; empty in any other case."""
    got, expected = np.asarray(answer.call.outputs[tensor]), np.asarray(answer.expected[tensor])
    if got.shape != expected.shape or got.ndim == 0 or got.dtype.kind not in "fiub":
        return ""
    wrong = difference(got, expected, evidence.rtol(answer.call)).wrong
    axes = _axes(evidence.labels(answer, tensor))
    for words, named, mask in _masks(evidence, answer, axes):
        seen = _laid_over(mask, named, axes, wrong.shape)
        if seen is None or seen.all() or not wrong.any() or (wrong & seen).any():
            continue
        nowhere = " for anything" if set(named) - set(axes) else ""
        return f"; only where {words}{nowhere}"
    return ""


def _masks(evidence: Evidence, answer: Answer, axes: list[str]):
    """Words for the hidden places, axis names, and an array that is True where something may be seen."""
    law = evidence.signature
    sizes: dict[str, int] = {}
    for name, value in zip(law.parameters, answer.call.args, strict=False):
        spec = law.array(name)
        if spec is None or not isinstance(value, np.ndarray):
            continue
        named = _axes(spec.bind(value.shape, sizes))
        if value.dtype == bool:
            yield f"{name} is False", named, value
        elif value.dtype.kind in "iu" and value.ndim == 1 and "length" in name:
            for axis in axes:
                if axis in TIMES and axis in sizes:
                    yield f"{axis} is past {name}", [*named, axis], np.arange(sizes[axis]) < value[:, None]


def _axes(labels: list[str]) -> list[str]:
    """A name for each axis; one that has none is called by its place from the left."""
    return [label.split("=")[0] if "=" in label else f"axis {i}" for i, label in enumerate(labels)]


def _laid_over(mask: np.ndarray, named: list[str], axes: list[str], shape: tuple[int, ...]) -> np.ndarray | None:
    """A mask in the shape of an output; along an axis that the output lacks, what may be seen at all counts."""
    if mask.ndim != len(named) or len(set(named)) < len(named) or len(axes) != len(shape):
        return None
    missing = [i for i, name in enumerate(named) if name not in axes]
    mask, named = np.asarray(mask.any(axis=tuple(missing))), [name for name in named if name in axes]
    if not named:
        return None
    mask = mask.transpose([named.index(name) for name in axes if name in named])
    full = tuple(size if name in named else 1 for name, size in zip(axes, shape, strict=True))
    try:
        return np.broadcast_to(mask.reshape(full), shape)
    except ValueError:
        return None
