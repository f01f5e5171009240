"""The names of a function under change: arguments, local definitions, and what may stand for what by mistake."""

import ast

from dojo.diagnosis.step_slips import carried_names
from dojo.diagnosis.syntax import code, copied

Replacement = tuple[ast.AST, str, str]  # the new node, its cause, and the sentence for it


class Scope:
    """The names of a function: its arguments, what its simple assignments compute, and in which order."""

    def __init__(self, function: ast.FunctionDef, siblings: dict[str, int], normalisers: set[str]):
        self.text = code(function)
        self.normalisers = normalisers
        self.siblings = {name: count for name, count in siblings.items() if name != function.name}
        self.backward = function.name.split("__")[0].endswith("_backward")
        self.helper = function.name.startswith("_")
        self.statement: ast.AST = function
        self.scalars = getattr(function, "scalars", set())
        self.vectors = getattr(function, "vectors", set())
        self.states = getattr(function, "states", set())
        self.gated = getattr(function, "gated", False)
        self.carried = carried_names(function)  # from one round of a loop to the next
        self.arguments = [argument.arg for argument in function.args.args]
        self.upstream = {name for name in self.arguments if name.startswith("d") and len(name) > 1 and name != "d"}
        if not self.backward:
            self.upstream = set()
        self.definitions: dict[str, ast.expr] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.definitions.setdefault(node.targets[0].id, node.value)
        self.keyed: dict[str, set[str]] = {}  # which dicts are asked for or given a key that is put together: f"W{l}"
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.value, ast.Name)
                and isinstance(node.slice, ast.JoinedStr)
            ):
                self.keyed.setdefault(code(node.slice), set()).add(node.value.id)
        returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
        self.results = {item.id for value in returned for item in ast.walk(value) if isinstance(item, ast.Name)}

    def expression(self, name: str) -> ast.expr:
        """A name as an expression: locals by their definition, so that one defined later can stand earlier."""
        if name in self.definitions:
            return copied(self.definitions[name])
        return ast.Name(name, ast.Load())

    def spelled_out(self, node: ast.AST) -> str:
        """The source of an expression together with those of the locals in it."""
        names = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
        return "; ".join([code(node), *(code(self.definitions[name]) for name in names & set(self.definitions))])

    def remembers(self, node: ast.AST) -> bool:
        """Whether an expression reads the state that a function keeps from call to call."""
        text = self.spelled_out(node)
        return any(f"{name}.get(" in text or f"{name}[" in text for name in self.states)

    def tiny(self, node: ast.AST) -> bool:
        """Whether this is the small number that people add against a division by 0: `eps`, `1e-8`."""
        if isinstance(node, ast.Constant):
            return isinstance(node.value, float) and 0 < node.value < 0.01
        return isinstance(node, ast.Name) and node.id in self.arguments and node.id.startswith("eps")

    def others(self, name: str) -> list[str]:
        """Names that could stand by mistake where `name` stands."""
        known = [*self.arguments, *self.definitions]
        if name not in known:
            return []
        return [
            other
            for other in known
            if other != name
            and not (
                other in self.definitions
                and name in self.definitions
                and self.mentions(self.definitions[other], {name})
            )
        ]

    def mentioned_elsewhere(self, lost: ast.AST) -> bool:
        """Whether the statement reads an upstream gradient outside of `lost` too."""

        def count(node: ast.AST) -> int:
            return sum(isinstance(item, ast.Name) and item.id in self.upstream for item in ast.walk(node))

        return count(self.statement) > count(lost)

    def mentions(self, node: ast.AST, names) -> bool:
        return any(isinstance(item, ast.Name) and item.id in names for item in ast.walk(node))


def wrong_name(name: str, other: str, scope: Scope) -> tuple[str, str]:
    """The cause when `other` stands where `name` belongs."""
    definition = scope.definitions.get(name)
    if isinstance(definition, ast.Call) and "pad" in code(definition.func) and scope.mentions(definition, {other}):
        return "padding-ignored", f"`{other}` stands where `{name}`, with its border of zeros, belongs"
    if definition is not None and scope.mentions(definition, {other}):
        if isinstance(definition, ast.BinOp) and code(definition.left) == other:
            return "missing-term", f"`{other}` stands where `{name}` belongs: what is done to it in between is missing"
        mixed = len({argument for argument in scope.arguments if scope.mentions(definition, {argument})}) > 1
        return "wrong-operand" if mixed else "wrong-argument", f"the formula wants `{name}` and got `{other}`"
    replacement = scope.definitions.get(other)
    if (
        definition is None
        and replacement is not None
        and scope.mentions(replacement, {name})
        and other not in scope.results
    ):
        return "wrong-argument", f"the formula wants `{name}` and got `{other}`"
    return "wrong-operand", f"`{other}` stands where `{name}` belongs"
