"""sampling: draw the next token from a model's scores, and let what was drawn be the next input."""

from collections.abc import Callable
from typing import Any
import numpy as np
from jaxtyping import Float
from katas.numpy.softmax import softmax


def sample(
    logits: Float[np.ndarray, " V"],
    temperature: float,
    rng: np.random.Generator,
    top_k: int | None = None,
    top_p: float | None = None,
) -> int:
    """Draw one token, at random, with the probabilities that the scores stand for: a plain int from 0 to V − 1.

        p = softmax(logits / temperature), cut down to the tokens that may be drawn, and divided by what is left of it

    In this order: the temperature, then `top_k`, which keeps the k likeliest tokens, then `top_p`, which keeps the
    likeliest of those until their probabilities (again of sum 1) add up to at least top_p: the token that crosses that
    line is the last one kept, and there is always one. None cuts nothing off. A temperature of 0 is the limit: always the
    token with the highest score. It must survive scores of ±1e4, and of -inf, which are never drawn. All of the
    randomness comes from `rng`.

    >>> logits, rng = np.log([0.1, 0.6, 0.3]), np.random.default_rng(0)
    >>> {sample(logits, 1.0, rng) for _ in range(100)}, {sample(logits, 0.0, rng) for _ in range(100)}
    ({0, 1, 2}, {1})
    >>> {sample(logits, 1.0, rng, 2) for _ in range(100)}, {sample(logits, 1.0, rng, 2, 0.6) for _ in range(100)}  # of the two left, 1 has 2/3
    ({1, 2}, {1})

    Source: Holtzman, Buys, Du, Forbes, Choi: The Curious Case of Neural Text Degeneration (2019), sections 3.1, 5.2, 5.3.
    """
    raise NotImplementedError("sample")


def generate(
    step: Callable[[int, Any], tuple[Float[np.ndarray, " V"], Any]],
    state: Any,
    first: int,
    length: int,
    temperature: float,
    rng: np.random.Generator,
    top_k: int | None = None,
    top_p: float | None = None,
) -> list[int]:
    """Let a model write: draw a token, give it back to the model as its next input, and so on, `length` times.

        logits, state = step(token, state)        token = sample(logits, …)        starting from `first` and `state`

    `step` is the model: from a token and the state before it, the scores of the next token and the state after it. What
    the state is, is its own business; it has to be handed on. The result has the `length` tokens that were drawn, so
    `first` is not among them. A length of 0 gives an empty list.

    >>> count_up = lambda token, state: (np.eye(5)[(token + 1) % 5], state)
    >>> generate(count_up, None, 3, 4, 0.0, np.random.default_rng(0))
    [4, 0, 1, 2]

    Source: Graves: Generating Sequences With Recurrent Neural Networks (2013), section 2, arXiv 1308.0850.
    """
    raise NotImplementedError("generate")
