"""Slips in an operator or a call: a term lost, a factor dropped, an axis mixed up, a transpose too many."""

import ast
from collections.abc import Iterator

from dojo.diagnosis.scope import Replacement, Scope
from dojo.diagnosis.syntax import code, renamed, transpose, without

REDUCTIONS = {"sum", "mean", "max", "min", "amax", "prod", "var", "std", "any", "all", "argmax", "argmin"}
NONLINEAR = {"tanh", "sigmoid", "relu"}
BASES = ("log2", "log10")
SMALL = (1e-8, 1e-12, 1e-10, 1e-7, 1e-9)  # what people add against a logarithm of 0


def operator(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """What goes wrong with + − * / ** @."""
    left, right = node.left, node.right
    yield from _columns(node, scope)
    if isinstance(node.op, ast.Add):
        for kept, lost in ((left, right), (right, left)):
            yield kept, "missing-term", f"the term `{code(lost)}` is missing"
        yield (
            ast.BinOp(left, ast.Sub(), right),
            "sign-flipped",
            f"`{code(right)}` is subtracted where it should be added",
        )
    elif isinstance(node.op, ast.Sub):
        yield (
            ast.BinOp(right, ast.Sub(), left),
            "sign-flipped",
            f"the difference is the wrong way round: `{code(right)}` comes second",
        )
        yield (
            ast.BinOp(left, ast.Add(), right),
            "sign-flipped",
            f"`{code(right)}` is added where it should be subtracted",
        )
        yield left, "missing-term", f"the term `−{code(right)}` is missing"
        for rest in (right, ast.UnaryOp(ast.USub(), right)):
            yield rest, "missing-term", f"the term `{code(left)}` is missing"
    elif isinstance(node.op, ast.Mult):
        for kept, lost in ((left, right), (right, left)):
            yield kept, *_lost_factor(lost, scope)
    elif isinstance(node.op, ast.Div):
        yield left, *_lost_divisor(right)
        yield from _other_divisors(node)
        if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mult):
            for kept, lost in ((right.left, right.right), (right.right, right.left)):
                yield ast.BinOp(left, ast.Div(), kept), *_lost_divisor(lost)
        yield ast.BinOp(left, ast.Mult(), right), "wrong-factor", f"`{code(right)}` multiplies where it should divide"
    elif isinstance(node.op, ast.Pow):
        yield left, "missing-term", f"the power on `{code(left)}` is missing"
    elif isinstance(node.op, ast.MatMult):
        yield ast.BinOp(right, ast.MatMult(), left), "wrong-order", "the two factors of a matrix product are swapped"
        for one, other in ((transpose(left), right), (left, transpose(right)), (transpose(left), transpose(right))):
            yield (
                ast.BinOp(one, ast.MatMult(), other),
                "transposed",
                f"this is `{code(one)} @ {code(other)}`: a transpose is one too many or missing",
            )
        swapped = ast.BinOp(transpose(right), ast.MatMult(), transpose(left))
        yield swapped, "transposed", f"this is `{code(swapped)}`, the transpose of what belongs here"
        yield (
            ast.BinOp(left, ast.Mult(), right),
            "elementwise-for-matmul",
            f"`{code(left)}` and `{code(right)}` are multiplied element by element where a matrix product belongs",
        )


def _columns(node: ast.BinOp, scope: Scope) -> Iterator[Replacement]:
    """A vector that meets the rows of a matrix where it should meet the columns."""
    if isinstance(node.op, ast.MatMult):
        return
    for side, other in (("left", node.right), ("right", node.left)):
        vector = getattr(node, side)
        if isinstance(vector, ast.Name) and vector.id in scope.vectors:
            index = ast.Tuple([ast.Slice(), ast.Constant(None)], ast.Load())
            column = ast.Subscript(vector, index, ast.Load())
            new = ast.BinOp(*((column, node.op, other) if side == "left" else (other, node.op, column)))
            says = f"`{vector.id}` goes down the rows, one number for each row; it belongs along the last axis"
            yield new, "wrong-axis", says


