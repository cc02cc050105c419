"""Fits a decoding: the structure of the training songs, and settings that suit the calibration songs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, cast

import numpy as np

from tailwise.core.batch import Batch, Outputs
from tailwise.core.files import read_csv, rounded
from tailwise.core.heads import Head
from tailwise.data.sequences.labels import class_ids
from tailwise.engine.contract.metric import Metric
from tailwise.engine.contract.task import Task
from tailwise.evaluation.calibration.fit import fit_all
from tailwise.evaluation.calibration.fitted import Fitted
from tailwise.evaluation.calibration.options import Calibration
from tailwise.metrics.classification import Classification
from tailwise.metrics.predictions import concatenate, predictions
from tailwise.metrics.sequence.boundaries import Boundaries
from tailwise.models.sequence.decode import fit_structure
from tailwise.recipes.sections.decoding.fitted import (
    Adjustment,
    FittedDecoding,
    OfDurations,
    OfNovelty,
    Undecoded,
    decoder,
)
from tailwise.recipes.sections.decoding.kinds import Decoding, Durations, MostProbable, Novelty

Songs = Sequence[tuple[Batch, Outputs]]
"""Batches of songs with labels, and what the model gave for them."""


@dataclass(frozen=True)
class DecodingParams:
    """The sections of params.yaml that decide the decoding."""

    decoding: Decoding
    calibration: Calibration


def fit_decoding(
    how: DecodingParams, train: Path, task: Task, held_out: Iterable[tuple[Batch, Outputs]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """({head: decoding}, {head: how it was chosen}) as JSON; see `choose_decoding`."""
    (head,), songs = task.heads, list(held_out)
    chosen, tried = choose_decoding(how, train, task, songs)
    plain = judged(task.metrics, head, songs, Undecoded("most_probable", head.classes))
    best = next(one for one in tried if settings(chosen).items() <= one.items())
    figures = {"kind": how.decoding.kind, "most_probable": plain, "chosen": best, "tried": tried}
    return {head.name: asdict(chosen)}, {head.name: figures}


def choose_decoding(
    how: DecodingParams, train: Path, task: Task, songs: Songs
) -> tuple[FittedDecoding, list[dict[str, float]]]:
    """The decoding with the largest sum of macro F1 and boundary F1, the first of equals; and what each one reaches.

    train: folder of the prepared training songs; songs: of `task.valid`, on which nothing was trained
    """
    (head,) = task.heads
    candidates = list(_candidates(how, head, train, songs))
    found = [judged(task.metrics, head, songs, one) for one in candidates]
    best = max(range(len(found)), key=lambda place: sum(found[place].values()))
    return candidates[best], [{**settings(one), **figures} for one, figures in zip(candidates, found)]


def _candidates(how: DecodingParams, head: Head, train: Path, songs: Songs) -> Iterable[FittedDecoding]:
    """The decodings to choose from."""
    kind = how.decoding
    if isinstance(kind, MostProbable):
        yield Undecoded("most_probable", head.classes)
        return
    labels, calibrator = training_labels(train, head), fit_calibrator(how, head, songs)
    for tau in kind.taus:
        adjustment = Adjustment(calibrator, tau, shares_of(labels, len(head.classes)))
        if isinstance(kind, Durations):
            yield from of_durations(kind, head, adjustment, labels)
        else:
            yield from of_novelty(kind, head, adjustment)


def of_durations(
    how: Durations, head: Head, adjustment: Adjustment, labels: Sequence[np.ndarray]
) -> Iterable[OfDurations]:
    """labels: class ids (T,) of each training song"""
    found = fit_structure(labels, len(head.classes))
    shares, center, spread = (
        rounded(part.tolist()) for part in (np.exp(found.transitions), found.center, found.spread)
    )
    structure = tuple(map(tuple, shares)), tuple(center), tuple(spread)
    for weight in how.weights:
        yield OfDurations("durations", head.classes, adjustment, weight, *structure)


def of_novelty(how: Novelty, head: Head, adjustment: Adjustment) -> Iterable[OfNovelty]:
    for kernel in how.kernels:
        for height in how.heights:
            yield OfNovelty("novelty", head.classes, adjustment, kernel, height)


def shares_of(labels: Sequence[np.ndarray], classes: int) -> tuple[float, ...]:
    """Each class's share of the labelled positions, with one position more of each, so that none is 0."""
    known = np.concatenate([*labels, np.zeros(0, int)])
    counts = np.bincount(known[known >= 0], minlength=classes) + 1
    return tuple(max(share, 1e-6) for share in rounded((counts / counts.sum()).tolist()))


def training_labels(train: Path, head: Head) -> list[np.ndarray]:
    """Class ids (T,) of each song of a prepared split."""
    return [class_ids(row[head.name], head) for row in read_csv(train / "manifest.csv")]


def fit_calibrator(how: DecodingParams, head: Head, songs: Songs) -> Fitted:
    """The calibrator that the stage calibrate fits to the same songs."""
    parts = []
    for batch, outputs in songs:
        likely, names = outputs[head.name].cpu().softmax(dim=-1).numpy(), [""] * len(batch)
        parts.append(predictions(head, likely, batch.targets[head.name].cpu().numpy(), names, names))
    return fit_all(concatenate(parts), how.calibration.grid)[how.calibration.method]


def judged(metrics: Mapping[str, Metric], head: Head, songs: Songs, one: FittedDecoding) -> dict[str, float]:
    """Macro F1, and boundary F1 as the mean over its tolerances, of the decoded answers; 0 where undefined."""
    decode = decoder({head.name: one})
    decoded = [(outputs | decode(batch.inputs, outputs) if decode else outputs, batch) for batch, outputs in songs]
    boundaries, classes = cast(Boundaries, metrics["boundaries"]), cast(Classification, metrics[head.name])
    of_boundaries, of_classes = (
        metric.value(np.sum([metric.part(*pair) for pair in decoded], axis=0)) for metric in (boundaries, classes)
    )
    return {
        "macro_f1": of_classes["macro_f1"] or 0.0,
        "boundary_f1": fmean(of_boundaries[name] or 0.0 for name in boundaries.headline),
    }


def settings(one: FittedDecoding) -> dict[str, float]:
    """What distinguishes the candidates."""
    if isinstance(one, OfDurations):
        return {"weight": one.weight, "tau": one.adjustment.tau}
    return {"kernel": one.kernel, "height": one.height, "tau": one.adjustment.tau} if isinstance(one, OfNovelty) else {}
