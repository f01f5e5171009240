"""Wrong answers to mse."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import mse as right


@mistake(
    "missing-mean",
    says="the squared errors are added up over the whole batch; over the examples it is a mean, so that a larger "
    "batch does not mean a larger loss",
)
def mse(y, target):
    right.mse(y, target)
    return ((y - target) ** 2).sum() / 2


@mistake(
    "extra-mean",
    says="the mean runs over the outputs too, as torch.nn.MSELoss takes it; here the outputs of an example are "
    "summed, and only the examples are averaged",
)
def mse(y, target):
    right.mse(y, target)
    return ((y - target) ** 2).mean() / 2


@mistake(
    "wrong-factor",
    says="the half is missing, so the loss is twice as large; the half is there to cancel the 2 that the square "
    "leaves in the derivative",
)
def mse(y, target):
    right.mse(y, target)
    return ((y - target) ** 2).sum() / len(y)


@mistake("wrong-axis", says="this averages over the outputs and sums over the examples; it is the other way round")
def mse(y, target):
    right.mse(y, target)
    return ((y - target) ** 2).mean(axis=1).sum() / 2


@mistake("extra-axis", says="this is one cost for each example, still to be averaged; a loss is a single number")
def mse(y, target):
    right.mse(y, target)
    return ((y - target) ** 2).sum(axis=1) / 2


@mistake("wrong-nonlinearity", says="norm takes a root at the end, so this is a distance; the cost is its square")
def mse(y, target):
    right.mse(y, target)
    return np.linalg.norm(y - target) / (2 * len(y))


@mistake(
    "batch-mixed",
    says="the errors are added up before they are squared, so those of opposite sign cancel, also between examples; "
    "square each one first",
)
def mse(y, target):
    right.mse(y, target)
    return (y - target).sum() ** 2 / (2 * len(y))


@mistake(
    "mutates-input",
    says="-= writes the errors into y itself, and the outputs of the network are gone; make a new array",
)
def mse(y, target):
    right.mse(y, target)
    y -= target
    return (y**2).sum() / (2 * len(y))


@mistake(
    "shape-not-checked",
    says="the subtraction stretches targets of another shape until they fit: (N, 1) and (N,) give N×N errors, and "
    "the number at the end looks like a loss",
)
def mse(y, target):
    error = y - target
    return (error**2).sum() / (2 * len(y))


@mistake(
    "sign-flipped",
    "dy",
    says="the difference is the wrong way round: where an output is too large, its gradient is positive, and the "
    "step downhill makes it smaller",
)
def mse_backward(dout, y, target):
    right.mse_backward(dout, y, target)
    dy = dout * (target - y) / len(y)
    dtarget = -dy
    return dy, dtarget


@mistake(
    "wrong-factor",
    "dy",
    says="there is a 2 too many: the square brings it, and the half in front of the cost takes it away again",
)
def mse_backward(dout, y, target):
    right.mse_backward(dout, y, target)
    dy = dout * 2 * (y - target) / len(y)
    dtarget = -dy
    return dy, dtarget


@mistake(
    "missing-mean",
    "dy",
    says="the 1/N of the mean is missing: each example has its share of the loss only, and so of the gradient",
)
def mse_backward(dout, y, target):
    right.mse_backward(dout, y, target)
    dy = dout * (y - target)
    dtarget = -dy
    return dy, dtarget


@mistake(
    "extra-mean",
    "dy",
    says="this is divided by N·M, the number of all the outputs; the mean is over the N examples only",
)
def mse_backward(dout, y, target):
    right.mse_backward(dout, y, target)
    dy = dout * (y - target) / y.size
    dtarget = -dy
    return dy, dtarget


@mistake(
    "upstream-ignored",
    "dy",
    says="dout never goes in, so this is right only where it is 1; whatever comes after the loss scales its gradients",
)
def mse_backward(dout, y, target):
    right.mse_backward(dout, y, target)
    dy = (y - target) / len(y)
    dtarget = -dy
    return dy, dtarget


@mistake(
    "wrong-argument",
    "dy",
    says="the formula wants the error and got the output y itself; the target has dropped out",
)
def mse_backward(dout, y, target):
    right.mse_backward(dout, y, target)
    dy = dout * y / len(y)
    dtarget = -dout * target / len(y)
    return dy, dtarget


@mistake(
    "lost-axis",
    "dy",
    says="the errors are averaged over the batch and the examples have run together into one row; 1/N is a factor "
    "here, and every example keeps its own row",
)
def mse_backward(dout, y, target):
    right.mse_backward(dout, y, target)
    dy = dout * (y - target).mean(axis=0)
    dtarget = -dy
    return dy, dtarget


@mistake(
    "missing-term",
    "dtarget",
    says="dtarget is all zeros, as if the target could not move the loss; it is an argument like y, and moves the "
    "same difference the other way",
)
def mse_backward(dout, y, target):
    right.mse_backward(dout, y, target)
    dy = dout * (y - target) / len(y)
    dtarget = np.zeros_like(target)
    return dy, dtarget


@mistake(
    "shape-not-checked",
    says="nothing compares the shapes here, so targets of another shape are stretched, and so is a dout that is not "
    "a single number; the backward refuses what the forward refuses",
)
def mse_backward(dout, y, target):
    dy = dout * (y - target) / len(y)
    dtarget = -dy
    return dy, dtarget


@mistake(
    "graph-broken",
    "dtarget",
    says=".detach() takes the target out of the graph, so its gradient is zero; y gets the right one",
    track="torch",
)
def mse(y, target):
    if y.ndim != 2 or y.shape != target.shape:
        raise ValueError(f"mse: {tuple(y.shape)} and {tuple(target.shape)} differ or are no matrices")
    return (y - target.detach()).pow(2).sum() / (2 * len(y))


@mistake(
    "wrong-type",
    says=".item() makes a Python number of the loss: the value is right, but autograd has nothing left to start from",
    track="torch",
)
def mse(y, target):
    if y.ndim != 2 or y.shape != target.shape:
        raise ValueError(f"mse: {tuple(y.shape)} and {tuple(target.shape)} differ or are no matrices")
    return (y - target).pow(2).sum().item() / (2 * len(y))
