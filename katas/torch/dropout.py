"""dropout: units are left out at random while training, so that none comes to rely on another."""

import torch
from jaxtyping import Float


def dropout(
    x: Float[torch.Tensor, "..."], p: float, generator: torch.Generator, train: bool = True
) -> tuple[Float[torch.Tensor, "..."], Float[torch.Tensor, "..."]]:
    """Set each number of `x` to 0 with probability `p`, scale up the others, and return (out, mask).

        mask = 0 with probability p, else 1/(1 − p), for each element by itself        out = x · mask

    0 ≤ p < 1 is the probability to drop, not to keep. The division makes the mean of `mask` 1, so that `out` is `x` on
    average and nothing has to be done at test time: with train=False, `out` equals `x` and the mask is all ones. The
    mask has the shape and dtype of `x`; every call draws a fresh one from `generator`, and from nothing else. Autograd
    goes through `out` to `x`; the mask is a constant. (`torch.nn.functional.dropout` takes no generator.)

    >>> out, mask = dropout(torch.tensor([[1.0, 2.0, 3.0]]), 0.5, torch.Generator().manual_seed(5))
    >>> out.tolist(), mask.tolist()
    ([[2.0, 0.0, 6.0]], [[2.0, 0.0, 2.0]])

    Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout (2014), sections 4 and 10.
    """
    raise NotImplementedError("dropout")
