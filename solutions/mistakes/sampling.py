"""Wrong answers to sampling."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import sampling as right
from solutions.numpy.softmax import softmax


def _nucleus(p, top_p):
    """Of probabilities, the likeliest first, those that make up the nucleus; all of them without top_p."""
    return p if top_p is None else np.where(np.cumsum(p) - p < top_p, p, 0)


def _drawn(tokens, p, rng):
    return int(tokens[rng.choice(len(p), p=p / p.sum())])


@mistake("missing-scale", says="the temperature is looked at for 0 only; the scores have to be divided by it")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    return right.sample(logits, 1.0 if temperature else 0.0, rng, top_k, top_p)


@mistake("wrong-factor", says="the scores are multiplied by the temperature, so that heat makes the draws colder")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    return right.sample(logits, 1 / temperature if temperature else 0.0, rng, top_k, top_p)


@mistake("wrong-operand", says="the likeliest token is returned at any temperature; it is to be drawn at random")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    return int(logits.argmax())


@mistake("missing-term", says="the draw is not told the probabilities: all tokens that are left come equally often")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    ranked = np.argsort(-logits, kind="stable")[:top_k]
    p = _nucleus(softmax(logits[ranked] / temperature), top_p)
    return int(rng.choice(ranked[p > 0]))


@mistake("pairing-lost", says="the place in the sorted list is returned; the token that stands there is asked for")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    ranked = np.sort(logits)[::-1][:top_k]
    p = _nucleus(softmax(ranked / temperature), top_p)
    return _drawn(np.arange(len(p)), p, rng)


@mistake("reversed", says="argsort sorts upwards: its first k tokens are the least likely ones")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    ranked = np.argsort(logits, kind="stable")[:top_k]
    return _drawn(ranked, _nucleus(softmax(logits[ranked] / temperature), top_p), rng)


@mistake("wrong-base", says="the weights are powers of 2; softmax takes powers of e")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    return right.sample(logits * np.log(2), temperature, rng, top_k, top_p)


@mistake(
    "wrong-nonlinearity",
    says="the scores, moved up to be positive, serve as weights; softmax makes weights of them with exp",
)
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    weights = np.where(np.isfinite(logits), logits, logits[np.isfinite(logits)].min()) / temperature
    weights = (weights - weights.min() + 1e-12).astype(np.float64)
    ranked = np.argsort(-logits, kind="stable")[:top_k]
    p = weights[ranked] / weights[ranked].sum()
    return _drawn(ranked, _nucleus(p, top_p), rng)


@mistake("off-by-one", says="the token that crosses top_p is dropped; it is the last one that is kept")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    ranked = np.argsort(-logits, kind="stable")[:top_k]
    p = softmax(logits[ranked] / temperature)
    if top_p is not None:
        keep = np.cumsum(p) <= top_p + 1e-12
        keep[0] = True
        p = np.where(keep, p, 0)
    return _drawn(ranked, p, rng)


@mistake("argument-unused", says="top_p never occurs, and so cuts nothing off")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    return right.sample(logits, temperature, rng, top_k)


@mistake("mask-ignored", says="the scores behind the k highest are masked, and then the whole row is drawn from")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    return right.sample(logits, temperature, rng, None, top_p)


@mistake("mask-inverted", says="what is in the nucleus is cut away, and the tail is kept")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    ranked = np.argsort(-logits, kind="stable")[:top_k]
    p = softmax(logits[ranked] / temperature)
    tail = p - _nucleus(p, top_p)
    return _drawn(ranked, tail if top_p is not None and tail.sum() > 0 else p, rng)


@mistake("wrong-order", says="probabilities are added up in the order of the vocabulary; the likeliest come first")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    kept = np.sort(np.argsort(-logits, kind="stable")[:top_k])
    return _drawn(kept, _nucleus(softmax(logits[kept] / temperature), top_p), rng)


@mistake("not-normalised", says="top_p looks at probabilities of all tokens; what top_k left has to add up to 1 first")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    ranked = np.argsort(-logits, kind="stable")
    return _drawn(ranked[:top_k], _nucleus(softmax(logits[ranked] / temperature)[:top_k], top_p), rng)


@mistake("wrong-argument", says="the nucleus is found with the scores as they came; the temperature comes before it")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    ranked = np.argsort(-logits, kind="stable")[:top_k]
    kept = _nucleus(softmax(logits[ranked]), top_p) > 0
    return _drawn(ranked, np.where(kept, softmax(logits[ranked] / temperature), 0), rng)


@mistake("extra-axis", says="an array with one token comes back; the token itself is asked for, as an int")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    return np.array([right.sample(logits, temperature, rng, top_k, top_p)])


@mistake("nondeterministic", says="numpy's global state is asked, not rng: no seed can repeat a text")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    return right.sample(logits, temperature, np.random.default_rng(), top_k, top_p)


@mistake("mutates-input", says="the scores are divided in place, and the model's own numbers change with every draw")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    logits /= temperature
    return right.sample(logits, 1.0, rng, top_k, top_p)


@mistake("wrong-type", says="the score of the token comes back; its number in the vocabulary is asked for")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    return float(logits[right.sample(logits, temperature, rng, top_k, top_p)])


@mistake("unstable", says="exp of a score of 1e4 is infinite, and infinity over infinity is nan; take the maximum off")
def sample(logits, temperature, rng, top_k=None, top_p=None):
    if temperature == 0:
        return int(logits.argmax())
    ranked = np.argsort(-logits, kind="stable")[:top_k]
    weights = np.exp(logits[ranked] / temperature)
    return _drawn(ranked, _nucleus(weights / weights.sum(), top_p), rng)


@mistake("state-not-carried", says="every step is given the first state; what a step returns is dropped")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    token, tokens = first, []
    for _ in range(length):
        logits, _ = step(token, state)
        token = right.sample(logits, temperature, rng, top_k, top_p)
        tokens.append(token)
    return tokens


@mistake("wrong-operand", says="every step is given `first`; it is given the token that was drawn last")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    tokens = []
    for _ in range(length):
        logits, state = step(first, state)
        tokens.append(right.sample(logits, temperature, rng, top_k, top_p))
    return tokens


@mistake("off-by-one", says="`first` is among the tokens; only those that were drawn are")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    return [first, *right.generate(step, state, first, length, temperature, rng, top_k, top_p)]


@mistake("reversed", says="each token is put in front of the others, so that the text runs backwards")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    return right.generate(step, state, first, length, temperature, rng, top_k, top_p)[::-1]


@mistake("only-last-step", says="the list starts anew at every step; only the last token is left in it")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    return right.generate(step, state, first, length, temperature, rng, top_k, top_p)[-1:]


@mistake("missing-scale", says="the temperature is not handed on: everything is drawn at 1")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    return right.generate(step, state, first, length, 1.0, rng, top_k, top_p)


@mistake("argument-unused", says="top_k and top_p are not handed on to the draw")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    return right.generate(step, state, first, length, temperature, rng)


@mistake("wrong-argument", says="a generator with a seed of its own is made; the one that is given does not come in")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    return right.generate(step, state, first, length, temperature, np.random.default_rng(0), top_k, top_p)


@mistake("nondeterministic", says="a generator without a seed is made: no text can be written twice")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    return right.generate(step, state, first, length, temperature, np.random.default_rng(), top_k, top_p)


@mistake("wrong-type", says="the tokens come as an array of floats; a list of int was asked for")
def generate(step, state, first, length, temperature, rng, top_k=None, top_p=None):
    return np.array(right.generate(step, state, first, length, temperature, rng, top_k, top_p), dtype=float)
