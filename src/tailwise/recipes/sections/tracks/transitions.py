"""The table of transitions of the report: how often each occurs, is found, and what is answered where it is missed."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from tailwise.core.heads import Head
from tailwise.metrics.sequence.runs import changes
from tailwise.metrics.sequence.transitions import transitions
from tailwise.recipes.sections.tracks.track import Track


def transitions_json(songs: Sequence[Track], found: Sequence[np.ndarray], head: Head) -> list[dict[str, Any]]:
    """A row for each pair of classes that follow each other in truth or answers, most frequent in truth first.

    found: of each song, whether each of its changes was found
    """
    size = len(head.classes)
    actual, answered = np.zeros((2, size, size), np.int64)
    for song in songs:
        actual += transitions(song.truth, size)
        answered += transitions(song.answer, size)
    hits, missed = _by_pair(songs, found)
    pairs = [(int(a), int(b)) for a, b in np.argwhere(actual + answered > 0)]
    rows = [_row(head, pair, int(actual[pair]), int(answered[pair]), hits[pair], missed.get(pair)) for pair in pairs]
    return sorted(rows, key=lambda row: (-row["truth"], -row["answers"], row["labels"]))


def _by_pair(songs: Sequence[Track], found: Sequence[np.ndarray]) -> tuple[Counter, dict[tuple[int, int], Counter]]:
    """Transitions found, and for those that were missed the answers before and after, by pair of classes."""
    hits: Counter = Counter()
    missed: dict[tuple[int, int], Counter] = {}
    for song, of_song in zip(songs, found):
        for place, hit in zip(changes(song.truth).tolist(), of_song.tolist()):
            pair, instead = ((int(of[place - 1]), int(of[place])) for of in (song.truth, song.answer))
            hits[pair] += hit
            if not hit:
                missed.setdefault(pair, Counter())[instead] += 1
    return hits, missed


def _row(
    head: Head, pair: tuple[int, int], truth: int, answers: int, found: int, missed: Counter | None
) -> dict[str, Any]:
    source, target = (head.classes[label] for label in pair)
    return {
        "labels": list(pair),
        "source": source,
        "target": target,
        "truth": truth,
        "answers": answers,
        "found": found,
        "share": found / truth if truth else None,
        "taken_for": _most(head, missed) if missed else None,
    }


def _most(head: Head, missed: Counter) -> str:
    """The most frequent answer at the places of missed transitions."""
    (before, after), count = max(missed.items(), key=lambda item: (item[1], item[0]))
    if before == after:
        return f"{head.classes[before]} throughout ({count})"
    return f"{head.classes[before]} → {head.classes[after]} ({count})"
