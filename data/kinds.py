"""What `data.load` gives back. Each says in `.name` what it really holds and in `.source` where that comes from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class Images:
    """Pictures and what they show. `images`: "N H W", float32 in [0, 1]. `labels`: "N", int64."""

    images: "np.ndarray"
    labels: "np.ndarray"

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class ImageData:
    """A data set of labelled pictures, already split."""

    name: str
    source: str
    train: Images
    test: Images


@dataclass(frozen=True)
class TextData:
    """A long text to learn the next character of."""

    name: str
    source: str
    text: str


@dataclass(frozen=True)
class PairData:
    """Sentence pairs to translate: `pairs` holds (English, French)."""

    name: str
    source: str
    pairs: tuple[tuple[str, str], ...]


DataSet = ImageData | TextData | PairData
