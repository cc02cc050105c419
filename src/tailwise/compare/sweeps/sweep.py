"""A sweep: rows of changed params, or a grid of them, times seeds; each with each is a DVC experiment."""

import copy
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailwise.compare.lock import ABSENT, lookup
from tailwise.compare.revision import IGNORED, PARAMS, SEED, flat
from tailwise.compare.sweeps.file import read_as
from tailwise.compare.sweeps.overrides import overrides
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params

LONGEST = 40
"""Characters of a row's label in the name of an experiment."""


@dataclass(frozen=True)
class Sweep:
    """A file such as sweeps/variants.yaml.

    title: for people; seeds: how many of each row, from first_seed; target: the last stage that is run
    rows: {label: {dotted key: value}}, the first is what the others are compared with; a section replaces the whole one
    grid: {dotted key: values} instead of rows: each value with each
    params: {dotted key: value} of all rows
    phases: names of the phases, which ``phases.`` in a key stands for
    metrics: figures that are shown first
    """

    title: str
    seeds: int
    first_seed: int = 1
    target: str = "evaluate"
    rows: dict[str, dict] = field(default_factory=dict)
    grid: dict[str, list] = field(default_factory=dict)
    params: dict = field(default_factory=dict)
    phases: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)

    def __post_init__(self):
        if self.seeds < 1:
            raise ValueError("seeds must be at least 1")
        if bool(self.rows) == bool(self.grid):
            raise ValueError("needs either rows or a grid")
        if empty := [key for key, values in self.grid.items() if not values]:
            raise ValueError(f"grid: {empty[0]} has no value")
        if SEED in {*self.params, *self.grid, *(key for row in self.rows.values() for key in row)}:
            raise ValueError(f"{SEED} is what seeds are for")

    def all_rows(self) -> dict[str, dict[str, Any]]:
        """{label: {dotted key: value}}, those of the grid named by their values."""
        if self.rows:
            return {label: {**self.params, **changes} for label, changes in self.rows.items()}
        made = (dict(zip(self.grid, values)) for values in itertools.product(*self.grid.values()))
        return {_named(changes): {**self.params, **changes} for changes in made}


@dataclass(frozen=True)
class Cell:
    """A run of a sweep. name: of its experiment, which follows from its params; words: of `dvc exp run -S`"""

    name: str
    label: str
    seed: int
    params: dict[str, Any]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.label}, seed {self.seed}"


def read_sweep(file: Path) -> Sweep:
    """Raises UserError for what is wrong with it."""
    return read_as(Sweep, file, read_params)


def cells(sweep: Sweep, base: dict[str, Any]) -> Iterator[Cell]:
    """Seed by seed, so that each row has a figure early. base: params.yaml, as nested dicts

    Raises UserError for a key that is no part of it.
    """
    rows = sweep.all_rows()
    for seed in range(sweep.first_seed, sweep.first_seed + sweep.seeds):
        for label, changes in rows.items():
            params = copy.deepcopy(base)
            for key, value in {**changes, SEED: seed}.items():
                for path in paths_of(key, sweep.phases):
                    set_value(params, path, value)
            yield Cell(_name(label, seed, params), label, seed, params, tuple(overrides(params, base)))


def set_value(params: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key whose section is there."""
    *sections, last = key.split(".")
    place = lookup(params, ".".join(sections)) if sections else params
    if place is ABSENT or not isinstance(place, dict):
        raise UserError(f"{key}: {PARAMS} has no section {'.'.join(sections)}")
    place[last] = copy.deepcopy(value)


def paths_of(key: str, phases: Sequence[str]) -> list[str]:
    """The keys that ``phases.`` in a key stands for, one for each phase."""
    first, _, rest = key.partition(".")
    return [f"{phase}.{rest}" for phase in phases] if first == "phases" and phases else [key]


def _name(label: str, seed: int, params: Mapping[str, Any]) -> str:
    """Of an experiment: a hash of all params that can change a figure, behind what a person reads."""
    decisive = {key: value for key, value in flat(params) if key.split(".")[0] not in IGNORED}
    text = json.dumps(decisive, sort_keys=True, ensure_ascii=False)
    readable = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:LONGEST].strip("-")
    return f"{readable or 'row'}-{seed}-{hashlib.sha256(text.encode('utf8')).hexdigest()[:10]}"


def _named(changes: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in changes.items())
