"""Right answers to positions in another style, in torch."""

import math

import torch


def sinusoidal_positions__filled(T, E):
    position = torch.arange(T).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, E, 2) * (-math.log(10000.0) / E))
    pe = torch.zeros(T, E)
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe


def sinusoidal_positions__loops(T, E):
    rows = [[(math.cos if c % 2 else math.sin)(t / 10000 ** ((c - c % 2) / E)) for c in range(E)] for t in range(T)]
    return torch.tensor(rows)


def rotary__complex(x, base):
    T, E = x.shape[-2:]
    rates = base ** (-torch.arange(0, E, 2, dtype=x.dtype) / E)
    angle = torch.outer(torch.arange(T, dtype=x.dtype), rates)
    z = torch.view_as_complex(x.reshape(*x.shape[:-1], E // 2, 2)) * torch.polar(torch.ones_like(angle), angle)
    return torch.view_as_real(z).reshape(x.shape)


def rotary__rotate_half(x, base):
    T, E = x.shape[-2:]
    rates = 1.0 / (base ** (torch.arange(0, E, 2, dtype=x.dtype) / E))
    angle = (torch.arange(T, dtype=x.dtype)[:, None] * rates).repeat_interleave(2, dim=-1)
    half = torch.stack([-x[..., 1::2], x[..., ::2]], dim=-1).reshape(x.shape)
    return x * angle.cos() + half * angle.sin()


def rotary__filled(x, base):
    T, E = x.shape[-2:]
    i = torch.arange(E // 2, dtype=torch.float64)
    angle = torch.arange(T, dtype=torch.float64)[:, None] * base ** (-2 * i / E)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    out = torch.empty_like(x)
    out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
    out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
    return out
