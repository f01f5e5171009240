"""multi_head: attention several times side by side, each head with features of its own."""

import numpy as np
from jaxtyping import Bool, Float
from katas.numpy.attention import attention, attention_backward


def split_heads(x: Float[np.ndarray, "N T E"], G: int) -> Float[np.ndarray, "N G T D"]:
    """Give each of G heads its share of the features: a block of D = E/G that lie next to each other.

        out_ngtd = x_{n, t, g·D + d}

    >>> split_heads(np.array([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]), 2)
    array([[[[1., 2.],
             [5., 6.]],
    <BLANKLINE>
            [[3., 4.],
             [7., 8.]]]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.2.
    """
    raise NotImplementedError("split_heads")


def merge_heads(x: Float[np.ndarray, "N G T D"]) -> Float[np.ndarray, "N T E"]:
    """Put the features of all heads side by side again, E = G·D: what `split_heads` took apart.

        out_{n, t, g·D + d} = x_ngtd

    >>> merge_heads(np.array([[[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]]]))
    array([[[1., 2., 3., 4.],
            [5., 6., 7., 8.]]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.2.
    """
    raise NotImplementedError("merge_heads")


def multi_head_attention(
    x_q: Float[np.ndarray, "N T E"],
    x_kv: Float[np.ndarray, "N S E"],
    Wq: Float[np.ndarray, "E E"],
    Wk: Float[np.ndarray, "E E"],
    Wv: Float[np.ndarray, "E E"],
    Wo: Float[np.ndarray, "E E"],
    G: int,
    mask: Bool[np.ndarray, "... T S"] | None = None,
) -> Float[np.ndarray, "N T E"]:
    """G attentions side by side: each head has its own queries, keys and values, and Wo mixes what they bring.

        q = split_heads(x_q Wq)    k = split_heads(x_kv Wk)    v = split_heads(x_kv Wv)
        out = merge_heads(attention(q, k, v, mask)) Wo

    `mask` is (T, S), or (N, T, S) with one for each example; it holds for all heads. Where a query may look nowhere the
    result is zero. Self-attention is the case `x_q = x_kv`.

    >>> x, one = np.array([[[1.0, 2.0], [3.0, 4.0]]]), np.eye(2)
    >>> multi_head_attention(x, x, 0 * one, 0 * one, one, 10 * one, 2)  # all scores are 0: the mean of both steps
    array([[[20., 30.],
            [20., 30.]]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.2; torch.nn.MultiheadAttention.
    """
    raise NotImplementedError("multi_head_attention")


def multi_head_attention_backward(
    dout: Float[np.ndarray, "N T E"],
    x_q: Float[np.ndarray, "N T E"],
    x_kv: Float[np.ndarray, "N S E"],
    Wq: Float[np.ndarray, "E E"],
    Wk: Float[np.ndarray, "E E"],
    Wv: Float[np.ndarray, "E E"],
    Wo: Float[np.ndarray, "E E"],
    G: int,
    mask: Bool[np.ndarray, "... T S"] | None = None,
) -> tuple[
    Float[np.ndarray, "N T E"],
    Float[np.ndarray, "N S E"],
    Float[np.ndarray, "E E"],
    Float[np.ndarray, "E E"],
    Float[np.ndarray, "E E"],
    Float[np.ndarray, "E E"],
]:
    """The gradients (dx_q, dx_kv, dWq, dWk, dWv, dWo), given `dout`, the gradient for `multi_head_attention(…)`.

        dheads = dout Woᵀ                dWo = headsᵀ dout
        dq, dk, dv = attention_backward(split_heads(dheads), q, k, v, mask), each merged again
        dx_q = dq Wqᵀ                    dWq = x_qᵀ dq
        dx_kv = dk Wkᵀ + dv Wvᵀ          dWk = x_kvᵀ dk        dWv = x_kvᵀ dv

    The gradient of a weight is summed over all steps of all examples. In self-attention the caller adds dx_q and dx_kv.

    >>> x, one = np.array([[[1.0], [3.0]]]), np.ones((1, 1))
    >>> dx_q, dx_kv, dWq, dWk, dWv, dWo = multi_head_attention_backward(x, x, x, one, one, one, 0 * one, 1)
    >>> dx_q.tolist(), dx_kv.tolist()  # Wo is zero
    ([[[0.0], [0.0]]], [[[0.0], [0.0]]])
    >>> dWo.round(2)
    array([[11.75]])

    Source: solutions/derivations/multi_head.md works it out.
    """
    raise NotImplementedError("multi_head_attention_backward")
