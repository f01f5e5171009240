"""The shape trace: an exception inside the learner's code, told with the names, shapes and axes of the arrays there."""

import ast
import itertools
import traceback
from pathlib import Path
from types import FrameType, TracebackType

import numpy as np

from dojo.checking.signatures import Signature
from dojo.diagnosis.findings import Match

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
    source = Path(frame.f_code.co_filename).read_text(encoding="utf-8", errors="replace")
    arrays = frame_arrays(frame, law, sizes)
    segment = expression(frame, instruction, source)
    text = (source.splitlines()[line - 1 : line] or [""])[0].strip()
    facts = f"raises {type(error).__name__} at `{segment or text}`: {message}"
    used = names_in(segment or text)
    shown = {name: label for name, label in arrays.items() if name.split(".")[0] in used} or arrays
    if shown:
        facts += "; " + " · ".join(f"{name} {label}" for name, label in itertools.islice(shown.items(), MOST_ARRAYS))
    sentence, causes = operand_sentence(segment, frame, law, sizes)
    return facts + (f": {sentence}" if sentence else ""), line, causes


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
    for name, value in frame.f_locals.items():
        if _is_array(value):
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


def names_in(code: str) -> set[str]:
    """Names used in a piece of source."""
    try:
        tree = ast.parse(code.strip())
    except SyntaxError:
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def operand_sentence(segment: str, frame: FrameType, law: Signature, sizes: dict[str, int]) -> tuple[str, list[Match]]:
    """What does not meet what, for a matrix product or an elementwise operation, and the cause when it is certain."""
    try:
        node = ast.parse(segment.strip(), mode="eval").body if segment else None
    except SyntaxError:
        return "", []
    if (
        isinstance(node, ast.Call)
        and len(node.args) == 2
        and ast.unparse(node.func).split(".")[-1] in ("dot", "matmul", "mm")
    ):
        node = ast.BinOp(node.args[0], ast.MatMult(), node.args[1])
    if not isinstance(node, ast.BinOp):
        return "", []
    left, right = _value(node.left, frame), _value(node.right, frame)
    if not (_is_array(left) and _is_array(right)):
        return "", []
    texts = [label(ast.unparse(side), value, law, sizes) for side, value in ((node.left, left), (node.right, right))]
    one, other = ast.unparse(node.left), ast.unparse(node.right)
    if isinstance(node.op, ast.MatMult):
        return _matmul_sentence(one, other, left, right, texts)
    clash = _clash(left.shape, right.shape)
    if clash is None:
        return "", []
    sentence = f"{one} {texts[0]} and {other} {texts[1]} cannot be broadcast: {clash[0]} does not meet {clash[1]}"
    for text, value, partner in ((one, left, right), (other, right, left)):
        if len(value.shape) == 2 and value.shape[1] == 1 and partner.shape[-1] == value.shape[0]:
            says = f"`{text}` is a column, one number per row; as a row it would meet the last axis"
            return sentence, [Match("wrong-axis", says, "shape:column")]
    return sentence, []


def _matmul_sentence(one: str, other: str, left, right, texts: list[str]) -> tuple[str, list[Match]]:
    a: list[int] = list(left.shape)
    b: list[int] = list(right.shape)
    if not a or not b:
        return "a matrix product needs two arrays; one of these is a single number", []
    inner = (_axis(texts[0], -1), _axis(texts[1], -2 if len(b) > 1 else -1))
    sentence = (
        f"in a matrix product the last axis of {one} meets the first of {other}; {inner[0]} does not meet {inner[1]}"
    )
    if a[-1] == (b[-2] if len(b) > 1 else b[-1]):
        return "", []
    causes = []
    if len(a) == len(b) == 2:
        if b[1] == a[0] and a[1] != b[0]:
            says = f"`{one} @ {other}` does not fit, `{other} @ {one}` would: the two factors are in the wrong order"
            causes.append(Match("wrong-order", says, "shape:matmul"))
        if a[-1] == b[1]:
            causes.append(Match("transposed", f"`{other}` stands where its transpose would fit", "shape:matmul"))
        elif a[0] == b[0]:
            causes.append(Match("transposed", f"`{one}` stands where its transpose would fit", "shape:matmul"))
    return sentence, causes


def _clash(a: tuple, b: tuple) -> tuple[int, int] | None:
    for one, other in zip(reversed(a), reversed(b), strict=False):
        if one != other and 1 not in (one, other):
            return one, other
    return None


def _axis(text: str, position: int) -> str:
    parts = [part for part in text.strip("()").split(",") if part.strip()]
    return parts[position].strip() if parts else text


def _value(node: ast.AST, frame: FrameType):
    """The value of a name, a transpose of one, or a subscript of one by constants; nothing else is evaluated."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        value = _value(node.value, frame)
        return value.T if _is_array(value) else None
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        value = _value(node.value, frame)
        try:
            return value[node.slice.value] if isinstance(value, dict | list | tuple | np.ndarray) else None  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return _reshaped(node, frame)


def _reshaped(node: ast.AST, frame: FrameType):
    """`b[:, None]` and `b.reshape(-1, 1)`, the two usual ways to make a column or a row."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        value = _value(node.value, frame)
        texts = [ast.unparse(item) for item in node.slice.elts]
        index = tuple(None if text in ("None", "np.newaxis") else slice(None) for text in texts)
        known = all(text in (":", "None", "np.newaxis") for text in texts)
        return value[index] if known and _is_array(value) and texts.count(":") <= len(value.shape) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reshape":
        value = _value(node.func.value, frame)
        try:
            return value.reshape(*[ast.literal_eval(argument) for argument in node.args]) if _is_array(value) else None
        except (ValueError, RuntimeError, TypeError):
            return None
    return None


def _is_array(value) -> bool:
    return isinstance(value, np.ndarray) or type(value).__module__.split(".")[0] == "torch" and hasattr(value, "shape")


def _first_line(error: BaseException) -> str:
    lines = traceback.format_exception_only(type(error), error)[-1].strip().splitlines()
    text = lines[0] if lines else ""
    text = text.split(": ", 1)[1] if ": " in text else str(error)
    return text if len(text) < 200 else text[:199] + "…"
