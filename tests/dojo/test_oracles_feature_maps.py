"""feature_maps agrees with torch's own convolution, forward and backward, and the counts with torch's own layers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
F = torch.nn.functional
EXACT = {"float64": 1e-12, "float32": 1e-6}
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(*[st.integers(1, 6)] * 4)


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def function(name: str, track: str):
    return getattr(reference("feature_maps", track).module, name)


def close(got, expected, dtype: str) -> None:
    got = got.detach().numpy() if isinstance(got, torch.Tensor) else np.asarray(got)
    expected = expected.detach().numpy()
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=EXACT[dtype], atol=EXACT[dtype] * scale)


def drawn(seed: int, sizes: tuple, half: int, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images (N, H, W), kernels (O, 1, K, K) with K = 2·half + 1, and an upstream gradient (N, O, H, W)."""
    (N, H, W, O), K, rng = sizes, 2 * half + 1, np.random.default_rng(seed)
    shapes = [(N, H, W), (O, 1, K, K), (N, O, H, W)]
    images, kernels, dout = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return images, kernels, dout


def convolution(images, kernels):
    return F.conv2d(images[:, None], kernels, padding=kernels.shape[-1] // 2)


@pytest.mark.parametrize("track", ["numpy", "torch"])
@few
@given(seeds, sizes, st.integers(0, 3))
def test_feature_maps_agree_with_conv2d(track, seed, sizes, half):
    for dtype in EXACT:
        images, kernels, _ = drawn(seed, sizes, half, dtype)
        expected = convolution(torch.from_numpy(images), torch.from_numpy(kernels))
        given_args = (images, kernels) if track == "numpy" else (torch.from_numpy(images), torch.from_numpy(kernels))
        close(function("feature_maps", track)(*given_args), expected, dtype)


@few
@given(seeds, sizes, st.integers(0, 2))
def test_the_gradients_of_feature_maps_agree_with_those_of_conv2d(seed, sizes, half):
    for dtype in EXACT:
        images, kernels, dout = map(torch.from_numpy, drawn(seed, sizes, half, dtype))
        images.requires_grad_(), kernels.requires_grad_()
        found = [
            torch.autograd.grad((maps(images, kernels) * dout).sum(), [images, kernels])
            for maps in (function("feature_maps", "torch"), convolution)
        ]
        for got, expected in zip(*found, strict=True):
            close(got, expected, dtype)


@pytest.mark.parametrize("track", ["numpy", "torch"])
def test_edge_kernels_are_made_of_smoothing_and_differences(track):
    smooth, slope = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    kernels = np.asarray(function("edge_kernels", track)())[:, 0]
    assert np.array_equal(kernels[0], np.outer(smooth, slope))
    assert np.array_equal(kernels[1], np.outer(slope, smooth))
    assert np.array_equal(kernels[2], kernels[2].T)
    assert not kernels.sum(axis=(1, 2)).any()


@pytest.mark.parametrize("track", ["numpy", "torch"])
@few
@given(st.integers(1, 6), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.integers(1, 4))
def test_parameter_counts_agree_with_the_layers_of_torch(track, C, O, K, H, W):
    with torch.device("meta"):
        shared, dense = torch.nn.Conv2d(C, O, K), torch.nn.Linear(C * H * W, O * H * W)
    count = lambda layer: sum(p.numel() for p in layer.parameters())  # noqa: E731
    assert function("shared_parameter_count", track)(C, O, K) == count(shared)
    assert function("dense_parameter_count", track)(C, H, W, O) == count(dense)


@pytest.mark.parametrize("track", ["numpy", "torch"])
@pytest.mark.parametrize(
    ("images", "kernels"),
    [((2, 4, 5), (3, 1, 2, 2)), ((2, 4, 5), (3, 1, 3, 5)), ((2, 4, 5), (3, 3, 3)), ((2, 1, 4, 5), (3, 1, 3, 3))],
    ids=["even", "not square", "no channel axis", "images with channels"],
)
def test_a_reference_refuses_what_does_not_fit_and_says_the_shapes(track, images, kernels):
    arrays = np.zeros(images), np.zeros(kernels)
    arguments = arrays if track == "numpy" else tuple(map(torch.from_numpy, arrays))
    with pytest.raises(ValueError) as raised:
        function("feature_maps", track)(*arguments)
    assert str(images) in str(raised.value)
    assert str(kernels) in str(raised.value)


@pytest.mark.parametrize("track", ["numpy", "torch"])
def test_counts_refuse_what_is_not_at_least_one(track):
    with pytest.raises(ValueError, match="O 0"):
        function("shared_parameter_count", track)(1, 0, 3)
    with pytest.raises(ValueError, match="W -2"):
        function("dense_parameter_count", track)(1, 3, -2, 4)
