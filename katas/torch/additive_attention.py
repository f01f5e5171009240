"""additive_attention: a small network says how well a query and a key match; autograd differentiates what you write."""

import torch
from jaxtyping import Bool, Float


def additive_attention(
    query: Float[torch.Tensor, "N H"],
    keys: Float[torch.Tensor, "N S H"],
    values: Float[torch.Tensor, "N S F"],
    Wq: Float[torch.Tensor, "H A"],
    Wk: Float[torch.Tensor, "H A"],
    v: Float[torch.Tensor, " A"],
    mask: Bool[torch.Tensor, "N S"] | None = None,
) -> tuple[Float[torch.Tensor, "N F"], Float[torch.Tensor, "N S"]]:
    """For one query per example: the average of its S values, weighted by a score that a small network gives each key.

        score_ns   = v · tanh(query_n Wq + keys_ns Wk)
        weights_ns = exp(score_ns) / Σ_r exp(score_nr)
        context_n  = Σ_s weights_ns · values_ns

    Returns (context, weights). Where `mask` is False there is padding: its weight is 0, and it is not in the sum below. An
    example that may look nowhere gets zero weights and a zero context, and zero gradients. `torch.softmax` may be used.

    >>> one, keys, values = torch.ones(1, 1), torch.tensor([[[0.0], [5.0]]]), torch.tensor([[[2.0], [6.0]]])
    >>> context, weights = additive_attention(one, keys, values, one, torch.zeros(1, 1), torch.ones(1))
    >>> context.tolist(), weights.tolist()  # Wk is zero: all keys look the same
    ([[4.0]], [[0.5, 0.5]])

    Source: Bahdanau, Cho, Bengio: Neural Machine Translation by Jointly Learning to Align and Translate (2014), arXiv
    1409.0473, section 3.1 and appendix A.1.2.
    """
    raise NotImplementedError("additive_attention")
