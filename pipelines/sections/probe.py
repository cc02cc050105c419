"""Check the demo for shortcuts: what can be told of a line's section without the rest of the song.

Prints the validation macro F1 of classifiers that see less and less, next to the limit that a demo without shortcuts
keeps, half-way from chance (1 / classes) to the full model, whose figure is in reports/metrics.json:

    position       place in the song alone
    line length    words and characters of the line alone
    single line    the line's length and its own words, without any other line

Each is the better of logistic regression and gradient boosting. Exits with 1 if one is above its limit. The test split
is not read. In this folder, after the pipeline has run, about a minute:

    PYTHONPATH=../../src python3 probe.py
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.core.params.config import read_params, section
from tailwise.metrics.confusion import confusion, f1, macro
from tailwise.recipes.sections.features.text import TEXT_FEATURES, text_features
from tailwise.recipes.sections.readers.lyrics import Lyrics

LENGTH = ("length_words", "length_characters")
OTHER_LINES = ("word_shared", "word_beside")
"""Measures of a line's words that other lines decide."""
PROBES = {
    "position": tuple(name for name in TEXT_FEATURES if name.startswith("position_")),
    "line length": LENGTH,
    "single line": (*LENGTH, *(n for n in TEXT_FEATURES if n.startswith("word_") and n not in OTHER_LINES)),
}
HEAD = "section"


@dataclass(frozen=True, eq=False)
class Positions:
    """All labelled positions of a split. features: (N, 60); labels: (N,) class ids"""

    features: np.ndarray
    labels: np.ndarray


def read_positions(reader: Lyrics, root: Path, splits: Sequence[str]) -> dict[str, Positions]:
    classes = {name: number for number, name in enumerate(reader.classes)}
    songs = [song for song in reader.songs(root) if song.split in splits and song.labels]
    found = {}
    for split in splits:
        own = [song for song in songs if song.split == split]
        features = np.concatenate([text_features(song.lines) for song in own])
        labels = np.array([classes.get(label, -1) for song in own for label in song.labels])
        found[split] = Positions(features[labels >= 0], labels[labels >= 0])
    return found


def probe(names: Sequence[str], train: Positions, valid: Positions, classes: int) -> float:
    """Macro F1 on validation of the better classifier that sees these features alone."""
    columns = [TEXT_FEATURES.index(name) for name in names]
    models = (
        make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000)),
        HistGradientBoostingClassifier(max_iter=150, class_weight="balanced", random_state=0),
    )
    answers = [m.fit(train.features[:, columns], train.labels).predict(valid.features[:, columns]) for m in models]
    return max(macro(f1(confusion(valid.labels, answer, classes))) for answer in answers)


def full_model(file: Path) -> float:
    """Macro F1 of the pipeline's model; UserError before it has run."""
    if not file.is_file():
        raise UserError(f"{file}: not there: run the pipeline first, with dvc repro")
    return float(read_json(file)[HEAD]["macro_f1"])


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the demo for shortcuts.")
    parser.add_argument("--root", type=Path, default=Path("data/demo"), help="folder of the demo")
    parser.add_argument("--metrics", type=Path, default=Path("reports/metrics.json"), help="figures of the full model")
    args = parser.parse_args()
    reader = section(read_params(), "data.reader", Lyrics)
    full, classes = full_model(args.metrics), len(reader.classes)
    limit = (1 / classes + full) / 2
    data = read_positions(reader, args.root, ("train", "valid"))
    print(f"macro F1 on {len(data['valid'].labels)} validation lines; the full model {full:.3f}")
    missed = 0
    for name, names in PROBES.items():
        found = probe(names, data["train"], data["valid"], classes)
        missed += found > limit
        print(f"{name:<12} {found:.3f}  at most {limit:.3f}: {'kept' if found <= limit else 'MISSED'}", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(str(error))
