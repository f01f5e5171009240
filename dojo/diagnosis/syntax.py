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


def bound(node: ast.AST, *apart: ast.AST) -> list[str]:
    """Names that a plain assignment binds; of a statement with others in it, all that they bind, those in `apart` left out."""
    if node in apart:
        return []
    if isinstance(node, ast.Assign):
        items = [item for target in node.targets for item in ast.walk(target)]
        return [item.id for item in items if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)]
    inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return [name for child in inner for name in bound(child, *apart)]


def instead(body: list[ast.stmt], old: ast.AST, new: list[ast.stmt]) -> list[ast.stmt]:
    """A copy of `body` with the statements `new` where `old` stands, however deep."""
    made = []
    for node in body:
        if node is old:
            made += copied(new)
        elif any(item is old for item in ast.walk(node)):
            old.here = True  # type: ignore[attr-defined]
            twin = copied(node)
            del old.here  # type: ignore[attr-defined]
            made.append(_Instead(new).visit(twin))
        else:
            made.append(node)
    return made


class _Instead(ast.NodeTransformer):
    def __init__(self, new: list[ast.stmt]):
        self.new = new

    def generic_visit(self, node: ast.AST) -> ast.AST | list[ast.stmt]:  # type: ignore[override]
        return copied(self.new) if hasattr(node, "here") else super().generic_visit(node)
