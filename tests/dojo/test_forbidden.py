"""Calls that would be the whole answer are found, however they are spelt, and nothing else is."""

import ast

import pytest

from dojo.loading import curriculum
from dojo.running.forbidden import forbidden_calls


def found(source: str, kata: str = "softmax", track: str = "torch") -> list[tuple[int, str]]:
    return list(forbidden_calls(ast.parse(source), curriculum()[kata], track))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import torch\ntorch.softmax(x, -1)", "torch.softmax"),
        ("import torch as t\nt.nn.functional.softmax(x)", "torch.nn.functional.softmax"),
        ("import torch.nn.functional as F\nf = F.log_softmax", "torch.nn.functional.log_softmax"),
        ("from torch import nn\nnn.functional.softmax(x)", "torch.nn.functional.softmax"),
        ("x = 1\nfrom torch.nn.functional import softmax as s", "torch.nn.functional.softmax"),
        ("def f(x):\n    return x.softmax(-1)", "the method .softmax()"),
        ("def f(x):\n    return (x + 1).log_softmax(-1)", "the method .log_softmax()"),
        ("x = 1\nfrom solutions.torch.softmax import softmax", "solutions.torch.softmax, the kata's own answer"),
        ("x = 1\nfrom solutions.numpy import softmax as right", "solutions.numpy.softmax, the kata's own answer"),
        ("x = 1\nimport solutions.mistakes.softmax", "solutions.mistakes.softmax, the kata's own answer"),
        ("import importlib\nimportlib.import_module('solutions.torch.softmax')", "solutions.torch.softmax"),
    ],
)
def test_a_ready_made_answer_is_found_with_its_line(source, name):
    assert (2, name) in found(source)


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch.exp(x) / torch.exp(x).sum()",
        "def softmax(x):\n    return x\n\nsoftmax(1)",
        "from solutions.torch.affine import affine",
        "from katas.torch.affine import affine\naffine.softmax_like = 1",
        "import numpy as np\nnp.log(x)",
        "'torch.softmax(x)'  # torch.softmax",
    ],
)
def test_nothing_else_is_found(source):
    assert found(source) == []


def test_every_use_is_found_once_in_the_order_of_the_file():
    source = "import torch\n\ndef f(x):\n    return torch.softmax(x, 0) + torch.softmax(x, 1)\n\ny = z.softmax(0)\n"
    assert found(source) == [(4, "torch.softmax"), (6, "the method .softmax()")]


def test_the_list_is_that_of_the_track():
    assert found("import torch\ntorch.softmax(x, 0)", track="numpy") == []
    assert found("from scipy.special import softmax", track="numpy") == [(1, "scipy.special.softmax")]
