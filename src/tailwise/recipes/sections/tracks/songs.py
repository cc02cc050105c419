"""The songs of the report as JSON: runs of truth and answers, confidences and similarity matrices."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tailwise.core.files import rounded
from tailwise.core.heads import IGNORE
from tailwise.metrics.sequence.runs import changes, sections
from tailwise.recipes.sections.tracks.matrices import packed, similarity
from tailwise.recipes.sections.tracks.track import Track

LARGEST = 1_500_000
"""Characters of the songs together, so that the page stays small."""
MOST_WRONG, BEST = 40, 10
"""Songs with a similarity matrix."""

Read = Callable[[Track], np.ndarray]
"""The features of a song, (T, D) normalised."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A song with what was measured on it.

    boundary_f1: None without a boundary in truth and answers; found: whether each of `changes` of its truth was
    """

    track: Track
    boundary_f1: float | None
    found: Sequence[bool]


def songs_json(judged: Sequence[Judged], classes: Sequence[str], read: Read) -> dict[str, Any]:
    """{"classes", "count", "songs"}: the most wrong songs first, then the best, as many as fit into LARGEST.

    Each has name, group, length, seconds, accuracy, boundary_f1, confident (mean confidence where wrong, or null),
    truth and answer ([class id, start, end] of each section), found (see `_found_json`), confidence (percent of each
    position, null without a label) and matrix (see `packed`; null for songs in between).
    """
    order = sorted(judged, key=lambda one: (one.track.accuracy, one.track.name))
    best = order[-BEST:]
    wrong = order[: -BEST or None]
    plain = [*((one, place < MOST_WRONG) for place, one in enumerate(wrong))]
    shown = list(_fitting([*((one, True) for one in reversed(best)), *plain], read))
    shown.sort(key=lambda song: (song["accuracy"], song["name"]))
    return {"classes": list(classes), "count": len(judged), "songs": shown}


def _fitting(songs: Iterable[tuple[Judged, bool]], read: Read) -> Iterable[dict[str, Any]]:
    """The first songs that LARGEST holds; True: with a matrix."""
    left = LARGEST
    for one, with_matrix in songs:
        made = song_json(one, read if with_matrix else None)
        left -= len(json.dumps(rounded(made)))
        if left < 0:
            return
        yield made


def song_json(one: Judged, read: Read | None) -> dict[str, Any]:
    """read: None for a song without a matrix"""
    track = one.track
    sure = np.round(track.confidence * 100).astype(int).tolist()
    return {
        "name": track.name,
        "group": track.group,
        "length": len(track),
        "seconds": track.seconds,
        "accuracy": track.accuracy,
        "boundary_f1": one.boundary_f1,
        "confident": track.confident,
        "truth": _runs_json(track.truth),
        "answer": _runs_json(track.answer),
        "found": _found_json(one),
        "confidence": [percent if label != IGNORE else None for percent, label in zip(sure, track.truth.tolist())],
        "matrix": packed(similarity(read(track))) if read else None,
    }


def _runs_json(labels: np.ndarray) -> list[list[int]]:
    found = sections(labels)
    return np.stack([found.labels, found.starts, found.ends], axis=1).tolist()


def _found_json(one: Judged) -> list[int | None]:
    """For each true section but the first: 1 or 0, null where no label lies between it and the one before."""
    by_position = dict(zip(changes(one.track.truth).tolist(), one.found))
    starts = sections(one.track.truth).starts[1:].tolist()
    return [int(by_position[start]) if start in by_position else None for start in starts]
