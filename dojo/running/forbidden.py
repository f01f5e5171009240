"""Calls that would be the whole answer, and the kata's own solution: found in the source, aliases followed."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from dojo.curriculum import Kata

SEPARATORS = re.compile(r"[./\\]+")


def forbidden_calls(tree: ast.Module, spec: Kata, track: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each use, in the order of the file.

    A dotted name ending in a method of a class the list names (`torch.Tensor.softmax`) also catches `x.softmax(...)`.
    """
    source = Source(tree)
    banned = set(spec.forbidden.get(track, ()))
    methods = {name.rsplit(".", 1)[1] for name in banned if name.split(".")[-2][:1].isupper()}
    own = {f"solutions.{t}.{spec.name}" for t in ("numpy", "torch", "mistakes")} | {f"katas.{track}.{spec.name}"}
    path = re.compile(rf"(^|/)solutions/(numpy|torch|mistakes)/{re.escape(spec.name)}(/|$)")
    found = []
    node: Any
    for node in ast.walk(tree):
        for module in _imported(node):
            if module in own or any(module.startswith(f"{name}.") for name in own):
                found.append((node.lineno, f"{module}, the kata's own answer"))
            elif module in banned:
                found.append((node.lineno, module))
        for dotted in source.uses(node):
            attribute = dotted.rsplit(".", 1)[-1]
            if dotted in banned or any(dotted.startswith(f"{name}.") for name in own):
                found.append((node.lineno, dotted))
            elif attribute in methods and dotted[:1] in ("?", ".") and not source.is_own_method(node, attribute):
                found.append((node.lineno, f"the method .{attribute}()"))
        shown = [match for text in source.paths(node) if (match := path.search(text))]
        found += [(node.lineno, f"solutions.{match[2]}.{spec.name}") for match in shown]
    yield from sorted(set(found))


class Source:
    """What the names in a file stand for."""

    def __init__(self, tree: ast.Module):
        self.names: dict[str, str] = {}  # {"np": "numpy", "F": "torch.nn.functional"}
        self.stars: list[str] = []
        self.methods: dict[str, set[str]] = {}  # method names by class of this file
        self.instances: dict[str, str] = {}  # the class that a name is an instance of
        self.defined: set[str] = set()
        nodes = list(ast.walk(tree))
        self.remarks = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings are among them
        for node in nodes:
            self._enter(node)

    def _enter(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                self.names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            self.names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
            self.stars += [node.module for alias in node.names if alias.name == "*"]
        elif isinstance(node, ast.ClassDef):
            self.methods[node.name] = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            self.defined.add(node.name)
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self._assign(node.targets[0].id, node.value)

    def _assign(self, name: str, value: ast.expr) -> None:
        self.defined.add(name)
        dotted = self.dotted(value)
        if dotted[:1].isalpha():  # `nn = torch.nn`
            self.names[name] = dotted
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in self.methods:
            self.instances[name] = value.func.id

    def uses(self, node: ast.AST) -> list[str]:
        """The dotted names that a node uses, such as `torch.nn.functional.softmax` or `?x.softmax`."""
        if _attribute(node):
            return [self.dotted(node)]
        if isinstance(node, ast.Name) and node.id not in self.defined:
            return [f"{module}.{node.id}" for module in self.stars]
        if isinstance(node, ast.Call) and self.dotted(node.func).endswith("methodcaller") and node.args:
            return [f"?.{node.args[0].value}"] if isinstance(node.args[0], ast.Constant) else []
        return []

    def dotted(self, node: ast.AST) -> str:
        """`a.b.c` with imports resolved; `?x.c` for a variable, `.c` for the result of an expression."""
        parts: list[str] = []
        while found := _attribute(node):
            node, name = found
            parts.append(name)
        start = self.names.get(node.id, f"?{node.id}") if isinstance(node, ast.Name) else ""
        return ".".join([start, *reversed(parts)])

    def is_own_method(self, node: ast.AST, name: str) -> bool:
        """Whether `node`, an attribute `name`, belongs to a class of this file."""
        classes = {kind for kind, methods in self.methods.items() if name in methods}
        base = node.value if isinstance(node, ast.Attribute) else None
        while isinstance(base, ast.Attribute):
            base = base.value
        if isinstance(base, ast.Call):
            base = base.func
        return isinstance(base, ast.Name) and bool(
            classes & {base.id, self.instances.get(base.id)} or classes and base.id in ("self", "cls")
        )

    def paths(self, node: ast.AST) -> list[str]:
        """Texts of a constant, or of all constants of a call or sum, with `/` between their parts."""
        if not isinstance(node, ast.Constant | ast.Call | ast.BinOp):
            return []
        inside = [item for item in ast.walk(node) if isinstance(item, ast.Constant) and id(item) not in self.remarks]
        texts = [item.value for item in inside if isinstance(item.value, str)]
        return [SEPARATORS.sub("/", "/".join(order)) for order in (texts, texts[::-1])]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _attribute(node: ast.AST) -> tuple[ast.AST, str] | None:
    """The object and the name of `torch.softmax`, also when it is written `getattr(torch, "softmax")`."""
    if isinstance(node, ast.Attribute):
        return node.value, node.attr
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "getattr":
        return None
    if len(node.args) < 2 or not isinstance(node.args[1], ast.Constant) or not isinstance(node.args[1].value, str):
        return None
    return node.args[0], node.args[1].value
