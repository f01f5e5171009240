"""Stubs made from solutions: what stays for the learner, and what goes.

Signatures, docstrings and imports stay. The body of each public function becomes `raise NotImplementedError("name")`.
Private helpers and constants go, because they give the answer away; a class keeps its fields. A statement whose first
line carries the comment `# given` stays whole. Imports of `solutions.TRACK.NAME` become imports of `katas.TRACK.NAME`.
"""

import ast
import re

GIVEN = re.compile(r"#\s*given\b")
SOLUTION_IMPORT = re.compile(r"^(\s*(?:from|import)\s+)solutions(?=[.\s])", re.MULTILINE)


def make_stub(solution: str) -> str:
    """The stub's source for a solution's source. Raises SyntaxError when the solution does not parse."""
    lines = solution.splitlines()
    text = ""
    for block in filter(None, (_keep(node, lines) for node in ast.parse(solution).body)):
        if block.lstrip().startswith(("def ", "class ", "@")):
            text += "\n\n\n" if text else ""
        elif text:
            text += "\n" if _import(block) and _import(text) else "\n\n"
        text += block
    return text + "\n"


def functions(source: str) -> dict[str, int]:
    """Name and first line of every public function and class at the top level of `source`, in order."""
    return {
        node.name: node.lineno
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }


def unfinished(source: str) -> list[str]:
    """The public functions of `source` whose body is still `raise NotImplementedError` (a class: one of its methods)."""
    names = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and _is_stub(node):
            names.append(node.name)
        if isinstance(node, ast.ClassDef):
            methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
            if any(_is_stub(method) for method in methods):
                names.append(node.name)
    return names


def _keep(node: ast.stmt, lines: list[str]) -> str:
    """What stays of a statement at the top level."""
    whole = _source(node, lines)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return SOLUTION_IMPORT.sub(r"\1katas", whole)
    if _given(node, lines):
        return SOLUTION_IMPORT.sub(r"\1katas", whole)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # the module's docstring
        return whole
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
        return _without_body(node, lines)
    if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        return _class(node, lines)
    return ""


def _without_body(node: ast.FunctionDef, lines: list[str]) -> str:
    """Decorators, signature and docstring, then the NotImplementedError."""
    docstring = [node.body[0]] if ast.get_docstring(node) is not None else []
    indent = " " * (node.col_offset + 4)
    kept = [_head(node, lines), *(_source(statement, lines) for statement in docstring)]
    return "\n".join([*kept, f'{indent}raise NotImplementedError("{node.name}")'])


def _class(node: ast.ClassDef, lines: list[str]) -> str:
    """Decorators, header, docstring and fields; public methods without their bodies, private ones not at all."""
    parts = []
    for item in node.body:
        if not isinstance(item, ast.FunctionDef) or _given(item, lines):
            parts.append(_source(item, lines))
        elif not item.name.startswith("_") or item.name.startswith("__"):
            parts.append(_without_body(item, lines))
    return _head(node, lines) + "\n" + "\n\n".join(parts)


def _head(node: ast.FunctionDef | ast.ClassDef, lines: list[str]) -> str:
    """The source of a function or class up to its body; a comment behind the colon stays, those below it go."""
    first, body = _start(node), node.body[0]
    before = lines[body.lineno - 1].encode()[: body.col_offset].decode()  # the header itself in `def f(x): return x`
    head = [*lines[first - 1 : _start(body) - 1], *([before] if before.strip() and _start(body) == body.lineno else [])]
    while head[-1].lstrip().startswith("#") or not head[-1].strip():
        head.pop()
    return "\n".join(head).rstrip()


def _source(node: ast.stmt, lines: list[str]) -> str:
    return "\n".join(lines[_start(node) - 1 : node.end_lineno])


def _start(node: ast.stmt) -> int:
    """The line where a statement begins, its decorators included."""
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])


def _given(node: ast.stmt, lines: list[str]) -> bool:
    return any(GIVEN.search(lines[line - 1]) for line in (node.lineno, _start(node)))


def _is_stub(node: ast.FunctionDef) -> bool:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise):
        return False
    raised = body[0].exc.func if isinstance(body[0].exc, ast.Call) else body[0].exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _import(block: str) -> bool:
    return block.rsplit("\n", 1)[-1].startswith(("import ", "from "))
