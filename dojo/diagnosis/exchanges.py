"""Slips in an order: two names of a list, two results of a call, two sizes that have changed places."""

import ast
from collections.abc import Iterator
from itertools import combinations

from dojo.diagnosis.scope import Replacement, Scope
from dojo.diagnosis.syntax import code, copied, name_of

JOINS = ("concatenate", "hstack", "vstack", "stack", "column_stack")
MOST = 5  # elements of a list that are exchanged
TAKEN_APART = {"divmod": "transposed", "unravel_index": "transposed", "split": "gate-swapped", "shape": "wrong-axis"}


def exchange(node: ast.Tuple | ast.List, parent: ast.AST, scope: Scope) -> Iterator[Replacement]:
    """Two elements in each other's place: of the names that a call is taken apart into, and of what belongs to gates."""
    if isinstance(node.ctx, ast.Store):
        if not isinstance(parent, ast.Assign) or not all(isinstance(item, ast.Name) for item in node.elts):
            return
        cause = _of_parts(parent.value, scope)
    else:
        gates = scope.gated and not isinstance(parent, ast.Return | ast.Subscript | ast.keyword)
        cause = "gate-swapped" if gates and len(node.elts) > 2 else ""
    if not cause or len(node.elts) > MOST or any(isinstance(item, ast.Constant | ast.Starred) for item in node.elts):
        return
    for i, j in combinations(range(len(node.elts)), 2):
        new = list(node.elts)
        new[i], new[j] = new[j], new[i]
        says = f"`{code(node.elts[i])}` and `{code(node.elts[j])}` have changed places"
        yield type(node)(new, node.ctx), cause, says


def _of_parts(value: ast.expr, scope: Scope) -> str:
    if isinstance(value, ast.Attribute):
        return TAKEN_APART.get(value.attr, "")
    name = name_of(value) if isinstance(value, ast.Call) else ""
    cause = TAKEN_APART.get(name, "")
    if cause == "gate-swapped" or isinstance(value, ast.Tuple | ast.ListComp | ast.GeneratorExp):
        cause = "gate-swapped" if scope.gated and not _starts(value) else ""
    return cause


def _starts(value: ast.expr) -> bool:
    """Whether a tuple holds what a loop starts with: zeros, an argument."""
    return isinstance(value, ast.Tuple) and not any(isinstance(item, ast.Subscript | ast.Call) for item in value.elts)


def exchanged_blocks(function: ast.FunctionDef, scope: Scope) -> Iterator[tuple[list[ast.stmt], str, str]]:
    """Two blocks in each other's place in every list that puts blocks side by side."""
    lists = [
        node.args[0]
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and name_of(node) in JOINS and node.args
    ]
    named = [
        [item.id for item in one.elts if isinstance(item, ast.Name)]
        for one in lists
        if isinstance(one, ast.List | ast.Tuple)
    ]
    pairs = dict.fromkeys(pair for names in named if len(names) <= MOST for pair in combinations(names, 2))
    for one, other in pairs:
        twins = _Swapped(one, other)
        body = [twins.visit(copied(node)) for node in function.body]
        cause = "gate-swapped" if scope.gated else "wrong-order"
        yield body, cause, f"`{one}` and `{other}` have changed places where the blocks are put side by side"


class _Swapped(ast.NodeTransformer):
    """Exchanges two names in every list that holds both and is joined to one array."""

    def __init__(self, one: str, other: str):
        self.names = {one: other, other: one}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        blocks = node.args[0] if node.args and name_of(node) in JOINS else None
        if isinstance(blocks, ast.List | ast.Tuple):
            plain = [item for item in blocks.elts if isinstance(item, ast.Name) and item.id in self.names]
            for item in plain if len(plain) == 2 else ():
                item.id = self.names[item.id]
        return node
