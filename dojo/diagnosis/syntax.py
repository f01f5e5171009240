"""Small tools on syntax trees that the changes share."""

import ast
from typing import Any


def code(node: ast.AST) -> str:
    """The source of a node, on one line."""
    try:
        return ast.unparse(node)
    except Exception:
        return "…"


def copied(node: Any) -> Any:
    """A copy of a node or a list of nodes, all the way down; `copy.deepcopy` gives the same and takes ten times as long."""
    if isinstance(node, list):
        return [copied(item) for item in node]
    if not isinstance(node, ast.AST) or not node._fields:  # a name, a number, `ast.Load()`
        return node
    new = type(node).__new__(type(node))
    for key, value in vars(node).items():
        setattr(new, key, copied(value))
    return new


def name_of(node: ast.Call) -> str:
    """The last part of the name of the function that is called; empty where it has none."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def renamed(node: ast.Call, name: str) -> ast.Call:
    """A call of another function with the same arguments."""
    func = node.func
    new = ast.Attribute(func.value, name, ast.Load()) if isinstance(func, ast.Attribute) else ast.Name(name, ast.Load())
    return ast.Call(new, node.args, node.keywords)


def without(node: ast.Call, keyword: str) -> ast.Call:
    """A call without one of its keywords."""
    return ast.Call(node.func, node.args, [item for item in node.keywords if item.arg != keyword])


def transpose(node: ast.expr) -> ast.expr:
    """A node transposed; the transpose of a transpose is the node."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())
