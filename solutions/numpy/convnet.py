"""convnet: two convolutions that look for strokes, a layer that decides, and all of their gradients."""

import math

import numpy as np
from jaxtyping import Float, Int

from solutions.numpy.activations import relu, relu_backward
from solutions.numpy.affine import affine, affine_backward
from solutions.numpy.conv2d import conv2d, conv2d_backward
from solutions.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from solutions.numpy.pooling import max_pool2d, max_pool2d_backward


def init(rng: np.random.Generator, side: int = 28) -> dict[str, np.ndarray]:
    """Parameters to start from, for images of side × side pixels and ten classes: He weights, zero biases, in float64.

        w1: 8 × 1 × 5 × 5        b1: 8         the first kernels see one channel, the grey image
        w2: 16 × 8 × 5 × 5       b2: 16
        W3: D × 10               b3: 10        D = 16 · S · S,  S = ⌊side / 4⌋: each pooling halves the side, rounded down

    The weights are independent, with mean 0 and standard deviation √(2/fan). The fan is how many products are added up
    for one number: 1 · 5 · 5 for w1, 8 · 5 · 5 for w2, D for W3. All of the randomness comes from `rng`.

    >>> {name: param.shape for name, param in init(np.random.default_rng(0), 8).items() if name[1] in "13"}
    {'w1': (8, 1, 5, 5), 'b1': (8,), 'W3': (64, 10), 'b3': (10,)}

    Source: LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition (1998), section II;
    He, Zhang, Ren, Sun: Delving Deep into Rectifiers (2015), section 2.2.
    """
    D = 16 * (side // 4) ** 2
    return {
        "w1": rng.normal(size=(8, 1, 5, 5)) * math.sqrt(2 / (1 * 5 * 5)),
        "b1": np.zeros(8),
        "w2": rng.normal(size=(16, 8, 5, 5)) * math.sqrt(2 / (8 * 5 * 5)),
        "b2": np.zeros(16),
        "W3": rng.normal(size=(D, 10)) * math.sqrt(2 / D),
        "b3": np.zeros(10),
    }


def loss_and_grads(
    params: dict[str, np.ndarray], x: Float[np.ndarray, "N 1 side side"], labels: Int[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, ""], dict[str, np.ndarray]]:
    """The mean softmax cross-entropy of the network on the images `x`, and its gradient for every array of `params`.

        z1 = conv2d(x, w1, b1)          h1 = relu(z1)       p1 = max_pool2d(h1)
        z2 = conv2d(p1, w2, b2)         h2 = relu(z2)       p2 = max_pool2d(h2)
        logits = row W3 + b3            loss = −1/N · Σ_n log softmax(logits)_{n,labels_n}

    Both convolutions have stride 1 and a border of ⌊K/2⌋ zeros, so that the side stays; both poolings take the maximum of
    2 × 2 pixels with stride 2. `row` is p2 with each example's channels, lines and columns written out in one row, in
    this order. All sizes are those of `params`: it must work for other channels, odd kernel sides and class counts than
    `init` gives. `grads` has the keys, shapes and dtypes of `params`.

    >>> shapes = {"w1": (2, 1, 3, 3), "b1": 2, "w2": (3, 2, 3, 3), "b2": 3, "W3": (12, 4), "b3": 4}
    >>> params = {name: np.zeros(shape) for name, shape in shapes.items()}
    >>> loss, grads = loss_and_grads(params, np.ones((2, 1, 8, 8)), np.array([3, 0]))
    >>> loss.round(4), grads["b3"]  # four equal chances
    (np.float64(1.3863), array([-0.25,  0.25,  0.25, -0.25]))

    Source: LeCun, Bottou, Bengio, Haffner (1998), section II; solutions/derivations/convnet.md works it out.
    """
    z1, h1, p1, z2, h2, p2, row, logits = _forward(params, x)
    loss = cross_entropy(logits, labels)
    w1, b1, w2, b2, W3, b3 = (params[name] for name in NAMES)
    dlogits = cross_entropy_backward(1.0, logits, labels)  # N C
    drow, dW3, db3 = affine_backward(dlogits, row, W3, b3)
    dp2 = drow.reshape(p2.shape)  # N O side/4 side/4
    dh2 = max_pool2d_backward(dp2, h2, 2, 2)
    dz2 = relu_backward(dh2, z2)
    dp1, dw2, db2 = conv2d_backward(dz2, p1, w2, b2, 1, _border(w2))
    dh1 = max_pool2d_backward(dp1, h1, 2, 2)
    dz1 = relu_backward(dh1, z1)
    _, dw1, db1 = conv2d_backward(dz1, x, w1, b1, 1, _border(w1))  # nothing is learned below the first layer
    grads = {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2, "W3": dW3, "b3": db3}
    return loss, grads


def predict(params: dict[str, np.ndarray], x: Float[np.ndarray, "N 1 side side"]) -> Int[np.ndarray, " N"]:
    """The class with the highest score, for each image.

        label_n = argmax_c logits_nc

    >>> shapes = {"w1": (2, 1, 3, 3), "b1": 2, "w2": (3, 2, 3, 3), "b2": 3, "W3": (12, 4), "b3": 4}
    >>> params = {name: np.zeros(shape) for name, shape in shapes.items()}
    >>> predict(params | {"b3": np.array([0.0, 2.0, 1.0, -1.0])}, np.ones((2, 1, 8, 8)))
    array([1, 1])

    Source: LeCun, Bottou, Bengio, Haffner (1998), section II.
    """
    *_, logits = _forward(params, x)
    return logits.argmax(axis=1)


NAMES = ("w1", "b1", "w2", "b2", "W3", "b3")


def _forward(params, x):
    """Everything that the network computes on its way, from the first convolution to the logits."""
    w1, b1, w2, b2, W3, b3 = (params[name] for name in NAMES)
    z1 = conv2d(x, w1, b1, 1, _border(w1))  # N O1 side side
    h1 = relu(z1)
    p1 = max_pool2d(h1, 2, 2)  # N O1 side/2 side/2
    z2 = conv2d(p1, w2, b2, 1, _border(w2))  # N O2 side/2 side/2
    h2 = relu(z2)
    p2 = max_pool2d(h2, 2, 2)  # N O2 side/4 side/4
    row = p2.reshape(len(x), -1)  # N D
    logits = affine(row, W3, b3)
    return z1, h1, p1, z2, h2, p2, row, logits


def _border(w):
    """The padding with which a kernel of odd side keeps the size of its image."""
    return w.shape[2] // 2
