"""What a reference says about itself: its module's and functions' docstrings without examples, and the shapes it names."""

import ast
import inspect
import re
from dataclasses import dataclass
from pathlib import Path

SHAPE = re.compile(r"""(?:Float|Int|Num|Bool|Shaped|Integer)\[[\w.]+,\s*["']([^"']*)["']\]""")


@dataclass(frozen=True)
class Described:
    """A function: how it is called, its text, and the axes of what it takes and gives (`out`)."""

    call: str
    says: str
    shapes: dict[str, str]


@dataclass(frozen=True)
class Module:
    """A reference's text and its public functions, in order."""

    says: str
    functions: tuple[Described, ...]


def described(path: Path) -> Module:
    """Read the reference at `path`; nothing is run."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return Module(_plain(ast.get_docstring(tree) or ""), tuple(map(_function, public)))


def _function(node: ast.FunctionDef) -> Described:
    arguments = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
    annotated = [(argument.arg, argument.annotation) for argument in (*node.args.args, *node.args.kwonlyargs)]
    shapes = {name: _axes(annotation) for name, annotation in [*annotated, ("result", node.returns)]}
    call = f"{node.name}({', '.join(arguments)})"
    return Described(
        f"`{call}`", _plain(ast.get_docstring(node) or ""), {name: text for name, text in shapes.items() if text}
    )


def _axes(annotation: ast.expr | None) -> str:
    """`N × D`, or several of them for a tuple; empty where no array is promised."""
    found = SHAPE.findall(ast.unparse(annotation)) if annotation is not None else []
    return ", ".join(" × ".join(axes.replace("...", "…").split()) or "a number" for axes in found)


def _plain(text: str) -> str:
    """A docstring without its examples: formulas stay indented, which Markdown shows as they are."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(text))
    return "\n\n".join(block for block in blocks if not block.lstrip().startswith(">>>"))
