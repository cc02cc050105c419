"""What a self-similarity matrix says of each position: repeats elsewhere, repeated blocks, and novelty.

Matrices are (T, T), 1 on the diagonal; results are (T,) in [0, 1], or [-1, 1] for novelty.
"""

import numpy as np

NEAR = 0.75
"""Similarity from which a line counts as repeated."""
TOP = 3
MOST_REPEATS = 8
LONGEST_RUN = 16


def best_elsewhere(matrix: np.ndarray) -> np.ndarray:
    """The similarity to the most similar other line."""
    return _without_diagonal(matrix).max(axis=1, initial=0)


def mean_of_top(matrix: np.ndarray) -> np.ndarray:
    """Mean similarity to the TOP most similar other lines; lines that a short song lacks count as 0."""
    others = _without_diagonal(matrix)
    kept = min(TOP, others.shape[1])
    return np.partition(others, others.shape[1] - kept, axis=1)[:, -kept:].sum(axis=1) / TOP


def repeats(matrix: np.ndarray) -> np.ndarray:
    """Number of near repeats elsewhere, by its logarithm: 1 from MOST_REPEATS on."""
    return log_share((_without_diagonal(matrix) >= NEAR).sum(axis=1), MOST_REPEATS)


def block_ahead(matrix: np.ndarray, size: int) -> np.ndarray:
    """Mean similarity, line by line, of the block that begins here to the most similar block that it does not overlap.

    Cut at the end of the song; what a block elsewhere lacks there counts as 0.
    """
    length = len(matrix)
    padded = np.pad(matrix, (0, size))
    total = np.sum([padded[d : d + length, d : d + length] for d in range(size)], axis=0)
    places = np.arange(length)
    total[np.abs(places[:, None] - places) < size] = 0
    return total.max(axis=1, initial=0) / np.minimum(size, length - places)


def block_behind(matrix: np.ndarray, size: int) -> np.ndarray:
    """`block_ahead` of the block that ends right before this position; 0 at the first."""
    ahead = block_ahead(matrix[::-1, ::-1], size)[::-1]
    return np.concatenate([[0.0], ahead[:-1]])


def novelty(matrix: np.ndarray, width: int) -> np.ndarray:
    """Contrast of the `width` lines before this position and those from it on: likeness within less that across.

    A checkerboard kernel along the diagonal, cut at both ends of the song; 0 at the first position.
    Source: Foote, Automatic audio segmentation using a measure of audio novelty, 2000.
    """
    sums = np.pad(_without_diagonal(matrix).astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    here = np.arange(len(matrix))
    start, end = np.maximum(here - width, 0), np.minimum(here + width, len(matrix))
    before, after = here - start, end - here
    within = _block(sums, start, here, start, here) + _block(sums, here, end, here, end)
    pairs = before * (before - 1) + after * (after - 1)
    across = _block(sums, start, here, here, end)
    return np.where(before > 0, within / np.maximum(pairs, 1) - across / np.maximum(before * after, 1), 0)


def runs(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The longest repeated runs of lines that end and that begin here, this line included, by their logarithm."""
    near = _without_diagonal(matrix) >= NEAR
    return _runs(near[::-1, ::-1])[::-1], _runs(near)


def _runs(near: np.ndarray) -> np.ndarray:
    """Longest diagonal run of true cells that begins in each row."""
    longest, below = np.zeros(len(near)), np.zeros(len(near) + 1, int)
    for place in range(len(near) - 1, -1, -1):
        row = np.where(near[place], 1 + below[1:], 0)
        longest[place] = row.max(initial=0)
        below[:-1] = row
    return log_share(longest, LONGEST_RUN)


def nearest_repeat(matrix: np.ndarray) -> np.ndarray:
    """Nearness of the next near repeat on either side: 1 for a neighbour, 0 for none, by the logarithm of lines."""
    length = len(matrix)
    places = np.arange(length)
    far = np.where(_without_diagonal(matrix) >= NEAR, np.abs(places[:, None] - places), length)
    return 1 - np.log(far.min(axis=1, initial=length)) / np.log(max(length, 2))


def best_before(matrix: np.ndarray) -> np.ndarray:
    """The similarity to the most similar earlier line: low where a line stands for the first time."""
    return np.tril(matrix, -1).max(axis=1, initial=0)


def best_after(matrix: np.ndarray) -> np.ndarray:
    """The similarity to the most similar later line: low where a line stands for the last time."""
    return np.triu(matrix, 1).max(axis=1, initial=0)


def neighbour(matrix: np.ndarray) -> np.ndarray:
    """The similarity to the more similar of the two lines beside."""
    beside = np.diagonal(matrix, 1)
    return np.maximum(np.concatenate([[0.0], beside]), np.concatenate([beside, [0.0]]))


def far_repeats(matrix: np.ndarray, distance: int) -> np.ndarray:
    """Number of near repeats at least so many lines away, by its logarithm."""
    places = np.arange(len(matrix))
    near = (matrix >= NEAR) & (np.abs(places[:, None] - places) >= distance)
    return log_share(near.sum(axis=1), MOST_REPEATS)


def log_share(counts: np.ndarray, most: float) -> np.ndarray:
    """0 for none, 1 from `most` on."""
    return np.minimum(np.log1p(counts) / np.log1p(most), 1)


def _without_diagonal(matrix: np.ndarray) -> np.ndarray:
    others = matrix.copy()
    np.fill_diagonal(others, 0)
    return others


def _block(sums: np.ndarray, top: np.ndarray, bottom: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sums of rectangles of a matrix. sums: its sums from the first cell on, (T + 1, T + 1)"""
    return sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
