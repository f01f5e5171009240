"""Stubs: what stays for the learner, what goes, and that every solution makes one that works."""

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from dojo.loading import ROOT
from dojo.stubs import functions, make_stub, unfinished

SOLUTIONS = sorted(ROOT.glob("solutions/numpy/*.py")) + sorted(ROOT.glob("solutions/torch/*.py"))


def stub(source: str) -> str:
    return make_stub(dedent(source).lstrip("\n"))


def name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def public(source: str) -> dict[str, ast.FunctionDef]:
    nodes = ast.parse(source).body
    return {node.name: node for node in nodes if isinstance(node, ast.FunctionDef) and node.name[0] != "_"}


# ---------------------------------------------------------------------- what stays


def test_a_body_becomes_not_implemented_with_the_name():
    assert stub('''
        def double(x):
            """Twice x."""
            y = x + x
            return y
    ''') == dedent('''
        def double(x):
            """Twice x."""
            raise NotImplementedError("double")
    ''').lstrip("\n")  # fmt: skip


def test_the_docstring_of_the_module_stays():
    made = stub('"""About.\n\nMore."""\nx = 1\ndef f(x):\n    return x\n')
    assert made == '"""About.\n\nMore."""\n\n\ndef f(x):\n    raise NotImplementedError("f")\n'


def test_imports_stay_together_and_name_katas():
    made = stub("""
        import math

        import numpy as np

        from solutions.numpy.softmax import softmax
        from solutions.numpy import affine as layer
        import solutions.numpy.relu as r
    """)
    assert made == (
        "import math\nimport numpy as np\nfrom katas.numpy.softmax import softmax\n"
        "from katas.numpy import affine as layer\nimport katas.numpy.relu as r\n"
    )


def test_an_import_over_several_lines_stays_whole():
    made = stub("from solutions.numpy.softmax import (\n    log_softmax,  # why\n    softmax,\n)\n")
    assert made == "from katas.numpy.softmax import (\n    log_softmax,  # why\n    softmax,\n)\n"


def test_the_word_solutions_in_a_docstring_is_left_alone():
    source = '"""Roots.\n\nfrom solutions of the equation\n"""\n\n\ndef f(x):\n    """One.\n\n    import solutions by hand\n    """\n    return x\n'
    assert "from solutions of the equation" in make_stub(source)
    assert "import solutions by hand" in make_stub(source)


def test_a_signature_over_several_lines_keeps_its_comments():
    made = stub('''
        def affine(
            x: Float[np.ndarray, "N D"],
            W: Float[np.ndarray, "D M"],  # used as x @ W
            b=None,
        ) -> Float[np.ndarray, "N M"]:  # one row per example
            """Multiply."""
            return x @ W
    ''')
    assert '    W: Float[np.ndarray, "D M"],  # used as x @ W\n    b=None,\n' in made
    assert ') -> Float[np.ndarray, "N M"]:  # one row per example\n    """Multiply."""\n    raise' in made


def test_decorators_stay():
    made = stub('''
        @functools.lru_cache(
            maxsize=None,
        )
        @other
        def f(x):
            """One."""
            return x
    ''')
    assert made.startswith("@functools.lru_cache(\n    maxsize=None,\n)\n@other\ndef f(x):\n")
    assert unfinished(made) == ["f"]


def test_a_function_without_docstring_becomes_a_stub():
    assert stub("def f(x):\n    # the trick\n    return -x\n") == 'def f(x):\n    raise NotImplementedError("f")\n'


def test_a_function_on_one_line_becomes_a_stub():
    assert stub("def f(x: dict = {}) -> int: return -x\n") == (
        'def f(x: dict = {}) -> int:\n    raise NotImplementedError("f")\n'
    )


def test_code_marked_as_given_stays_whole():
    made = stub("""
        from solutions.numpy.softmax import softmax

        SCALE = 3.0  # given
        TABLE = {  # given
            1: "one",
        }

        def _helper(x):  # given
            return x + 1

        @cache  # given
        def _kept(x):
            return x
    """)
    assert "SCALE = 3.0  # given\n" in made
    assert 'TABLE = {  # given\n    1: "one",\n}' in made
    assert "def _helper(x):  # given\n    return x + 1\n" in made
    assert "@cache  # given\ndef _kept(x):\n    return x\n" in made


# ---------------------------------------------------------------------- what goes


