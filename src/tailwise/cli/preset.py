"""Apply a preset to params.yaml and say what changed: ``python -m tailwise.cli.preset NAME``.

NAME is one of presets/, or the path of a YAML file, such as the reports/config.yaml of a run.
A preset names the values that differ; comments and the order of params.yaml stay.
"""

import io
import sys
from pathlib import Path

from ruamel.yaml import YAML

from tailwise.core.errors import UserError, describe_error, escape_output, shorten, to_line
from tailwise.core.files import write_text
from tailwise.core.params.config import read_params


def apply(params: dict, preset: dict, path: str = "") -> list[str]:
    """Write the preset's values into `params`; returns a line for each that differed.

    Raises UserError for a key that params lacks.
    """
    changes = []
    for key, value in preset.items():
        dotted = f"{path}{key}"
        if key not in params:
            raise UserError(f"the preset sets {dotted}, which params.yaml does not have")
        if isinstance(value, dict) and isinstance(params[key], dict) and "kind" not in value:
            changes += apply(params[key], value, f"{dotted}.")
        elif params[key] != value:
            changes.append(f"{dotted}: {shorten(str(params[key]))} -> {shorten(str(value))}")
            params[key] = value
    return changes


def main(name: str) -> None:
    file, preset = Path("params.yaml"), Path(name if name.endswith(".yaml") else f"presets/{name}.yaml")
    if not preset.is_file():
        raise UserError(
            f"no preset {name}; there are: {', '.join(sorted(p.stem for p in Path('presets').glob('*.yaml')))}"
        )
    read_params(file)  # says what is wrong with it, and keeps what ruamel would read without a limit
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 120
    params = yaml.load(file.read_text(encoding="utf8"))
    changes = apply(params, read_params(preset))
    text = io.StringIO()
    yaml.dump(params, text)
    write_text(file, text.getvalue())
    print("\n".join(changes) or "params.yaml has these values already")


if __name__ == "__main__":
    escape_output(sys.stdout)
    try:
        main(sys.argv[1])
    except (UserError, OSError) as error:
        if (text := describe_error(error)) is None:
            raise
        sys.exit(to_line(f"preset: {text}"))
