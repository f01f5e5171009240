"""Slips that a person makes in one spirit: the same change at every place of a function, or of one statement."""

import ast
from collections.abc import Callable, Iterator

from dojo.diagnosis.reductions import REDUCTIONS
from dojo.diagnosis.scope import Scope, wrong_name
from dojo.diagnosis.syntax import bound, code, copied, name_of, renamed, without

Body = list[ast.stmt]
Wanted = Callable[[ast.Call], ast.expr | None]  # what stands in place of a call; None leaves it as it is
Variant = tuple[Body, str, str]  # the changed body, its cause, and the sentence for it


def repeated(function: ast.FunctionDef) -> Iterator[Variant]:
    """Every reduction with another axis, with none, or as another reduction: all of them, or all of one statement."""
    for wanted, least, cause, says in _slips(function):
        done: list[set[int]] = []
        for chosen in [function.body, *([node] for node in _statements(function.body))]:
            hit = {id(node) for one in chosen for node in ast.walk(one) if isinstance(node, ast.Call) and wanted(node)}
            if len(hit) < least or hit in done:
                continue
            done.append(hit)
            body = [_changed(node, hit, wanted) for node in function.body]
            yield body, cause, says


def swapped_names(function: ast.FunctionDef, scope: Scope) -> Iterator[Variant]:
    """One name read for another throughout."""
    for name in [*scope.definitions, *scope.arguments]:
        for other in scope.others(name):
            new = scope.expression(other)
            body = [
                _Renaming(name, new).visit(copied(node)) if scope.mentions(node, {name}) else node
                for node in function.body
            ]
            yield body, *wrong_name(name, other, scope)


def all_but_the_first(function: ast.FunctionDef, scope: Scope) -> Iterator[Variant]:
    """One name read for another wherever it stands, except at its first place: `(a − t) · z · (1 − z)`."""
    for node in function.body:
        reads = [item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load)]
        for name in dict.fromkeys(reads):
            for other in scope.others(name) if reads.count(name) > 2 else ():
                renaming = _Renaming(name, scope.expression(other), spared=1)
                body = [renaming.visit(copied(one)) if one is node else one for one in function.body]
                yield body, *wrong_name(name, other, scope)


def late_factors(function: ast.FunctionDef, scope: Scope) -> Iterator[Variant]:
    """A factor that is multiplied in at the end, where it belongs before a sum or a mean."""
    lines = [node for node in function.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    for early, node in enumerate(lines):
        product, name = node.value, node.targets[0].id  # type: ignore[attr-defined]
        if not (isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult)):
            continue
        for factor, rest in ((product.left, product.right), (product.right, product.left)):
            if not isinstance(factor, ast.Name) or factor.id not in scope.arguments or factor.id in scope.upstream:
                continue
            for late in lines[early + 1 :]:
                if scope.mentions(late.value, {name}):
                    new = {
                        id(node): ast.Assign(node.targets, rest),
                        id(late): ast.Assign(late.targets, ast.BinOp(late.value, ast.Mult(), factor)),
                    }
                    says = f"`{factor.id}` is multiplied in after the sums; it belongs into `{name}`, before them"
                    yield [new.get(id(one), one) for one in function.body], "wrong-order", says


def early_factors(function: ast.FunctionDef, scope: Scope) -> Iterator[Variant]:
    """A factor that is multiplied into one term of a sum, where it belongs to the whole sum later on."""
    for place, node in enumerate(function.body):
        total = node.value.value if isinstance(node, ast.Assign) and isinstance(node.value, ast.DictComp) else None
        total = node.value if isinstance(node, ast.Assign) and total is None else total
        if not (isinstance(total, ast.BinOp) and isinstance(total.op, ast.Add) and len(bound(node)) == 1):
            continue
        name = bound(node)[0]
        for late in function.body[place + 1 :]:
            for product in ast.walk(late):
                if not (isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult)):
                    continue
                factor, whole = product.left, product.right
                if not isinstance(factor, ast.Name) or factor.id not in scope.scalars or _base(whole) != name:
                    continue
                left, right = code(total.left), code(total.right)
                plain = code(late).replace(code(product), code(whole))
                for sum_ in (f"{left} + {factor.id} * ({right})", f"{factor.id} * ({left}) + {right}"):
                    text = {node: code(node).replace(code(total), sum_), late: plain}
                    body = [ast.parse(text[one]).body[0] if one in text else one for one in function.body]
                    says = f"`{factor.id}` is multiplied into one term of `{name}`; it belongs to all of it, later"
                    yield body, "wrong-order", says


def _base(node: ast.expr) -> str:
    return code(node.value) if isinstance(node, ast.Subscript) else code(node)


def without_correction(function: ast.FunctionDef) -> Iterator[Variant]:
    """Every `1 − beta ** t` left out: what makes up for a running mean that starts at 0."""
    uncorrected = _Uncorrected()
    body = [uncorrected.visit(copied(node)) for node in function.body]
    if uncorrected.found:
        says = "the running means are used as they are; both start at 0 and are too small at first"
        yield body, "bias-correction-missing", says


