"""A function that a test hands over, written down with everything it needs, so that it can be pasted into Python."""

import ast
import textwrap
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

MODULES = {"numpy": "np", "math": "math", "torch": "torch"}

Write = Callable[[object], str | None]


def written(value, write: Write) -> tuple[list[str], str] | None:
    """The lines that must come before, and the expression for the function; None when it cannot be written down.

    `write` gives the source of a value that the function takes from around it.
    """
    if isinstance(value, np.ufunc | type(np.sum)) and getattr(np, value.__name__, None) is value:
        return [], f"np.{value.__name__}"
    if not isinstance(value, types.FunctionType):
        return None
    node = _source_of(value)
    around = _around(value, write) if node is not None else None
    if node is None or around is None:
        return None
    imports, names = around
    node = _with_defaults(node, names | _defaults(value, write))
    if isinstance(node, ast.Lambda):
        return imports, ast.unparse(node)
    return [*imports, *ast.unparse(node).splitlines()], node.name


def _source_of(function: types.FunctionType) -> ast.Lambda | ast.FunctionDef | None:
    """The syntax tree of a function, a fresh copy."""
    code = function.__code__
    places = [place for place in code.co_positions() if None not in place and place[1] is not None]
    inside = [(line, column) for line, _, column, _ in places if line and column is not None]
    found = []
    for node in ast.walk(_tree(code.co_filename)):
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
            start, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
            if all(start <= place < end for place in inside if place[1] or place[0] > node.lineno):
                found.append((end[0] - start[0], end[1] - start[1], node))
        here = isinstance(node, ast.FunctionDef) and not node.decorator_list and node.lineno == code.co_firstlineno
        if here and isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            found.append((0, 0, node))
    if not found:
        return None
    text = textwrap.dedent(ast.unparse(min(found, key=lambda item: item[:2])[2]))
    made = ast.parse(text).body[0]
    return made.value if isinstance(made, ast.Expr) else made  # type: ignore[return-value]


@cache
def _tree(file: str) -> ast.Module:
    try:
        return ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


def _around(function: types.FunctionType, write: Write) -> tuple[list[str], dict[str, str]] | None:
    """Imports, and the source of each name that the function takes from outside; None when one cannot be written."""
    imports, names = [], {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        names[name] = write(cell.cell_contents)
    for name in _globals(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, types.ModuleType):
            if value.__name__ not in MODULES:
                return None
            if name not in ("np", "torch"):
                imports.append(f"import {value.__name__}" + (f" as {name}" if name != value.__name__ else ""))
        elif name in function.__globals__:
            names[name] = write(value)
    return None if None in names.values() else (imports, {name: str(text) for name, text in names.items()})


def _globals(code: types.CodeType) -> list[str]:
    inner = [item for item in code.co_consts if isinstance(item, types.CodeType)]
    return [*code.co_names, *(name for item in inner for name in _globals(item))]


def _defaults(function: types.FunctionType, write: Write) -> dict[str, str]:
    """The values of arguments that have a default, such as the `w` of `lambda x, w=w: …`."""
    code = function.__code__
    arguments = code.co_varnames[: code.co_argcount]
    values = function.__defaults__ or ()
    named = dict(zip(arguments[len(arguments) - len(values) :], values, strict=True)) | (function.__kwdefaults__ or {})
    return {name: text for name, value in named.items() if (text := write(value)) is not None}


def _with_defaults(node: ast.Lambda | ast.FunctionDef, names: dict[str, str]) -> ast.Lambda | ast.FunctionDef:
    """The function with what it takes from outside as arguments that have these values."""
    arguments = node.args
    for position, default in enumerate(reversed(arguments.defaults), start=1):
        name = [*arguments.posonlyargs, *arguments.args][-position].arg
        if name in names:
            arguments.defaults[-position] = ast.parse(names.pop(name), mode="eval").body
        else:
            arguments.defaults[-position] = default
    known = {argument.arg for argument in [*arguments.args, *arguments.kwonlyargs]}
    for name, text in names.items():
        if name not in known:
            arguments.kwonlyargs.append(ast.arg(name))
            arguments.kw_defaults.append(ast.parse(text, mode="eval").body)
    return ast.fix_missing_locations(node)
