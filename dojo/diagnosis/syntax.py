"""Small tools on syntax trees that the changes share."""

import ast


def code(node: ast.AST) -> str:
    """The source of a node, on one line."""
    try:
        return ast.unparse(node)
    except Exception:
        return "…"


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
