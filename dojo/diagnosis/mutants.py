"""The reference with one thing changed: most wrong answers are a right one with a single slip.

Each mutant is the reference's syntax tree with one node replaced, and carries the cause that such a slip has. A mutant
that gives exactly what the learner's code gave, on every recorded call, names the mistake. Nothing here knows any kata.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

REDUCTIONS = {"sum", "mean", "max", "min", "amax", "prod", "var", "std", "any", "all", "argmax", "argmin"}
NONLINEAR = {"tanh", "sigmoid", "relu"}
BASES = ("log2", "log10")
TRICKS = ("missing-term", "wrong-nonlinearity", "wrong-argument")  # what dropping a numerical trick looks like


@dataclass(frozen=True)
class Mutant:
    """A changed reference: `function` to call, and the cause and sentence of the change."""

    function: Callable
    cause: str
    says: str
    change: str
    source: str  # of the changed function, where the change may only drop a numerical trick; else empty


@dataclass(frozen=True)
class Change:
    """Replace the child of `parent` at `field` (and `index`, in a list) by `new`."""

    parent: ast.AST
    field: str
    index: int | None
    new: ast.AST
    cause: str
    says: str


def mutants(source: str, name: str, namespace: dict) -> Iterator[Mutant]:
    """Every mutant of the function `name` of a reference's `source`, and of the private helpers it calls."""
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
        node.scalars = {arg.arg for arg in node.args.args if arg.annotation and _code(arg.annotation) == "float"}  # type: ignore[attr-defined]
        for argument in [*node.args.args, *node.args.kwonlyargs]:
            argument.annotation = None
        node.decorator_list = []
        for change in changes(node, siblings, normalisers):
            built = _build(node, change, namespace, name, functions[name])
            if built is not None:
                place = f"{target}:{getattr(change.new, 'lineno', 0)}"
                yield Mutant(built[0], change.cause, change.says, place, built[1])


def _guard(node: ast.stmt) -> bool:
    """A docstring, or a condition that only refuses bad arguments: nothing there is worth changing."""
    if isinstance(node, ast.If):
        return isinstance(node.body[-1], ast.Raise) and not node.orelse
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _siblings(functions: dict[str, ast.FunctionDef], namespace: dict) -> dict[str, int]:
    """Functions that a reference defines or imports from other katas, with their number of arguments."""
    own = {name: len(node.args.args) for name, node in functions.items() if not name.startswith("_")}
    modules = {
        name: value for name, value in namespace.items() if getattr(value, "__module__", "").startswith("solutions.")
    }
    imported = {name: value.__code__.co_argcount for name, value in modules.items() if hasattr(value, "__code__")}
    return imported | own


def normalises(function) -> bool:
    """Whether a function of one array makes its rows, or the exponentials of its rows, add up to 1."""
    x = np.linspace(-1, 1, 12).reshape(3, 4) ** 3
    try:
        rows = np.asarray(function(x))
        return rows.shape == x.shape and (np.allclose(rows.sum(-1), 1) or np.allclose(np.exp(rows).sum(-1), 1))
    except Exception:
        return False


def changes(function: ast.FunctionDef, siblings: dict[str, int], normalisers: set[str]) -> Iterator[Change]:
    """Every single change this module knows, for the body of `function`.

    `siblings` are the functions that could be called in place of another, with their number of arguments; `normalisers`
    are those among them that make a row add up to 1.
    """
    scope = Scope(function, siblings, normalisers)
    for parent, field, index, node in _children(function):
        scope.statement = node if isinstance(node, ast.stmt) else scope.statement
        for new, cause, says in _replacements(node, scope, parent):
            ast.copy_location(new, node)
            ast.fix_missing_locations(new)
            yield Change(parent, field, index, new, cause, says)
    for old, other, cause, says in _swapped_names(scope):
        body = [_Renaming(old, scope.expression(other)).visit(copy.deepcopy(node)) for node in function.body]
        new = ast.If(ast.Constant(True), body, [])
        ast.copy_location(new, function.body[0])
        ast.fix_missing_locations(new)
        yield Change(function, "body", None, [new], cause, says)  # type: ignore[arg-type]


