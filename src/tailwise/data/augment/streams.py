"""Random numbers of samples, which follow from their keys alone, and rectangles drawn by them."""

import numpy as np


def generator(key: np.ndarray, stream: int | None = None) -> np.random.Generator:
    """The generator of one sample. key: (words,); stream: a number of its own, None for the first"""
    words = [*key.tolist(), *([] if stream is None else [stream])]
    return np.random.default_rng(np.array(words, np.uint32) if max(words) < 2**32 else words)  # the same, but faster


def uniform(keys: np.ndarray, shape: tuple[int, ...], stream: int | None = None) -> np.ndarray:
    """(B, *shape) uniform in [0, 1). keys: (B, words)"""
    return np.stack([generator(key, stream).random(shape) for key in keys])


def rectangles(shares: np.ndarray, places: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """A rectangle in each of N pictures of `size` pixels, (N, H, W) bool.

    shares: (N, 2) its height and width as shares of the picture's; places: (N, 2) in [0, 1), from the top and the left
    """
    sides = np.array(size)
    lengths = np.rint(shares * sides)
    first = np.floor(places * (sides - lengths + 1))
    rows, columns = (
        (np.arange(side) >= first[:, i, None]) & (np.arange(side) < first[:, i, None] + lengths[:, i, None])
        for i, side in enumerate(size)
    )
    return rows[:, :, None] & columns[:, None, :]
