"""Fitted calibrators of a head, which are plain JSON, and their use. No torch, no scikit-learn.

Temperature never changes which class is the most probable; the others may.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Literal

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import read_json, regular, write_json
from tailwise.core.heads import Head
from tailwise.core.params.typed import convert, is_section
from tailwise.metrics.predictions import Predictions

LEAST = float(np.finfo(np.float32).tiny)
"""Probabilities below it count as this in logarithms: a softmax in float32 can be 0."""
LARGEST_SCORE = 1e300
"""Of a class, so that differences of scores stay finite."""
LARGEST = 2**25
"""Maximum size of a calibration file in bytes."""


@dataclass(frozen=True)
class Uncalibrated:
    """Leaves the probabilities as they are."""

    kind: Literal["none"]
    classes: tuple[str, ...]

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        return probabilities


@dataclass(frozen=True)
class Temperature:
    """softmax(log p / temperature). Source: https://arxiv.org/abs/1706.04599, section 4.2"""

    kind: Literal["temperature"]
    classes: tuple[str, ...]
    temperature: float

    def __post_init__(self):
        if not (isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"temperature must be positive, found {self.temperature:g}")

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        logits = np.log(np.maximum(probabilities, LEAST))
        with np.errstate(over="ignore"):  # of a tiny temperature
            likely = np.exp((logits - logits.max(axis=1, keepdims=True)) / self.temperature)
        return _keep_answers(likely / likely.sum(axis=1, keepdims=True), probabilities)


@dataclass(frozen=True)
class _Affine:
    """A slope and an intercept a class."""

    kind: str
    classes: tuple[str, ...]
    slopes: tuple[float, ...]
    intercepts: tuple[float, ...]

    def __post_init__(self):
        _check_lengths(self.classes, slopes=self.slopes, intercepts=self.intercepts)


@dataclass(frozen=True)
class Vector(_Affine):
    """softmax(slope * log p + intercept), a slope and an intercept a class. Intercepts change the classes' prior.

    Source: https://arxiv.org/abs/1706.04599, section 4.2
    """

    kind: Literal["vector"]

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            scores = np.array(self.slopes) * np.log(np.maximum(probabilities, LEAST)) + np.array(self.intercepts)
        scores = np.clip(scores, -LARGEST_SCORE, LARGEST_SCORE)
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        return likely / likely.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Platt(_Affine):
    """sigmoid(slope * log odds + intercept) of each class against the rest, normalised. A value a class.

    Source: Platt 1999, Probabilistic outputs for support vector machines
    """

    kind: Literal["platt"]

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            scores = np.array(self.slopes) * log_odds(probabilities) + np.array(self.intercepts)
        return _normalised(1 / (1 + np.exp(-np.clip(scores, -700, 700))))


@dataclass(frozen=True)
class Isotonic:
    """A rising function of the log odds of each class against the rest, linear between breakpoints; normalised.

    log_odds, probabilities: the breakpoints of each class. Probabilities near 1 would need more digits than log odds.
    Source: https://doi.org/10.1145/775047.775151
    """

    kind: Literal["isotonic"]
    classes: tuple[str, ...]
    log_odds: tuple[tuple[float, ...], ...]
    probabilities: tuple[tuple[float, ...], ...]

    def __post_init__(self):
        _check_lengths(self.classes, log_odds=self.log_odds, probabilities=self.probabilities)
        for before, after in zip(self.log_odds, self.probabilities):
            if not before or len(before) != len(after) or list(before) != sorted(before):
                raise ValueError("each class needs breakpoints with rising log_odds, and as many probabilities")
            if not all(0 <= one <= 1 for one in after):
                raise ValueError("probabilities must be in [0, 1]")

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        odds = log_odds(probabilities)
        result = np.empty_like(odds)
        for place, breakpoints in enumerate(zip(self.log_odds, self.probabilities)):
            result[:, place] = np.interp(odds[:, place], *breakpoints)
        return _normalised(result)


