"""Whatever an answer does, it ends in a finding that names its function: the diagnosis itself never fails."""

import textwrap

import pytest

from dojo.loading import solution_path


def instead(kata: str, code: str) -> str:
    """The reference of a kata with more code behind it, which puts another function in the place of one."""
    source = solution_path(kata, "numpy").read_text(encoding="utf-8")
    return f"{source}\n\nimport warnings\n\n{textwrap.dedent(code)}"


AFFINE = {
    "raises only sometimes": """
        def affine(x, W, b):
            if x.sum() > 3:
                raise KeyError("unlucky")
            return x @ W - b
    """,
    "raises on every call but the first": """
        seen = []
        def affine(x, W, b):
            seen.append(1)
            if len(seen) > 1:
                raise RuntimeError("again")
            return x @ W - b
    """,
    "is a generator": """
        def affine(x, W, b):
            yield x @ W + b
    """,
    "returns a generator": """
        def affine(x, W, b):
            return (row @ W + b for row in x)
    """,
    "returns a tuple": """
        def affine(x, W, b):
            return x @ W, b
    """,
    "returns an empty tuple": """
        def affine(x, W, b):
            return ()
    """,
    "returns nothing": """
        def affine(x, W, b):
            x @ W + b
    """,
    "returns a list of lists": """
        def affine(x, W, b):
            return (x @ W + b).tolist()
    """,
    "returns a dict": """
        def affine(x, W, b):
            return {"y": x @ W + b}
    """,
    "returns a read-only wrong array": """
        def affine(x, W, b):
            y = x @ W - b
            y.flags.writeable = False
            return y
    """,
    "returns a broadcast view": """
        def affine(x, W, b):
            return np.broadcast_to(b, (len(x), len(b)))
    """,
    "returns a wrong array in another memory order": """
        def affine(x, W, b):
            return np.asfortranarray(x @ W - b)[::1]
    """,
    "returns a strided wrong view": """
        def affine(x, W, b):
            return np.repeat(x @ W - b, 2, axis=0)[::2]
    """,
    "returns complex numbers": """
        def affine(x, W, b):
            return x @ W + 1j * b
    """,
    "returns a 0-d array": """
        def affine(x, W, b):
            return np.array(3.0)
    """,
    "returns a python number": """
        def affine(x, W, b):
            return 7
    """,
    "returns a subclass": """
        class Mine(np.ndarray):
            pass
        def affine(x, W, b):
            return (x @ W - b).view(Mine)
    """,
    "returns a matrix": """
        def affine(x, W, b):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return np.matrix(x @ W - b)
    """,
    "returns a masked array": """
        def affine(x, W, b):
            return np.ma.masked_less(x @ W + b, 0)
    """,
    "returns strings": """
        def affine(x, W, b):
            return (x @ W + b).astype(str)
    """,
    "returns objects": """
        def affine(x, W, b):
            return (x @ W + b).astype(object)
    """,
    "returns an empty array": """
        def affine(x, W, b):
            return np.zeros((0, W.shape[1]))
    """,
    "returns nan everywhere": """
        def affine(x, W, b):
            return np.full((len(x), len(b)), np.nan)
    """,
    "returns a huge array": """
        def affine(x, W, b):
            return np.zeros((3000, 1000))
    """,
    "returns another shape each time": """
        seen = []
        def affine(x, W, b):
            seen.append(1)
            return np.zeros((len(seen), len(b)))
    """,
    "returns other values each time": """
        def affine(x, W, b):
            return np.random.default_rng().normal(size=(len(x), len(b)))
    """,
    "returns whole numbers": """
        def affine(x, W, b):
            return (x @ W + b).astype(int)
    """,
    "returns truth values": """
        def affine(x, W, b):
            return x @ W + b > 0
    """,
    "returns its argument": """
        def affine(x, W, b):
            return x
    """,
    "returns huge numbers": """
        def affine(x, W, b):
            return (x @ W + b) * 1e300
    """,
    "turns warnings into errors": """
        def affine(x, W, b):
            warnings.simplefilter("error")
            np.seterr(all="raise")
            return np.exp(1e4 * (x @ W + b))
    """,
    "loops for ever on other numbers": """
        def affine(x, W, b):
            while not np.all(np.mod(x, 1) == 0) and x.size == 4:
                pass
            return x @ W - b
    """,
    "catches everything": """
        def affine(x, W, b):
            try:
                return x @ W.T - b
            except BaseException:
                return None
    """,
    "is a class": """
        class affine:
            def __init__(self, x, W, b):
                self.y = x @ W + b
    """,
    "is no function": """
        affine = 3
    """,
    "is a lambda": """
        affine = lambda x, W, b: x @ W - b
    """,
    "takes its arguments by other names": """
        def affine(*everything, **named):
            return everything[0] @ everything[1] - everything[2]
    """,
    "is written in C": """
        affine = np.add
    """,
    "is a partial": """
        import functools
        affine = functools.partial(lambda sign, x, W, b: x @ W + sign * b, -1)
    """,
    "prints a lot": """
        def affine(x, W, b):
            print("word " * 10_000)
            return x @ W - b
    """,
    "prints what cannot be printed": """
        def affine(x, W, b):
            print("\\ud800", "\\x1b[31m")
            return x @ W - b
    """,
}


