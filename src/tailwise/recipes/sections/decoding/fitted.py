"""Fitted decodings of a head, which are plain JSON, and their use on the outputs of a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from tailwise.core.batch import Decode, Outputs, answers_output
from tailwise.core.errors import UserError
from tailwise.core.files import read_json, regular
from tailwise.core.heads import Head
from tailwise.core.params.typed import convert
from tailwise.evaluation.calibration.fitted import LEAST, Fitted, calibrate
from tailwise.models.sequence.decode import Structure, decode
from tailwise.models.sequence.novelty import Foote
from tailwise.recipes.sections.decoding.kinds import HEAVIEST, WIDEST, check_taus

LARGEST = 2**25
"""Maximum size of a file of decodings in bytes."""
NARROWEST, LONGEST = 0.01, 100.0
"""Bounds of the numbers of a file, within which no score of a section overflows."""


@dataclass(frozen=True)
class Undecoded:
    """The most probable class of each position, whatever the calibration."""

    kind: Literal["most_probable"]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Adjustment:
    """What the probabilities of a decoding go through first.

    calibrator: of the probabilities; tau: strength of the adjustment for rare classes, see `kinds.check_taus`
    shares: (C,) of the training positions, each above 0
    """

    calibrator: Fitted
    tau: float
    shares: tuple[float, ...]

    def __post_init__(self):
        check_taus((self.tau,))
        if not all(0 < share <= 1 for share in self.shares):
            raise ValueError("shares must be above 0 and at most 1")

    def scores(self, likely: np.ndarray) -> np.ndarray:
        """Log-probabilities (T, C), calibrated and adjusted. likely: (T, C) probabilities"""
        log_p = np.log(np.maximum(calibrate(likely, self.calibrator), LEAST))
        return log_p - self.tau * np.log(self.shares)


@dataclass(frozen=True)
class OfDurations:
    """Semi-Markov decoding, see models/sequence/decode.py.

    weight: of the structure
    transitions: (C, C) shares of the sections of a row's class that the column's follows, 0 on the diagonal
    center, spread: (C,) mean and standard deviation of the log of a section's length in positions
    """

    kind: Literal["durations"]
    classes: tuple[str, ...]
    adjustment: Adjustment
    weight: float
    transitions: tuple[tuple[float, ...], ...]
    center: tuple[float, ...]
    spread: tuple[float, ...]

    def __post_init__(self):
        size, vectors = len(self.classes), (*self.transitions, self.center, self.spread, self.adjustment.shares)
        if not all(len(values) == size for values in (self.transitions, *vectors)):
            raise ValueError(f"transitions, shares, center and spread must have a value for each of the {size} classes")
        if not 0 < self.weight <= HEAVIEST or min(self.spread, default=0) < NARROWEST:
            raise ValueError(f"weight must be in (0, {HEAVIEST:g}], and each spread {NARROWEST:g} or more")
        if max(map(abs, self.center)) > LONGEST:
            raise ValueError(f"center must be logs of lengths, in [-{LONGEST:g}, {LONGEST:g}]")
        if not all(0 <= share <= 1 for row in self.transitions for share in row):
            raise ValueError("transitions must be shares in [0, 1]")

    @cached_property
    def structure(self) -> Structure:
        with np.errstate(divide="ignore"):
            transitions = np.log(np.array(self.transitions)) + np.where(np.eye(len(self.classes)), -np.inf, 0)
        return Structure(transitions, np.array(self.center), np.array(self.spread))

    def answer(self, scores: np.ndarray, features: np.ndarray) -> np.ndarray:
        durations = self.structure.durations(len(scores))
        return decode(scores, self.weight * self.structure.transitions, self.weight * durations)


@dataclass(frozen=True)
class OfNovelty:
    """One class between two peaks of the novelty. kernel, height: see Foote"""

    kind: Literal["novelty"]
    classes: tuple[str, ...]
    adjustment: Adjustment
    kernel: int
    height: float

    def __post_init__(self):
        if not 2 <= self.kernel <= WIDEST:
            raise ValueError(f"kernel must be from 2 to {WIDEST}, found {self.kernel}")
        if len(self.adjustment.shares) != len(self.classes):
            raise ValueError(f"shares must have a value for each of the {len(self.classes)} classes")

    def answer(self, scores: np.ndarray, features: np.ndarray) -> np.ndarray:
        starts = np.array([0, *Foote(self.kernel, self.height).starts(features)])
        return np.repeat(np.add.reduceat(scores, starts).argmax(axis=1), np.diff(starts, append=len(scores)))


Decoded = OfDurations | OfNovelty
"""What has `answer`: (`scores` (T, C), normalised features (T, D)) to class ids (T,)."""
FittedDecoding = Undecoded | OfDurations | OfNovelty


def read_decoding(path: Path, heads: tuple[Head, ...]) -> dict[str, FittedDecoding]:
    """{head: decoding} of a file of the stage `fit_decoding`; UserError for another one, or other classes."""
    if (size := regular(path).stat().st_size) > LARGEST:
        raise UserError(f"{path}: {size} bytes, a file of decodings has at most {LARGEST}")
    try:
        found = convert(dict[str, FittedDecoding], read_json(path), "")
    except RecursionError as error:
        raise UserError(f"{path}: nested too deeply") from error
    except UserError as error:
        raise UserError(f"{path}: no file of the stage fit_decoding: {error}") from error
    for head in heads:
        classes = found[head.name].classes if head.name in found else ()
        if classes != head.classes:
            raise UserError(
                f"{path}: decodes {head.name} of the classes {', '.join(classes) or 'none'}; the model has "
                f"{', '.join(head.classes)}; run the stage fit_decoding with this model again"
            )
    return {head.name: found[head.name] for head in heads}


def decoder(by_head: Mapping[str, FittedDecoding]) -> Decode | None:
    """What adds the answers of songs to a model's outputs; None where all are most probable classes."""
    active = {name: one for name, one in by_head.items() if not isinstance(one, Undecoded)}
    return partial(_decode, active) if active else None


def _decode(by_head: Mapping[str, Decoded], inputs: dict[str, torch.Tensor], outputs: Outputs) -> Outputs:
    return {answers_output(name): _answers(one, inputs, outputs[name]) for name, one in by_head.items()}


def _answers(fitted: Decoded, inputs: dict[str, torch.Tensor], logits: torch.Tensor) -> torch.Tensor:
    """(B, T) class ids; padding, and songs whose probabilities are not finite, keep the most probable ones."""
    likely, features = logits.float().softmax(dim=-1).cpu().numpy(), inputs["features"].cpu().numpy()
    found = likely.argmax(axis=-1)
    for song, length in enumerate(inputs["length"].tolist()):
        known = likely[song, :length]
        if length and np.isfinite(known).all():
            found[song, :length] = fitted.answer(fitted.adjustment.scores(known), features[song, :length])
    return torch.from_numpy(found).to(logits.device)
