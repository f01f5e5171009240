"""What does not meet what, one sentence for each kind of operation: from the shapes of its operands, never from a message."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dojo.diagnosis.findings import Match
from dojo.diagnosis.joins import einsum, index, joined, reshaped
from dojo.diagnosis.peek import REDUCTIONS, is_array, peek

ELEMENTWISE = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "where", "power", "logaddexp")
PRODUCTS = ("dot", "matmul", "mm", "bmm", "mv")
JOINS = ("concatenate", "concat", "cat", "stack", "vstack", "hstack", "column_stack")

Sentence = tuple[str, list[Match]]
Label = Callable[[str, object], str]  # source and value of an array to `(N=4, D=3)`


@dataclass(frozen=True)
class Place:
    """Where it stopped: the names of the frame, and how an array's axes are written."""

    names: Mapping
    label: Label

    def array(self, node: ast.AST | None):
        """The array that an expression stands for, or None."""
        value = peek(node, self.names)
        return value if is_array(value) else None

    def text(self, node: ast.AST, value) -> str:
        """`x (N=4, D=3)`."""
        return f"{ast.unparse(node)} {self.label(ast.unparse(node), value)}"


def clash(segment: str, place: Place) -> Sentence:
    """The sentence for the operation that `segment` is, with the causes that are certain; empty when nothing is known."""
    try:
        node = ast.parse(segment.strip()).body[0] if segment.strip() else None
    except SyntaxError:
        return "", []
    node = node.value if isinstance(node, ast.Expr) else node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return _product(node.left, node.right, place)
    if isinstance(node, ast.BinOp):
        return _broadcast([node.left, node.right], place)
    if isinstance(node, ast.AugAssign):
        return _broadcast([node.target, node.value], place)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _broadcast([node.left, node.comparators[0]], place)
    if isinstance(node, ast.Call):
        return _call(node, place)
    if isinstance(node, ast.Subscript):
        return index(node, place), []
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        return _stored(node.targets[0], node.value, place)
    return "", []


def _call(node: ast.Call, place: Place) -> Sentence:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
    if receiver is not None and place.array(receiver) is None:
        receiver = None  # a library: `np.dot(a, b)`, not `a.dot(b)`
    operands = ([receiver] if receiver is not None else []) + node.args
    if name in PRODUCTS and len(operands) == 2:
        return _product(operands[0], operands[1], place)
    if name in ELEMENTWISE and len(operands) > 1:
        return _broadcast(operands, place)
    if name in JOINS and node.args:
        return joined(name, node, place), []
    if name in ("reshape", "view") and operands:
        return reshaped(operands, place), []
    if name == "einsum" and len(node.args) > 1:
        return einsum(node, place), []
    return "", []


# ---------------------------------------------------------------------- a matrix product


def _product(one: ast.AST, other: ast.AST, place: Place) -> Sentence:
    for side in (one, other):
        if isinstance(peek(side, place.names), int | float | np.generic):
            return f"a matrix product needs two arrays, and {ast.unparse(side)} is a single number", []
    left, right = place.array(one), place.array(other)
    if left is None or right is None:
        return "", []
    a, b = list(left.shape), list(right.shape)
    meets = -2 if len(b) > 1 else -1
    if a[-1] == b[meets]:
        return "", []
    inner = axis(place.label(ast.unparse(one), left), -1), axis(place.label(ast.unparse(other), right), meets)
    first = "the only axis" if len(b) == 1 else "the first axis" if len(b) == 2 else "the last axis but one"
    sentence = f"in a matrix product the last axis of {ast.unparse(one)} meets {first} of {ast.unparse(other)}"
    return f"{sentence}; {inner[0]} does not meet {inner[1]}", _product_causes(
        ast.unparse(one), ast.unparse(other), a, b
    )


