"""affine: the layer x @ W + b; autograd gives the gradient of each of its three arguments."""

import torch
from jaxtyping import Float


def affine(
    x: Float[torch.Tensor, "N D"], W: Float[torch.Tensor, "D M"], b: Float[torch.Tensor, " M"]
) -> Float[torch.Tensor, "N M"]:
    """One layer of weights for a whole batch: each row of `x` is an example.

        y_nm = Σ_d x_nd W_dm + b_m

    `W` is stored as it is used, (D, M); torch.nn.Linear keeps its transpose, (M, D), and is not allowed, because it is
    what you are writing here. It must refuse shapes that are not (N, D), (D, M) and (M,), with a ValueError that prints
    all three as tuples. Gradients must reach `x`, `W` and `b`.

    >>> affine(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([10.0, 20.0]))
    tensor([[11., 22.]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.3, where the layer is called affine.
    """
    raise NotImplementedError("affine")
