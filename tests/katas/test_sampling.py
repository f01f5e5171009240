"""sample and generate: how draws are distributed, what each setting cuts off, and what a step is given."""

import math

import numpy as np

FOUR = np.log([0.2, 0.4, 0.1, 0.3])  # the likeliest first: 1, 3, 0, 2
PEAK = 1e3  # a score so far above the others that nothing else is drawn


def chances(logits, temperature=1.0, top_k=None, top_p=None, slip=None):
    """The probability of each token, one after another; with a `slip`, what a known mistake makes of it."""
    V = len(logits)
    z = [float(score) / temperature for score in logits]
    if slip == "times":
        z = [float(score) * temperature for score in logits]
    if slip == "no temperature":
        z = [float(score) for score in logits]
    order = sorted(range(V), key=lambda token: -logits[token])  # the likeliest first
    if slip == "ascending":
        order.reverse()
    if slip == "no softmax":
        low = min(z)
        weights = [score - low for score in z]
    else:
        weights = [(2.0 if slip == "base 2" else math.e) ** (score - max(z)) for score in z]
    k = V if top_k is None or slip == "no top_k" else top_k - (slip == "one less")
    kept = order[:k]
    if top_p is not None and slip != "no top_p":
        judged = (
            [math.exp(float(score) - max(logits)) for score in logits] if slip == "p before temperature" else weights
        )
        total = sum(judged) if slip in ("p of all", "p before temperature") else sum(judged[token] for token in kept)
        walk = [token for token in range(V) if token in kept] if slip == "unsorted" else kept
        nucleus, mass = [], 0.0
        for token in walk:
            mass += judged[token] / total
            if slip == "crossing dropped" and mass > top_p and nucleus:
                break
            nucleus.append(token)
            if mass >= top_p:
                break
        kept = [token for token in kept if token not in nucleus] or kept if slip == "tail" else nucleus
    if slip == "equal":
        weights = [1.0] * V
    if slip == "greedy":
        kept = [max(kept, key=lambda token: weights[token])]
    total = sum(weights[token] for token in kept)
    p = np.zeros(V)
    for rank, token in enumerate(kept):
        p[rank if slip == "rank" else token] = weights[token] / total if total else 1 / len(kept)
    return p


SLIPS = {
    "no temperature": ("missing-scale", "the temperature makes no difference: the scores are divided by it"),
    "times": ("wrong-factor", "the scores are multiplied by the temperature; they are divided by it"),
    "greedy": ("wrong-operand", "always the likeliest token is returned; it is to be drawn at random"),
    "equal": ("missing-term", "all tokens that are left are drawn equally often: their probabilities do not come in"),
    "rank": ("pairing-lost", "the place in the sorted list is returned; the token that stands there is asked for"),
    "ascending": ("reversed", "the least likely tokens are kept; they are sorted the wrong way round"),
    "no softmax": ("wrong-nonlinearity", "the scores themselves serve as weights; they are logarithms of weights"),
    "base 2": ("wrong-base", "the weights are powers of 2; softmax takes powers of e"),
    "one less": ("off-by-one", "top_k keeps one token too few"),
    "no top_k": ("mask-ignored", "top_k cuts nothing off"),
    "no top_p": ("argument-unused", "top_p cuts nothing off"),
    "crossing dropped": ("off-by-one", "the token that crosses top_p is dropped; it is the last one kept"),
    "unsorted": (
        "wrong-order",
        "probabilities are added up in the order of the vocabulary; likeliest first, they count",
    ),
    "p of all": ("not-normalised", "top_p looks at probabilities from before top_k; what that left adds up to 1 again"),
    "p before temperature": ("wrong-argument", "top_p looks at the probabilities at temperature 1; it comes after it"),
    "tail": ("mask-inverted", "the nucleus is cut away and the rest is kept; it is the other way round"),
}

DRAW = ("greedy", "equal", "rank", "no softmax", "base 2")  # what can go wrong without any setting
HEAT = ("no temperature", "times")
TOP_K = ("ascending", "one less", "no top_k", "equal")
TOP_P = ("no top_p", "crossing dropped", "unsorted", "tail", "equal")


