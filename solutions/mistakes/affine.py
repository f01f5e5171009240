"""Wrong answers to affine."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import affine as right


@mistake(
    "shape-not-checked",
    says="+ stretches the bias until it fits, whatever its shape, and @ takes a stack of batches as well; the three "
    "shapes have to be compared before anything is computed",
)
def affine(x, W, b):
    return x @ W + b


@mistake("missing-term", says="the bias is left out: this is x @ W alone")
def affine(x, W, b):
    right.affine(x, W, b)
    return x @ W


@mistake(
    "transposed",
    says="W is transposed first, as if it were stored as nn.Linear stores it; here it is (D, M), the way it is used",
)
def affine(x, W, b):
    right.affine(x, W, b)
    return x @ W.T + b


@mistake(
    "wrong-order",
    says="this is W times x, as books write it for one column vector; examples are rows here, so x stands on the left",
)
def affine(x, W, b):
    right.affine(x, W, b)
    return W @ x + b


@mistake(
    "wrong-axis",
    says="b went in as a column, so b_n is added to example n; it holds one number for each output, the same for "
    "every example",
)
def affine(x, W, b):
    right.affine(x, W, b)
    return x @ W + b.reshape(-1, 1)


@mistake(
    "elementwise-for-matmul",
    says="* multiplies x and W element by element; a layer needs the matrix product, a sum over the D inputs for "
    "each output",
)
def affine(x, W, b):
    right.affine(x, W, b)
    return x * W + b


@mistake(
    "extra-axis",
    says="the examples were taken one by one as matrices of one row, and that axis of size 1 is still there: (N, 1, M)",
)
def affine(x, W, b):
    right.affine(x, W, b)
    return np.array([x[n : n + 1] @ W + b for n in range(len(x))])


@mistake(
    "wrong-operand",
    "dx",
    says="this is dout @ dW.T: the gradient of W stands where W itself belongs, and the shapes do not object",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    dW = x.T @ dout
    dx = dout @ dW.T
    db = dout.sum(axis=0)
    return dx, dW, db


@mistake(
    "upstream-ignored",
    "dx",
    says="dx is the same for every example, the row sums of W: what comes from above, dout, never went in",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    dx = np.ones_like(dout) @ W.T
    dW = x.T @ np.ones_like(dout)
    db = np.ones_like(dout).sum(axis=0)
    return dx, dW, db


@mistake("wrong-order", "dx", says="the gradients come back as (dW, dx, db); they follow the arguments x, W, b")
def affine_backward(dout, x, W, b):
    dx, dW, db = right.affine_backward(dout, x, W, b)
    return dW, dx, db


@mistake(
    "batch-mixed",
    "dx",
    says="dout was summed over the batch before it met W, so every example gets the gradient of all of them "
    "together; the sum over examples is for dW and db",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    total = dout.sum(axis=0)
    dx = np.tile(total @ W.T, (len(x), 1))
    dW = x.T @ dout
    return dx, dW, total


@mistake(
    "transposed",
    "dW",
    says="dout and x have changed places, so this is dW lying on its side, (M, D); a gradient has the shape of its "
    "argument",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    dx = dout @ W.T
    dW = dout.T @ x
    db = dout.sum(axis=0)
    return dx, dW, db


@mistake(
    "extra-mean",
    "dW",
    says="dW and db are divided by the number of examples; the mean belongs to the loss, whose backward has already "
    "put it into dout",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    dx = dout @ W.T
    dW = x.T @ dout / len(x)
    db = dout.mean(axis=0)
    return dx, dW, db


@mistake(
    "not-accumulated",
    "dW",
    says="the loop over the examples writes over dW and db each time, so only the last example is left; every "
    "example adds its share",
)
def affine_backward(dout, x, W, b):
    dx, dW, db = right.affine_backward(dout, x, W, b)
    for n in range(len(x)):
        dW = np.outer(x[n], dout[n])
        db = dout[n].copy()
    return dx, dW, db


@mistake(
    "not-summed",
    "db",
    says="b was stretched over the batch in the forward, so its gradient has to be summed over the batch; this is "
    "still one row per example",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    dx = dout @ W.T
    dW = x.T @ dout
    db = dout.copy()
    return dx, dW, db


@mistake(
    "wrong-axis",
    "db",
    says="dout is summed along each row, over the outputs; b has one number per output, so the sum runs over the "
    "examples",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    dx = dout @ W.T
    dW = x.T @ dout
    db = dout.sum(axis=1)
    return dx, dW, db


@mistake(
    "extra-axis",
    "db",
    says="the summed axis is kept with size 1, so db is (1, M); b is (M,), and its gradient has the same shape",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    dx = dout @ W.T
    dW = x.T @ dout
    db = dout.sum(axis=0, keepdims=True)
    return dx, dW, db


@mistake(
    "lost-axis",
    "db",
    says="the sum has no axis, so examples and outputs have run together into one number; only the examples are summed",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    dx = dout @ W.T
    dW = x.T @ dout
    db = dout.sum()
    return dx, dW, db


@mistake(
    "missing-term",
    "db",
    says="db is all zeros, as if the loss did not depend on b; what comes from above adds up to its gradient",
)
def affine_backward(dout, x, W, b):
    right.affine_backward(dout, x, W, b)
    dx = dout @ W.T
    dW = x.T @ dout
    db = np.zeros_like(b)
    return dx, dW, db


@mistake(
    "shape-not-checked",
    says="nothing compares the shapes here, so a wrong dout or a wrong bias passes through silently or dies in a "
    "product that does not name them; the backward refuses what the forward refuses",
)
def affine_backward(dout, x, W, b):
    dx = dout @ W.T
    dW = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dW, db


@mistake(
    "graph-broken",
    "dW",
    says=".data is W without its history: the value is right, but no gradient reaches W, nor b",
    track="torch",
)
def affine(x, W, b):
    if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[0] or b.shape != W.shape[1:]:
        raise ValueError(f"affine: {tuple(x.shape)}, {tuple(W.shape)}, {tuple(b.shape)} do not fit")
    return x @ W.data + b.data


@mistake(
    "mutates-input",
    says="a name ending in _ works in place: unsqueeze_ gives the caller's own b a second axis; without the "
    "underscore it makes a new view",
    track="torch",
)
def affine(x, W, b):
    if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[0] or b.shape != W.shape[1:]:
        raise ValueError(f"affine: {tuple(x.shape)}, {tuple(W.shape)}, {tuple(b.shape)} do not fit")
    return x @ W + b.unsqueeze_(0)


@mistake(
    "dtype-drift",
    says=".float() turns float64 into float32, and half of the digits are gone; leave the dtype as it comes",
    track="torch",
)
def affine(x, W, b):
    if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[0] or b.shape != W.shape[1:]:
        raise ValueError(f"affine: {tuple(x.shape)}, {tuple(W.shape)}, {tuple(b.shape)} do not fit")
    return x.float() @ W.float() + b.float()
