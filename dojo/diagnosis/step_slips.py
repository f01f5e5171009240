"""Slips in a loop over steps: a state that starts afresh, is kept a step too early, or is walked from the other end."""

import ast
from collections.abc import Iterator

from dojo.diagnosis.syntax import bound, code, copied, instead

Body = list[ast.stmt]
Variant = tuple[Body, str, str]  # the changed body, its cause, and the sentence for it
FIRST = "first_{}"  # the name under which a variant keeps what was there before a loop


def in_loops(function: ast.FunctionDef) -> Iterator[Variant]:
    """Every slip in the loops of a function that carry something from one round to the next."""
    before = {argument.arg for argument in function.args.args}
    for loop in ast.walk(function):
        if not isinstance(loop, ast.For):
            continue
        outside = before | {name for node in function.body for name in bound(node, loop)}
        carried = [name for name in _stored(loop.body) if name in outside and _read_first(loop.body, name)]
        places = _places(loop)
        backwards = _backwards(loop)
        cause = "gradient-not-carried" if backwards else "state-not-carried"
        for names in [*([name] for name in carried), *([carried] if len(carried) > 1 else [])]:
            says = f"`{' and '.join(names)}` is the same in every round: what a step leaves does not reach the next one"
            yield instead(function.body, loop, _restarted(loop, names)), cause, says
        for name in carried if backwards else ():
            says = f"what a step leaves in `{name}` does not reach the next one: it is 0 there"
            yield instead(function.body, loop, _emptied(loop, name)), cause, says
        for name, index in () if backwards else places:
            new = _Indexed(name, index, ast.unparse(loop.target)).visit(copied(loop))
            says = f"`{name}` is read at its first place in every round: what a step leaves does not reach the next one"
            yield instead(function.body, loop, [new]), cause, says
        if not backwards and (carried or places):
            turned = ast.Call(ast.Name("reversed", ast.Load()), [_call("list", loop.iter)], [])
            new = ast.For(loop.target, turned, loop.body, loop.orelse)
            yield instead(function.body, loop, [new]), "reversed", "the steps are walked from the last to the first"
        yield from _kept_too_early(function, loop, carried)
        yield from _made_once(function, loop)


def carried_names(function: ast.FunctionDef) -> dict[str, bool]:
    """What loops hand from one round to the next, and whether the loop walks backwards."""
    found = {}
    for loop in ast.walk(function):
        if isinstance(loop, ast.For):
            outside = {name for node in function.body for name in bound(node, loop)}
            found |= {
                name: _backwards(loop)
                for name in _stored(loop.body)
                if name in outside and _read_first(loop.body, name)
            }
    return found


def _backwards(loop: ast.For) -> bool:
    return "reversed(" in code(loop.iter) or ", -1)" in code(loop.iter) or "[::-1]" in code(loop.iter)


def _stored(body: Body) -> list[str]:
    """Names that plain assignments of a loop's body bind, in order."""
    names = [name for node in body for item in ast.walk(node) if isinstance(item, ast.Assign) for name in bound(item)]
    return list(dict.fromkeys(names))


def _read_first(body: Body, name: str) -> bool:
    """Whether a name is read before it is bound, or in the very statement that binds it."""
    for node in body:
        if any(
            isinstance(item, ast.Name) and item.id == name and isinstance(item.ctx, ast.Load) for item in ast.walk(node)
        ):
            return True
        if name in bound(node):
            return False
    return False


def _restarted(loop: ast.For, names: list[str]) -> Body:
    """The loop with `names` read as they were before it, up to where each is bound."""
    kept: Body = [ast.Assign([ast.Name(FIRST.format(name), ast.Store())], ast.Name(name, ast.Load())) for name in names]
    body, waiting = [copied(node) for node in loop.body], set(names)
    for node in body:
        now = set(waiting)
        waiting -= set(bound(node))
        for item in ast.walk(node):
            if isinstance(item, ast.Name) and item.id in now and isinstance(item.ctx, ast.Load):
                item.id = FIRST.format(item.id)
    return [*kept, ast.For(loop.target, loop.iter, body, loop.orelse)]


