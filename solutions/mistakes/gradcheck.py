"""Wrong answers to gradcheck."""

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import gradcheck as right


@mistake(
    "one-sided", says="this is the slope ahead of x only; its error shrinks with ε, that of the slope across x with ε²"
)
def numerical_gradient(f, x, eps):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = eps
        gradient[index] = (f(x + step) - f(x)) / eps
    return gradient


@mistake(
    "wrong-factor", says="from x − ε to x + ε the way is 2ε, but the difference is divided by ε: every slope is doubled"
)
def numerical_gradient(f, x, eps):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = eps
        gradient[index] = (f(x + step) - f(x - step)) / eps
    return gradient


@mistake("sign-flipped", says="the difference is the wrong way round: it is the value above minus the value below")
def numerical_gradient(f, x, eps):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = eps
        gradient[index] = (f(x - step) - f(x + step)) / (2 * eps)
    return gradient


@mistake("mutates-input", says="x + ε − 2ε + ε is not x to the last bit: keep the old value and write it back")
def numerical_gradient(f, x, eps):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        x[index] += eps
        above = f(x)
        x[index] -= 2 * eps
        below = f(x)
        x[index] += eps
        gradient[index] = (above - below) / (2 * eps)
    return gradient


@mistake("argument-unused", says="the step is a fixed 1e-4: the argument eps is never looked at")
def numerical_gradient(f, x, eps):
    return right.numerical_gradient(f, x, 1e-4)


@mistake(
    "lost-axis",
    says="all elements move at once, so this is one number, the sum of all partial derivatives; move one at a time",
)
def numerical_gradient(f, x, eps):
    return (f(x + eps) - f(x - eps)) / (2 * eps)


@mistake(
    "batch-mixed",
    says="each element was moved in a copy that kept the earlier steps; the others must stand where x has them",
)
def numerical_gradient(f, x, eps):
    gradient = np.zeros_like(x)
    up, down = x.copy(), x.copy()
    for index in np.ndindex(x.shape):
        up[index] += eps
        down[index] -= eps
        gradient[index] = (f(up) - f(down)) / (2 * eps)
    return gradient


@mistake("missing-scale", says="this is the absolute difference; it is not divided by the size of the elements")
def relative_error(a, b):
    return float(np.abs(a - b).max())


@mistake(
    "wrong-factor", says="the difference is divided by |a| + |b|, about twice the larger of the two that belongs there"
)
def relative_error(a, b):
    total = np.abs(a) + np.abs(b)
    return float((np.abs(a - b) / np.where(total == 0, 1, total)).max())


@mistake("unstable", says="where a and b are both 0 this is 0/0, nan, and the maximum of anything with nan is nan")
def relative_error(a, b):
    return float((np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))).max())


@mistake(
    "eps-misplaced",
    says="the floor of 1e-8 under the scale hides errors of gradients smaller than itself; only 0/0 needs care here",
)
def relative_error(a, b):
    return float((np.abs(a - b) / np.maximum(1e-8, np.maximum(np.abs(a), np.abs(b)))).max())


@mistake("extra-mean", says="the errors are averaged: one wrong element drowns among right ones; the worst one counts")
def relative_error(a, b):
    larger = np.maximum(np.abs(a), np.abs(b))
    return float((np.abs(a - b) / np.where(larger == 0, 1, larger)).mean())


@mistake(
    "wrong-order",
    says="the maximum is taken before the division: the largest elements set the scale, and small ones may be wrong",
)
def relative_error(a, b):
    largest = max(np.abs(a).max(), np.abs(b).max())
    return float(np.abs(a - b).max() / largest) if largest > 0 else 0.0


@mistake(
    "sign-flipped",
    says="a − b stands without its absolute value: where b is the larger, the error is negative and no maximum sees it",
)
def relative_error(a, b):
    larger = np.maximum(np.abs(a), np.abs(b))
    return float(((a - b) / np.where(larger == 0, 1, larger)).max())


@mistake(
    "wrong-operand",
    says="the difference is divided by |b| alone; the larger of |a| and |b| belongs there, so that both ways agree",
)
def relative_error(a, b):
    return float((np.abs(a - b) / np.where(b == 0, 1, np.abs(b))).max())


@mistake(
    "mask-ignored",
    says="elements at a kink are judged too; there the two one-sided slopes disagree and no derivative exists",
)
def gradient_check(f, grad, x, eps):
    a, b = right.numerical_gradient(f, x, eps), grad(x)
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-6)
    return float((np.abs(a - b) / scale).max())


