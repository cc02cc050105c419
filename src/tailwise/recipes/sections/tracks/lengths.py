"""The lengths of sections of the report, class by class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tailwise.core.heads import Head
from tailwise.metrics.sequence.lengths import section_lengths
from tailwise.recipes.sections.tracks.track import Track

LINES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
SECONDS = (0, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120)
"""Where the bins begin; the last one is open."""


def lengths_json(songs: Sequence[Track], head: Head, timed: bool) -> dict[str, Any]:
    """{"edges", "classes": [{"name", "truth", "answer"}]}, each with count, median and counts in the bins.

    timed: lengths are in seconds; bins after the longest section are left out
    """
    classes = len(head.classes)
    found = [_lengths([(song.truth, song.seconds) for song in songs], classes)]
    found.append(_lengths([(song.answer, song.seconds) for song in songs], classes))
    longest = max((float(lengths.max()) for of in found for lengths in of if len(lengths)), default=1.0)
    edges = [edge for edge in (SECONDS if timed else LINES) if edge <= longest]
    rows = [
        {"name": name, "truth": _binned(truth, edges), "answer": _binned(answer, edges)}
        for name, truth, answer in zip(head.classes, *found)
    ]
    return {"edges": edges, "classes": rows}


def _lengths(songs: Sequence[tuple[np.ndarray, float | None]], classes: int) -> list[np.ndarray]:
    """Of each class the lengths of its sections in all songs."""
    of_songs = [[lengths * (seconds or 1) for lengths in section_lengths(labels, classes)] for labels, seconds in songs]
    return [np.concatenate(of_class) for of_class in zip(*of_songs)]


def _binned(lengths: np.ndarray, edges: Sequence[float]) -> dict[str, Any]:
    places = np.searchsorted(edges, lengths, side="right") - 1
    return {
        "count": len(lengths),
        "median": float(np.median(lengths)) if len(lengths) else None,
        "counts": np.bincount(places, minlength=len(edges)).tolist(),
    }
