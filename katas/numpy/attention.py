"""attention: every query looks at all keys, and takes the average of the values, weighted by how well they match."""

import math
import numpy as np
from jaxtyping import Bool, Float, Int


def causal_mask(T: int) -> Bool[np.ndarray, "T T"]:
    """Who may look where in a sequence that is written from left to right: step t at the steps 0 … t, itself included.

    True means may look.

    >>> causal_mask(3)
    array([[ True, False, False],
           [ True,  True, False],
           [ True,  True,  True]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.3.
    """
    raise NotImplementedError("causal_mask")


def padding_mask(lengths: Int[np.ndarray, " N"], S: int) -> Bool[np.ndarray, "N S"]:
    """Which of S places hold a token and not padding: in row n the first `lengths[n]`. True means may look.

    Whoever attends with T queries adds an axis: `mask[:, None, :]` is (N, 1, S).

    >>> padding_mask(np.array([1, 3]), 3)
    array([[ True, False, False],
           [ True,  True,  True]])
    """
    raise NotImplementedError("padding_mask")


def attention_weights(
    q: Float[np.ndarray, "... T E"],
    k: Float[np.ndarray, "... S E"],
    mask: Bool[np.ndarray, "... T S"] | None = None,
) -> Float[np.ndarray, "... T S"]:
    """How much each query looks at each key: the scaled products, made into probabilities along the keys.

        scores_ts = q_t · k_s / √E        weights_ts = exp(scores_ts) / Σ_r exp(scores_tr)

    `mask` says where a query may look (True) and where not (False: weight 0, and not in the sum below). It is (T, S), the
    same for every example, or has leading axes that broadcast to those of the scores. A row that may look nowhere is all
    zeros. It must survive scores of ±1e4, also hidden ones.

    >>> q, k = np.array([[2.0 * np.log(3.0), 0.0, 0.0, 0.0]]), np.eye(3, 4)
    >>> attention_weights(q, k).round(2)
    array([[0.6, 0.2, 0.2]])
    >>> attention_weights(q, k, np.array([[True, True, False]])).round(2)
    array([[0.75, 0.25, 0.  ]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.1.
    """
    raise NotImplementedError("attention_weights")


def attention(
    q: Float[np.ndarray, "... T E"],
    k: Float[np.ndarray, "... S E"],
    v: Float[np.ndarray, "... S F"],
    mask: Bool[np.ndarray, "... T S"] | None = None,
) -> Float[np.ndarray, "... T F"]:
    """For each of T queries an average of the S values, weighted by how well the query matches each key.

        out_t = Σ_s weights_ts · v_s        weights = attention_weights(q, k, mask)

    A query that may look nowhere gets zeros.

    >>> q, k = np.array([[0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> attention(q, k, np.array([[2.0], [6.0]]))
    array([[4.]])
    >>> attention(q, k, np.array([[2.0], [6.0]]), np.array([[False, True]]))
    array([[6.]])

    Source: Vaswani et al.: Attention Is All You Need (2017), arXiv 1706.03762, section 3.2.1.
    """
    raise NotImplementedError("attention")


def attention_backward(
    dout: Float[np.ndarray, "... T F"],
    q: Float[np.ndarray, "... T E"],
    k: Float[np.ndarray, "... S E"],
    v: Float[np.ndarray, "... S F"],
    mask: Bool[np.ndarray, "... T S"] | None = None,
) -> tuple[
    Float[np.ndarray, "... T E"],
    Float[np.ndarray, "... S E"],
    Float[np.ndarray, "... S F"],
]:
    """The gradients (dq, dk, dv) of the loss, given `dout`, its gradient for `attention(q, k, v, mask)`.

        dv_s         = Σ_t weights_ts · dout_t
        dweights_ts  = dout_t · v_s
        dscores_ts   = weights_ts · (dweights_ts − Σ_r dweights_tr · weights_tr)
        dq_t         = Σ_s dscores_ts · k_s / √E
        dk_s         = Σ_t dscores_ts · q_t / √E

    Where the mask is False, the weight is 0 and nothing flows. A query that may look nowhere gets zeros here too.

    >>> q, k, v = np.array([[0.0]]), np.array([[1.0], [2.0]]), np.array([[2.0], [6.0]])
    >>> dq, dk, dv = attention_backward(np.array([[1.0]]), q, k, v)
    >>> dq.tolist(), dk.tolist(), dv.tolist()
    ([[1.0]], [[0.0], [0.0]], [[0.5], [0.5]])

    Source: solutions/derivations/attention.md works it out.
    """
    raise NotImplementedError("attention_backward")
