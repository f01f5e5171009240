"""shapes: the eight products and sums that networks are made of, each one refusing what it is not.

numpy answers almost any pair of shapes with something. Here a wrong shape raises ValueError, and the message prints
`a.shape` of every argument, so that the mistake is found where it was made.
"""

import numpy as np
from jaxtyping import Float


def inner(a: Float[np.ndarray, " D"], b: Float[np.ndarray, " D"]) -> Float[np.ndarray, ""]:
    """The inner product of two vectors: a single number.

        inner = Σ_d a_d b_d

    It must refuse everything but two vectors of one length, columns (D, 1) and rows (1, D) included, with a ValueError
    that prints both shapes.

    >>> float(inner(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.2.
    """
    raise NotImplementedError("inner")


def hadamard(a: Float[np.ndarray, "..."], b: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The elementwise product of two arrays of one shape, whatever that shape is.

        out_i = a_i b_i    for every index i

    It must refuse two different shapes, also where broadcasting would stretch one of them: (N, 1) * (N,) is (N, N), and
    nobody meant that. ValueError, with both shapes in the message.

    >>> hadamard(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 8.])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.2.
    """
    raise NotImplementedError("hadamard")


def outer(a: Float[np.ndarray, " D"], b: Float[np.ndarray, " M"]) -> Float[np.ndarray, "D M"]:
    """The outer product of two vectors: a row for each element of `a`, a column for each element of `b`.

        out_dm = a_d b_m

    It must refuse what is not a vector, where `np.outer` flattens it: ValueError, with both shapes in the message.

    >>> outer(np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0]))
    array([[ 3.,  4.,  5.],
           [ 6.,  8., 10.]])

    Source: Golub, Van Loan: Matrix Computations (4th edition, 2013), section 1.1.
    """
    raise NotImplementedError("outer")


def matvec(A: Float[np.ndarray, "M D"], x: Float[np.ndarray, " D"]) -> Float[np.ndarray, " M"]:
    """A matrix times a vector: the inner product of each row of `A` with `x`.

        y_m = Σ_d A_md x_d

    It must refuse columns (D, 1), vectors of another length, and anything for `A` but one matrix: ValueError, with both
    shapes in the message.

    >>> matvec(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0]))
    array([12., 34.])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.2.
    """
    raise NotImplementedError("matvec")


def matmul(A: Float[np.ndarray, "N D"], B: Float[np.ndarray, "D M"]) -> Float[np.ndarray, "N M"]:
    """A matrix times a matrix: the inner product of each row of `A` with each column of `B`.

        C_nm = Σ_d A_nd B_dm

    It must refuse two matrices whose inner sizes differ, and vectors and stacks of matrices: ValueError, with both
    shapes in the message.

    >>> matmul(np.array([[1.0, 2.0]]), np.array([[10.0, 20.0], [1.0, 2.0]]))
    array([[12., 24.]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.2.
    """
    raise NotImplementedError("matmul")


def batched_matmul(A: Float[np.ndarray, "B N D"], B: Float[np.ndarray, "B D M"]) -> Float[np.ndarray, "B N M"]:
    """A stack of matrices times a stack of matrices, each with its partner.

        C_bnm = Σ_d A_bnd B_bdm

    It must refuse single matrices, two different numbers of matrices (also 1 and many) and inner sizes that differ:
    ValueError, with both shapes in the message.

    >>> batched_matmul(np.array([[[1.0, 2.0]], [[3.0, 4.0]]]), np.array([[[1.0], [0.0]], [[0.0], [1.0]]])).tolist()
    [[[1.0]], [[4.0]]]

    Source: NumPy reference, numpy.matmul, on stacks of matrices.
    """
    raise NotImplementedError("batched_matmul")


def pairwise_sq_dists(A: Float[np.ndarray, "N D"], B: Float[np.ndarray, "M D"]) -> Float[np.ndarray, "N M"]:
    """The squared distance from each row of `A` to each row of `B`, never negative.

        out_nm = Σ_d (A_nd − B_md)² = ‖A_n‖² − 2 A_n · B_m + ‖B_m‖²

    It must survive points that coincide or nearly do, where rounding can push the right-hand side below 0. It must
    refuse anything but two matrices with rows of one length: ValueError, with both shapes in the message. Loops are
    allowed, and a matrix product is faster.

    >>> pairwise_sq_dists(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [1.0, 0.0]]))
    array([[25.,  1.]])

    Source: Dokmanić, Parhizkar, Ranieri, Vetterli: Euclidean Distance Matrices (2015), arXiv 1502.07541, section II.
    """
    raise NotImplementedError("pairwise_sq_dists")


def add_bias(x: Float[np.ndarray, "N M"], b: Float[np.ndarray, " M"]) -> Float[np.ndarray, "N M"]:
    """Add one vector to every row of a matrix.

        y_nm = x_nm + b_m

    It must refuse a bias that is not a vector, or of another length than the rows, where broadcasting would stretch it
    or the matrix: ValueError, with both shapes in the message.

    >>> add_bias(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0]))
    array([[11., 22.],
           [13., 24.]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.1, where broadcasting is introduced.
    """
    raise NotImplementedError("add_bias")
