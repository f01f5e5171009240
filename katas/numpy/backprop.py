"""backprop: the chain rule through any number of layers."""

import numpy as np
from jaxtyping import Float, Int
from katas.numpy.activations import relu, relu_backward
from katas.numpy.affine import affine, affine_backward


def _softmax_cross_entropy(logits, labels):  # given
    """The mean softmax cross-entropy of logits (N, C) against labels (N), and its gradient for the logits, (N, C).

    Chapter 2 is about these lines; here they are given.
    """
    examples = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # N C
    loss = -log_p[examples, labels].mean()
    dlogits = np.exp(log_p)
    dlogits[examples, labels] -= 1
    return loss, dlogits / len(labels)


def forward(params: dict[str, np.ndarray], x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N C"]:
    """The logits of a network of L layers, whose `params` are `W1` (D, H1), `b1` (H1), `W2` (H1, H2), …, `bL` (C).

        h_0 = x        z_l = h_{l−1} W_l + b_l        h_l = relu(z_l) for l < L        logits = z_L

    It must work for any L ≥ 1, twelve as well as one. There is a relu between two layers and none after the last.

    >>> params = {"W1": np.array([[1.0, -1.0]]), "b1": np.zeros(2), "W2": np.ones((2, 1)), "b2": np.zeros(1)}
    >>> forward(params, np.array([[-3.0], [2.0]]))  # relu(x) + relu(−x) is |x|
    array([[3.],
           [2.]])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 2.
    """
    raise NotImplementedError("forward")


def loss_and_grads(
    params: dict[str, np.ndarray], x: Float[np.ndarray, "N D"], labels: Int[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, ""], dict[str, np.ndarray]]:
    """The mean softmax cross-entropy of `forward(params, x)`, and its gradient for every array of `params`.

        dz_L = dlogits                  (the given helper returns the loss and dlogits)
        dW_l = h_{l−1}ᵀ dz_l            db_l = Σ_n dz_l[n]
        dh_{l−1} = dz_l W_lᵀ            dz_{l−1} = dh_{l−1} where z_{l−1} > 0, else 0

    `grads` has the keys, shapes and dtypes of `params`. It must work for any number of layers.

    >>> params = {"W1": np.zeros((1, 2)), "b1": np.zeros(2)}
    >>> loss, grads = loss_and_grads(params, np.array([[2.0]]), np.array([1]))
    >>> grads["W1"]
    array([[ 1., -1.]])

    Source: Rumelhart, Hinton, Williams: Learning representations by back-propagating errors (1986);
    solutions/derivations/backprop.md works it out.
    """
    raise NotImplementedError("loss_and_grads")
