"""convnet: two convolutions that look for strokes, a layer that decides, and all of their gradients."""

import math
import numpy as np
from jaxtyping import Float, Int
from katas.numpy.activations import relu, relu_backward
from katas.numpy.affine import affine, affine_backward
from katas.numpy.conv2d import conv2d, conv2d_backward
from katas.numpy.cross_entropy import cross_entropy, cross_entropy_backward
from katas.numpy.pooling import max_pool2d, max_pool2d_backward


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
    raise NotImplementedError("init")


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
    raise NotImplementedError("loss_and_grads")


def predict(params: dict[str, np.ndarray], x: Float[np.ndarray, "N 1 side side"]) -> Int[np.ndarray, " N"]:
    """The class with the highest score, for each image.

        label_n = argmax_c logits_nc

    >>> shapes = {"w1": (2, 1, 3, 3), "b1": 2, "w2": (3, 2, 3, 3), "b2": 3, "W3": (12, 4), "b3": 4}
    >>> params = {name: np.zeros(shape) for name, shape in shapes.items()}
    >>> predict(params | {"b3": np.array([0.0, 2.0, 1.0, -1.0])}, np.ones((2, 1, 8, 8)))
    array([1, 1])

    Source: LeCun, Bottou, Bengio, Haffner (1998), section II.
    """
    raise NotImplementedError("predict")
