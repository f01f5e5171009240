"""The references of embedding refuse ids that have no row; that they agree with torch.nn is a line in test_oracles.py."""

import numpy as np
import pytest

from dojo.checking.reference import reference

both = pytest.mark.parametrize("track", ["numpy", "torch"])


@both
@pytest.mark.parametrize("bad", [-1, 4, 99])
def test_an_id_without_a_row_is_refused_by_name(track, bad):
    ids, E, dout = np.array([[0, 1, 3], [2, bad, 0]]), np.ones((4, 5)), np.ones((2, 3, 5))
    calls = [("embedding", (ids, E))] + [("embedding_backward", (dout, ids, E))] * (track == "numpy")
    if track == "torch":
        torch = pytest.importorskip("torch")
        calls = [(name, tuple(torch.from_numpy(arg) for arg in args)) for name, args in calls]
    for name, args in calls:
        with pytest.raises(ValueError, match=rf"id {bad} .* \(4, 5\) has the ids 0\.\.3"):
            getattr(reference("embedding", track).module, name)(*args)
