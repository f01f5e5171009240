"""Every single change to a function's syntax tree that stands for a mistake people make, with the cause it has."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from dojo.diagnosis.call_slips import call
from dojo.diagnosis.exchanges import exchange, exchanged_blocks
from dojo.diagnosis.layout_slips import ignored_steps
from dojo.diagnosis.scope import Replacement, Scope, wrong_name
from dojo.diagnosis.slips import operator
from dojo.diagnosis.step_slips import in_loops
from dojo.diagnosis.syntax import code, name_of
from dojo.diagnosis.throughout import (
    Variant,
    all_but_the_first,
    early_factors,
    exchanged_weights,
    late_factors,
    repeated,
    swapped_names,
    without_correction,
)


@dataclass(frozen=True)
class Change:
    """Replace the child of `parent` at `field` (and `index`, in a list) by `new`."""

    parent: ast.AST
    field: str
    index: int | None
    new: ast.AST
    cause: str
    says: str
    weak: bool = False  # a wild guess: only told where no other change explains as much


def changes(function: ast.FunctionDef, siblings: dict[str, int], normalisers: set[str]) -> Iterator[Change]:
    """Every single change this module knows, for the body of `function`.

    `siblings` are the functions that could be called in place of another, with their number of arguments; `normalisers`
    are those among them that make a row add up to 1.
    """
    scope = Scope(function, siblings, normalisers)
    for body, cause, says in _throughout(function, scope):
        yield _whole(function, body, cause, says)
    for names in (False, True):  # another name is the wildest guess, and there are many: they come last
        for parent, field, index, node in _children(function):
            scope.statement = node if isinstance(node, ast.stmt) else scope.statement
            if isinstance(node, ast.Name) != names:
                continue
            for new, cause, says in _replacements(node, scope, parent):
                ast.copy_location(new, node)
                ast.fix_missing_locations(new)
                weak = (names and not _alike(node, new)) or isinstance(node, ast.Compare)
                yield Change(parent, field, index, new, cause, says, weak)
    for body, cause, says in [*swapped_names(function, scope), *all_but_the_first(function, scope)]:
        yield _whole(function, body, cause, says, weak=True)


def _throughout(function: ast.FunctionDef, scope: Scope) -> Iterator[Variant]:
    """Changes of more than one place, the likeliest first."""
    yield from in_loops(function)
    yield from repeated(function)
    yield from exchanged_weights(function, scope)
    yield from without_correction(function)
    yield from late_factors(function, scope)
    yield from early_factors(function, scope)
    yield from exchanged_blocks(function, scope)
    yield from ignored_steps(function, scope)


def _alike(node: ast.AST, new: ast.AST) -> bool:
    """Whether one of two names is the gradient of the other, as `db` is of `b`."""
    one, other = code(node), code(new)
    return one == f"d{other}" or other == f"d{one}"


def _whole(function: ast.FunctionDef, body: list[ast.stmt], cause: str, says: str, weak: bool = False) -> Change:
    """The change that puts another body in place of a function's own."""
    new = ast.If(ast.Constant(True), body, [])
    ast.copy_location(new, function.body[0])
    ast.fix_missing_locations(new)
    return Change(function, "body", None, [new], cause, says, weak)  # type: ignore[arg-type]


