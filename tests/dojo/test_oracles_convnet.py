"""The references of convnet agree with torch's own layers, forward and backward, on both tracks and over drawn sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

torch = pytest.importorskip("torch")
F = torch.nn.functional
EXACT = {"float64": 1e-12, "float32": 1e-5}
few = settings(max_examples=6, deadline=None, derandomize=True, database=None)


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


@st.composite
def networks(draw):
    """Sizes: images, side, channels of both stages, classes, both kernels."""
    sizes = [draw(st.integers(low, high)) for low, high in ((1, 4), (4, 11), (1, 3), (1, 3), (2, 4))]
    return (*sizes, draw(st.sampled_from([1, 3, 5])), draw(st.sampled_from([1, 3, 5])), draw(st.integers(0, 2**32 - 1)))


def drawn(network, dtype: str):
    N, side, O1, O2, C, K1, K2, seed = network
    rng, D = np.random.default_rng(seed), O2 * (side // 4) ** 2
    shapes = {"w1": (O1, 1, K1, K1), "b1": (O1,), "w2": (O2, O1, K2, K2), "b2": (O2,), "W3": (D, C), "b3": (C,)}
    params = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    return params, rng.normal(size=(N, 1, side, side)).astype(dtype), rng.integers(C, size=N)


def built_in(params: dict, x, labels):
    leaves = {name: torch.from_numpy(param).requires_grad_() for name, param in params.items()}
    h = torch.from_numpy(x)
    for stage in ("1", "2"):
        w = leaves["w" + stage]
        h = F.max_pool2d(F.relu(F.conv2d(h, w, leaves["b" + stage], padding="same")), 2)
    logits = F.linear(h.flatten(1), leaves["W3"].T, leaves["b3"])
    loss = F.cross_entropy(logits, torch.from_numpy(labels))
    grads = torch.autograd.grad(loss, list(leaves.values()))
    return logits.detach(), loss.item(), {name: grad.numpy() for name, grad in zip(leaves, grads, strict=True)}


@pytest.mark.parametrize("track", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", EXACT)
@few
@given(network=networks())
def test_loss_gradients_and_answers(track, dtype, network):
    params, x, labels = drawn(network, dtype)
    logits, loss, grads = built_in(params, x, labels)
    kata = reference("convnet", track).module
    native = (lambda value: torch.from_numpy(value.copy())) if track == "torch" else np.copy
    given = {name: native(param) for name, param in params.items()}, native(x), native(labels)
    got_loss, got = kata.loss_and_grads(*given)
    np.testing.assert_allclose(float(got_loss), loss, rtol=EXACT[dtype])
    assert set(got) == set(grads)
    for name, grad in grads.items():
        scale = max(1.0, float(np.abs(grad).max()))
        assert str(np.asarray(got[name]).dtype) == dtype
        np.testing.assert_allclose(np.asarray(got[name]), grad, rtol=EXACT[dtype], atol=EXACT[dtype] * scale)
    best = logits.topk(2, dim=1).values
    clear = (best[:, 0] - best[:, 1] > 1e-4).numpy()  # rounding may decide where two scores are alike
    answers = np.asarray(kata.predict(*given[:2]))
    assert np.array_equal(answers[clear], logits.argmax(dim=1).numpy()[clear])


@pytest.mark.parametrize("track", ["numpy", "torch"])
def test_init_has_the_moments_of_torchs_own_he_normal(track):
    rng = np.random.default_rng(0) if track == "numpy" else torch.Generator().manual_seed(0)
    params = reference("convnet", track).module.init(rng)
    for name in ("w1", "w2", "W3"):
        shape = tuple(params[name].shape)
        like = torch.empty(shape if len(shape) == 4 else shape[::-1])  # nn.Linear stores outputs first
        gain = torch.nn.init.calculate_gain("relu")
        fan, _ = torch.nn.init._calculate_fan_in_and_fan_out(like)
        got = float(np.asarray(params[name]).std()) * fan**0.5 / gain
        assert abs(got - 1) < 4 / (2 * like.numel()) ** 0.5