class _Renaming(ast.NodeTransformer):
    """Puts an expression wherever a name is read."""

    def __init__(self, old: str, new: ast.expr):
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id == self.old and isinstance(node.ctx, ast.Load):
            return copy.deepcopy(self.new)
        return node


class Scope:
    """The names of a function: its arguments, what its simple assignments compute, and in which order."""

    def __init__(self, function: ast.FunctionDef, siblings: dict[str, int], normalisers: set[str]):
        self.normalisers = normalisers
        self.siblings = {name: count for name, count in siblings.items() if name != function.name}
        self.backward = function.name.endswith("_backward")
        self.statement: ast.AST = function
        self.scalars = getattr(function, "scalars", set())
        self.arguments = [argument.arg for argument in function.args.args]
        self.upstream = {name for name in self.arguments if name.startswith("d") and len(name) > 1 and name != "d"}
        if not self.backward:
            self.upstream = set()
        self.definitions: dict[str, ast.expr] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.definitions.setdefault(node.targets[0].id, node.value)
        returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
        self.results = {item.id for value in returned for item in ast.walk(value) if isinstance(item, ast.Name)}

    def expression(self, name: str) -> ast.expr:
        """A name as an expression: locals by their definition, so that one defined later can stand earlier."""
        if name in self.definitions:
            return copy.deepcopy(self.definitions[name])
        return ast.Name(name, ast.Load())

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


Replacement = tuple[ast.AST, str, str]


def _replacements(node: ast.AST, scope: Scope, parent: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.BinOp):
        yield from _binary(node, scope)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield node.operand, "sign-flipped", f"the minus before `{_code(node.operand)}` is missing"
    if isinstance(node, ast.Call):
        yield from _call(node, scope)
    if isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.ctx, ast.Load):
        yield node.value, "transposed", f"`{_code(node.value)}` stands where its transpose belongs"
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from _names(node, scope)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield from _constant(node, parent)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        plain = ast.Assign([node.target], node.value)
        yield plain, "not-accumulated", f"`{_code(node.target)}` is overwritten where it should grow"
        yield ast.Pass(), "missing-term", f"the term `{_code(node.value)}` is missing"
    if isinstance(node, ast.expr) and (isinstance(parent, ast.Return | ast.Assign | ast.DictComp)):
        yield from _divided(node, scope)
    if isinstance(node, ast.IfExp):
        yield (
            ast.IfExp(node.test, node.orelse, node.body),
            "wrong-order",
            f"the two sides of `{_code(node.test)}` are swapped",
        )
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _compare(node, parent)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        yield from _row_by_row(node)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and _code(node.slice) == "::-1":
        yield node.value, "reversed", f"`{_code(node.value)}` runs forwards where it should run backwards"


