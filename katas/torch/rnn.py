"""rnn: one cell, used at every step of a sequence; autograd walks back through all of them."""

import torch
from jaxtyping import Float


def rnn_cell(
    x: Float[torch.Tensor, "N D"],
    h: Float[torch.Tensor, "N H"],
    Wx: Float[torch.Tensor, "D H"],
    Wh: Float[torch.Tensor, "H H"],
    b: Float[torch.Tensor, " H"],
) -> Float[torch.Tensor, "N H"]:
    """One step: the new state, from the input `x` of this step and the state `h` that the step before has left.

        h_new = tanh(x Wx + h Wh + b)

    torch.nn.RNNCell does the same with transposed weights (and two biases, which add up); it is what you are writing
    here, so it is not allowed.

    >>> zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    >>> rnn_cell(one, torch.tensor([[0.0, 2.0]]), torch.tensor([[0.5, 0.0]]), torch.eye(2), torch.zeros(2))
    tensor([[0.4621, 0.9640]])

    Source: Elman: Finding Structure in Time (1990).
    """
    raise NotImplementedError("rnn_cell")


def rnn(
    xs: Float[torch.Tensor, "N T D"],
    h0: Float[torch.Tensor, "N H"],
    Wx: Float[torch.Tensor, "D H"],
    Wh: Float[torch.Tensor, "H H"],
    b: Float[torch.Tensor, " H"],
) -> Float[torch.Tensor, "N T H"]:
    """The state after every step: the same cell, with the same weights, walks along the sequence from its start.

        h_t = tanh(x_t Wx + h_{t−1} Wh + b)    for t = 1 … T,    h_0 given

    hs[:, 0] is the state after the first step: `h0` itself is not among them. Any length must do, 1 too. Autograd has to
    find its way back to the first step, so no state may be cut off from the graph or written over.

    >>> rnn(torch.tensor([[[1.0], [0.0]]]), torch.zeros(1, 1), torch.ones(1, 1), torch.ones(1, 1), torch.zeros(1))
    tensor([[[0.7616],
             [0.6420]]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 10.2.
    """
    raise NotImplementedError("rnn")
