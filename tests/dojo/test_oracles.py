"""The references agree with built-ins that know nothing of them, forward and backward, on both tracks."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo import stubs
from dojo.bench.built_ins import built_ins
from dojo.checking.reference import reference
from dojo.loading import ROOT, install_finder

torch = pytest.importorskip("torch")
F = torch.nn.functional
EXACT = {"float64": 1e-12, "float32": 1e-6}
sizes = st.fixed_dictionaries({letter: st.integers(1, 5) for letter in "BNDMC"})
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


class Draw:
    """Random arguments: `draw("ND")` is an array of that shape, the letters' sizes as hypothesis chose them."""

    def __init__(self, seed: int, sizes: dict[str, int], dtype: str):
        self.rng, self.sizes, self.dtype = np.random.default_rng(seed), sizes, dtype

    def __call__(self, axes: str) -> np.ndarray:
        return self.rng.normal(size=self.shape(axes), scale=2.0).astype(self.dtype)

    def shape(self, axes: str) -> tuple[int, ...]:
        return tuple(self.sizes[letter] for letter in axes)

    def labels(self, axes: str = "N", classes: str = "C") -> np.ndarray:
        return self.rng.integers(self.sizes[classes], size=self.shape(axes))

    def distributions(self, axes: str = "NC") -> np.ndarray:
        p = self.rng.gamma(0.7, size=self.shape(axes)) + 1e-3
        return (p / p.sum(axis=-1, keepdims=True)).astype(self.dtype)

    def between_0_and_1(self, axes: str) -> np.ndarray:
        return self.rng.uniform(size=self.shape(axes)).astype(self.dtype)


DRAWN: dict[str, Callable] = {  # kata.function: how to draw arguments; the same from elsewhere is what `bench` times
    "shapes.inner": lambda d: (d("D"), d("D")),
    "shapes.hadamard": lambda d: (d("ND"), d("ND")),
    "shapes.outer": lambda d: (d("D"), d("M")),
    "shapes.matvec": lambda d: (d("MD"), d("D")),
    "shapes.matmul": lambda d: (d("ND"), d("DM")),
    "shapes.batched_matmul": lambda d: (d("BND"), d("BDM")),
    "shapes.add_bias": lambda d: (d("NM"), d("M")),
    "affine.affine": lambda d: (d("ND"), d("DM"), d("M")),
    "activations.sigmoid": lambda d: (d("BND"),),
    "activations.tanh": lambda d: (d("BND"),),
    "activations.relu": lambda d: (d("BND"),),
    "activations.leaky_relu": lambda d: (d("BND"), 0.07),
    "activations.gelu": lambda d: (d("BND"),),
    "mse.mse": lambda d: (d("NM"), d("NM")),
    "softmax.softmax": lambda d: (d("BNC"),),
    "softmax.log_softmax": lambda d: (d("BNC"),),
    "cross_entropy.cross_entropy": lambda d: (d("NC"), d.labels()),
    "cross_entropy.binary_cross_entropy": lambda d: (d("N"), d.between_0_and_1("N")),
    "perplexity.entropy": lambda d: (d.distributions(),),
    "perplexity.kl_divergence": lambda d: (d.distributions(), d.distributions()),
    "learning_slowdown.quadratic_output_gradient": lambda d: (d("N"), d.between_0_and_1("N")),
    "learning_slowdown.cross_entropy_output_gradient": lambda d: (d("N"), d.between_0_and_1("N")),
    "embedding.embedding": lambda d: (d.labels("NB"), d("CM")),
}
ORACLES: dict[str, tuple[Callable, Callable]] = {  # kata.function: (how to draw arguments, the same from elsewhere)
    **{name: (draw, built_ins()[name][1]) for name, draw in DRAWN.items()},
    "shapes.pairwise_sq_dists": (
        lambda d: (d("ND"), d("MD")),
        lambda A, B: torch.cdist(A.double(), B.double(), compute_mode="donot_use_mm_for_euclid_dist").square(),
    ),
    "sgd.accuracy": (
        lambda d: (d("NC"), d.labels()),
        lambda logits, labels: (logits.topk(1).indices[:, 0] == labels).double().mean(),
    ),
    "cross_entropy.one_hot": (
        lambda d: (d.labels(), d.sizes["C"]),
        lambda labels, classes: F.one_hot(labels, classes).double(),
    ),
    "perplexity.perplexity": (lambda d: (d("N"),), torch.exp),
    "perplexity.bits_per_char": (lambda d: (d("N"),), lambda nll: torch.log2(torch.exp(nll.double()))),
}
WITHOUT_DERIVATIVE = ("accuracy", "one_hot", "output_gradient")


