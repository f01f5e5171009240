"""l2: a price on large weights, its gradient, and the same thing as decay."""

import torch
from jaxtyping import Float


def l2_penalty(params: dict[str, torch.Tensor], lam: float) -> Float[torch.Tensor, ""]:
    """What large weights cost: half of λ times the sum of all their squares.

        penalty = λ/2 · Σ_W Σ_ij W_ij²

    The sum runs over the weights of `params`, whatever they are called and however many axes they have. Tensors with
    one axis are biases and cost nothing: a bias shifts a unit, and only weights make it steep. The penalty is added to
    the loss, so the graph from `params` to it has to stay whole; it has no mean over the batch, because it does not
    look at the examples.

    >>> float(l2_penalty({"W1": torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "b1": torch.tensor([100.0, 100.0])}, 0.1))
    1.5

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 3, “Regularization”.
    """
    _check_lam(lam)
    squares = [(W**2).sum() for W in params.values() if W.ndim != 1]
    return lam / 2 * sum(squares, start=torch.zeros(()))


def l2_grads(params: dict[str, torch.Tensor], lam: float) -> dict[str, torch.Tensor]:
    """The gradient of `l2_penalty(params, lam)` for every tensor of `params`.

        grads[key] = ∂penalty/∂params[key], by autograd        db_m = 0

    The result has the keys, shapes and dtypes of `params`, so that it can be added to the gradients of the loss key by
    key: a bias, which the penalty never sees, gets a tensor of zeros. The tensors in `params` belong to the caller:
    their `requires_grad` and `.grad` must stay as they are, so differentiate for detached copies.

    >>> l2_grads({"W1": torch.tensor([[1.0, -2.0]]), "b1": torch.tensor([5.0, 5.0])}, 0.5)
    {'W1': tensor([[ 0.5000, -1.0000]]), 'b1': tensor([0., 0.])}

    Source: solutions/derivations/l2.md works it out.
    """
    grads = {name: torch.zeros_like(param) for name, param in params.items()}
    weights = {name: param.detach().requires_grad_() for name, param in params.items() if param.ndim != 1}
    penalty = l2_penalty(weights, lam)
    if weights:  # a graph without leaves has no gradient to ask for
        found = torch.autograd.grad(penalty, list(weights.values()))
        grads |= dict(zip(weights, found, strict=True))
    return grads


def weight_decay_step(
    params: dict[str, torch.Tensor], grads: dict[str, torch.Tensor], lr: float, lam: float
) -> dict[str, torch.Tensor]:
    """One step against the gradient of the loss, in which every weight also shrinks a little.

        W ← W − lr · dW − lr · λ · W        b ← b − lr · db

    The W on the right is the old one, in both places. `grads` are those of the loss alone, with the keys of `params`.
    The result is a new dict of new tensors, cut off from the graph (nobody differentiates through a step); `params` and
    `grads` stay as they are, and float32 stays float32. Tensors with one axis are biases: they take the plain step.

    >>> weight_decay_step({"W": torch.tensor([[1.0, 2.0]])}, {"W": torch.tensor([[0.0, 10.0]])}, 0.1, 0.5)
    {'W': tensor([[0.9500, 0.9000]])}

    Source: Loshchilov, Hutter: Decoupled Weight Decay Regularization (2019), section 2, arXiv 1711.05101.
    """
    _check_lam(lam)
    new = {}
    for name in params:
        W = params[name].detach()
        dW = grads[name]
        if W.ndim == 1:
            new[name] = W - lr * dW
        else:
            new[name] = W - lr * dW - lr * lam * W
    return new


def _check_lam(lam):
    if not lam >= 0:
        raise ValueError(f"lam is {lam}; a negative λ would reward large weights, so 0 ≤ λ is needed")
