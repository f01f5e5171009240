"""More handwriting from little: copies of images as if written by others, a little turned, slanted, stretched and moved."""

import numpy as np

TURN, SLANT, STRETCH, MOVE = 0.17, 0.15, 0.1, 0.7  # at most: radians, columns per line, a factor − 1, pixels


def warped(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A copy of each image "N H W", bent in its own way: pixels between four others are mixed from them."""
    (N, H, W), (top, left) = images.shape, _places(images, rng)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))  # beyond the border there is paper
    top, left = np.clip(top + 1, 0, H + 0.999), np.clip(left + 1, 0, W + 0.999)
    n, row, column = np.arange(N)[:, None, None], top.astype(int), left.astype(int)
    below, right = top - row, left - column  # how much of the pixel below and to the right comes in
    upper = (1 - right) * padded[n, row, column] + right * padded[n, row, column + 1]
    lower = (1 - right) * padded[n, row + 1, column] + right * padded[n, row + 1, column + 1]
    return ((1 - below) * upper + below * lower).astype(images.dtype)


def _places(images: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of the copies is looked up in the originals: lines and columns, both "N H W"."""
    N, H, W = images.shape

    def draw(most: float) -> np.ndarray:
        return rng.uniform(-most, most, size=(N, 1, 1))

    turn, slant, wide, high, across, down = map(draw, (TURN, SLANT, STRETCH, STRETCH, MOVE, MOVE / 3))
    y, x = np.mgrid[:H, :W] - (np.array([H, W])[:, None, None] - 1) / 2  # from the middle
    left = (np.cos(turn) * x - np.sin(turn) * y + slant * y) * (1 + wide) + across + (W - 1) / 2
    top = (np.sin(turn) * x + np.cos(turn) * y) * (1 + high) + down + (H - 1) / 2
    return top, left
