"""A run's parameters after parsing, including defaults: ``tailwise config`` prints them.

The output is a preset: ``make preset NAME=reports/config.yaml`` writes it back into params.yaml.
"""

import dataclasses
import importlib
from typing import Any, cast

import yaml

from tailwise.core.params.config import read_params, section
from tailwise.core.params.typed import is_section

UNTRACKED = "runtime"
"""The section of machine settings, which cannot change a result."""


def effective(params: Any) -> str:
    """Sections (a dataclass) as YAML, in field order, without machine settings."""
    plain = {name: value for name, value in dataclasses.asdict(params).items() if name != UNTRACKED}
    return yaml.safe_dump(_listed(plain), sort_keys=False, allow_unicode=True, width=120)


def read_effective(recipe: str) -> str:
    """params.yaml as parsed by the recipe, as YAML; raises UserError for anything that `check` rejects."""
    return effective(section(read_params(), "", importlib.import_module(f"{recipe}.recipe").RECIPE.params()))


def _listed(value: Any) -> Any:
    """Tuples as lists, since safe YAML has no tuples."""
    if is_section(value):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_listed(item) for item in cast("list[Any]", value)]
    return value