@mistake(
    "mask-inverted",
    says="only the kinks are judged, and every smooth element is skipped: the condition is the wrong way round",
)
def gradient_check(f, grad, x, eps):
    a, b = right.numerical_gradient(f, x, eps), grad(x)
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-6)
    kink = np.abs(right._one_sided(f, x, eps) - right._one_sided(f, x, -eps)) > 1e-2 * scale
    return float(np.where(kink, np.abs(a - b) / scale, 0).max())


@mistake(
    "unstable",
    says="there is no floor under the scale: where the gradient is 0, rounding noise is divided by itself and gives 1",
)
def gradient_check(f, grad, x, eps):
    a, b = right.numerical_gradient(f, x, eps), grad(x)
    scale = np.maximum(np.abs(a), np.abs(b))
    kink = np.abs(right._one_sided(f, x, eps) - right._one_sided(f, x, -eps)) > 1e-2 * np.maximum(scale, 1e-6)
    return float(np.where(kink, 0, np.abs(a - b) / np.where(scale == 0, 1, scale)).max())


@mistake(
    "one-sided",
    says="grad is held against the slope ahead of x; the difference across x is far closer to the derivative",
)
def gradient_check(f, grad, x, eps):
    a, b = right._one_sided(f, x, eps), grad(x)
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-6)
    kink = np.abs(a - right._one_sided(f, x, -eps)) > 1e-2 * scale
    return float(np.where(kink, 0, np.abs(a - b) / scale).max())


@mistake("extra-mean", says="the errors are averaged over the elements; the worst one counts")
def gradient_check(f, grad, x, eps):
    a, b = right.numerical_gradient(f, x, eps), grad(x)
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-6)
    kink = np.abs(right._one_sided(f, x, eps) - right._one_sided(f, x, -eps)) > 1e-2 * scale
    return float(np.where(kink, 0, np.abs(a - b) / scale).mean())


@mistake(
    "wrong-type",
    says="this returns whether the check passed; the error itself is asked for, so that the caller can judge",
)
def gradient_check(f, grad, x, eps):
    return right.gradient_check(f, grad, x, eps) < 1e-5


@mistake("missing-scale", says="this is the absolute difference; it is not divided by the size of the two gradients")
def gradient_check(f, grad, x, eps):
    a, b = right.numerical_gradient(f, x, eps), grad(x)
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-6)
    kink = np.abs(right._one_sided(f, x, eps) - right._one_sided(f, x, -eps)) > 1e-2 * scale
    return float(np.where(kink, 0, np.abs(a - b)).max())


@mistake("argument-unused", says="the step is a fixed 1e-4: the argument eps is never looked at")
def gradient_check(f, grad, x, eps):
    return right.gradient_check(f, grad, x, 1e-4)


@mistake(
    "dtype-drift",
    says="torch.zeros makes float32 unless told otherwise; the gradient has the dtype of x",
    track="torch",
)
def numerical_gradient(f, x, eps):
    import torch

    gradient = torch.zeros(x.shape)
    for i in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=x.dtype)
        step[i] = eps
        step = step.reshape(x.shape)
        gradient.view(-1)[i] = (f(x + step) - f(x - step)) / (2 * eps)
    return gradient


@mistake(
    "forbidden-call",
    says="this asks autograd, which is what the check is meant to test, and f need not be open to it",
    track="torch",
)
def numerical_gradient(f, x, eps):
    import torch

    x = x.detach().clone().requires_grad_(True)
    return torch.autograd.grad(f(x), x)[0]


@mistake(
    "dtype-drift",
    says="in float32 a step of 1e-5 is lost in rounding, and the differences are noise; stay in float64",
    track="torch",
)
def gradient_check(f, grad, x, eps):
    import torch

    x, errors = x.float(), []
    here, claimed = f(x), grad(x).flatten()
    for i in range(x.numel()):
        step = torch.zeros(x.numel())
        step[i] = eps
        step = step.reshape(x.shape)
        ahead, behind = (f(x + step) - here) / eps, (here - f(x - step)) / eps
        numeric = (ahead + behind) / 2
        scale = max(abs(numeric), abs(claimed[i]), 1e-6)
        errors.append(0.0 if abs(ahead - behind) > 1e-2 * scale else float(abs(numeric - claimed[i]) / scale))
    return max(errors)
