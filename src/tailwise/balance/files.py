"""A phase's rebalancing on disk: ``boost.json`` and ``samples.csv`` in a folder of its own; difficulty and curricula.

Small and rounded, so that a phase whose boost did not change is not trained again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, read_json, write_csv, write_json

ApplyAs = Literal["margin", "weight"]
"""How a boost applies: as a margin in the logit of its class, or as a weight of the class in the loss."""

Boost = dict[str, dict[str, float]]
"""{head: {class: boost}}, every value within [1, max_weight]."""

DIGITS = 4
DIFFICULTY = ("sample", "difficulty")
"""Columns of a table of difficulties that a curriculum needs."""


@dataclass(frozen=True)
class Rebalancing:
    """apply_as: how the boost applies; samples: names of the training samples of an epoch, with repeats"""

    apply_as: ApplyAs
    boost: Boost
    samples: list[str]


def write_rebalancing(folder: Path, of_phase: Rebalancing) -> None:
    rounded = {
        head: {name: round(value, DIGITS) for name, value in of_head.items()}
        for head, of_head in of_phase.boost.items()
    }
    write_json(folder / "boost.json", {"apply_as": of_phase.apply_as, "boost": rounded})
    write_csv(folder / "samples.csv", ["sample"], ([name] for name in of_phase.samples))


def read_rebalancing(folder: Path) -> Rebalancing:
    """Raises UserError for a folder of another version."""
    saved = read_json(folder / "boost.json")
    if not {"apply_as", "boost"} <= saved.keys():
        raise UserError(f"{folder}/boost.json: written by another version: run the stage again that writes it")
    return Rebalancing(saved["apply_as"], saved["boost"], [row["sample"] for row in read_csv(folder / "samples.csv")])


def write_curriculum(path: Path, schedule: Mapping[int, Sequence[str]]) -> None:
    """The samples of each epoch, as `read_curriculum` reads them; {}: no curriculum, a table without rows."""
    write_csv(path, ["epoch", "sample"], ([epoch, name] for epoch, names in schedule.items() for name in names))


def read_curriculum(path: Path) -> dict[int, list[str]]:
    """{epoch from 1: names of the samples from that epoch on, with repeats}; {} of a table without rows.

    Its columns are epoch and sample; raises UserError where it does not begin with epoch 1.
    """
    found: dict[int, list[str]] = {}
    for row in _rows(path, ("epoch", "sample")):
        if not row["epoch"].isdecimal():
            raise UserError(f"{path}: epoch must be an integer, found {row['epoch']!r}")
        found.setdefault(int(row["epoch"]), []).append(row["sample"])
    if found and min(found) != 1:
        raise UserError(f"{path}: the first epoch must be 1, found {min(found)}")
    return found


def read_difficulty(path: Path) -> dict[str, float | None]:
    """{sample: difficulty, None without any label}, in a table of `evaluation/difficulty.py`; {} if it has no row.

    Raises UserError for what is no number.
    """
    try:
        return {
            row["sample"]: float(row["difficulty"]) if row["difficulty"] else None for row in _rows(path, DIFFICULTY)
        }
    except ValueError as error:
        raise UserError(
            f"{path}: difficulty must be a number: {error}; run the stage measure_difficulty again"
        ) from error


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a table; raises UserError where a row lacks one of these columns."""
    rows = read_csv(path)
    if any(not isinstance(row.get(name), str) for row in rows for name in columns):
        raise UserError(f"{path}: needs the columns {' and '.join(columns)}; run the stage that writes it again")
    return rows
