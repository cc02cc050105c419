"""The cells of an ablation: which there are, and which of them are done.

A row is a pipeline's params.yaml with some values changed; a cell is a row with a seed. A cell is done if its file
exists and was made from the present params and data. The code is not part of the key, so that an unrelated edit does
not throw away hours of training.
"""

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from tailwise.ablation.override import override
from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.core.params.config import read_params, section
from tailwise.core.params.typed import convert
from tailwise.core.stage.chain import within
from tailwise.data.tables.resampling import Resampling

DEFAULT = "default"
OF_RUN = ("certificate", "runtime", "selection", "export", "map")
"""Sections that cannot change a cell: it is of the last phase's model, and of no exported one."""
SCRATCH, RESULTS, TIMES = Path("data/scratch"), Path("results"), Path("times")


@dataclass(frozen=True)
class Row:
    """params: dotted paths and values that differ from params.yaml; ``phases.`` names all phases

    A row of another model, which stages of its own train, names
    last: the last stage that its cells run; of a stage with `foreach`, ``stage@item``
    phases: what these stages train
    file: the JSON file that has its figures; all in place of the ablation's, where it is given
    """

    label: str
    params: dict = field(default_factory=dict)
    last: str = ""
    phases: list[str] = field(default_factory=list)
    file: str = ""


@dataclass(frozen=True)
class Figure:
    """A column of the table: the number at a dotted path of a JSON file that a stage writes.

    ``{calibration.method}`` in the path stands for a value of params.yaml.
    """

    label: str
    path: str
    file: str = "reports/metrics.json"
    digits: int = 3


@dataclass(frozen=True)
class Ablation:
    """A file of rows, such as ablation.yaml.

    name: of the file, without .yaml: results are in a folder of this name
    title: of the table; seeds: of each row; last: the last stage that a cell runs; phases: names of the phases
    given: {path that is made once, by `dvc repro`: the sections of params.yaml that decide it}; a row that changes one
        of these sections makes it anew
    figures: the table's columns; compared: those whose difference from the default is shown
    params: what all rows change, as a row's own
    seeded: {dotted path that takes the number of the seed: what is added to it}; folds of a cross-validation, from 0,
        are ``{data.reader.split.fold: -1}``
    base: params.yaml, as nested dicts
    """

    title: str
    seeds: int
    last: str
    phases: list[str]
    given: dict[str, list[str]]
    figures: dict[str, Figure]
    compared: list[str]
    rows: dict[str, Row]
    params: dict = field(default_factory=dict)
    seeded: dict[str, int] = field(default_factory=lambda: {"training.seed": 0})
    base: dict = field(default_factory=dict)
    name: str = ""

    def __post_init__(self):
        if self.seeds < 1:
            raise ValueError("seeds must be at least 1")
        if DEFAULT not in self.rows or self.rows[DEFAULT] != Row(self.rows[DEFAULT].label):
            raise ValueError(f"rows: needs one of the name {DEFAULT}, with a label alone")
        if unknown := [name for name in self.compared if name not in self.figures]:
            raise ValueError(f"compared: {unknown[0]} is not among the figures")

    def changed(self, row: str) -> set[str]:
        """The sections of params.yaml in which a row's cells differ from it."""
        paths = (*self.params, *self.rows[row].params, *(path for path in self.seeded if path != "training.seed"))
        starts = {path.split(".")[0] for path in paths}
        return (starts - {"phases"}) | (set(self.phases) if "phases" in starts else set())

    def last_of(self, row: str) -> str:
        """The last stage that a row's cells run."""
        return self.rows[row].last or self.last

    def trained_by(self, row: str) -> list[str]:
        """The names of the phases that a row's cells train."""
        return self.rows[row].phases or self.phases

    def figures_of(self, row: str) -> dict[str, Figure]:
        """The table's columns, and where a row's cells have them."""
        file = self.rows[row].file
        return {name: replace(figure, file=file or figure.file) for name, figure in self.figures.items()}

    def given_to(self, row: str) -> list[str]:
        """The paths that a row's cells read as `dvc repro` made them."""
        changed = self.changed(row)
        return [path for path, deciding in self.given.items() if not changed & set(deciding)]


