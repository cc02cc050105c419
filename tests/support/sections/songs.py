"""Songs of a split with answers that are wrong in places, as predictions and as prepared files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tailwise.core.files import write_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.data.sequences.store import SplitWriter, write_features
from tailwise.metrics.predictions import Predictions

HEAD = Head("section", ("intro", "verse", "pre-chorus", "chorus", "bridge", "outro"))
FORM = (0, 1, 2, 3, 1, 2, 3, 4, 3, 5)
COLUMNS = ("sample", "group", "path", "content", "seconds", "section")
WIDTH = 12


@dataclass(frozen=True, eq=False)
class Made:
    """truth, answer: (T,) class ids of each song, IGNORE in the truth where there is no label"""

    names: list[str]
    truth: list[np.ndarray]
    answer: list[np.ndarray]
    seconds: float | None = None


def make_songs(count: int = 30, seconds: float | None = None, seed: int = 1, form: tuple[int, ...] = FORM) -> Made:
    """Songs of one form, each section of 2 to 8 positions; every fourth one without a mistake."""
    rng = np.random.default_rng(seed)
    truth = [np.concatenate([np.full(rng.integers(2, 9), label) for label in form]) for _ in range(count)]
    answer = [labels.copy() for labels in truth]
    for song, labels in enumerate(answer):
        for _ in range(rng.integers(1, 4) if song % 4 else 0):
            start = rng.integers(0, len(labels))
            labels[start : start + rng.integers(1, 8)] = rng.integers(0, len(HEAD.classes))
    return Made([f"band {i // 3} - song {i}" for i in range(count)], truth, answer, seconds)


def predictions(made: Made, seed: int = 2) -> Predictions:
    """Of the positions that have a label, as they are read from reports/evaluation."""
    rng = np.random.default_rng(seed)
    names, groups, columns = [], [], []
    for name, truth, answer in zip(made.names, made.truth, made.answer):
        positions = np.flatnonzero(truth != IGNORE)
        names += [name] * len(positions)
        groups += [name.split(" - ")[0]] * len(positions)
        columns.append(np.stack([truth[positions], answer[positions], positions]))
    targets, predicted, positions = np.concatenate(columns, axis=1)
    sure = np.where(predicted == targets, 0.8, 0.5) + 0.2 * rng.random(len(targets))
    classes = len(HEAD.classes)
    likely = np.repeat(((1 - sure) / (classes - 1))[:, None], classes, axis=1)
    likely[np.arange(len(targets)), predicted] = sure
    return Predictions(HEAD, names, groups, targets, predicted, likely, positions)


def write_index(root: Path, made: Made) -> Path:
    """The table of the split valid."""
    rows = [_row(made, song) for song in range(len(made.names))]
    write_csv(root / "data/index/valid.csv", COLUMNS, ([row[name] for name in COLUMNS] for row in rows))
    return root / "data/index/valid.csv"


def write_prepared(root: Path, made: Made, seed: int = 3) -> None:
    """The prepared split valid: features are a vector a class, and noise."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(HEAD.classes) + 1, WIDTH))
    writer = SplitWriter(root / "data/prepared/valid", COLUMNS)
    for song, truth in enumerate(made.truth):
        writer.add(_row(made, song), centres[truth.clip(-1)] + 0.7 * rng.normal(size=(len(truth), WIDTH)))
    writer.close()
    names = [f"feature {i}" for i in range(WIDTH)]
    write_features(root / "data/prepared/features.json", writer.moments.features(names))


def _row(made: Made, song: int) -> dict[str, str]:
    labels = ["" if label == IGNORE else HEAD.classes[label] for label in made.truth[song]]
    name = made.names[song]
    fixed = {"sample": name, "group": name.split(" - ")[0], "path": f"{name}.txt", "content": f"{song:064x}"}
    return {**fixed, "seconds": "" if made.seconds is None else str(made.seconds), "section": "|".join(labels)}
