"""Attention, additive attention and multi-head attention agree with built-ins of torch, or with loops where it has none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
EXACT = {"float64": 1e-12, "float32": 1e-6}
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
sizes = st.fixed_dictionaries({letter: st.integers(1, 5) for letter in "NGTSEFHAD"})
seeds = st.integers(0, 2**32 - 1)
masks = st.sampled_from(["none", "all alike", "each its own", "some see nothing"])
both_tracks = pytest.mark.parametrize("track", ["numpy", "torch"])


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


class Draw:
    """Random arrays: `draw("NTE")` has that shape, with the sizes that hypothesis chose."""

    def __init__(self, seed: int, sizes: dict[str, int], dtype: str):
        self.rng, self.sizes, self.dtype = np.random.default_rng(seed), sizes, dtype

    def shape(self, axes: str) -> tuple[int, ...]:
        return tuple(self.sizes[letter] for letter in axes)

    def __call__(self, axes: str) -> np.ndarray:
        return self.rng.normal(size=self.shape(axes)).astype(self.dtype)

    def mask(self, kind: str, axes: str) -> np.ndarray | None:
        if kind == "none":
            return None
        mask = self.rng.random(self.shape(axes[-2:] if kind == "all alike" else axes)) < 0.6
        mask[..., 0] = mask[..., 0] if kind == "some see nothing" else True
        return mask


def native(values):
    return [torch.from_numpy(value) if isinstance(value, np.ndarray) else value for value in values]


def answers(module, track: str, name: str, douts: list, args: list, leaves: int) -> list[np.ndarray]:
    """Outputs and gradients of a reference for its first `leaves` arguments."""
    if track == "numpy":
        results = getattr(module, name)(*args)
        gradients = getattr(module, f"{name}_backward")(*douts, *args)
        return [*(results if isinstance(results, tuple) else (results,)), *gradients]
    return through_autograd(getattr(module, name), douts, args, leaves)


def through_autograd(function, douts: list, args: list, leaves: int) -> list[np.ndarray]:
    inputs = native(args)
    for leaf in inputs[:leaves]:
        leaf.requires_grad_()
    results = function(*inputs)
    results = results if isinstance(results, tuple) else (results,)
    gradients = torch.autograd.grad(results, inputs[:leaves], native(douts))
    return [item.detach().numpy() for item in (*results, *gradients)]


def agree(got: list, expected: list, dtype: str, factor: float = 1) -> None:
    for one, other in zip(got, expected, strict=True):
        assert one.shape == other.shape and one.dtype == dtype
        near = factor * EXACT[dtype]
        np.testing.assert_allclose(one, other, rtol=near, atol=near * max(1.0, float(np.abs(other).max(initial=0))))


@both_tracks
@pytest.mark.parametrize("batch", ["", "N", "NG"])
@few
@given(seeds, sizes, masks)
def test_attention_agrees_with_scaled_dot_product_attention(track, batch, seed, sizes, kind):
    truth = torch.nn.functional.scaled_dot_product_attention
    for dtype in EXACT:
        draw = Draw(seed, sizes, dtype)
        args = [draw(f"{batch}TE"), draw(f"{batch}SE"), draw(f"{batch}SF"), draw.mask(kind, f"{batch}TS")]
        dout = draw(f"{batch}TF")
        got = answers(reference("attention", track).module, track, "attention", [dout], args, 3)
        agree(got, through_autograd(truth, [dout], args, 3), dtype, 2)


@both_tracks
def test_attention_of_many_tiles_agrees_with_scaled_dot_product_attention(track):
    """More scores than one tile holds, in both directions, with rows that see nothing and scores that need the shift."""
    draw = Draw(0, {"N": 3, "G": 2, "T": 150, "S": 300, "E": 4, "F": 3}, "float64")
    args = [draw("NGTE"), draw("NGSE"), draw("NGSF"), draw.mask("each its own", "NGTS")]
    args[0][1] *= 500
    args[3][2, 1, 70:80] = False
    dout = draw("NGTF")
    got = answers(reference("attention", track).module, track, "attention", [dout], args, 3)
    expected = through_autograd(torch.nn.functional.scaled_dot_product_attention, [dout], args, 3)
    agree(got, expected, "float64", 100)


@both_tracks
@few
@given(seeds, sizes)
def test_the_masks_agree_with_tril_and_with_counting(track, seed, sizes):
    module = reference("attention", track).module
    draw = Draw(seed, sizes, "float64")
    assert np.array_equal(module.causal_mask(sizes["T"]), torch.ones(sizes["T"], sizes["T"]).tril().bool().numpy())
    lengths = draw.rng.integers(0, sizes["S"] + 1, size=sizes["N"])
    (given_lengths,) = native([lengths]) if track == "torch" else [lengths]
    got = np.asarray(module.padding_mask(given_lengths, sizes["S"]))
    assert got.tolist() == [[s < length for s in range(sizes["S"])] for length in lengths]


def multi_head(x_q, x_kv, Wq, Wk, Wv, Wo, G, mask):
    """torch.nn.MultiheadAttention's function; its weights are stored the other way round, and True means hidden."""
    if mask is not None:
        mask = ~mask if mask.ndim == 2 else (~mask).repeat_interleave(G, dim=0)
    out, _ = torch.nn.functional.multi_head_attention_forward(
        x_q.swapaxes(0, 1), x_kv.swapaxes(0, 1), x_kv.swapaxes(0, 1), x_q.shape[2], G,
        torch.cat([Wq.T, Wk.T, Wv.T]), None, None, None, False, 0.0, Wo.T, None, attn_mask=mask, need_weights=False,
    )  # fmt: skip
    return out.swapaxes(0, 1)