def differentiable() -> list[tuple[str, str]]:
    """Oracle and track, wherever the track has the derivative: by a `_backward` on the one, by autograd on the other."""
    found = []
    for name in ORACLES:
        kata, _, which = name.partition(".")
        by_hand = stubs.functions((ROOT / "solutions" / "numpy" / f"{kata}.py").read_text(encoding="utf-8"))
        found += [(name, "numpy")] if f"{which}_backward" in by_hand else []
        found += [(name, "torch")] if not name.endswith(WITHOUT_DERIVATIVE) else []
    return found


DIFFERENTIABLE = differentiable()


def tensors(args: tuple) -> list:
    return [torch.from_numpy(arg.copy()) if isinstance(arg, np.ndarray) else arg for arg in args]


def close(got, expected, dtype: str) -> None:
    got = got.detach().numpy() if isinstance(got, torch.Tensor) else np.asarray(got)
    expected = expected.detach().numpy()
    assert got.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=EXACT[dtype], atol=EXACT[dtype] * scale)


@cache
def function(name: str, track: str, suffix: str = "") -> Callable:
    kata, _, which = name.partition(".")
    return getattr(reference(kata, track).module, which + suffix)


def derivative(of: Callable, douts: list, args: list, wanted: list[int]) -> tuple:
    """The gradients of Σ dout·of(*args) for the wanted arguments, by autograd."""
    for position in wanted:
        args[position] = args[position].detach().requires_grad_()
    result = of(*args)
    return torch.autograd.grad((result * douts[0]).sum(), [args[position] for position in wanted])


@pytest.mark.parametrize("track", ["numpy", "torch"])
@pytest.mark.parametrize("name", ORACLES)
def test_a_reference_agrees_with_a_built_in(name, track):
    draw_arguments, truth = ORACLES[name]

    @few
    @given(seeds, sizes)
    def judge(seed, sizes):
        for dtype in EXACT:
            args = draw_arguments(Draw(seed, sizes, dtype))
            got = function(name, track)(*(args if track == "numpy" else tensors(args)))
            close(got, truth(*tensors(args)), dtype)

    judge()


@pytest.mark.parametrize(("name", "track"), DIFFERENTIABLE)
def test_the_derivative_of_a_reference_agrees_with_a_built_in(name, track):
    draw_arguments, truth = ORACLES[name]
    kata, _, which = name.partition(".")
    law = reference(kata).signatures[which]
    wanted = [law.parameters.index(argument) for argument in law.differentiable]

    @few
    @given(seeds, sizes)
    def judge(seed, sizes):
        for dtype in EXACT:
            draw = Draw(seed, sizes, dtype)
            args = draw_arguments(draw)
            dout = np.asarray(draw.rng.normal(size=tuple(truth(*tensors(args)).shape)), dtype)
            expected = derivative(truth, tensors((dout,)), tensors(args), wanted)
            if track == "numpy":
                got = function(name, track, "_backward")(dout, *args)
                got = got if isinstance(got, tuple) else (got,)
            else:
                got = derivative(function(name, track), tensors((dout,)), tensors(args), wanted)
            for one, other in zip(got, expected, strict=True):
                close(one, other, dtype)

    judge()


# ---------------------------------------------------------------------- whole networks


