"""embedding: a row of numbers for each token, looked up on the way in and added up on the way back."""

import torch
from jaxtyping import Float, Int


def embedding(ids: Int[torch.Tensor, "N T"], E: Float[torch.Tensor, "V D"]) -> Float[torch.Tensor, "N T D"]:
    """The row of `E` that belongs to each id.

        out_ntd = E_{ids_nt, d}

    It is the product of one-hot rows with E, without the rows and without the product: a token picks its row. Autograd
    adds up the gradients of a row that was picked several times. (`torch.nn.Embedding` keeps E as its weight, in this
    layout; it is what you are writing here, so it is not allowed.)

    >>> embedding(torch.tensor([[2, 0]]), torch.tensor([[0.5, 1.0], [2.0, 3.0], [4.0, 5.0]]))
    tensor([[[4.0000, 5.0000],
             [0.5000, 1.0000]]])

    Source: Bengio, Ducharme, Vincent, Jauvin: A Neural Probabilistic Language Model (2003), section 2.
    """
    raise NotImplementedError("embedding")
