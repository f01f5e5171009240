"""Slips in a sum, a mean, a maximum, a variance: another one, another axis, or none."""

import ast
from collections.abc import Iterator

from dojo.diagnosis.scope import Replacement, Scope
from dojo.diagnosis.syntax import code, name_of, renamed, without

REDUCTIONS = {"sum", "mean", "max", "min", "amax", "prod", "var", "std", "any", "all", "argmax", "argmin"}
OTHER_END = {"argmax": "argmin", "argmin": "argmax", "max": "min", "min": "max"}
LIBRARIES = ("np", "numpy", "math")


def reduction(node: ast.Call, name: str, scope: Scope) -> Iterator[Replacement]:
    """What goes wrong with a reduction."""
    yield from _another(node, name, scope)
    if name in ("var", "std"):
        yield from _spread(node, name)
    yield from _axis(node, name)
    yield from _before_the_division(node, name, scope)
    yield from _too_early(node, name)
    if name in ("sum", "mean"):
        yield from _left_out(node, scope)


def _another(node: ast.Call, name: str, scope: Scope) -> Iterator[Replacement]:
    """A mean for a sum, the minimum for the maximum, the root of a sum."""
    if name == "sum":
        yield renamed(node, "mean"), "extra-mean", "a mean stands where a sum belongs"
        if not scope.backward:
            yield ast.BinOp(node, ast.Pow(), ast.Constant(0.5)), "wrong-nonlinearity", "a root is taken of the sum"
    if name == "mean":
        yield renamed(node, "sum"), "missing-mean", "a sum stands where a mean belongs"
    if name in ("max", "min"):
        yield renamed(node, "mean"), "extra-mean", f"a mean stands where the {name} belongs"
    if name in OTHER_END:
        yield renamed(node, OTHER_END[name]), "sign-flipped", f"{OTHER_END[name]} stands where {name} belongs"


def _spread(node: ast.Call, name: str) -> Iterator[Replacement]:
    """A variance with the other divisor or with none, its root, or the difference of two large numbers."""
    if any(keyword.arg == "ddof" for keyword in node.keywords):
        yield without(node, "ddof"), "biased-variance", "the variance divides by N where N−1 belongs"
    else:
        new = ast.Call(node.func, node.args, [*node.keywords, ast.keyword("ddof", ast.Constant(1))])
        yield new, "unbiased-variance", "the variance divides by N−1 where N belongs"
    other = {"var": "std", "std": "var"}[name]
    spelled = {"var": "variance", "std": "standard deviation"}
    yield renamed(node, other), "wrong-nonlinearity", f"the {spelled[other]} stands where the {spelled[name]} belongs"
    array = _array(node)
    if array is None or name == "std":
        return
    along = [keyword for keyword in node.keywords if keyword.arg in ("axis", "keepdims")]
    axis = next((keyword.value for keyword in along if keyword.arg == "axis"), None)
    mean = ast.Call(ast.Attribute(array, "mean", ast.Load()), [], along)
    squares = ast.Call(ast.Attribute(_squared(array), "mean", ast.Load()), [], along)
    says = "the mean of the squares minus the square of the mean: far from 0, two large numbers nearly cancel"
    yield ast.BinOp(squares, ast.Sub(), _squared(mean)), "unstable", says
    size = ast.Attribute(array, "size", ast.Load())
    if axis is not None:
        size = ast.Subscript(ast.Attribute(array, "shape", ast.Load()), axis, ast.Load())
    says = "the squared deviations are added up, and the sum is never divided by their number"
    yield ast.BinOp(node, ast.Mult(), size), "missing-mean", says


def _squared(node: ast.expr) -> ast.expr:
    return ast.BinOp(node, ast.Pow(), ast.Constant(2))


