"""positions: attention does not know where a token stands; two ways to tell it, by adding waves and by turning."""

import numpy as np
from jaxtyping import Float


def sinusoidal_positions(T: int, E: int) -> Float[np.ndarray, "T E"]:
    """A row of E numbers for each of T positions, to be added to the embeddings: waves from fast to slow, in float64.

        out_{t, 2i} = sin(t / 10000^(2i/E))        out_{t, 2i+1} = cos(t / 10000^(2i/E))        t = 0 … T − 1

    Even columns are sines, odd columns the cosines of the same angle; E is even. The first pair turns by one radian a
    step, the last one hardly moves, so that rows tell near and far positions apart.

    >>> sinusoidal_positions(3, 4).round(4)
    array([[ 0.    ,  1.    ,  0.    ,  1.    ],
           [ 0.8415,  0.5403,  0.01  ,  1.    ],
           [ 0.9093, -0.4161,  0.02  ,  0.9998]])

    Source: Vaswani and others: Attention Is All You Need (2017), section 3.5, arXiv 1706.03762.
    """
    raise NotImplementedError("sinusoidal_positions")


def rotary(x: Float[np.ndarray, "... T E"], base: float) -> Float[np.ndarray, "... T E"]:
    """Turn each pair of features of each position by an angle that grows with the position.

        out_2i   = x_2i cos φ − x_{2i+1} sin φ
        out_2i+1 = x_2i sin φ + x_{2i+1} cos φ        φ = t · base^(−2i/E)        t = 0 … T − 1

    Position 0 stays as it is, and no vector changes its length. The product of two turned vectors depends on how far
    apart their positions are, not on where they stand: that is what attention gets from it. E is even; any axes may stand
    before "T E", such as examples and heads. The usual base is 10000.

    >>> rotary(np.array([[1.0, 0.0], [1.0, 0.0]]), 10000.0).round(4)
    array([[1.    , 0.    ],
           [0.5403, 0.8415]])

    Source: Su, Lu, Pan, Murtadha, Wen, Liu: RoFormer (2021), sections 3.2 and 3.4.2, arXiv 2104.09864.
    """
    raise NotImplementedError("rotary")


def rotary_backward(
    dout: Float[np.ndarray, "... T E"], x: Float[np.ndarray, "... T E"], base: float
) -> Float[np.ndarray, "... T E"]:
    """The gradient of the loss for `x`, given `dout`, its gradient for `rotary(x, base)`.

        dx_2i   = dout_2i cos φ + dout_{2i+1} sin φ
        dx_2i+1 = −dout_2i sin φ + dout_{2i+1} cos φ        φ = t · base^(−2i/E)

    A rotation is undone by turning back, and its transpose does the same: the gradient is `dout`, turned by −φ.

    >>> rotary_backward(np.array([[1.0, 0.0], [1.0, 0.0]]), np.zeros((2, 2)), 10000.0).round(4)
    array([[ 1.    ,  0.    ],
           [ 0.5403, -0.8415]])

    Source: solutions/derivations/positions.md works it out.
    """
    raise NotImplementedError("rotary_backward")
