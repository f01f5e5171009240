"""gru: two gates and no separate memory: the new state is a mixture of the old one and a proposal."""

import torch
from jaxtyping import Float


def gru_cell(
    x: Float[torch.Tensor, "N D"],
    h: Float[torch.Tensor, "N H"],
    Wx: Float[torch.Tensor, "D 3H"],
    Wh: Float[torch.Tensor, "H 3H"],
    bx: Float[torch.Tensor, " 3H"],
    bh: Float[torch.Tensor, " 3H"],
) -> Float[torch.Tensor, "N H"]:
    """One step: the new state, from the input `x` of this step and the state `h` that the step before has left.

        a = x Wx + bx        u = h Wh + bh        three blocks of H columns each, for r, z and n
        r = σ(a_r + u_r)     z = σ(a_z + u_z)     n = tanh(a_n + r · u_n)
        h_new = (1 − z) · n + z · h

    n is a proposal, z the share of the old state that stays. The reset r is applied after the product with Wh and its
    bias; that is why there are two biases. It must survive sums of ±1e4. torch.nn.GRUCell does the same with transposed
    weights; it is what you are writing here, so it is not allowed.

    >>> x, h, weights = torch.zeros(1, 1), torch.ones(1, 1), torch.zeros(1, 3)
    >>> gru_cell(x, h, weights, weights, torch.zeros(3), torch.tensor([0.0, 0.0, 2.0]))  # tanh(2 / 2) / 2 + 1 / 2
    tensor([[0.8808]])

    Source: Cho and others: Learning Phrase Representations using RNN Encoder–Decoder (2014).
    """
    raise NotImplementedError("gru_cell")


def gru(
    xs: Float[torch.Tensor, "N T D"],
    h0: Float[torch.Tensor, "N H"],
    Wx: Float[torch.Tensor, "D 3H"],
    Wh: Float[torch.Tensor, "H 3H"],
    bx: Float[torch.Tensor, " 3H"],
    bh: Float[torch.Tensor, " 3H"],
) -> Float[torch.Tensor, "N T H"]:
    """The state after every step: `gru_cell`, with the same weights, walks along the sequence from its start.

        h_t = gru_cell(x_t, h_{t−1}, Wx, Wh, bx, bh)    for t = 1 … T,    h_0 given

    hs[:, 0] is the state after the first step: `h0` itself is not among them. Any length must do, 1 too. Autograd has to
    find its way back to the first step, so no state may be cut off from the graph or written over.

    >>> weights = torch.zeros(1, 3)
    >>> gru(torch.zeros(1, 3, 1), torch.tensor([[8.0]]), weights, weights, torch.zeros(3), torch.zeros(3)).ravel()
    tensor([4., 2., 1.])

    Source: Cho and others (2014).
    """
    raise NotImplementedError("gru")