def _axis(node: ast.Call, name: str) -> Iterator[Replacement]:
    """Another axis, every axis, or an axis that is gone afterwards."""
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    given = _axis_argument(node)
    if given is not None:
        others = [keyword for keyword in node.keywords if keyword.arg != "axis"]
        array = [] if _array(node) is not (node.args[0] if node.args else None) else node.args[:1]
        if isinstance(given, ast.Tuple):
            for axes in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 2), (-2, -1)):
                if code(given) != str(axes) and isinstance(node.func, ast.Attribute):
                    several = ast.parse(str(axes), mode="eval").body
                    new = ast.Call(node.func, array, [*others, ast.keyword("axis", several)])
                    yield new, "wrong-axis", f"the {name} runs over the axes {axes}"
        for axis in (0, 1, -1, 2):
            if code(given) != str(axis):
                new = ast.Call(node.func, array, [*others, ast.keyword("axis", ast.Constant(axis))])
                yield new, "wrong-axis", f"the {name} runs over axis {axis}"
        whole = ast.Call(node.func, array, others)
        if code(given) == "0":  # what runs over the examples mixes them anyway
            yield whole, "lost-axis", f"the {name} runs over all axes, and one number comes out for all of them"
        else:
            says = f"the {name} runs over all axes, so examples that should not meet are mixed"
            yield whole, "batch-mixed", says
    if "keepdims" in keywords:
        says = f"the {name} loses its axis, and broadcasting lines the rest up wrongly"
        yield without(node, "keepdims"), "broadcast-blowup", says


def _axis_argument(node: ast.Call) -> ast.expr | None:
    """The axis of a reduction: by keyword, or the argument after the array."""
    for keyword in node.keywords:
        if keyword.arg == "axis":
            return keyword.value
    place = 1 if node.args and _array(node) is node.args[0] else 0
    if not isinstance(node.func, ast.Attribute) or len(node.args) != place + 1:
        return None
    return node.args[place] if code(node.args[place]) in ("0", "1", "2", "-1") else None


def _array(node: ast.Call) -> ast.expr | None:
    """What a reduction reduces: `x` of `x.sum()` and of `np.sum(x)`."""
    library = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    if isinstance(node.func, ast.Attribute) and not (library and code(node.func.value) in LIBRARIES):
        return node.func.value
    return node.args[0] if node.args else None


def _before_the_division(node: ast.Call, name: str, scope: Scope) -> Iterator[Replacement]:
    """The quotient of two sums, or of two maxima, where the sum or maximum of a quotient belongs."""
    array = _array(node)
    quotient = scope.definitions.get(array.id) if isinstance(array, ast.Name) else array
    if isinstance(quotient, ast.BinOp) and isinstance(quotient.op, ast.Div) and name in ("sum", "mean", "max", "min"):
        above, below = (_of(node, part) for part in (quotient.left, quotient.right))
        says = f"the {name} is taken above and below the line first, and then one is divided by the other"
        yield ast.BinOp(above, ast.Div(), below), "wrong-order", says


def _too_early(node: ast.Call, name: str) -> Iterator[Replacement]:
    """The maximum first, and then the function of which the maximum belongs: `f(x.max())` for `f(x).max()`."""
    inner = _array(node)
    if not isinstance(inner, ast.Call) or len(inner.args) != 1 or inner.keywords or name_of(inner) in REDUCTIONS:
        return
    if isinstance(inner.func, ast.Name) or code(inner.func).startswith("np."):
        rest = node.args[1:] if node.args and node.args[0] is inner else node.args
        first = ast.Call(ast.Attribute(inner.args[0], name, ast.Load()), rest, node.keywords)
        says = f"the {name} comes before {name_of(inner)}; it belongs after it"
        yield ast.Call(inner.func, [first], []), "wrong-order", says


def _of(node: ast.Call, array: ast.expr) -> ast.Call:
    """The same reduction of another array."""
    if node.args and _array(node) is node.args[0]:
        return ast.Call(node.func, [array, *node.args[1:]], node.keywords)
    assert isinstance(node.func, ast.Attribute)
    return ast.Call(ast.Attribute(array, node.func.attr, ast.Load()), node.args, node.keywords)


def _left_out(node: ast.Call, scope: Scope) -> Iterator[Replacement]:
    """The array itself, where it should be added up."""
    array = _array(node)
    if array is None:
        return
    if scope.backward and any(keyword.arg == "keepdims" for keyword in node.keywords):
        yield array, "diagonal-only", "each value only meets itself: what it does to its neighbours is left out"
    elif scope.backward:
        yield array, "not-summed", f"`{code(array)}` is not summed"
    else:
        product = isinstance(array, ast.BinOp) and isinstance(array.op, ast.Mult)
        yield array, "elementwise-for-matmul" if product else "extra-axis", f"`{code(array)}` is never added up"
