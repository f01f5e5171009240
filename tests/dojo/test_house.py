"""The shape of the house: what stands where, which way the arrows go, and what a command may load."""

import ast
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

from dojo.loading import ROOT

ORDER = [  # a module imports only from its own part and from the parts above its line
    "errors",
    "workloads",
    "curriculum",
    "loading stubs",
    "checking",
    "diagnosis",
    "running",
    "judged storage",
    "progress",
    "grading",
    "session scoring bench",
    "terminal drawing",
    "waiting",
    "comparing tracing debugging training doctor layout readme benching",
    "pictures notebook",
    "watching report agreement",
    "options",
    "commands",
    "cli maintain",
]
LEVEL = {part: level for level, parts in enumerate(ORDER) for part in parts.split()}
DRAWN = {"README.md", "Makefile", "pyproject.toml", "grader.py", "katas", "solutions", "tests", "data", "dojo"}
BESIDES = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "constraints.txt"}
LONGEST = 300  # lines of a file of the dojo
DOJO = sorted(path for path in (ROOT / "dojo").rglob("*.py"))
PASTED = sorted(ROOT.glob("solutions/*/*.py")) + sorted(ROOT.glob("katas/*/*.py"))
LAZY = sorted(path for folder in ("dojo", "data", "katas", "solutions") for path in (ROOT / folder).rglob("*.py"))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    with tokenize.open(path) as file:
        return ast.parse(file.read())


def imports(node: ast.AST) -> set[str]:
    """Dotted names of everything imported anywhere below `node`."""
    found = set()
    for item in ast.walk(node):
        if isinstance(item, ast.Import):
            found |= {alias.name for alias in item.names}
        elif isinstance(item, ast.ImportFrom) and item.module:
            found |= {f"{item.module}.{alias.name}" for alias in item.names}
    return found


def at_import(path: Path) -> set[str]:
    """What is imported when the module is: everything outside functions and `if TYPE_CHECKING:`."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree(path)]
    while waiting:
        node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            if isinstance(child, ast.Import | ast.ImportFrom):
                found |= imports(ast.Module([child], []))
            elif not typing_only and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                waiting.append(child)
    return found


def tops(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


# ---------------------------------------------------------------------- arrows


@pytest.mark.parametrize("path", [path for path in DOJO if short(path) != "dojo/__init__.py"], ids=short)
def test_arrows_run_one_way(path):
    part = path.relative_to(ROOT / "dojo").with_suffix("").parts[0]
    assert part in LEVEL, f"give dojo/{part} a place in ORDER"
    used = {name.split(".")[1] for name in imports(tree(path)) if name.startswith("dojo.")} - {part}
    against = sorted(name for name in used if LEVEL.get(name, len(ORDER)) >= LEVEL[part])
    assert not against, f"{short(path)} imports {', '.join(against)}, which must not stand below it"


def test_the_dojo_imports_neither_katas_nor_tests():
    strangers = {short(path): tops(imports(tree(path))) & {"katas", "solutions", "tests"} for path in DOJO}
    assert not {path: names for path, names in strangers.items() if names}


def test_the_data_sets_need_only_the_errors_of_the_dojo():
    used = {name for path in (ROOT / "data").glob("*.py") for name in imports(tree(path)) if name.startswith("dojo")}
    assert used <= {"dojo.errors.DojoError", "dojo.errors.nearest"}


@pytest.mark.parametrize("path", PASTED, ids=short)
def test_katas_and_solutions_can_be_pasted_anywhere(path):
    assert not tops(imports(tree(path))) & {"dojo", "tests", "pytest", "data"}


@pytest.mark.parametrize("path", LAZY, ids=short)
def test_torch_is_imported_by_the_torch_track_only(path):
    of_the_track = path.parent.name == "torch" or short(path) == "dojo/checking/torch_track.py"
    assert of_the_track or "torch" not in tops(at_import(path))


@pytest.mark.parametrize("path", sorted(ROOT.glob("solutions/[nt]*/*.py")), ids=short)
def test_a_solution_imports_only_solutions_of_its_track_that_are_prerequisites(path):
    from dojo.loading import curriculum

    spec, track = curriculum()[path.stem], path.parent.name
    used = {name for name in imports(tree(path)) if name.startswith("solutions.")}
    assert {name.split(".")[1] for name in used} <= {track}
    assert {name.split(".")[2] for name in used} <= set(spec.prerequisites)


def test_grader_only_hands_over():
    with tokenize.open(ROOT / "grader.py") as file:
        kinds = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
        tokens = [token for token in tokenize.generate_tokens(file.readline) if token.type not in kinds]
    documented = tokens[0].end[0] if tokens[0].type == tokenize.STRING else 0
    lines = {token.start[0] for token in tokens if token.start[0] > documented}
    assert len(lines) < 15
    assert "dojo.cli.main" in imports(tree(ROOT / "grader.py"))


# ---------------------------------------------------------------------- what a command loads


def loaded(errors: str) -> set[str]:
    """Top-level packages that Python reported as imported, in this process or a child of it."""
    return set(re.findall(r"^import time: .*\| +(\w+)$", errors, re.MULTILINE))


def test_the_map_loads_neither_numpy_nor_torch(checkout):
    for _ in range(2):  # judging stubs takes no worker, and the second time nothing has changed
        done = checkout.grader(PYTHONPROFILEIMPORTTIME="1")
        assert done.returncode == 0
        assert "next: " in done.stdout
        assert {"click", "sqlite3", "rich"} <= loaded(done.stderr)
        assert not {"numpy", "torch", "pytest"} & loaded(done.stderr)


def test_the_numpy_track_never_loads_torch(checkout):
    asks = 'print("torch is loaded:", "torch" in __import__("sys").modules)'
    path = checkout.solve(
        "softmax", "numpy", ("    return exps / exps.sum(", f"    {asks}\n    return exps * exps.sum(")
    )
    found = checkout.grader("check", "softmax", "--track", "numpy", PYTHONPROFILEIMPORTTIME="1")
    assert found.returncode == 1, found.stdout
    assert f"{path.relative_to(checkout.root)}:" in found.stdout
    assert "numpy" in loaded(found.stderr)
    assert "torch" not in loaded(found.stderr)
    assert "torch is loaded: False" in found.stdout
    assert "torch is loaded: True" not in found.stdout


# ---------------------------------------------------------------------- what stands where


def ignored() -> set[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return {line.strip("/") for line in lines}


def test_the_top_level_is_as_drawn():
    names = {path.name for path in ROOT.iterdir() if not any(path.match(pattern) for pattern in ignored())}
    visible = {name for name in names if not name.startswith(".")}
    assert not DRAWN - visible, "missing"
    assert not visible - DRAWN - BESIDES, "not drawn in the design"


def test_katas_and_solutions_are_no_packages():
    folders = [ROOT / top / track for top in ("katas", "solutions") for track in ("", "numpy", "torch")]
    assert not [short(folder) for folder in folders if (folder / "__init__.py").exists()]


@pytest.mark.parametrize("path", DOJO, ids=short)
def test_a_file_of_the_dojo_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", DOJO, ids=short)
def test_every_public_function_says_what_it_does(path):
    nodes = [node for node in tree(path).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert not [node.name for node in nodes if not node.name.startswith("_") and not ast.get_docstring(node)]
    assert ast.get_docstring(tree(path))
