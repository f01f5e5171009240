"""Slips in a call: the function left out or taken twice, another one in its place, a condition turned round."""

import ast
from collections.abc import Iterator

from dojo.diagnosis.layout_slips import layout
from dojo.diagnosis.reductions import REDUCTIONS, reduction
from dojo.diagnosis.scope import Replacement, Scope
from dojo.diagnosis.syntax import code, name_of, renamed, transpose

NONLINEAR = {"tanh", "sigmoid", "relu"}
BASES = ("log2", "log10")
SMALL = (1e-8, 1e-12, 1e-10, 1e-7, 1e-9)  # what people add against a logarithm of 0
DROPPED = {  # the argument alone, where the function is left out
    "maximum": ("wrong-nonlinearity", "nothing is cut off: `{0}` goes through as it is"),
    "clip": ("wrong-nonlinearity", "nothing is cut off: `{0}` goes through as it is"),
    "sqrt": ("missing-term", "sqrt is missing around `{0}`"),
    "exp": ("missing-term", "exp is missing around `{0}`"),
    "square": ("missing-term", "square is missing around `{0}`"),
    "expm1": ("missing-term", "expm1 is missing around `{0}`"),
    "abs": ("sign-flipped", "the sign of `{0}` is left in"),
    "reversed": ("reversed", "the steps are walked forwards where they should be walked backwards"),
}


def call(node: ast.Call, scope: Scope) -> Iterator[Replacement]:
    """What goes wrong with a call: the function left out, another one, or its axis."""
    name = name_of(node)
    if name in REDUCTIONS:
        yield from reduction(node, name, scope)
    if name in ("transpose", "swapaxes") and isinstance(node.func, ast.Attribute):
        mixed = f"{code(node)}.reshape(" in scope.text
        why = " before it is reshaped, which then mixes its axes" if mixed else ""
        yield (
            node.func.value,
            "wrong-order" if mixed else "transposed",
            f"`{code(node.func.value)}` is not transposed{why}",
        )
    if not node.args:
        return
    yield from layout(node)
    if isinstance(node.func, ast.Subscript) and len(node.args) == 1:
        says = f"`{code(node.func)}` is left out: `{code(node.args[0])}` goes on as it is"
        yield node.args[0], "wrong-nonlinearity", says
    if name in ("max", "min", "maximum", "minimum") and len(node.args) == 2 and not node.keywords:
        yield from _limit(node, name, scope)
    if isinstance(node.func, ast.Name) and name in scope.siblings:
        yield from _sibling(node, name, scope)
    if name in ("log", "log1p", "exp"):
        yield from _logarithm(node, name)
    if name in NONLINEAR:
        yield from _nonlinear(node, name, scope)
    if name == "sqrt":
        yield from _root(node, scope)
    if name == "maximum" and any(scope.tiny(argument) for argument in node.args):
        floored = next(argument for argument in node.args if not scope.tiny(argument))
        yield floored, "unstable", f"nothing keeps `{code(floored)}` away from 0, where it is divided by"
    elif (
        name in ("maximum", "minimum")
        and len(node.args) == 2
        and not any(isinstance(a, ast.Constant) for a in node.args)
    ):
        both = ast.BinOp(node.args[0], ast.Add(), node.args[1])
        yield both, "wrong-factor", f"the two are added up where their {name} belongs"
    if name in DROPPED and not any(scope.tiny(argument) for argument in node.args):
        cause, says = DROPPED[name]
        if name == "sqrt" and ("len(" in code(node.args[0]) or ".shape" in scope.spelled_out(node.args[0])):
            cause = "wrong-factor"
        yield node.args[0], cause, says.format(code(node.args[0]))
    if name == "where" and len(node.args) == 3:
        yield from _where(node, scope)
    if name == "outer" and len(node.args) == 2:
        yield ast.Call(node.func, node.args[::-1], []), "transposed", "the two factors of the outer product are swapped"


def _root(node: ast.Call, scope: Scope) -> Iterator[Replacement]:
    """The small number outside of the root."""
    inner = node.args[0]
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add) and scope.tiny(inner.right):
        new = ast.BinOp(ast.Call(node.func, [inner.left], []), ast.Add(), inner.right)
        yield new, "eps-misplaced", f"`{code(inner.right)}` is added outside of the root where it belongs inside"