def _divided(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """A mean where none belongs: a whole result divided by the size of an array in it."""
    if not isinstance(node, ast.BinOp | ast.Call | ast.Name):
        return
    arrays = [
        item
        for item in ast.walk(node)
        if isinstance(item, ast.Name) and item.id in [*scope.arguments, *scope.definitions]
    ]
    for name in dict.fromkeys(item.id for item in arrays if item.id not in scope.scalars):
        array = ast.Name(name, ast.Load())
        sizes = [ast.Attribute(array, "size", ast.Load()), ast.Call(ast.Name("len", ast.Load()), [array], [])]
        for size in sizes:
            yield (
                ast.BinOp(node, ast.Div(), size),
                "extra-mean",
                f"it is divided by `{_code(size)}`, and nothing is left to divide",
            )


def _row_by_row(node: ast.Subscript) -> Iterator[Replacement]:
    """`a[np.arange(N), labels]` picks one place in each row; `a[:, labels]` picks whole columns."""
    assert isinstance(node.slice, ast.Tuple)
    first, *rest = node.slice.elts
    if isinstance(first, ast.Call) and "arange" in _code(first):
        new = ast.Subscript(node.value, ast.Tuple([ast.Slice(), *rest], ast.Load()), node.ctx)
        cause = "broadcast-blowup" if isinstance(node.ctx, ast.Load) else "batch-mixed"
        yield new, cause, "whole columns are picked, for every example, where each row has one place of its own"


def _binary(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    left, right = node.left, node.right
    if isinstance(node.op, ast.Add):
        for kept, lost in ((left, right), (right, left)):
            yield kept, "missing-term", f"the term `{_code(lost)}` is missing"
        yield ast.BinOp(left, ast.Sub(), right), "sign-flipped", f"`{_code(right)}` is subtracted where it is added"
    elif isinstance(node.op, ast.Sub):
        yield (
            ast.BinOp(right, ast.Sub(), left),
            "sign-flipped",
            f"the difference is the wrong way round: `{_code(right)}` comes second",
        )
        yield ast.BinOp(left, ast.Add(), right), "sign-flipped", f"`{_code(right)}` is added where it is subtracted"
        yield left, "missing-term", f"the term `−{_code(right)}` is missing"
        for rest in (right, ast.UnaryOp(ast.USub(), right)):
            yield rest, "missing-term", f"the term `{_code(left)}` is missing"
    elif isinstance(node.op, ast.Mult):
        for kept, lost in ((left, right), (right, left)):
            yield kept, *_lost_factor(lost, scope)
    elif isinstance(node.op, ast.Div):
        yield left, *_lost_divisor(right)
        yield from _other_divisors(node)
        yield ast.BinOp(left, ast.Mult(), right), "wrong-factor", f"`{_code(right)}` multiplies where it divides"
    elif isinstance(node.op, ast.Pow):
        yield left, "missing-term", f"the power on `{_code(left)}` is missing"
    elif isinstance(node.op, ast.MatMult):
        yield ast.BinOp(right, ast.MatMult(), left), "wrong-order", "the two factors of a matrix product are swapped"
        for one, other in ((_transpose(left), right), (left, _transpose(right)), (_transpose(left), _transpose(right))):
            yield (
                ast.BinOp(one, ast.MatMult(), other),
                "transposed",
                f"this is `{_code(one)} @ {_code(other)}`: a transpose is one too many or missing",
            )
        swapped = ast.BinOp(_transpose(right), ast.MatMult(), _transpose(left))
        yield swapped, "transposed", f"this is `{_code(swapped)}`, the transpose of what belongs here"
        yield (
            ast.BinOp(left, ast.Mult(), right),
            "elementwise-for-matmul",
            f"`{_code(left)}` and `{_code(right)}` are multiplied element by element where a matrix product belongs",
        )


def _lost_factor(lost: ast.expr, scope: Scope) -> tuple[str, str]:
    if scope.upstream and scope.mentions(lost, scope.upstream) and not scope.mentioned_elsewhere(lost):
        return "upstream-ignored", f"the upstream gradient `{_code(lost)}` does not come in"
    if isinstance(lost, ast.Constant):
        return "wrong-factor", f"the factor {_code(lost)} is missing"
    if isinstance(lost, ast.Name) and lost.id in scope.scalars:
        return "missing-scale", f"{lost.id} does not come in"
    if "sqrt" in _code(lost):
        return "missing-scale", f"the scale `{_code(lost)}` is missing"
    if "mask" in _code(lost):
        return "mask-ignored", "the mask does not come in"
    return "missing-term", f"the factor `{_code(lost)}` is missing"


def _lost_divisor(lost: ast.expr) -> tuple[str, str]:
    text = _code(lost)
    if "sqrt" in text:
        return "missing-scale", f"the division by `{text}` is missing"
    if _is_size(lost):
        return "missing-mean", f"this is a sum: it is never divided by `{text}`"
    if isinstance(lost, ast.Constant):
        return "wrong-factor", f"the division by {text} is missing"
    if "sum" in text or "norm" in text:
        return "not-normalised", "the result is never divided by its sum"
    return "missing-scale", f"the division by `{text}` is missing"


def _other_divisors(node: ast.BinOp) -> Iterator[Replacement]:
    """The mean over too much or over the wrong axis: another size of the same array as divisor."""
    if not _is_size(node.right):
        return
    array = next((item for item in ast.walk(node.right) if isinstance(item, ast.Name)), None)
    if array is None:
        return
    size = ast.Attribute(array, "size", ast.Load())
    yield (
        ast.BinOp(node.left, ast.Div(), size),
        "extra-mean",
        "it is divided by the number of all elements where the batch size belongs",
    )
    for axis in (0, 1, 2):
        other = ast.Subscript(ast.Attribute(array, "shape", ast.Load()), ast.Constant(axis), ast.Load())
        if ast.dump(other) != ast.dump(node.right):
            yield (
                ast.BinOp(node.left, ast.Div(), other),
                "wrong-axis",
                f"it is divided by the size of axis {axis}, not by the number of examples",
            )


def _is_size(node: ast.AST) -> bool:
    text = _code(node)
    return ".shape[" in text or text.startswith("len(") or ".size" in text or text in ("N", "B", "T", "n", "batch")


def _call(node: ast.Call, scope: Scope) -> Iterator[Replacement]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in REDUCTIONS:
        yield from _reduction(node, name, scope)
    if isinstance(node.func, ast.Name) and name in scope.siblings:
        yield from _sibling(node, name, scope)
    if name == "log" and isinstance(node.func, ast.Attribute):
        for base in BASES:
            yield _renamed(node, base), "wrong-base", f"{base} stands where the natural logarithm belongs"
    if name == "log1p" and node.args:
        yield _renamed(node, "log"), "missing-term", "the 1 inside the logarithm is missing"
    if name in NONLINEAR and node.args:
        cause = "wrong-argument" if scope.backward else "wrong-nonlinearity"
        yield (
            node.args[0],
            cause,
            f"the formula wants {name} of `{_code(node.args[0])}` and got `{_code(node.args[0])}` itself",
        )
        for other in NONLINEAR - {name}:
            if isinstance(node.func, ast.Attribute) and other != "tanh":
                continue
            new = ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)
            yield new, "wrong-nonlinearity", f"{other} stands where {name} belongs"
    if name in ("maximum", "clip") and node.args:
        yield node.args[0], "wrong-nonlinearity", f"nothing is cut off: `{_code(node.args[0])}` goes through as it is"
    if name in ("sqrt", "exp", "square", "expm1") and node.args:
        yield node.args[0], "missing-term", f"{name} is missing around `{_code(node.args[0])}`"
    if name == "abs" and node.args:
        yield node.args[0], "sign-flipped", f"the sign of `{_code(node.args[0])}` is left in"
    if name == "where" and len(node.args) == 3:
        cause = "mask-inverted" if "mask" in _code(node.args[0]) else "sign-flipped"
        swapped = ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], [])
        yield swapped, cause, f"the two sides of `{_code(node.args[0])}` are swapped"
        yield node.args[1], "missing-term", f"the case where `{_code(node.args[0])}` does not hold is missing"
        yield node.args[2], "missing-term", f"the case where `{_code(node.args[0])}` holds is missing"
    if name == "reversed" and node.args:
        yield node.args[0], "reversed", "the steps are walked forwards where they should be walked backwards"
    if name == "outer" and len(node.args) == 2:
        yield ast.Call(node.func, node.args[::-1], []), "transposed", "the two factors of the outer product are swapped"
    if name in ("transpose", "swapaxes") and isinstance(node.func, ast.Attribute):
        yield node.func.value, "transposed", f"`{_code(node.func.value)}` is not transposed"


