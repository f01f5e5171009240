"""backprop: a network of any number of layers; autograd is the chain rule."""

import torch
from jaxtyping import Float, Int

from solutions.torch.activations import relu
from solutions.torch.affine import affine


def _softmax_cross_entropy(logits, labels):  # given
    """The mean softmax cross-entropy of logits (N, C) against labels (N). Chapter 2 writes it by hand."""
    return torch.nn.functional.cross_entropy(logits, labels)


def forward(params: dict[str, torch.Tensor], x: Float[torch.Tensor, "N D"]) -> Float[torch.Tensor, "N C"]:
    """The logits of a network of L layers, whose `params` are `W1` (D, H1), `b1` (H1), `W2` (H1, H2), …, `bL` (C).

        h_0 = x        z_l = h_{l−1} W_l + b_l        h_l = relu(z_l) for l < L        logits = z_L

    It must work for any L ≥ 1, twelve as well as one. There is a relu between two layers and none after the last. A
    weight is stored the way it is used, (in, out); `torch.nn.Linear` stores the transpose.

    >>> params = {"W1": torch.tensor([[1.0, -1.0]]), "b1": torch.zeros(2), "W2": torch.ones(2, 1), "b2": torch.zeros(1)}
    >>> forward(params, torch.tensor([[-3.0], [2.0]]))  # relu(x) + relu(−x) is |x|
    tensor([[3.],
            [2.]])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 2.
    """
    L = len(params) // 2
    h = x
    for l in range(1, L + 1):
        z = affine(h, params[f"W{l}"], params[f"b{l}"])
        h = relu(z) if l < L else z
    return h


def loss_and_grads(
    params: dict[str, torch.Tensor], x: Float[torch.Tensor, "N D"], labels: Int[torch.Tensor, " N"]
) -> tuple[Float[torch.Tensor, ""], dict[str, torch.Tensor]]:
    """The mean softmax cross-entropy of `forward(params, x)`, and its gradient for every tensor of `params`.

        grads[key] = ∂loss/∂params[key], by autograd

    `grads` has the keys, shapes and dtypes of `params`. The tensors in `params` belong to the caller: their values,
    their `requires_grad` and their `.grad` must stay as they are, so differentiate for detached copies.

    >>> params = {"W1": torch.zeros(1, 2), "b1": torch.zeros(2)}
    >>> loss, grads = loss_and_grads(params, torch.tensor([[2.0]]), torch.tensor([1]))
    >>> grads["W1"]
    tensor([[ 1., -1.]])

    Source: Baydin, Pearlmutter, Radul, Siskind: Automatic differentiation in machine learning: a survey (2018).
    """
    leaves = {key: value.detach().requires_grad_() for key, value in params.items()}  # detach makes a new tensor
    loss = _softmax_cross_entropy(forward(leaves, x), labels)
    found = torch.autograd.grad(loss, list(leaves.values()))
    grads = dict(zip(leaves, found, strict=True))
    loss = loss.detach()  # the number, without the graph behind it
    return loss, grads
