"""Slips in an operator: a term lost, a factor dropped, a divisor of another axis, a transpose too many."""

import ast
import re
from collections.abc import Iterator

from dojo.diagnosis.scope import Replacement, Scope
from dojo.diagnosis.syntax import bound, code, name_of, transpose
from dojo.diagnosis.term_slips import term

HIDES = re.compile(r"where\(\w*mask\w*, [^\n]*(inf|\.min|lowest|-1e|-1000)")  # scores made low enough for exp to be 0


def operator(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """What goes wrong with + − * / ** @."""
    left, right = node.left, node.right
    yield from _columns(node, scope)
    yield from _tiny_number(node, scope)
    yield from _only_the_first(node, scope)
    yield from _one_sided(node)
    yield from term(node, scope)
    if isinstance(node.op, ast.Add):
        for kept, lost in ((left, right), (right, left)):
            yield kept, _lost_term(kept, lost, scope), f"the term `{code(lost)}` is missing"
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
        shift = "max(" in scope.spelled_out(right) and not scope.backward
        yield (
            ast.BinOp(left, ast.Add(), right),
            "unstable" if shift else "sign-flipped",
            f"`{code(right)}` is added where it should be subtracted",
        )
        cause, why = ("unstable", ", and exp overflows where that is large") if shift else ("missing-term", "")
        yield left, cause, f"the term `−{code(right)}` is missing{why}"
        for rest in (right, ast.UnaryOp(ast.USub(), right)):
            yield rest, "missing-term", f"the term `{code(left)}` is missing"
    elif isinstance(node.op, ast.Mult):
        for kept, lost in ((left, right), (right, left)):
            yield kept, *_lost_factor(lost, scope)
    elif isinstance(node.op, ast.Div):
        yield left, *_lost_divisor(right, scope)
        yield from _other_divisors(node)
        if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult):
            for kept, lost in ((right.left, right.right), (right.right, right.left)):
                yield ast.BinOp(left, ast.Div(), kept), *_lost_divisor(lost, scope)
        yield ast.BinOp(left, ast.Mult(), right), "wrong-factor", f"`{code(right)}` multiplies where it should divide"
    elif isinstance(node.op, ast.Pow):
        yield left, "missing-term", f"the power on `{code(left)}` is missing"
    elif isinstance(node.op, ast.MatMult):
        for kept, lost in ((left, right), (right, left)):
            if isinstance(lost, ast.Name) and not scope.backward:
                yield kept, "missing-term", f"the product with `{code(lost)}` is missing"
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


def _tiny_number(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """The small number outside of the root where it belongs inside, and the reverse, or nowhere."""
    left, right = node.left, node.right
    if isinstance(node.op, ast.Pow) and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
        half = ast.Constant(0.5)
        if code(right) in ("0.5", "1 / 2", "-0.5") and scope.tiny(left.right):
            outside = ast.BinOp(ast.BinOp(left.left, ast.Pow(), half), ast.Add(), left.right)
            new = ast.BinOp(ast.Constant(1), ast.Div(), outside) if code(right) == "-0.5" else outside
            yield new, "eps-misplaced", f"`{code(left.right)}` is added outside of the root where it belongs inside"
    if isinstance(node.op, ast.Add) and scope.tiny(right):
        inner = left.args[0] if isinstance(left, ast.Call) and name_of(left) == "sqrt" and left.args else None
        if isinstance(left, ast.Call) and inner is not None:
            new = ast.Call(left.func, [ast.BinOp(inner, ast.Add(), right)], left.keywords)
            yield new, "eps-misplaced", f"`{code(right)}` is added inside the root where it belongs outside"


def _only_the_first(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """`a − mean − x · mean`, of which only `a` is left: each value alone, without what it does to its neighbours."""
    inner = node.left
    if not (isinstance(node.op, ast.Add | ast.Sub) and isinstance(inner, ast.BinOp)):
        return
    if isinstance(inner.op, ast.Add | ast.Sub):
        shared = [any(f".{name}(" in code(term) for name in ("mean", "sum")) for term in (inner.right, node.right)]
        if scope.backward and all(shared) and ".mean(" not in code(inner.left) and ".sum(" not in code(inner.left):
            says = "each value only meets its own upstream gradient: what all of them share is left out"
            yield inner.left, "diagonal-only", says
        else:
            says = f"the terms `{code(inner.right)}` and `{code(node.right)}` are missing"
            yield inner.left, "missing-term", says


def _one_sided(node: ast.BinOp) -> Iterator[Replacement]:
    """`(f(x + h) − f(x − h)) / 2h` with one of its ends at x, and half of the way below the line."""
    top, way = node.left, node.right
    if not (isinstance(node.op, ast.Div) and isinstance(top, ast.BinOp) and isinstance(top.op, ast.Sub)):
        return
    ends = [top.left, top.right]
    moved = [end.args[0] for end in ends if isinstance(end, ast.Call) and end.args]
    if len(moved) != 2 or not all(isinstance(one, ast.BinOp) for one in moved) or not isinstance(way, ast.BinOp):
        return
    if code(moved[0].left) != code(moved[1].left) or code(ends[0].func) != code(ends[1].func):  # type: ignore[attr-defined]
        return
    half = way.right if code(way.left) == "2" else way.left
    here = ast.Call(ends[0].func, [moved[0].left], [])  # type: ignore[attr-defined]
    for one, other in ((ends[0], here), (here, ends[1])):
        new = ast.BinOp(ast.BinOp(one, ast.Sub(), other), ast.Div(), half)
        yield new, "one-sided", "the difference is taken to one side only"


def _lost_term(kept: ast.expr, lost: ast.expr, scope: Scope) -> str:
    """The cause when a term is left out: what comes from the step before, or the 1 of a count, has a name of its own."""
    if isinstance(lost, ast.Name) and lost.id in scope.upstream:
        return "upstream-ignored"
    carried = [name for name in scope.carried if scope.mentions(lost, {name}) and not scope.mentions(kept, {name})]
    if carried and not any(_adds_up(scope.statement, name) for name in carried):
        return "gradient-not-carried" if scope.carried[carried[0]] else "state-not-carried"
    if scope.remembers(lost) and not scope.remembers(kept):
        return "state-not-carried"
    counts = scope.remembers(kept) or (isinstance(kept, ast.BinOp) and isinstance(kept.op, ast.FloorDiv))
    return "off-by-one" if code(lost) == "1" and counts else "missing-term"


def _adds_up(statement: ast.AST, name: str) -> bool:
    """Whether a statement is `total = total + …`."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(value, ast.BinOp) and code(value.left) == name and name in bound(statement)


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
    if "mask" in code(lost) and HIDES.search(scope.text):
        return "padding-leaks", "where nothing may be seen all scores are equally low, and the softmax shares equally"
    if "mask" in code(lost):
        return "mask-ignored", "the mask does not come in"
    return "missing-term", f"the factor `{code(lost)}` is missing"


def _lost_divisor(lost: ast.expr, scope: Scope) -> tuple[str, str]:
    text, whole = code(lost), scope.spelled_out(lost)
    if not scope.backward and any(word in whole for word in ("var(", "std(", "norm(")):
        return "not-normalised", f"the result is never divided by its spread or length, `{text}`"
    if "sqrt" in text:
        return "missing-scale", f"the division by `{text}` is missing"
    if _is_size(lost):
        return "missing-mean", f"this is a sum: it is never divided by `{text}`"
    if isinstance(lost, ast.Constant):
        return "wrong-factor", f"the division by {text} is missing"
    if "sum" in text or "norm" in text or (".sum(" in whole and not scope.backward):
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