def fits(counts, p):
    """Whether chance makes such counts of `p`: never what is impossible, all else within six standard deviations.

    Tokens that are expected less than ten times are counted together: a few draws say nothing about each of them.
    """
    n, rare = counts.sum(), (p > 0) & (counts.sum() * p < 10)
    seen, p = np.append(counts[~rare], counts[rare].sum()), np.append(p[~rare], p[rare].sum())
    slack = 6 * np.sqrt(n * p * (1 - p).clip(min=0)) + 1e-6 * n + 3 * np.minimum(1, 1e3 * n * p) * (n * p < 10)
    return bool(np.all(np.abs(seen - n * p) <= slack))


def drawn(kata, count, logits, temperature, rng, *settings):
    """So many draws, each of which must be a token."""
    found = kata.draws("sample", count, logits, temperature, rng, *settings)
    shapes = {np.shape(token) for token in found}
    facts = f"has shape {min(shapes - {()}, default=())}; a single number was expected"
    kata.law(
        shapes == {()}, facts, function="sample", cause="extra-axis", says="the token comes in an array of its own"
    )
    kinds = {np.asarray(token).dtype.kind for token in found}
    kata.law(kinds <= set("iu"), "is no whole number", function="sample", cause="wrong-type")
    tokens = np.array([int(token) for token in found])
    outside = tokens[(tokens < 0) | (tokens >= len(logits))]
    facts = f"gives {outside[:1]}; the tokens are 0 to {len(logits) - 1}"
    kata.law(not outside.size, facts, function="sample", cause="off-by-one", says="tokens are counted from 0 to V − 1")
    return tokens


def distributed(kata, count, seed, suspects, logits, temperature=1.0, top_k=None, top_p=None):
    """Draws with these settings come as often as they should; `kata` hears what they look like where they do not."""
    settings = () if top_k is None and top_p is None else (top_k,) if top_p is None else (top_k, top_p)
    counts = np.bincount(drawn(kata, count, logits, temperature, kata.rng(seed), *settings), minlength=len(logits))
    right = chances(logits, temperature, top_k, top_p)
    if fits(counts, right):
        return
    asked = (
        f"temperature {temperature:g}"
        + f", top_k {top_k}" * (top_k is not None)
        + f", top_p {top_p}" * (top_p is not None)
    )
    shown = np.argsort(-np.abs(counts - count * right), kind="stable")[:4]
    times = ", ".join(
        f"{token} came {counts[token]} times, not about {count * right[token]:.0f}" for token in sorted(shown)
    )
    facts = f"at {asked}, of {count} draws token {times}"
    cause, says = likeliest(counts, {slip: chances(logits, temperature, top_k, top_p, slip) for slip in suspects})
    kata.law(False, facts, function="sample", cause=cause, says=says)


def likeliest(counts, stories):
    """The cause and sentence of the slip that makes such counts, if no other one makes them nearly as likely."""
    if not stories:
        return None, ""
    with np.errstate(divide="ignore"):
        support = {slip: float(np.sum(counts[counts > 0] * np.log(p[counts > 0]))) for slip, p in stories.items()}
    ranked = sorted(support, key=lambda slip: -support[slip])
    clear = len(ranked) == 1 or support[ranked[0]] - max(support[ranked[1]], -1e9) > 7  # a thousand times likelier
    return SLIPS[ranked[0]] if fits(counts, stories[ranked[0]]) and clear else (None, "")


# ---------------------------------------------------------------------- sample


def test_sample_at_temperature_0_takes_the_highest_score(kata):
    for logits in ([0.1, 2.0, -1.0], [-5.0, -7.0, -6.0, -4.5], [3.0, 1.0], [1e4, -1e4, 9e3]):
        tokens = drawn(kata, 3, np.array(logits), 0.0, kata.rng(0))
        facts = (
            f"at temperature 0, scores {logits} gave {tokens.tolist()}; always {int(np.argmax(logits))} was expected"
        )
        kata.law(np.all(tokens == np.argmax(logits)), facts, function="sample")


def test_sample_draws_with_the_probabilities_of_softmax(kata):
    distributed(kata, 250, 1, DRAW, np.array([1.0, 4.0, 0.0, 2.0, 1.5]))