@dataclass(frozen=True)
class Cell:
    row: str
    seed: int

    def __str__(self) -> str:
        return f"{self.row} seed {self.seed}"


def read_ablation(file: Path, base: Path = Path("params.yaml")) -> Ablation:
    """Raises UserError for what is wrong with either file."""
    values = read_params(file)
    if own := sorted({"base", "name"} & values.keys()):
        raise UserError(f"{file}: {own[0]}: unknown key")
    try:
        return convert(Ablation, {**values, "base": read_params(base), "name": file.stem}, "")
    except UserError as error:
        raise UserError(f"{file}: {error}") from error


def cell_params(plan: Ablation, cell: Cell, kind: type) -> dict[str, Any]:
    """The params file of a cell, as nested dicts; UserError for anything that the stage check rejects.

    kind: the recipe's dataclass of all sections
    """
    params = copy.deepcopy(plan.base)
    seeds = {path: cell.seed + more for path, more in plan.seeded.items()}
    for path, value in {**plan.params, **plan.rows[cell.row].params, **seeds}.items():
        override(params, path, value, plan.phases)
    if "selection" in params:
        params["selection"] = {"candidates": plan.phases[-1:]}
    if params.get("resampling") == asdict(Resampling()):
        del params["resampling"]  # it says nothing: cells of a file without it are the same
    params["training"]["threads"] = 1
    params["runtime"] = {**params.get("runtime", {}), "verbosity": "quiet", "device": "cpu", "devices": 1, "workers": 0}
    try:
        section(params, "", kind)
    except UserError as error:
        raise UserError(f"row {cell.row}: {error}") from error
    return params


def key(plan: Ablation, cell: Cell, kind: type) -> str:
    """Hash of all that decides a cell besides the code and what is given."""
    params = cell_params(plan, cell, kind)
    given = {name for path in plan.given_to(cell.row) for name in plan.given[path]}
    decisive = {name: value for name, value in params.items() if name not in given | set(OF_RUN)}
    own = {name: value for name in ("last", "file") if (value := getattr(plan.rows[cell.row], name))}
    text = json.dumps({**decisive, **own}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf8")).hexdigest()[:16]


def hashes_of(paths: list[str], lock: Path = Path("dvc.lock")) -> dict[str, str]:
    """{output: its hash in dvc.lock} of all outputs that are, or lie in, one of the paths.

    Raises UserError for a path that no stage has made, or that is not there.
    """
    stages: Mapping[str, Any] = yaml.safe_load(lock.read_text("utf8"))["stages"] if lock.exists() else {}
    outs = {out["path"]: str(out["md5"]) for stage in stages.values() for out in stage.get("outs", [])}
    made = {path: {out: md5 for out, md5 in outs.items() if within(out, path)} for path in paths}
    if absent := [path for path in paths if not made[path] or not Path(path).exists()]:
        raise UserError(f"{absent[0]}: is not there: run the pipeline first, with dvc repro")
    return {out: md5 for of in made.values() for out, md5 in of.items()}


def made_from(plan: Ablation, cell: Cell, kind: type) -> dict[str, Any]:
    """What a cell's file names as its origin."""
    return {"params": key(plan, cell, kind), "given": hashes_of(plan.given_to(cell.row))}


def file_of(plan: Ablation, cell: Cell, kept: Path) -> Path:
    """kept: RESULTS or TIMES"""
    return kept / plan.name / cell.row / f"{cell.seed}.json"


def result(plan: Ablation, cell: Cell, kind: type) -> dict[str, Any] | None:
    """The content of a cell's file; None without one, and if it was made from other params or other data."""
    file = file_of(plan, cell, RESULTS)
    found = read_json(file) if file.exists() else None
    return found if found and found["made_from"] == made_from(plan, cell, kind) else None


def cells(rows: list[str], seeds: int) -> Iterator[Cell]:
    """Seed by seed, so that each row has a figure early."""
    for seed in range(1, seeds + 1):
        for row in rows:
            yield Cell(row, seed)
