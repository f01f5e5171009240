"""transformer_block: attention looks around, a small network thinks, and both add to what was there before."""

import torch
from jaxtyping import Bool, Float
from katas.torch.activations import relu
from katas.torch.multi_head import multi_head_attention
from katas.torch.normalization import layer_norm

EPS = 1e-5  # given: the ε of both layer norms


def feed_forward(
    x: Float[torch.Tensor, "N T E"],
    W1: Float[torch.Tensor, "E F"],
    b1: Float[torch.Tensor, " F"],
    W2: Float[torch.Tensor, "F E"],
    b2: Float[torch.Tensor, " E"],
) -> Float[torch.Tensor, "N T E"]:
    """Two layers with a relu between them, the same for every place of every sequence.

        out_nt = relu(x_nt W1 + b1) W2 + b2

    No place knows of another here: N · T rows go through one small network. F is usually larger than E, often four times.
    (`nn.Linear` stores its weight transposed, F × E; here it is used as x @ W1.)

    >>> W1, W2 = torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0], [10.0]])
    >>> feed_forward(torch.tensor([[[3.0], [-2.0]]]), W1, torch.zeros(2), W2, torch.ones(1))
    tensor([[[ 4.],
             [21.]]])

    Source: Vaswani and others: Attention Is All You Need (2017), section 3.3.
    """
    raise NotImplementedError("feed_forward")


def block(
    x: Float[torch.Tensor, "N T E"],
    params: dict[str, torch.Tensor],
    G: int,
    mask: Bool[torch.Tensor, "... T T"] | None = None,
) -> Float[torch.Tensor, "N T E"]:
    """One block of a transformer, pre-norm: each of its two parts reads a normalised copy and adds to the original.

        a = layer_norm(x, gamma1, beta1)        y   = x + multi_head_attention(a, a, Wq, Wk, Wv, Wo, G, mask)
        b = layer_norm(y, gamma2, beta2)        out = y + feed_forward(b, W1, b1, W2, b2)

    `params` holds gamma1 beta1 (E), Wq Wk Wv Wo (E, E), gamma2 beta2 (E), W1 (E, F), b1 (F), W2 (F, E), b2 (E). ε of both
    norms is 1e-5. Nothing is normalised on the straight way from x to out: it lets gradients pass through many blocks.
    (The paper's own blocks are post-norm: they normalise the sums.) `mask` is "T T" or "N T T", True = may look; None
    hides nothing. A place that may look nowhere gets nothing from the attention and keeps the rest.

    >>> shapes = dict.fromkeys(("gamma1", "beta1", "gamma2", "beta2", "b2"), (2,))
    >>> shapes |= dict.fromkeys(("Wq", "Wk", "Wv", "Wo"), (2, 2)) | {"W1": (2, 3), "b1": (3,), "W2": (3, 2)}
    >>> params = {name: torch.zeros(shape) for name, shape in shapes.items()}
    >>> block(torch.tensor([[[1.0, 2.0]]]), params | {"b2": torch.tensor([0.5, 0.25])}, 1)
    tensor([[[1.5000, 2.2500]]])

    Source: Xiong and others: On Layer Normalization in the Transformer Architecture (2020), figure 1 (b).
    """
    raise NotImplementedError("block")
