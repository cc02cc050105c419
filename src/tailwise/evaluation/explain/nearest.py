"""The training samples that a model sees as most alike to a sample: nearest neighbours in its embedding.

Source: https://arxiv.org/abs/1803.04765, explanation by the nearest training samples in a layer's representation.
"""

from dataclasses import dataclass

import numpy as np

DIGITS = 6
"""Of a similarity: below it two are equal, and the earlier row comes first."""


@dataclass(frozen=True)
class Nearest:
    """places: (M, K) int64, rows of the known embeddings, the most similar first; similarities: (M, K) cosines"""

    places: np.ndarray
    similarities: np.ndarray


def nearest(known: np.ndarray, asked: np.ndarray, count: int) -> Nearest:
    """The `count` known rows (N, D) of the largest cosine with each asked row (M, D); of equal ones the earlier.

    All of them where there are fewer. A row of zeros has a cosine of 0 with every other.
    """
    cosines = np.round(_unit(asked) @ _unit(known).T, DIGITS)
    places = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
    return Nearest(places, np.take_along_axis(cosines, places, axis=1))


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1, in double precision."""
    rows = rows.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)
