"""lstm: a cell that keeps a memory behind gates; autograd finds the way back through it."""

import torch
from jaxtyping import Float


def lstm_cell(
    x: Float[torch.Tensor, "N D"],
    h: Float[torch.Tensor, "N H"],
    c: Float[torch.Tensor, "N H"],
    Wx: Float[torch.Tensor, "D 4H"],
    Wh: Float[torch.Tensor, "H 4H"],
    b: Float[torch.Tensor, " 4H"],
) -> tuple[Float[torch.Tensor, "N H"], Float[torch.Tensor, "N H"]]:
    """One step: the new state and the new memory (h, c), from the input `x` and what the step before has left.

        z = x Wx + h Wh + b,   four blocks of H columns: z_i, z_f, z_g, z_o
        i = σ(z_i)    f = σ(z_f)    g = tanh(z_g)    o = σ(z_o)
        c_new = f · c + i · g        h_new = o · tanh(c_new)

    The gates are shares between 0 and 1: how much to let in (i), to keep (f), to show (o). g is what could be let in. It
    must survive z of ±1e4. torch.nn.LSTMCell does the same with transposed weights (and two biases, which add up); it is
    what you are writing here, so it is not allowed.

    >>> weights, zero = torch.zeros(1, 4), torch.zeros(1, 1)
    >>> lstm_cell(zero, zero, torch.tensor([[8.0]]), weights, weights, torch.zeros(4))  # gates half open, g is 0
    (tensor([[0.4997]]), tensor([[4.]]))

    Source: Gers, Schmidhuber, Cummins: Learning to Forget (2000).
    """
    raise NotImplementedError("lstm_cell")


def lstm(
    xs: Float[torch.Tensor, "N T D"],
    h0: Float[torch.Tensor, "N H"],
    c0: Float[torch.Tensor, "N H"],
    Wx: Float[torch.Tensor, "D 4H"],
    Wh: Float[torch.Tensor, "H 4H"],
    b: Float[torch.Tensor, " 4H"],
) -> tuple[Float[torch.Tensor, "N T H"], Float[torch.Tensor, "N H"]]:
    """The state after every step and the memory after the last one (hs, cT): `lstm_cell` walks along the sequence.

        h_t, c_t = lstm_cell(x_t, h_{t−1}, c_{t−1}, Wx, Wh, b)    for t = 1 … T,    h_0 and c_0 given

    hs[:, 0] is the state after the first step, and hs[:, -1] and cT are what the next piece of the sequence starts from.
    Any length must do, 1 too. Autograd has to find its way back to the first step, so nothing on the way may be cut off
    from the graph or written over.

    >>> weights, zeros = torch.zeros(1, 4), torch.zeros(1, 3, 1)
    >>> hs, cT = lstm(zeros, zeros[:, 0], torch.tensor([[8.0]]), weights, weights, torch.zeros(4))
    >>> hs.ravel(), cT  # every step forgets half
    (tensor([0.4997, 0.4820, 0.3808]), tensor([[1.]]))

    Source: Gers, Schmidhuber, Cummins (2000).
    """
    raise NotImplementedError("lstm")
