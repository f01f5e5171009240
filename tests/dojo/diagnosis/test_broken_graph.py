"""Where autograd loses its way: the line, and a sentence about what stands there."""

import textwrap

import pytest

from dojo.diagnosis.broken_graph import where_the_graph_ends

CUTS = [
    ("z = x.detach()", "detach()"),
    ("z = x.data", ".data"),
    ("z = torch.from_numpy(x.numpy())", "numpy()"),
    ("z = x * x.max().item()", "item()"),
    ("z = torch.tensor(x)", "torch.tensor"),
    ("z = torch.tensor(x.tolist())", "tolist()"),
    ("z = torch.as_tensor(y)", "plain numbers"),
    ("z = x * float(x.max())", "plain number"),
    ("z = x[x.argmax()]", "argmax"),
    ("z = x.round()", "round"),
    ("z = x.clone().requires_grad_()", "requires_grad_"),
    ("with torch.no_grad(): z = x * 2", "no_grad"),
    ("with torch.inference_mode(): z = x * 2", "inference_mode"),
]


def source(line: str) -> str:
    return f"import torch\n\n\ndef f(x, y):\n    w = x * 2\n    {line}\n    return z\n"


@pytest.mark.parametrize(("line", "words"), CUTS)
def test_a_cut_is_found_with_its_line(line, words):
    place = where_the_graph_ends(source(line), "f")
    assert place is not None and place[0] == 6 and words in place[1]
    assert not place[1].endswith(".")


@pytest.mark.parametrize(
    "line",
    ["z = x.exp()", "z = float(2) * x", "z = int('3') * x", "z = math.tensor(x)", "z = x.amax(dim=-1)", "z = data(x)"],
)
def test_what_autograd_can_follow_is_no_cut(line):
    assert where_the_graph_ends(source(line), "f") is None


def test_the_first_cut_counts():
    text = source("z = x.detach()").replace("w = x * 2", "w = x.item()")
    assert where_the_graph_ends(text, "f")[0] == 5


def test_the_function_itself_comes_before_its_helpers():
    text = "def helper(x):\n    return x.detach()\n\n\ndef f(x):\n    return helper(x) + x.data\n"
    assert where_the_graph_ends(text, "f")[0] == 6
    assert where_the_graph_ends(text.replace(" + x.data", ""), "f")[0] == 2


def test_a_line_picks_one_of_several_definitions():
    text = "def f(x):\n    return x.detach()\n\n\ndef f(x):\n    return x.data\n"
    assert where_the_graph_ends(text, "f", 1)[0] == 2
    assert where_the_graph_ends(text, "f", 5)[0] == 6


def test_a_leaf_of_the_learners_own_is_no_cut_where_they_call_autograd_themselves():
    text = textwrap.dedent("""
    def f(x, target):
        x = x.detach().requires_grad_()
        a = x.sigmoid().detach()
        return torch.autograd.grad((a - target).sum(), x)[0]
    """)
    assert where_the_graph_ends(text, "f", own=True)[0] == 4
    assert where_the_graph_ends(text.replace(".sigmoid().detach()", ".sigmoid()"), "f", own=True) is None


@pytest.mark.parametrize("text", ["def f(:", "", "x = 1"])
def test_a_file_without_the_function_says_nothing(text):
    assert where_the_graph_ends(text, "f") is None
