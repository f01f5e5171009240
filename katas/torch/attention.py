"""attention: every query looks at all keys, and averages the values by how well they match; autograd differentiates."""

import math
import torch
from jaxtyping import Bool, Float, Int


def causal_mask(T: int) -> Bool[torch.Tensor, "T T"]:
    """Who may look where in a sequence that is written from left to right: step t at the steps 0 … t, itself included.

    True means may look.

    >>> causal_mask(3)
    tensor([[ True, False, False],
            [ True,  True, False],
            [ True,  True,  True]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.3.
    """
    raise NotImplementedError("causal_mask")


def padding_mask(lengths: Int[torch.Tensor, " N"], S: int) -> Bool[torch.Tensor, "N S"]:
    """Which of S places hold a token and not padding: in row n the first `lengths[n]`. True means may look.

    Whoever attends with T queries adds an axis: `mask[:, None, :]` is (N, 1, S).

    >>> padding_mask(torch.tensor([1, 3]), 3)
    tensor([[ True, False, False],
            [ True,  True,  True]])
    """
    raise NotImplementedError("padding_mask")


def attention_weights(
    q: Float[torch.Tensor, "... T E"],
    k: Float[torch.Tensor, "... S E"],
    mask: Bool[torch.Tensor, "... T S"] | None = None,
) -> Float[torch.Tensor, "... T S"]:
    """How much each query looks at each key: the scaled products, made into probabilities along the keys.

        scores_ts = q_t · k_s / √E        weights_ts = exp(scores_ts) / Σ_r exp(scores_tr)

    `mask` says where a query may look (True) and where not (False: weight 0, and not in the sum below). It is (T, S), the
    same for every example, or has leading axes that broadcast to those of the scores. A row that may look nowhere is all
    zeros, and so are its gradients. It must survive scores of ±1e4, also hidden ones. `torch.softmax` may be used here.

    >>> q, k = torch.tensor([[math.log(9.0), 0.0, 0.0, 0.0]]), torch.eye(3, 4)
    >>> attention_weights(q, k)
    tensor([[0.6000, 0.2000, 0.2000]])
    >>> attention_weights(q, k, torch.tensor([[True, True, False]]))
    tensor([[0.7500, 0.2500, 0.0000]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.1.
    """
    raise NotImplementedError("attention_weights")


def attention(
    q: Float[torch.Tensor, "... T E"],
    k: Float[torch.Tensor, "... S E"],
    v: Float[torch.Tensor, "... S F"],
    mask: Bool[torch.Tensor, "... T S"] | None = None,
) -> Float[torch.Tensor, "... T F"]:
    """For each of T queries an average of the S values, weighted by how well the query matches each key.

        out_t = Σ_s weights_ts · v_s        weights = attention_weights(q, k, mask)

    A query that may look nowhere gets zeros. The built-in attention is what you are writing here, so it is not allowed.

    >>> q, k = torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> attention(q, k, torch.tensor([[2.0], [6.0]]))
    tensor([[4.]])
    >>> attention(q, k, torch.tensor([[2.0], [6.0]]), torch.tensor([[False, True]]))
    tensor([[6.]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.1.
    """
    raise NotImplementedError("attention")
