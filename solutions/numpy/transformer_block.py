"""transformer_block: attention looks around, a small network thinks, and both add to what was there before."""

import numpy as np
from jaxtyping import Bool, Float

from solutions.numpy.activations import relu, relu_backward
from solutions.numpy.multi_head import multi_head_attention, multi_head_attention_backward
from solutions.numpy.normalization import layer_norm, layer_norm_backward

EPS = 1e-5  # given: the ε of both layer norms, as in PyTorch


def feed_forward(
    x: Float[np.ndarray, "N T E"],
    W1: Float[np.ndarray, "E F"],
    b1: Float[np.ndarray, " F"],
    W2: Float[np.ndarray, "F E"],
    b2: Float[np.ndarray, " E"],
) -> Float[np.ndarray, "N T E"]:
    """Two layers with a relu between them, the same for every place of every sequence.

        out_nt = relu(x_nt W1 + b1) W2 + b2

    No place knows of another here: N · T rows go through one small network. F is usually larger than E, often four times.

    >>> feed_forward(np.array([[[3.0], [-2.0]]]), np.array([[1.0, -1.0]]), np.zeros(2), np.array([[1.0], [10.0]]), np.ones(1))
    array([[[ 4.],
            [21.]]])

    Source: Vaswani and others: Attention Is All You Need (2017), section 3.3.
    """
    rows = x.reshape(-1, x.shape[-1])  # N·T E: one product for all places
    h = relu(rows @ W1 + b1)  # N·T F
    return (h @ W2 + b2).reshape(x.shape)


def feed_forward_backward(
    dout: Float[np.ndarray, "N T E"],
    x: Float[np.ndarray, "N T E"],
    W1: Float[np.ndarray, "E F"],
    b1: Float[np.ndarray, " F"],
    W2: Float[np.ndarray, "F E"],
    b2: Float[np.ndarray, " E"],
) -> tuple[
    Float[np.ndarray, "N T E"],
    Float[np.ndarray, "E F"],
    Float[np.ndarray, " F"],
    Float[np.ndarray, "F E"],
    Float[np.ndarray, " E"],
]:
    """The gradients (dx, dW1, db1, dW2, db2) of the loss, given `dout`, its gradient for `feed_forward(x, W1, …)`.

        z = x W1 + b1        h = relu(z)
        dh_nt = dout_nt W2ᵀ        dz = dh where z > 0, else 0        dx_nt = dz_nt W1ᵀ
        dW1 = Σ_nt x_ntᵀ dz_nt    db1 = Σ_nt dz_nt    dW2 = Σ_nt h_ntᵀ dout_nt    db2 = Σ_nt dout_nt

    The weights serve every place of every sequence, so their gradients are sums over both n and t.

    >>> x, W1, W2 = np.array([[[3.0], [-2.0]]]), np.array([[1.0, -1.0]]), np.array([[1.0], [10.0]])
    >>> dx, *_, db2 = feed_forward_backward(np.ones((1, 2, 1)), x, W1, np.zeros(2), W2, np.ones(1))
    >>> dx.ravel(), db2
    (array([  1., -10.]), array([2.]))

    Source: solutions/derivations/transformer_block.md works it out.
    """
    rows, drows = x.reshape(-1, x.shape[-1]), dout.reshape(-1, x.shape[-1])  # N·T E
    z = rows @ W1 + b1  # N·T F
    h = relu(z)
    dW2 = h.T @ drows
    db2 = drows.sum(axis=0)
    dz = relu_backward(drows @ W2.T, z)  # N·T F
    dW1 = rows.T @ dz
    db1 = dz.sum(axis=0)
    dx = (dz @ W1.T).reshape(x.shape)
    return dx, dW1, db1, dW2, db2


