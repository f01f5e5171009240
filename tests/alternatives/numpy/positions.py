"""Right answers to positions in another style."""

import math

import numpy as np


def sinusoidal_positions__exp_of_log(T, E):
    position = np.arange(T).reshape(-1, 1)
    div_term = np.exp(np.arange(0, E, 2) * (-math.log(10000.0) / E))
    pe = np.zeros((T, E))
    pe[:, 0::2] = np.sin(position * div_term)
    pe[:, 1::2] = np.cos(position * div_term)
    return pe


def sinusoidal_positions__loops(T, E):
    pe = np.zeros((T, E))
    for pos in range(T):
        for i in range(E // 2):
            angle = pos / 10000 ** (2 * i / E)
            pe[pos, 2 * i] = math.sin(angle)
            pe[pos, 2 * i + 1] = math.cos(angle)
    return pe


def sinusoidal_positions__stacked(T, E):
    angles = np.outer(np.arange(T), 1 / np.power(10000, np.arange(0, E, 2) / E))
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(T, E)


def sinusoidal_positions__cosine_as_late_sine(T, E):
    columns = np.arange(E)
    angles = np.arange(T)[:, None] / 10000.0 ** ((columns // 2 * 2) / E)
    return np.sin(angles + (columns % 2) * math.pi / 2)


def sinusoidal_positions__complex(T, E):
    z = np.exp(1j * np.arange(T)[:, None] * 10000.0 ** (-2 * np.arange(E // 2) / E))
    out = np.zeros((T, E))
    out[:, 0::2], out[:, 1::2] = z.imag, z.real
    return out


def rotary__stacked_pairs(x, base):
    T, E = x.shape[-2:]
    theta = base ** (-2 * np.arange(E // 2) / E)
    angle = np.outer(np.arange(T), theta)
    cos, sin = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)
    x1, x2 = x[..., ::2], x[..., 1::2]
    return np.stack([x1 * cos - x2 * sin, x1 * sin + x2 * cos], axis=-1).reshape(x.shape)


def rotary__complex(x, base):
    T, E = x.shape[-2:]
    phase = np.exp(1j * np.outer(np.arange(T), float(base) ** (-np.arange(0, E, 2) / E)))
    z = (x[..., 0::2] + 1j * x[..., 1::2]) * phase
    return np.stack([z.real, z.imag], axis=-1).reshape(x.shape).astype(x.dtype)


def rotary__rotate_half(x, base):
    T, E = x.shape[-2:]
    freqs = 1.0 / (base ** (np.arange(0, E, 2) / E))
    angle = np.repeat(np.arange(T)[:, None] * freqs, 2, axis=-1)
    half = np.empty_like(x)
    half[..., 0::2] = -x[..., 1::2]
    half[..., 1::2] = x[..., 0::2]
    return (x * np.cos(angle) + half * np.sin(angle)).astype(x.dtype)


def rotary__loops(x, base):
    out = np.zeros_like(x)
    T, E = x.shape[-2:]
    for t in range(T):
        for i in range(E // 2):
            phi = t / base ** (2 * i / E)
            cos, sin = math.cos(phi), math.sin(phi)
            out[..., t, 2 * i] = x[..., t, 2 * i] * cos - x[..., t, 2 * i + 1] * sin
            out[..., t, 2 * i + 1] = x[..., t, 2 * i] * sin + x[..., t, 2 * i + 1] * cos
    return out


def rotary__matrices(x, base):
    T, E = x.shape[-2:]
    phi = np.arange(T)[:, None] * base ** (-2.0 * np.arange(E // 2) / E)
    R = np.array([[np.cos(phi), -np.sin(phi)], [np.sin(phi), np.cos(phi)]]).astype(x.dtype)  # 2 2 T E/2
    pairs = x.reshape(*x.shape[:-1], E // 2, 2)
    return np.einsum("abti,...tib->...tia", R, pairs).reshape(x.shape)


def rotary_backward__stacked_pairs(dout, x, base):
    T, E = dout.shape[-2:]
    angle = np.outer(np.arange(T), base ** (-2 * np.arange(E // 2) / E))
    cos, sin = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)
    d1, d2 = dout[..., ::2], dout[..., 1::2]
    dx = np.zeros_like(x)
    dx[..., ::2] = d1 * cos + d2 * sin
    dx[..., 1::2] = d2 * cos - d1 * sin
    return dx


def rotary_backward__complex(dout, x, base):
    T, E = dout.shape[-2:]
    phase = np.exp(-1j * np.outer(np.arange(T), float(base) ** (-np.arange(0, E, 2) / E)))
    z = (dout[..., 0::2] + 1j * dout[..., 1::2]) * phase
    return np.stack([z.real, z.imag], axis=-1).reshape(x.shape).astype(x.dtype)


def rotary_backward__loops(dout, x, base):
    dx = np.zeros_like(x)
    T, E = x.shape[-2:]
    for t in range(T):
        for i in range(E // 2):
            phi = t * base ** (-2 * i / E)
            dx[..., t, 2 * i] += dout[..., t, 2 * i] * math.cos(phi) + dout[..., t, 2 * i + 1] * math.sin(phi)
            dx[..., t, 2 * i + 1] += dout[..., t, 2 * i + 1] * math.cos(phi) - dout[..., t, 2 * i] * math.sin(phi)
    return dx