class _Uncorrected(ast.NodeTransformer):
    """Puts 1 in place of `1 − beta ** t`."""

    found = False

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        power = isinstance(node.right, ast.BinOp) and isinstance(node.right.op, ast.Pow)
        if power and isinstance(node.op, ast.Sub) and code(node.left) == "1" and isinstance(node.right.right, ast.Name):  # type: ignore[attr-defined]
            self.found = True
            return ast.Constant(1)
        return self.generic_visit(node)


def exchanged_weights(function: ast.FunctionDef, scope: Scope) -> Iterator[Variant]:
    """A share and the rest, `a` and `1 − a`, in each other's place."""
    text = code(ast.Module(function.body, []))
    for name in scope.scalars:
        if f"1 - {name}" in text or f"1.0 - {name}" in text:
            rest = ast.BinOp(ast.Constant(1), ast.Sub(), ast.Name(name, ast.Load()))
            first = ast.Assign([ast.Name(name, ast.Store())], rest)
            yield [first, *function.body], "wrong-order", f"{name} and 1 − {name} have changed places"


def _slips(function: ast.FunctionDef) -> Iterator[tuple[Wanted, int, str, str]]:
    """What to put in place of a reduction, at how many places at least, and what that is called."""
    axes = {_axis(node) for node in ast.walk(function) if isinstance(node, ast.Call) and name_of(node) in REDUCTIONS}
    for axis in sorted(axes - {None}, key=str):
        for other in ("0",) if axis in ("1", "-1") else ("1", "-1"):
            says = f"mean, sum and their like run over axis {other} where they should run over axis {axis}"
            yield _moved(axis, other, keep=False), 2, "wrong-axis", says
            yield _moved(axis, other, keep=True), 1, "wrong-axis", says
        says = "mean, sum and their like run over all axes at once, "
        if axis == "0":  # what runs over the examples mixes them anyway
            yield _every_axis(axis), 2, "lost-axis", says + "and one number comes out for all of them"
        else:
            yield _every_axis(axis), 2, "batch-mixed", says + "so examples that should not meet are mixed"
    says = "the reductions lose their axis, and broadcasting lines the rest up wrongly"
    yield _without_keepdims, 2, "broadcast-blowup", says
    yield _another("mean", "sum"), 2, "missing-mean", "sums stand where means belong"
    yield _another("sum", "mean"), 2, "extra-mean", "means stand where sums belong"


def _axis(node: ast.Call) -> str | None:
    """The axis of a reduction as its text, if it is a keyword."""
    return next((code(item.value) for item in node.keywords if item.arg == "axis"), None)


def _moved(axis: str | None, other: str, keep: bool) -> Wanted:
    def wanted(node: ast.Call) -> ast.expr | None:
        kept = any(item.arg == "keepdims" for item in node.keywords)
        if name_of(node) not in REDUCTIONS or _axis(node) != axis or (keep and kept):
            return None
        new = without(node, "axis")
        new.keywords = [*new.keywords, ast.keyword("axis", ast.parse(other, mode="eval").body)]
        if keep:
            new.keywords.append(ast.keyword("keepdims", ast.Constant(True)))
        return new

    return wanted


def _every_axis(axis: str | None) -> Wanted:
    def wanted(node: ast.Call) -> ast.expr | None:
        return without(node, "axis") if name_of(node) in REDUCTIONS and _axis(node) == axis else None

    return wanted


def _without_keepdims(node: ast.Call) -> ast.expr | None:
    kept = any(item.arg == "keepdims" for item in node.keywords)
    return without(node, "keepdims") if kept and name_of(node) in REDUCTIONS else None


def _another(name: str, other: str) -> Wanted:
    def wanted(node: ast.Call) -> ast.expr | None:
        return renamed(node, other) if name_of(node) == name else None

    return wanted


def _statements(body: Body) -> Iterator[ast.stmt]:
    """The simple statements of a function, one by one."""
    for node in body:
        for item in ast.walk(node):
            if isinstance(item, ast.Assign | ast.AugAssign | ast.Return | ast.Expr):
                yield item


def _changed(node: ast.stmt, hit: set[int], wanted: Wanted) -> ast.stmt:
    """A copy of a statement with the calls changed whose ids are in `hit`; the statement itself where none is."""
    meant = [item for item in ast.walk(node) if id(item) in hit]
    for item in meant:
        item.meant = True  # type: ignore[attr-defined]
    new = _Each(wanted).visit(copied(node)) if meant else node
    for item in meant:
        del item.meant  # type: ignore[attr-defined]
    return new


class _Each(ast.NodeTransformer):
    """Puts what is wanted in place of each call that is meant, the inner ones first."""

    def __init__(self, wanted: Wanted):
        self.wanted = wanted

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return (self.wanted(node) or node) if hasattr(node, "meant") else node


class _Renaming(ast.NodeTransformer):
    """Puts an expression wherever a name is read, but for the first `spared` places."""

    def __init__(self, old: str, new: ast.expr, spared: int = 0):
        self.old, self.new, self.spared = old, new, spared

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id != self.old or not isinstance(node.ctx, ast.Load):
            return node
        self.spared -= 1
        return node if self.spared >= 0 else copied(self.new)
