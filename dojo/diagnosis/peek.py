"""The value of an expression in a frame that has stopped: looked up or recomputed, without running the learner's code."""

import ast
from collections.abc import Mapping
from types import FrameType

import numpy as np

REDUCTIONS = ("sum", "mean", "max", "min", "argmax", "argmin", "prod", "std", "var", "all", "any")
RESHAPES = ("reshape", "view", "transpose", "permute", "swapaxes", "squeeze", "unsqueeze", "ravel", "flatten")
LIBRARIES = ("np", "numpy", "torch")
ARITHMETIC = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.FloorDiv: lambda a, b: a // b,
}
COMPARISONS = {
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}


class Unknown(Exception):
    """The expression holds something that only running it would tell."""


def names_of(frame: FrameType) -> dict:
    """The locals of a frame; those of a comprehension or lambda together with the ones around it."""
    around = frame.f_back
    if frame.f_code.co_name.startswith("<") and frame.f_code.co_name != "<module>" and around is not None:
        return names_of(around) | dict(frame.f_locals)
    return dict(frame.f_locals)


def peek(node: ast.AST | None, names: Mapping):
    """The value of `node`, or None when it is not known."""
    try:
        return None if node is None else _value(node, names)
    except Exception:
        return None


def is_array(value) -> bool:
    """Whether a value is an array of either track."""
    return isinstance(value, np.ndarray) or _is_tensor(value)


def _is_tensor(value) -> bool:
    return type(value).__module__.split(".")[0] == "torch" and hasattr(value, "shape")


def _value(node: ast.AST, names: Mapping):
    reader = _READERS.get(type(node))
    if reader is None:
        raise Unknown
    return reader(node, names)


def _name(node: ast.Name, names: Mapping):
    if node.id not in names:
        raise Unknown
    return names[node.id]


def _sequence(node: ast.Tuple | ast.List, names: Mapping):
    items = [_value(item, names) for item in node.elts]
    return tuple(items) if isinstance(node, ast.Tuple) else items


def _attribute(node: ast.Attribute, names: Mapping):
    if ast.unparse(node) in ("np.newaxis", "numpy.newaxis"):
        return None
    value = _value(node.value, names)
    if not is_array(value) or node.attr not in ("T", "mT", "shape", "size", "ndim"):
        raise Unknown
    return getattr(value, node.attr)


def _subscript(node: ast.Subscript, names: Mapping):
    value, index = _value(node.value, names), _value(node.slice, names)
    if not (is_array(value) or type(value) in (dict, list, tuple) or type(value).__name__ == "Size"):
        raise Unknown
    return value[index]


def _slice(node: ast.Slice, names: Mapping):
    return slice(*(None if part is None else _value(part, names) for part in (node.lower, node.upper, node.step)))


def _arithmetic(node: ast.BinOp, names: Mapping):
    """Whole numbers only: a size, a position."""
    left, right = _value(node.left, names), _value(node.right, names)
    if type(node.op) not in ARITHMETIC or not (isinstance(left, int) and isinstance(right, int)):
        raise Unknown
    return ARITHMETIC[type(node.op)](left, right)


def _negative(node: ast.UnaryOp, names: Mapping):
    value = _value(node.operand, names)
    if not isinstance(node.op, ast.USub) or not (is_array(value) or isinstance(value, int | float)):
        raise Unknown
    return -value


def _compare(node: ast.Compare, names: Mapping):
    """A mask: an array beside a number or an array."""
    left, right = _value(node.left, names), _value(node.comparators[0], names)
    if len(node.ops) > 1 or type(node.ops[0]) not in COMPARISONS or not (is_array(left) or is_array(right)):
        raise Unknown
    return COMPARISONS[type(node.ops[0])](left, right)


def _text(node: ast.JoinedStr, names: Mapping):
    """`f"W{l}"`, a key."""
    parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
    values = [_value(part, names) for part in parts]
    if not all(isinstance(value, str | int) for value in values):
        raise Unknown
    return "".join(map(str, values))


def _call(node: ast.Call, names: Mapping):
    """A reduction or another shape of an array, and `len`."""
    if isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1:
        return len(_value(node.args[0], names))
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in REDUCTIONS + RESHAPES:
        raise Unknown
    arguments = list(node.args)
    library = isinstance(node.func.value, ast.Name) and node.func.value.id in LIBRARIES
    array = _value(arguments.pop(0) if library else node.func.value, names)
    if not is_array(array):
        raise Unknown
    keywords = {item.arg: _value(item.value, names) for item in node.keywords if item.arg}
    return getattr(array, node.func.attr)(*(_value(argument, names) for argument in arguments), **keywords)


_READERS = {
    ast.Name: _name,
    ast.Constant: lambda node, names: node.value,
    ast.Tuple: _sequence,
    ast.List: _sequence,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.BinOp: _arithmetic,
    ast.UnaryOp: _negative,
    ast.Compare: _compare,
    ast.JoinedStr: _text,
    ast.Call: _call,
}
