"""The stages of a dvc.yaml, with one for each item of the lists that params.yaml gives."""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, cast

import yaml

from tailwise.core.errors import UserError

TEMPLATE = re.compile(r"\$\{([\w.]+)\}")
RUN = "${run} "
"""How a command begins: DVC puts the launcher there, cells have their own."""


def read_stages(file: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """{name: stage} of a dvc.yaml. A stage with `foreach` is ``name@item`` for each item of its list, one with `matrix`
    ``name@a-b`` for each combination, as DVC names them; of an empty list there is none.

    values: what the templates refer to, the sections of params.yaml among them
    """
    stages: dict[str, Any] = {}
    for name, stage in yaml.safe_load(file.read_text("utf8"))["stages"].items():
        stages |= dict(_expanded(name, stage, values))
    return stages


def _expanded(name: str, stage: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if "foreach" in stage:
        for item in _filled(stage["foreach"], values):
            yield f"{name}@{item}", _filled(stage["do"], {**values, "item": item})
    elif "matrix" in stage:
        axes = {axis: _filled(items, values) for axis, items in stage["matrix"].items()}
        for chosen in product(*axes.values()):
            yield f"{name}@{'-'.join(map(str, chosen))}", _filled(stage, {**values, "item": dict(zip(axes, chosen))})
    else:
        yield name, _filled(stage, values)


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    """With the values of its templates; a text that is one template becomes the value itself, such as a list."""
    if isinstance(value, Mapping):
        section = cast("Mapping[str, Any]", value)
        return {_filled(name, values): _filled(inner, values) for name, inner in section.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in cast("list[Any]", value)]
    if not isinstance(value, str):
        return value
    if found := TEMPLATE.fullmatch(value):
        return value_at(values, found[1])
    return TEMPLATE.sub(lambda found: str(value_at(values, found[1])), value.removeprefix(RUN))


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; UserError where there is none."""
    place: Any = values
    for name in path.split("."):
        if not isinstance(place, Mapping) or name not in place:
            raise UserError(f"{{{path}}} is no key of params.yaml")
        place = cast("Mapping[str, Any]", place)[name]
    return place
