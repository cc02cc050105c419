"""The table of what a model labelled, and the facts beside it: the same bytes from the same inputs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tailwise.core.files import csv_text, rounded, write_json, write_text
from tailwise.data.tables.pseudo import CONFIDENCE, CONTENT, FACTS, HELD_OUT, PSEUDO, TABLE, model_name
from tailwise.pseudo.selection import Rule, Taken

Row = Mapping[str, str]


@dataclass(frozen=True)
class Labelled:
    """N samples that a model predicted, and what is taken.

    rows: of each sample one or more, without labels; classes: {head: class names}; taken: {head: of the samples}
    """

    rows: Sequence[Sequence[Row]]
    classes: Mapping[str, Sequence[str]]
    taken: Mapping[str, Taken]

    def lines(self, model: str) -> list[dict[str, Any]]:
        """The rows of the samples with a label of one head at least, in order. model: for the column PSEUDO"""
        return [
            {**row, **self._labels(index), PSEUDO: model}
            for index, of_sample in enumerate(self.rows)
            for row in of_sample
            if any(index in taken.indices for taken in self.taken.values())
        ]

    def _labels(self, index: int) -> dict[str, Any]:
        """{head: class, "head confidence": probability} of a sample; "" where the head is not sure."""
        cells: dict[str, Any] = {}
        for head, taken in self.taken.items():
            place = np.flatnonzero(taken.indices == index).tolist()
            cells[head] = self.classes[head][taken.labels[place[0]]] if place else ""
            cells[f"{head} {CONFIDENCE}"] = float(taken.confidence[place[0]]) if place else ""
        return cells

    def counts(self) -> dict[str, dict[str, int]]:
        """{head: {class: labels}}"""
        return {
            head: dict(zip(names, np.bincount(self.taken[head].labels, minlength=len(names)).tolist()))
            for head, names in self.classes.items()
        }


@dataclass(frozen=True)
class Facts:
    """What the labels were made from: SHA-256 of the weights, the calibration and the held-out samples' names.

    rules: of each head; labelled: {head: {class: samples}} that people labelled; predicted: samples
    """

    weights: str
    calibration: str
    held_out: str
    rules: Mapping[str, Rule]
    labelled: Mapping[str, Mapping[str, int]]
    predicted: int


def write_pseudo(file: Path, found: Labelled, facts: Facts) -> str:
    """Write the table and, beside it, its facts; returns the table's SHA-256. At least one label."""
    lines = found.lines(model_name(facts.weights))
    named = {"content": CONTENT}
    columns = list(lines[0])
    text = csv_text([[named.get(name, name) for name in columns], *(rounded(list(line.values())) for line in lines)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    write_text(file, text)
    write_json(
        file.with_suffix(FACTS),
        {
            TABLE: digest,
            HELD_OUT: facts.held_out,
            "weights": facts.weights,
            "calibration": facts.calibration,
            "rules": {head: asdict(rule) for head, rule in facts.rules.items()},
            "labelled": facts.labelled,
            "predicted": facts.predicted,
            "taken": found.counts(),
        },
    )
    return digest
