"""Figures of real songs, on the validation split of the run in this folder.

Prints accuracy and macro F1 of the answers, as `evaluate` decoded them; the macro F1 of verse against chorus at
positions that are one of the two, with answers restricted to the two, and among all classes; boundary F1 as a mean over
songs and of all boundaries together, trimmed and untrimmed; calibration error of the most probable classes, before and
after calibration, and between which values 95 % of the splits of as many songs have it, drawn from these; F1 of each
class. In this folder, after `dvc repro`:

    PYTHONPATH=../../src python3 real_songs.py
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.comparison import most_probable
from tailwise.evaluation.calibration.fitted import calibrated, read_calibration
from tailwise.evaluation.calibration.measures import answers as confidences
from tailwise.evaluation.calibration.measures import measure_calibration
from tailwise.evaluation.intervals import DRAWS, LEVEL, SEED, group_weights
from tailwise.metrics.calibration.bins import bin_sums, calibration_error
from tailwise.metrics.confusion import accuracy, confusion, f1, macro
from tailwise.metrics.predictions import Predictions, read_predictions
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.recipes.sections.tracks.structure import as_batch
from tailwise.recipes.sections.tracks.track import Track, tracks

HEAD, PAIR = "section", ("verse", "chorus")
TOLERANCES = (0.5, 3.0)
BINS = 15


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=Path, default=Path("reports/evaluation"), help="what evaluate wrote")
    parser.add_argument("--index", type=Path, default=Path("data/index/valid.csv"), help="table of the split's songs")
    parser.add_argument("--calibration", type=Path, default=Path("data/calibration.json"))
    args = parser.parse_args(arguments)
    try:
        for name, value in figures(args.answers, args.index, args.calibration):
            print(f"{name:<44}{value:.3f}")
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def figures(answers: Path, index: Path, calibration: Path) -> Iterator[tuple[str, float]]:
    """(name, value) of each figure. The calibrated ones are left out where there is no calibration yet."""
    head = Head(HEAD, tuple(read_json(index.with_name("heads.json"))[HEAD]))
    found = read_predictions(answers / f"{HEAD}.csv", head)
    yield "accuracy", accuracy(found.matrix)
    yield "macro F1", macro(f1(found.matrix))
    if all(name in head.classes for name in PAIR):
        yield from of_pair(found)
    seconds = {row["sample"]: float(row["seconds"]) for row in read_csv(index) if row["seconds"]}
    if not seconds:
        raise UserError(f"{index}: its songs are lines: these figures are of songs whose positions last some seconds")
    yield from of_boundaries(tracks(found, seconds), head)
    likely = most_probable(found)  # whatever decoding answers
    yield "ECE before calibration", measure_calibration(likely, BINS)["ece"]
    if calibration.is_file():
        fitted = read_calibration(calibration)[HEAD]
        after = calibrated(likely, fitted)
        yield "ECE after calibration", measure_calibration(after, BINS)["ece"]
        yield from zip(("ECE after calibration, low", "ECE after calibration, high"), spread_of_error(after))
    for name, value in zip(head.classes, f1(found.matrix).tolist()):
        yield f"F1 {name}", value


def of_pair(found: Predictions) -> Iterator[tuple[str, float]]:
    """Macro F1 of the two classes of PAIR, restricted to them and among all."""
    pair = [found.head.classes.index(name) for name in PAIR]
    rows = np.isin(found.targets, pair)
    truth, chosen = found.targets[rows] == pair[1], found.known_probabilities[rows][:, pair].argmax(axis=1)
    yield "verse/chorus macro F1, of the two", macro(f1(confusion(truth.astype(np.int64), chosen, 2)))
    yield "verse/chorus macro F1, among all", macro(f1(found.matrix)[pair])


def spread_of_error(found: Predictions) -> tuple[float, float]:
    """(low, high): LEVEL of the splits of as many groups have a calibration error between them.

    The groups are drawn with replacement from these. The positions of a song are right or wrong together, so that an
    error above 0 is expected of perfect probabilities, too: the larger, the fewer songs.
    """
    known = found.labelled
    names, group = np.unique(np.array(known.groups), return_inverse=True)
    confidence, right = confidences(known)
    sums = np.array([bin_sums(confidence[group == one], right[group == one], BINS) for one in range(len(names))])
    errors = [calibration_error(times @ sums) or 0.0 for times in group_weights(len(names), DRAWS, SEED)]
    low, high = np.quantile(errors, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return low, high


def of_boundaries(songs: Sequence[Track], head: Head) -> Iterator[tuple[str, float]]:
    """F1 at each of TOLERANCES; the songs' positions have one length."""
    for trimmed in (True, False):
        metric = Boundaries(head, TOLERANCES, songs[0].seconds, trimmed)
        value = metric.value(np.sum([metric.part(*as_batch(song, head)) for song in songs], axis=0))
        for name in metric.names():
            how = f"{name}, {'trimmed' if trimmed else 'untrimmed'}"
            yield f"boundary F1 {how}, mean of songs", value[f"song_f1_{name}"] or 0.0
            yield f"boundary F1 {how}, together", value[f"f1_{name}"] or 0.0


if __name__ == "__main__":
    sys.exit(main())
