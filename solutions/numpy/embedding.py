"""embedding: a row of numbers for each token, looked up on the way in and added up on the way back."""

import numpy as np
from jaxtyping import Float, Int


def embedding(ids: Int[np.ndarray, "N T"], E: Float[np.ndarray, "V D"]) -> Float[np.ndarray, "N T D"]:
    """The row of `E` that belongs to each id.

        out_ntd = E_{ids_nt, d}

    It is the product of one-hot rows with E, without the rows and without the product: a token picks its row.

    >>> embedding(np.array([[2, 0]]), np.array([[0.5, 1.0], [2.0, 3.0], [4.0, 5.0]]))
    array([[[4. , 5. ],
            [0.5, 1. ]]])

    Source: Bengio, Ducharme, Vincent, Jauvin: A Neural Probabilistic Language Model (2003), section 2.
    """
    _check_ids(ids, E)
    return E[ids]


def embedding_backward(
    dout: Float[np.ndarray, "N T D"], ids: Int[np.ndarray, "N T"], E: Float[np.ndarray, "V D"]
) -> Float[np.ndarray, "V D"]:
    """The gradient of the loss for `E`, given `dout`, its gradient for `embedding(ids, E)`.

        dE_vd = Σ dout_ntd, summed over all n, t with ids_nt = v

    A row that was picked several times gets a gradient from each of its places, and they add up. A row that was never
    picked gets zeros. The ids are whole numbers and have no gradient.

    >>> embedding_backward(np.array([[[1.0], [10.0], [100.0]]]), np.array([[2, 0, 2]]), np.zeros((3, 1)))
    array([[ 10.],
           [  0.],
           [101.]])

    Source: solutions/derivations/embedding.md works it out.
    """
    _check_ids(ids, E)
    # np.add.at(dE, ids, dout) says the same in one line, and takes several times as long: it adds row by row. Sorted,
    # the places of one token stand side by side, and each token is one sum. (One-hot rows would take V·N·T numbers.)
    order = np.argsort(ids, axis=None, kind="stable")
    tokens, starts = np.unique(ids.ravel()[order], return_index=True)
    places = np.split(dout.reshape(-1, E.shape[1])[order], starts[1:])  # for each token, what its places have to say
    dE = np.zeros_like(E)
    for token, rows in zip(tokens, places, strict=True):
        dE[token] = rows.sum(axis=0)
    return dE


def _check_ids(ids, E) -> None:
    if ids.min() < 0 or ids.max() >= len(E):  # E[-1] would silently be the last row
        wrong = ids[(ids < 0) | (ids >= len(E))][0]
        raise ValueError(f"id {wrong} is not in the vocabulary: E {E.shape} has the ids 0..{len(E) - 1}")
