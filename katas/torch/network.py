"""network: the parts of this chapter put together, until they read handwritten digits."""

import math
from collections.abc import Callable
import torch
from jaxtyping import Float, Int
from katas.torch.backprop import forward, loss_and_grads
from katas.torch.sgd import minibatches, sgd_step


def init(sizes: list[int], generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Parameters to start from, for layers of these sizes: He weights, zero biases, in the default dtype.

        W_l: D × M, independent, mean 0, standard deviation √(2/D)        b_l = 0        l = 1 … len(sizes) − 1

    D = sizes[l−1] is what goes into the layer, M = sizes[l] what comes out. relu throws half of the signal away, and the
    2 makes up for it, so that activations keep their size through any number of layers. The weights are random because
    units that start equal get equal gradients and stay equal. All of the randomness comes from `generator`.
    (`nn.Linear` stores its weight as M × D; here it is used as x @ W, and `torch.nn.init` would take M for D.)

    >>> params = init([4, 3, 2], torch.Generator().manual_seed(0))
    >>> {name: tuple(param.shape) for name, param in params.items()}
    {'W1': (4, 3), 'b1': (3,), 'W2': (3, 2), 'b2': (2,)}

    Source: He, Zhang, Ren, Sun: Delving Deep into Rectifiers (2015), section 2.2, arXiv 1502.01852.
    """
    raise NotImplementedError("init")


def train(
    x: Float[torch.Tensor, "N D"],
    labels: Int[torch.Tensor, " N"],
    sizes: list[int],
    epochs: int,
    batch_size: int,
    lr: float,
    generator: torch.Generator,
    on_epoch: Callable[[int, dict[str, torch.Tensor]], None] | None = None,
) -> dict[str, torch.Tensor]:
    """Train a fresh network by stochastic gradient descent, and return its parameters.

        params = init(sizes);   for each epoch, for each minibatch:   W ← W − lr · ∂loss(minibatch)/∂W

    An epoch sees every example once, in a new order. After each epoch, `on_epoch(epoch, params)` is called, if it is
    given, with the number of the epoch (the first is 0) and the parameters as they now are. A KeyboardInterrupt (Ctrl-C),
    raised there or anywhere in the loop, ends the training and loses nothing: the parameters reached are returned.
    The parameters take the dtype and the device of `x`, so float64 examples train in float64.

    >>> x, labels = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([0, 1])
    >>> predict(train(x, labels, [2, 8, 2], 20, 2, 0.5, torch.Generator().manual_seed(0)), x)
    tensor([0, 1])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 1, “Implementing our network to classify digits”.
    """
    raise NotImplementedError("train")


def predict(params: dict[str, torch.Tensor], x: Float[torch.Tensor, "N D"]) -> Int[torch.Tensor, " N"]:
    """The class with the highest score, for each example.

        label_n = argmax_c logits_nc

    Softmax would not change which score of a row is the highest, so it is not needed here.

    >>> params = {"W1": torch.tensor([[1.0, 0.0], [0.0, 1.0]]), "b1": torch.tensor([0.5, 0.0])}
    >>> predict(params, torch.tensor([[0.0, 0.4], [0.0, 0.6]]))
    tensor([0, 1])

    Source: Nielsen: Neural Networks and Deep Learning (2015), chapter 1, “A simple network to classify handwritten digits”.
    """
    raise NotImplementedError("predict")