Fitted = Uncalibrated | Temperature | Vector | Platt | Isotonic


def calibrate(probabilities: np.ndarray, fitted: Fitted) -> np.ndarray:
    """Calibrated probabilities (N, C), in double precision. probabilities: (N, C); ValueError for other classes."""
    if probabilities.ndim != 2 or probabilities.shape[1] != len(fitted.classes):
        raise ValueError(f"probabilities of shape {probabilities.shape} for {len(fitted.classes)} classes")
    return fitted.apply(probabilities.astype(np.float64))


def calibrated(found: Predictions, fitted: Fitted, decoded: bool = False) -> Predictions:
    """Predictions with calibrated probabilities; the classes too where the method may change them.

    decoded: the classes come from a decoding, and stay
    """
    likely = calibrate(found.known_probabilities, fitted)
    same = decoded or isinstance(fitted, Uncalibrated | Temperature)
    return replace(found, probabilities=likely, predicted=found.predicted if same else likely.argmax(axis=1))


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)) of each class (N, C), finite. The rest is summed, since 1 - p has no digits near p = 1."""
    known = np.maximum(probabilities, LEAST)
    rest = np.stack([np.delete(known, place, axis=1).sum(axis=1) for place in range(known.shape[1])], axis=1)
    return np.log(known) - np.log(rest)


def write_calibration(path: Path, by_head: Mapping[str, Fitted]) -> None:
    """Write {head: {"kind", "classes", numbers}}."""
    write_json(path, {name: asdict(fitted) for name, fitted in by_head.items()})


def read_calibration(path: Path) -> dict[str, Fitted]:
    """{head: calibrator} of a file of `write_calibration`; UserError for any other."""
    if (size := regular(path).stat().st_size) > LARGEST:
        raise UserError(f"{path}: {size} bytes, a calibration has at most {LARGEST}")
    try:
        found = read_json(path)
    except RecursionError as error:
        raise UserError(f"{path}: nested too deeply") from error
    if not is_section(found):
        raise UserError(f"{path}: expected a calibrator for each head, found {type(found).__name__}")
    try:
        return {name: convert(Fitted, value, name) for name, value in found.items()}
    except UserError as error:
        raise UserError(f"{path}: no file of the stage calibrate: {error}") from error


def check_classes(path: Path, by_head: Mapping[str, Fitted], heads: Iterable[Head]) -> None:
    """Raise UserError unless the calibrators of a file are for these heads and classes."""
    again = "run the stage calibrate with this model again"
    for head in heads:
        if head.name not in by_head:
            raise UserError(f"{path}: has no calibrator for {head.name}, only for {', '.join(by_head)}; {again}")
        if (classes := by_head[head.name].classes) != head.classes:
            named = f"{head.name} of the classes {', '.join(classes)}"
            raise UserError(f"{path}: calibrates {named}; the model has {', '.join(head.classes)}; {again}")


def _keep_answers(likely: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Raise the first most probable class of `before` by one bit where rounding has made another as probable."""
    rows, answers = np.arange(len(before)), before.argmax(axis=1)
    tied = likely.argmax(axis=1) != answers
    likely[rows[tied], answers[tied]] = np.nextafter(likely[tied].max(axis=1), 2)
    return likely


def _normalised(likely: np.ndarray) -> np.ndarray:
    """Rows that sum to 1; a row of zeros becomes uniform, as in scikit-learn."""
    total = likely.sum(axis=1, keepdims=True)
    uniform = np.full_like(likely, 1 / likely.shape[1])
    return np.divide(likely, total, out=uniform, where=total > 0)


def _check_lengths(classes: tuple[str, ...], **columns: tuple[object, ...]) -> None:
    for name, values in columns.items():
        if len(values) != len(classes):
            raise ValueError(f"{name} has {len(values)} values for {len(classes)} classes")