def block(
    x: Float[np.ndarray, "N T E"],
    params: dict[str, np.ndarray],
    G: int,
    mask: Bool[np.ndarray, "... T T"] | None = None,
) -> Float[np.ndarray, "N T E"]:
    """One block of a transformer, pre-norm: each of its two parts reads a normalised copy and adds to the original.

        a = layer_norm(x, gamma1, beta1)        y   = x + multi_head_attention(a, a, Wq, Wk, Wv, Wo, G, mask)
        b = layer_norm(y, gamma2, beta2)        out = y + feed_forward(b, W1, b1, W2, b2)

    `params` holds gamma1 beta1 (E), Wq Wk Wv Wo (E, E), gamma2 beta2 (E), W1 (E, F), b1 (F), W2 (F, E), b2 (E). ε of both
    norms is 1e-5. Nothing is normalised on the straight way from x to out: it lets gradients pass through many blocks.
    (The paper's own blocks are post-norm: they normalise the sums.) `mask` is "T T" or "N T T", True = may look; None
    hides nothing. A place that may look nowhere gets nothing from the attention and keeps the rest.

    >>> shapes = dict.fromkeys(("gamma1", "beta1", "gamma2", "beta2", "b2"), 2) | dict.fromkeys(("Wq", "Wk", "Wv", "Wo"), (2, 2))
    >>> params = {name: np.zeros(shape) for name, shape in (shapes | {"W1": (2, 3), "b1": 3, "W2": (3, 2)}).items()}
    >>> block(np.array([[[1.0, 2.0]]]), params | {"b2": np.array([0.5, 0.25])}, 1)
    array([[[1.5 , 2.25]]])

    Source: Xiong and others: On Layer Normalization in the Transformer Architecture (2020), figure 1 (b).
    """
    gamma1, beta1, Wq, Wk, Wv, Wo, gamma2, beta2, W1, b1, W2, b2 = (params[name] for name in NAMES)
    a = layer_norm(x, gamma1, beta1, EPS)
    y = x + multi_head_attention(a, a, Wq, Wk, Wv, Wo, G, mask)
    b = layer_norm(y, gamma2, beta2, EPS)
    return y + feed_forward(b, W1, b1, W2, b2)


def block_backward(
    dout: Float[np.ndarray, "N T E"],
    x: Float[np.ndarray, "N T E"],
    params: dict[str, np.ndarray],
    G: int,
    mask: Bool[np.ndarray, "... T T"] | None = None,
) -> tuple[Float[np.ndarray, "N T E"], dict[str, np.ndarray]]:
    """The gradients (dx, dparams) of the loss, given `dout`, its gradient for `block(x, params, G, mask)`.

        db, dW1, db1, dW2, db2              from dout, through feed_forward
        dy_norm, dgamma2, dbeta2            from db, through the second layer norm
        dy = dout + dy_norm                                 y reaches out straight, and through the norm
        da_q, da_kv, dWq, dWk, dWv, dWo     from dy, through the attention
        da = da_q + da_kv                                   a asks, and a is asked
        dx_norm, dgamma1, dbeta1            from da, through the first layer norm
        dx = dy + dx_norm

    `dparams` has the keys and shapes of `params`: the gradient of W1 stands under "W1".

    >>> shapes = dict.fromkeys(("gamma1", "beta1", "gamma2", "beta2", "b2"), 2) | dict.fromkeys(("Wq", "Wk", "Wv", "Wo"), (2, 2))
    >>> params = {name: np.zeros(shape) for name, shape in (shapes | {"W1": (2, 3), "b1": 3, "W2": (3, 2)}).items()}
    >>> dx, dparams = block_backward(np.array([[[3.0, 4.0], [10.0, 20.0]]]), np.ones((1, 2, 2)), params, 1)
    >>> dx[0, 1], dparams["b2"]
    (array([10., 20.]), array([13., 24.]))

    Source: solutions/derivations/transformer_block.md works it out.
    """
    gamma1, beta1, Wq, Wk, Wv, Wo, gamma2, beta2, W1, b1, W2, b2 = (params[name] for name in NAMES)
    a = layer_norm(x, gamma1, beta1, EPS)
    y = x + multi_head_attention(a, a, Wq, Wk, Wv, Wo, G, mask)
    b = layer_norm(y, gamma2, beta2, EPS)
    db, dW1, db1, dW2, db2 = feed_forward_backward(dout, b, W1, b1, W2, b2)
    dy_norm, dgamma2, dbeta2 = layer_norm_backward(db, y, gamma2, beta2, EPS)
    dy = dout + dy_norm
    da_q, da_kv, dWq, dWk, dWv, dWo = multi_head_attention_backward(dy, a, a, Wq, Wk, Wv, Wo, G, mask)
    da = da_q + da_kv
    dx_norm, dgamma1, dbeta1 = layer_norm_backward(da, x, gamma1, beta1, EPS)
    dx = dy + dx_norm
    found = (dgamma1, dbeta1, dWq, dWk, dWv, dWo, dgamma2, dbeta2, dW1, db1, dW2, db2)
    dparams = dict(zip(NAMES, found, strict=True))
    return dx, dparams


NAMES = ("gamma1", "beta1", "Wq", "Wk", "Wv", "Wo", "gamma2", "beta2", "W1", "b1", "W2", "b2")
