"""Wrong answers to weight_init."""

import math

import numpy as np

from solutions.mistakes import mistake
from solutions.numpy.activations import relu, sigmoid, tanh

FUNCTIONS = {"tanh": tanh, "relu": relu, "sigmoid": sigmoid}


@mistake(
    "wrong-factor",
    says="√(2/(D + M)) is the standard deviation; the limit of a uniform distribution is √3 times that",
)
def xavier_uniform(D, M, rng):
    a = math.sqrt(2 / (D + M))
    return rng.uniform(-a, a, size=(D, M))


@mistake("missing-term", says="M is missing below the line: inputs and outputs are added up there")
def xavier_uniform(D, M, rng):
    a = math.sqrt(6 / D)
    return rng.uniform(-a, a, size=(D, M))


@mistake(
    "missing-scale", says="the numbers lie between −1 and 1 for every layer; the limit should shrink with its size"
)
def xavier_uniform(D, M, rng):
    return rng.uniform(-1, 1, size=(D, M))


@mistake("transposed", says="W is stored as outputs × inputs, as nn.Linear does; x @ W needs inputs × outputs")
def xavier_uniform(D, M, rng):
    a = math.sqrt(6 / (D + M))
    return rng.uniform(-a, a, size=(M, D))


@mistake("nondeterministic", says="the weights come from numpy's global state, not from rng: no seed repeats the run")
def xavier_uniform(D, M, rng):
    a = math.sqrt(6 / (D + M))
    return np.random.uniform(-a, a, size=(D, M))


@mistake("missing-term", says="2/(D + M) is the variance; the generator wants its square root, the standard deviation")
def xavier_normal(D, M, rng):
    return rng.normal(0, 2 / (D + M), size=(D, M))


@mistake("wrong-factor", says="√(6/(D + M)) is the limit of the uniform distribution; the deviation has a 2")
def xavier_normal(D, M, rng):
    return rng.normal(0, math.sqrt(6 / (D + M)), size=(D, M))


@mistake("missing-scale", says="these are standard normal numbers, not scaled to the layer: tanh saturates at once")
def xavier_normal(D, M, rng):
    return rng.normal(size=(D, M))


@mistake("wrong-operand", says="√(1/D) counts the inputs alone; Xavier's compromise counts the outputs, too")
def xavier_normal(D, M, rng):
    return rng.normal(0, math.sqrt(1 / D), size=(D, M))


@mistake("dtype-drift", says="the weights are cut down to float32; they are float64 here until somebody asks for less")
def xavier_normal(D, M, rng):
    return rng.normal(0, math.sqrt(2 / (D + M)), size=(D, M)).astype(np.float32)


@mistake("fan-swapped", says="the limit has M, the outputs; a unit adds up D products, so the inputs belong there")
def he_uniform(D, M, rng):
    a = math.sqrt(6 / M)
    return rng.uniform(-a, a, size=(D, M))


@mistake("wrong-factor", says="√(3/D) keeps the signal of a linear layer; relu's gain √2 is missing")
def he_uniform(D, M, rng):
    a = math.sqrt(3 / D)
    return rng.uniform(-a, a, size=(D, M))


@mistake("missing-term", says="random() lies between 0 and 1, so no weight is negative; −a belongs at the lower end")
def he_uniform(D, M, rng):
    return rng.random((D, M)) * math.sqrt(6 / D)


@mistake(
    "wrong-operand",
    says="D + M stands where D belongs: this is Xavier's limit, and relu's gain is for the inputs alone",
)
def he_uniform(D, M, rng):
    a = math.sqrt(6 / (D + M))
    return rng.uniform(-a, a, size=(D, M))


@mistake(
    "argument-unused", says="a generator with a fixed seed is made inside, so that all layers of one size are equal"
)
def he_uniform(D, M, rng):
    a = math.sqrt(6 / D)
    return np.random.default_rng(0).uniform(-a, a, size=(D, M))


@mistake("fan-swapped", says="the deviation has M, the outputs; a unit adds up D products, so the inputs belong there")
def he_normal(D, M, rng):
    return rng.normal(0, math.sqrt(2 / M), size=(D, M))


@mistake("wrong-factor", says="√(1/D) suits tanh; relu drops half of the signal, and the 2 makes up for it")
def he_normal(D, M, rng):
    return rng.normal(0, math.sqrt(1 / D), size=(D, M))


@mistake("missing-term", says="2/D is the variance; the generator wants its square root, the standard deviation")
def he_normal(D, M, rng):
    return rng.normal(0, 2 / D, size=(D, M))


@mistake("wrong-operand", says="the spread is right, but the numbers are uniform; normal ones are asked for")
def he_normal(D, M, rng):
    a = math.sqrt(6 / D)
    return rng.uniform(-a, a, size=(D, M))


@mistake(
    "missing-scale", says="these are standard normal numbers, not scaled to the layer: the signal grows with each one"
)
def he_normal(D, M, rng):
    return rng.normal(size=(D, M))


