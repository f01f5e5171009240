"""The capstones that can be trained, by name, and the data they are trained on."""

from collections.abc import Callable
from typing import Any

from dojo.errors import DojoError
from dojo.loading import curriculum
from dojo.training.char_rnn import CharRnn
from dojo.training.convnet import Convnet
from dojo.training.network import Network
from dojo.training.recipes import Capstone
from dojo.training.translate import Translate

CAPSTONES: dict[str, type[Capstone]] = {capstone.name: capstone for capstone in (Network, Convnet, CharRnn, Translate)}


def recipe(name: str, track: str) -> Capstone:
    """The capstone called `name`. DojoError says which there are, or suggests the nearest name."""
    name = "translate" if name == "transformer" else name  # the kata; the training is about more than one
    kata = curriculum()[CAPSTONES[name]().kata if name in CAPSTONES else name]
    if name not in CAPSTONES:
        able = "only a capstone is trained on data" if not kata.capstone else "its training is not written yet"
        raise DojoError(f"{name} cannot be trained: {able}.", f"`train` knows: {', '.join(CAPSTONES)}.")
    if track not in kata.tracks:
        raise DojoError(f"{name} has no {track} track.", f"`--track {kata.tracks[0]}` is there.")
    return CAPSTONES[name]()


def load_data(names: tuple[str, ...], say: Callable[[str], None]) -> Any:
    """The data set asked for, by the names to try; only where none was asked for may its stand-in come instead."""
    import data

    return data.load(names[0], fallback=len(names) > 1, announce=say)
