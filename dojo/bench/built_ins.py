"""The built-ins that a user would reach for instead of a kata's function: one table for timing and for checking answers.

Each is a function of the kata's own arguments, in their order, on tensors; autograd differentiates it. Those that keep
weights in modules of their own, or change them in place, are in prepared.py.
"""

from collections.abc import Callable
from functools import cache


@cache
def built_ins() -> dict[str, tuple[str, Callable]]:
    """ "KATA.FUNCTION" → what the built-in is called, and the built-in with the kata's arguments. It imports torch."""
    import torch

    F = torch.nn.functional
    return {
        "shapes.inner": ("torch.dot", torch.dot),
        "shapes.hadamard": ("torch.mul", torch.mul),
        "shapes.outer": ("torch.outer", torch.outer),
        "shapes.matvec": ("torch.mv", torch.mv),
        "shapes.matmul": ("torch.mm", torch.mm),
        "shapes.batched_matmul": ("torch.bmm", torch.bmm),
        "shapes.pairwise_sq_dists": ("torch.cdist", lambda A, B: torch.cdist(A, B).square()),
        "shapes.add_bias": ("torch.add", torch.add),
        "affine.affine": ("torch.nn.functional.linear", lambda x, W, b: F.linear(x, W.T, b)),
        "activations.sigmoid": ("torch.sigmoid", torch.sigmoid),
        "activations.tanh": ("torch.tanh", torch.tanh),
        "activations.relu": ("torch.relu", torch.relu),
        "activations.leaky_relu": ("torch.nn.functional.leaky_relu", F.leaky_relu),
        "activations.gelu": ("torch.nn.functional.gelu", F.gelu),
        "mse.mse": (
            "torch.nn.functional.mse_loss",
            lambda y, target: F.mse_loss(y, target, reduction="sum") / (2 * len(y)),
        ),
        "softmax.softmax": ("torch.softmax", lambda x: F.softmax(x, dim=-1)),
        "softmax.log_softmax": ("torch.log_softmax", lambda x: F.log_softmax(x, dim=-1)),
        "cross_entropy.cross_entropy": ("torch.nn.functional.cross_entropy", F.cross_entropy),
        "cross_entropy.binary_cross_entropy": (
            "torch.nn.functional.binary_cross_entropy_with_logits",
            F.binary_cross_entropy_with_logits,
        ),
        "perplexity.entropy": ("torch.special.entr", lambda p: torch.special.entr(p).sum(dim=-1)),
        "perplexity.kl_divergence": (
            "torch.nn.functional.kl_div",
            lambda p, q: F.kl_div(q.log(), p, reduction="none").sum(dim=-1),
        ),
        "learning_slowdown.cross_entropy_output_gradient": ("torch.autograd", _cross_entropy_slope),
        "learning_slowdown.quadratic_output_gradient": ("torch.autograd", _quadratic_slope),
        "dropout.dropout": ("torch.nn.functional.dropout", lambda x, p, generator: F.dropout(x, p, training=True)),
        "weight_init.orthogonal": (
            "torch.nn.init.orthogonal_",
            lambda D, M, generator: torch.nn.init.orthogonal_(
                torch.empty(D, M, device=generator.device), generator=generator
            ),
        ),
        "normalization.batch_norm": (
            "torch.nn.functional.batch_norm",
            lambda x, gamma, beta, eps: F.batch_norm(x, None, None, gamma, beta, True, 0.0, eps),
        ),
        "normalization.layer_norm": (
            "torch.nn.functional.layer_norm",
            lambda x, gamma, beta, eps: F.layer_norm(x, x.shape[-1:], gamma, beta, eps),
        ),
        "conv2d.conv2d": ("torch.nn.functional.conv2d", F.conv2d),
        "pooling.max_pool2d": ("torch.nn.functional.max_pool2d", F.max_pool2d),
        "pooling.avg_pool2d": ("torch.nn.functional.avg_pool2d", F.avg_pool2d),
        "feature_maps.feature_maps": (
            "torch.nn.functional.conv2d",
            lambda images, kernels: F.conv2d(images[:, None], kernels, padding=kernels.shape[-1] // 2),
        ),
        "looking_inside.deconv2d": (
            "torch.nn.functional.conv_transpose2d",
            lambda y, w, stride, padding: F.conv_transpose2d(y, w, None, stride, padding),
        ),
        "embedding.embedding": ("torch.nn.functional.embedding", F.embedding),
        "attention.attention": (
            "torch.nn.functional.scaled_dot_product_attention",
            lambda q, k, v, mask=None: F.scaled_dot_product_attention(q, k, v, attn_mask=mask),
        ),
    }


def _quadratic_slope(z, target):
    import torch

    z = z.detach().requires_grad_()
    return torch.autograd.grad(((torch.sigmoid(z) - target) ** 2 / 2).sum(), z)[0]


def _cross_entropy_slope(z, target):
    import torch

    z = z.detach().requires_grad_()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(z, target, reduction="sum")
    return torch.autograd.grad(loss, z)[0]
