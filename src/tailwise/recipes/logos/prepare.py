"""The prepared splits that training reads: every usable logo as a square, and a list of the others."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv, write_csv
from tailwise.core.stage.folders import pipeline_folder
from tailwise.data.images.canvas import Canvas
from tailwise.data.images.store import Store, build_store
from tailwise.data.tables.partition import split_off
from tailwise.data.tables.rows import SPLITS
from tailwise.recipes.logos.index import Source
from tailwise.recipes.logos.readers.logo import HEAD

CALIBRATION = "calibration"
KEPT = ".logs/quarantine.csv"
"""File for the list of unusable logos where there are too many, since a failed stage leaves no outputs."""
SHOWN = 20


@dataclass(frozen=True)
class Prepare:
    """size: pixels of each side; background: #rrggbb below transparent parts and around a logo
    fit: pad, crop or stretch, see `Canvas`; max_faulty: maximum share of logos that cannot be used, in [0, 1]
    calibration: share of the training logos that is set aside by group to fit it, 0 for none; seed: of both draws
    labels: share of the others that keep their label, by group, in (0, 1]; the rest is left for pretraining alone
    """

    size: int = 64
    background: str = "#ffffff"
    fit: Literal["pad", "crop", "stretch"] = "pad"
    max_faulty: float = 0.05
    calibration: float = 0.15
    seed: int = 1
    labels: float = 1.0

    def __post_init__(self):
        Canvas(self.size, self.background, self.fit)
        if not 0 <= self.calibration < 1 or not 0 <= self.seed < 2**32:
            raise ValueError("calibration must be within [0, 1), seed within [0, 2**32)")
        if not 0 < self.labels <= 1:
            raise ValueError(f"labels must be in (0, 1], found {self.labels}")
        if not 0 <= self.max_faulty <= 1:
            raise ValueError(f"max_faulty must be in [0, 1], found {self.max_faulty}")

    @property
    def canvas(self) -> Canvas:
        return Canvas(self.size, self.background, self.fit)


def prepare(
    how: Prepare, source: Source, folder: Path, tables: Path = Path("data/index"), workers: int = 1
) -> Iterator[str]:
    """Write ``<folder>/<split>`` of each split from the tables of the index; yields lines to print.

    workers: processes. Raises UserError if too many logos cannot be used, or all of a class.
    """
    cache = Path(os.environ.get("DVC_ROOT", ".")) / ".cache" / "images"
    opener = partial(source.reader.read, Path(source.root))
    rows = with_labels(how, with_calibration(how, {split: read_csv(tables / f"{split}.csv") for split in SPLITS}))
    stores = {}
    for split, of_split in rows.items():
        store = build_store(of_split, opener, how.canvas, folder / split, cache, workers)
        yield f"{split}: {len(of_split)} images in {store.shards} shards, {store.made} of them made now"
        yield from _lines(store)
        stores[split] = store
    _check_faulty(how, rows, stores)


def with_calibration(how: Prepare, rows: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """The splits with `calibration` taken from `train`, whole groups; UserError where there are too few."""
    if not how.calibration:
        return rows
    try:
        kept, aside = split_off(rows["train"], [row[HEAD] for row in rows["train"]], how.calibration, how.seed)
    except UserError as error:
        raise UserError(f"prepare.calibration: too few training logos to set some aside: {error}") from error
    return {**rows, "train": kept, CALIBRATION: aside}


def with_labels(how: Prepare, rows: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """The splits with `labels` of the labels of `train`, whole groups; UserError where there are too few."""
    if how.labels == 1:
        return rows
    try:
        _, labelled = split_off(rows["train"], [row[HEAD] for row in rows["train"]], how.labels, how.seed)
    except UserError as error:
        raise UserError(f"prepare.labels: too few training logos to leave some without: {error}") from error
    kept = {row["sample"] for row in labelled}
    train = [row if row["sample"] in kept else {**row, HEAD: ""} for row in rows["train"]]
    return {**rows, "train": train}


def _lines(store: Store) -> Iterator[str]:
    for path, reason in list(store.faults.items())[:SHOWN]:
        yield f"  left out: {path}: {reason}"
    if len(store.faults) > SHOWN:
        yield f"  and {len(store.faults) - SHOWN} more, see quarantine.csv beside the images"
    for note, count in sorted(Counter(store.notes.values()).items()):
        yield f"  {count} {note}"


def _check_faulty(how: Prepare, rows: Mapping[str, Sequence[dict[str, str]]], stores: Mapping[str, Store]) -> None:
    """Raise UserError for too many unusable logos, and for a class of which none can be trained with."""
    kept, count = pipeline_folder() / KEPT, sum(map(len, rows.values()))
    faults = [(split, *fault) for split, store in stores.items() for fault in store.faults.items()]
    kept.unlink(missing_ok=True)
    if len(faults) > how.max_faulty * count:
        write_csv(kept, ["split", "path", "reason"], faults)
        _, path, reason = faults[0]
        raise UserError(
            f"{len(faults)} of {count} images cannot be used, such as {path}: {reason}; all are in {kept}; "
            f"more than prepare.max_faulty = {how.max_faulty:g} in params.yaml allows"
        )
    lost = stores["train"].faults
    for name in sorted({row[HEAD] for row in rows["train"]} - {""}):
        if all(row["path"] in lost for row in rows["train"] if row[HEAD] == name):
            path = next(row["path"] for row in rows["train"] if row[HEAD] == name)
            raise UserError(f"no training image of the class {name!r} can be used, such as {path}: {lost[path]}")