def _replacements(node: ast.AST, scope: Scope, parent: ast.AST) -> Iterator[Replacement]:
    if isinstance(node, ast.BinOp):
        for new, cause, says in operator(node, scope):
            if (_counts(parent) or _counts_on(node)) and cause in ("missing-term", "sign-flipped"):
                cause = "wrong-axis" if ".ndim" in code(node) else "off-by-one"
            yield new, cause, says
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield node.operand, "sign-flipped", f"the minus before `{code(node.operand)}` is missing"
    if isinstance(node, ast.Call):
        yield from call(node, scope)
    if isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.ctx, ast.Load):
        yield node.value, "transposed", f"`{code(node.value)}` stands where its transpose belongs"
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from _names(node, scope, parent)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield from _constant(node, parent)
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        plain = ast.Assign([node.target], node.value)
        yield plain, "not-accumulated", f"`{code(node.target)}` is overwritten where it should grow"
        yield ast.Pass(), "missing-term", f"the term `{code(node.value)}` is missing"
    step = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and scope.mentions(node, scope.scalars)
    if isinstance(node, ast.expr) and (isinstance(parent, ast.Return | ast.Assign | ast.DictComp) or step):
        yield from _divided(node, scope)
    if isinstance(node, ast.IfExp):
        yield from _one_side(node)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _compare(node, parent, scope)
    if isinstance(node, ast.Tuple | ast.List):
        yield from exchange(node, parent, scope)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _old_for_new(node, scope)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        yield from _row_by_row(node)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _other_dict(node, scope)
    if isinstance(node, ast.For) and len(node.body) > 1:
        yield from _kept_between_rounds(node)
    if isinstance(node, ast.Slice):
        yield from _one_step_beside(node)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and code(node.slice) == "::-1":
        yield node.value, "reversed", f"`{code(node.value)}` runs forwards where it should run backwards"


def _counts(parent: ast.AST) -> bool:
    """Whether what stands in `parent` is a position or a count of steps."""
    if isinstance(parent, ast.Call):
        return code(parent.func).split(".")[-1] in ("range", "arange")
    return isinstance(parent, ast.Slice | ast.Subscript)


def _counts_on(node: ast.BinOp) -> bool:
    """Whether this is a count and one more or less: `n // m + 1`, `(h - 1) * stride`, `t + 1`."""
    whole = isinstance(node.left, ast.Name) or (
        isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.FloorDiv)
    )
    one = isinstance(node.right, ast.Constant) and type(node.right.value) is int and node.right.value == 1
    return isinstance(node.op, ast.Add | ast.Sub) and whole and one


def _names(node: ast.Name, scope: Scope, parent: ast.AST) -> Iterator[Replacement]:
    plain = isinstance(parent, ast.Compare) or scope.helper  # where only one argument is ever taken for another
    for other in scope.others(node.id):
        if plain and not (node.id in scope.arguments and other in scope.arguments):
            continue
        yield scope.expression(other), *wrong_name(node.id, other, scope)


def _one_side(node: ast.IfExp) -> Iterator[Replacement]:
    """A choice that is not made, or made the wrong way round."""
    test, body, orelse = node.test, node.body, node.orelse
    yield ast.IfExp(test, orelse, body), "wrong-order", f"the two sides of `{code(test)}` are swapped"
    for kept, other in ((body, orelse), (orelse, body)):
        wraps = [one for one in (kept, other) if isinstance(one, ast.Call) and one.args]
        same = wraps and code(wraps[0].args[0]) == code(other if wraps[0] is kept else kept)
        cause = "wrong-nonlinearity" if same else "missing-term"
        yield kept, cause, f"`{code(kept)}` is used also where `{code(other)}` belongs"


def _other_dict(node: ast.Subscript, scope: Scope) -> Iterator[Replacement]:
    """The gradient of a parameter for the parameter, and the like: the same key of another dict."""
    for other in sorted(scope.keyed.get(code(node.slice), set()) - {code(node.value)}):
        new = ast.Subscript(ast.Name(other, ast.Load()), node.slice, ast.Load())
        yield new, "wrong-operand", f"`{code(new)}` stands where `{code(node)}` belongs"


def _old_for_new(node: ast.Subscript, scope: Scope) -> Iterator[Replacement]:
    """What a state held before the step, where what it holds after the step belongs."""
    made = scope.definitions.get(code(node.value))
    if not isinstance(made, ast.DictComp) or code(made.key) != code(node.slice):
        return
    for item in ast.walk(made.value):
        reads = isinstance(item, ast.Call) and name_of(item) == "get" and item.args and scope.remembers(item)
        if reads and code(item.args[0]) == code(made.key):  # type: ignore[attr-defined]
            says = f"`{code(item)}`, which is that of the step before, stands where the new `{code(node)}` belongs"
            yield item, "off-by-one", says
            return


