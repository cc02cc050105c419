"""params.yaml of the study: its cells, its datasets and its methods, as rows of data."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tailwise.core.errors import UserError
from tailwise.core.params.config import read_params, section

ROOT = Path(__file__).resolve().parents[3]
"""The repository: the default's params.yaml and dvc.yaml, and the shared stages."""


@dataclass(frozen=True)
class Cells:
    """seeds, ablation_seeds: number of seeds of the default and each baseline, and of each ablation
    rates: factors of the default's learning rates that the default and each baseline may take
    workers: cells that are trained at a time
    tested: methods scored on the test split
    """

    seeds: int
    ablation_seeds: int
    rates: tuple[float, ...]
    workers: int
    tested: tuple[str, ...] = ()

    def __post_init__(self):
        if min(self.seeds, self.ablation_seeds, self.workers) < 1:
            raise ValueError("seeds, ablation_seeds and workers must be at least 1")
        check_grid("rates", self.rates)


@dataclass(frozen=True)
class Dataset:
    """clips: folder of the prepared splits train and valid; index: folder with heads.json; classes: class counts

    params: dotted paths and values that differ from the default's on this dataset
    """

    recipe: str
    clips: str
    index: str
    classes: str
    params: dict


@dataclass(frozen=True)
class Method:
    """kind: "ablation" is the default with a part taken away or added
    params: dotted paths and values that differ from the default's; ``phases.`` names all three phases
    like, taus: the method whose training this one takes, and the strengths of the adjustment of its logits
    datasets: the only ones it makes sense on; all if empty
    """

    kind: Literal["default", "baseline", "ablation"]
    label: str
    params: dict = field(default_factory=dict)
    like: str = ""
    taus: tuple[float, ...] = ()
    datasets: tuple[str, ...] = ()

    def __post_init__(self):
        if bool(self.like) != bool(self.taus) or (self.like and self.params):
            raise ValueError("like needs taus, and has no params of its own")
        if self.taus:
            check_grid("taus", self.taus)


@dataclass(frozen=True)
class Settings:
    """base: the default's params, of the root's params.yaml"""

    cells: Cells
    datasets: dict[str, Dataset]
    methods: dict[str, Method]
    base: dict

    def __post_init__(self):
        if [name for name, method in self.methods.items() if method.kind == "default"] != ["default"]:
            raise ValueError("methods: exactly one has the kind default, and it is called so")
        if unknown := [name for name in self.cells.tested if name not in self.methods]:
            raise ValueError(f"cells.tested: {unknown[0]} is no method")
        for name, method in self.methods.items():
            if method.like and (method.like not in self.methods or self.methods[method.like].like):
                raise ValueError(f"methods.{name}.like: {method.like} is no method that is trained")
            if unknown := [dataset for dataset in method.datasets if dataset not in self.datasets]:
                raise ValueError(f"methods.{name}.datasets: {unknown[0]} is unknown; known: {', '.join(self.datasets)}")


def check_grid(name: str, values: tuple[float, ...]) -> None:
    if not values or len(set(values)) < len(values) or min(values) <= 0:
        raise ValueError(f"{name} must be different positive numbers")


def read_settings(file: Path = Path("params.yaml"), base: Path = ROOT / "params.yaml") -> Settings:
    """Raises UserError for what is wrong with either file."""
    params = read_params(file)
    parts = (
        section(params, "cells", Cells),
        section(params, "datasets", dict[str, Dataset]),
        section(params, "methods", dict[str, Method]),
    )
    try:
        return Settings(*parts, read_params(base))
    except ValueError as error:
        raise UserError(f"{file}: {error}") from error
