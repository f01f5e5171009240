"""Calls that would be the whole answer, and imports of the kata's own solution: found in the source, aliases followed."""

import ast
from collections.abc import Iterator

from dojo.curriculum import Kata


def forbidden_calls(tree: ast.Module, spec: Kata, track: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each use, in the order of the file.

    A dotted name ending in a method of a class the list names (`torch.Tensor.softmax`) also catches `x.softmax(...)`.
    """
    banned = set(spec.forbidden.get(track, ()))
    methods = {name.rsplit(".", 1)[1] for name in banned if name.split(".")[-2][:1].isupper()}
    own = {f"solutions.{t}.{spec.name}" for t in ("numpy", "torch", "mistakes")} | {f"katas.{track}.{spec.name}"}
    names = _imports(tree)
    packages = {name.split(".")[0] for name in names.values()}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for module in _imported(node):
                if module in own or any(module.startswith(f"{name}.") for name in own):
                    found.append((node.lineno, f"{module}, the kata's own answer"))
                elif module in banned:
                    found.append((node.lineno, module))
        if isinstance(node, ast.Attribute):
            dotted = _dotted(node, names)
            if dotted in banned or any(dotted.startswith(f"{name}.") for name in own):
                found.append((node.lineno, dotted))
            elif node.attr in methods and dotted.split(".")[0] not in packages:
                found.append((node.lineno, f"the method .{node.attr}()"))
        elif isinstance(node, ast.Call) and _dotted(node.func, names).endswith("import_module"):
            argument = node.args[0] if node.args else None
            if isinstance(argument, ast.Constant) and str(argument.value) in own:
                found.append((node.lineno, str(argument.value)))
    yield from sorted(set(found))


def _imports(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `{"np": "numpy", "F": "torch.nn.functional"}`."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)] if node.module else []


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ".".join(["", *reversed(parts)])
    return ".".join([names.get(node.id, f"?{node.id}"), *reversed(parts)])
