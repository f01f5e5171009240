"""The references of text agree with numpy's own tables and with the batches of PyTorch's word-level example, and refuse bad values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dojo.checking.reference import reference
from dojo.loading import install_finder

few = settings(max_examples=25, deadline=None, derandomize=True, database=None)
both = pytest.mark.parametrize("track", ["numpy", "torch"])
texts = st.text(st.sampled_from("abcXY .\n\té→λ"), min_size=1, max_size=60)


@pytest.fixture(autouse=True)
def solutions_can_be_imported():
    install_finder("solutions")


def functions(track):
    if track == "torch":
        pytest.importorskip("torch")
    return reference("text", track).module


def stream(track, ids):
    if track == "numpy":
        return np.array(ids)
    import torch

    return torch.tensor(ids)


@both
@few
@given(texts)
def test_vocabulary_and_ids_are_those_of_unique(track, text):
    module = functions(track)
    unique, inverse = np.unique(np.array(list(text)), return_inverse=True)
    vocab = module.build_vocab(text)
    ids = module.encode(text, vocab)
    assert vocab == unique.tolist() and ids.tolist() == inverse.tolist()
    assert str(ids.dtype).endswith("int64") and module.decode(ids, vocab) == text


@both
@few
@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_batches_are_those_of_batchify_and_get_batch(track, N, T, spare, seed):
    """PyTorch's example word_language_model: time first, one long column for each example."""
    length = N * T + 1 + spare
    ids = np.random.default_rng(seed).integers(9, size=length)
    L = (length - 1) // N
    inputs = ids[: N * L].reshape(N, L).T  # L N, as batchify keeps it
    targets = ids[1 : N * L + 1].reshape(N, L).T
    expected = [(inputs[i : i + T].T, targets[i : i + T].T) for i in range(0, L, T) if i + T <= L]
    given_ids = stream(track, ids)
    found = list(functions(track).lm_batches(given_ids, N, T))
    assert len(found) == len(expected) == L // T
    for (x, y), (their_x, their_y) in zip(found, expected, strict=True):
        assert x.tolist() == their_x.tolist() and y.tolist() == their_y.tolist()
    seen = sum((x.size if track == "numpy" else x.numel()) for x, _ in found)
    assert seen == N * T * (L // T) and given_ids.tolist() == ids.tolist()


@both
def test_bad_values_are_refused_by_name(track):
    module = functions(track)
    with pytest.raises(ValueError, match="text is ''"):
        module.build_vocab("")
    with pytest.raises(ValueError, match="'q', 'é'.* 3 characters"):
        module.encode("abécq", ["a", "b", "c"])
    for bad in (-1, 3):
        with pytest.raises(ValueError, match=f"id {bad} .* 0..2"):
            module.decode(stream(track, [0, bad]), ["a", "b", "c"])
    for batch_size, T, words in ((0, 2, "batch_size is 0"), (2, 0, "T is 0"), (2, -3, "T is -3")):
        with pytest.raises(ValueError, match=words):
            list(module.lm_batches(stream(track, list(range(9))), batch_size, T))
    for length, batch_size, T in ((9, 9, 1), (9, 2, 5), (1, 1, 1)):
        with pytest.raises(ValueError, match=f"{length} ids are too few for batch_size {batch_size} and T {T}"):
            list(module.lm_batches(stream(track, list(range(length))), batch_size, T))
    assert len(list(module.lm_batches(stream(track, list(range(9))), 2, 4))) == 1
