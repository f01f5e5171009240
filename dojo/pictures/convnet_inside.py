"""A trained convnet taken apart: its parameters, what it computes on the way, and the way back to the image.

Every convolution, pooling and layer is computed by the learner's own katas, which stand before looking_inside on the map.
"""

from dataclasses import dataclass

import numpy as np

from dojo import loading
from dojo.pictures import digits
from dojo.pictures.fitting import loss_and_grads

NAMES = ("w1", "b1", "w2", "b2", "W3", "b3")
AXES = {"w1": 4, "b1": 1, "w2": 4, "b2": 1, "W3": 2, "b3": 1}
EPOCHS, BATCH, RATE, MOMENTUM = 4, 32, 0.05, 0.9
CHUNK = 100  # images at a time


@dataclass(frozen=True)
class Trained:
    """Parameters, what to say of their origin, whether they were trained for this picture, and test images "N H W" and
    labels of the size that they were made for."""

    params: dict[str, np.ndarray]
    origin: str
    fresh: bool
    images: np.ndarray
    labels: np.ndarray


def trained(learner, tick) -> Trained:
    """The parameters kept by `train convnet`, if there are any that fit; else those of a short training on small digits."""
    return kept(learner.track_name) or briefly(learner, tick)


def kept(track: str) -> Trained | None:
    """What `grader.py train convnet` has left for this track; None if it is not there, or fits no digits at hand."""
    path = loading.ROOT / ".dojo" / "trained" / f"convnet-{track}.npz"
    try:
        with np.load(path) as saved:
            params = {name: saved[name] for name in NAMES}
    except (OSError, KeyError, ValueError):
        return None
    if any(param.ndim != AXES[name] for name, param in params.items()):
        return None
    channels = len(params["w2"])
    for dataset in (digits.finest(), digits.small()):
        images = dataset.test.images
        if len(params["W3"]) == channels * (images.shape[1] // 4) ** 2:
            origin = f"the convnet that grader.py train convnet left, on {digits.name_of(dataset)}"
            return Trained(params, origin, False, images.astype(params["w1"].dtype), dataset.test.labels)
    return None


def briefly(learner, tick) -> Trained:
    """A convnet of the learner's own, trained for a few seconds on the 8×8 digits."""
    dataset = digits.small()
    x, labels = dataset.train.images[:, None].astype(np.float64), dataset.train.labels
    params = learner.params(learner.call("init", learner.track.rng(0), x.shape[-1], home="convnet"), "init", "convnet")
    speed = {name: np.zeros_like(param) for name, param in params.items()}
    rng = np.random.default_rng(0)
    kind = params["w1"].dtype
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            pick = order[start : start + BATCH]
            _, grads = loss_and_grads(learner, params, x[pick].astype(kind), labels[pick], "convnet")
            speed = {name: MOMENTUM * speed[name] + grads[name] for name in params}
            params = {name: param - RATE * speed[name] for name, param in params.items()}
            tick(0.8 * (epoch + start / len(x)) / EPOCHS)
    origin = (
        f"a convnet trained just now for {EPOCHS} epochs on the 8×8 digits, as no grader.py train convnet has left one"
    )
    return Trained(params, origin, True, dataset.test.images.astype(kind), dataset.test.labels)


class Inside:
    """The network of `params` step by step. Images are "N 1 H W"; each step is a call of the learner's kata."""

    def __init__(self, learner, params: dict[str, np.ndarray]):
        self.learner, self.params = learner, params

    def forward(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Everything from the image `x` to the `logits`, named as in the kata convnet."""
        p, a = self.params, {"x": x}
        for layer, (above, below) in enumerate((("x", "p1"), ("p1", "p2")), 1):
            image, w = a[above], p[f"w{layer}"]
            N, (H, W), O = len(x), image.shape[2:], len(w)
            given = (image, w, p[f"b{layer}"], 1, w.shape[2] // 2)
            a[f"z{layer}"] = self._call("conv2d", *given, shape=(N, O, H, W), home="conv2d")
            a[f"h{layer}"] = self._call("relu", a[f"z{layer}"], shape=(N, O, H, W), home="activations")
            a[below] = self._call("max_pool2d", a[f"h{layer}"], 2, 2, shape=(N, O, H // 2, W // 2), home="pooling")
        row = a["p2"].reshape(len(x), -1)
        shape = (len(x), len(p["b3"]))
        a["logits"] = self._call("affine", row, p["W3"], p["b3"], shape=shape, home="affine")
        return a

    def proba(self, images: np.ndarray) -> np.ndarray:
        """Probabilities of the classes: "N H W" → "N C"."""
        parts = [self.forward(images[n : n + CHUNK, None])["logits"] for n in range(0, len(images), CHUNK)]
        logits = np.concatenate(parts)
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def logit_gradient(self, x: np.ndarray, label: np.ndarray) -> np.ndarray:
        """The gradient of each image's logit of its `label`: "N 1 H W" → "N 1 H W"."""
        a, p, back = self.forward(x), self.params, self.learner.gradients
        dlogits = np.zeros_like(a["logits"])
        dlogits[np.arange(len(x)), label] = 1
        row = a["p2"].reshape(len(x), -1)
        (d,) = back("affine", dlogits, row, p["W3"], p["b3"], by=(0, 1, 2), home="affine")[:1]
        d = d.reshape(a["p2"].shape)
        for layer, above in ((2, "p1"), (1, "x")):
            w = p[f"w{layer}"]
            (d,) = back("max_pool2d", d, a[f"h{layer}"], 2, 2, by=(0,), home="pooling")
            (d,) = back("relu", d, a[f"z{layer}"], by=(0,), home="activations")
            given = (a[above], w, p[f"b{layer}"], 1, w.shape[2] // 2)
            d = back("conv2d", d, *given, by=(0, 1, 2), home="conv2d")[0]
        return d

    def way_back(self, a: dict[str, np.ndarray], channel: int) -> np.ndarray:
        """What one channel of the second layer saw, by unpooling, relu and deconvolution: an image "H W"."""
        y = np.zeros_like(a["p2"])
        y[:, channel] = a["p2"][:, channel]
        for layer in (2, 1):
            h, w = a[f"h{layer}"], self.params[f"w{layer}"]
            y = self._call("max_unpool2d", y, switches(h), tuple(h.shape), shape=h.shape)
            y = np.maximum(y, 0)
            shape = (len(h), w.shape[1], *h.shape[2:])
            y = self._call("deconv2d", y, w, 1, w.shape[2] // 2, shape=shape)
        return y[0, 0]

    def _call(self, function: str, *arguments, shape, home: str | None = None) -> np.ndarray:
        return self.learner.array(function, *arguments, shape=tuple(shape), home=home)


def switches(h: np.ndarray) -> np.ndarray:
    """Where the first maximum of every 2 × 2 window is, counted through the plane: "N C H W" → "N C H/2 W/2"."""
    N, C, H, W = h.shape
    rows, columns = H // 2, W // 2
    windows = h[:, :, : 2 * rows, : 2 * columns].reshape(N, C, rows, 2, columns, 2).swapaxes(3, 4)
    first = windows.reshape(N, C, rows, columns, 4).argmax(axis=4)
    top, left = 2 * np.arange(rows)[:, None], 2 * np.arange(columns)
    return (top + first // 2) * W + left + first % 2
