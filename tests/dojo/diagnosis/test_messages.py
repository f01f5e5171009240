"""Whole messages, word for word, for wrong answers as people give them. Read them aloud before changing one.

`DOJO_GOLDEN=write pytest tests/dojo/diagnosis/test_messages.py` writes them anew.
"""

import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"
SHIFT = "    shifted = x - x.max(axis=-1, keepdims=True)  # shifting by the row maximum changes nothing and avoids overflow\n"
CHECK = (
    "    if y.ndim != 2 or y.shape != target.shape:\n"
    '        raise ValueError(f"mse: y {y.shape}, target {target.shape}: (N, M) and (N, M) are needed")\n'
)
TORCH_SHIFT = "shifted = x - x.amax(dim=-1, keepdim=True)  # shifting by"

ANSWERS = {
    "value": ("mse", "numpy", [("error = y - target", "error = y + target")]),
    "shape": ("affine", "numpy", [("db = dout.sum(axis=0)", "db = dout")]),
    "crash": ("affine", "numpy", [("dW = x.T @ dout", "dW = x @ dout")]),
    "weight_gradient": (
        "affine",
        "numpy",
        [("    dx = dout @ W.T", "    dW = x.T @ dout\n    dx = dout @ dW.T")],
    ),
    "unstable": ("softmax", "numpy", [(f"{SHIFT}    exps = np.exp(shifted)", "    exps = np.exp(x)")]),
    "wrong_axis": (
        "softmax",
        "numpy",
        [("return exps / exps.sum(axis=-1, keepdims=True)", "return exps / exps.sum(axis=0, keepdims=True)")],
    ),
    "not_started": (
        "affine",
        "numpy",
        [("    dx = dout @ W.T", "    raise NotImplementedError('affine_backward')\n    dx = dout @ W.T")],
    ),
    "missing_function": ("softmax", "numpy", [("def log_softmax(", "def logsoftmax(")]),
    "wrong_type": ("affine", "numpy", [("return dx, dW, db", "return dx, dW")]),
    "mutates_input": ("activations", "numpy", [("return np.maximum(x, 0)", "x[x < 0] = 0\n    return x")]),
    "dtype_drift": (
        "activations",
        "numpy",
        [("return x * (1 + _erf(x / math.sqrt(2))) / 2", "return x * (1 + _erf(x / np.sqrt(2))) / 2")],
    ),
    "shape_not_checked": ("mse", "numpy", [(CHECK, "")]),
    "graph_broken": ("softmax", "torch", [(TORCH_SHIFT, TORCH_SHIFT.replace("x - ", "x.detach() - "))]),
    "forward_wrong_on_torch": ("softmax", "torch", [(TORCH_SHIFT, TORCH_SHIFT.replace("x - ", "0.9 * x - "))]),
    "own_derivative": (
        "affine",
        "numpy",
        [
            ("return x @ W + b", "return 3 * (x @ W) + b"),
            ("dx = dout @ W.T", "dx = 3 * dout @ W.T"),
            ("dW = x.T @ dout", "dW = 3 * x.T @ dout"),
        ],
    ),
    "echo": ("softmax", "numpy", [("return exps / exps.sum(axis=-1, keepdims=True)", "return exps")]),
    "printed": (
        "mse",
        "numpy",
        [
            (
                "    return (error * error).sum() / (2 * y.shape[0])",
                "    print('N is', len(y))\n    return (error * error).sum()",
            )
        ],
    ),
    "other_base": ("perplexity", "numpy", [("return mean_nll / math.log(2)", "return mean_nll / math.log(10)")]),
    "raised": ("affine", "numpy", [("return x @ W + b", "raise RuntimeError(f'what is {W.shape}?')")]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_wrong_answer_is_told_word_for_word(changed, told, name):
    kata, track, changes = ANSWERS[name]
    if track == "torch":
        pytest.importorskip("torch")
    verdict = changed(kata, track, *changes)
    text, golden = told(verdict), GOLDEN / f"{name}.txt"
    if os.environ.get("DOJO_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_every_message_is_plain(golden):
    text = golden.read_text(encoding="utf-8")
    assert golden.stem in ANSWERS, "no answer gives this message"
    assert not any(word in text for word in ("dojo/", "Traceback", "gufunc", "None", "!"))
    assert all(len(line) < 320 for line in text.splitlines())
    first = text.splitlines()[0]
    assert ".py:" in first and first.split(":")[1].isdigit(), "a finding opens with path:line:"


def test_the_snippet_under_a_finding_runs(changed):
    verdict = changed("mse", "numpy", ("error = y - target", "error = y + target"))
    found = verdict["findings"][0]
    names: dict = {}
    exec(found["inputs"].rsplit("\n", 1)[0], names)
    value = names["mse"](names["y"], names["target"])
    assert f"is {value:.4g};" in found["facts"]
