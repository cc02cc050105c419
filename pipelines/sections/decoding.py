"""Compare the most probable class of each position with decoding by durations, on the validation songs.

How sections follow each other and how long they last is fitted to the training songs; how much that counts against the
model's probabilities is chosen on the calibration songs, as is the shortest section that a plainer decoding allows: by
boundary F1 at one position, or at 3 s of audio. Prints the figures of each on the validation songs. In this folder,
after the pipeline has run:

    PYTHONPATH=../../src:. python3 decoding.py
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.core.params.config import read_params, sections
from tailwise.data.sequences.labels import class_ids
from tailwise.engine.contract.run import Run, start
from tailwise.engine.evaluate.evaluation import evaluate
from tailwise.engine.evaluate.inputs import ComputeConfig, build_task, read_heads
from tailwise.metrics.confusion import confusion, f1, macro
from tailwise.metrics.predictions import Predictions, read_predictions
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.metrics.sequence.segments import Segments
from tailwise.models.sequence.decode import at_least, decode, fit_structure
from tailwise.recipes.sections.recipe import RECIPE
from tailwise.recipes.sections.task import IN_POSITIONS, IN_SECONDS

HEAD = "section"
PREPARED, TRAINED = Path("data/prepared"), Path("data/models/phase3.safetensors")
EVALUATION = Path(f"reports/evaluation/{HEAD}.csv")
"""The answers on the validation songs."""
WEIGHTS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
"""Of the structure, that are tried."""
SHORTEST = (2, 3, 4, 5, 6)
"""Lengths of the shortest section, in positions, that are tried."""
LEAST = 1e-6
"""Smallest probability that the files of answers tell from 0."""

Decoder = Callable[[np.ndarray], np.ndarray]
"""Log-probabilities (T, C) to class ids (T,)."""


@dataclass(frozen=True, eq=False)
class Song:
    """truth: (T,) class ids, IGNORE without a label; log_p: (T, C) log-probabilities, even without a label"""

    truth: np.ndarray
    log_p: np.ndarray


def songs_of(found: Predictions) -> list[Song]:
    assert found.positions is not None
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(found.samples):
        rows.setdefault(name, []).append(row)
    return [_song(found.take(np.array(of_song))) for of_song in rows.values()]


def _song(found: Predictions) -> Song:
    places = np.asarray(found.positions)
    truth = np.full(places.max() + 1, IGNORE, np.int64)
    log_p = np.full((len(truth), len(found.head.classes)), -np.log(len(found.head.classes)))
    truth[places], log_p[places] = found.targets, np.log(np.maximum(found.known_probabilities, LEAST))
    return Song(truth, log_p)


def most_probable(log_p: np.ndarray) -> np.ndarray:
    return log_p.argmax(axis=1)


def by_structure(train: Sequence[np.ndarray], classes: int, weight: float) -> Decoder:
    """Decoding with the lengths and transitions of these songs, each (T,) class ids. weight: above 0"""
    structure = fit_structure(train, classes)
    return lambda log_p: decode(log_p, weight * structure.transitions, weight * structure.durations(len(log_p)))


def by_shortest(classes: int, shortest: int) -> Decoder:
    """Decoding that allows no section below `shortest` positions."""
    return lambda log_p: decode(log_p, *at_least(classes, shortest, len(log_p)))


def figures(songs: Sequence[Song], decoder: Decoder, head: Head, seconds: float | None) -> dict[str, float]:
    """Boundary F1 at each tolerance, F1 of whole sections, and macro F1 of positions, as `evaluate` counts them."""
    metrics = Boundaries(head, IN_SECONDS if seconds else IN_POSITIONS, seconds), Segments(head)
    answers = [decoder(song.log_p) for song in songs]
    batches = [_as_batch(song.truth, answer, head) for song, answer in zip(songs, answers)]
    parts = [sum(np.asarray(metric.part(*batch)) for batch in batches) for metric in metrics]
    of_boundaries, of_segments = (metric.value(np.asarray(part)) for metric, part in zip(metrics, parts))
    truth, answer = np.concatenate([song.truth for song in songs]), np.concatenate(answers)
    return {
        **{f"boundary F1, {name}": of_boundaries[f"f1_{name}"] or 0.0 for name in metrics[0].names()},
        "segment F1": of_segments["f1"] or 0.0,
        "macro F1": macro(f1(confusion(truth, answer, len(head.classes)))),
    }


def _as_batch(truth: np.ndarray, answer: np.ndarray, head: Head) -> tuple[dict[str, torch.Tensor], Batch]:
    logits = torch.nn.functional.one_hot(torch.from_numpy(answer), len(head.classes)).float()[None]
    return {head.name: logits}, Batch({}, {head.name: torch.from_numpy(truth)[None]}, torch.zeros(1, dtype=torch.long))


def choose(decoders: Mapping[float, Decoder], score: Callable[[Decoder], float]) -> float:
    """The value with the best score, the first of equals."""
    scores = {value: score(decoder) for value, decoder in decoders.items()}
    return max(scores, key=lambda value: scores[value])


def compare(
    train: Sequence[np.ndarray], calibration: Sequence[Song], valid: Sequence[Song], head: Head, seconds: float | None
) -> dict[str, dict[str, float]]:
    """{decoding: figures on the validation songs}. train: (T,) class ids of each song"""
    classes, names = len(head.classes), Boundaries(head, IN_SECONDS if seconds else IN_POSITIONS, seconds).names()
    judged = f"boundary F1, {names[len(names) // 2]}"

    def score(decoder: Decoder) -> float:
        return figures(calibration, decoder, head, seconds)[judged]

    weighed = {weight: by_structure(train, classes, weight) for weight in WEIGHTS}
    limited = {float(shortest): by_shortest(classes, shortest) for shortest in SHORTEST}
    weight, shortest = choose(weighed, score), choose(limited, score)
    found = {
        "argmax": most_probable,
        f"durations, weight {weight:g}": weighed[weight],
        f"sections of at least {shortest:g}": limited[shortest],
    }
    return {name: figures(valid, decoder, head, seconds) for name, decoder in found.items()}


def answers_on(split: Path, weights: Path) -> Predictions:
    """The answers of trained weights on a prepared split."""
    params = read_params()
    config, by = sections(params, RECIPE.config()), sections(params, ComputeConfig)
    run = Run("decoding", by.training, start(by.training, by.runtime))
    heads = read_heads(Path("data/index/heads.json"))
    task, _ = build_task(RECIPE, config, heads, (None, split), by.training.seed, weights)
    return evaluate(task, run).predictions[HEAD]


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for file in (TRAINED, EVALUATION):
        if not file.is_file():
            raise UserError(f"{file}: not there: run the pipeline first, with dvc repro")
    (head,) = read_heads(Path("data/index/heads.json"))
    rows = read_csv(PREPARED / "train" / "manifest.csv")
    train = [class_ids(row[HEAD], head) for row in rows]
    seconds = float(rows[0]["seconds"]) if rows[0]["seconds"] else None
    calibration, valid = answers_on(PREPARED / "calibration", TRAINED), read_predictions(EVALUATION, head)
    found = compare(train, songs_of(calibration), songs_of(valid), head, seconds)
    print(f"{'':26}" + "".join(f"{name:>17}" for name in found["argmax"]))
    for name, values in found.items():
        print(f"{name:26}" + "".join(f"{value:17.3f}" for value in values.values()), flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(str(error))
