"""Slips in an operator: a term lost, a factor dropped, a divisor of another axis, a transpose too many."""

import ast
from collections.abc import Iterator

from dojo.diagnosis.scope import Replacement, Scope
from dojo.diagnosis.syntax import code, transpose


def operator(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """What goes wrong with + − * / ** @."""
    left, right = node.left, node.right
    yield from _columns(node, scope)
    if isinstance(node.op, ast.Add):
        for kept, lost in ((left, right), (right, left)):
            yield kept, "missing-term", f"the term `{code(lost)}` is missing"
        yield (
            ast.BinOp(left, ast.Sub(), right),
            "sign-flipped",
            f"`{code(right)}` is subtracted where it should be added",
        )
    elif isinstance(node.op, ast.Sub):
        yield (
            ast.BinOp(right, ast.Sub(), left),
            "sign-flipped",
            f"the difference is the wrong way round: `{code(right)}` comes second",
        )
        yield (
            ast.BinOp(left, ast.Add(), right),
            "sign-flipped",
            f"`{code(right)}` is added where it should be subtracted",
        )
        yield left, "missing-term", f"the term `−{code(right)}` is missing"
        for rest in (right, ast.UnaryOp(ast.USub(), right)):
            yield rest, "missing-term", f"the term `{code(left)}` is missing"
    elif isinstance(node.op, ast.Mult):
        for kept, lost in ((left, right), (right, left)):
            yield kept, *_lost_factor(lost, scope)
    elif isinstance(node.op, ast.Div):
        yield left, *_lost_divisor(right)
        yield from _other_divisors(node)
        if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult):
            for kept, lost in ((right.left, right.right), (right.right, right.left)):
                yield ast.BinOp(left, ast.Div(), kept), *_lost_divisor(lost)
        yield ast.BinOp(left, ast.Mult(), right), "wrong-factor", f"`{code(right)}` multiplies where it should divide"
    elif isinstance(node.op, ast.Pow):
        yield left, "missing-term", f"the power on `{code(left)}` is missing"
    elif isinstance(node.op, ast.MatMult):
        yield ast.BinOp(right, ast.MatMult(), left), "wrong-order", "the two factors of a matrix product are swapped"
        for one, other in ((transpose(left), right), (left, transpose(right)), (transpose(left), transpose(right))):
            yield (
                ast.BinOp(one, ast.MatMult(), other),
                "transposed",
                f"this is `{code(one)} @ {code(other)}`: a transpose is one too many or missing",
            )
        swapped = ast.BinOp(transpose(right), ast.MatMult(), transpose(left))
        yield swapped, "transposed", f"this is `{code(swapped)}`, the transpose of what belongs here"
        yield (
            ast.BinOp(left, ast.Mult(), right),
            "elementwise-for-matmul",
            f"`{code(left)}` and `{code(right)}` are multiplied element by element where a matrix product belongs",
        )


def _columns(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """A vector that meets the rows of a matrix where it should meet the columns."""
    if isinstance(node.op, ast.MatMult):
        return
    for side, other in (("left", node.right), ("right", node.left)):
        vector = getattr(node, side)
        if isinstance(vector, ast.Name) and vector.id in scope.vectors:
            index = ast.Tuple([ast.Slice(), ast.Constant(None)], ast.Load())
            column = ast.Subscript(vector, index, ast.Load())
            new = ast.BinOp(*((column, node.op, other) if side == "left" else (other, node.op, column)))
            says = f"`{vector.id}` goes down the rows, one number for each row; it belongs along the last axis"
            yield new, "wrong-axis", says


def _lost_factor(lost: ast.expr, scope: Scope) -> tuple[str, str]:
    whole = isinstance(lost, ast.Name) and lost.id in scope.upstream
    if whole or (scope.mentions(lost, scope.upstream) and not scope.mentioned_elsewhere(lost)):
        return "upstream-ignored", f"the upstream gradient `{code(lost)}` does not come in"
    if isinstance(lost, ast.Constant):
        return "wrong-factor", f"the factor {code(lost)} is missing"
    if isinstance(lost, ast.Name) and lost.id in scope.scalars:
        return "missing-scale", f"{lost.id} does not come in"
    if "sqrt" in code(lost):
        return "missing-scale", f"the scale `{code(lost)}` is missing"
    if "mask" in code(lost):
        return "mask-ignored", "the mask does not come in"
    return "missing-term", f"the factor `{code(lost)}` is missing"


def _lost_divisor(lost: ast.expr) -> tuple[str, str]:
    text = code(lost)
    if "sqrt" in text:
        return "missing-scale", f"the division by `{text}` is missing"
    if _is_size(lost):
        return "missing-mean", f"this is a sum: it is never divided by `{text}`"
    if isinstance(lost, ast.Constant):
        return "wrong-factor", f"the division by {text} is missing"
    if "sum" in text or "norm" in text:
        return "not-normalised", "the result is never divided by its sum"
    return "missing-scale", f"the division by `{text}` is missing"


def _other_divisors(node: ast.BinOp) -> Iterator[Replacement]:
    """The mean over too much or over the wrong axis: another size of the same array as divisor."""
    if not _is_size(node.right) or isinstance(node.right, ast.BinOp):
        return
    array = next((item for item in ast.walk(node.right) if isinstance(item, ast.Name)), None)
    if array is None:
        return
    size = ast.Attribute(array, "size", ast.Load())
    yield (
        ast.BinOp(node.left, ast.Div(), size),
        "extra-mean",
        "it is divided by the number of all elements where the batch size belongs",
    )
    for axis in (0, 1, 2):
        other = ast.Subscript(ast.Attribute(array, "shape", ast.Load()), ast.Constant(axis), ast.Load())
        if ast.dump(other) != ast.dump(node.right):
            yield (
                ast.BinOp(node.left, ast.Div(), other),
                "wrong-axis",
                f"it is divided by the size of axis {axis}, not by the number of examples",
            )


def _is_size(node: ast.AST) -> bool:
    text = code(node)
    return ".shape[" in text or text.startswith("len(") or ".size" in text or text in ("N", "B", "T", "n", "batch")
