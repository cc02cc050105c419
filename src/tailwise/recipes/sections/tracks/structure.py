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
from tailwise.data.sequences.store import Shards, read_features
from tailwise.metrics.labels import Label, Labels, family_lines
from tailwise.metrics.predictions import Predictions
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.metrics.sequence.clustering import Clustering
from tailwise.metrics.sequence.runs import changes, match_in_order
from tailwise.metrics.sequence.segments import Segments
from tailwise.metrics.sequence.transitions import Transitions
from tailwise.recipes.recipe import Extra
from tailwise.recipes.sections.features.kinds import position_name
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
    prepared, files = index.parent.parent / "prepared", {}
    word = position_name(read_features(prepared / "features.json").names, songs[0].seconds)
    if index.stem == SHOWN:
        judged = [judge(song, found.head, tolerances) for song in songs]
        files = {
            "songs": songs_json(judged, found.head.classes, reader(prepared / index.stem)),
            "structure": structure_json(songs, found.head, tolerances, word),
        }
    labels = structure_labels(found.head, tolerances, songs[0].seconds, word)
    return Extra({"structure": figures}, list(lines(figures, labels)), files=files, labels=labels, label_name=word)


def structure_figures(songs: Sequence[Track], head: Head, tolerances: Tolerances) -> Figures:
    """Figures over all songs by name, None where undefined."""
    found: Figures = {}
    for prefix, make in _metrics(head, tolerances).items():
        total = sum(make(song.seconds).part(*as_batch(song, head)) for song in songs)
        found |= {f"{prefix}_{name}": value for name, value in make(songs[0].seconds).value(np.asarray(total)).items()}
    return found


def structure_labels(head: Head, tolerances: Tolerances, seconds: float | None, word: str) -> dict[str, Label]:
    """{dotted name: label} of `structure_figures`. seconds: of a position; word: for a position"""
    made = {prefix: make(seconds).labels for prefix, make in _metrics(head, tolerances, word).items()}
    return {f"structure.{prefix}_{name}": label for prefix, of in made.items() for name, label in of.items()}


def _metrics(head: Head, tolerances: Tolerances, word: str = "position") -> dict[str, Callable[[float | None], Any]]:
    """{prefix of figures: metric for songs whose positions have this length}"""
    return {
        "boundary": lambda seconds: Boundaries(head, tolerances.boundaries, seconds, position=word),
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


def structure_json(songs: Sequence[Track], head: Head, tolerances: Tolerances, word: str) -> dict[str, Any]:
    """What the report's section Structure shows. word: for a position"""
    timed, figures = songs[0].seconds is not None, structure_figures(songs, head, tolerances)
    names = Boundaries(head, tolerances.boundaries, songs[0].seconds).names()
    rows = [
        {"tolerance": tolerance, **{name: figures[f"boundary_{name}_{of}"] for name in ("precision", "recall", "f1")}}
        for tolerance, of in zip(tolerances.boundaries, names)
    ]
    found = [found_changes(song.truth, song.answer, tolerances.positions(song.seconds)) for song in songs]
    return {
        "unit": "second" if timed else word,
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


TOLD = ("boundary_f1_", "section_f1", "transition_accuracy")
"""Beginnings of the names of the figures that the terminal shows."""


def lines(figures: Figures, labels: Labels) -> Iterator[str]:
    """For the terminal, a family of figures a line."""
    told = {f"structure.{name}": value for name, value in figures.items() if name.startswith(TOLD)}
    text = {name: "undefined" if value is None else f"{value:.3f}" for name, value in told.items()}
    return family_lines(text, labels)


def reader(prepared: Path) -> Callable[[Track], np.ndarray]:
    """Reads the normalised features of a song from its prepared split, as far as it has labels."""
    places = {row["sample"]: (int(row["shard"]), int(row["row"])) for row in read_csv(prepared / "manifest.csv")}
    shards, features = Shards(prepared), read_features(prepared.parent / "features.json")
    return lambda song: features.normalise(shards.read(*places[song.name], len(song)))
