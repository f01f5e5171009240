"""Slips in one term of a formula: another weight, a slope of another function, a power that is none, one step beside."""

import ast
from collections.abc import Iterator

from dojo.diagnosis.scope import Replacement, Scope
from dojo.diagnosis.syntax import code, copied

ONE = ast.Constant(1)
TWO = ast.Constant(2)


def term(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """What goes wrong with a term of a sum, with a power, and where two conditions meet."""
    if isinstance(node.op, ast.Add | ast.Sub):
        yield from _weights(node, scope)
        yield from _one_after_the_other(node)
    yield from _slopes(node, scope)
    if isinstance(node.op, ast.Pow):
        yield from _power(node)
    if isinstance(node.op, ast.BitAnd | ast.BitOr):
        yield from _conditions(node)


def _weights(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """A term with another factor: as in a running mean, twice, or half."""
    left, right = node.left, node.right
    share = left.left if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult) else None
    if isinstance(share, ast.Name) and share.id in scope.scalars and f"1 - {share.id}" not in code(right):
        rest = ast.BinOp(ONE, ast.Sub(), share)
        says = f"`{code(right)}` comes in with a factor 1 − {share.id}, as in a running mean"
        yield ast.BinOp(left, node.op, ast.BinOp(rest, ast.Mult(), right)), "wrong-factor", says
    for term, (one, other) in ((right, (left, None)), (left, (None, right))):
        if isinstance(term, ast.Constant):
            continue
        for factor, word in ((TWO, "twice"), (ast.Constant(0.5), "half")):
            new = ast.BinOp(factor, ast.Mult(), term)
            sides = (one, new) if other is None else (new, other)
            yield ast.BinOp(sides[0], node.op, sides[1]), "wrong-factor", f"the term `{code(term)}` comes in {word}"  # type: ignore[arg-type]


def _one_after_the_other(node: ast.BinOp) -> Iterator[Replacement]:
    """`w − a − c·w` where the last `w` is already the new one, `w − a`."""
    base = node.left
    while isinstance(base, ast.BinOp):
        base = base.left
    if (
        isinstance(node.left, ast.BinOp)
        and isinstance(node.left.op, ast.Add | ast.Sub)
        and not isinstance(base, ast.Constant)
    ):
        moved = _Put(code(base), node.left)
        later = moved.visit(copied(node.right))
        if moved.done:
            says = f"`{code(node.right)}` is taken of `{code(node.left)}`; it belongs to the old `{code(base)}`"
            yield ast.BinOp(node.left, node.op, later), "wrong-order", says  # type: ignore[arg-type]


class _Put(ast.NodeTransformer):
    """Puts an expression wherever a certain text stands."""

    def __init__(self, text: str, new: ast.expr):
        self.text, self.new, self.done = text, new, False

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and code(node) == self.text:
            self.done = True
            return copied(self.new)
        return self.generic_visit(node)


def _slopes(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """The slope of a sigmoid, s · (1 − s), where that of a tanh belongs, 1 − t², and the reverse."""
    if not scope.backward and not scope.helper:
        return
    left, right = node.left, node.right
    if isinstance(node.op, ast.Sub) and code(left) == "1":
        inner = _squared(right)
        if inner is not None:
            says = f"`{code(inner)}` is given the slope of a sigmoid; it is the slope of tanh that belongs here"
            new = ast.BinOp(inner, ast.Mult(), ast.BinOp(ONE, ast.Sub(), inner))
            yield new, "wrong-nonlinearity", says
    if isinstance(node.op, ast.Mult) and isinstance(right, ast.BinOp) and code(right.left) == "1":
        inner = right.right
        before = left.right if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult) else left
        if isinstance(right.op, ast.Sub) and code(before) == code(inner):
            slope = ast.BinOp(ONE, ast.Sub(), ast.BinOp(inner, ast.Pow(), TWO))
            new = slope if before is left else ast.BinOp(left.left, ast.Mult(), slope)  # type: ignore[attr-defined]
            says = f"`{code(inner)}` is given the slope of tanh; it is the slope of a sigmoid that belongs here"
            yield new, "wrong-nonlinearity", says


def _squared(node: ast.expr) -> ast.expr | None:
    """`x` of `x ** 2` and of `x * x`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and code(node.right) == "2":
        return node.left
    twice = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and code(node.left) == code(node.right)
    return node.left if twice else None  # type: ignore[attr-defined]


def _power(node: ast.BinOp) -> Iterator[Replacement]:
    product = ast.BinOp(node.left, ast.Mult(), node.right)
    yield product, "wrong-factor", f"`{code(node.left)}` is multiplied by `{code(node.right)}` where a power belongs"
    if code(node.right) == "2":
        size = ast.Call(ast.Name("abs", ast.Load()), [node.left], [])
        yield size, "wrong-nonlinearity", f"the absolute value of `{code(node.left)}` stands where its square belongs"
        mean = ast.Call(ast.Attribute(node, "mean", ast.Load()), [], [])
        yield mean, "extra-mean", f"the squares of `{code(node.left)}` are averaged where each one belongs"


def _conditions(node: ast.BinOp) -> Iterator[Replacement]:
    """One of two conditions that belong together is left out."""
    for kept, lost in ((node.left, node.right), (node.right, node.left)):
        equal = isinstance(kept, ast.Compare) and isinstance(kept.ops[0], ast.Eq)
        text = code(lost)
        cause = "mask-ignored" if "mask" in text else "ties" if equal else "missing-term"
        yield kept, cause, f"the condition `{text}` is missing"
