"""The cells of the ablation: which there are, and which of them are done.

A cell is done if its file exists and was made from the present params and data. The code is not part of the key, so
that an unrelated edit does not throw away hours of training.
"""

import copy
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.core.params.config import read_params, section
from tailwise.core.params.typed import convert
from tailwise.recipes.sections.params import Params

DEFAULT = "default"
PHASES = ("phase1", "phase2", "phase3")
OF_DATA, OF_RUN = ("data", "demo"), ("certificate", "runtime")
"""Sections that decide the data, which has a hash of its own, and sections that cannot change a cell."""
SPLITS = ("train", "calibration", "valid")


@dataclass(frozen=True)
class Row:
    """params: dotted paths and values that differ from params.yaml; ``phases.`` names all three phases"""

    label: str
    params: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """ablation.yaml. seeds: of each row"""

    seeds: int
    rows: dict[str, Row]

    def __post_init__(self):
        if self.seeds < 1:
            raise ValueError("seeds must be at least 1")
        if DEFAULT not in self.rows or self.rows[DEFAULT].params:
            raise ValueError(f"rows: needs one of the name {DEFAULT}, without params")


@dataclass(frozen=True)
class Ablation:
    """base: params.yaml, as nested dicts"""

    seeds: int
    rows: dict[str, Row]
    base: dict[str, Any]


@dataclass(frozen=True)
class Cell:
    row: str
    seed: int

    @property
    def file(self) -> Path:
        """Below results/ and times/."""
        return Path(self.row) / f"{self.seed}.json"

    def __str__(self) -> str:
        return f"{self.row} seed {self.seed}"


def read_ablation(file: Path = Path("ablation.yaml"), base: Path = Path("params.yaml")) -> Ablation:
    """Raises UserError for what is wrong with either file."""
    try:
        rows = convert(Rows, read_params(file), "")
    except UserError as error:
        raise UserError(f"{file}: {error}") from error
    return Ablation(rows.seeds, rows.rows, read_params(base))


def cell_params(plan: Ablation, cell: Cell) -> dict[str, Any]:
    """The params file of a cell, as nested dicts; UserError for anything that the stage check rejects."""
    params = copy.deepcopy(plan.base)
    for path, value in plan.rows[cell.row].params.items():
        override(params, path, value)
    params["training"].update(seed=cell.seed, threads=1)
    params["runtime"].update(verbosity="quiet", device="cpu", devices=1, workers=0)
    try:
        section(params, "", Params)
    except UserError as error:
        raise UserError(f"ablation.yaml: {cell.row}: {error}") from error
    return params


def override(params: dict[str, Any], path: str, value: Any) -> None:
    """Set a dotted path; ``phases.`` stands for each phase. Raises UserError for a path through a plain value."""
    first, *rest = path.split(".")
    for start in PHASES if first == "phases" else (first,):
        *folders, last = (start, *rest)
        place: Any = params
        for name in folders:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise UserError(f"ablation.yaml: {path}: {name} is no section")
        place[last] = copy.deepcopy(value)


def key(plan: Ablation, cell: Cell) -> str:
    """Hash of all that decides a cell besides data and code."""
    params = cell_params(plan, cell)
    decisive = {name: value for name, value in params.items() if name not in (*OF_DATA, *OF_RUN)}
    text = json.dumps(decisive, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf8")).hexdigest()[:16]


def data_hash(prepared: Path = Path("data/prepared")) -> str:
    """Hash of the prepared splits that a cell reads. Raises UserError where they are absent."""
    whole = hashlib.sha256()
    for folder in (prepared / split for split in SPLITS):
        if not (folder / "manifest.csv").is_file():
            raise UserError(f"{folder}: has no manifest.csv: run the pipeline first, with dvc repro")
        for file in (folder / "manifest.csv", *sorted(folder.glob("*.npy"))):
            with open(file, "rb") as content:
                whole.update(f"{folder.name} {hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()[:16]


def made_from(plan: Ablation, cell: Cell, data: str) -> dict[str, str]:
    """What a cell's file names as its origin. data: `data_hash`"""
    return {"params": key(plan, cell), "data": data}


def result(plan: Ablation, cell: Cell, data: str, results: Path = Path("results")) -> dict[str, Any] | None:
    """The content of a cell's file; None without one, and if it was made from other params or other data."""
    file = results / cell.file
    found = read_json(file) if file.exists() else None
    return found if found and found["made_from"] == made_from(plan, cell, data) else None


def cells(plan: Ablation, rows: list[str], seeds: int) -> Iterator[Cell]:
    """Seed by seed, so that each row has a figure early."""
    for seed in range(1, seeds + 1):
        for row in rows:
            yield Cell(row, seed)
