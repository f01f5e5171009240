"""Right answers to learning_slowdown in another style."""

import math

import numpy as np


def quadratic_output_gradient__textbook_sigmoid(z, target):
    a = 1 / (1 + np.exp(-z))
    return (a - target) * (a - a**2)


def quadratic_output_gradient__loops(z, target):
    out = np.empty_like(z)
    for index in np.ndindex(*z.shape):
        a = 1 / (1 + math.exp(-max(z[index], -700)))
        out[index] = (a - target[index]) * a * (1 - a)
    return out


def quadratic_output_gradient__even_slope(z, target):
    e = np.exp(-np.abs(z))
    a = np.where(z > 0, 1 / (1 + e), e / (1 + e))
    return np.multiply(a - target, e / np.square(1 + e))


def cross_entropy_output_gradient__textbook_sigmoid(z, target):
    return 1 / (1 + np.exp(-z)) - target


def cross_entropy_output_gradient__two_terms(z, target):
    a = np.exp(-np.logaddexp(0, -z))
    return (1 - target) * a - target * (1 - a)


def cross_entropy_output_gradient__through_tanh(z, target):
    return (1 + np.tanh(z / 2)) / 2 - target
