"""gradient_flow: what is left of a gradient layer by layer, and two ways to hold down one that has grown too large."""

import torch
from jaxtyping import Float

from solutions.torch.activations import relu, sigmoid, tanh

FORWARD = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}


def layer_gradient_norms(
    weights: list[Float[torch.Tensor, "D M"]],
    x: Float[torch.Tensor, "N D"],
    dout: Float[torch.Tensor, "N M"],
    activation: str,
) -> Float[torch.Tensor, " L"]:
    """The length of the gradient of every weight in a network of L layers, the first layer first.

        h_0 = x        z_l = h_{l−1} W_l        h_l = f(z_l), behind the last layer too        out = h_L
        norm_l = √ Σ_ij (dW_l)_ij²              dW_l the gradient for W_l, given dout, the gradient for out

    `weights` is a list of L ≥ 1 matrices, there are no biases, and f is the function that `activation` names: "tanh",
    "relu" or "sigmoid". Autograd finds the gradients, for detached copies: the list and the tensors in it stay as they
    are, their `requires_grad` and `.grad` too. float32 stays float32. It must work for any number of layers: in thirty
    of them a gradient can vanish (1e-20) or explode (1e20), and the norms show it.

    >>> weights = [torch.tensor([[2.0]]), torch.tensor([[3.0]]), torch.tensor([[5.0]])]
    >>> layer_gradient_norms(weights, torch.tensor([[1.0]]), torch.tensor([[1.0]]), "relu")
    tensor([15., 10.,  6.])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 5; Glorot, Bengio: Understanding the difficulty of
    training deep feedforward neural networks (2010). solutions/derivations/gradient_flow.md works it out.
    """
    if activation not in FORWARD:
        raise ValueError(f"activation {activation!r} is none of {', '.join(FORWARD)}")
    leaves = [W.detach().requires_grad_() for W in weights]  # new tensors: the caller's keep their requires_grad
    h = x.detach()
    for W in leaves:
        h = FORWARD[activation](h @ W)  # N M
    gradients = torch.autograd.grad(h, leaves, dout)  # dout takes the place of the loss's own gradient for h
    return torch.stack([torch.sqrt((dW**2).sum()) for dW in gradients])


def clip_by_value(grads: dict[str, torch.Tensor], limit: float) -> dict[str, torch.Tensor]:
    """Every number of every gradient, cut off at ±limit.

        g ← −limit if g < −limit,   limit if g > limit,   else g

    It may turn the direction of the whole: large entries shrink, small ones stay. The result is a new dict; `grads` and
    its tensors stay as they are, and float32 stays float32.

    >>> clip_by_value({"W": torch.tensor([0.5, -3.0, 10.0])}, 1.0)
    {'W': tensor([ 0.5000, -1.0000,  1.0000])}

    Source: Mikolov: Statistical Language Models Based on Neural Networks (2012), section 3.2.2.
    """
    if limit < 0:
        raise ValueError(f"clip_by_value: the limit is {limit}; it cannot be negative")
    return {name: grad.clamp(-limit, limit) for name, grad in grads.items()}


def clip_by_global_norm(
    grads: dict[str, torch.Tensor], max_norm: float
) -> tuple[dict[str, torch.Tensor], Float[torch.Tensor, ""]]:
    """All gradients scaled by one factor, so that together they are no longer than `max_norm`; and how long they were.

        norm = √ Σ g²,  over every number of every gradient        g ← g · max_norm / norm,  if norm > max_norm

    One factor for all of them keeps the direction. Gradients shorter than `max_norm` come back as they are, and
    gradients of nothing but zeros come back as zeros. The norm returned is the one before clipping. `grads` and its
    tensors stay as they are, and float32 stays float32. (PyTorch adds 1e-6 to the norm below the line; you may too.)

    >>> clip_by_global_norm({"W": torch.tensor([3.0, 0.0]), "b": torch.tensor([-4.0])}, 1.0)
    ({'W': tensor([0.6000, 0.0000]), 'b': tensor([-0.8000])}, tensor(5.))

    Source: Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks (2013), algorithm 1.
    """
    if max_norm <= 0:
        raise ValueError(f"clip_by_global_norm: max_norm is {max_norm}; it has to be positive")
    norm = torch.sqrt(sum((grad**2).sum() for grad in grads.values()))
    scale = max_norm / norm.clamp(min=max_norm)  # 1 where the gradients are short already; a norm of 0 divides nothing
    grads = {name: scale * grad for name, grad in grads.items()}
    return grads, norm
