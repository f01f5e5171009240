"""The shape trace: an exception inside the learner's code, told with the names, shapes and axes of the arrays there."""

import ast
import itertools
import traceback
from pathlib import Path
from types import FrameType, TracebackType

from dojo.checking.signatures import Signature
from dojo.diagnosis.clashes import Place, clash
from dojo.diagnosis.findings import Match
from dojo.diagnosis.peek import is_array, names_of

MOST_ARRAYS = 6


def learner_frames(trace: TracebackType | None, paths: set[str]) -> list[tuple[FrameType, int, int]]:
    """Frames of the learner's own code, outermost first: the frame, the line, and the instruction that was running."""
    frames = []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in paths:
            frames.append((trace.tb_frame, trace.tb_lineno, trace.tb_lasti))
        trace = trace.tb_next
    return frames


def explain_crash(
    error: BaseException, trace: TracebackType | None, paths: set[str], law: Signature, args: tuple
) -> tuple[str, int, list[Match]]:
    """Facts, line and causes for an exception raised by a call `law(*args)` of code in one of the files `paths`."""
    frames = learner_frames(trace, paths)
    sizes = bound_sizes(law, args)
    message = _first_line(error)
    if not frames:
        if isinstance(error, TypeError) and "argument" in message:
            return f"cannot be called as {law.text()}: {message}", 0, []
        return f"raises {type(error).__name__}: {message}", 0, []
    frame, line, instruction = frames[-1]
    source = _read(frame.f_code.co_filename)
    segment = expression(frame, instruction, source)
    text = (segment or (source.splitlines()[line - 1 : line] or [""])[0]).strip()
    own = text.startswith("raise ")
    facts = f"raises {type(error).__name__}{'' if own or not text else f' at `{text}`'}: "
    place = Place(names_of(frame), lambda name, value: label(name, value, law, sizes))
    sentence, causes = clash(_whole(segment, line, source), place)
    if "be converted to " in message or "only integer tensors" in message:
        causes = [Match("wrong-type", f"`{text}` takes a single number, and an array was given", "shape:number")]
    parts = [_shown_arrays(frame, text, law, sizes, sentence), sentence or ("" if own else message)]
    return facts + "; ".join(([message] if own else []) + [part for part in parts if part]), line, causes


def _shown_arrays(frame: FrameType, text: str, law: Signature, sizes: dict[str, int], sentence: str) -> str:
    """The arrays of the expression that was running, or of the whole frame, that `sentence` does not tell of itself."""
    arrays = frame_arrays(frame, law, sizes)
    used = [name for name in names_in(text) if name in arrays]
    arrays = {name: arrays[name] for name in used} or arrays
    shown = [f"{name} {label}" for name, label in arrays.items() if f"{name} {label.rsplit(' ', 1)[0]}" not in sentence]
    return " · ".join(shown[:MOST_ARRAYS])


def _whole(segment: str, line: int, source: str) -> str:
    """The assignment around a place that is written to, `dx[i] = …`: the instruction only covers the place."""
    try:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Assign) and node.lineno <= line <= (node.end_lineno or 0):
                target = node.targets[0]
                if isinstance(target, ast.Subscript) and ast.unparse(target) == _normal(segment):
                    return ast.unparse(node)
    except SyntaxError:
        pass
    return segment


def _normal(segment: str) -> str:
    return ast.unparse(ast.parse(segment.strip())) if segment.strip() else ""


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def bound_sizes(law: Signature, args: tuple) -> dict[str, int]:
    """Axis sizes by name, read from the arguments of a call."""
    sizes: dict[str, int] = {}
    for name, value in zip(law.parameters, args, strict=False):
        spec = law.array(name)
        if spec is not None and not spec.scalar and hasattr(value, "shape"):
            spec.bind(tuple(value.shape), sizes)
    return sizes


def frame_arrays(frame: FrameType, law: Signature, sizes: dict[str, int]) -> dict[str, str]:
    """A label `(N=4, D=3) float64` for every array among the locals of a frame, in order of appearance."""
    found = {}
    for name, value in names_of(frame).items():
        if is_array(value):
            found[name] = f"{label(name, value, law, sizes)} {str(value.dtype).removeprefix('torch.')}"
    return found


def label(name: str, value, law: Signature, sizes: dict[str, int]) -> str:
    """`(N=4, D=3)`: axes from the annotation of an argument, else from sizes that only one axis has."""
    shape = tuple(value.shape)
    spec = law.array(name) if name in law.parameters else None
    if spec is not None and spec.fits(shape, sizes):
        parts = spec.bind(shape, dict(sizes))
    else:
        names: dict[int, list[str]] = {}
        for axis, size in sizes.items():
            names.setdefault(size, []).append(axis)
        parts = [
            f"{names[size][0]}={size}" if len(names.get(size, [])) == 1 and size > 1 else str(size) for size in shape
        ]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def expression(frame: FrameType, instruction: int, source: str) -> str:
    """The source of the expression that was running, such as `x @ W`, from the code's column positions."""
    positions = next(itertools.islice(frame.f_code.co_positions(), instruction // 2, None), None)
    if not positions or None in positions:
        return ""
    line, end_line, column, end_column = positions
    lines = source.splitlines()[line - 1 : end_line]  # type: ignore[operator]
    if not lines:
        return ""
    encoded = [text.encode("utf-8") for text in lines]
    encoded[-1] = encoded[-1][:end_column]
    encoded[0] = encoded[0][column:]
    return " ".join(part.decode("utf-8", "replace").strip() for part in encoded)


def names_in(code: str) -> list[str]:
    """Names used in a piece of source, in the order in which they stand there."""
    try:
        tree = ast.parse(code.strip())
    except SyntaxError:
        return []
    found = [(node.lineno, node.col_offset, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(name for _, _, name in sorted(found)))


def _first_line(error: BaseException) -> str:
    lines = traceback.format_exception_only(type(error), error)[-1].strip().splitlines()
    text = lines[0] if lines else ""
    text = text.split(": ", 1)[1] if ": " in text else str(error)
    return text if len(text) < 200 else text[:199] + "…"
