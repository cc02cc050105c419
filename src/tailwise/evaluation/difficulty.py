"""Difficulty of samples, from a model's confidence in their true classes. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tailwise.core.files import write_csv
from tailwise.metrics.predictions import Predictions

DIGITS = 4
"""Decimals, so that a last digit of a model's output reorders nothing."""

Confidence = list[float | None]
"""Of each sample, the probability of its true class in a head; None without a label."""


def confidences(found: Predictions, samples: Sequence[str]) -> Confidence:
    """The rounded probability of each sample's true class, the mean over its labelled positions.

    Raises ValueError for predictions without probabilities.
    """
    if found.probabilities is None:
        raise ValueError(f"predictions of {found.head.name} have no probabilities")
    known = found.labelled
    likely = known.known_probabilities[np.arange(len(known)), known.targets].astype(np.float64).tolist()
    of_sample: dict[str, list[float]] = {}
    for name, value in zip(known.samples, likely):
        of_sample.setdefault(name, []).append(value)
    return [_mean(of_sample.get(name, ())) for name in samples]


def difficulties(by_head: Iterable[Confidence]) -> Confidence:
    """1 - confidence, the mean over the heads that have a label; None without any."""
    hard = [[1 - value for value in of_sample if value is not None] for of_sample in zip(*by_head, strict=True)]
    return [_mean(of_sample) for of_sample in hard]


def write_difficulty(path: Path, samples: Sequence[str], by_head: Mapping[str, Confidence]) -> None:
    """A row a sample: sample, confidence_<head> of each head, difficulty; an empty cell where a label is missing."""
    header = ["sample", *map(confidence_column, by_head), "difficulty"]
    write_csv(path, header, zip(samples, *by_head.values(), difficulties(by_head.values()), strict=True))


def confidence_column(head: str) -> str:
    """The column of a head's confidence."""
    return f"confidence_{head}"


def extremes(samples: Sequence[str], confidence: Confidence, count: int) -> dict[str, list[tuple[str, float]]]:
    """{"easiest", "hardest": up to `count` (sample, confidence)}, the most extreme first, none in both."""
    known = [(name, value) for name, value in zip(samples, confidence, strict=True) if value is not None]
    by_ease = sorted(known, key=lambda one: (-one[1], one[0]))
    most = min(count, len(known) // 2)
    return {"easiest": by_ease[:most], "hardest": by_ease[::-1][:most]}


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), DIGITS) if values else None
