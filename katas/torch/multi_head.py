"""multi_head: attention several times side by side, each head with features of its own; autograd differentiates."""

import torch
from jaxtyping import Bool, Float
from katas.torch.attention import attention


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
    raise NotImplementedError("split_heads")


def merge_heads(x: Float[torch.Tensor, "N G T D"]) -> Float[torch.Tensor, "N T E"]:
    """Put the features of all heads side by side again, E = G·D: what `split_heads` took apart.

        out_{n, t, g·D + d} = x_ngtd

    >>> merge_heads(torch.tensor([[[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]]]))
    tensor([[[1., 2., 3., 4.],
             [5., 6., 7., 8.]]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.2.
    """
    raise NotImplementedError("merge_heads")


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
    raise NotImplementedError("multi_head_attention")
