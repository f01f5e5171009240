"""The digits that pictures show and small networks learn from. Nothing is fetched for them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from data import ImageData, Images


def small() -> "ImageData":
    """The 8×8 digits, which are always there."""
    import data

    return cast("ImageData", data.load("digits", announce=_say))


def finest() -> "ImageData":
    """MNIST if its files are on this machine already, else the 8×8 digits."""
    import data

    origin = next(found.origin for found in data.status() if found.name == "mnist")
    here = Path(origin.partition(" and ")[0]).is_dir()
    return cast("ImageData", data.load("mnist" if here else "digits", announce=_say))


def one_of_each(images: "Images") -> np.ndarray:
    """The first image of each digit, 0 to 9, in float64: "10 H W"."""
    first = [int(np.flatnonzero(images.labels == digit)[0]) for digit in range(10)]
    return images.images[first].astype(np.float64)


def name_of(dataset: "ImageData") -> str:
    """What a data set is called in a picture."""
    return "MNIST" if dataset.name == "mnist" else "the 8×8 digits"


def _say(line: str) -> None:
    print(line, file=sys.stderr)