def test_constants_and_private_helpers_go():
    made = stub("""
        EPS = 1e-12
        GIVENS = 2  # givens rotations

        def _helper(x):
            return x

        class _Cache:
            pass

        def f(x):
            return _helper(x) + EPS

        if True:
            BEST = 3
    """)
    assert made == 'def f(x):\n    raise NotImplementedError("f")\n'


def test_comments_on_the_answer_go():
    made = stub('''
        # the trick is to shift
        def f(x):
            # shift by the maximum
            """One."""
            # then divide
            return x  # so
    ''')
    assert "#" not in made


# ---------------------------------------------------------------------- classes


def test_a_class_keeps_header_docstring_and_fields():
    made = stub('''
        @dataclass
        class Adam(Base):  # keeps its moments
            """Steps:

            one after another.
            """

            lr: float = 0.1

            @property
            def rate(self):
                """The rate."""
                return self.lr

            def _moments(self):
                return 0

            def step(self, grads): return grads
    ''')
    assert made == dedent('''
        @dataclass
        class Adam(Base):  # keeps its moments
            """Steps:

            one after another.
            """

            lr: float = 0.1

            @property
            def rate(self):
                """The rate."""
                raise NotImplementedError("rate")

            def step(self, grads):
                raise NotImplementedError("step")
    ''').lstrip("\n")  # fmt: skip
    assert unfinished(made) == ["Adam"]


def test_a_class_that_begins_with_a_decorated_method_is_not_torn():
    made = stub("""
        class Box:
            @staticmethod
            def make():
                return Box()

            def __init__(self):  # given
                self.x = 1
    """)
    assert made == (
        'class Box:\n    @staticmethod\n    def make():\n        raise NotImplementedError("make")\n\n'
        "    def __init__(self):  # given\n        self.x = 1\n"
    )


# ---------------------------------------------------------------------- functions, unfinished


def test_functions_are_the_public_ones_in_order_with_their_lines():
    source = "import x\n\n@deco\ndef b(): pass\n\ndef _c(): pass\n\nclass A:\n    def m(self): pass\n"
    assert functions(source) == {"b": 4, "A": 8}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('raise NotImplementedError("f")', ["f"]),
        ("raise NotImplementedError", ["f"]),
        ('"""Doc."""\n    raise NotImplementedError("f")', ["f"]),
        ("pass", []),
        ("return 1", []),
        ('x = 1\n    raise NotImplementedError("f")', []),
        ('raise ValueError("f")', []),
        ('if x:\n        raise NotImplementedError("f")', []),
        ("raise", []),
    ],
)
def test_unfinished_is_a_body_that_only_raises_not_implemented(body, expected):
    assert unfinished(f"def f(x):\n    {body}\n") == expected


def test_private_functions_are_never_unfinished():
    assert unfinished("def _f(x):\n    raise NotImplementedError\n") == []


def test_a_solution_that_is_not_python_says_so():
    with pytest.raises(SyntaxError):
        make_stub("def f(x:")


# ---------------------------------------------------------------------- every solution


@pytest.mark.parametrize("path", SOLUTIONS, ids=name)
def test_the_stub_of_a_solution_keeps_what_a_learner_needs(path):
    source = path.read_text(encoding="utf-8")
    made = make_stub(source)
    compile(made, str(path), "exec")
    before, after = public(source), public(made)
    assert list(before) == list(after) == unfinished(made)
    for function, node in before.items():
        assert ast.dump(node.args) == ast.dump(after[function].args)
        assert ast.dump(node.returns) == ast.dump(after[function].returns)
        assert ast.get_docstring(node) == ast.get_docstring(after[function])
    assert ast.get_docstring(ast.parse(made)) == ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("path", SOLUTIONS, ids=name)
def test_the_stub_of_a_solution_holds_no_answer(path):
    source = path.read_text(encoding="utf-8")
    made = make_stub(source)
    for function, node in public(made).items():
        body = [item for item in node.body if not isinstance(item, ast.Expr)]
        assert [ast.unparse(item) for item in body] == [f"raise NotImplementedError({function!r})"]
    allowed = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.Expr
    strangers = [node for node in ast.parse(made).body if not isinstance(node, allowed)]
    private = [node for node in ast.parse(made).body if isinstance(node, ast.FunctionDef) and node.name[0] == "_"]
    lines = made.splitlines()
    assert all("# given" in lines[node.lineno - 1] for node in [*strangers, *private])
    imported = [node for node in ast.walk(ast.parse(made)) if isinstance(node, ast.ImportFrom)]
    assert not [node.module for node in imported if (node.module or "").startswith("solutions")]
