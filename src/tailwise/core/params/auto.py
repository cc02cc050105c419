"""Values chosen for `auto` in a phase: written by the stage `choose`, read by later stages."""

from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.core.params.typed import is_section

AUTO = "auto"
FOLDER = Path("data/chosen")

Chosen = dict[str, float | int]
"""{dotted path below the phase: value}"""


def auto_paths(values: Any, path: str = "") -> list[str]:
    """Dotted paths of the `auto` values in nested dicts."""
    if is_section(values):
        return [found for key, item in values.items() for found in auto_paths(item, f"{path}.{key}" if path else key)]
    return [path] if values == AUTO else []


def fill_auto(values: dict[str, Any], chosen: Chosen, path: str = "") -> dict[str, Any]:
    """The nested dicts with `auto` replaced by the chosen values."""

    def fill(value: Any, here: str) -> Any:
        if is_section(value):
            return fill_auto(value, chosen, f"{here}.")
        return chosen.get(here, value) if value == AUTO else value

    return {key: fill(value, f"{path}{key}") for key, value in values.items()}


def with_chosen(params: dict[str, Any], phase: str, folder: Path = FOLDER) -> dict[str, Any]:
    """params with `auto` replaced in the section of a phase.

    The file is read only if the section has an `auto`, so pipelines without a `choose` stage need no file.
    Raises UserError if the file is missing or lacks a value.
    """
    values = params.get(phase)
    if not is_section(values) or not (wanted := auto_paths(values)):
        return params
    file = folder / f"{phase}.json"
    chosen = read_json(file)
    for path in wanted:
        if path not in chosen:
            raise UserError(f"{file} has no {path}, and {phase}.{path} is auto: run the stage choose, or set a number")
    return {**params, phase: fill_auto(values, chosen)}