def test_sample_draws_rare_tokens_as_often_as_they_should_come(kata):
    logits = np.zeros(200)
    logits[123] = 5.3  # about as likely as the 199 others together
    distributed(kata, 250, 2, DRAW, logits)


def test_sample_draws_from_its_generator(kata):
    logits = np.zeros(6)
    one, again, other = (drawn(kata, 16, logits, 1.0, kata.rng(seed)).tolist() for seed in (2, 2, 3))
    facts = f"two generators with one seed gave {one[:8]}… and {again[:8]}…"
    says = "the draws come from somewhere else than the generator, so that no seed can repeat a text"
    kata.law(one == again, facts, function="sample", cause="nondeterministic", says=says)
    facts = f"16 draws from six equal scores gave {one} with one generator and {other} with another"
    says = "a generator with a seed of its own is made inside, or none is asked: the given one makes no difference"
    kata.law(one != other and len(set(one)) > 1, facts, function="sample", cause="argument-unused", says=says)


def test_sample_divides_by_the_temperature(kata):
    distributed(kata, 100, 4, HEAT, np.array([0.0, 2.0, -1.0, 1.0]), 3.0)
    distributed(kata, 40, 5, HEAT, np.array([0.0, 2.0, -1.0, 1.0]), 0.05)


def test_sample_keeps_the_k_likeliest(kata):
    distributed(kata, 100, 6, TOP_K, FOUR, 1.0, 2)
    distributed(kata, 20, 7, TOP_K, FOUR, 1.0, 1)
    distributed(kata, 100, 8, TOP_K, FOUR, 1.0, 4)


def test_sample_keeps_the_nucleus_and_the_token_that_crosses(kata):
    distributed(kata, 100, 9, TOP_P, FOUR, 1.0, None, 0.55)
    distributed(kata, 20, 10, TOP_P, FOUR, 1.0, None, 0.15)
    distributed(kata, 60, 11, TOP_P, FOUR, 1.0, None, 0.85)
    distributed(kata, 100, 12, TOP_P, FOUR, 1.0, None, 1.0)


def test_sample_cuts_after_the_temperature(kata):
    distributed(kata, 60, 13, ("p before temperature",), FOUR, 0.25, None, 0.65)
    distributed(kata, 60, 14, ("p before temperature",), FOUR, 4.0, None, 0.65)


def test_sample_applies_top_p_to_what_top_k_left(kata):
    distributed(kata, 60, 15, ("p of all",), FOUR, 1.0, 2, 0.55)
    distributed(kata, 60, 16, ("p of all",), FOUR, 1.0, 3, 0.75)


def test_sample_of_one_token(kata):
    for settings in ((), (1,), (1, 0.5)):
        kata.law(
            drawn(kata, 2, np.array([-3.0]), 1.0, kata.rng(17), *settings).max() == 0, "is not 0", function="sample"
        )


def test_sample_survives_extreme_scores(kata):
    distributed(kata, 20, 18, (), np.array([1e4, 0.0, -1e4]))
    distributed(kata, 60, 19, (), np.array([-1e4, 1e4, -2e4, 1e4]))
    distributed(kata, 60, 20, (), np.array([1e4, -1e4, 1e4]), 0.5, 2, 0.9)


def test_sample_never_draws_what_has_no_chance(kata):
    for settings in ((), (3,), (4, 0.99)):
        logits = np.array([0.0, -np.inf, 0.5, -np.inf])
        tokens = drawn(kata, 30, logits, 1.0, kata.rng(21), *settings)
        kata.law(
            set(tokens.tolist()) == {0, 2}, f"gave {tokens.tolist()}: only 0 and 2 have a chance", function="sample"
        )


def test_sample_of_float32(kata):
    logits = np.random.default_rng(22).normal(size=50).astype(np.float32)
    for settings in ((), (9,), (9, 0.8)):
        tokens, allowed = drawn(kata, 12, logits, 0.7, kata.rng(23), *settings), chances(logits, 0.7, *settings) > 0
        kata.law(np.all(allowed[tokens]), f"gave {tokens.tolist()}, which were cut off", function="sample")


# ---------------------------------------------------------------------- generate


