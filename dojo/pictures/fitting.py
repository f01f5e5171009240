"""What small networks in pictures share: parameters to start from, and gradients by the learner's own kata, checked."""

import numpy as np

Params = dict[str, np.ndarray]


def start(sizes: tuple[int, ...], rng: np.random.Generator) -> Params:
    """`W1`, `b1`, `W2`, … of the kata backprop, with He's weights and zero biases, in float64."""
    params = {}
    for l, (D, M) in enumerate(zip(sizes, sizes[1:], strict=False), 1):
        params |= {f"W{l}": rng.normal(0, np.sqrt(2 / D), (D, M)), f"b{l}": np.zeros(M)}
    return params


def loss_and_grads(learner, params: Params, x: np.ndarray, labels: np.ndarray, home: str) -> tuple[float, Params]:
    """The loss and the gradients that `loss_and_grads` of the kata `home` gives, of the shapes of `params`."""
    function = "loss_and_grads"
    loss, grads = learner.pair(function, params, x, labels, home=home)
    return float(learner.plain(loss, function, (), home)), alike(learner, params, grads, function, home)


def alike(learner, params: Params, found, function: str, home: str | None = None) -> Params:
    """`found`, a dict that `function` gave back, as numpy arrays. LearnerError unless it has the shapes of `params`."""
    found = learner.params(found, function, home)
    shapes, wanted = ({name: array.shape for name, array in arrays.items()} for arrays in (found, params))
    if shapes != wanted:
        raise learner.wrong(function, f"gave arrays of the shapes {shapes}; {wanted} was expected", home)
    return found
