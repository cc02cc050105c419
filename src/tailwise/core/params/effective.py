"""A run's parameters as they were read, with defaults: ``tailwise config`` prints them.

The output is a preset: ``make preset NAME=reports/config.yaml`` writes it back into params.yaml.
"""

import dataclasses
import importlib
from typing import Any, cast

import yaml

from tailwise.core.params.config import read_params, section
from tailwise.core.params.typed import is_section

UNTRACKED = "runtime"
"""The section that cannot change a result, and belongs to a machine rather than to a run."""


def effective(params: Any) -> str:
    """Sections (a dataclass) as YAML, in the order of their fields, without those of the machine."""
    plain = {name: value for name, value in dataclasses.asdict(params).items() if name != UNTRACKED}
    return yaml.safe_dump(_listed(plain), sort_keys=False, allow_unicode=True, width=120)


def read_effective(recipe: str) -> str:
    """The YAML of params.yaml as the recipe reads it; raises UserError for what `check` would refuse."""
    return effective(section(read_params(), "", importlib.import_module(f"{recipe}.recipe").RECIPE.params()))


def _listed(value: Any) -> Any:
    """Tuples as lists: safe YAML has no others."""
    if is_section(value):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_listed(item) for item in cast("list[Any]", value)]
    return value