class Model:
    """A step that knows what comes next, from the token and from the state, and remembers what it was asked."""

    def __init__(self, V, following, sure=True):
        self.V, self.following, self.sure, self.asked = V, following, sure, []

    def __call__(self, token, state):
        token, count = int(token), int(state[0])
        self.asked.append((token, count))
        logits = np.full(self.V, 0.0)
        logits[self.following(token, count)] = PEAK if self.sure else 1.0
        return logits, (np.array(count + 1), "private")


def written(kata, V, following, first, length, *settings):
    """What is generated is what the model says, token by token; `kata` hears where it is not."""
    model, wanted, token = Model(V, following), [], first
    for count in range(length):
        token = following(token, count)
        wanted.append(token)
    found = kata.generate(model, (np.array(0), "private"), first, length, *(settings or (1.0, kata.rng(30))))
    got = [int(token) for token in found]
    facts = f"gives {got} from {first}; {wanted} was expected (asked for (token, state): {model.asked[:4]}…)"
    stale = [following(token, 0) for token in [first, *got][:length]]
    same = [following(first, count) for count in range(length)]
    for answer, cause, says in (
        ([first, *wanted][:length], "off-by-one", "`first` is among the tokens; only those that were drawn are"),
        ([first, *wanted], "off-by-one", "`first` is among the tokens; only those that were drawn are"),
        (wanted[:-1], "off-by-one", "one token is missing"),
        (wanted[::-1], "reversed", "the tokens come from the last to the first"),
        (wanted[-1:], "only-last-step", "only the last token is returned"),
        (stale, "state-not-carried", "each step starts from the first state: the state after a step is the next one's"),
        (same, "wrong-operand", "each step is given `first`; it is given the token that was drawn last"),
    ):
        seen = got != wanted and got == answer
        kata.law(not seen, facts, function="generate", cause=cause, says=says)
    kata.law(got == wanted, facts, function="generate")


def test_generate_feeds_back_what_it_drew(kata):
    written(kata, 7, lambda token, count: (3 * token + 1) % 7, 2, 5)


def test_generate_hands_the_state_on(kata):
    written(kata, 11, lambda token, count: (token + count + 1) % 11, 4, 6)
    written(kata, 11, lambda token, count: (token * 2 + 3 * count + 1) % 11, 0, 6)


def test_generate_of_one_token_and_of_none(kata):
    written(kata, 5, lambda token, count: (token + 2) % 5, 1, 1)
    written(kata, 5, lambda token, count: (token + 2) % 5, 1, 0)


def test_generate_at_temperature_0(kata):
    written(kata, 6, lambda token, count: (token + 5) % 6, 3, 4, 0.0, kata.rng(31))


def settled(kata, name, cause, *settings):
    """With settings that leave nothing to chance, even a model that is not sure writes what is likeliest."""
    model = Model(4, lambda token, count: (token + 1) % 4, sure=False)
    got = [int(token) for token in kata.generate(model, (np.array(0), "private"), 0, 24, *settings)]
    facts = f"gives {got} with {name}, which leaves the likeliest token only: 1, 2, 3, 0, … was expected"
    says = f"{name.split()[0]} is not handed on to the draw"
    kata.law(got == [(i + 1) % 4 for i in range(24)], facts, function="generate", cause=cause, says=says)


def test_generate_hands_temperature_top_k_and_top_p_on(kata):
    settled(kata, "temperature 0.01", "missing-scale", 0.01, kata.rng(32))
    settled(kata, "top_k 1", "argument-unused", 1.0, kata.rng(33), 1)
    settled(kata, "top_p 0.1", "argument-unused", 1.0, kata.rng(34), None, 0.1)


def test_generate_draws_from_its_generator(kata):
    found = []
    for seed in (35, 35, 36):
        model = Model(9, lambda token, count: 0, sure=False)
        found.append(
            [int(token) for token in kata.generate(model, (np.array(0), "private"), 0, 20, 2.0, kata.rng(seed))]
        )
    one, again, other = found
    facts = f"two generators with one seed gave {one[:8]}… and {again[:8]}…"
    kata.law(one == again, facts, function="generate", cause="nondeterministic")
    facts = f"20 tokens from nine about equal scores are {one} with one generator and {other} with another"
    says = "the generator does not come in, or one with a seed of its own is made at every step"
    kata.law(one != other and len(set(one)) > 2, facts, function="generate", cause="wrong-argument", says=says)
