"""Wrong answers to positions."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import positions as right


def _angles(T, E, base):
    return np.arange(T)[:, None] * base ** (-np.arange(0, E, 2) / E)


def _waves(angles, first=np.sin, second=np.cos):
    T, half = angles.shape
    out = np.empty((T, 2 * half))
    out[:, 0::2], out[:, 1::2] = first(angles), second(angles)
    return out


def _turned(x, angles):
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    out = np.empty_like(x)
    out[..., 0::2] = x[..., 0::2] * cos - x[..., 1::2] * sin
    out[..., 1::2] = x[..., 0::2] * sin + x[..., 1::2] * cos
    return out


@mistake("gate-swapped", says="sine and cosine have changed places: even columns are the sines")
def sinusoidal_positions(T, E):
    return _waves(_angles(T, E, 10000.0), np.cos, np.sin)


@mistake("off-by-one", says="positions are counted from 1; the first row is that of position 0")
def sinusoidal_positions(T, E):
    return _waves(np.arange(1, T + 1)[:, None] * 10000.0 ** (-np.arange(0, E, 2) / E))


@mistake("wrong-order", says="all sines come first and all cosines after them; they take turns, column by column")
def sinusoidal_positions(T, E):
    angles = _angles(T, E, 10000.0)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


@mistake("missing-scale", says="the exponent is i where it is 2i: the pairs slow down half as fast as they should")
def sinusoidal_positions(T, E):
    return _waves(np.arange(T)[:, None] * 10000.0 ** (-np.arange(E // 2) / E))


@mistake(
    "wrong-factor", says="every column has an exponent of its own, so that sine and cosine of a pair differ in speed"
)
def sinusoidal_positions(T, E):
    angles = np.arange(T)[:, None] * 10000.0 ** (-np.arange(E) / E)
    out = np.empty((T, E))
    out[:, 0::2], out[:, 1::2] = np.sin(angles[:, 0::2]), np.cos(angles[:, 1::2])
    return out


@mistake("sign-flipped", says="the minus of the exponent is missing: the waves get faster where they should get slower")
def sinusoidal_positions(T, E):
    return _waves(np.arange(T)[:, None] * 10000.0 ** (np.arange(0, E, 2) / E))


@mistake("wrong-base", says="the base is e, as np.exp has it; the longest wave belongs to the base 10000")
def sinusoidal_positions(T, E):
    return _waves(np.arange(T)[:, None] * np.exp(-np.arange(0, E, 2) / E))


@mistake("transposed", says="this is E × T: a row belongs to each position, so that it can be added to embeddings")
def sinusoidal_positions(T, E):
    return right.sinusoidal_positions(T, E).T.copy()


@mistake("wrong-nonlinearity", says="all columns are sines; the odd ones are cosines")
def sinusoidal_positions(T, E):
    return _waves(_angles(T, E, 10000.0), np.sin, np.sin)


@mistake("extra-axis", says="an axis for the batch is put in front; broadcasting adds it by itself")
def sinusoidal_positions(T, E):
    return right.sinusoidal_positions(T, E)[None]


@mistake("reversed", says="the pairs run from slow to fast; the first one is the fastest")
def sinusoidal_positions(T, E):
    return _waves(_angles(T, E, 10000.0)[:, ::-1])


@mistake("dtype-drift", says="float32 keeps seven digits; numpy computes this in float64")
def sinusoidal_positions(T, E):
    return right.sinusoidal_positions(T, E).astype(np.float32)


@mistake("sign-flipped", says="the pairs turn the other way: the minus belongs to the even feature")
def rotary(x, base):
    return _turned(x, -_angles(*x.shape[-2:], base))


@mistake(
    "pairing-lost",
    says="feature i is paired with feature i + E/2, as some models have it; here neighbours 2i and 2i + 1 are a pair",
)
def rotary(x, base):
    half = x.shape[-1] // 2
    angles = _angles(*x.shape[-2:], base)
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


@mistake("wrong-order", says="the turned features are laid out one kind after the other; they belong side by side")
def rotary(x, base):
    out = right.rotary(x, base)
    return np.concatenate([out[..., 0::2], out[..., 1::2]], axis=-1)


@mistake("off-by-one", says="positions are counted from 1, so that the first one is turned, too")
def rotary(x, base):
    angles = _angles(*x.shape[-2:], base)
    return _turned(x, angles + base ** (-np.arange(0, x.shape[-1], 2) / x.shape[-1]))


@mistake("missing-scale", says="the exponent is i/E where it is 2i/E: E counts features, and i counts pairs")
def rotary(x, base):
    T, E = x.shape[-2:]
    return _turned(x, np.arange(T)[:, None] * base ** (-np.arange(E // 2) / E))


@mistake("argument-unused", says="the base is always 10000; the one that is given does not come in")
def rotary(x, base):
    return right.rotary(x, 10000.0)


@mistake("missing-term", says="only the cosines are left: each feature also needs the other one of its pair")
def rotary(x, base):
    angles = np.repeat(_angles(*x.shape[-2:], base), 2, axis=-1)
    return x * np.cos(angles).astype(x.dtype)


@mistake(
    "wrong-operand",
    says="the odd feature is computed from an even one that has been turned already; both need the old values",
)
def rotary(x, base):
    angles = _angles(*x.shape[-2:], base)
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    out = x.copy()
    out[..., 0::2] = out[..., 0::2] * cos - out[..., 1::2] * sin
    out[..., 1::2] = out[..., 0::2] * sin + out[..., 1::2] * cos
    return out


@mistake("wrong-axis", says="the angles grow along the first axis, that of the examples, instead of along time")
def rotary(x, base):
    if x.ndim == 2:
        return right.rotary(x, base)
    return right.rotary(x.swapaxes(0, -2), base).swapaxes(0, -2)


@mistake("dtype-drift", says="the angles are float64, and so is float32 x times their cosine")
def rotary(x, base):
    return right.rotary(x.astype(np.float64), base)


@mistake("mutates-input", says="x itself is turned, and its owner finds other numbers in it; write into a new array")
def rotary(x, base):
    x[...] = right.rotary(x, base)
    return x


@mistake("state-not-carried", says="every position is turned by the angle of position 1; it grows with the position")
def rotary(x, base):
    E = x.shape[-1]
    return _turned(x, base ** (-np.arange(0, E, 2) / E) * np.ones((x.shape[-2], 1)))


@mistake("sign-flipped", "dx", says="dout is turned forwards, as x was; the transpose of a rotation turns back")
def rotary_backward(dout, x, base):
    return right.rotary(dout, base)


@mistake("wrong-operand", "dx", says="x is turned back where dout belongs")
def rotary_backward(dout, x, base):
    return right.rotary_backward(x, x, base)


@mistake("upstream-ignored", "dx", says="this is the gradient for a dout of ones")
def rotary_backward(dout, x, base):
    return right.rotary_backward(np.ones_like(dout), x, base)


@mistake("diagonal-only", "dx", says="each feature hears of its own output only; it stands in both outputs of its pair")
def rotary_backward(dout, x, base):
    angles = np.repeat(_angles(*x.shape[-2:], base), 2, axis=-1)
    return dout * np.cos(angles).astype(x.dtype)


@mistake("argument-unused", "dx", says="the base is always 10000; the one that is given does not come in")
def rotary_backward(dout, x, base):
    return right.rotary_backward(dout, x, 10000.0)


@mistake("off-by-one", "dx", says="positions are counted from 1, so that the first gradient is turned, too")
def rotary_backward(dout, x, base):
    angles = _angles(*x.shape[-2:], base)
    return _turned(dout, -angles - base ** (-np.arange(0, x.shape[-1], 2) / x.shape[-1]))


@mistake("pairing-lost", "dx", says="gradient i is paired with i + E/2; neighbours 2i and 2i + 1 were turned together")
def rotary_backward(dout, x, base):
    half = dout.shape[-1] // 2
    angles = _angles(*dout.shape[-2:], base)
    cos, sin = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    a, b = dout[..., :half], dout[..., half:]
    return np.concatenate([a * cos + b * sin, b * cos - a * sin], axis=-1)


@mistake("dtype-drift", "dx", says="the angles are float64, and so is a float32 gradient times their cosine")
def rotary_backward(dout, x, base):
    return right.rotary_backward(dout.astype(np.float64), x.astype(np.float64), base)


@mistake("mutates-input", says="dout itself is turned back; others may still need it")
def rotary_backward(dout, x, base):
    dout[...] = right.rotary_backward(dout, x, base)
    return dout


@mistake(
    "graph-broken",
    says="torch.tensor copies the numbers and forgets where they came from: no gradient finds its way back to x",
    track="torch",
)
def rotary(x, base):
    import torch

    T, E = x.shape[-2:]
    angles = torch.arange(T)[:, None] * base ** (-torch.arange(0, E, 2).double() / E)
    z = torch.complex(x[..., ::2].double(), x[..., 1::2].double()) * torch.exp(1j * angles)
    return torch.tensor(torch.view_as_real(z).flatten(-2).tolist(), dtype=x.dtype)


@mistake(
    "wrong-type",
    says="the table is left as a numpy array; added to a tensor on a GPU, it fails, and its dtype is float64",
    track="torch",
)
def sinusoidal_positions(T, E):
    return right.sinusoidal_positions(T, E)