def _sibling(node: ast.Call, name: str, scope: Scope) -> Iterator[Replacement]:
    """Another function of the same kind, or its argument, in place of a call."""
    for argument in node.args:
        yield (
            argument,
            "wrong-argument",
            f"the formula wants {name} of `{_code(argument)}` and got `{_code(argument)}` itself",
        )
    for other, count in scope.siblings.items():
        if other != name and count == scope.siblings[name] and not (name in NONLINEAR and other in NONLINEAR):
            new = ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)
            yield new, "wrong-argument", f"the formula wants {name} and got {other}"
    if len(node.args) == 1:
        turned = ast.Call(node.func, [_transpose(node.args[0])], node.keywords)
        yield _transpose(turned), "wrong-axis", f"{name} runs down the columns where it should run along the rows"
        yield ast.Call(node.func, [node], []), "wrong-argument", f"{name} is taken twice"


def _reduction(node: ast.Call, name: str, scope: Scope) -> Iterator[Replacement]:
    swap = {
        "sum": ("mean", "extra-mean", "a mean stands where a sum belongs"),
        "mean": ("sum", "missing-mean", "a sum stands where a mean belongs"),
    }
    if name in swap:
        other, cause, says = swap[name]
        yield _renamed(node, other), cause, says
    if name in ("argmax", "argmin"):
        yield (
            _renamed(node, "argmin" if name == "argmax" else "argmax"),
            "sign-flipped",
            f"the other end is looked for: {name} belongs here",
        )
    if name in ("max", "min"):
        yield _renamed(node, "mean"), "extra-mean", f"a mean stands where the {name} belongs"
        yield (
            _renamed(node, "min" if name == "max" else "max"),
            "sign-flipped",
            f"the other end is taken: {name} belongs here",
        )
    method = isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy", "math")
    )
    array = node.func.value if method else (node.args[0] if node.args else None)  # type: ignore[union-attr]
    keywords = {keyword.arg: keyword for keyword in node.keywords}
    if name in ("var", "std"):
        if "ddof" in keywords:
            yield _without(node, "ddof"), "biased-variance", "the variance divides by N where N−1 belongs"
        else:
            more = [*node.keywords, ast.keyword("ddof", ast.Constant(1))]
            yield (
                ast.Call(node.func, node.args, more),
                "unbiased-variance",
                "the variance divides by N−1 where N belongs",
            )
    if "axis" in keywords:
        now = keywords["axis"].value
        for axis in (0, 1, -1, 2):
            if _code(now) != str(axis):
                others = [k for k in node.keywords if k.arg != "axis"]
                new = ast.Call(node.func, node.args, [*others, ast.keyword("axis", ast.Constant(axis))])
                yield new, "wrong-axis", f"the {name} runs over axis {axis}"
        yield (
            _without(node, "axis"),
            "batch-mixed",
            f"the {name} runs over all axes, so examples that should not meet are mixed",
        )
    if "keepdims" in keywords:
        yield (
            _without(node, "keepdims"),
            "broadcast-blowup",
            f"the {name} loses its axis, and broadcasting lines the rest up wrongly",
        )
    if array is not None and name in ("sum", "mean"):
        if scope.backward and "keepdims" in keywords:
            yield array, "diagonal-only", "each value only meets itself: what it does to its neighbours is left out"
        elif scope.backward:
            yield array, "not-summed", f"`{_code(array)}` is not summed"
        else:
            cause = (
                "elementwise-for-matmul"
                if isinstance(array, ast.BinOp) and isinstance(array.op, ast.Mult)
                else "extra-axis"
            )
            yield array, cause, f"`{_code(array)}` is never added up"


