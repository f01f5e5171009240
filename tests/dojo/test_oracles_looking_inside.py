"""looking_inside agrees with torch: autograd's saliency, unpooling, transposed convolution, and the adjoint law."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
F = torch.nn.functional
EXACT = {"float64": 1e-12, "float32": 1e-6}
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 2**32 - 1)
small = st.integers(1, 4)
both = pytest.mark.parametrize("track", ["numpy", "torch"])


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def function(name: str, track: str):
    return getattr(reference("looking_inside", track).module, name)


def drawn(seed: int, dtype: str, *shapes: tuple[int, ...]) -> list:
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(rng.normal(size=shape).astype(dtype)) for shape in shapes]


def of_track(value, track: str):
    return value.numpy() if track == "numpy" and isinstance(value, torch.Tensor) else value


def close(got, expected, dtype: str) -> None:
    got = got.detach().numpy() if isinstance(got, torch.Tensor) else np.asarray(got)
    expected = expected.detach().numpy()
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=EXACT[dtype], atol=EXACT[dtype] * scale)


def network(seed: int, C: int, side: int, classes: int = 3):
    """Logits of a small convolutional network with fixed random weights, float64."""
    kernels, weights = drawn(seed, "float64", (4, C, 3, 3), (4 * side * side, classes))
    return lambda x: torch.relu(F.conv2d(x, kernels, padding=1)).flatten(1) @ weights / 10


@both
@few
@given(seeds, small, small)
def test_saliency_agrees_with_autograd(track, seed, N, C):
    logits = network(seed, C, 5)
    (x,) = drawn(seed + 1, "float64", (N, C, 5, 5))
    label = torch.arange(N) % 3

    def logits_grad_fn(x, label):
        x = torch.as_tensor(x).clone().requires_grad_()
        chosen = logits(x)[torch.arange(len(x)), torch.as_tensor(label)].sum()
        return of_track(torch.autograd.grad(chosen, x)[0], track)

    by_autograd = torch.as_tensor(logits_grad_fn(x, label))
    expected = torch.linalg.vector_norm(by_autograd, ord=float("inf"), dim=1)
    close(function("saliency", track)(logits_grad_fn, of_track(x, track), of_track(label, track)), expected, "float64")


@both
@few
@given(seeds, st.integers(1, 5), st.integers(1, 4))
def test_occlusion_map_agrees_with_erasing(track, seed, size, stride):
    """Each patch by a product with a mask that torch's own unfolding of the pixel numbers gives."""
    logits = network(seed, 1, 6)
    (image,) = drawn(seed + 1, "float64", (6, 6))
    fill = 0.25
    places = F.unfold(torch.arange(36.0).reshape(1, 1, 6, 6), size, stride=stride)[0].T.long()  # one row for each place
    hidden = torch.zeros(len(places), 36, dtype=torch.float64).scatter(1, places, 1).reshape(-1, 6, 6)
    covered = image * (1 - hidden) + fill * hidden

    def predict_proba(images):
        return of_track(torch.softmax(logits(torch.as_tensor(images)[:, None]), dim=1), track)

    expected = torch.as_tensor(predict_proba(of_track(covered, track)))[:, 2]
    side = (6 - size) // stride + 1
    got = function("occlusion_map", track)(predict_proba, of_track(image, track), 2, size, stride, fill)
    close(got, expected.reshape(side, side), "float64")


@both
@few
@given(seeds, small, small, st.integers(4, 7), st.integers(4, 7), st.integers(1, 3), st.integers(1, 3))
def test_max_unpool2d_agrees_with_torch(track, seed, N, C, H, W, size, stride):
    for dtype in EXACT:
        (x,) = drawn(seed, dtype, (N, C, H, W))
        y, switches = F.max_pool2d(x, size, stride, return_indices=True)
        expected = F.max_unpool2d(y, switches, size, stride, output_size=(H, W))
        got = function("max_unpool2d", track)(of_track(y, track), of_track(switches, track), (N, C, H, W))
        close(got, expected, dtype)


@few
@given(seeds, small, small, st.integers(4, 7), st.integers(4, 7), st.integers(1, 3))
def test_the_gradient_of_max_unpool2d_agrees_with_torch(seed, N, C, H, W, size):
    for dtype in EXACT:
        x, dout = drawn(seed, dtype, (N, C, H, W), (N, C, H, W))
        y, switches = F.max_pool2d(x, size, return_indices=True)
        y.requires_grad_()
        ours = function("max_unpool2d", "torch")(y, switches, (N, C, H, W))
        theirs = F.max_unpool2d(y, switches, size, output_size=(H, W))
        got, expected = (torch.autograd.grad((out * dout).sum(), y)[0] for out in (ours, theirs))
        close(got, expected, dtype)


