"""Right answers to shapes in another style, in torch."""

import torch


def inner__dot(a, b):
    if a.dim() != 1 or b.dim() != 1 or a.numel() != b.numel():
        raise ValueError(f"inner: {tuple(a.shape)} and {tuple(b.shape)}")
    return torch.dot(a, b)


def hadamard__einsum(a, b):
    if a.size() != b.size():
        raise ValueError(f"hadamard: {tuple(a.size())} and {tuple(b.size())}")
    return torch.einsum("...,...->...", a, b)


def outer__after_checking(a, b):
    if (a.dim(), b.dim()) != (1, 1):
        raise ValueError(f"outer: {tuple(a.shape)} and {tuple(b.shape)}")
    return torch.outer(a, b)


def matvec__mv(A, x):
    if A.dim() != 2 or x.dim() != 1 or A.size(1) != x.size(0):
        raise ValueError(f"matvec: {tuple(A.shape)} and {tuple(x.shape)}")
    return torch.mv(A, x)


def matmul__broadcast_and_sum(A, B):
    if A.dim() != 2 or B.dim() != 2 or A.size(1) != B.size(0):
        raise ValueError(f"matmul: {tuple(A.shape)} and {tuple(B.shape)}")
    return (A[:, :, None] * B[None]).sum(dim=1)


def batched_matmul__bmm(A, B):
    if A.dim() != 3 or B.dim() != 3 or A.size(0) != B.size(0) or A.size(2) != B.size(1):
        raise ValueError(f"batched_matmul: {tuple(A.shape)} and {tuple(B.shape)}")
    return torch.bmm(A, B)


def batched_matmul__stack(A, B):
    if A.dim() != 3 or B.dim() != 3 or A.size(0) != B.size(0) or A.size(2) != B.size(1):
        raise ValueError(f"batched_matmul: {tuple(A.shape)} and {tuple(B.shape)}")
    return torch.stack([one @ other for one, other in zip(A, B, strict=True)])


def pairwise_sq_dists__differences(A, B):
    if A.dim() != 2 or B.dim() != 2 or A.size(1) != B.size(1):
        raise ValueError(f"pairwise_sq_dists: {tuple(A.shape)} and {tuple(B.shape)}")
    return (A.unsqueeze(1) - B.unsqueeze(0)).pow(2).sum(-1)


def pairwise_sq_dists__relu(A, B):
    if A.dim() != 2 or B.dim() != 2 or A.size(1) != B.size(1):
        raise ValueError(f"pairwise_sq_dists: {tuple(A.shape)} and {tuple(B.shape)}")
    return torch.relu((A * A).sum(1)[:, None] + (B * B).sum(1) - 2 * A @ B.t())


def add_bias__expanded(x, b):
    if x.dim() != 2 or b.dim() != 1 or x.size(1) != b.size(0):
        raise ValueError(f"add_bias: {tuple(x.shape)} and {tuple(b.shape)}")
    return x + b.unsqueeze(0).expand_as(x)