def _product_causes(one: str, other: str, a: list[int], b: list[int]) -> list[Match]:
    causes: list[Match] = []
    if len(a) != 2 or len(b) != 2:
        return causes
    if b[1] == a[0]:
        says = f"`{one} @ {other}` does not fit, `{other} @ {one}` would: the two factors are in the wrong order"
        causes.append(Match("wrong-order", says, "shape:matmul"))
    if a[1] == b[1]:
        causes.append(Match("transposed", f"`{other}` stands where its transpose would fit", "shape:matmul"))
    elif a[0] == b[0]:
        causes.append(Match("transposed", f"`{one}` stands where its transpose would fit", "shape:matmul"))
    return causes


# ---------------------------------------------------------------------- element by element


def _broadcast(nodes: list, place: Place) -> Sentence:
    known = [(node, value) for node in nodes if (value := place.array(node)) is not None]
    for position, (node, value) in enumerate(known):
        for other, partner in known[position + 1 :]:
            sides = place.label(ast.unparse(node), value), place.label(ast.unparse(other), partner)
            at = _meeting(tuple(value.shape), tuple(partner.shape))
            if at is None:
                continue
            sentence = f"{ast.unparse(node)} {sides[0]} and {ast.unparse(other)} {sides[1]} cannot be broadcast"
            sentence += f": {axis(sides[0], at)} does not meet {axis(sides[1], at)}"
            pairs = ((node, value, partner), (other, partner, value))
            return sentence, [match for pair in pairs if (match := _other_axis(*pair, place)) is not None][:1]
    return "", []


def _meeting(a: tuple[int, ...], b: tuple[int, ...]) -> int | None:
    """The first axis from the right, counted as −1, −2, …, where two shapes do not meet."""
    for position, (one, other) in enumerate(zip(reversed(a), reversed(b), strict=False), start=1):
        if one != other and 1 not in (one, other):
            return -position
    return None


def _other_axis(node: ast.AST, value, partner, place: Place) -> Match | None:
    """A column that would fit as a row, or a reduction that would fit along another axis."""
    text = ast.unparse(node)
    if len(value.shape) == 2 and value.shape[1] == 1 and len(partner.shape) and partner.shape[-1] == value.shape[0]:
        says = f"`{text}` is a column, one number per row; as a row it would meet the last axis"
        return Match("wrong-axis", says, "shape:column")
    reduced = _reduced(node, place)
    if reduced is None or len(reduced[0]) != 2:
        return None
    shape, at = reduced
    if len(value.shape) == 1 and len(partner.shape) and partner.shape[-1] == shape[at]:
        says = f"`{text}` runs over axis {at}; over axis {1 - at} the result would fit"
        return Match("wrong-axis", says, "shape:reduction")
    return None


def _reduced(node: ast.AST, place: Place) -> tuple[tuple[int, ...], int] | None:
    """The shape that a reduction starts from, and the axis it runs over."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in REDUCTIONS:
        return None
    array = place.array(node.func.value)
    positional = node.args if array is not None else node.args[1:]
    array = array if array is not None else place.array(node.args[0] if node.args else None)
    given = [item.value for item in node.keywords if item.arg in ("axis", "dim")] + list(positional)
    at = peek(given[0], place.names) if given else None
    if array is None or not isinstance(at, int) or not -len(array.shape) <= at < len(array.shape):
        return None
    return tuple(array.shape), at % len(array.shape)


def _stored(target: ast.Subscript, value: ast.AST, place: Place) -> Sentence:
    """Something of another shape than the place it is written to."""
    room, given = place.array(target), place.array(value)
    if room is None:
        return index(target, place), []
    if given is None or tuple(given.shape) == tuple(room.shape):
        return "", []
    return f"{place.text(value, given)} does not fit into {place.text(target, room)}", []


def axis(text: str, position: int) -> str:
    """One axis of a label: `D=3` of `(N=4, D=3)`."""
    parts = [part.strip() for part in text.strip("()").split(",") if part.strip()]
    return parts[position] if parts else text
