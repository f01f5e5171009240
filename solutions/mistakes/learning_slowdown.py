"""Wrong answers to learning_slowdown."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import learning_slowdown as right
from solutions.numpy.activations import sigmoid


@mistake(
    "missing-term",
    says="this is the derivative for the output a; on the way to z the chain rule has one more factor, the sigmoid's slope",
)
def quadratic_output_gradient(z, target):
    return sigmoid(z) - target


@mistake("wrong-argument", says="the slope is taken as z · (1 − z): it wants the output a and got the input z")
def quadratic_output_gradient(z, target):
    return (sigmoid(z) - target) * z * (1 - z)


@mistake("wrong-operand", says="the slope is taken at the target, t · (1 − t); it belongs to the output, a · (1 − a)")
def quadratic_output_gradient(z, target):
    return (sigmoid(z) - target) * target * (1 - target)


@mistake("sign-flipped", says="this is t − a times the slope: the step downhill; the gradient points uphill, a − t")
def quadratic_output_gradient(z, target):
    a = sigmoid(z)
    return (target - a) * a * (1 - a)


@mistake("wrong-factor", says="the 2 of the square is kept, but the cost is half the square, and the two cancel")
def quadratic_output_gradient(z, target):
    a = sigmoid(z)
    return 2 * (a - target) * a * (1 - a)


@mistake(
    "unstable",
    says="e^−z overflows at −1e4, and inf / inf² is nan; write the slope with the output a, which is never above 1",
)
def quadratic_output_gradient(z, target):
    return (sigmoid(z) - target) * np.exp(-z) / (1 + np.exp(-z)) ** 2


@mistake("lost-axis", says="the gradients of all neurons are added into one number; every element keeps its own here")
def quadratic_output_gradient(z, target):
    return right.quadratic_output_gradient(z, target).sum()


@mistake(
    "wrong-operand",
    says="this is the quadratic cost's gradient: with cross-entropy, the slope of the sigmoid cancels and must not stay",
)
def cross_entropy_output_gradient(z, target):
    return right.quadratic_output_gradient(z, target)


@mistake(
    "missing-term",
    says="only the half −t · log a of the cost was differentiated; a target below 1 also needs the half with 1 − t",
)
def cross_entropy_output_gradient(z, target):
    return -target * (1 - sigmoid(z))


@mistake(
    "unstable",
    says="at ±1e4 the derivative for a divides by 0 and is then multiplied by a slope of 0: nan; cancel the two on paper first",
)
def cross_entropy_output_gradient(z, target):
    a = sigmoid(z)
    return (a - target) / (a * (1 - a)) * a * (1 - a)


@mistake(
    "eps-misplaced",
    says="the small number below the line keeps nan away, but at ±1e4 it makes 0 of a gradient that is 1; cancel the slope on paper",
)
def cross_entropy_output_gradient(z, target):
    a = sigmoid(z)
    return (a - target) / (a * (1 - a) + 1e-12) * a * (1 - a)


@mistake("wrong-argument", says="this is z − t: the difference wants the output a = σ(z) and got the input")
def cross_entropy_output_gradient(z, target):
    return z - target


@mistake("sign-flipped", says="this is t − a, the step downhill; the gradient points uphill, the other way round")
def cross_entropy_output_gradient(z, target):
    return target - sigmoid(z)


@mistake(
    "extra-mean",
    says="the gradient is divided by the number of neurons; every element is a neuron with a cost of its own here",
)
def cross_entropy_output_gradient(z, target):
    return (sigmoid(z) - target) / z.size


@mistake(
    "extra-mean",
    says="the mean of the costs divides every gradient by the number of neurons; a sum leaves them as they are",
    track="torch",
)
def quadratic_output_gradient(z, target):
    import torch

    z = z.detach().requires_grad_()
    cost = ((torch.sigmoid(z) - target) ** 2 / 2).mean()
    return torch.autograd.grad(cost, z)[0]


@mistake(
    "graph-broken",
    says="detach stands between z and the cost, so autograd finds no way from one to the other",
    track="torch",
)
def quadratic_output_gradient(z, target):
    import torch

    z = z.detach().requires_grad_()
    a = torch.sigmoid(z).detach()
    return torch.autograd.grad(((a - target) ** 2 / 2).sum(), z)[0]


@mistake(
    "log-of-zero",
    says="at ±1e4 the output has rounded to 0 or 1, and autograd meets the logarithm of 0: nan; write the cost with z itself",
    track="torch",
)
def cross_entropy_output_gradient(z, target):
    import torch

    z = z.detach().requires_grad_()
    a = torch.sigmoid(z)
    cost = -target * torch.log(a) - (1 - target) * torch.log(1 - a)
    return torch.autograd.grad(cost.sum(), z)[0]
