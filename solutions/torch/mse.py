"""mse: half the squared distance between outputs and targets, averaged over the examples; autograd differentiates it."""

import torch
from jaxtyping import Float


def mse(y: Float[torch.Tensor, "N M"], target: Float[torch.Tensor, "N M"]) -> Float[torch.Tensor, ""]:
    """The quadratic cost of the outputs `y`: a tensor without axes, from which autograd finds its way back.

        loss = 1/N Σ_n 1/2 Σ_m (y_nm − target_nm)²

    A sum over the M outputs, a mean over the N examples; torch.nn.MSELoss takes the mean over both and has no half, and
    is not allowed. It must refuse anything but two matrices of one shape, because (N, 1) − (N,) is (N, N): ValueError,
    with both shapes in the message as tuples. Gradients must reach `y` and `target`.

    >>> mse(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([[1.0, 2.0, 5.0], [0.0, 5.0, 6.0]]))
    tensor(5.)

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 1, section “Learning with gradient descent”.
    """
    if y.ndim != 2 or y.shape != target.shape:
        raise ValueError(f"mse: y {tuple(y.shape)}, target {tuple(target.shape)}: (N, M) and (N, M) are needed")
    error = y - target  # N M
    return (error * error).sum() / (2 * y.shape[0])
