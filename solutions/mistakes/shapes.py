"""Wrong answers to shapes."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import shapes as right


@mistake(
    "shape-not-checked",
    says="np.dot is an inner product for two vectors only: for a row and a column, or a matrix, it is something else"
    " and says nothing; look at the shapes before you multiply",
)
def inner(a, b):
    return np.dot(a, b)


@mistake(
    "elementwise-for-matmul",
    says="these are the products a_d · b_d, one for each d; they are still to be added up",
)
def inner(a, b):
    right.inner(a, b)
    return a * b


@mistake("extra-axis", says="this is a row times a column, a 1×1 matrix; an inner product is a number without axes")
def inner(a, b):
    right.inner(a, b)
    return a.reshape(1, -1) @ b.reshape(-1, 1)


@mistake("extra-mean", says="the products are averaged; an inner product is their sum")
def inner(a, b):
    right.inner(a, b)
    return np.mean(a * b)


@mistake(
    "shape-not-checked",
    says="a * b alone stretches every axis of size 1 and every missing axis until the shapes meet; two different "
    "shapes have to be refused before that",
)
def hadamard(a, b):
    return a * b


@mistake(
    "lost-axis",
    says="the products of the last axis are added up, as an inner product does; here each stays in its place",
)
def hadamard(a, b):
    right.hadamard(a, b)
    return (a * b).sum(axis=-1)


@mistake(
    "mutates-input",
    says="a name ending in _ works in place: mul_ writes the product into a, and whoever handed you a loses it",
    track="torch",
)
def hadamard(a, b):
    if a.shape != b.shape:
        raise ValueError(f"hadamard: a {tuple(a.shape)} and b {tuple(b.shape)} differ")
    return a.mul_(b)


@mistake(
    "shape-not-checked",
    says="np.outer flattens whatever it is given, so a matrix comes in unnoticed as a long vector; only vectors may "
    "pass",
)
def outer(a, b):
    return np.outer(a, b)


@mistake("transposed", says="the rows follow b and the columns a; a row belongs to each element of a")
def outer(a, b):
    right.outer(a, b)
    return b[:, None] * a


@mistake("lost-axis", says="all the products are there, in one long row: the axes D and M have been flattened into one")
def outer(a, b):
    right.outer(a, b)
    return np.array([one * other for one in a for other in b], dtype=a.dtype)


@mistake(
    "wrong-type",
    says="the tensors go out to numpy and the product stays there: an array comes back, and autograd cannot follow it",
    track="torch",
)
def outer(a, b):
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"outer: a {tuple(a.shape)} and b {tuple(b.shape)} are not two vectors")
    return np.outer(a.detach().numpy(), b.detach().numpy())


@mistake(
    "shape-not-checked",
    says="@ also takes a column (D, 1), and answers with a column; a stack of matrices passes as well. Only one "
    "matrix and one vector of the right length may",
)
def matvec(A, x):
    return A @ x


@mistake(
    "transposed",
    says="A is transposed: these are the inner products of x with the columns of A, not with its rows",
)
def matvec(A, x):
    right.matvec(A, x)
    return A.T @ x


@mistake(
    "elementwise-for-matmul",
    says="* multiplies each row of A by x element by element and leaves a matrix; each row is still to be added up",
)
def matvec(A, x):
    right.matvec(A, x)
    return A * x


@mistake("wrong-axis", says="the products are added up down the columns, over M; the sum runs along each row, over D")
def matvec(A, x):
    right.matvec(A, x)
    return (A * x).sum(axis=0)


@mistake("extra-axis", says="x was made a column, so the answer is a column (M, 1); a vector (M,) was asked for")
def matvec(A, x):
    right.matvec(A, x)
    return A @ x[:, None]


@mistake(
    "shape-not-checked",
    says="@ alone lets vectors and stacks of matrices through, and its own complaint does not print the shapes; look"
    " at them before you multiply",
)
def matmul(A, B):
    return A @ B


@mistake(
    "elementwise-for-matmul",
    says="* multiplies element by element; a matrix product adds up products of a row with a column",
)
def matmul(A, B):
    right.matmul(A, B)
    return A * B


@mistake("wrong-order", says="this is B times A: matrices may not change places, even where both orders have a shape")
def matmul(A, B):
    right.matmul(A, B)
    return B @ A


@mistake("transposed", says="B is transposed first, so rows of A meet rows of B; they should meet its columns")
def matmul(A, B):
    right.matmul(A, B)
    return A @ B.T


@mistake(
    "transposed", says="the rows of each answer belong to the columns of B: it lies on its side, (M, N) for (N, M)"
)
def batched_matmul(A, B):
    right.batched_matmul(A, B)
    return B.swapaxes(1, 2) @ A.swapaxes(1, 2)


@mistake(
    "dtype-drift",
    says=".float() turns float64 into float32 and half of the digits are gone; leave the dtype as it comes",
    track="torch",
)
def matmul(A, B):
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"matmul: A {tuple(A.shape)} and B {tuple(B.shape)} do not fit")
    return A.float() @ B.float()


@mistake(
    "shape-not-checked",
    says="@ stretches a stack of one matrix, or a single matrix, to the length of the other stack; both stacks must "
    "have the same length, and that has to be checked",
)
def batched_matmul(A, B):
    return A @ B


@mistake(
    "broadcast-blowup",
    says="np.dot multiplies every matrix of A with every matrix of B, which gives (B, N, B, M); only partners with "
    "the same number belong together",
)
def batched_matmul(A, B):
    right.batched_matmul(A, B)
    return np.dot(A, B)


@mistake(
    "lost-axis",
    says="the products of all the pairs are added into one matrix: the axis of the batch must stay in the answer",
)
def batched_matmul(A, B):
    right.batched_matmul(A, B)
    return np.einsum("bnd,bdm->nm", A, B)


@mistake("batch-mixed", says="every matrix of A meets the sum of all the matrices of B; each has one partner only")
def batched_matmul(A, B):
    right.batched_matmul(A, B)
    return A @ B.sum(axis=0)


@mistake(
    "unstable",
    says="the difference of large, nearly equal numbers is left as rounding made it, which can be below 0; a squared"
    " distance never is",
)
def pairwise_sq_dists(A, B):
    right.pairwise_sq_dists(A, B)
    return (A**2).sum(axis=1, keepdims=True) - 2 * A @ B.T + (B**2).sum(axis=1)


@mistake("missing-term", says="‖B_m‖² is left out: the order among the rows of A survives, the distances do not")
def pairwise_sq_dists(A, B):
    right.pairwise_sq_dists(A, B)
    return (A**2).sum(axis=1, keepdims=True) - 2 * A @ B.T


@mistake("sign-flipped", says="the mixed term has the wrong sign: this is ‖a + b‖², the square of the sum")
def pairwise_sq_dists(A, B):
    right.pairwise_sq_dists(A, B)
    return (A**2).sum(axis=1, keepdims=True) + 2 * A @ B.T + (B**2).sum(axis=1)


@mistake("wrong-nonlinearity", says="a root has been taken: these are the distances, and their squares were asked for")
def pairwise_sq_dists(A, B):
    return np.sqrt(right.pairwise_sq_dists(A, B))


@mistake("extra-mean", says="the squared differences are averaged over D; a squared distance is their sum")
def pairwise_sq_dists(A, B):
    right.pairwise_sq_dists(A, B)
    return ((A[:, None, :] - B[None, :, :]) ** 2).mean(axis=-1)


@mistake("transposed", says="the rows of the answer follow B and its columns A; a row belongs to each row of A")
def pairwise_sq_dists(A, B):
    right.pairwise_sq_dists(A, B)
    return ((B[:, None, :] - A[None, :, :]) ** 2).sum(axis=-1)


@mistake(
    "lost-axis",
    says="the squared differences are added up over all of B as well: one number per row of A, not one per pair",
)
def pairwise_sq_dists(A, B):
    right.pairwise_sq_dists(A, B)
    return ((A[:, None, :] - B[None, :, :]) ** 2).sum(axis=(1, 2))


@mistake(
    "shape-not-checked",
    says="the subtraction stretches whatever has size 1: rows of length 1 pass for rows of any length, and a vector "
    "for a matrix of one row",
)
def pairwise_sq_dists(A, B):
    return ((A[..., :, None, :] - B) ** 2).sum(axis=-1)


@mistake(
    "shape-not-checked",
    says="x + b alone accepts a column, a single number or another matrix as a bias; only one vector as long as the "
    "rows may pass",
)
def add_bias(x, b):
    return x + b


@mistake("wrong-axis", says="b went in as a column, so b_n is added to row n; every row gets the whole of b")
def add_bias(x, b):
    right.add_bias(x, b)
    return x + b[:, None]


@mistake("extra-axis", says="x was given one more axis for b to meet, and the answer has kept it")
def add_bias(x, b):
    right.add_bias(x, b)
    return x[:, None] + b


@mistake("mutates-input", says="+= writes the sum into x itself, and whoever handed you x loses it; make a new array")
def add_bias(x, b):
    right.add_bias(x, b)
    x += b
    return x