def _emptied(loop: ast.For, name: str) -> Body:
    """The loop with zeros in `name` at the beginning of every round but the first."""
    later = FIRST.format("round")
    start, *rest = ast.parse(f"{later} = True\nif not {later}:\n    {name} = 0 * {name}\n{later} = False").body
    return [start, ast.For(loop.target, loop.iter, [*rest, *loop.body], loop.orelse)]


def _places(loop: ast.For) -> list[tuple[str, str]]:
    """Arrays that a loop writes at one place and reads at another: `hs[t + 1] = … hs[t] …`, with the place that is read."""
    steps = {item.id for item in ast.walk(loop.target) if isinstance(item, ast.Name)}
    nodes = [item for node in loop.body for item in ast.walk(node) if isinstance(item, ast.Subscript)]
    nodes = [item for item in nodes if isinstance(item.value, ast.Name) and _names(item.slice) & steps]
    stored = {(code(item.value), code(item.slice)) for item in nodes if isinstance(item.ctx, ast.Store)}
    read = {(code(item.value), code(item.slice)) for item in nodes if isinstance(item.ctx, ast.Load)}
    return sorted((name, index) for name, index in read - stored if name in {array for array, _ in stored})


def _names(node: ast.AST) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def _kept_too_early(function: ast.FunctionDef, loop: ast.For, carried: list[str]) -> Iterator[Variant]:
    """What a step makes is written down before the step is taken."""
    for place, (one, other) in enumerate(zip(loop.body, loop.body[1:], strict=False)):
        made = set(bound(one)) & set(carried) & _names(other)
        if made and not set(bound(other)) & set(carried):
            body = [*loop.body[:place], other, one, *loop.body[place + 2 :]]
            new = ast.For(loop.target, loop.iter, body, loop.orelse)
            says = f"`{min(made)}` is used before its step is taken: everything comes one step too late"
            yield instead(function.body, loop, [new]), "off-by-one", says


def _made_once(function: ast.FunctionDef, loop: ast.For) -> Iterator[Variant]:
    """What each round of a loop inside of this one should begin afresh is made once, before both."""
    for inner in ast.walk(loop):
        if inner is loop or not isinstance(inner, ast.For) or len(inner.body) < 2:
            continue
        first = inner.body[0]
        if (
            isinstance(first, ast.Assign)
            and isinstance(first.value, ast.Call)
            and not _names(first.value) & _steps(loop)
        ):
            new = instead([loop], inner, [ast.For(inner.target, inner.iter, inner.body[1:], inner.orelse)])
            says = (
                f"`{code(first.targets[0])}` is made once, before the loops, and still holds what earlier rounds left"
            )
            yield instead(function.body, loop, [first, *new]), "batch-mixed", says


def _steps(loop: ast.For) -> set[str]:
    """What changes from round to round: the loop's own variable, and all that is bound inside."""
    inside = {name for node in loop.body for item in ast.walk(node) for name in bound(item)}
    return (
        _names(loop.target)
        | inside
        | {name for item in ast.walk(loop) if isinstance(item, ast.For) for name in _names(item.target)}
    )


def _call(name: str, argument: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), [argument], [])


class _Indexed(ast.NodeTransformer):
    """Reads an array at the first step wherever it is read at one certain place."""

    def __init__(self, name: str, index: str, step: str):
        self.name, self.index, self.step = name, index, step

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and (code(node.value), code(node.slice)) == (self.name, self.index):
            for item in ast.walk(node.slice):
                for field, value in ast.iter_fields(item):
                    if isinstance(value, ast.Name) and value.id == self.step:
                        setattr(item, field, ast.Constant(0))
            if code(node.slice) == self.step:
                node.slice = ast.Constant(0)
        return node
