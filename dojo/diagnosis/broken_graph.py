"""Where autograd loses its way: the expression in the learner's source that cuts the graph."""

import ast
from collections.abc import Iterator

CUTS = {
    "detach": "detach() gives a tensor that autograd takes for a constant",
    "data": ".data gives a tensor that autograd takes for a constant",
    "numpy": "numpy() leaves torch: autograd cannot follow into a numpy array",
    "item": "item() gives a plain number, which autograd takes for a constant",
    "tolist": "tolist() gives plain numbers, which autograd takes for constants",
    "no_grad": "nothing computed under no_grad is recorded",
    "inference_mode": "nothing computed under inference_mode is recorded",
    "argmax": "argmax gives an index, and an index has no derivative",
    "round": "round is flat almost everywhere: its derivative is 0",
    "requires_grad_": "requires_grad_ on a new tensor starts a new graph that does not reach the arguments",
    "from_numpy": "from_numpy makes a tensor that autograd takes for a constant",
    "as_tensor": "a tensor made from plain numbers is a constant for autograd",
    "tensor": "torch.tensor(...) copies the numbers and forgets where they came from",
    "no_graph": "",
}


def where_the_graph_ends(
    source: str, function: str | None, line: int | None = None, own: bool = False
) -> tuple[int, str] | None:
    """Line and sentence of the first cut inside `function`, then in the file's other functions; None without one.

    `line` picks one among several definitions of the same name: the one that stands at or after it. `own` says that the
    code calls autograd itself: a new leaf, `x.detach().requires_grad_()`, is where its graph begins, and no cut.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    inside = [node for node in functions if node.name == function]
    helpers = [node for node in functions if node not in inside]
    if line is not None:
        inside, helpers = [node for node in inside if (node.end_lineno or 0) >= line][:1], []
    for part in [*inside, *helpers]:
        leaves = {id(inner) for node in ast.walk(part) if own and _new_leaf(node) for inner in ast.walk(node)}
        nodes = [node for node in _as_they_run(part) if id(node) not in leaves]
        found = [(node.lineno, CUTS[name]) for node in nodes if (name := _cut(node))]
        if found:
            return min(found, key=lambda place: place[0])
    return None


def _as_they_run(node: ast.AST) -> Iterator[ast.expr]:
    """Every expression inside `node`, what is computed first before what is made of it."""
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Call):  # the arguments are there before the function is called
        children = [*node.args, *node.keywords, node.func]
    for child in children:
        yield from _as_they_run(child)
    if isinstance(node, ast.expr):
        yield node


def _new_leaf(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "requires_grad_"


def _cut(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute) and node.attr in CUTS:
        if node.attr in ("tensor", "as_tensor", "from_numpy") and not (
            isinstance(node.value, ast.Name) and node.value.id == "torch"
        ):
            return None
        return node.attr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("float", "int"):
        return "item" if node.args and not isinstance(node.args[0], ast.Constant) else None
    return None
