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
    raise NotImplementedError("embedding")


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
    raise NotImplementedError("embedding_backward")
