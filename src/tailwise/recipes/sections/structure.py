"""Figures of the structure of songs: boundaries, sections, transitions and lengths, over a split and song by song."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tailwise.core.batch import Batch, Outputs
from tailwise.core.files import read_csv
from tailwise.core.heads import Head
from tailwise.metrics.predictions import Predictions
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.metrics.sequence.clustering import Clustering
from tailwise.metrics.sequence.runs import changes, match_in_order
from tailwise.metrics.sequence.segments import Segments
from tailwise.metrics.sequence.transitions import Transitions
from tailwise.recipes.recipe import Extra
from tailwise.recipes.sections.tracks.lengths import lengths_json
from tailwise.recipes.sections.tracks.songs import Judged, songs_json
from tailwise.recipes.sections.tracks.track import Track, tracks
from tailwise.recipes.sections.tracks.transitions import transitions_json

HEAD = "section"
SHOWN = "valid"
"""The split whose songs the report shows."""

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Tolerances:
    """In positions; in seconds for songs whose positions have a length.

    boundaries: of the figures, ascending; structure: of borders of whole sections and of transitions
    """

    boundaries: tuple[float, ...] = (0, 1, 2)
    structure: float = 1

    def __post_init__(self):
        if not self.boundaries or min(*self.boundaries, self.structure, 0) < 0:
            raise ValueError("needs one or more tolerances of boundaries, none of them negative")

    def positions(self, seconds: float | None) -> int:
        """`structure` in positions of this length."""
        return int(self.structure / (seconds or 1) + 1e-9)


OF_SECONDS = Tolerances((0.5, 3.0), 3.0)
"""The usual ones for audio, as in MIREX."""


def extra(index: Path, predictions: dict[str, Predictions], tolerances: Tolerances | None = None) -> Extra:
    """Figures for the certificate and the report; for the split SHOWN the files `songs` and `structure`.

    index: the split's table, beside whose folder lie the prepared splits; tolerances: None for the usual ones
    """
    found = predictions[HEAD]
    seconds = {row["sample"]: float(row["seconds"]) if row["seconds"] else None for row in read_csv(index)}
    songs = tracks(found, seconds)
    timed = any(song.seconds is not None for song in songs)
    tolerances = tolerances or (OF_SECONDS if timed else Tolerances())
    figures = structure_figures(songs, found.head, tolerances)
    files = {}
    if index.stem == SHOWN:
        prepared = index.parent.parent / "prepared" / index.stem
        files = {
            "songs": songs_json(
                [judge(song, found.head, tolerances) for song in songs], found.head.classes, reader(prepared)
            ),
            "structure": structure_json(songs, found.head, tolerances, figures),
        }
    return Extra({"structure": figures}, lines=list(lines(figures)), files=files)


def structure_figures(songs: Sequence[Track], head: Head, tolerances: Tolerances) -> Figures:
    """Figures over all songs by name, None where undefined."""
    found: Figures = {}
    for prefix, make in _metrics(head, tolerances).items():
        total = sum(make(song.seconds).part(*as_batch(song, head)) for song in songs)
        found |= {f"{prefix}_{name}": value for name, value in make(songs[0].seconds).value(np.asarray(total)).items()}
    return found


def _metrics(head: Head, tolerances: Tolerances) -> dict[str, Callable[[float | None], Any]]:
    """{prefix of figures: metric for songs whose positions have this length}"""
    return {
        "boundary": lambda seconds: Boundaries(head, tolerances.boundaries, seconds),
        "section": lambda seconds: Segments(head, tolerances.positions(seconds)),
        "cluster": lambda seconds: Clustering(head),
        "transition": lambda seconds: Transitions(head, tolerances.positions(seconds)),
    }


def as_batch(song: Track, head: Head) -> tuple[Outputs, Batch]:
    """A song as metrics take it: outputs with the answers as the largest logits, and its labels."""
    answers = torch.from_numpy(np.where(song.known, song.answer, 0))
    logits = torch.nn.functional.one_hot(answers, len(head.classes)).float()[None]
    return {head.name: logits}, Batch(
        {}, {head.name: torch.from_numpy(song.truth)[None]}, torch.zeros(1, dtype=torch.long)
    )


def judge(song: Track, head: Head, tolerances: Tolerances) -> Judged:
    """With the boundary F1 at the smallest tolerance, and which of its transitions are found."""
    metric = Boundaries(head, tolerances.boundaries[:1], song.seconds)
    figures = metric.value(metric.part(*as_batch(song, head)))
    found = found_changes(song.truth, song.answer, tolerances.positions(song.seconds))
    return Judged(song, figures[f"f1_{metric.names()[0]}"], found.tolist())


def found_changes(actual: np.ndarray, answered: np.ndarray, tolerance: int) -> np.ndarray:
    """(N,) bool, of each of `changes(actual)`: whether `found_transitions` counts it. actual, answered: (T,)"""
    theirs, ours = changes(actual), changes(answered)
    fits = np.abs(theirs[:, None] - ours) <= tolerance
    for side in (-1, 0):
        fits &= actual[theirs + side][:, None] == answered[ours + side]
    found = np.zeros(len(theirs), bool)
    for before, after in {(int(actual[at - 1]), int(actual[at])) for at in theirs}:
        rows = np.flatnonzero((actual[theirs - 1] == before) & (actual[theirs] == after))
        found[[rows[row] for row, _ in match_in_order(fits[rows])]] = True
    return found


def structure_json(songs: Sequence[Track], head: Head, tolerances: Tolerances, figures: Figures) -> dict[str, Any]:
    """What the report's section Structure shows."""
    timed = songs[0].seconds is not None
    names = Boundaries(head, tolerances.boundaries, songs[0].seconds).names()
    rows = [
        {"tolerance": tolerance, **{name: figures[f"boundary_{name}_{of}"] for name in ("precision", "recall", "f1")}}
        for tolerance, of in zip(tolerances.boundaries, names)
    ]
    found = [found_changes(song.truth, song.answer, tolerances.positions(song.seconds)) for song in songs]
    return {
        "unit": "second" if timed else "line",
        "songs": len(songs),
        "positions": int(sum(song.known.sum() for song in songs)),
        "tolerance": tolerances.structure,
        "boundaries": rows,
        "segments": [{"name": title, "value": figures[name]} for name, title in TITLES.items()],
        "transitions": transitions_json(songs, found, head),
        "lengths": lengths_json(songs, head, timed),
    }


