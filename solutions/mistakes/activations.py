"""Wrong answers to activations."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy import activations as right


@mistake("sign-flipped", says="the exponent is +x: this is 1 − σ(x), which falls where σ rises")
def sigmoid(x):
    return 1 / (1 + np.exp(x))


@mistake("unstable", says="e^x overflows to inf for a large x, and inf/inf is nan; only exponents below 0 are safe")
def sigmoid(x):
    return np.exp(x) / (1 + np.exp(x))


@mistake(
    "mutates-input",
    says="clipping x in place rewrites the caller's array; clip a copy, or choose a form that cannot overflow",
)
def sigmoid(x):
    x[x < -500] = -500
    x[x > 500] = 500
    return 1 / (1 + np.exp(-x))


@mistake(
    "wrong-argument", "dx", says="this is x · (1 − x): the slope s · (1 − s) wants the output σ(x) and got the input"
)
def sigmoid_backward(dout, x):
    return dout * x * (1 - x)


@mistake("upstream-ignored", "dx", says="this is the slope of the sigmoid alone; it still has to be multiplied by dout")
def sigmoid_backward(dout, x):
    s = right.sigmoid(x)
    return s * (1 - s)


@mistake("missing-term", "dx", says="this is dout · s: the slope has a second factor, what is left from s to 1")
def sigmoid_backward(dout, x):
    return dout * right.sigmoid(x)


@mistake(
    "unstable",
    "dx",
    says="e^−x overflows at −1e4, and inf / inf² is nan; write the slope with σ(x), which is never above 1",
)
def sigmoid_backward(dout, x):
    return dout * np.exp(-x) / (1 + np.exp(-x)) ** 2


@mistake(
    "unstable",
    says="e^x or e^−x overflows to inf at ±1e4, and inf/inf is nan; keep the exponents small before dividing",
)
def tanh(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


@mistake("missing-scale", says="this is tanh(x/2): the sigmoid that is stretched here must be taken at 2x")
def tanh(x):
    return 2 * right.sigmoid(x) - 1


@mistake("missing-term", says="this runs from 0 to 2: the doubled sigmoid was not moved down by 1")
def tanh(x):
    return 2 * right.sigmoid(2 * x)


@mistake(
    "wrong-argument", "dx", says="this is 1 − x²: the slope wants the output tanh(x) in its square and got the input"
)
def tanh_backward(dout, x):
    return dout * (1 - x**2)


@mistake("missing-term", "dx", says="this is 1 − t: the slope is 1 − t², which has the further factor 1 + t")
def tanh_backward(dout, x):
    return dout * (1 - right.tanh(x))


@mistake(
    "wrong-nonlinearity",
    "dx",
    says="t · (1 − t) is the sigmoid's slope in terms of its output; tanh has one of its own",
)
def tanh_backward(dout, x):
    t = right.tanh(x)
    return dout * t * (1 - t)


@mistake("upstream-ignored", "dx", says="this is the slope of tanh alone; it still has to be multiplied by dout")
def tanh_backward(dout, x):
    return 1 - right.tanh(x) ** 2


@mistake("lost-axis", says="np.max(x, 0) is the largest value along axis 0; np.maximum compares every element with 0")
def relu(x):
    return np.max(x, 0)


@mistake("mutates-input", says="this writes the zeros into the caller's x; the next layer's backward needs x as it was")
def relu(x):
    x[x < 0] = 0
    return x


@mistake("dtype-drift", says="np.zeros makes float64, and np.where takes the wider type of its two branches")
def relu(x):
    return np.where(x > 0, x, np.zeros(x.shape))


@mistake(
    "wrong-operand",
    "dx",
    says="the gate is opened by the sign of dout; it is the sign of x that decides what passed in the forward",
)
def relu_backward(dout, x):
    return np.maximum(dout, 0)


@mistake("wrong-argument", "dx", says="dout is multiplied by relu(x) itself; its slope, which is 1 or 0, belongs there")
def relu_backward(dout, x):
    return dout * np.maximum(x, 0)


@mistake("ties", "dx", says="with x ≥ 0 the gradient also passes at exactly 0, where the derivative is taken to be 0")
def relu_backward(dout, x):
    return dout * (x >= 0)


@mistake(
    "upstream-ignored", "dx", says="this is the slope alone, ones and zeros; it still has to be multiplied by dout"
)
def relu_backward(dout, x):
    return (x > 0).astype(x.dtype)


@mistake(
    "wrong-nonlinearity",
    says="the larger of x and slope · x is the right one only for slopes from 0 to 1; the sign of x decides",
)
def leaky_relu(x, slope):
    return np.maximum(x, slope * x)


@mistake("argument-unused", says="0.01 is built in: the argument slope is never looked at")
def leaky_relu(x, slope):
    return np.where(x > 0, x, 0.01 * x)


@mistake(
    "sign-flipped",
    says="relu(−x) is positive, so the negative side comes out pointing up; that part has to be subtracted",
)
def leaky_relu(x, slope):
    return np.maximum(x, 0) + slope * np.maximum(-x, 0)


@mistake(
    "ties", "dx", says="with x ≥ 0 the whole gradient passes at exactly 0, where the derivative is taken to be slope"
)
def leaky_relu_backward(dout, x, slope):
    return np.where(x >= 0, dout, slope * dout)


@mistake(
    "missing-term",
    "dx",
    says="this is relu's backward: on the negative side a part of dout, slope times it, has to come through",
)
def leaky_relu_backward(dout, x, slope):
    return dout * (x > 0)


@mistake(
    "wrong-operand",
    "dx",
    says="on the negative side stands slope · x, the forward's value; the gradient there is made of dout",
)
def leaky_relu_backward(dout, x, slope):
    return np.where(x > 0, dout, slope * x)


@mistake("dtype-drift", "dx", says="np.where of two plain numbers makes float64, and float32 times float64 is float64")
def leaky_relu_backward(dout, x, slope):
    return dout * np.where(x > 0, 1.0, slope)


@mistake("wrong-nonlinearity", says="this is the approximation by tanh, off by up to 5e-4; the exact form uses erf")
def gelu(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@mistake("missing-scale", says="erf belongs to a bell of another width: its argument must be divided by √2")
def gelu(x):
    return x * (1 + right._erf(x)) / 2


@mistake("missing-term", says="this is Φ(x), the weight alone; x itself, which it should weigh, is left out")
def gelu(x):
    return (1 + right._erf(x / math.sqrt(2))) / 2


@mistake(
    "dtype-drift",
    says="np.sqrt(2) is a float64 of numpy's and pulls float32 up with it; math.sqrt(2) is a plain number and does not",
)
def gelu(x):
    return x * (1 + right._erf(x / np.sqrt(2))) / 2


@mistake(
    "missing-term",
    "dx",
    says="this is dout · Φ(x): x stands in the product twice, and the term from the slope of Φ is missing",
)
def gelu_backward(dout, x):
    return dout * (1 + right._erf(x / math.sqrt(2))) / 2


@mistake("missing-scale", "dx", says="the bell e^(−x²/2) is not divided by √(2π), so the area under it is not 1")
def gelu_backward(dout, x):
    return dout * ((1 + right._erf(x / math.sqrt(2))) / 2 + x * np.exp(-x * x / 2))


@mistake("upstream-ignored", "dx", says="dout multiplies only the first of the two terms; a bracket is missing")
def gelu_backward(dout, x):
    below = (1 + right._erf(x / math.sqrt(2))) / 2
    return dout * below + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


@mistake(
    "wrong-factor",
    "dx",
    says="the slope of erf is 2/√π · e^(−u²), but u is x/√2: the inner derivative 1/√2 is left out",
)
def gelu_backward(dout, x):
    u = x / math.sqrt(2)
    return dout * ((1 + right._erf(u)) / 2 + x * np.exp(-u * u) / math.sqrt(math.pi))


@mistake(
    "ties",
    "dx",
    says="|x| is the larger of x and −x: at exactly 0 the two tie, autograd takes 0 for its slope, and σ's 1/4 is lost",
    track="torch",
)
def sigmoid(x):
    import torch

    e = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + e), e / (1 + e))


@mistake(
    "ties",
    "dx",
    says="clamp passes the whole gradient at exactly 0, where the derivative is taken to be 0",
    track="torch",
)
def relu(x):
    return x.clamp(min=0)


@mistake(
    "mutates-input",
    says="the masked *= writes into the caller's tensor, and autograd refuses it on a leaf that needs a gradient",
    track="torch",
)
def leaky_relu(x, slope):
    x[x < 0] *= slope
    return x


@mistake(
    "graph-broken",
    "dx",
    says="math.erf works on plain numbers, so Φ(x) is a constant to autograd, and the term x · φ(x) never arrives",
    track="torch",
)
def gelu(x):
    import torch

    below = [(1 + math.erf(value / math.sqrt(2))) / 2 for value in x.flatten().tolist()]
    return x * torch.tensor(below, dtype=x.dtype).reshape(x.shape)
