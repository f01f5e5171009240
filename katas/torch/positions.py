"""positions: attention does not know where a token stands; two ways to tell it, by adding waves and by turning."""

import torch
from jaxtyping import Float


def sinusoidal_positions(T: int, E: int) -> Float[torch.Tensor, "T E"]:
    """A row of E numbers for each of T positions, to be added to the embeddings: waves from fast to slow.

        out_{t, 2i} = sin(t / 10000^(2i/E))        out_{t, 2i+1} = cos(t / 10000^(2i/E))        t = 0 … T − 1

    Even columns are sines, odd columns the cosines of the same angle; E is even. The first pair turns by one radian a
    step, the last one hardly moves, so that rows tell near and far positions apart. The result has the default dtype.

    >>> sinusoidal_positions(3, 4)
    tensor([[ 0.0000,  1.0000,  0.0000,  1.0000],
            [ 0.8415,  0.5403,  0.0100,  0.9999],
            [ 0.9093, -0.4161,  0.0200,  0.9998]])

    Source: Vaswani and others: Attention Is All You Need (2017), section 3.5, arXiv 1706.03762.
    """
    raise NotImplementedError("sinusoidal_positions")


def rotary(x: Float[torch.Tensor, "... T E"], base: float) -> Float[torch.Tensor, "... T E"]:
    """Turn each pair of features of each position by an angle that grows with the position.

        out_2i   = x_2i cos φ − x_{2i+1} sin φ
        out_2i+1 = x_2i sin φ + x_{2i+1} cos φ        φ = t · base^(−2i/E)        t = 0 … T − 1

    Position 0 stays as it is, and no vector changes its length. The product of two turned vectors depends on how far
    apart their positions are, not on where they stand: that is what attention gets from it. E is even; any axes may stand
    before "T E", such as examples and heads. The usual base is 10000. Autograd must find its way back to `x`.

    >>> rotary(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), 10000.0)
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])

    Source: Su, Lu, Pan, Murtadha, Wen, Liu: RoFormer (2021), sections 3.2 and 3.4.2, arXiv 2104.09864.
    """
    raise NotImplementedError("rotary")
