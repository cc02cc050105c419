"""The params of a cell: the default's with the values of its dataset and its method, its rate and its seed."""

import copy
import dataclasses
from typing import Any, get_type_hints

from pictures.recipe import RECIPE as PICTURES
from study.settings import Dataset, Method
from tailwise.ablation.override import override
from tailwise.core.errors import UserError
from tailwise.core.params.auto import auto_paths
from tailwise.core.params.config import section
from tailwise.recipes.fouls.recipe import RECIPE as FOULS
from tailwise.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {"pictures": PICTURES, "tailwise.recipes.fouls": FOULS}
"""{package: recipe}, named here so that the imports tell what the tables depend on."""

PHASES = ("phase1", "phase2", "phase3")
OF_DATA = {"data", "demo", "window", "decode"}
"""Sections that decide the data, whose contents have a hash of their own."""
OF_RUN = {"certificate", "runtime", "selection", "resampling", "calibration", "export", "map"}
"""Sections that cannot change a cell: it is of the last phase's model, and of no exported one."""


def cell_params(base: dict, dataset: Dataset, method: Method, rate: float, seed: int) -> dict[str, Any]:
    """The params file of a cell, as nested dicts; what the dataset's recipe lacks of `base` is left out.

    rate: factor of the learning rates
    """
    known = get_type_hints(params_class(dataset.recipe))
    params = copy.deepcopy(base)
    for phase in PHASES:
        of_phase = {field.name for field in dataclasses.fields(known[phase])}
        params[phase] = {name: value for name, value in params[phase].items() if name in of_phase}
    for name in ("model", "augment"):
        if name in dataset.params:
            del params[name]  # another model has other options
    for path, value in [*dataset.params.items(), *method.params.items()]:
        override(params, path, value, PHASES)
    for phase in PHASES:
        params[phase]["train"]["lr"] = scaled(params[phase]["train"]["lr"], rate, phase)
    params["selection"] = {"candidates": [PHASES[-1]]}
    params["training"].update(seed=seed, threads=1)
    params["runtime"].update(verbosity="quiet", device="cpu", devices=1, workers=0)
    return {name: value for name, value in params.items() if name in known}


def scaled(lr: Any, rate: float, phase: str) -> float:
    if not isinstance(lr, (int, float)):
        raise UserError(f"{phase}.train.lr is {lr}: the study multiplies it, so it needs a number")
    return float(f"{lr * rate:.6g}")


def parse(params: dict[str, Any], recipe: str) -> Any:
    """The params as the recipe reads them; raises UserError for anything that `check` rejects, and for `auto`."""
    if left := [f"{phase}.{path}" for phase in PHASES for path in auto_paths(params[phase])]:
        raise UserError(f"{left[0]} is auto: the study needs a number")
    return section(params, "", params_class(recipe))


def params_class(name: str) -> type:
    """The dataclass of a recipe's params; UserError for another recipe than those of RECIPES."""
    if (recipe := RECIPES.get(name)) is None:
        raise UserError(f"recipe {name} is unknown; known: {', '.join(RECIPES)}")
    return recipe.params()


def decisive(parsed: Any) -> dict[str, Any]:
    """What decides a cell besides data and code: all options that differ from their defaults.

    So an option or a section that a later version adds, at its defaults, changes no key.
    """
    wanted = [field.name for field in dataclasses.fields(parsed) if field.name not in OF_DATA | OF_RUN]
    found = {name: changed(getattr(parsed, name)) for name in wanted}
    return {name: section for name, section in found.items() if section}


def changed(value: Any) -> Any:
    """A dataclass as nested plain values, without the fields that have their default."""
    if dataclasses.is_dataclass(value):
        fields = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {field.name: changed(item) for field, item in fields if item != default(field)}
    if isinstance(value, dict):
        return {key: changed(item) for key, item in value.items()}
    return [changed(item) for item in value] if isinstance(value, (list, tuple)) else value


def default(field: dataclasses.Field) -> Any:
    """A field's default; MISSING, which equals nothing else, without one."""
    made = field.default_factory
    return field.default if made is dataclasses.MISSING else made()


def difference(own: Any, other: Any, path: str = "") -> dict[str, Any]:
    """{dotted path: value in `own`} where nested plain values differ; None for what `own` lacks.

    Values of different kinds differ as a whole.
    """
    if not (isinstance(own, dict) and isinstance(other, dict)) or own.get("kind") != other.get("kind"):
        return {} if own == other else {path: own}
    found: dict[str, Any] = {}
    for key in [*own, *(key for key in other if key not in own)]:
        found |= difference(own.get(key), other.get(key), f"{path}.{key}" if path else key)
    return found
