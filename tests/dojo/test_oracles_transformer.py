"""The transformer agrees with torch's encoder and decoder, its weights mapped, forward and backward; bad input is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference

torch = pytest.importorskip("torch")
EXACT = {"float64": 1e-11, "float32": 2e-5}  # a norm of few features magnifies the rounding of what comes before it
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
sizes = st.integers(1, 3)
tracks = pytest.mark.parametrize("track", ["numpy", "torch"])
BOS, EOS = 1, 2


def module(track: str):
    return reference("transformer", track).module


def draw(seed: int, dtype: str, L: int):
    """Parameters in numpy, none of them at its first value."""
    rng = np.random.default_rng(seed)
    params = module("numpy").init(7, 6, 8, 5, L, rng)
    return {name: (value + 0.3 * rng.normal(size=value.shape)).astype(dtype) for name, value in params.items()}


def batch(seed: int, N: int, S: int, T: int):
    rng = np.random.default_rng(seed)
    source_lengths, target_lengths = rng.integers(1, S + 1, size=N), rng.integers(2, T + 2, size=N)
    return rng.integers(7, size=(N, S)), source_lengths, rng.integers(6, size=(N, T + 1)), target_lengths


def layer(kind, p, part: str):
    """torch's own layer, pre-norm, with the parameters of one block in its places, and what they are called there."""
    E, F = p[f"{part}_W1"].shape
    made = kind(E, 4, F, dropout=0.0, norm_first=True, batch_first=True, dtype=p[f"{part}_W1"].dtype)
    places = {"self_attn": "", "multihead_attn": "cross_"} if part.startswith("dec") else {"self_attn": ""}
    own = {}
    for place, prefix in places.items():
        q, k, v, o = (p[f"{part}_{prefix}W{w}"].T for w in "qkvo")
        own |= {f"{place}.in_proj_weight": torch.cat([q, k, v]), f"{place}.out_proj.weight": o}
        own |= {f"{place}.in_proj_bias": q.new_zeros(3 * E), f"{place}.out_proj.bias": q.new_zeros(E)}
    own |= {"linear1.weight": p[f"{part}_W1"].T, "linear1.bias": p[f"{part}_b1"]}
    own |= {"linear2.weight": p[f"{part}_W2"].T, "linear2.bias": p[f"{part}_b2"]}
    norms = ("1", "cross_", "2") if part.startswith("dec") else ("1", "2")
    for number, mark in enumerate(norms, start=1):
        names = (
            (f"{part}_{mark}gamma", f"{part}_{mark}beta")
            if mark == "cross_"
            else (f"{part}_gamma{mark}", f"{part}_beta{mark}")
        )
        own |= {f"norm{number}.weight": p[names[0]], f"norm{number}.bias": p[names[1]]}
    return lambda *args, **named: torch.func.functional_call(made, own, args, named)  # type: ignore[attr-defined]


def start(ids, E):
    width = E.shape[1]
    angles = np.arange(ids.shape[1])[:, None] / 10000 ** (np.arange(0, width, 2) / width)
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(ids.shape[1], width)
    return torch.nn.functional.embedding(ids, E) * width**0.5 + torch.from_numpy(waves).to(E.dtype)


def built_in(p, L, source, source_lengths, target, target_lengths):
    """The mean loss by torch's layers; padding is hidden as torch asks for it."""
    E = p["Es"].shape[1]
    padding = torch.arange(source.shape[1]) >= source_lengths[:, None]
    x = start(source, p["Es"])
    for number in range(L):
        x = layer(torch.nn.TransformerEncoderLayer, p, f"enc{number + 1}")(x, src_key_padding_mask=padding)
    hs = torch.nn.functional.layer_norm(x, (E,), p["enc_gamma"], p["enc_beta"])
    y, T = start(target[:, :-1], p["Et"]), target.shape[1] - 1
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    for number in range(L):
        write = layer(torch.nn.TransformerDecoderLayer, p, f"dec{number + 1}")
        y = write(y, hs, tgt_mask=future, memory_key_padding_mask=padding)
    logits = torch.nn.functional.layer_norm(y, (E,), p["dec_gamma"], p["dec_beta"]) @ p["Wo"] + p["bo"]
    wanted = target[:, 1:].masked_fill(torch.arange(T) >= target_lengths[:, None] - 1, -100)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten())