@pytest.mark.parametrize("what", AFFINE)
def test_an_answer_of_any_kind_ends_in_a_finding(judge, told, what):
    verdict = judge("affine", "numpy", instead("affine", AFFINE[what]))
    assert verdict["status"] in ("failed", "timeout", "not-started"), verdict
    assert "defect" not in verdict, verdict["defect"]
    assert {found["function"] for found in verdict["findings"]} <= {"affine", "affine_backward", None}
    assert verdict["findings"] and "forbidden-call" not in str(verdict), verdict
    text = told(verdict)
    assert "dojo/" not in text and "Traceback" not in text and len(text) < 8000
    assert "dojo/diagnosis" not in verdict.get("output", ""), verdict["output"]


def test_an_answer_of_the_other_track_is_a_wrong_type(judge):
    pytest.importorskip("torch")
    code = "def affine(x, W, b):\n    import torch\n    return torch.from_numpy(x @ W + b)\n"
    verdict = judge("affine", "numpy", instead("affine", code))
    assert "defect" not in verdict
    assert verdict["findings"][0]["causes"][0]["cause"] == "wrong-type"


@pytest.mark.parametrize("count", ["dx, dW", "dx, dW, db, db", "dx", "[dx, dW]", "None", "{'dx': dx}"])
def test_a_tuple_of_the_wrong_length_says_which_results_are_expected(judge, told, count):
    code = "right = affine_backward\n\ndef affine_backward(dout, x, W, b):\n    dx, dW, db = right(dout, x, W, b)\n"
    verdict = judge("affine", "numpy", instead("affine", f"{code}    return {count}\n"))
    assert "defect" not in verdict
    assert "(dx, dW, db)" in told(verdict) and verdict["findings"][0]["causes"][0]["cause"] == "wrong-type"


def test_the_diagnosis_adds_no_warning_of_its_own(judge):
    code = """
    def softmax(x):
        with np.errstate(all='ignore'):
            return np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    """
    verdict = judge("softmax", "numpy", instead("softmax", code))
    assert verdict["findings"][0]["causes"][0]["cause"] == "unstable"
    assert "output" not in verdict, verdict["output"]


TORCH = {
    "leaves torch": "return torch.from_numpy((x.detach() @ W.detach() + b.detach()).numpy())",
    "returns numpy": "return (x @ W + b).detach().numpy()",
    "returns a list": "return (x @ W + b).tolist()",
    "returns a number": "return 3.0",
    "returns complex numbers": "return torch.complex(x @ W, x @ W)",
    "returns nan": "return (x @ W + b) * float('nan')",
    "writes in place": "x.mul_(2.0)\n    return x @ W + b",
    "runs backward itself": "y = x @ W + b\n    y.sum().backward()\n    return y",
    "is sparse": "return (x @ W + b).to_sparse()",
    "is half": "return (x @ W + b).half()",
    "is inference": "with torch.inference_mode():\n        return x @ W + b",
    "raises": "return x @ W.T @ W.T",
    "is quantised": "return torch.quantize_per_tensor((x @ W + b).float(), 0.1, 0, torch.qint8)",
}


@pytest.mark.parametrize("what", TORCH)
def test_a_torch_answer_of_any_kind_ends_in_a_finding(judge, told, what):
    pytest.importorskip("torch")
    source = f"import torch\n\n\ndef affine(x, W, b):\n    {TORCH[what]}\n"
    verdict = judge("affine", "torch", source)
    assert verdict["status"] == "failed" and verdict["findings"], verdict
    assert "defect" not in verdict, verdict["defect"]
    text = told(verdict)
    assert "dojo/" not in text and "Traceback" not in text
