"""sampling: draw the next token from a model's scores, and let what was drawn be the next input."""

from collections.abc import Callable
from typing import Any
import torch
from jaxtyping import Float
from katas.torch.softmax import softmax


def sample(
    logits: Float[torch.Tensor, " V"],
    temperature: float,
    generator: torch.Generator,
    top_k: int | None = None,
    top_p: float | None = None,
) -> int:
    """Draw one token, at random, with the probabilities that the scores stand for: a plain int from 0 to V − 1.

        p = softmax(logits / temperature), cut down to the tokens that may be drawn, and divided by what is left of it

    In this order: the temperature, then `top_k`, which keeps the k likeliest tokens, then `top_p`, which keeps the
    likeliest of those until their probabilities (again of sum 1) add up to at least top_p: the token that crosses that
    line is the last one kept, and there is always one. None cuts nothing off. A temperature of 0 is the limit: always the
    token with the highest score. It must survive scores of ±1e4, and of -inf, which are never drawn. All of the
    randomness comes from `generator`. The result is a number of Python, not a tensor.

    >>> logits, generator = torch.tensor([0.1, 0.6, 0.3]).log(), torch.Generator().manual_seed(0)
    >>> {sample(logits, 1.0, generator) for _ in range(100)}, {sample(logits, 0.0, generator) for _ in range(100)}
    ({0, 1, 2}, {1})
    >>> {sample(logits, 1.0, generator, 2) for _ in range(100)}
    {1, 2}
    >>> {sample(logits, 1.0, generator, 2, 0.6) for _ in range(100)}  # of the two that are left, 1 has 2/3
    {1}

    Source: Holtzman, Buys, Du, Forbes, Choi: The Curious Case of Neural Text Degeneration (2019), sections 3.1, 5.2, 5.3.
    """
    raise NotImplementedError("sample")


def generate(
    step: Callable[[int, Any], tuple[Float[torch.Tensor, " V"], Any]],
    state: Any,
    first: int,
    length: int,
    temperature: float,
    generator: torch.Generator,
    top_k: int | None = None,
    top_p: float | None = None,
) -> list[int]:
    """Let a model write: draw a token, give it back to the model as its next input, and so on, `length` times.

        logits, state = step(token, state)        token = sample(logits, …)        starting from `first` and `state`

    `step` is the model: from a token and the state before it, the scores of the next token and the state after it. What
    the state is, is its own business; it has to be handed on. The result has the `length` tokens that were drawn, so
    `first` is not among them. A length of 0 gives an empty list.

    >>> count_up = lambda token, state: (torch.eye(5)[(token + 1) % 5], state)
    >>> generate(count_up, None, 3, 4, 0.0, torch.Generator())
    [4, 0, 1, 2]

    Source: Graves: Generating Sequences With Recurrent Neural Networks (2013), section 2, arXiv 1308.0850.
    """
    raise NotImplementedError("generate")
