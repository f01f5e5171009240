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
    if T < 0 or E < 2 or E % 2:
        raise ValueError(f"T is {T} and E is {E}: T must be 0 or more, E even and at least 2")
    angles = _angles(T, E, 10000.0)
    waves = torch.stack([angles.sin(), angles.cos()], dim=-1)  # T E/2 2: flattened, sine and cosine take turns
    return waves.flatten(start_dim=1).to(torch.get_default_dtype())


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
    if x.ndim < 2 or x.shape[-1] % 2:
        raise ValueError(f"x is {tuple(x.shape)}: (…, T, E) with an even E is needed, because features turn in pairs")
    if not base > 0:
        raise ValueError(f"base is {base}; it must be above 0")
    angles = _angles(*x.shape[-2:], base, device=x.device)
    cos, sin = angles.cos().to(x), angles.sin().to(x)  # to x's dtype
    even, odd = x[..., 0::2], x[..., 1::2]
    pairs = torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1)  # ... T E/2 2
    return pairs.flatten(start_dim=-2)


def _angles(T: int, E: int, base: float, device: torch.device | None = None) -> torch.Tensor:
    # float64, because large angles need their digits before a sine is taken of them
    i, t = (torch.arange(n, dtype=torch.float64, device=device) for n in (E // 2, T))
    rates = base ** (-2 * i / E)  # E/2, from 1 downwards: radians for each step
    return t[:, None] * rates  # T E/2
