"""shapes: the eight products and sums that networks are made of, each one refusing what it is not.

torch answers almost any pair of shapes with something, or with a RuntimeError of its own. Here a wrong shape raises
ValueError, and the message prints `tuple(a.shape)` of every argument, so that the mistake is found where it was made.
"""

import torch
from jaxtyping import Float


def inner(a: Float[torch.Tensor, " D"], b: Float[torch.Tensor, " D"]) -> Float[torch.Tensor, ""]:
    """The inner product of two vectors: a tensor with no axes, from which autograd finds its way back.

        inner = Σ_d a_d b_d

    It must refuse everything but two vectors of one length, columns (D, 1) and rows (1, D) included, with a ValueError
    that prints both shapes.

    >>> inner(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor(11.)

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.2.
    """
    raise NotImplementedError("inner")


def hadamard(a: Float[torch.Tensor, "..."], b: Float[torch.Tensor, "..."]) -> Float[torch.Tensor, "..."]:
    """The elementwise product of two tensors of one shape, whatever that shape is.

        out_i = a_i b_i    for every index i

    It must refuse two different shapes, also where broadcasting would stretch one of them: (N, 1) * (N,) is (N, N), and
    nobody meant that. ValueError, with both shapes in the message.

    >>> hadamard(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
    tensor([3., 8.])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.2.
    """
    raise NotImplementedError("hadamard")


def outer(a: Float[torch.Tensor, " D"], b: Float[torch.Tensor, " M"]) -> Float[torch.Tensor, "D M"]:
    """The outer product of two vectors: a row for each element of `a`, a column for each element of `b`.

        out_dm = a_d b_m

    It must refuse what is not a vector: ValueError, with both shapes in the message.

    >>> outer(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0, 5.0]))
    tensor([[ 3.,  4.,  5.],
            [ 6.,  8., 10.]])

    Source: Golub, Van Loan: Matrix Computations (4th edition, 2013), section 1.1.
    """
    raise NotImplementedError("outer")


def matvec(A: Float[torch.Tensor, "M D"], x: Float[torch.Tensor, " D"]) -> Float[torch.Tensor, " M"]:
    """A matrix times a vector: the inner product of each row of `A` with `x`.

        y_m = Σ_d A_md x_d

    It must refuse columns (D, 1), vectors of another length, and anything for `A` but one matrix: ValueError, with both
    shapes in the message.

    >>> matvec(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([10.0, 1.0]))
    tensor([12., 34.])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.2.
    """
    raise NotImplementedError("matvec")


def matmul(A: Float[torch.Tensor, "N D"], B: Float[torch.Tensor, "D M"]) -> Float[torch.Tensor, "N M"]:
    """A matrix times a matrix: the inner product of each row of `A` with each column of `B`.

        C_nm = Σ_d A_nd B_dm

    It must refuse two matrices whose inner sizes differ, and vectors and stacks of matrices: ValueError, with both
    shapes in the message.

    >>> matmul(torch.tensor([[1.0, 2.0]]), torch.tensor([[10.0, 20.0], [1.0, 2.0]]))
    tensor([[12., 24.]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.2.
    """
    raise NotImplementedError("matmul")


def batched_matmul(A: Float[torch.Tensor, "B N D"], B: Float[torch.Tensor, "B D M"]) -> Float[torch.Tensor, "B N M"]:
    """A stack of matrices times a stack of matrices, each with its partner.

        C_bnm = Σ_d A_bnd B_bdm

    It must refuse single matrices, two different numbers of matrices (also 1 and many) and inner sizes that differ:
    ValueError, with both shapes in the message.

    >>> A, B = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]]]), torch.tensor([[[1.0], [0.0]], [[0.0], [1.0]]])
    >>> batched_matmul(A, B).tolist()
    [[[1.0]], [[4.0]]]

    Source: PyTorch reference, torch.bmm.
    """
    raise NotImplementedError("batched_matmul")


def pairwise_sq_dists(A: Float[torch.Tensor, "N D"], B: Float[torch.Tensor, "M D"]) -> Float[torch.Tensor, "N M"]:
    """The squared distance from each row of `A` to each row of `B`, never negative.

        out_nm = Σ_d (A_nd − B_md)² = ‖A_n‖² − 2 A_n · B_m + ‖B_m‖²

    It must survive points that coincide or nearly do, where rounding can push the right-hand side below 0. It must
    refuse anything but two matrices with rows of one length: ValueError, with both shapes in the message. Loops are
    allowed, and a matrix product is faster.

    >>> pairwise_sq_dists(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [1.0, 0.0]]))
    tensor([[25.,  1.]])

    Source: Dokmanić, Parhizkar, Ranieri, Vetterli: Euclidean Distance Matrices (2015), arXiv 1502.07541, section II.
    """
    raise NotImplementedError("pairwise_sq_dists")


def add_bias(x: Float[torch.Tensor, "N M"], b: Float[torch.Tensor, " M"]) -> Float[torch.Tensor, "N M"]:
    """Add one vector to every row of a matrix.

        y_nm = x_nm + b_m

    It must refuse a bias that is not a vector, or of another length than the rows, where broadcasting would stretch it
    or the matrix: ValueError, with both shapes in the message.

    >>> add_bias(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([10.0, 20.0]))
    tensor([[11., 22.],
            [13., 24.]])

    Source: Goodfellow, Bengio, Courville: Deep Learning (2016), section 2.1, where broadcasting is introduced.
    """
    raise NotImplementedError("add_bias")
