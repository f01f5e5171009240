"""Stubs made from solutions: what stays for the learner, and what goes.

Signatures, docstrings and imports stay. The body of each public function becomes `raise NotImplementedError("name")`.
Private helpers and constants go, because they give the answer away. A statement whose first line carries the comment
`# given` stays whole. Imports of `solutions.TRACK.NAME` become imports of `katas.TRACK.NAME`.
"""

import ast
import re

GIVEN = re.compile(r"#\s*given\b")
SOLUTION_IMPORT = re.compile(r"^(\s*(?:from|import)\s+)solutions(?=[.\s])", re.MULTILINE)


def make_stub(solution: str) -> str:
    """The stub's source for a solution's source. Raises SyntaxError when the solution does not parse."""
    lines = solution.splitlines()
    kept = [_keep(node, lines) for node in ast.parse(solution).body]
    blocks = [block for block in kept if block]
    text = ""
    for block in blocks:
        far = block.lstrip().startswith(("def ", "class ", "@"))
        text += (
            block if not text else ("\n\n\n" if far else "\n" if _import(block) and _import(text) else "\n\n") + block
        )
    return SOLUTION_IMPORT.sub(r"\1katas", text) + "\n"


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
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
    whole = "\n".join(lines[first : node.end_lineno])
    if GIVEN.search(lines[node.lineno - 1]) or GIVEN.search(lines[first]):
        return whole
    if isinstance(node, ast.Import | ast.ImportFrom):
        return whole
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # the module's docstring
        return whole
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
        return _without_body(node, lines, first)
    if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        return _class(node, lines, first)
    return ""


def _without_body(node: ast.FunctionDef, lines: list[str], first: int) -> str:
    documented = ast.get_docstring(node) is not None
    head_end = node.body[0].end_lineno if documented else node.body[0].lineno - 1
    indent = " " * (node.col_offset + 4)
    return "\n".join([*lines[first:head_end], f'{indent}raise NotImplementedError("{node.name}")'])


def _class(node: ast.ClassDef, lines: list[str], first: int) -> str:
    parts = ["\n".join(lines[first : node.body[0].lineno - 1])]
    for item in node.body:
        start = min([item.lineno, *(d.lineno for d in getattr(item, "decorator_list", []))]) - 1
        if isinstance(item, ast.FunctionDef) and not GIVEN.search(lines[item.lineno - 1]):
            parts.append(_without_body(item, lines, start))
        else:
            parts.append("\n".join(lines[start : item.end_lineno]))
    return "\n\n".join(parts).replace(":\n\n", ":\n", 1)


def _is_stub(node: ast.FunctionDef) -> bool:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise):
        return False
    raised = body[0].exc.func if isinstance(body[0].exc, ast.Call) else body[0].exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _import(block: str) -> bool:
    return block.rsplit("\n", 1)[-1].startswith(("import ", "from "))