@both_tracks
@few
@given(seeds, sizes, masks)
def test_multi_head_attention_agrees_with_that_of_torch(track, seed, sizes, kind):
    sizes = {**sizes, "E": sizes["G"] * sizes["D"]}
    for dtype in EXACT:
        draw = Draw(seed, sizes, dtype)
        x = [draw("NTE"), draw("NSE"), *(draw("EE") / np.asarray(sizes["E"] ** 0.5, dtype) for _ in range(4))]
        args = [*x, sizes["G"], draw.mask(kind, "NTS")]
        dout = draw("NTE")
        got = answers(reference("multi_head", track).module, track, "multi_head_attention", [dout], args, 6)
        agree(got, through_autograd(multi_head, [dout], args, 6), dtype, 5)


@both_tracks
@few
@given(seeds, sizes)
def test_heads_agree_with_unflatten(track, seed, sizes):
    sizes = {**sizes, "E": sizes["G"] * sizes["D"]}
    module, x = reference("multi_head", track).module, Draw(seed, sizes, "float64")("NTE")
    (given_x,) = native([x]) if track == "torch" else [x]
    heads = module.split_heads(given_x, sizes["G"])
    assert np.array_equal(heads, torch.from_numpy(x).unflatten(2, (sizes["G"], -1)).permute(0, 2, 1, 3).numpy())
    assert np.array_equal(module.merge_heads(heads), x)


def additive(query, keys, values, Wq, Wk, v, mask):
    """Bahdanau's attention, one key of one example after the other."""
    contexts, rows = [], []
    for n in range(len(keys)):
        seen = [s for s in range(keys.shape[1]) if mask is None or mask[n, s]]
        exps = {s: torch.exp(torch.dot(v, torch.tanh(Wq.T @ query[n] + Wk.T @ keys[n, s]))) for s in seen}
        nothing = 0 * (query[n].sum() + keys[n].sum() + values[n].sum() + Wq.sum() + Wk.sum() + v.sum())
        row = [exps[s] / sum(exps.values()) if s in exps else nothing for s in range(keys.shape[1])]
        rows.append(torch.stack(row))
        contexts.append(sum(weight * values[n, s] for s, weight in enumerate(row)))
    return torch.stack(contexts), torch.stack(rows)


@both_tracks
@few
@given(seeds, sizes, st.sampled_from(["none", "each its own", "some see nothing"]))
def test_additive_attention_agrees_with_loops(track, seed, sizes, kind):
    for dtype in EXACT:
        draw = Draw(seed, sizes, dtype)
        args = [draw("NH"), draw("NSH"), draw("NSF"), draw("HA"), draw("HA"), draw("A"), draw.mask(kind, "NS")]
        douts = [draw("NF"), draw("NS")]
        got = answers(reference("additive_attention", track).module, track, "additive_attention", douts, args, 6)
        agree(got, through_autograd(additive, douts, args, 6), dtype, 5)


BAD = [
    ("attention", "attention", (np.ones((2, 3)), np.ones((4, 3)), np.ones((4, 5)), np.ones((2, 4))), "bool"),
    ("attention", "attention", (np.ones((2, 3)), np.ones((4, 3)), np.ones((4, 5)), np.ones((4, 2), bool)), "(4, 2)"),
    ("attention", "attention_weights", (np.ones((2, 3)), np.ones((4, 5)), None), "(4, 5)"),
    ("attention", "padding_mask", (np.array([2, 5]), 4), "5"),
    ("attention", "padding_mask", (np.array([2, -1]), 4), "-1"),
    (
        "additive_attention",
        "additive_attention",
        (
            np.ones((2, 3)),
            np.ones((2, 4, 3)),
            np.ones((2, 4, 5)),
            np.ones((3, 6)),
            np.ones((3, 6)),
            np.ones(6),
            np.ones((4, 2), bool),
        ),
        "(4, 2)",
    ),
    ("multi_head", "split_heads", (np.ones((2, 3, 4)), 3), "3 heads"),
    ("multi_head", "split_heads", (np.ones((2, 3, 4)), 0), "0 heads"),
    (
        "multi_head",
        "multi_head_attention",
        (np.ones((2, 3, 4)), np.ones((2, 5, 4)), *[np.ones((4, 4))] * 4, 2, np.ones((2, 5, 3), bool)),
        "(2, 5, 3)",
    ),
]


@both_tracks
@pytest.mark.parametrize(("kata", "name", "args", "word"), BAD)
def test_what_does_not_fit_is_refused_with_its_values(track, kata, name, args, word):
    with pytest.raises(ValueError, match=".") as refusal:
        getattr(reference(kata, track).module, name)(*(native(args) if track == "torch" else args))
    assert word in str(refusal.value)
