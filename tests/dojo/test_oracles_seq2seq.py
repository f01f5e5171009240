"""The translators agree with torch's GRU over packed sequences, its weights mapped; bad lengths and ids are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference

torch = pytest.importorskip("torch")
F = torch.nn.functional
EXACT = {"float64": 1e-12, "float32": 2e-6}
few = settings(max_examples=4, deadline=None, derandomize=True, database=None)
sizes = st.integers(1, 4)
tracks = pytest.mark.parametrize("track", ["numpy", "torch"])
GRU = {"weight_ih_l0": "Wx", "weight_hh_l0": "Wh", "bias_ih_l0": "bx", "bias_hh_l0": "bh"}


def module(track: str):
    return reference("seq2seq", track).module


def tensors(params, dtype: str) -> dict:
    return {name: torch.from_numpy(value.astype(dtype)) for name, value in params.items()}


def batch(rng, N, S, T, vocab):
    """source, source_lengths, target, target_lengths with random ids in the padding."""
    source, target = rng.integers(vocab, size=(N, S)), rng.integers(vocab, size=(N, T + 1))
    return source, rng.integers(1, S + 1, size=N), target, rng.integers(2, T + 2, size=N)


def run_gru(p, part, packed, h):
    E, H = p[f"{part}_Wx"].shape[0], p[f"{part}_Wh"].shape[0]
    layer = torch.nn.GRU(E, H, batch_first=True, dtype=h.dtype)
    weights = {name: p[f"{part}_{mine}"] for name, mine in GRU.items()}
    own = {name: value.mT if value.ndim == 2 else value for name, value in weights.items()}
    return torch.func.functional_call(layer, own, (packed, h[None]))  # type: ignore[attr-defined]


def built_in(p, source, source_lengths, target, target_lengths):
    """The loss by packed sequences, torch.nn.GRU, softmax and cross_entropy with ignore_index."""
    xs = F.embedding(source, p["Es"])
    pack = torch.nn.utils.rnn.pack_padded_sequence
    h0 = xs.new_zeros(len(source), p["enc_Wh"].shape[0])
    packed, h = run_gru(p, "enc", pack(xs, source_lengths, batch_first=True, enforce_sorted=False), h0)
    hs, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)  # zeros behind every end
    states, _ = run_gru(p, "dec", F.embedding(target[:, :-1], p["Et"]), h[0])
    if "Wq" in p:
        hidden = torch.arange(hs.shape[1]) >= source_lengths[:, None]
        scores = torch.tanh(F.linear(states, p["Wq"].T)[:, :, None] + F.linear(hs, p["Wk"].T)[:, None]) @ p["v"]
        weights = torch.softmax(scores.masked_fill(hidden[:, None], -torch.inf), dim=-1)
        states = torch.cat([states, torch.bmm(weights, hs)], dim=-1)
    logits = F.linear(states, p["Wo"].T, p["bo"])
    beyond = torch.arange(1, target.shape[1]) >= target_lengths[:, None]
    return F.cross_entropy(logits.mT, target[:, 1:].masked_fill(beyond, -100))


def close(got, expected, dtype: str) -> None:
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=EXACT[dtype], atol=EXACT[dtype])


@tracks
@pytest.mark.parametrize("attention", [False, True])
@given(seed=st.integers(0, 2**32 - 1), N=sizes, S=sizes, T=sizes, E=sizes, H=sizes)
@few
def test_loss_and_gradients_are_those_of_packed_built_ins(track, attention, seed, N, S, T, E, H):
    rng = np.random.default_rng(seed)
    params = reference("seq2seq").module.init(6, 6, E, H, rng, attention)
    params |= {name: rng.normal(size=value.shape) for name, value in params.items() if value.ndim == 1}
    words = [torch.from_numpy(item) for item in batch(rng, N, S, T, 6)]
    for dtype in EXACT:
        leaves = {name: value.requires_grad_() for name, value in tensors(params, dtype).items()}
        expected = built_in(leaves, *words)
        truth = torch.autograd.grad(expected, list(leaves.values()), allow_unused=True)
        if track == "numpy":
            args = {name: value.detach().numpy() for name, value in leaves.items()}, *(item.numpy() for item in words)
        else:
            args = {name: value.detach() for name, value in leaves.items()}, *words
        loss, grads = module(track).loss_and_grads(*args)
        close(loss, expected.detach(), dtype)
        for name, right in zip(leaves, truth, strict=True):
            assert str(grads[name].dtype).endswith(dtype)
            close(grads[name], torch.zeros_like(leaves[name]) if right is None else right, dtype)


@tracks
@pytest.mark.parametrize("attention", [False, True])
def test_padding_leaves_every_bit_of_the_answer_as_it_is(track, attention):
    rng = np.random.default_rng(0)
    params = reference("seq2seq").module.init(6, 6, 3, 4, rng, attention)
    source, source_lengths, target, target_lengths = batch(rng, 3, 5, 4, 6)
    source_lengths, target_lengths = np.array([2, 5, 1]), np.array([5, 2, 3])
    other = np.where(np.arange(5) < source_lengths[:, None], source, 5 - source)
    elsewhere = np.where(np.arange(5) < target_lengths[:, None], target, 5 - target)
    answers = []
    for one, two in ((source, target), (other, elsewhere)):
        args = [params, one, source_lengths, two, target_lengths]
        if track == "torch":
            args = [tensors(params, "float64"), *map(torch.from_numpy, args[1:])]
        answers.append(module(track).loss_and_grads(*args))
    assert answers[0][0] == answers[1][0]
    for name in params:
        assert np.array_equal(answers[0][1][name], answers[1][1][name]), name


@tracks
def test_lengths_beyond_the_array_and_ids_beyond_the_vocabulary_are_refused(track):
    params = reference("seq2seq").module.init(6, 5, 2, 3, np.random.default_rng(1), True)
    source, target = np.array([[1, 2, 3], [4, 5, 0]]), np.array([[1, 3, 2], [1, 2, 0]])

    def refused(words, *args):
        if track == "torch":
            args = [torch.from_numpy(arg) if isinstance(arg, np.ndarray) else arg for arg in args]
        own = params if track == "numpy" else tensors(params, "float64")
        with pytest.raises(ValueError, match=words):
            if len(args) == 4:
                module(track).loss_and_grads(own, *args)
            else:
                module(track).encode(*args, own)

    refused("between 1 and 3", source, np.array([3, 4]))
    refused("between 1 and 3", source, np.array([0, 2]))
    refused(r"\(2, 3\)", source, np.array([3]))
    refused("between 2 and 3", source, np.array([3, 1]), target, np.array([3, 1]))
    refused("id 6", source + 1, np.array([3, 1]))
    refused("id 5", source, np.array([3, 1]), target + 2, np.array([3, 2]))