def _names(node: ast.Name, scope: Scope) -> Iterator[Replacement]:
    for other in scope.others(node.id):
        yield scope.expression(other), *_wrong_name(node.id, other, scope)


def _swapped_names(scope: Scope) -> Iterator[tuple[str, str, str, str]]:
    """One name read for another throughout."""
    for name in [*scope.definitions, *scope.arguments]:
        for other in scope.others(name):
            yield name, other, *_wrong_name(name, other, scope)


def _wrong_name(name: str, other: str, scope: Scope) -> tuple[str, str]:
    """The cause when `other` stands where `name` belongs."""
    definition = scope.definitions.get(name)
    if definition is not None and scope.mentions(definition, {other}):
        if isinstance(definition, ast.BinOp) and _code(definition.left) == other:
            return "missing-term", f"`{other}` stands where `{name}` belongs: what is done to it in between is missing"
        return "wrong-argument", f"the formula wants `{name}` and got `{other}`"
    replacement = scope.definitions.get(other)
    if (
        definition is None
        and replacement is not None
        and scope.mentions(replacement, {name})
        and other not in scope.results
    ):
        return "wrong-argument", f"the formula wants `{name}` and got `{other}`"
    return "wrong-operand", f"`{other}` stands where `{name}` belongs"


def _constant(node: ast.Constant, parent: ast.AST) -> Iterator[Replacement]:
    value = node.value
    places = (ast.Slice, ast.Subscript, ast.Tuple)
    counted = isinstance(parent, ast.Call) and _code(parent.func).split(".")[-1] in ("range", "arange")
    if isinstance(parent, ast.Subscript) and isinstance(parent.value, ast.Attribute) and parent.value.attr == "shape":
        for other in {0, 1, -1} - {value}:
            yield (
                ast.Constant(other),
                "wrong-axis",
                f"the size of axis {other} stands where that of axis {value} belongs",
            )
        return
    if type(value) is int and (isinstance(parent, places) or counted):
        for other in (value - 1, value + 1):
            yield ast.Constant(other), "off-by-one", f"{other} stands where {value} belongs"
    scales = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div)
    if value and (scales or type(value) is float):
        for other in (value / 2, value * 2, 1.0):
            if other != value:
                yield ast.Constant(other), "wrong-factor", f"{other:g} stands where {value:g} belongs"


