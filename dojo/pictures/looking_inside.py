"""What a trained convnet looks at: kernels, feature maps of one digit, and the ways from the answer back to its pixels."""

from dataclasses import dataclass

import numpy as np

from dojo.pictures.convnet_inside import Inside, switches, trained
from dojo.pictures.lessons import Fact

DIGIT, COLUMNS, BACK = 5, 8, 5
SAMPLE, CHOICE = 500, 8  # test images for the accuracy; digits that the network knows, of which one is shown


@dataclass(frozen=True)
class Numbers:
    """`kernels` "O K K" and `maps` "O H W" of the first layer; `image`, `saliency` and `backs[channel]` "H W";
    `occlusion` "H' W'"; the rest are checks of them, taken another way."""

    origin: str
    fresh: bool
    label: int
    kernels: np.ndarray
    image: np.ndarray
    maps: np.ndarray
    saliency: np.ndarray
    occlusion: np.ndarray
    patch: int
    backs: dict[int, np.ndarray]
    probability: float
    accuracy: float
    slope: float  # saliency at its largest pixel over the slope of the logit there
    covered: float  # the least of the occlusion map minus the probability with that patch
    adjoint: float  # ⟨x, deconv2d(y)⟩ over ⟨conv2d(x), y⟩
    unpooled: float  # pooling after unpooling, over what was there before


def measure(learner, tick) -> Numbers:
    """The network's parts, and one test digit that it knows."""
    network = trained(learner, tick)
    inside = Inside(learner, network.params)
    sample = inside.proba(network.images[:SAMPLE])
    right = sample.argmax(axis=1) == network.labels[:SAMPLE]
    shown = np.flatnonzero(right & (network.labels[:SAMPLE] == DIGIT))[:CHOICE]
    doubt = [1 - sample[n, DIGIT] for n in shown]  # where the network is not quite sure, a patch can change its mind
    index = int(shown[np.argmax(doubt)]) if len(shown) else 0
    image, label = network.images[index], int(network.labels[index])
    a = inside.forward(image[None, None])
    tick(0.85)

    track = learner.track
    grad = lambda x, given: track.native(inside.logit_gradient(track.plain(x), track.plain(given)))  # noqa: E731
    proba = lambda images: track.native(inside.proba(track.plain(images)))  # noqa: E731
    saliency = learner.array("saliency", grad, image[None, None], np.array([label]), shape=(1, *image.shape))[0]
    size = 3 if len(image) < 28 else 7
    places = (len(image) - size + 1,) * 2
    occlusion = learner.array("occlusion_map", proba, image, label, size, 1, 0.0, shape=places)
    strongest = [int(channel) for channel in np.argsort(-a["p2"][0].max(axis=(1, 2)))[:BACK]]
    backs = {channel: inside.way_back(a, channel) for channel in strongest}
    tick(1.0)
    return Numbers(
        network.origin,
        network.fresh,
        label,
        network.params["w1"][:COLUMNS, 0],
        image,
        a["h1"][0, :COLUMNS],
        saliency,
        occlusion,
        size,
        backs,
        float(sample[index, label]),
        float(right.mean()),
        _slope(inside, image, label, saliency),
        _covered(inside, image, label, size, occlusion),
        _adjoint(learner, network.params, a),
        _unpooled(learner, a),
    )


def _slope(inside: Inside, image: np.ndarray, label: int, saliency: np.ndarray) -> float:
    at = np.unravel_index(saliency.argmax(), saliency.shape)
    step = np.zeros_like(image)
    step[at] = 1e-3
    up, down = (
        inside.forward(x[None, None].astype(image.dtype))["logits"][0, label] for x in (image + step, image - step)
    )
    return float(saliency[at] / max(abs(up - down) / 2e-3, 1e-30))


def _covered(inside: Inside, image: np.ndarray, label: int, size: int, occlusion: np.ndarray) -> float:
    top, left = np.unravel_index(occlusion.argmin(), occlusion.shape)
    covered = image.copy()
    covered[top : top + size, left : left + size] = 0
    return float(occlusion.min() - inside.proba(covered[None])[0, label])


