"""The optimizers agree with torch.optim for fifty steps, and the clippings with torch.nn.utils, on both tracks.

The first use of torch.optim in a process takes seconds, so it happens here and nowhere else.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
STEPS = 50
SHAPES = {"W1": (3, 4), "b1": (4,), "kernel": (2, 3, 1, 2), "scale": ()}
EXACT = {torch.float64: 1e-12, torch.float32: 1e-6}
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 2**32 - 1)
OPTIMIZERS = {  # the kata's function, its settings after lr, and how torch.optim is told the same
    "momentum_step": [((), {"momentum": 0.9}), ((0.7,), {"momentum": 0.7})],
    "nesterov_step": [((), {"momentum": 0.9, "nesterov": True}), ((0.5,), {"momentum": 0.5, "nesterov": True})],
    "rmsprop_step": [((), {}), ((0.8, 1e-3), {"alpha": 0.8, "eps": 1e-3})],
    "adam_step": [((), {}), ((0.8, 0.95, 1e-3), {"betas": (0.8, 0.95), "eps": 1e-3})],
    "adamw_step": [
        ((), {}),
        ((0.8, 0.95, 1e-3, 0.2), {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.2}),
    ],
}
CASES = [(name, *case) for name, cases in OPTIMIZERS.items() for case in cases]


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def built_in(function: str, params: list, lr: float, options: dict):
    from torch import optim

    kinds = {"rmsprop_step": optim.RMSprop, "adam_step": optim.Adam, "adamw_step": optim.AdamW}
    return kinds.get(function, optim.SGD)(params, lr=lr, **options)


def draw(rng, dtype, scale=1.0) -> dict:
    return {key: torch.tensor(rng.normal(size=shape) * scale, dtype=dtype) for key, shape in SHAPES.items()}


def of_track(values: dict, track: str) -> dict:
    return {key: value.clone() if track == "torch" else value.numpy().copy() for key, value in values.items()}


def close(got: dict, expected: dict, rtol: float) -> None:
    assert list(got) == list(expected)
    for key, value in expected.items():
        np.testing.assert_allclose(np.asarray(got[key]), value.detach().numpy(), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", list(EXACT), ids=str)
@pytest.mark.parametrize("track", ["numpy", "torch"])
@pytest.mark.parametrize(("name", "arguments", "options"), CASES)
def test_fifty_steps_agree_with_torch_optim(name, arguments, options, track, dtype):
    """Gradients of three sizes and a learning rate that moves; one gradient is 0 now and then."""
    rng = np.random.default_rng(0)
    step = getattr(reference("optimizers", track).module, name)
    params, state = draw(rng, dtype), {}
    theirs = {key: value.clone().requires_grad_() for key, value in params.items()}
    optimizer = built_in(name, list(theirs.values()), 0.1, options)
    mine = of_track(params, track)
    for count in range(STEPS):
        grads = draw(rng, dtype, scale=(1.0, 1e-5, 30.0)[count % 3])
        grads["b1"] *= count % 4 > 0
        lr = 0.05 / (1 + count)
        optimizer.param_groups[0]["lr"] = lr
        for key, value in theirs.items():
            value.grad = grads[key].clone()
        optimizer.step()
        mine, state = step(mine, of_track(grads, track), state, lr, *arguments)
        close(mine, theirs, EXACT[dtype])
    assert all(str(value.dtype).endswith(str(dtype).split(".")[1]) for value in mine.values())


@pytest.mark.parametrize("track", ["numpy", "torch"])
def test_the_cosine_agrees_with_torch_lr_scheduler(track):
    from torch.optim import SGD, lr_scheduler

    cosine_lr, total, warmup, base = reference("optimizers", track).module.cosine_lr, 40, 7, 0.3
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max=total - warmup)
    for step in range(warmup, total + 1):
        assert math.isclose(cosine_lr(step, total, base, warmup), optimizer.param_groups[0]["lr"], abs_tol=1e-12)
        optimizer.step()
        scheduler.step()
    line = np.interp(np.arange(warmup), [0, warmup], [0, base])
    np.testing.assert_allclose([cosine_lr(step, total, base, warmup) for step in range(warmup)], line, rtol=1e-12)


@pytest.mark.parametrize("track", ["numpy", "torch"])
@pytest.mark.parametrize(
    "arguments", [(-1, 5, 0.1, 2), (6, 5, 0.1, 2), (1, 5, 0.1, 5), (1, 5, 0.1, -1), (0, 0, 0.1, 0)]
)
def test_a_step_outside_of_the_run_is_refused(track, arguments):
    with pytest.raises(ValueError, match=rf"step {arguments[0]} of {arguments[1]} .* {arguments[3]}"):
        reference("optimizers", track).module.cosine_lr(*arguments)


# ---------------------------------------------------------------------- gradient_flow


@pytest.mark.parametrize("track", ["numpy", "torch"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@few
@given(seeds, st.lists(st.integers(1, 4), min_size=2, max_size=6), st.integers(1, 3))
def test_layer_gradient_norms_agree_with_autograd(track, activation, seed, sizes, N):
    rng = np.random.default_rng(seed)
    for dtype, rtol in ((np.float64, 1e-12), (np.float32, 1e-5)):
        weights = [rng.normal(size=shape).astype(dtype) for shape in zip(sizes[:-1], sizes[1:], strict=True)]
        x, dout = rng.normal(size=(N, sizes[0])).astype(dtype), rng.normal(size=(N, sizes[-1])).astype(dtype)
        leaves = [torch.tensor(W, requires_grad=True) for W in weights]
        h = torch.from_numpy(x)
        for W in leaves:
            h = getattr(torch, activation)(torch.nn.functional.linear(h, W.T))
        h.backward(torch.from_numpy(dout))
        expected = [torch.linalg.matrix_norm(W.grad).item() for W in leaves]
        if track == "torch":
            weights, x, dout = [torch.from_numpy(W) for W in weights], torch.from_numpy(x), torch.from_numpy(dout)
        got = reference("gradient_flow", track).module.layer_gradient_norms(weights, x, dout, activation)
        np.testing.assert_allclose(np.asarray(got), expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("track", ["numpy", "torch"])
@few
@given(seeds, st.floats(0.1, 20))
def test_clipping_agrees_with_torch_nn_utils(track, seed, bound):
    module, grads = reference("gradient_flow", track).module, draw(np.random.default_rng(seed), torch.float64)
    leaves = {key: torch.zeros_like(value) for key, value in grads.items()}
    for key, leaf in leaves.items():
        leaf.grad = grads[key].clone()
    torch.nn.utils.clip_grad_value_(leaves.values(), bound / 10)
    close(module.clip_by_value(of_track(grads, track), bound / 10), {k: leaf.grad for k, leaf in leaves.items()}, 1e-12)
    long = torch.cat([value.flatten() for value in grads.values()])
    clipped, norm = module.clip_by_global_norm(of_track(grads, track), bound)
    assert math.isclose(norm, torch.linalg.vector_norm(long), rel_tol=1e-12)
    found = torch.cat([torch.as_tensor(value).flatten() for value in clipped.values()])
    direction = torch.nn.functional.normalize(long, dim=0)  # clip_grad_norm_ adds 1e-6 below the line, so not to 1e-12
    np.testing.assert_allclose(found, direction * min(norm, bound), rtol=1e-12, atol=1e-12)
    for key, leaf in leaves.items():
        leaf.grad = grads[key].clone()
    total = torch.nn.utils.clip_grad_norm_(leaves.values(), bound)
    assert math.isclose(norm, total, rel_tol=1e-12)
    close(clipped, {key: leaf.grad for key, leaf in leaves.items()}, 1e-5)


@pytest.mark.parametrize("track", ["numpy", "torch"])
def test_a_negative_bound_or_another_activation_is_refused(track):
    module, one = reference("gradient_flow", track).module, of_track({"W1": torch.ones(2, 2)}, track)
    with pytest.raises(ValueError, match="-0.5"):
        module.clip_by_value(one, -0.5)
    for bound in (-2.0, 0.0):
        with pytest.raises(ValueError, match=str(bound)):
            module.clip_by_global_norm(one, bound)
    with pytest.raises(ValueError, match="'gelu' is none of tanh, relu, sigmoid"):
        module.layer_gradient_norms([one["W1"]], one["W1"], one["W1"], "gelu")