def _compare(node: ast.Compare, parent: ast.AST) -> Iterator[Replacement]:
    flip = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE, ast.LtE: ast.GtE}
    edge = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}
    kind, text = type(node.ops[0]), _code(node)
    if isinstance(parent, ast.If | ast.While | ast.IfExp | ast.comprehension):
        if kind in edge:
            says = f"`{text}` is asked one step too early or too late"
            yield ast.Compare(node.left, [edge[kind]()], node.comparators), "off-by-one", says
    elif kind in flip:
        cause = "mask-inverted" if "mask" in text else "sign-flipped"
        yield ast.Compare(node.left, [flip[kind]()], node.comparators), cause, f"`{text}` is asked the wrong way round"
        yield (
            ast.Compare(node.left, [edge[kind]()], node.comparators),
            "ties",
            f"the case of equality goes to the other side of `{text}`",
        )


def _renamed(node: ast.Call, name: str) -> ast.Call:
    func = node.func
    new = ast.Attribute(func.value, name, ast.Load()) if isinstance(func, ast.Attribute) else ast.Name(name, ast.Load())
    return ast.Call(new, node.args, node.keywords)


def _without(node: ast.Call, keyword: str) -> ast.Call:
    return ast.Call(node.func, node.args, [item for item in node.keywords if item.arg != keyword])


def _transpose(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _code(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except Exception:
        return "…"


def _called(function: ast.FunctionDef) -> set[str]:
    return {
        node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def _children(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node in the body of `function` with the place where it hangs, statement by statement.

    Guards that only raise are left alone, and so are keywords such as `axis`, which have changes of their own.
    """

    def below(parent: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
        for field, value in ast.iter_fields(parent):
            if parent is function and field != "body":
                continue
            items = enumerate(value) if isinstance(value, list) else [(None, value)]
            for index, item in items:
                if not isinstance(item, ast.AST) or isinstance(item, ast.Raise | ast.expr_context):
                    continue
                if isinstance(item, ast.keyword) and isinstance(item.value, ast.Constant | ast.UnaryOp):
                    continue
                yield parent, field, index, item
                yield from below(item)

    yield from below(function)


def _build(node: ast.FunctionDef, change: Change, namespace: dict, name: str, main: ast.FunctionDef):
    """The function `name` compiled with the change in place, and its source; the tree is as it was afterwards."""
    place = getattr(change.parent, change.field)
    old = place[change.index] if change.index is not None else place
    _put(change, change.new)
    try:
        bodies = [main] if node is main else [main, node]
        code = compile(ast.Module(bodies, []), "<mutant>", "exec")  # type: ignore[arg-type]
        world = dict(namespace)
        exec(code, world)
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