TITLES = {
    "section_f1": "whole sections found, F1",
    "section_overlap_f1": "sections found by half of their overlap, F1",
    "section_mean_overlap": "mean overlap of true sections",
    "transition_accuracy": "transitions found",
    "cluster_pairwise_f1": "pairs of positions with one label, F1",
    "cluster_v_measure": "V-measure",
    "cluster_over_segmentation": "completeness",
    "cluster_under_segmentation": "homogeneity",
}
"""{figure: its title}"""


def lines(figures: Figures) -> Iterator[str]:
    """For the terminal."""
    boundaries = ", ".join(
        f"{name.removeprefix('boundary_f1_')}: {_text(value)}"
        for name, value in figures.items()
        if name.startswith("boundary_f1_")
    )
    yield f"boundary F1 by tolerance {boundaries}"
    yield ", ".join(f"{TITLES[name]} {_text(figures[name])}" for name in ("section_f1", "transition_accuracy"))


def _text(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def reader(prepared: Path) -> Callable[[Track], np.ndarray]:
    """Reads the normalised features of a song from its prepared split, as far as it has labels."""
    from tailwise.data.sequences.store import Shards, read_features

    places = {row["sample"]: (int(row["shard"]), int(row["row"])) for row in read_csv(prepared / "manifest.csv")}
    shards, features = Shards(prepared), read_features(prepared.parent / "features.json")
    return lambda song: features.normalise(shards.read(*places[song.name], len(song)))
