"""l2: a price on large weights, its gradient, and the same thing as decay."""

import numpy as np
from jaxtyping import Float


def l2_penalty(params: dict[str, np.ndarray], lam: float) -> Float[np.ndarray, ""]:
    """What large weights cost: half of λ times the sum of all their squares.

        penalty = λ/2 · Σ_W Σ_ij W_ij²

    The sum runs over the weights of `params`, whatever they are called and however many axes they have. Arrays with one
    axis are biases and cost nothing: a bias shifts a unit, and only weights make it steep. The penalty is added to the
    loss; it has no mean over the batch, because it does not look at the examples.

    >>> float(l2_penalty({"W1": np.array([[1.0, 2.0], [3.0, 4.0]]), "b1": np.array([100.0, 100.0])}, 0.1))
    1.5

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 3, “Regularization”.
    """
    _check_lam(lam)
    squares = [(W**2).sum() for W in params.values() if W.ndim != 1]
    return lam / 2 * sum(squares)


def l2_grads(params: dict[str, np.ndarray], lam: float) -> dict[str, np.ndarray]:
    """The gradient of `l2_penalty(params, lam)` for every array of `params`.

        dW_ij = λ W_ij        db_m = 0

    The result has the keys, shapes and dtypes of `params`, so that it can be added to the gradients of the loss key by
    key: a bias gets an array of zeros.

    >>> l2_grads({"W1": np.array([[1.0, -2.0]]), "b1": np.array([5.0, 5.0])}, 0.5)
    {'W1': array([[ 0.5, -1. ]]), 'b1': array([0., 0.])}

    Source: solutions/derivations/l2.md works it out.
    """
    _check_lam(lam)
    grads = {}
    for name in params:
        W = params[name]
        if W.ndim == 1:
            grads[name] = np.zeros_like(W)
        else:
            grads[name] = lam * W  # the 2 of the square and the half cancel
    return grads


def weight_decay_step(
    params: dict[str, np.ndarray], grads: dict[str, np.ndarray], lr: float, lam: float
) -> dict[str, np.ndarray]:
    """One step against the gradient of the loss, in which every weight also shrinks a little.

        W ← W − lr · dW − lr · λ · W        b ← b − lr · db

    The W on the right is the old one, in both places. `grads` are those of the loss alone, with the keys of `params`.
    The result is a new dict of new arrays; `params` and `grads` stay as they are, and float32 stays float32. Arrays
    with one axis are biases: they take the plain step.

    >>> weight_decay_step({"W": np.array([[1.0, 2.0]])}, {"W": np.array([[0.0, 10.0]])}, 0.1, 0.5)
    {'W': array([[0.95, 0.9 ]])}

    Source: Loshchilov, Hutter: Decoupled Weight Decay Regularization (2019), section 2, arXiv 1711.05101.
    """
    _check_lam(lam)
    new = {}
    for name in params:
        W = params[name]
        dW = grads[name]
        if W.ndim == 1:
            new[name] = W - lr * dW
        else:
            new[name] = W - lr * dW - lr * lam * W
    return new


def _check_lam(lam):
    if not lam >= 0:
        raise ValueError(f"lam is {lam}; a negative λ would reward large weights, so 0 ≤ λ is needed")
