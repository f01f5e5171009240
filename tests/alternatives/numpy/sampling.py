"""Right answers to sampling in another style."""

import math

import numpy as np


def _probabilities(z):
    exps = np.exp(z - np.max(z))
    return exps / exps.sum()


def sample__masked_with_minus_infinity(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(np.argmax(logits))
    z = logits / temperature
    if top_k is not None:
        keep = np.argsort(z)[-top_k:]
        masked = np.full_like(z, -np.inf)
        masked[keep] = z[keep]
        z = masked
    if top_p is not None:
        p = _probabilities(z)
        order = np.argsort(p)[::-1]
        cumulative = np.cumsum(p[order])
        count = np.searchsorted(cumulative, top_p) + 1
        masked = np.full_like(z, -np.inf)
        masked[order[:count]] = z[order[:count]]
        z = masked
    p = _probabilities(z).astype(np.float64)
    return int(rng.choice(len(p), p=p / p.sum()))


def sample__inverse_of_the_cumulative_sum(logits, temperature, rng, top_k=None, top_p=None):
    if temperature <= 0:
        return logits.argmax().item()
    order = np.argsort(-logits)
    p = _probabilities(logits[order].astype(np.float64) / temperature)
    if top_k:
        p = p[:top_k] / p[:top_k].sum()
    if top_p:
        n = 1
        while n < len(p) and p[:n].sum() < top_p:
            n += 1
        p = p[:n]
    u = rng.random() * p.sum()
    place = min(int(np.searchsorted(np.cumsum(p), u, side="right")), len(p) - 1)
    return int(order[place])


def sample__gumbel(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(np.argmax(logits))
    tokens = sorted(range(len(logits)), key=lambda i: logits[i], reverse=True)[:top_k]
    z = logits[tokens] / temperature
    if top_p is not None:
        p = _probabilities(z)
        kept, mass = 0, 0.0
        for share in p:
            kept, mass = kept + 1, mass + share
            if mass >= top_p:
                break
        tokens, z = tokens[:kept], z[:kept]
    return tokens[int(np.argmax(z + rng.gumbel(size=len(z))))]


def sample__walk_along_the_weights(logits, temperature, rng, top_k=None, top_p=None):
    scores = logits.tolist()
    if temperature == 0:
        return scores.index(max(scores))
    pairs = sorted(((score / temperature, token) for token, score in enumerate(scores)), reverse=True)[:top_k]
    weights = [math.exp(score - pairs[0][0]) for score, _ in pairs]
    total = sum(weights)
    if top_p is not None:
        mass, kept = 0.0, []
        for weight in weights:
            if mass >= top_p:
                break
            kept.append(weight)
            mass += weight / total
        weights, total = kept, sum(kept)
    u = rng.uniform(0, total)
    for weight, (_, token) in zip(weights, pairs, strict=False):
        u -= weight
        if u <= 0:
            return token
    return pairs[len(weights) - 1][1]


def generate__while(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    ids = [first]
    while len(ids) <= length:
        scores, state = step(ids[-1], state)
        ids += [sample__gumbel(scores, temperature, rng, top_k=top_k, top_p=top_p)]
    return ids[1:]


def generate__filled(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    out = [0] * length
    previous = first
    for i in range(length):
        logits, state = step(previous, state)
        out[i] = previous = sample__inverse_of_the_cumulative_sum(logits, temperature, rng, top_k, top_p)
    return out


def generate__inner_generator(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    def tokens(token, state):
        for _ in range(length):
            logits, state = step(token, state)
            token = sample__masked_with_minus_infinity(logits, temperature, rng, top_k, top_p)
            yield token

    return list(tokens(first, state))
