"""The transformer block agrees with torch's encoder layer, its weights mapped; what the multi-head attention refuses, it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference

torch = pytest.importorskip("torch")
EXACT = {"float64": 1e-12, "float32": 1e-5}  # a norm of few features magnifies the rounding of what comes before it
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
sizes = st.integers(1, 4)
tracks = pytest.mark.parametrize("track", ["numpy", "torch"])


def module(track: str):
    return reference("transformer_block", track).module


def draw(seed: int, dtype: str, N: int, T: int, E: int, F: int):
    """dout, x and params as tensors."""
    rng = np.random.default_rng(seed)
    shapes = {"gamma1": (E,), "beta1": (E,), **dict.fromkeys(("Wq", "Wk", "Wv", "Wo"), (E, E))}
    shapes |= {"gamma2": (E,), "beta2": (E,), "W1": (E, F), "b1": (F,), "W2": (F, E), "b2": (E,)}
    params = {name: torch.from_numpy(rng.normal(size=shape).astype(dtype)) for name, shape in shapes.items()}
    dout, x = (torch.from_numpy(rng.normal(size=(N, T, E)).astype(dtype)) for _ in range(2))
    return dout, x, params


def built_in(x, p, G, mask):
    """torch's own layer, pre-norm, with these weights in its places."""
    E, F = p["W1"].shape
    layer = torch.nn.TransformerEncoderLayer(E, G, F, dropout=0.0, norm_first=True, batch_first=True, dtype=x.dtype)
    own = {
        "self_attn.in_proj_weight": torch.cat([p["Wq"].T, p["Wk"].T, p["Wv"].T]),
        "self_attn.in_proj_bias": x.new_zeros(3 * E),
        "self_attn.out_proj.weight": p["Wo"].T,
        "self_attn.out_proj.bias": x.new_zeros(E),
        "linear1.weight": p["W1"].T,
        "linear1.bias": p["b1"],
        "linear2.weight": p["W2"].T,
        "linear2.bias": p["b2"],
        "norm1.weight": p["gamma1"],
        "norm1.bias": p["beta1"],
        "norm2.weight": p["gamma2"],
        "norm2.bias": p["beta2"],
    }
    hidden = None if mask is None else ~mask.repeat_interleave(G, 0) if mask.ndim == 3 else ~mask
    return torch.func.functional_call(layer, own, (x,), {"src_mask": hidden})  # type: ignore[attr-defined]


def close(got, expected, dtype: str, scale: float = 1.0) -> None:
    """Errors are measured against the largest number that came back together with `expected`."""
    got, expected = np.asarray(got), expected.detach().numpy()
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    scale = max(scale, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=EXACT[dtype], atol=EXACT[dtype] * scale)


@tracks
@given(seed=st.integers(0, 2**32 - 1), N=sizes, T=sizes, G=st.integers(1, 3), D=st.integers(3, 5), F=sizes, mask=sizes)
@few
def test_block_is_the_pre_norm_encoder_layer(track, seed, N, T, G, D, F, mask):
    E = G * D
    masks = [
        None,
        torch.ones(T, T, dtype=torch.bool).tril(),
        torch.rand(N, T, T, generator=torch.Generator().manual_seed(seed)) < 0.5,
        None,
    ]
    may_look = masks[mask - 1]
    if may_look is not None and may_look.ndim == 3:
        may_look = may_look | torch.eye(T, dtype=torch.bool)  # torch's own layer answers nan to who sees nothing
    for dtype in EXACT:
        dout, x, params = draw(seed, dtype, N, T, E, F)
        leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
        start = x.clone().requires_grad_()
        expected = built_in(start, leaves, G, may_look)
        truth = torch.autograd.grad((expected * dout).sum(), [start, *leaves.values()])
        if track == "numpy":
            given_mask = None if may_look is None else may_look.numpy()
            args = x.numpy(), {name: value.numpy() for name, value in params.items()}, G, given_mask
            out = module(track).block(*args)
            dx, dparams = module(track).block_backward(dout.numpy(), *args)
            found = [dx, *(dparams[name] for name in params)]
        else:
            result = module(track).block(start, leaves, G, may_look)
            out = result.detach()
            found = torch.autograd.grad((result * dout).sum(), [start, *leaves.values()])
        close(out, expected, dtype)
        scale = max(float(right.abs().max()) for right in truth)
        for got, right in zip(found, truth, strict=True):
            close(got, right, dtype, scale)


@tracks
def test_feed_forward_is_two_linear_layers(track):
    dout, x, p = draw(0, "float64", 2, 3, 4, 5)
    leaves = [item.clone().requires_grad_() for item in (x, p["W1"], p["b1"], p["W2"], p["b2"])]
    start, W1, b1, W2, b2 = leaves
    linear = torch.nn.functional.linear
    expected = linear(torch.relu(linear(start, W1.T, b1)), W2.T, b2)
    truth = torch.autograd.grad((expected * dout).sum(), leaves)
    feed_forward = module(track).feed_forward
    if track == "numpy":
        args = [item.detach().numpy() for item in leaves]
        out, found = feed_forward(*args), module(track).feed_forward_backward(dout.numpy(), *args)
    else:
        result = feed_forward(*leaves)
        out, found = result.detach(), torch.autograd.grad((result * dout).sum(), leaves)
    close(out, expected, "float64")
    for got, right in zip(found, truth, strict=True):
        close(got, right, "float64")


@tracks
def test_heads_that_do_not_divide_and_masks_that_do_not_fit_are_refused(track):
    _, x, params = draw(1, "float64", 2, 3, 4, 5)
    masks = [torch.ones(2, 2, dtype=torch.bool), torch.ones(3, 3)]
    if track == "numpy":
        x, params, masks = x.numpy(), {k: v.numpy() for k, v in params.items()}, [mask.numpy() for mask in masks]
    with pytest.raises(ValueError, match="3 heads"):
        module(track).block(x, params, 3)
    with pytest.raises(ValueError, match=r"\(2, 2\)"):
        module(track).block(x, params, 2, masks[0])
    with pytest.raises(ValueError, match="bool"):
        module(track).block(x, params, 2, masks[1])
