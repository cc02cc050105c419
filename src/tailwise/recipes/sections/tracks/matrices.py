"""Small square matrices of a song for the report: similarity of its positions, and attention between them."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

SIDE = 64
"""A longer song is shown in so many blocks of positions."""


def block_edges(length: int, side: int = SIDE) -> np.ndarray:
    """First positions of at most `side` blocks of nearly equal size, (n,) ascending from 0."""
    blocks = min(length, side)
    return np.arange(blocks) * length // blocks


def block_means(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Means of the blocks along the first axis: (T, ...) to (n, ...)."""
    counts = np.diff(edges, append=len(values)).reshape(-1, *[1] * (values.ndim - 1))
    return np.add.reduceat(values.astype(np.float64), edges, axis=0) / counts


def similarity(features: np.ndarray) -> np.ndarray:
    """Cosine similarity of the blocks of a song, (n, n) within [0, 1]; opposite ones are 0, as is a block of zeros.

    features: (T, D), normalised, T >= 1
    """
    blocks = block_means(features, block_edges(len(features)))
    norms = np.linalg.norm(blocks, axis=1, keepdims=True)
    units = blocks / np.where(norms > 0, norms, 1)
    return np.clip(units @ units.T, 0, 1)


def attention(weights: np.ndarray) -> np.ndarray:
    """Mean attention between the blocks of a song, (n, n), over its largest value. weights: (T, T), T >= 1"""
    edges = block_edges(len(weights))
    means = block_means(block_means(weights, edges).T, edges).T
    return means / max(means.max(), np.finfo(np.float64).tiny)


def weight_rows(weights: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """{"rows", "columns", "most", "bytes"}: means over the blocks of a song, a row a name, as bytes of `most`.

    weights: (T, S), T >= 1, S names
    """
    means = block_means(weights, block_edges(len(weights))).T
    most = max(float(means.max()), np.finfo(np.float64).tiny)
    return {"rows": list(names), "columns": means.shape[1], "most": most, "bytes": _bytes(means / most)}


def packed(matrix: np.ndarray) -> dict[str, Any]:
    """{"side", "bytes"}: values within [0, 1] as bytes from 0 to 255 in base64, a row after the other."""
    return {"side": len(matrix), "bytes": _bytes(matrix)}


def _bytes(shares: np.ndarray) -> str:
    return base64.b64encode(np.round(shares * 255).astype(np.uint8).tobytes()).decode("ascii")
