"""Real, small data sets that stand on this machine already: no network, no download."""

import importlib.util
from pathlib import Path

from data.chain import Fetched
from data.kinds import ImageData, Images, PairData, TextData
from data.sources import Entry
from dojo.errors import DojoError

DIGITS_SHAPE = (1797, 65)  # 64 pixels and the label
DIGITS_TEST = 360  # the last ones, written by other people than most of the first
DARKEST = 16  # each pixel counts the dark ones in a 4×4 block of a larger scan


def find(entry: Entry) -> Fetched:
    """The file that carries the data set `entry` (none for the one the dojo makes), and a sentence about it."""
    parts = {"digits": ("sklearn", "datasets/data/digits.csv.gz"), "python-reference": ("pydoc_data", "topics.py")}
    sentence = f"{entry.title[0].upper()}{entry.title[1:]}. {entry.licence}."
    if entry.name not in parts:
        return Fetched((), sentence)
    package, inside = parts[entry.name]
    spec = importlib.util.find_spec(package)  # finds the folder without importing the package, which takes seconds
    path = Path(spec.submodule_search_locations[0], inside) if spec and spec.submodule_search_locations else None
    if path is None or not path.is_file():
        raise DojoError(f"{entry.name} comes with {package}, and {package} has no {inside} here.", _mend(package))
    return Fetched((path,), sentence)


def _mend(package: str) -> str:
    if package == "sklearn":
        return "`make start` installs scikit-learn, which carries it."
    return "Use a Python that was installed with its own help texts."


def digits(found: Fetched) -> ImageData:
    """scikit-learn's digits, read from its file. The last 360 are the test set."""
    import numpy as np

    path = found.paths[0]
    try:
        table = np.loadtxt(path, delimiter=",", dtype=np.float32)
    except (ValueError, OSError, EOFError) as error:
        raise DojoError(f"{path} is damaged: {error}.", "Install scikit-learn anew.") from None
    if table.shape != DIGITS_SHAPE:
        raise DojoError(f"{path} holds {table.shape} numbers, not {DIGITS_SHAPE}.", "Install scikit-learn anew.")
    images, labels = table[:, :-1].reshape(-1, 8, 8) / np.float32(DARKEST), table[:, -1].astype(np.int64)
    split = len(labels) - DIGITS_TEST
    train, test = Images(images[:split], labels[:split]), Images(images[split:], labels[split:])
    return ImageData("digits", found.source, train, test)


def python_reference(found: Fetched) -> TextData:
    """The topics of `help()`, one after the other: some 400,000 characters of English with code in between."""
    from pydoc_data.topics import topics

    return TextData(
        "python-reference", found.source, "\n\n".join(topics[name].strip() for name in sorted(topics)) + "\n"
    )


def number_words(found: Fetched) -> PairData:
    """Ten thousand pairs with rules that a translator must find: `quatre-vingt-dix-sept` is ninety-seven."""
    from data.number_words import english, french

    pairs = tuple((english(number), french(number)) for number in range(10_000))
    return PairData("number-words", found.source, pairs)