def network(draw: Draw) -> tuple[dict[str, np.ndarray], torch.nn.Module]:
    """Parameters of three layers as the katas keep them, and torch's own modules with the same numbers."""
    params = {"W1": draw("DM"), "b1": draw("M"), "W2": draw("MB"), "b2": draw("B"), "W3": draw("BC"), "b3": draw("C")}
    layers = []
    for layer in "123":
        W, b = torch.from_numpy(params[f"W{layer}"]), torch.from_numpy(params[f"b{layer}"])
        linear = torch.nn.Linear(*W.shape).to(W.dtype)
        linear.weight, linear.bias = torch.nn.Parameter(W.T.clone()), torch.nn.Parameter(b.clone())
        layers += [linear, torch.nn.ReLU()]
    return params, torch.nn.Sequential(*layers[:-1])


def of_track(params: dict[str, np.ndarray], track: str) -> dict:
    return {key: value.copy() if track == "numpy" else torch.from_numpy(value.copy()) for key, value in params.items()}


@pytest.mark.parametrize("track", ["numpy", "torch"])
@few
@given(seeds, sizes)
def test_a_network_agrees_with_sequential_forward_and_backward(track, seed, sizes):
    draw = Draw(seed, sizes, "float64")
    params, modules = network(draw)
    x, labels = draw("ND"), draw.labels()
    given_x, given_labels = (x, labels) if track == "numpy" else tensors((x, labels))
    close(
        function("backprop.forward", track)(of_track(params, track), given_x), modules(torch.from_numpy(x)), "float64"
    )
    loss, grads = function("backprop.loss_and_grads", track)(of_track(params, track), given_x, given_labels)
    expected = F.cross_entropy(modules(torch.from_numpy(x)), torch.from_numpy(labels))
    expected.backward()
    close(loss, expected, "float64")
    for layer, module in zip("123", modules[::2], strict=True):
        close(grads[f"W{layer}"], module.weight.grad.T, "float64")
        close(grads[f"b{layer}"], module.bias.grad, "float64")


@pytest.mark.parametrize("track", ["numpy", "torch"])
@few
@given(seeds, sizes)
def test_a_step_agrees_with_a_fused_multiply_and_add(track, seed, sizes):
    """torch.optim says the same; importing it takes seconds."""
    draw = Draw(seed, sizes, "float64")
    params, _ = network(draw)
    grads = {key: draw.rng.normal(size=value.shape) for key, value in params.items()}
    stepped = function("sgd.sgd_step", track)(of_track(params, track), of_track(grads, track), 0.3)
    assert list(stepped) == list(params)
    for key, value in params.items():
        close(stepped[key], torch.add(torch.from_numpy(value), torch.from_numpy(grads[key]), alpha=-0.3), "float64")


@pytest.mark.parametrize("track", ["numpy", "torch"])
@few
@given(seeds, sizes)
def test_predict_agrees_with_the_highest_score_of_sequential(track, seed, sizes):
    draw = Draw(seed, sizes, "float64")
    params, modules = network(draw)
    x = draw("ND")
    got = function("network.predict", track)(of_track(params, track), x if track == "numpy" else torch.from_numpy(x))
    assert np.asarray(got).tolist() == modules(torch.from_numpy(x)).argmax(dim=1).tolist()


@pytest.mark.parametrize("track", ["numpy", "torch"])
@few
@given(seeds, sizes)
def test_central_differences_agree_with_autograd(track, seed, sizes):
    draw = Draw(seed, sizes, "float64")
    x, weights = draw("ND") / 2, draw("ND")

    def f(value):
        value = torch.as_tensor(value)
        return (torch.sin(value) * torch.from_numpy(weights)).sum() + value.square().sum()

    def slope(value):
        return torch.cos(value) * torch.from_numpy(weights) + 2 * value

    by_autograd = torch.autograd.functional.jacobian(f, torch.from_numpy(x)).numpy()
    given_x, ask, answer = torch.from_numpy(x.copy()), f, slope
    if track == "numpy":
        given_x, ask, answer = x.copy(), lambda value: float(f(value)), lambda value: by_autograd
    numerical = function("gradcheck.numerical_gradient", track)(ask, given_x, 1e-5)
    np.testing.assert_allclose(np.asarray(numerical), by_autograd, rtol=1e-6, atol=1e-8)
    assert function("gradcheck.gradient_check", track)(ask, answer, given_x, 1e-5) < 1e-4
