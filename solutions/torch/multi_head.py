"""multi_head: attention several times side by side, each head with features of its own; autograd differentiates."""

import torch
from jaxtyping import Bool, Float

from solutions.torch.attention import attention


def split_heads(x: Float[torch.Tensor, "N T E"], G: int) -> Float[torch.Tensor, "N G T D"]:
    """Give each of G heads its share of the features: a block of D = E/G that lie next to each other.

        out_ngtd = x_{n, t, g·D + d}

    >>> split_heads(torch.tensor([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]), 2)
    tensor([[[[1., 2.],
              [5., 6.]],
    <BLANKLINE>
             [[3., 4.],
              [7., 8.]]]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.2.
    """
    N, T, E = x.shape
    if G < 1 or E % G:
        shape = tuple(x.shape)
        raise ValueError(f"split_heads: {G} heads cannot share the features of x {shape}: E = {E} must be a multiple")
    return x.reshape(N, T, G, E // G).transpose(1, 2)


def merge_heads(x: Float[torch.Tensor, "N G T D"]) -> Float[torch.Tensor, "N T E"]:
    """Put the features of all heads side by side again, E = G·D: what `split_heads` took apart.

        out_{n, t, g·D + d} = x_ngtd

    >>> merge_heads(torch.tensor([[[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]]]))
    tensor([[[1., 2., 3., 4.],
             [5., 6., 7., 8.]]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.2.
    """
    N, G, T, D = x.shape
    return x.transpose(1, 2).reshape(N, T, G * D)


def multi_head_attention(
    x_q: Float[torch.Tensor, "N T E"],
    x_kv: Float[torch.Tensor, "N S E"],
    Wq: Float[torch.Tensor, "E E"],
    Wk: Float[torch.Tensor, "E E"],
    Wv: Float[torch.Tensor, "E E"],
    Wo: Float[torch.Tensor, "E E"],
    G: int,
    mask: Bool[torch.Tensor, "... T S"] | None = None,
) -> Float[torch.Tensor, "N T E"]:
    """G attentions side by side: each head has its own queries, keys and values, and Wo mixes what they bring.

        q = split_heads(x_q Wq)    k = split_heads(x_kv Wk)    v = split_heads(x_kv Wv)
        out = merge_heads(attention(q, k, v, mask)) Wo

    `mask` is (T, S), or (N, T, S) with one for each example; it holds for all heads. Where a query may look nowhere the
    result is zero. Self-attention is the case `x_q = x_kv`. The built-in attentions are not allowed; torch.nn's keeps the
    transposes of Wq, Wk and Wv, one below the other, in `in_proj_weight`.

    >>> x, one = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), torch.eye(2)
    >>> multi_head_attention(x, x, 0 * one, 0 * one, one, 10 * one, 2)  # all scores are 0: the mean of both steps
    tensor([[[20., 30.],
             [20., 30.]]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.2; torch.nn.MultiheadAttention.
    """
    q, k, v = split_heads(x_q @ Wq, G), split_heads(x_kv @ Wk, G), split_heads(x_kv @ Wv, G)  # N G T D, N G S D
    return merge_heads(attention(q, k, v, _for_heads(mask, x_q, x_kv))) @ Wo


def _for_heads(mask: torch.Tensor | None, x_q: torch.Tensor, x_kv: torch.Tensor) -> torch.Tensor | None:
    """The mask with an axis of size 1 for the heads, where it has one for the examples."""
    if mask is None:
        return None
    (N, T, _), S = x_q.shape, x_kv.shape[1]
    if mask.dtype != torch.bool:
        raise ValueError(f"multi_head_attention: the mask holds {mask.dtype}; bool is needed, True where one may look")
    if mask.ndim not in (2, 3) or any(m not in (1, s) for m, s in zip(mask.shape[::-1], (S, T, N), strict=False)):
        wanted = f"(T, S) = {(T, S)} or {(N, T, S)}"
        raise ValueError(f"multi_head_attention: the mask is {tuple(mask.shape)}; {wanted} is needed")
    return mask if mask.ndim == 2 else mask[:, None]
