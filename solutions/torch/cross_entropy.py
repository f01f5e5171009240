"""cross_entropy: the loss of a classifier, computed from its scores; autograd differentiates what you write."""

import torch
from jaxtyping import Float, Int

from solutions.torch.softmax import log_softmax


def one_hot(labels: Int[torch.Tensor, " N"], C: int) -> Float[torch.Tensor, "N C"]:
    """A row for each label, with a 1 at the label's class and 0 everywhere else, in torch's default float dtype.

        y_nc = 1 if c = labels_n, else 0

    A label below 0 or above C − 1 raises ValueError, and the message contains that label.

    >>> one_hot(torch.tensor([2, 0]), 3)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])

    Source: Bishop: Pattern Recognition and Machine Learning (2006), section 4.3.4, the 1-of-K scheme.
    """
    _check_labels(labels, C)
    y = torch.zeros(len(labels), C, device=labels.device)
    return y.scatter(1, labels[:, None], 1.0)  # one entry in each row


def cross_entropy(logits: Float[torch.Tensor, "N C"], labels: Int[torch.Tensor, " N"]) -> Float[torch.Tensor, ""]:
    """The mean, over the examples, of the surprise at the true class: minus the logarithm of its probability.

        loss = −1/N · Σ_n log p_{n,labels_n}        p = softmax(logits)

    It must survive scores of ±1e4, and a score of -inf at a class that is not the label: loss and gradient stay finite.
    A label below 0 or above C − 1 raises ValueError, and the message contains that label. The built-in loss is what you
    are writing here, so it is not allowed.

    >>> cross_entropy(torch.tensor([[0.0, 0.0, -1e4]]), torch.tensor([1]))
    tensor(0.6931)

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), sections 5.5 and 6.2.2.3.
    """
    _check_labels(labels, logits.shape[1])
    log_p = log_softmax(logits)  # N C
    # picked by index, not multiplied by a one-hot row: 0 · (−inf) would be nan
    return -log_p.gather(1, labels[:, None]).mean()


def binary_cross_entropy(
    logits: Float[torch.Tensor, " N"], targets: Float[torch.Tensor, " N"]
) -> Float[torch.Tensor, ""]:
    """The mean loss of N yes-or-no questions; each has one score, and a target between 0 (no) and 1 (yes).

        loss = −1/N · Σ_n ( t_n log p_n + (1 − t_n) log(1 − p_n) )        p = σ(logits), t = targets
             =  1/N · Σ_n ( log(1 + exp z_n) − t_n z_n )                  z = logits

    It must survive scores of ±1e4, where a confident wrong answer costs 1e4, not inf or nan, and so must its gradient.

    >>> binary_cross_entropy(torch.tensor([-1e4]), torch.tensor([1.0]))
    tensor(10000.)

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.2.2.2.
    """
    # max(z, 0) + log(1 + exp(−|z|)) has the same value, but its two kinks give autograd a wrong slope at z = 0
    softplus = torch.logaddexp(logits, torch.zeros_like(logits))  # N
    return (softplus - targets * logits).mean()


def _check_labels(labels, C):
    outside = labels[(labels < 0) | (labels >= C)]  # −1 would be taken for the last class, without a word
    if len(outside):
        raise ValueError(f"label {int(outside[0])} is outside the {C} classes 0..{C - 1}")
