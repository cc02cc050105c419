"""Labels that a model made (pseudo-labels): the params that name their table, and how many there are.

The table itself is written by `tailwise pseudo-label` and joined to the index by `data.tables.checks.pseudo`.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

PSEUDO = "pseudo"
"""Column of the index: the model that made a row's labels, as `model_name` has it; "" where people did."""
CONTENT, CONFIDENCE = "sha256", "confidence"
"""Columns of the table: the hash of a row's file; and, after a head's name, the probability of its label."""
FACTS = ".json"
"""Ending of the file beside the table: what its labels were made from."""
TABLE, HELD_OUT = "table", "held_out"
"""Fields of that file: the table's SHA-256, and `held_out_key` of the samples that the model was not trained on."""


@dataclass(frozen=True)
class PseudoLabels:
    """A table of samples that a model labelled, which are trained with, too.

    file: CSV that `tailwise pseudo-label` wrote, from the pipeline's folder; its facts are beside it
    sha256: of the table, so that another one is another experiment
    """

    file: str
    sha256: str

    def __post_init__(self):
        if PurePath(self.file).suffix != ".csv":
            raise ValueError(f"file must be the .csv that tailwise pseudo-label wrote, found {self.file!r}")
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError("sha256 must be the 64 hex digits that tailwise pseudo-label printed")


def model_name(weights_sha256: str) -> str:
    """How the column PSEUDO names a weights file."""
    return weights_sha256[:12]


def held_out_key(valid: Iterable[str], test: Iterable[str]) -> str:
    """SHA-256 of the names of all samples that are validated on or tested, whatever their order."""
    names = sorted({*valid, *test})
    return hashlib.sha256(json.dumps(names, ensure_ascii=False).encode()).hexdigest()


def count_pseudo(rows: Sequence[Mapping[str, str]], heads: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """{"labels": {head: {class: labels made by a model}}, "models": their names}; {} if people made all.

    rows: of a table with a row per sample or view; heads: {head: classes}
    """
    made = {row["sample"]: row for row in rows if row.get(PSEUDO)}
    if not made:
        return {}
    counts = {head: Counter(row[head] for row in made.values()) for head in heads}
    labels = {head: {name: counts[head][name] for name in classes} for head, classes in heads.items()}
    return {"labels": labels, "models": sorted({row[PSEUDO] for row in made.values()})}


def limits_of_pseudo(counts: Mapping[str, Any]) -> list[str]:
    """How many of the training labels a model made, a sentence a head. counts: of reports/classes.json"""
    if PSEUDO not in counts:
        return []
    models = ", ".join(counts[PSEUDO]["models"])
    found = {
        head: (sum(of.values()), sum(counts["train"][head].values())) for head, of in counts[PSEUDO]["labels"].items()
    }
    return [
        f"{head}: {made} of {all_of} training labels were made by a model ({models}), not by people."
        for head, (made, all_of) in found.items()
    ]
