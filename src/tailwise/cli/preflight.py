"""Look at data.root before DVC does: ``python -m tailwise.cli.preflight``, before ``dvc repro``.

DVC 3.67 puts data.root among the dependencies before any stage runs. Where it is no text it says "unexpected error",
where it is an address it asks for a plugin. And of a link to a folder it sees nothing, so that no stage would run.
"""

import sys
from pathlib import Path

from tailwise.core.errors import UserError, one_line, print_error
from tailwise.core.params.config import read_params
from tailwise.data.tables.checks.root import check_tree, name_fault


def check(file: Path = Path("params.yaml")) -> None:
    """Raise UserError if data.root can be no folder, or if DVC would not see all that is in it.

    Whether it is there is the business of the stage `check`, as a stage may make it.
    """
    data = read_params(file).get("data")
    root = data.get("root") if isinstance(data, dict) else None
    if fault := name_fault(root):
        raise UserError(f"{file}: data.root {fault}")
    if Path(root).is_dir():
        check_tree(Path(root))


def main() -> int:
    """The exit status: 1, with one line, for a person's mistake."""
    try:
        check()
    except (UserError, OSError) as error:
        if (text := one_line(error)) is None:
            raise
        print_error(text)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
