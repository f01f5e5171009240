"""convnet: two convolutions that look for strokes and a layer that decides; autograd gives the gradients."""

import math
import torch
from jaxtyping import Float, Int
from katas.torch.activations import relu
from katas.torch.affine import affine
from katas.torch.conv2d import conv2d
from katas.torch.cross_entropy import cross_entropy
from katas.torch.pooling import max_pool2d


def init(generator: torch.Generator, side: int = 28) -> dict[str, torch.Tensor]:
    """Parameters to start from, for images of side × side pixels and ten classes: He weights, zero biases, default dtype.

        w1: 8 × 1 × 5 × 5        b1: 8         the first kernels see one channel, the grey image
        w2: 16 × 8 × 5 × 5       b2: 16
        W3: D × 10               b3: 10        D = 16 · S · S,  S = ⌊side / 4⌋: each pooling halves the side, rounded down

    The weights are independent, with mean 0 and standard deviation √(2/fan). The fan is how many products are added up
    for one number: 1 · 5 · 5 for w1, 8 · 5 · 5 for w2, D for W3. All of the randomness comes from `generator`.
    (`nn.Conv2d` stores its kernels like this; `nn.Linear` stores the transpose of W3.)

    >>> params = init(torch.Generator().manual_seed(0), 8)
    >>> {name: tuple(param.shape) for name, param in params.items() if name[1] in "13"}
    {'w1': (8, 1, 5, 5), 'b1': (8,), 'W3': (64, 10), 'b3': (10,)}

    Source: LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition (1998), section II;
    He, Zhang, Ren, Sun: Delving Deep into Rectifiers (2015), section 2.2.
    """
    raise NotImplementedError("init")


def loss_and_grads(
    params: dict[str, torch.Tensor], x: Float[torch.Tensor, "N 1 side side"], labels: Int[torch.Tensor, " N"]
) -> tuple[Float[torch.Tensor, ""], dict[str, torch.Tensor]]:
    """The mean softmax cross-entropy of the network on the images `x`, and its gradient for every tensor of `params`.

        z1 = conv2d(x, w1, b1)          h1 = relu(z1)       p1 = max_pool2d(h1)
        z2 = conv2d(p1, w2, b2)         h2 = relu(z2)       p2 = max_pool2d(h2)
        logits = row W3 + b3            loss = −1/N · Σ_n log softmax(logits)_{n,labels_n}
        grads[key] = ∂loss/∂params[key], by autograd

    Both convolutions have stride 1 and a border of ⌊K/2⌋ zeros, so that the side stays; both poolings take the maximum of
    2 × 2 pixels with stride 2. `row` is p2 with each example's channels, lines and columns written out in one row, in
    this order. All sizes are those of `params`: it must work for other channels, odd kernel sides and class counts than
    `init` gives. `grads` has the keys, shapes and dtypes of `params`. The tensors in `params` belong to the caller: their
    values, their `requires_grad` and their `.grad` must stay as they are, so differentiate for detached copies.

    >>> shapes = {"w1": (2, 1, 3, 3), "b1": (2,), "w2": (3, 2, 3, 3), "b2": (3,), "W3": (12, 4), "b3": (4,)}
    >>> params = {name: torch.zeros(shape) for name, shape in shapes.items()}
    >>> loss, grads = loss_and_grads(params, torch.ones(2, 1, 8, 8), torch.tensor([3, 0]))
    >>> loss, grads["b3"]  # four equal chances
    (tensor(1.3863), tensor([-0.2500,  0.2500,  0.2500, -0.2500]))

    Source: LeCun, Bottou, Bengio, Haffner (1998), section II.
    """
    raise NotImplementedError("loss_and_grads")


def predict(params: dict[str, torch.Tensor], x: Float[torch.Tensor, "N 1 side side"]) -> Int[torch.Tensor, " N"]:
    """The class with the highest score, for each image.

        label_n = argmax_c logits_nc

    >>> shapes = {"w1": (2, 1, 3, 3), "b1": (2,), "w2": (3, 2, 3, 3), "b2": (3,), "W3": (12, 4), "b3": (4,)}
    >>> params = {name: torch.zeros(shape) for name, shape in shapes.items()}
    >>> predict(params | {"b3": torch.tensor([0.0, 2.0, 1.0, -1.0])}, torch.ones(2, 1, 8, 8))
    tensor([1, 1])

    Source: LeCun, Bottou, Bengio, Haffner (1998), section II.
    """
    raise NotImplementedError("predict")
