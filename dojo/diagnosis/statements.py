"""The statements of a file by line: what each one stores, what it may change in place, and what it is made of."""

import ast
from dataclasses import dataclass
from types import CodeType

OPAQUE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.IfExp, ast.BoolOp, ast.JoinedStr)
METHODS = """
    sum mean max min amax amin std var argmax argmin prod cumsum cumprod any all norm logsumexp reshape view transpose
    permute swapaxes squeeze unsqueeze ravel flatten expand repeat take diagonal flip triu tril trace gather t astype copy
    clone float double long int bool dot matmul mm bmm mv clip clamp round exp log log1p sqrt rsqrt tanh sigmoid relu pow
    square abs neg masked_fill where detach contiguous numpy
"""  # of arrays and tensors: they change nothing
PURE_METHODS = set(METHODS.split())
PURE_BUILTINS = {"len", "float", "int", "abs"}
LIBRARIES = {"np", "numpy", "torch", "math"}
IMPURE = {
    "random",
    "seterr",
    "errstate",
    "rand",
    "randn",
    "randint",
    "randperm",
    "manual_seed",
    "copyto",
    "put",
    "place",
}
IMPURE |= {"putmask", "fill_diagonal", "save", "load", "at", "bernoulli", "multinomial", "normal", "dropout", "shuffle"}
MOST_PARTS = 5  # of one statement
LONGEST_NAME = 32  # characters of an expression that stands as a name


@dataclass(frozen=True)
class Part:
    """An expression inside a statement that can be computed once more without changing anything."""

    text: str
    code: CodeType


@dataclass(frozen=True)
class Statement:
    """What stands on some lines: `stores` are names it binds, `touches` names whose arrays it may change in place."""

    line: int
    end: int
    stores: tuple[str, ...]
    touches: tuple[str, ...]
    parts: tuple[Part, ...]
    returns: tuple[str, ...] = ()  # the source of each thing that a return statement gives back
    body: tuple[int, int] | None = None  # the lines of a for loop's body


def statements(source: str) -> dict[int, Statement]:
    """The statement at each line that begins or continues one; of a compound statement only its head counts."""
    found: dict[int, Statement] = {}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            continue
        made = _statement(node)
        for line in range(made.line, made.end + 1):
            before = found.get(line)
            found[line] = made if before is None or before.line != made.line else _both(before, made)
    return found


def _statement(node: ast.stmt) -> Statement:
    body = getattr(node, "body", None)
    end = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
    heads = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt | ast.excepthandler)]
    own = [item for head in heads for item in _visible(head)]
    stores = [item.id for item in own if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)]
    names = [item.id for item in own if isinstance(item, ast.Name)]
    calls = any(isinstance(item, ast.Call) for item in own)
    kept = [item for item in own if isinstance(item, ast.Subscript | ast.Attribute) and isinstance(item.ctx, ast.Store)]
    touched = names if calls else [name for item in kept if (name := _base(item))]
    value = getattr(node, "value", None)
    loop = (body[0].lineno, body[-1].end_lineno or body[-1].lineno) if body and isinstance(node, ast.For) else None
    return Statement(
        node.lineno,
        end,
        tuple(dict.fromkeys(stores)),
        tuple(name for name in dict.fromkeys(touched) if name not in stores),
        tuple(_parts(value, inner=_shown_itself(node))) if value is not None else (),
        tuple(map(ast.unparse, _elements(value))) if isinstance(node, ast.Return) and value is not None else (),
        loop,
    )


def _both(one: Statement, other: Statement) -> Statement:
    """Two statements on one line, as one."""
    return Statement(
        one.line,
        max(one.end, other.end),
        tuple(dict.fromkeys(one.stores + other.stores)),
        tuple(dict.fromkeys(one.touches + other.touches)),
        () if one.stores else other.parts,
        one.returns + other.returns,
    )


def _visible(node: ast.AST):
    """`node` and what is below it, without what has names of its own: comprehensions and lambdas keep their variables."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            yield from (item for part in (child.iter, *child.ifs) for item in _visible(part))
        elif not isinstance(child, ast.Lambda):
            yield from _visible(child)


def _base(node: ast.expr) -> str:
    """The name at the bottom of `dx[i].real`."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _elements(value: ast.expr) -> list[ast.expr]:
    return value.elts if isinstance(value, ast.Tuple) else [value]


def _shown_itself(node: ast.stmt) -> bool:
    """Whether the statement's whole value is told anyway: it gets a name, or is returned."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Name | ast.Tuple) for target in node.targets)
    return isinstance(node, ast.AnnAssign | ast.Return)


def _parts(value: ast.expr, inner: bool) -> list[Part]:
    """The expressions worth a look inside `value`, in the order in which they are computed."""
    whole = set(map(id, _elements(value))) | {id(value)} if inner else set()
    nodes = [node for node in _evaluated(value) if id(node) not in whole and _worth(node) and pure(node)]
    unique = {ast.unparse(node): node for node in reversed(nodes)}
    kept = [(text, node) for text, node in reversed(unique.items()) if len(text) <= 2 * LONGEST_NAME]
    return [Part(text, compile(ast.Expression(node), "<part>", "eval")) for text, node in kept[:MOST_PARTS]]


def _evaluated(node: ast.AST):
    """Expressions below `node` that are computed in any case, innermost first."""
    if isinstance(node, OPAQUE):
        return
    for child in ast.iter_child_nodes(node):
        yield from _evaluated(child)
    if isinstance(node, ast.expr):
        yield node


def _worth(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ("T", "mT") and isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Load)
    return isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.Call)


def pure(node: ast.AST) -> bool:
    """Whether computing an expression again changes nothing and calls none of the file's own functions."""
    if isinstance(node, (*OPAQUE, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Starred)):
        return False
    if isinstance(node, ast.Call) and not _pure_call(node):
        return False
    return all(pure(child) for child in ast.iter_child_nodes(node))


def _pure_call(node: ast.Call) -> bool:
    if any(item.arg in (None, "out") for item in node.keywords):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in PURE_BUILTINS
    if not isinstance(node.func, ast.Attribute):
        return False
    path = ast.unparse(node.func).split(".")
    if path[0] in LIBRARIES:
        return not IMPURE & set(path) and not path[-1].endswith("_")
    return path[-1] in PURE_METHODS
