"""Windows of served answers, each compared with the answers on a reference."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import rounded
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.fitted import Fitted, calibrated
from tailwise.metrics.drift import Drift, alarm, compare, profile, profiles
from tailwise.metrics.predictions import Predictions, read_predictions

Window = list[dict[str, np.ndarray]]
"""Of each sample {head: profile}."""
LEAST = 20
"""Samples of a window, and of a reference."""


class Watch:
    """Collects samples as `service.as_json` has them. A full window waits to be compared, and the next one begins.

    reference: {head: profiles (N, C + TENTHS)}, see `metrics.drift`
    """

    def __init__(self, heads: Sequence[Head], reference: Mapping[str, np.ndarray], size: int):
        self.heads, self.reference, self.size = {head.name: head for head in heads}, reference, size
        self.collected: list[dict[str, np.ndarray]] = []
        self.windows, self.alarms = 0, 0
        self.last: dict[str, dict[str, Drift]] = {}
        self.alarmed = False
        self._comparing = threading.Lock()

    def add(self, samples: Sequence[dict[str, Any]]) -> list[Window]:
        """The full windows that these samples end."""
        self.collected += [self._profiles(sample["heads"]) for sample in samples]
        full: list[Window] = []
        while len(self.collected) >= self.size:
            full.append(self.collected[: self.size])
            self.collected = self.collected[self.size :]
        return full

    def _profiles(self, heads: Mapping[str, Any]) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for name, head in self.heads.items():
            rows = heads[name] if isinstance(heads[name], list) else [heads[name]]
            found[name] = profile(len(head.classes), [(head.id(row["class"]), row["confidence"]) for row in rows])
        return found

    def compare_windows(self, windows: Sequence[Window], record: Callable[[dict[str, Any]], None]) -> None:
        """Compare full windows with the reference, for a thread beside the server's: some tenths of a second each.

        record: is called with the last one's figures
        """
        with self._comparing:
            for window in windows:
                self._compare(window)
            record(self.as_json()["last"])

    def _compare(self, window: Window) -> None:
        found = {
            name: compare(self.reference[name], np.array([of[name] for of in window]), len(head.classes), self.windows)
            for name, head in self.heads.items()
        }
        moved = alarm([drift for of_head in found.values() for drift in of_head.values()])
        self.last, self.alarmed = found, moved
        self.windows, self.alarms = self.windows + 1, self.alarms + moved

    def as_json(self) -> dict[str, Any]:
        """What ``GET /drift`` answers."""
        heads = {head: {of: asdict(drift) for of, drift in found.items()} for head, found in self.last.items()}
        counts = {"windows": self.windows, "alarms": self.alarms, "size": self.size, "collected": len(self.collected)}
        return {**counts, "last": rounded({"alarm": self.alarmed, "heads": heads}) if heads else None}


def read_reference(folder: Path, heads: Sequence[Head], calibration: Mapping[str, Fitted]) -> dict[str, np.ndarray]:
    """Profiles of each head's answers in ``<folder>/<head>.csv``, calibrated as served ones. UserError if unusable."""
    found: dict[str, np.ndarray] = {}
    for head in heads:
        file = folder / f"{head.name}.csv"
        if not file.is_file():
            raise UserError(f"{file}: no such file; --reference takes the folder that evaluate wrote for this model")
        found[head.name] = profiles(_answers(file, head, calibration.get(head.name)))
        if len(found[head.name]) < LEAST:
            raise UserError(f"{file}: has {len(found[head.name])} samples; a reference needs {LEAST} at least")
    return found


def _answers(file: Path, head: Head, fitted: Fitted | None) -> Predictions:
    """The most probable classes, as a served model gives them, whatever `evaluate` decoded."""
    found = read_predictions(file, head)
    if found.probabilities is None or found.tau is not None:
        raise UserError(f"{file}: has no probabilities of the model alone: evaluate with evaluation.adjust: null")
    plain = replace(found, predicted=found.probabilities.argmax(axis=1))
    return calibrated(plain, fitted) if fitted else plain