deconvolutions = (seeds, small, small, small, small, small, st.integers(1, 4), st.integers(1, 3), st.integers(0, 2))


@both
@few
@given(*deconvolutions)
def test_deconv2d_agrees_with_conv_transpose2d(track, seed, N, C, O, h, v, K, stride, padding):
    assume(min(h - 1, v - 1) * stride + K > 2 * padding)
    for dtype in EXACT:
        y, w = drawn(seed, dtype, (N, O, h, v), (O, C, K, K))
        expected = F.conv_transpose2d(y, w, stride=stride, padding=padding)
        close(function("deconv2d", track)(of_track(y, track), of_track(w, track), stride, padding), expected, dtype)


@few
@given(*deconvolutions)
def test_the_gradients_of_deconv2d_agree_with_conv_transpose2d(seed, N, C, O, h, v, K, stride, padding):
    assume(min(h - 1, v - 1) * stride + K > 2 * padding)
    for dtype in EXACT:
        y, w = (array.requires_grad_() for array in drawn(seed, dtype, (N, O, h, v), (O, C, K, K)))
        expected = F.conv_transpose2d(y, w, stride=stride, padding=padding)
        (dout,) = drawn(seed + 1, dtype, tuple(expected.shape))
        ours = torch.autograd.grad((function("deconv2d", "torch")(y, w, stride, padding) * dout).sum(), [y, w])
        for got, truth in zip(ours, torch.autograd.grad((expected * dout).sum(), [y, w]), strict=True):
            close(got, truth, dtype)


@both
@few
@given(*deconvolutions)
def test_deconv2d_is_the_adjoint_of_conv2d(track, seed, N, C, O, h, v, K, stride, padding):
    H, W = (h - 1) * stride + K - 2 * padding, (v - 1) * stride + K - 2 * padding
    assume(min(H, W) > 0)
    x, y, w = drawn(seed, "float64", (N, C, H, W), (N, O, h, v), (O, C, K, K))
    back = function("deconv2d", track)(of_track(y, track), of_track(w, track), stride, padding)
    there = F.conv2d(x, w, stride=stride, padding=padding)
    assert float((there * y).sum()) == pytest.approx(float((x * torch.as_tensor(back)).sum()), rel=1e-10, abs=1e-10)


@both
@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("occlusion_map", (None, np.zeros((3, 4)), 0, 4, 1, 0.0), ["size 4", "(3, 4)"]),
        ("occlusion_map", (None, np.zeros((3, 4)), 0, 2, 0, 0.0), ["stride 0", "(3, 4)"]),
        ("max_unpool2d", (np.zeros((1, 2, 1, 3)), np.zeros((1, 2, 3, 1), int), (1, 2, 4, 4)), ["(1, 2, 3, 1)"]),
        ("max_unpool2d", (np.zeros((1, 2, 1, 1)), np.full((1, 2, 1, 1), 6), (1, 2, 2, 3)), ["to 6", "0..5"]),
        ("max_unpool2d", (np.zeros((1, 2, 1, 1)), np.full((1, 2, 1, 1), -1), (1, 2, 2, 3)), ["from -1"]),
        ("deconv2d", (np.zeros((1, 2, 3, 3)), np.zeros((3, 2, 3, 3)), 1, 0), ["(1, 2, 3, 3)", "(3, 2, 3, 3)"]),
        ("deconv2d", (np.zeros((1, 2, 3, 3)), np.zeros((2, 1, 3, 2)), 1, 0), ["(2, 1, 3, 2)"]),
        ("deconv2d", (np.zeros((1, 2, 3, 3)), np.zeros((2, 1, 3, 3)), 0, 0), ["stride 0"]),
        ("deconv2d", (np.zeros((1, 2, 1, 3)), np.zeros((2, 1, 3, 3)), 1, 2), ["padding 2", "(1, 2, 1, 3)"]),
        ("deconv2d", (np.zeros((1, 2, 1, 3)), np.zeros((2, 1, 3, 3)), 1, -1), ["padding -1"]),
    ],
)
def test_a_reference_refuses_what_does_not_fit_and_says_what_it_is(track, name, arguments, words):
    if track == "torch":
        arguments = [torch.from_numpy(item) if isinstance(item, np.ndarray) else item for item in arguments]
    with pytest.raises(ValueError) as raised:
        function(name, track)(*arguments)
    assert all(word in str(raised.value) for word in words)


@both
def test_saliency_refuses_a_gradient_of_another_shape(track):
    x, dx = (of_track(value, track) for value in drawn(0, "float64", (2, 1, 3, 4), (2, 3, 4)))
    with pytest.raises(ValueError, match=r"\(2, 1, 3, 4\).*\(2, 3, 4\)"):
        function("saliency", track)(lambda x, label: dx, x, None)