@mistake(
    "nondeterministic",
    says="randn without generator= draws from torch's global state: the same seed gives other weights each time",
    track="torch",
)
def he_normal(D, M, generator):
    import torch

    return torch.randn(D, M) * math.sqrt(2 / D)


@mistake("not-normalised", says="normal numbers over √D have columns of length 1 on average only, at no right angles")
def orthogonal(D, M, rng):
    return rng.normal(size=(D, M)) / math.sqrt(D)


@mistake("missing-term", says="with more outputs than inputs QR gives D × D only; that case needs the transpose")
def orthogonal(D, M, rng):
    Q, _ = np.linalg.qr(rng.normal(size=(D, M)))
    return Q


@mistake("transposed", says="for more outputs than inputs the factor of the M × D matrix is not turned back")
def orthogonal(D, M, rng):
    Q, _ = np.linalg.qr(rng.normal(size=(max(D, M), min(D, M))))
    return Q


@mistake("wrong-factor", says="the gain √2 is multiplied in; orthonormal columns have length 1")
def orthogonal(D, M, rng):
    Q, _ = np.linalg.qr(rng.normal(size=(max(D, M), min(D, M))))
    return math.sqrt(2) * (Q if D >= M else Q.T)


@mistake("argument-unused", says="the identity has orthonormal columns, but nothing in it is random")
def orthogonal(D, M, rng):
    return np.eye(D, M)


@mistake("wrong-argument", says="the spread is that of the products h @ W; it is asked for after the function")
def activation_stds(weights, x, activation):
    f, h, stds = FUNCTIONS[activation], x, []
    for W in weights:
        z = h @ W
        stds.append(z.std())
        h = f(z)
    return np.array(stds, x.dtype)


@mistake("unbiased-variance", says="ddof=1 divides by one less than the number of entries; their number is asked for")
def activation_stds(weights, x, activation):
    f, h, stds = FUNCTIONS[activation], x, []
    for W in weights:
        h = f(h @ W)
        stds.append(h.std(ddof=1) if h.size > 1 else h.std())
    return np.array(stds, x.dtype)


@mistake("wrong-nonlinearity", says="these are variances; the standard deviation is the root of that")
def activation_stds(weights, x, activation):
    f, h, stds = FUNCTIONS[activation], x, []
    for W in weights:
        h = f(h @ W)
        stds.append(h.var())
    return np.array(stds, x.dtype)


@mistake("missing-term", says="the mean is not subtracted: this is the root of the mean square")
def activation_stds(weights, x, activation):
    f, h, stds = FUNCTIONS[activation], x, []
    for W in weights:
        h = f(h @ W)
        stds.append(np.sqrt((h**2).mean()))
    return np.array(stds, x.dtype)


@mistake("wrong-axis", says="the spread is taken down each column and averaged; it is one number over all entries")
def activation_stds(weights, x, activation):
    f, h, stds = FUNCTIONS[activation], x, []
    for W in weights:
        h = f(h @ W)
        stds.append(h.std(axis=0).mean())
    return np.array(stds, x.dtype)


@mistake("argument-unused", says="tanh is used whatever `activation` says")
def activation_stds(weights, x, activation):
    h, stds = x, []
    for W in weights:
        h = tanh(h @ W)
        stds.append(h.std())
    return np.array(stds, x.dtype)


@mistake("off-by-one", says="the last layer is left without its function; it follows every layer, the last one too")
def activation_stds(weights, x, activation):
    f, h, stds = FUNCTIONS[activation], x, []
    for l, W in enumerate(weights):
        h = f(h @ W) if l < len(weights) - 1 else h @ W
        stds.append(h.std())
    return np.array(stds, x.dtype)


@mistake("lost-axis", says="only the spread of the last layer comes back; one number for each layer is asked for")
def activation_stds(weights, x, activation):
    f, h = FUNCTIONS[activation], x
    for W in weights:
        h = f(h @ W)
    return h.std()


@mistake("state-not-carried", says="the products pass from layer to layer and the function's results do not")
def activation_stds(weights, x, activation):
    f, z, stds = FUNCTIONS[activation], x, []
    for W in weights:
        z = z @ W
        stds.append(f(z).std())
    return np.array(stds, x.dtype)


@mistake("wrong-type", says="a list of numbers comes back; an array of them is promised")
def activation_stds(weights, x, activation):
    f, h, stds = FUNCTIONS[activation], x, []
    for W in weights:
        h = f(h @ W)
        stds.append(float(h.std()))
    return stds


@mistake("dtype-drift", says="numbers turned into Python's floats make a float64 array, also for float32 layers")
def activation_stds(weights, x, activation):
    f, h, stds = FUNCTIONS[activation], x, []
    for W in weights:
        h = f(h @ W)
        stds.append(float(h.std()))
    return np.array(stds)