def _logarithm(node: ast.Call, name: str) -> Iterator[Replacement]:
    """Another base, or a small number inside."""
    if name == "exp":
        for base in (2.0, 10.0):
            power = ast.BinOp(ast.Constant(base), ast.Pow(), node.args[0])
            yield power, "wrong-base", f"this is a power of {base:g}; a power of e belongs here"
        return
    if name == "log1p":
        yield renamed(node, "log"), "missing-term", "the 1 inside the logarithm is missing"
        return
    if isinstance(node.func, ast.Attribute) and not isinstance(node.args[0], ast.Constant):
        for base in BASES:
            yield renamed(node, base), "wrong-base", f"{base} stands where the natural logarithm belongs"
    yield from _eps_inside(node)


def _nonlinear(node: ast.Call, name: str, scope: Scope) -> Iterator[Replacement]:
    """No nonlinearity, or another one. Without it, a formula gets the input where it wants the output."""
    inner = node.args[0]
    given = isinstance(inner, ast.Name) and inner.id in scope.arguments
    cause = "wrong-argument" if scope.backward or given else "wrong-nonlinearity"
    yield inner, cause, f"the formula wants {name} of `{code(inner)}` and got `{code(inner)}` itself"
    for other in sorted(NONLINEAR - {name}):
        known = isinstance(node.func, ast.Name) and other in scope.siblings
        new = ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords) if known else _written_out(other, inner)
        yield new, "wrong-nonlinearity", f"{other} stands where {name} belongs"


def _written_out(name: str, inner: ast.expr) -> ast.expr:
    """A nonlinearity as a formula of numpy."""
    formulas = {"tanh": "np.tanh({0})", "sigmoid": "1 / (1 + np.exp(-({0})))", "relu": "np.maximum({0}, 0)"}
    return ast.parse(formulas[name].format(code(inner)), mode="eval").body


def _limit(node: ast.Call, name: str, scope: Scope) -> Iterator[Replacement]:
    """A limit that is left out, or of two things of which the larger counts, one."""
    one, other = node.args
    for kept, lost in ((one, other), (other, one)):
        limit = isinstance(lost, ast.Constant) or (isinstance(lost, ast.Name) and lost.id in scope.scalars)
        if isinstance(kept, ast.Constant) or scope.tiny(lost) or (limit and name.startswith("maximum")):
            continue
        text = f"{name} with `{code(lost)}` is left out: `{code(kept)}` goes through as it is"
        yield kept, "wrong-nonlinearity" if limit else "missing-term", text


def _lowest(text: str) -> bool:
    """Whether this is what hides a score from exp: -inf, -1e9, the lowest number of a dtype."""
    return text.endswith(".min") or (text.startswith("-") and ("inf" in text or "e" in text or len(text) > 4))


def _where(node: ast.Call, scope: Scope) -> Iterator[Replacement]:
    """A choice element by element that is not made, or made the wrong way round; a name as its condition is a mask."""
    condition, one, other = node.args
    text = code(condition)
    mask = "mask" in text or isinstance(condition, ast.Name)
    if (
        isinstance(condition, ast.Compare)
        and code(condition.comparators[0]) == "0"
        and code(condition.left) == code(other)
    ):
        for eps in SMALL:
            new = ast.Call(
                ast.Attribute(ast.Name("np", ast.Load()), "maximum", ast.Load()), [other, ast.Constant(eps)], []
            )
            yield new, "eps-misplaced", f"a floor of {eps:g} under `{code(other)}` moves small values too, not only 0"
            says = f"{eps:g} is added to `{code(other)}`, which moves every value, not only 0"
            yield ast.BinOp(other, ast.Add(), ast.Constant(eps)), "eps-misplaced", says
    hides = mask and _lowest(scope.spelled_out(other))
    if hides:
        says = f"what `{text}` hides becomes 0, and exp(0) is 1: it still takes a share"
        yield ast.Call(node.func, [condition, one, ast.Constant(0.0)], []), "padding-leaks", says
    swapped = ast.Call(node.func, [condition, other, one], [])
    yield swapped, "mask-inverted" if mask else "sign-flipped", f"the two sides of `{text}` are swapped"
    if hides and f"* {text}" in scope.text:
        yield one, "mask-after-softmax", f"`{text}` comes after the softmax: what is left does not add up to 1"
        return
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
    for place, argument in enumerate(node.args):
        for other in node.args[:place] + node.args[place + 1 :]:
            twice = [*node.args[:place], other, *node.args[place + 1 :]]
            if len({code(item) for item in twice}) < len(twice):
                new = ast.Call(node.func, twice, node.keywords)
                yield new, "wrong-operand", f"{name} is given `{code(other)}` where `{code(argument)}` belongs"
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
