"""The reference with one thing changed: most wrong answers are a right one with a single slip.

Each mutant is the reference's syntax tree with one node replaced, and carries the cause that such a slip has. A mutant
that gives exactly what the learner's code gave, on every recorded call, names the mistake. Nothing here knows any kata.
"""

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from dojo.diagnosis.changes import Change, changes
from dojo.diagnosis.syntax import code

PRIVATE = "dict[str, Any]"  # the annotation of what a function keeps for itself from call to call
TRICKS = ("missing-term", "wrong-nonlinearity", "wrong-argument")  # what dropping a numerical trick looks like


@dataclass(frozen=True)
class Mutant:
    """A changed reference: `function` to call, and the cause and sentence of the change."""

    function: Callable
    cause: str
    says: str
    change: str
    source: str  # of the changed function, where the change may only drop a numerical trick; else empty
    weak: bool = False  # only told where no other change explains as much


def mutants(source: str, name: str, namespace: dict, wild: tuple[str, ...] = ()) -> Iterator[Mutant]:
    """Every mutant of the function `name` of a reference's `source`, and of the private helpers it calls.

    Weak ones are left out whose cause is in `wild`.
    """
    tree = ast.parse(source)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if name not in functions:
        return
    for function in functions.values():
        function.body = [node for node in function.body if not _guard(node)] or [ast.Pass()]
    siblings = _siblings(functions, namespace)
    normalisers = {sibling for sibling, count in siblings.items() if count == 1 and normalises(namespace.get(sibling))}
    helpers = [other for other in _called(functions[name]) if other in functions and other.startswith("_")]
    for target in [name, *helpers]:
        node = functions[target]
        for item in [node.args, node]:
            item.returns = None  # type: ignore[attr-defined]
        node.scalars = {arg.arg for arg in node.args.args if arg.annotation and code(arg.annotation) == "float"}  # type: ignore[attr-defined]
        node.vectors = {arg.arg for arg in node.args.args if arg.annotation and _vector(code(arg.annotation))}  # type: ignore[attr-defined]
        node.states = {arg.arg for arg in node.args.args if arg.annotation and code(arg.annotation) == PRIVATE}  # type: ignore[attr-defined]
        node.gated = "tanh" in source  # type: ignore[attr-defined]
        for argument in [*node.args.args, *node.args.kwonlyargs]:
            argument.annotation = None
        node.decorator_list = []
        for change in changes(node, siblings, normalisers):
            if change.weak and change.cause in wild:
                continue
            built = _build(node, change, namespace, name, functions[name])
            if built is not None:
                place = f"{target}:{getattr(change.new, 'lineno', 0)}"
                yield Mutant(built[0], change.cause, change.says, place, built[1], change.weak)


def _guard(node: ast.stmt) -> bool:
    """A docstring, or a condition that only refuses bad arguments: nothing there is worth changing."""
    if isinstance(node, ast.If):
        return isinstance(node.body[-1], ast.Raise) and not node.orelse
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _vector(annotation: str) -> bool:
    """Whether an annotation promises a single axis: `Float[np.ndarray, ' M']`."""
    axes = re.search(r"Float\[.*, ['\"]([^'\"]*)['\"]\]", annotation)
    return axes is not None and len(axes[1].split()) == 1 and axes[1].strip() != "..."


def _siblings(functions: dict[str, ast.FunctionDef], namespace: dict) -> dict[str, int]:
    """Functions that a reference defines or imports from other katas, with their number of arguments."""
    own = {name: len(node.args.args) for name, node in functions.items() if not name.startswith("_")}
    modules = {
        name: value
        for name, value in namespace.items()
        if str(getattr(value, "__module__", "")).startswith("solutions.")
    }
    imported = {name: value.__code__.co_argcount for name, value in modules.items() if hasattr(value, "__code__")}
    return imported | own


@cache
def normalises(function) -> bool:
    """Whether a function of one array makes its rows, or the exponentials of its rows, add up to 1."""
    x = np.linspace(-1, 1, 12).reshape(3, 4) ** 3
    try:
        with np.errstate(all="ignore"):
            rows = np.asarray(function(x))
        return rows.shape == x.shape and (np.allclose(rows.sum(-1), 1) or np.allclose(np.exp(rows).sum(-1), 1))
    except Exception:
        return False


def _called(function: ast.FunctionDef) -> set[str]:
    return {
        node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def _build(node: ast.FunctionDef, change: Change, namespace: dict, name: str, main: ast.FunctionDef):
    """The function `name` compiled with the change in place, and its source; the tree is as it was afterwards."""
    place = getattr(change.parent, change.field)
    old = place[change.index] if change.index is not None else place
    _put(change, change.new)
    try:
        bodies = [main] if node is main else [main, node]
        with warnings.catch_warnings():  # such as "'float' object is not subscriptable": a change may make nonsense
            warnings.simplefilter("ignore")
            compiled = compile(ast.Module(bodies, []), "<mutant>", "exec")  # type: ignore[arg-type]
        world = dict(namespace)
        exec(compiled, world)
        source = ast.unparse(ast.Module(bodies, [])) if change.cause in TRICKS else ""  # type: ignore[arg-type]
        return world[name], source
    except (SyntaxError, ValueError, TypeError, NameError):
        return None
    finally:
        _put(change, old)


def _put(change: Change, new: ast.AST) -> None:
    if change.index is None:
        setattr(change.parent, change.field, new)
    else:
        getattr(change.parent, change.field)[change.index] = new