def _lost_factor(lost: ast.expr, scope: Scope) -> tuple[str, str]:
    whole = isinstance(lost, ast.Name) and lost.id in scope.upstream
    if whole or (scope.mentions(lost, scope.upstream) and not scope.mentioned_elsewhere(lost)):
        return "upstream-ignored", f"the upstream gradient `{code(lost)}` does not come in"
    if isinstance(lost, ast.Constant):
        return "wrong-factor", f"the factor {code(lost)} is missing"
    if isinstance(lost, ast.Name) and lost.id in scope.scalars:
        return "missing-scale", f"{lost.id} does not come in"
    if "sqrt" in code(lost):
        return "missing-scale", f"the scale `{code(lost)}` is missing"
    if "mask" in code(lost):
        return "mask-ignored", "the mask does not come in"
    return "missing-term", f"the factor `{code(lost)}` is missing"


def _lost_divisor(lost: ast.expr) -> tuple[str, str]:
    text = code(lost)
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
    if not _is_size(node.right) or isinstance(node.right, ast.BinOp):
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
    text = code(node)
    return ".shape[" in text or text.startswith("len(") or ".size" in text or text in ("N", "B", "T", "n", "batch")


def call(node: ast.Call, scope: Scope) -> Iterator[Replacement]:
    """What goes wrong with a call: the function left out, another one, or its axis."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in REDUCTIONS:
        yield from _reduction(node, name, scope)
    if isinstance(node.func, ast.Name) and name in scope.siblings:
        yield from _sibling(node, name, scope)
    if name == "log" and isinstance(node.func, ast.Attribute):
        for base in BASES if node.args and not isinstance(node.args[0], ast.Constant) else ():
            yield renamed(node, base), "wrong-base", f"{base} stands where the natural logarithm belongs"
    if name == "log" and node.args:
        yield from _eps_inside(node)
    if name == "log1p" and node.args:
        yield renamed(node, "log"), "missing-term", "the 1 inside the logarithm is missing"
    if name in NONLINEAR and node.args:
        given = isinstance(node.args[0], ast.Name) and node.args[0].id in scope.arguments
        cause = "wrong-argument" if scope.backward or given else "wrong-nonlinearity"
        yield (
            node.args[0],
            cause,
            f"the formula wants {name} of `{code(node.args[0])}` and got `{code(node.args[0])}` itself",
        )
        for other in NONLINEAR - {name}:
            if isinstance(node.func, ast.Attribute) and other != "tanh":
                continue
            new = ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)
            yield new, "wrong-nonlinearity", f"{other} stands where {name} belongs"
    if name in ("maximum", "clip") and node.args:
        yield node.args[0], "wrong-nonlinearity", f"nothing is cut off: `{code(node.args[0])}` goes through as it is"
    if name == "exp" and node.args:
        for base in (2.0, 10.0):
            power = ast.BinOp(ast.Constant(base), ast.Pow(), node.args[0])
            yield power, "wrong-base", f"this is a power of {base:g}; a power of e belongs here"
    if name in ("sqrt", "exp", "square", "expm1") and node.args:
        yield node.args[0], "missing-term", f"{name} is missing around `{code(node.args[0])}`"
    if name == "abs" and node.args:
        yield node.args[0], "sign-flipped", f"the sign of `{code(node.args[0])}` is left in"
    if name == "where" and len(node.args) == 3:
        yield from _where(node)
    if name == "reversed" and node.args:
        yield node.args[0], "reversed", "the steps are walked forwards where they should be walked backwards"
    if name == "outer" and len(node.args) == 2:
        yield ast.Call(node.func, node.args[::-1], []), "transposed", "the two factors of the outer product are swapped"
    if name in ("transpose", "swapaxes") and isinstance(node.func, ast.Attribute):
        yield node.func.value, "transposed", f"`{code(node.func.value)}` is not transposed"


def _where(node: ast.Call) -> Iterator[Replacement]:
    """A choice element by element that is not made, or made the wrong way round; a name as its condition is a mask."""
    condition, one, other = node.args
    text = code(condition)
    mask = "mask" in text or isinstance(condition, ast.Name)
    swapped = ast.Call(node.func, [condition, other, one], [])
    yield swapped, "mask-inverted" if mask else "sign-flipped", f"the two sides of `{text}` are swapped"
    for kept, case in ((one, "does not hold"), (other, "holds")):
        yield kept, "mask-ignored" if mask else "missing-term", f"the case where `{text}` {case} is missing"


def _eps_inside(node: ast.Call) -> Iterator[Replacement]:
    """A small number added to what a logarithm is taken of, with or without the care for 0 that stands there now."""
    argument = node.args[0]
    if isinstance(argument, ast.Call) and code(argument.func).endswith("where") and len(argument.args) == 3:
        argument = argument.args[1]
    for eps in SMALL:
        new = ast.Call(node.func, [ast.BinOp(argument, ast.Add(), ast.Constant(eps))], node.keywords)
        yield (
            new,
            "eps-misplaced",
            f"{eps:g} inside the logarithm moves every value, and caps those that should be large",
        )


def _sibling(node: ast.Call, name: str, scope: Scope) -> Iterator[Replacement]:
    """Another function of the same kind, or its argument, in place of a call."""
    for argument in node.args:
        yield (
            argument,
            _without_call(name, scope),
            f"the formula wants {name} of `{code(argument)}` and got `{code(argument)}` itself",
        )
    for other, count in scope.siblings.items():
        if other != name and count == scope.siblings[name] and not (name in NONLINEAR and other in NONLINEAR):
            new = ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)
            yield new, "wrong-argument", f"the formula wants {name} and got {other}"
    if len(node.args) == 1:
        turned = ast.Call(node.func, [transpose(node.args[0])], node.keywords)
        yield transpose(turned), "wrong-axis", f"{name} runs down the columns where it should run along the rows"
        yield ast.Call(node.func, [node], []), "wrong-argument", f"{name} is taken twice"


def _without_call(name: str, scope: Scope) -> str:
    if name.endswith("_backward"):
        return "missing-term"
    return "not-normalised" if name in scope.normalisers and not scope.backward else "wrong-argument"


def _reduction(node: ast.Call, name: str, scope: Scope) -> Iterator[Replacement]:
    swap = {
        "sum": ("mean", "extra-mean", "a mean stands where a sum belongs"),
        "mean": ("sum", "missing-mean", "a sum stands where a mean belongs"),
    }
    if name in swap:
        other, cause, says = swap[name]
        yield renamed(node, other), cause, says
    if name in ("argmax", "argmin"):
        yield (
            renamed(node, "argmin" if name == "argmax" else "argmax"),
            "sign-flipped",
            f"the other end is looked for: {name} belongs here",
        )
    if name == "sum" and not scope.backward:
        yield ast.BinOp(node, ast.Pow(), ast.Constant(0.5)), "wrong-nonlinearity", "a root is taken of the sum"
    if name in ("max", "min"):
        yield renamed(node, "mean"), "extra-mean", f"a mean stands where the {name} belongs"
        yield (
            renamed(node, "min" if name == "max" else "max"),
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
            yield without(node, "ddof"), "biased-variance", "the variance divides by N where N−1 belongs"
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
            if code(now) != str(axis):
                others = [k for k in node.keywords if k.arg != "axis"]
                new = ast.Call(node.func, node.args, [*others, ast.keyword("axis", ast.Constant(axis))])
                yield new, "wrong-axis", f"the {name} runs over axis {axis}"
        yield (
            without(node, "axis"),
            "batch-mixed",
            f"the {name} runs over all axes, so examples that should not meet are mixed",
        )
    if "keepdims" in keywords:
        yield (
            without(node, "keepdims"),
            "broadcast-blowup",
            f"the {name} loses its axis, and broadcasting lines the rest up wrongly",
        )
    if array is not None and name in ("sum", "mean"):
        if scope.backward and "keepdims" in keywords:
            yield array, "diagonal-only", "each value only meets itself: what it does to its neighbours is left out"
        elif scope.backward:
            yield array, "not-summed", f"`{code(array)}` is not summed"
        else:
            cause = (
                "elementwise-for-matmul"
                if isinstance(array, ast.BinOp) and isinstance(array.op, ast.Mult)
                else "extra-axis"
            )
            yield array, cause, f"`{code(array)}` is never added up"