def _adjoint(learner, params: dict, a: dict) -> float:
    w = params["w1"]
    y = np.random.default_rng(0).normal(size=a["z1"].shape).astype(w.dtype)
    forth = learner.array(
        "conv2d", a["x"], w, np.zeros_like(params["b1"]), 1, w.shape[2] // 2, shape=y.shape, home="conv2d"
    )
    back = learner.array("deconv2d", y, w, 1, w.shape[2] // 2, shape=a["x"].shape)
    return float((a["x"] * back).sum() / (forth * y).sum())


def _unpooled(learner, a: dict) -> float:
    spread = learner.array("max_unpool2d", a["p1"], switches(a["h1"]), tuple(a["h1"].shape), shape=a["h1"].shape)
    there = spread[spread > 0]
    return float((spread * a["h1"]).sum() / (a["p1"] ** 2).sum()) if len(there) else 0.0


def shows(numbers: Numbers) -> tuple[Fact, ...]:
    """That the network is trained, and that each map holds what it claims to hold."""
    drop = float(numbers.occlusion.max() - numbers.occlusion.min())
    return (
        Fact("test images right", numbers.accuracy, 0.7 if numbers.fresh else 0.2, 1, "loss_and_grads", "convnet"),
        Fact(
            f"probability of the {numbers.label} that is shown",
            numbers.probability,
            0.1,
            1,
            "loss_and_grads",
            "convnet",
        ),
        Fact("largest saliency over the slope of the logit there", numbers.slope, 0.97, 1.03, "saliency"),
        Fact("least of the occlusion map, against the patch laid there", numbers.covered, -1e-5, 1e-5, "occlusion_map"),
        Fact("what covering a patch changes at most", drop, 1e-6, 1, "occlusion_map"),
        Fact("deconvolution against convolution, as adjoint", numbers.adjoint, 0.999, 1.001, "deconv2d"),
        Fact("what unpooling brings back to its place", numbers.unpooled, 0.999, 1.001, "max_unpool2d"),
    )


def figure(numbers: Numbers):
    """Kernels, feature maps, and below them the image with what the network looks at."""
    from dojo.drawing import GREY, INK, lesson_figure, show_image

    height = 6.6
    fig = lesson_figure(
        "A trained convnet can be asked which strokes it looks for, and where in a digit it finds them",
        f"{numbers.origin}; {numbers.accuracy:.1%} of test images right",
        height,
    )
    room = {
        "left": 0.11,
        "right": 0.985,
        "top": 1 - 1.1 / height,
        "bottom": 0.85 / height,
        "wspace": 0.12,
        "hspace": 0.32,
    }
    cells = fig.subplots(3, COLUMNS, gridspec_kw=room)
    for axes in cells.flat:
        axes.set_axis_off()
    limit = float(np.abs(numbers.kernels).max())
    for channel, (kernel, found) in enumerate(zip(numbers.kernels, numbers.maps, strict=True)):
        show_image(_on(cells[0, channel]), kernel, f"kernel {channel + 1}", signed=True, limit=limit)
        show_image(_on(cells[1, channel]), found, f"map {channel + 1}", limit=float(numbers.maps.max()))
    below = cells[2]
    show_image(_on(below[0]), numbers.image, f"a {numbers.label}")
    show_image(_on(below[1]), numbers.saliency, "saliency")
    place = _on(below[2])
    place.imshow(numbers.occlusion, cmap="cividis", vmin=0, vmax=1)
    place.set_title("occlusion", fontsize=9.5, color=INK)
    place.set_xticks([])
    place.set_yticks([])
    for axes, (channel, back) in zip(below[3:], numbers.backs.items(), strict=False):
        show_image(_on(axes), back, f"channel {channel + 1}", signed=True)
    texts = {
        below[0]: "",
        below[1]: "slope of the\nlogit, by pixel",
        below[2]: f"p({numbers.label}), {numbers.patch}×{numbers.patch} patch:\nblue 0, yellow 1",
        below[3]: f"deconvolution: what the {len(numbers.backs)} strongest channels of layer 2 saw",
    }
    for axes, text in texts.items():
        box = axes.get_position()
        start, side = (box.x0, "left") if axes is below[3] else ((box.x0 + box.x1) / 2, "center")
        fig.text(start, box.y0 - 0.012, text, fontsize=9, color=GREY, ha=side, va="top")
    for row, name in enumerate(("kernels of the\nfirst layer", "feature maps\nof the digit", "what it\nlooks at")):
        box = cells[row, 0].get_position()
        fig.text(0.02, (box.y0 + box.y1) / 2, name, fontsize=10.5, color=INK, va="center")
    return fig


def _on(axes):
    axes.set_axis_on()
    return axes
