"""Where a wrong answer is wrong: through real small functions of the three kinds that have a "where", forward and backward.

A kata made for this has a recurrent network, a convolution, an attention and a pooling over sequences of different length.
"""

import json

import numpy as np
import pytest

from dojo.checking.places import where

MAP = """
format = 1

[[chapter]]
number = 1
title = "Places"

[[kata]]
name = "tiny"
chapter = 1
prerequisites = []
title = "places"
tracks = ["numpy"]
hints = ["one?", "two?", "three?"]
references = ["none"]
time_limit = 10.0
[kata.tolerance]
float64 = 1e-9
float32 = 1e-5
[kata.forbidden]
numpy = []
torch = []
"""
SOLUTION = '''"""tiny: functions with a time axis, with an image, with a mask."""

import numpy as np
from jaxtyping import Bool, Float, Int


def rnn(
    xs: Float[np.ndarray, "N T D"], h0: Float[np.ndarray, "N H"], Wx: Float[np.ndarray, "D H"],
    Wh: Float[np.ndarray, "H H"],
) -> Float[np.ndarray, "N T H"]:
    hs, h = [], h0
    for t in range(xs.shape[1]):
        h = np.tanh(xs[:, t] @ Wx + h @ Wh)
        hs.append(h)
    return np.stack(hs, axis=1)


def rnn_backward(
    dout: Float[np.ndarray, "N T H"], xs: Float[np.ndarray, "N T D"], h0: Float[np.ndarray, "N H"],
    Wx: Float[np.ndarray, "D H"], Wh: Float[np.ndarray, "H H"],
) -> tuple[
    Float[np.ndarray, "N T D"], Float[np.ndarray, "N H"], Float[np.ndarray, "D H"], Float[np.ndarray, "H H"]
]:
    hs = rnn(xs, h0, Wx, Wh)
    dxs, dWx, dWh, dh = np.zeros_like(xs), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(h0)
    for t in reversed(range(xs.shape[1])):
        dz = (dout[:, t] + dh) * (1 - hs[:, t] ** 2)
        dxs[:, t] = dz @ Wx.T
        dWx += xs[:, t].T @ dz
        dWh += (hs[:, t - 1] if t > 0 else h0).T @ dz
        dh = dz @ Wh.T
    return dxs, dh, dWx, dWh


def blur(x: Float[np.ndarray, "N C H W"], w: Float[np.ndarray, "K K"]) -> Float[np.ndarray, "N C H W"]:
    p, H, W = w.shape[0] // 2, x.shape[2], x.shape[3]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros_like(x)
    for i in range(w.shape[0]):
        for j in range(w.shape[0]):
            out += padded[:, :, i : i + H, j : j + W] * w[i, j]
    return out


def blur_backward(
    dout: Float[np.ndarray, "N C H W"], x: Float[np.ndarray, "N C H W"], w: Float[np.ndarray, "K K"]
) -> tuple[Float[np.ndarray, "N C H W"], Float[np.ndarray, "K K"]]:
    p, H, W = w.shape[0] // 2, x.shape[2], x.shape[3]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(w.shape[0]):
        for j in range(w.shape[0]):
            dw[i, j] = (padded[:, :, i : i + H, j : j + W] * dout).sum()
            dpadded[:, :, i : i + H, j : j + W] += dout * w[i, j]
    dx = dpadded[:, :, p : p + H, p : p + W]
    return dx, dw


def weights(
    q: Float[np.ndarray, "... T E"], k: Float[np.ndarray, "... S E"], mask: Bool[np.ndarray, "... T S"] | None = None
) -> Float[np.ndarray, "... T S"]:
    scores = q @ np.swapaxes(k, -1, -2)
    if mask is None:
        mask = np.ones(scores.shape[-2:], dtype=bool)
    exps = np.where(mask, np.exp(scores - scores.max(axis=-1, keepdims=True)), 0)
    total = exps.sum(axis=-1, keepdims=True)
    return exps / np.where(total == 0, 1, total)


def attention(
    q: Float[np.ndarray, "N T E"], k: Float[np.ndarray, "N S E"], v: Float[np.ndarray, "N S F"],
    mask: Bool[np.ndarray, "T S"],
) -> Float[np.ndarray, "N T F"]:
    return weights(q, k, mask) @ v


def attention_backward(
    dout: Float[np.ndarray, "N T F"], q: Float[np.ndarray, "N T E"], k: Float[np.ndarray, "N S E"],
    v: Float[np.ndarray, "N S F"], mask: Bool[np.ndarray, "T S"],
) -> tuple[Float[np.ndarray, "N T E"], Float[np.ndarray, "N S E"], Float[np.ndarray, "N S F"]]:
    a = weights(q, k, mask)
    dv = np.swapaxes(a, 1, 2) @ dout
    da = dout @ np.swapaxes(v, 1, 2)
    dscores = a * (da - (da * a).sum(axis=-1, keepdims=True))
    dq = dscores @ k
    dk = np.swapaxes(dscores, 1, 2) @ q
    return dq, dk, dv


def keep(hs: Float[np.ndarray, "N T H"], lengths: Int[np.ndarray, " N"]) -> Float[np.ndarray, "N T H"]:
    real = np.arange(hs.shape[1]) < lengths[:, None]
    return hs * real[:, :, None]
'''
TESTS = """import numpy as np

rng = np.random.default_rng(0)
XS, H0, WX, WH = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4)), rng.normal(size=(3, 4)), rng.normal(size=(4, 4))
X, W, IMAGE = rng.normal(size=(2, 3, 7, 6)), rng.normal(size=(3, 3)), rng.normal(size=(2, 3, 7, 6))
Q, K, V, DOUT = (rng.normal(size=size) for size in ((2, 4, 3), (2, 5, 3), (2, 5, 6), (2, 4, 6)))
MASK = np.array([[1, 0, 0, 0, 1], [0, 0, 0, 0, 0], [1, 1, 0, 0, 1], [1, 0, 1, 0, 1]], dtype=bool)  # nobody looks at 3


def agrees(kata, name, *args):
    kata.assert_close(getattr(kata, name)(*args), getattr(kata.caller.reference.module, name)(*args))


def test_rnn(kata):
    agrees(kata, "rnn", XS, H0, WX, WH)


def test_rnn_backward(kata):
    kata.assert_gradients("rnn", rng.normal(size=(2, 5, 4)), XS, H0, WX, WH)


def test_blur(kata):
    agrees(kata, "blur", X, W)


def test_blur_backward(kata):
    kata.assert_gradients("blur", IMAGE, X, W)


def test_weights(kata):
    agrees(kata, "weights", Q, K, MASK)


def test_attention(kata):
    agrees(kata, "attention", Q, K, V, MASK)


def test_attention_backward(kata):
    kata.assert_gradients("attention", DOUT, Q, K, V, MASK)


def test_keep(kata):
    hs, lengths = rng.normal(size=(3, 5, 2)), np.array([5, 2, 3])
    agrees(kata, "keep", hs, lengths)
"""
CASES = {
    "a state that is carried wrongly after some steps": (
        ("h = np.tanh(xs[:, t] @ Wx + h @ Wh)", "h = np.tanh(xs[:, t] @ Wx + (h if t < 2 else hs[0]) @ Wh)"),
        ("rnn", None),
        "from T[2] on",
    ),
    "a state that is not carried": (
        ("        h = np.tanh(xs[:, t] @ Wx + h @ Wh)", "        h = np.tanh(xs[:, t] @ Wx + h0 @ Wh)"),
        ("rnn", None),
        "from T[1] on",
    ),
    "a gradient that is not carried": (
        ("dz = (dout[:, t] + dh) *", "dz = dout[:, t] *"),
        ("rnn_backward", "dxs"),
        "up to T[3]",
    ),
    "one step of the gradient": (
        ("        dh = dz @ Wh.T", "        dh = dz @ Wh.T if t != 1 else 0 * dh"),
        ("rnn_backward", "dxs"),
        "all at T[0]",
    ),
    "an image padded with its own edge": (
        ("padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))\n    out", "padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), 'edge')\n    out"),
        ("blur", None),
        "all on the border",
    ),
    "a gradient that comes back from the padding": (
        ("    dx = dpadded[:, :, p : p + H, p : p + W]", "    dx = dpadded[:, :, p : p + H, p : p + W].copy()\n    dx[:, :, 0] += dpadded[:, :, 0, p : p + W]\n    dx[..., -1] += dpadded[:, :, p : p + H, -1]"),
        ("blur_backward", "dx"),
        "all on the border",
    ),
    "weights at masked places": (
        ("    return exps / np.where(total == 0, 1, total)", "    return exps / np.where(total == 0, 1, total) + np.where(mask, 0, 0.01)"),
        ("weights", None),
        "only where mask is False",
    ),
    "a row that may look nowhere": (
        ("    return weights(q, k, mask) @ v", "    a = weights(q, k, mask)\n    return np.where(mask.any(axis=1)[:, None], a, 0.2) @ v"),
        ("attention", None),
        "all at T[1]",
    ),
    "a gradient at keys that nobody looks at": (
        ("    dk = np.swapaxes(dscores, 1, 2) @ q", "    dk = np.swapaxes(dscores, 1, 2) @ q + np.where(mask.any(axis=0), 0, 1)[:, None]"),
        ("attention_backward", "dk"),
        "only where mask is False for anything",
    ),
    "states past the end": (
        ("    return hs * real[:, :, None]", "    return hs * np.maximum(real, 0.5)[:, :, None]"),
        ("keep", None),
        "only where T is past lengths",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def house(new_checkout, tmp_path_factory):
    """A checkout that has the kata `tiny`."""
    made = new_checkout(tmp_path_factory.mktemp("places") / "checkout")
    (made.root / "katas" / "curriculum.toml").write_text(MAP, encoding="utf-8")
    (made.root / "solutions" / "numpy" / "tiny.py").write_text(SOLUTION, encoding="utf-8")
    (made.root / "tests" / "katas" / "test_tiny.py").write_text(TESTS, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def verdicts(house):
    """The verdict on each wrong answer, all by one worker."""
    script = "import sys, json\nfrom dojo.running.client import Worker\nwith Worker() as worker:\n"
    script += "    for file in sys.argv[1:]:\n        print(json.dumps(worker.check('tiny', 'numpy', file=file)))\n"
    files = [house.root / "right.py"]
    files[0].write_text(SOLUTION, encoding="utf-8")
    for i, ((old, new), _, _) in enumerate(CASES.values()):
        assert SOLUTION.count(old) == 1, old
        files.append(house.root / f"wrong{i}.py")
        files[-1].write_text(SOLUTION.replace(old, new), encoding="utf-8")
    done = house.run("-c", script, *map(str, files))
    assert done.returncode == 0, done.stderr
    return dict(zip(["right", *CASES], map(json.loads, done.stdout.splitlines()), strict=True))


def test_the_reference_of_the_made_up_kata_is_right(verdicts):
    assert verdicts["right"]["status"] == "passed", verdicts["right"]["findings"]


@pytest.mark.parametrize("name", CASES)
def test_a_finding_says_where_it_is_wrong(verdicts, name):
    _, (function, tensor), words = CASES[name]
    found = {(one["function"], one["tensor"]): one["facts"] for one in verdicts[name]["findings"]}
    assert words in found[function, tensor], found
    assert "as it should be" in found[function, tensor]


def test_what_is_right_is_not_blamed(verdicts):
    backward = {one["tensor"] for one in verdicts["a gradient that comes back from the padding"]["findings"]}
    assert backward == {"dx"}
    (found,) = verdicts["a gradient that comes back from the padding"]["findings"]
    assert "your forward pass is right, and so is dw" in found["facts"]


# ---------------------------------------------------------------------- on arrays alone


def places(shape: tuple[int, ...], *at) -> np.ndarray:
    wrong = np.zeros(shape, dtype=bool)
    for index in at:
        wrong[index] = True
    return wrong


@pytest.mark.parametrize(
    ("wrong", "labels", "words"),
    [
        (places((2, 5, 3), np.s_[:, 2:]), ["N=2", "T=5", "D=3"], ", from T[2] on"),
        (places((2, 5, 3), np.s_[:, :3]), ["N=2", "T=5", "D=3"], ", up to T[2]"),
        (places((2, 5, 3), np.s_[:, 4]), ["N=2", "T=5", "D=3"], ", all at T[4]"),
        (places((2, 5, 3), np.s_[:, 1:3]), ["N=2", "T=5", "D=3"], ""),
        (places((5, 3), np.s_[2:]), ["N=5", "D=3"], ""),
        (places((4, 4), np.s_[0], np.s_[:, 0]), ["N=4", "D=4"], ""),
        (places((4, 5), np.s_[0], np.s_[:, 0]), ["H=4", "W=5"], ", all on the border"),
        (places((3, 5), np.s_[0], np.s_[:, 0]), ["H=3", "W=5"], ""),
        (places((7, 8), np.s_[1], np.s_[:, 0]), ["H=7", "W=8"], ", all within 2 of the border"),
        (places((2, 7, 8, 3), np.s_[:, 0], np.s_[:, :, -1]), ["N=2", "Hout=7", "Wout=8", "C=3"], ", all on the border"),
        (places((2, 2), np.s_[0, 1], np.s_[1, 0]), ["H=2", "W=2"], ", none of them on the diagonal"),
        (places((4, 4), np.s_[0, 1], np.s_[1, 2]), ["H=4", "4"], ", none of them on the diagonal"),
        (np.ones((3, 3), bool), ["T=3", "D=3"], ""),
        (np.zeros((3, 3), bool), ["T=3", "D=3"], ""),
    ],
)
def test_a_place_is_told_only_where_it_means_something(wrong, labels, words):
    assert where(wrong, labels) == words
