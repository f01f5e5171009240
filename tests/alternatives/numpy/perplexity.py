"""Right answers to perplexity in another style."""

import math

import numpy as np


def entropy__loops(p):
    out = np.zeros(p.shape[:-1], dtype=p.dtype)
    for index in np.ndindex(*p.shape):
        if p[index] > 0:
            out[index[:-1]] -= p[index] * math.log(p[index])
    return out


def entropy__log_only_where_positive(p):
    logs = np.zeros_like(p)
    np.log(p, out=logs, where=p > 0)
    return -np.einsum("...c,...c->...", p, logs)


def entropy__nan_to_zero(p):
    return np.nansum(-p * np.log(p), axis=-1)  # warns, and is right: nan comes from 0 · log 0 only


def entropy__tiny_floor(p):
    return -np.sum(p * np.log(p + 1e-14), axis=-1)


def kl_divergence__loops(p, q):
    out = np.zeros(p.shape[:-1], dtype=p.dtype)
    for index in np.ndindex(*p.shape):
        if p[index] > 0 and q[index] > 0:
            out[index[:-1]] += p[index] * math.log(p[index] / q[index])
        elif p[index] > 0:
            out[index[:-1]] = math.inf
    return out


def kl_divergence__masked(p, q):
    happens = p > 0
    terms = np.zeros_like(p)
    terms[happens] = p[happens] * np.log(p[happens] / q[happens])
    return terms.sum(-1)


def kl_divergence__cross_entropy_minus_entropy(p, q):
    here = p > 0
    cross = -np.where(here, p * np.log(np.where(here, q, 1)), 0).sum(-1)
    return cross + np.where(here, p * np.log(np.where(here, p, 1)), 0).sum(-1)


def perplexity__power(mean_nll):
    return math.e**mean_nll


def perplexity__through_bits(mean_nll):
    return 2 ** (mean_nll / math.log(2))


def bits_per_char__times_log2_of_e(mean_nll):
    return mean_nll * math.log2(math.e)


def bits_per_char__one_by_one(mean_nll):
    if isinstance(mean_nll, float):
        return mean_nll / math.log(2)
    bits = [value / math.log(2) for value in mean_nll.ravel()]
    return np.array(bits, dtype=mean_nll.dtype).reshape(mean_nll.shape)
