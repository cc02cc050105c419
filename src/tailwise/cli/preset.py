"""Write a preset's values into params.yaml and print what changed: ``tailwise preset NAME``.

NAME is one of presets/, or the path of a YAML file, such as the reports/config.yaml of a run.
A preset names the values that differ; comments and the order of params.yaml stay. A choice among kinds is replaced as a
whole, and so is a table of targets by dotted name. ``tailwise preset --upgrade`` renames keys of the last version.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import TypeGuard

from ruamel.yaml import YAML

from tailwise.core.errors import UserError, shorten
from tailwise.core.files import write_text
from tailwise.core.params.config import read_file, read_params
from tailwise.core.params.upgrade import upgrade


def apply(params: dict, preset: dict, path: str = "") -> list[str]:
    """Write the preset's values into `params`; returns a line for each that differed.

    Raises UserError for a key that params lacks.
    """
    changes = []
    for key, value in preset.items():
        dotted = f"{path}{key}"
        if key not in params:
            raise UserError(f"the preset sets {dotted}, which params.yaml does not have")
        if is_section(value) and is_section(params[key]) and "kind" not in value:
            changes += apply(params[key], value, f"{dotted}.")
        elif params[key] != value:
            changes.append(f"{dotted}: {shorten(str(params[key]))} -> {shorten(str(value))}")
            params[key] = value
    return changes


def is_section(value: object) -> TypeGuard[dict]:
    """Whether keys are params, not dotted names of figures, as of targets."""
    return isinstance(value, dict) and not any("." in str(key) for key in value)


def main(name: str) -> None:
    preset = Path(name if name.endswith(".yaml") else f"presets/{name}.yaml")
    if not preset.is_file():
        raise UserError(
            f"no preset {name}; there are: {', '.join(sorted(p.stem for p in Path('presets').glob('*.yaml')))}"
        )
    rewrite(lambda params: upgrade(params) + apply(params, read_params(preset)))


def rewrite(change: Callable[[dict], list[str]], file: Path = Path("params.yaml")) -> None:
    """Change params.yaml, keeping comments and order, and print the lines that `change` returns."""
    read_file(file)  # refuses what is wrong with it, and what ruamel would read without a limit
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 120
    params, text = yaml.load(file.read_text(encoding="utf8")), io.StringIO()
    changes = change(params)
    yaml.dump(params, text)
    write_text(file, text.getvalue())
    print("\n".join(changes) or f"{file} has these values already")
