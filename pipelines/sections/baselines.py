"""Boundaries without training, on the features of a prepared split: Foote's novelty, and spectral clustering.

baselines.py FOLDER [--kernel N] [--height H] [--clusters K] [--neighbours N]

FOLDER is data/prepared/<split>. Prints each baseline's boundary figures, and of the clusters their agreement with the
sections. Tolerances are 0, 1 and 2 positions, or 0.5 and 3 seconds where positions have a length.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.cluster import SpectralClustering
from sklearn.neighbors import kneighbors_graph

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.data.sequences.dataset import Sequences
from tailwise.metrics.sequence.boundaries import detection
from tailwise.metrics.sequence.clustering import pairwise, v_measure
from tailwise.models.sequence.novelty import Foote

HEAD = "section"
Baseline = Callable[[np.ndarray], np.ndarray]
"""Features (T, D) to the number of the section, or of the cluster, of each position, (T,)."""


@dataclass(frozen=True)
class Novelty:
    """Sections between the peaks of Foote's novelty, each one of its own."""

    foote: Foote = Foote()

    def __call__(self, features: np.ndarray) -> np.ndarray:
        starts = np.zeros(len(features), np.int64)
        starts[self.foote.starts(features)] = 1
        return np.cumsum(starts)


@dataclass(frozen=True)
class Spectral:
    """Clusters of positions that are alike, or beside each other: sections are runs of one cluster.

    clusters: sections of different kinds; neighbours: of each position in the graph of alike positions; width: of the
    median along the diagonals of that graph, odd
    Source: McFee and Ellis 2014, "Analyzing song structure with spectral clustering"
    """

    clusters: int = 4
    neighbours: int = 5
    width: int = 3

    def __call__(self, features: np.ndarray) -> np.ndarray:
        if len(features) <= self.clusters + 1:
            return np.zeros(len(features), np.int64)
        affinity = graph(features, min(self.neighbours, len(features) - 1), self.width)
        kind = SpectralClustering(self.clusters, affinity="precomputed", random_state=0, assign_labels="kmeans")
        return kind.fit_predict(affinity).astype(np.int64)


def graph(features: np.ndarray, neighbours: int, width: int) -> np.ndarray:
    """(T, T) affinities: of alike positions and of positions beside each other, with equal sums over the graph."""
    nearest = kneighbors_graph(features, neighbours, mode="connectivity").toarray()
    distances = np.linalg.norm(features[:, None] - features[None], axis=-1)
    alike = along_diagonals(np.maximum(nearest, nearest.T), width) * affinities(distances)
    beside = np.zeros_like(alike)
    places = np.arange(len(features) - 1)
    beside[places, places + 1] = beside[places + 1, places] = affinities(distances[places, places + 1])
    return alike * (beside.sum() / max(alike.sum(), 1e-9)) + beside


def affinities(distances: np.ndarray) -> np.ndarray:
    """exp(-(d / median d)^2), of positive distances."""
    scale = np.median(distances[distances > 0]) if (distances > 0).any() else 1.0
    return np.exp(-((distances / scale) ** 2))


def along_diagonals(graph: np.ndarray, width: int) -> np.ndarray:
    """The median of each entry and its neighbours on its diagonal, 0 outside: repetitions last, single ones vanish."""
    half = width // 2
    padded = np.pad(graph, half)
    size = len(graph)
    return np.median([padded[shift : shift + size, shift : shift + size] for shift in range(width)], axis=0)


def score(songs: Sequences, baseline: Baseline, tolerances: list[int]) -> list[float]:
    """Means over the songs: boundary F1 (trimmed) at each tolerance, pairwise F1 and V-measure."""
    labels, found = songs.labels(HEAD), []
    for i, length in enumerate(songs.lengths.tolist()):
        actual = labels[i, :length]
        answered = np.where(actual == IGNORE, IGNORE, baseline(songs[i][1]))
        figures = [detection(actual, answered, tolerance)[2] for tolerance in tolerances]
        found.append([*figures, pairwise(actual, answered)[2], v_measure(actual, answered)[2]])
    return np.mean(found, axis=0).tolist()


def read_split(folder: Path) -> tuple[Sequences, float | None]:
    """The songs of a prepared split, and the length of a position in seconds, None for lines.

    Raises UserError for a split without two classes.
    """
    rows = read_csv(folder / "manifest.csv")
    classes = sorted({label for row in rows for label in row[HEAD].split("|")} - {""})
    if len(classes) < 2:
        raise UserError(f"{folder}/manifest.csv: has fewer than two classes: there is no boundary to find")
    return Sequences(folder, (Head(HEAD, tuple(classes)),)), float(rows[0]["seconds"]) if rows[0]["seconds"] else None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="data/prepared/<split>")
    parser.add_argument("--kernel", type=int, default=Foote.kernel, help="positions on each side (Foote)")
    parser.add_argument("--height", type=float, default=Foote.height, help="of a peak, in deviations (Foote)")
    parser.add_argument("--clusters", type=int, default=Spectral.clusters, help="kinds of sections (spectral)")
    parser.add_argument("--neighbours", type=int, default=Spectral.neighbours, help="in the graph (spectral)")
    args = parser.parse_args(arguments)
    try:
        songs, seconds = read_split(args.folder)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    names = ["0.5 s", "3 s"] if seconds else ["exact", "1", "2"]
    tolerances = [int(of / seconds + 1e-9) for of in (0.5, 3)] if seconds else [0, 1, 2]
    print(f"{'':10}" + "".join(f"{name:>10}" for name in [*names, "pairwise", "v-measure"]))
    kinds = {"foote": Novelty(Foote(args.kernel, args.height)), "spectral": Spectral(args.clusters, args.neighbours)}
    for name, baseline in kinds.items():
        print(f"{name:10}" + "".join(f"{figure:10.3f}" for figure in score(songs, baseline, tolerances)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
