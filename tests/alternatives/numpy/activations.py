"""Right answers to activations in another style."""

import math

import numpy as np


def sigmoid__textbook(x):
    return 1 / (1 + np.exp(-x))  # overflows to inf at −1e4 with a warning, and 1/inf is the right 0


def sigmoid__through_logarithms(x):
    return np.exp(-np.logaddexp(0, -x))


def sigmoid__two_masks(x):
    out = np.empty_like(x)
    positive = x >= 0
    out[positive] = 1 / (1 + np.exp(-x[positive]))
    grown = np.exp(x[~positive])
    out[~positive] = grown / (1 + grown)
    return out


def sigmoid_backward__loops(dout, x):
    dx = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        s = 1 / (1 + math.exp(-min(max(x[index], -500), 500)))
        dx[index] = dout[index] * s * (1 - s)
    return dx


def sigmoid_backward__even_form(dout, x):
    e = np.exp(-abs(x))
    return dout * e / (1 + e) ** 2


def tanh__stretched_sigmoid(x):
    return 2 / (1 + np.exp(-2 * x)) - 1


def tanh__by_sign(x):
    e = np.exp(-2 * np.abs(x))
    return np.sign(x) * (1 - e) / (1 + e)


def tanh_backward__product(dout, x):
    e = np.exp(-2 * np.abs(x))
    t = (1 - e) / (1 + e)
    return np.multiply(np.multiply(dout, 1 - t), 1 + t)


def tanh_backward__four_exponentials(dout, x):
    print("x is", x.shape)
    return 4 * dout / (np.exp(x) + np.exp(-x)) ** 2


def relu__masked(x):
    return x * (x > 0)


def relu__copy_and_clear(x):
    out = x.copy()
    out[out < 0] = 0
    return out


def relu__average_with_its_size(x):
    return (x + np.abs(x)) / 2


def relu_backward__masked(dout, x):
    return dout * (x > 0)


def relu_backward__copy_and_clear(dout, x):
    dx = np.array(dout)
    dx[x <= 0] = 0
    return dx


def leaky_relu__two_halves(x, slope):
    return np.maximum(x, 0) + slope * np.minimum(x, 0)


def leaky_relu__copy_and_scale(x, slope):
    out = x.copy()
    out[x < 0] *= slope
    return out


def leaky_relu_backward__loops(dout, x, slope):
    dx = np.empty_like(dout)
    for index, value in np.ndenumerate(x):
        dx[index] = dout[index] if value > 0 else dout[index] * slope
    return dx


def leaky_relu_backward__mask_arithmetic(dout, x, slope):
    positive = (x > 0).astype(x.dtype)
    return dout * (positive + slope * (1 - positive))


def gelu__loops(x):
    out = np.empty_like(x)
    for index in np.ndindex(*x.shape):
        out[index] = x[index] * 0.5 * (1 + math.erf(x[index] / 2**0.5))
    return out


def gelu__complement(x):
    return x * np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x.ravel()], dtype=x.dtype).reshape(x.shape)


def gelu_backward__loops(dout, x):
    dx = np.empty_like(x)
    for index in np.ndindex(*x.shape):
        v = float(x[index])
        dx[index] = dout[index] * ((1 + math.erf(v / 2**0.5)) / 2 + v * math.exp(-v * v / 2) / (2 * math.pi) ** 0.5)
    return dx


def gelu_backward__two_terms(dout, x):
    area = np.vectorize(lambda v: math.erfc(-v * math.sqrt(0.5)) / 2, otypes=[x.dtype])(x)
    return dout * area + dout * x * np.exp(-0.5 * x**2) * (2 * math.pi) ** -0.5
