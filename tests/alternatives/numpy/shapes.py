"""Right answers to shapes in another style."""

import numpy as np


def inner__loop(a, b):
    if len(a.shape) != 1 or len(b.shape) != 1 or len(a) != len(b):
        raise ValueError("inner wants vectors, not " + str(a.shape) + " and " + str(b.shape))
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


def inner__vdot(a, b):
    if not (a.ndim == b.ndim == 1 and a.size == b.size):
        raise ValueError(a.shape, b.shape)
    return np.vdot(a, b)


def hadamard__einsum(a, b):
    if a.shape != b.shape:
        raise ValueError(f"{a.shape=} {b.shape=}")
    return np.einsum("...,...->...", a, b)


def hadamard__loop(a, b):
    if np.shape(a) != np.shape(b):
        raise ValueError(f"cannot multiply {np.shape(a)} by {np.shape(b)}")
    out = np.empty(a.shape, dtype=a.dtype)
    for index in np.ndindex(a.shape):
        out[index] = a[index] * b[index]
    return out


def outer__after_checking(a, b):
    for array in (a, b):
        if array.ndim != 1:
            raise ValueError(f"not a vector among {a.shape} and {b.shape}")
    return np.outer(a, b)


def outer__matrix_product(a, b):
    if (a.ndim, b.ndim) != (1, 1):
        raise ValueError(f"outer: {a.shape}, {b.shape}")
    return a.reshape(-1, 1) @ b.reshape(1, -1)


def matvec__rows(A, x):
    if A.ndim != 2 or x.shape != A.shape[1:]:
        raise ValueError(f"{A.shape} does not take {x.shape}")
    print("multiplying", A.shape, "by", x.shape)
    return np.array([row.dot(x) for row in A], dtype=A.dtype)


def matvec__broadcast(A, x):
    if A.ndim != 2 or x.ndim != 1 or x.size != A.shape[-1]:
        raise ValueError(f"{A.shape} does not take {x.shape}")
    return np.sum(A * x, axis=1)


def matmul__three_loops(A, B):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} times {B.shape}")
    C = np.zeros((A.shape[0], B.shape[1]), dtype=A.dtype)
    for n in range(C.shape[0]):
        for m in range(C.shape[1]):
            for d in range(A.shape[1]):
                C[n, m] += A[n, d] * B[d, m]
    return C


def matmul__unpacking(A, B):
    try:
        (_, inner), (same, _) = A.shape, B.shape
    except ValueError:
        raise ValueError(f"two matrices are needed, not {A.shape} and {B.shape}") from None
    if inner != same:
        raise ValueError(f"{inner} does not meet {same} in {A.shape} @ {B.shape}")
    return np.einsum("nd,dm->nm", A, B)


def matmul__columns(A, B):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"{A.shape} times {B.shape}")
    return np.stack([A.dot(column) for column in B.T], axis=1)


def batched_matmul__one_by_one(A, B):
    if A.ndim != 3 or B.ndim != 3 or len(A) != len(B) or A.shape[-1] != B.shape[-2]:
        raise ValueError(f"batched_matmul: {A.shape} and {B.shape}")
    return np.stack([one.dot(other) for one, other in zip(A, B, strict=True)])


def batched_matmul__einsum(A, B):
    fits = A.ndim == 3 and B.ndim == 3 and (A.shape[0], A.shape[2]) == (B.shape[0], B.shape[1])
    if not fits:
        raise ValueError(f"batched_matmul: {A.shape} and {B.shape}")
    return np.einsum("bnd,bdm->bnm", A, B)


def pairwise_sq_dists__loops(A, B):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[1]:
        raise ValueError(f"pairwise_sq_dists: {A.shape}, {B.shape}")
    out = np.zeros((len(A), len(B)), dtype=A.dtype)
    for n, a in enumerate(A):
        for m, b in enumerate(B):
            out[n, m] = np.sum((a - b) ** 2)
    return out


def pairwise_sq_dists__differences(A, B):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[1]:
        raise ValueError(f"pairwise_sq_dists: {A.shape}, {B.shape}")
    return np.square(A[:, np.newaxis] - B).sum(-1)


def pairwise_sq_dists__where(A, B):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[1]:
        raise ValueError(f"pairwise_sq_dists: {A.shape}, {B.shape}")
    out = np.einsum("nd,nd->n", A, A)[:, None] + np.einsum("md,md->m", B, B) - 2 * np.einsum("nd,md->nm", A, B)
    return np.where(out > 0, out, 0).astype(A.dtype)


def pairwise_sq_dists__norm(A, B):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[1]:
        raise ValueError(f"pairwise_sq_dists: {A.shape}, {B.shape}")
    return np.linalg.norm(A[:, None] - B[None], axis=2) ** 2


def add_bias__rows(x, b):
    if x.ndim != 2 or b.shape != (x.shape[1],):
        raise ValueError(f"add_bias: {x.shape} and {b.shape}")
    y = x.copy()
    for row in y:
        row += b
    return y


def add_bias__tiled(x, b):
    if x.ndim != 2 or b.ndim != 1 or len(b) != x.shape[1]:
        raise ValueError(f"add_bias: {x.shape} and {b.shape}")
    return np.add(x, np.tile(b, (len(x), 1)))
