"""Answers to files that somebody sent: read as the recipe reads them, predicted by an exported model. No torch."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tailwise.core.errors import UserError
from tailwise.core.files import rounded
from tailwise.evaluation.calibration.fitted import Fitted, calibrated
from tailwise.metrics.predictions import Predictions
from tailwise.recipes.prediction import Prediction, Sample
from tailwise.recipes.recipe import Recipe
from tailwise.serve.batching import Batches
from tailwise.serve.uploads import UNUSABLE, WRONG_KIND, Refused, Upload, check_endings, local_names, write


@dataclass(frozen=True)
class Read:
    """What a request holds. names: {path of a file here: its name as it was sent}"""

    samples: Sequence[Sample]
    names: Mapping[str, str]
    folder: str


@dataclass(frozen=True)
class Service:
    """Reads files in threads, and has what they hold predicted in batches. spec: what `recipe` reads inputs by

    calibration: of each head, empty: none
    """

    recipe: Recipe
    spec: Any
    batches: Batches
    calibration: Mapping[str, Fitted]

    def read(self, files: Sequence[Upload]) -> Read:
        """The samples of these files, one or more; raises Refused with one line."""
        check_endings(files)
        with TemporaryDirectory(prefix="tailwise-") as folder:
            try:
                samples = self._read(write(files, Path(folder)), folder)
                if not samples:
                    raise UserError(f"no {self.recipe.sample_name} of these files can be used")
            except UserError as error:
                raise Refused(UNUSABLE, without(folder, str(error))) from error
        names = {str(Path(folder, local)): file.name for local, file in zip(local_names(files), files)}
        return Read(sorted(samples, key=lambda one: one.index), names, folder)

    def _read(self, paths: list[Path], folder: str) -> list[Sample]:
        given = argparse.Namespace(paths=paths, table=None, root=None, folder=None, format=None)
        try:
            inputs = self.recipe.find_inputs(given)
        except UserError as error:
            raise Refused(WRONG_KIND, without(folder, str(error))) from error
        return list(self.recipe.read_samples(self.recipe.fit_inputs(inputs, self.spec, None), self.spec, 1))

    async def answer(self, read: Read) -> list[dict[str, Any]]:
        """The samples, as `as_json` has them; raises Refused with one line."""
        coming = [asyncio.wrap_future(self.batches.submit(sample)) for sample in read.samples]
        try:
            found = await asyncio.gather(*coming)
        except UserError as error:
            raise Refused(UNUSABLE, without(read.folder, str(error))) from error
        return [as_json(self._calibrated(one), read.names) for one in found]

    def _calibrated(self, one: Prediction) -> Prediction:
        if not self.calibration:
            return one
        return replace(one, heads=[calibrated(found, self.calibration[found.head.name]) for found in one.heads])


def without(folder: str, text: str) -> str:
    """The text without places of this machine."""
    return text.replace(f"{folder}/", "").replace(folder, "the files")


def as_json(one: Prediction, names: Mapping[str, str]) -> dict[str, Any]:
    """{"files", "heads": {head: answer, or a list with one a position}, "attention"}; names: {path: as it was sent}"""
    heads = {found.head.name: answers(found) for found in one.heads}
    files = [names.get(str(part), "") for part in one.parts] if one.attention else [names.get(one.name, "")]
    attention = {head: rounded(weights.tolist()) for head, weights in one.attention.items()}
    return {"files": [name for name in files if name], "heads": heads, "attention": attention}


def answers(found: Predictions) -> Any:
    """{"class", "confidence", "probabilities": {class: p}} of a sample, or a list with one a position."""
    rows = [_row(found, place) for place in range(len(found))]
    return rows[0] if found.positions is None else rows


def _row(found: Predictions, place: int) -> dict[str, Any]:
    likely, label = rounded(found.known_probabilities[place].tolist()), int(found.predicted[place])
    by_class = dict(zip(found.head.classes, likely))
    return {"class": found.head.classes[label], "confidence": likely[label], "probabilities": by_class}
