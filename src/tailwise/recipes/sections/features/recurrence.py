"""Repetition and change in a sequence of vectors: blocks that come again, and how unlike before and after are."""

from collections.abc import Iterator

import numpy as np

ROWS = 256
"""Positions compared with all others at a time: memory grows with T, not with its square."""
LAGS = 64
"""Lags looked at together."""
TOP = 10
"""Most similar blocks of which a mean is taken."""
REPEATED = 0.5
"""Cosine of centred blocks from which on a block counts as a repeat."""
OF_BLOCKS = ("best", "top", "repeats", "nearest", "behind", "ahead", "mean")


def block_measures(vectors: np.ndarray, width: int) -> dict[str, np.ndarray]:
    """How a position's block of `width` positions comes again elsewhere, {name in OF_BLOCKS: (T,)}.

    vectors: (T, D). Blocks are compared by the cosine of their vectors, centred over the song; those that overlap with
    the position's own do not count.
    best, top: largest similarity, mean of the TOP largest; repeats: share of blocks with one above REPEATED;
    nearest: positions to the nearest such block, T if there is none; behind, ahead: largest similarity among blocks
    before and after; mean: over all.
    """
    count = len(vectors)
    found = {name: np.zeros(count, np.float32) for name in OF_BLOCKS}
    for rows, similarity, distance in _compared(blocks(vectors, width)):
        apart = np.abs(distance) >= width
        apart_counts = np.maximum(apart.sum(1), 1)
        only = np.where(apart, similarity, -1)
        top = np.partition(only, -min(TOP, count), axis=1)[:, -min(TOP, count) :]
        repeats = apart & (similarity > REPEATED)
        found["best"][rows] = only.max(1)
        found["top"][rows] = top.mean(1)
        found["repeats"][rows] = repeats.sum(1) / apart_counts
        found["nearest"][rows] = np.where(repeats, np.abs(distance), count).min(1)
        found["behind"][rows] = np.where(distance < 0, only, -1).max(1)
        found["ahead"][rows] = np.where(distance > 0, only, -1).max(1)
        found["mean"][rows] = np.where(apart, similarity, 0).sum(1) / apart_counts
    return found


def blocks(vectors: np.ndarray, width: int) -> np.ndarray:
    """The `width` vectors around each position, centred over the song and of unit length together, (T, width * D).

    What lies beyond the song is 0.
    """
    centred = vectors - vectors.mean(0)
    padded = np.pad(centred, ((width // 2, (width - 1) // 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0).reshape(len(vectors), -1)
    return unit(windows)


def unit(vectors: np.ndarray) -> np.ndarray:
    """(T, D) scaled to length 1, or 0 where there is nothing."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-6)


def _compared(vectors: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Rows, their similarity to all positions (R, T), and the way from each to all, (R, T)."""
    places = np.arange(len(vectors))
    for start in range(0, len(vectors), ROWS):
        rows = slice(start, min(start + ROWS, len(vectors)))
        yield rows, vectors[rows] @ vectors.T, places[None, :] - places[rows, None]


def novelty(vectors: np.ndarray, width: int) -> np.ndarray:
    """Distance between the means of `width` vectors before and from each position on, (T,); 0 at the start.

    Squared and without taper, that is the checkerboard kernel on the matrix of inner products.
    Source: Foote, Automatic audio segmentation using a measure of audio novelty, 2000
    """
    before, after = sides(vectors, width)
    return np.linalg.norm(after - before, axis=1).astype(np.float32)


def sides(vectors: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Means over up to `width` vectors before, and from each position on; (T, D) each, the same at the start."""
    count = len(vectors)
    total = np.concatenate([np.zeros((1, vectors.shape[1])), np.cumsum(vectors, axis=0, dtype=np.float64)])
    places = np.arange(count)
    first, last = np.maximum(places - width, 0), np.minimum(places + width, count)
    after = (total[last] - total[places]) / (last - places)[:, None]
    before = (total[places] - total[first]) / np.maximum(places - first, 1)[:, None]
    before[0] = after[0]
    return before, after


def structure_novelty(vectors: np.ndarray, block: int, width: int) -> np.ndarray:
    """How much what a position repeats changes there: novelty of the rows of the lag matrix, (T,).

    block: positions of the blocks compared; width: positions on either side
    Source: Serra et al., Unsupervised detection of music boundaries by time series structure features, 2012
    """
    similar = blocks(vectors, block)
    changes = np.zeros(len(vectors))
    for start in range(block, len(vectors), LAGS):
        at_lags = _at_lags(similar, range(start, min(start + LAGS, len(vectors))))
        before, after = sides(at_lags, width)
        changes += ((after - before) ** 2).sum(1)
    return np.sqrt(changes).astype(np.float32)


def _at_lags(vectors: np.ndarray, lags: range) -> np.ndarray:
    """Similarity of each vector to those that far before and after it, 0 where it is negative, (T, 2 * lags)."""
    found = np.zeros((2, len(lags), len(vectors)))
    for place, lag in enumerate(lags):
        similarity = np.einsum("td,td->t", vectors[lag:], vectors[:-lag])
        found[0, place, lag:] = found[1, place, :-lag] = np.maximum(similarity, 0)
    return found.reshape(-1, len(vectors)).T
