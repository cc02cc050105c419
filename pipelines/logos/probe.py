"""Check the demo for shortcuts: what can be told of a logo's class without its details.

Prints the validation macro recall of classifiers that see less and less, next to the limit that a demo without
shortcuts keeps, half-way from chance (1 / classes) to the full model, whose figure is in reports/metrics.json:

    thumbnail      16 x 16 pixels, in colour
    mean colour    of the whole picture
    aspect         width by height of the file's picture

Each is the better of logistic regression and a random forest. Exits with 1 if one is above its limit. The test split is
not read. In this folder, after the pipeline has run, about a minute:

    PYTHONPATH=../../src python3 probe.py
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json
from tailwise.core.heads import Head
from tailwise.core.params.config import read_params, section
from tailwise.data.images.canvas import read_picture
from tailwise.data.images.dataset import Images
from tailwise.metrics.confusion import confusion, macro, recall
from tailwise.recipes.logos.source import Source

HEAD = "kind"
THUMBNAIL = 16
"""Pixels of each side."""


@dataclass(frozen=True, eq=False)
class Logos:
    """All logos of a split. pictures: (N, H, W, 3) uint8; aspects: (N,) width by height; labels: (N,) class ids"""

    pictures: np.ndarray
    aspects: np.ndarray
    labels: np.ndarray


def read_logos(source: Source, folder: Path, classes: tuple[str, ...]) -> Logos:
    """folder: a split that `prepare` wrote"""
    images = Images(folder, (Head(HEAD, classes),))
    paths = [row["path"] for row in read_csv(folder / "manifest.csv")]
    files = (read_picture(source.reader.read(Path(source.root), path), THUMBNAIL) for path in paths)
    aspects = np.array([file.width / file.height for file in files])
    return Logos(np.stack([images[i][1] for i in range(len(images))]), aspects, images.labels(HEAD))


def thumbnails(logos: Logos) -> np.ndarray:
    """(N, 16 * 16 * 3): means of squares of pixels."""
    count, side = len(logos.pictures), logos.pictures.shape[1]
    edges = np.arange(THUMBNAIL) * side // THUMBNAIL
    sums = np.add.reduceat(np.add.reduceat(logos.pictures.astype(np.float64), edges, axis=1), edges, axis=2)
    sizes = np.diff(np.append(edges, side)).astype(np.float64)
    return (sums / np.outer(sizes, sizes)[:, :, None]).reshape(count, -1)


PROBES: dict[str, Callable[[Logos], np.ndarray]] = {
    "thumbnail": thumbnails,
    "mean colour": lambda logos: logos.pictures.mean((1, 2)),
    "aspect": lambda logos: logos.aspects[:, None],
}


def probe(see: Callable[[Logos], np.ndarray], train: Logos, valid: Logos, classes: int) -> float:
    """Macro recall on validation of the better classifier that sees this alone."""
    models = (
        make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500)),
        RandomForestClassifier(300, random_state=0),
    )
    answers = [model.fit(see(train), train.labels).predict(see(valid)) for model in models]
    return max(macro(recall(confusion(valid.labels, answer, classes))) for answer in answers)


def full_model(file: Path) -> float:
    """Macro recall of the pipeline's model; UserError before it has run."""
    if not file.is_file():
        raise UserError(f"{file}: not there: run the pipeline first, with dvc repro")
    return float(read_json(file)[HEAD]["macro_recall"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the demo for shortcuts.")
    parser.add_argument("--prepared", type=Path, default=Path("data/prepared"), help="folder of the prepared splits")
    parser.add_argument("--metrics", type=Path, default=Path("reports/metrics.json"), help="figures of the full model")
    args = parser.parse_args()
    classes = tuple(read_json(Path("data/index/heads.json"))[HEAD])
    source, full = section(read_params(), "data", Source), full_model(args.metrics)
    limit = (1 / len(classes) + full) / 2
    train, valid = (read_logos(source, args.prepared / split, classes) for split in ("train", "valid"))
    print(f"macro recall on {len(valid.labels)} validation logos; the full model {full:.3f}")
    missed = 0
    for name, see in PROBES.items():
        found = probe(see, train, valid, len(classes))
        missed += found > limit
        print(f"{name:<12} {found:.3f}  at most {limit:.3f}: {'kept' if found <= limit else 'MISSED'}", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(str(error))
