"""Slips in a border, a layout or a range: zeros on one side only, numbers laid out by columns, a window's step left out."""

import ast
from collections.abc import Iterator

from dojo.diagnosis.scope import Replacement, Scope
from dojo.diagnosis.syntax import code, copied, instead, name_of

STEPS = {
    "stride": (1, "stride-ignored"),
    "padding": (0, "padding-ignored"),
}  # of a window, and what they are by default


def layout(node: ast.Call) -> Iterator[Replacement]:
    """What goes wrong with a call that makes room or gives a shape."""
    name = name_of(node)
    if name == "pad" and len(node.args) >= 2:
        yield from _border(node)
    if name == "reshape" and not node.keywords:
        columns = ast.Call(node.func, node.args, [ast.keyword("order", ast.Constant("F"))])
        yield columns, "wrong-order", "the numbers are laid out column by column, where they belong row by row"
    if name == "range" and len(node.args) == 1:
        (count,) = node.args
        yield ast.Call(node.func, [ast.Constant(1), count], []), "off-by-one", "the first round is left out"
        fewer = ast.BinOp(count, ast.Sub(), ast.Constant(1))
        yield ast.Call(node.func, [fewer], []), "off-by-one", "the last round is left out"
    if name == "at" and isinstance(node.func, ast.Attribute) and len(node.args) == 3:
        place = ast.Subscript(node.args[0], node.args[1], ast.Store())
        says = f"`{code(place)}` is overwritten where what comes again should be added"
        yield (
            ast.Call(ast.Attribute(node.args[0], "__setitem__", ast.Load()), node.args[1:], []),
            "not-accumulated",
            says,
        )


def _border(node: ast.Call) -> Iterator[Replacement]:
    """No border, one that repeats what is at the edge, or all of it on one side."""
    array, widths, *_ = node.args
    yield array, "padding-ignored", f"`{code(array)}` goes on as it came, without a border of zeros"
    repeated = ast.Call(node.func, node.args, [ast.keyword("mode", ast.Constant("edge"))])
    yield repeated, "wrong-operand", "the border repeats the outermost numbers; zeros belong there"
    for side, word in ((0, "before"), (1, "behind")):
        moved = _OneSide(side)
        new = moved.visit(copied(widths))
        if moved.done:
            says = f"all zeros of the border stand {word} the numbers; half of them belong on either side"
            yield ast.Call(node.func, [array, new], node.keywords), "off-by-one", says


class _OneSide(ast.NodeTransformer):
    """Puts both widths of a border on one side."""

    def __init__(self, side: int):
        self.side, self.done = side, False

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        one = node.elts[0] if len(node.elts) == 2 else None
        if isinstance(one, ast.Name) and code(node.elts[1]) == code(one):
            self.done = True
            both = ast.BinOp(ast.Constant(2), ast.Mult(), one)
            return ast.Tuple([both, ast.Constant(0)] if self.side == 0 else [ast.Constant(0), both], ast.Load())
        return self.generic_visit(node)


def ignored_steps(function: ast.FunctionDef, scope: Scope) -> Iterator[tuple[list[ast.stmt], str, str]]:
    """A window's step or border left out of one statement, at every place of it."""
    for name, (plain, cause) in STEPS.items():
        if name not in scope.arguments:
            continue
        for node in _simple(function.body):
            if scope.mentions(node, {name}):
                says = f"`{code(node)[:60]}` goes on as if {name} were {plain}"
                yield _with_constant(function.body, node, name, plain), cause, says


def _simple(body: list[ast.stmt]) -> list[ast.stmt]:
    plain = ast.Assign | ast.AugAssign | ast.Expr | ast.Return
    found = [item for node in body for item in ast.walk(node) if isinstance(item, plain)]
    return found  # type: ignore[return-value] # each of them is a statement


def _with_constant(body: list[ast.stmt], statement: ast.stmt, name: str, value: int) -> list[ast.stmt]:
    new = copied(statement)
    for item in ast.walk(new):
        for field, child in ast.iter_fields(item):
            if isinstance(child, ast.Name) and child.id == name:
                setattr(item, field, ast.Constant(value))
            elif isinstance(child, list):
                child[:] = [
                    ast.Constant(value) if isinstance(one, ast.Name) and one.id == name else one for one in child
                ]
    return instead(body, statement, [new])