@tracks
@pytest.mark.parametrize("dtype", EXACT)
@few
@given(N=sizes, S=sizes, T=sizes, L=st.integers(1, 2), seed=st.integers(0, 99))
def test_loss_and_gradients_agree_with_torchs_layers(track, dtype, N, S, T, L, seed):
    params, given_batch = draw(seed, dtype, L), batch(seed, N, S, T)
    tensors = {name: torch.from_numpy(value).requires_grad_() for name, value in params.items()}
    own = [torch.from_numpy(ids) for ids in given_batch]
    expected = built_in(tensors, L, *own)
    slopes = dict(zip(tensors, torch.autograd.grad(expected, list(tensors.values())), strict=True))
    if track == "numpy":
        loss, grads = module(track).loss_and_grads(params, *given_batch)
    else:
        default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)  # the waves of the positions come in the default dtype
        try:
            loss, grads = module(track).loss_and_grads({k: torch.from_numpy(v) for k, v in params.items()}, *own)
        finally:
            torch.set_default_dtype(default)
    assert float(loss) == pytest.approx(expected.item(), rel=10 * EXACT[dtype])
    assert list(grads) == list(params)
    largest = max(float(slope.abs().max()) for slope in slopes.values())
    for name, slope in slopes.items():
        got = np.asarray(grads[name])
        assert got.dtype == params[name].dtype
        np.testing.assert_allclose(got, slope.numpy(), rtol=10 * EXACT[dtype], atol=10 * EXACT[dtype] * largest)


@tracks
def test_translation_picks_what_the_loss_finds_likeliest(track):
    """Every word that is written costs less at its place than any other would."""
    params, (source, lengths, _, _) = draw(3, "float64", 2), batch(3, 2, 3, 2)
    kata = module(track)
    make = torch.from_numpy if track == "torch" else lambda array: array
    own = {name: make(value) for name, value in params.items()}
    for n, ids in enumerate(kata.greedy_decode(make(source), make(lengths), own, BOS, EOS, 3)):
        row, count = make(source[n : n + 1]), make(lengths[n : n + 1])
        before = 0.0
        for t, word in enumerate(ids):
            targets = [np.array([[BOS, *ids[:t], other]]) for other in range(6)]
            losses = [float(kata.loss_and_grads(own, row, count, make(y), make(np.array([t + 2])))[0]) for y in targets]
            assert int(np.argmin(losses)) == word
            before = losses[word]
        assert np.isfinite(before)


@tracks
def test_bad_input_is_refused_with_what_it_was(track):
    kata, params = module(track), draw(0, "float64", 1)
    rng = np.random.default_rng(0) if track == "numpy" else torch.Generator()
    with pytest.raises(ValueError, match="E is 6.*a multiple of the 4 heads"):
        kata.init(7, 6, 6, 5, 1, rng)
    with pytest.raises(ValueError, match="L is 0"):
        kata.init(7, 6, 8, 5, 0, rng)
    make = torch.from_numpy if track == "torch" else lambda array: array
    own, source, target = (
        {k: make(v) for k, v in params.items()},
        make(np.ones((2, 3), int)),
        make(np.ones((2, 4), int)),
    )
    for lengths, others, said in (
        ([4, 1], [4, 2], r"lengths \[4, 1\] of ids \(2, 3\): each must lie between 1 and 3"),
        ([3, 0], [4, 2], r"lengths \[3, 0\] of ids \(2, 3\)"),
        ([3, 1], [5, 2], r"lengths \[5, 2\] of ids \(2, 4\): each must lie between 2 and 4"),
        ([3, 1], [4, 1], r"lengths \[4, 1\] of ids \(2, 4\)"),
    ):
        with pytest.raises(ValueError, match=said):
            kata.loss_and_grads(own, source, make(np.array(lengths)), target, make(np.array(others)))
    with pytest.raises(ValueError, match=r"lengths \[9, 1\]"):
        kata.greedy_decode(source, make(np.array([9, 1])), own, BOS, EOS, 3)
    with pytest.raises(ValueError, match="id 9 is not in the vocabulary"):
        kata.loss_and_grads(own, source + 8, make(np.array([3, 1])), target, make(np.array([4, 2])))