def _one_step_beside(node: ast.Slice) -> Iterator[Replacement]:
    """All but the last where all but the first belongs, and the reverse."""
    twins = {"1:": "[:-1]", ":-1": "[1:]"}
    if code(node) in twins:
        new = ast.parse("a" + twins[code(node)], mode="eval").body.slice  # type: ignore[attr-defined]
        yield new, "off-by-one", f"`{code(new)}` stands where `{code(node)}` belongs: everything is one place beside"


def _kept_between_rounds(node: ast.For) -> Iterator[Replacement]:
    """What each round should begin afresh is made once, before the loop."""
    first = node.body[0]
    if isinstance(first, ast.Assign) and isinstance(first.value, ast.Call) and "zeros" in name_of(first.value):
        loop = ast.For(node.target, node.iter, node.body[1:], node.orelse)
        says = (
            f"`{code(first.targets[0])}` is made once, before the loop, and still holds what earlier rounds left in it"
        )
        ast.copy_location(loop, node)
        yield ast.If(ast.Constant(True), [first, loop], []), "batch-mixed", says


def _divided(node: ast.expr, scope: Scope) -> Iterator[Replacement]:
    """A mean where none belongs: a whole result divided by the size of an array in it."""
    if not isinstance(node, ast.BinOp | ast.Call | ast.Name):
        return
    arrays = [
        item
        for item in ast.walk(node)
        if isinstance(item, ast.Name) and item.id in [*scope.arguments, *scope.definitions]
    ]
    found: dict[str, ast.expr] = {item.id: item for item in arrays if item.id not in scope.scalars}
    for item in ast.walk(node):  # of a dict, one entry
        if isinstance(item, ast.Subscript) and code(item.value) in found and isinstance(item.slice, ast.Name):
            found[code(item)] = item
    for array in found.values():
        sizes = [ast.Attribute(array, "size", ast.Load()), ast.Call(ast.Name("len", ast.Load()), [array], [])]
        for size in sizes:
            yield (
                ast.BinOp(node, ast.Div(), size),
                "extra-mean",
                f"it is divided by `{code(size)}`, and nothing is left to divide",
            )


def _row_by_row(node: ast.Subscript) -> Iterator[Replacement]:
    """`a[np.arange(N), labels]` picks one place in each row; `a[:, labels]` picks whole columns."""
    assert isinstance(node.slice, ast.Tuple)
    first, *rest = node.slice.elts
    if isinstance(first, ast.Call) and "arange" in code(first):
        new = ast.Subscript(node.value, ast.Tuple([ast.Slice(), *rest], ast.Load()), node.ctx)
        cause = "broadcast-blowup" if isinstance(node.ctx, ast.Load) else "batch-mixed"
        yield new, cause, "whole columns are picked, for every example, where each row has one place of its own"


def _constant(node: ast.Constant, parent: ast.AST) -> Iterator[Replacement]:
    value = node.value
    places = (ast.Slice, ast.Subscript, ast.Tuple)
    counted = _counts(parent)
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
    if isinstance(value, int | float) and value and (scales or type(value) is float):
        for other in (value / 2, value * 2, 1.0):
            if other != value:
                yield ast.Constant(other), "wrong-factor", f"{other:g} stands where {value:g} belongs"


def _compare(node: ast.Compare, parent: ast.AST, scope: Scope) -> Iterator[Replacement]:
    flip = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE, ast.LtE: ast.GtE}
    edge = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}
    kind, text = type(node.ops[0]), code(node)
    if isinstance(parent, ast.If | ast.While | ast.IfExp | ast.comprehension):
        if kind in edge:
            says = f"`{text}` is asked one step too early or too late"
            yield ast.Compare(node.left, [edge[kind]()], node.comparators), "off-by-one", says
    elif kind in flip:
        places = "arange(" in scope.spelled_out(node)
        cause = "mask-inverted" if "mask" in text or places else "sign-flipped"
        yield ast.Compare(node.left, [flip[kind]()], node.comparators), cause, f"`{text}` is asked the wrong way round"
        yield (
            ast.Compare(node.left, [edge[kind]()], node.comparators),
            "off-by-one" if places else "ties",
            f"the case of equality goes to the other side of `{text}`",
        )


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
