"""Check what DVC reads of params.yaml before any stage runs: ``tailwise preflight``, before ``dvc repro``.

DVC 3.67 resolves data.root as a dependency before any stage runs. If it is no text, DVC says "unexpected error"; if it
is a URL, DVC asks for a plugin; and of a link to a folder DVC sees nothing, so that no stage would run. Of the list
export.formats it makes the stages `export`; if that is no list, it says "unexpected error", too.
"""

from pathlib import Path
from typing import Any, cast

from tailwise.core.errors import UserError
from tailwise.core.params.config import read_file
from tailwise.core.params.upgrade import COMMAND, upgrade
from tailwise.data.tables.checks.root import check_tree, name_fault


def check(file: Path = Path("params.yaml")) -> None:
    """Raise UserError if data.root can be no folder, if DVC would not see all that is in it, or for wrong formats.

    A folder that is absent is left to the stage `check`, as a stage may make it.
    """
    params = read_file(file)
    if changes := upgrade(params):  # DVC would only say that a parameter is missing
        raise UserError(f"{file}: of an earlier version ({changes[0]}): run `{COMMAND}`")
    check_formats(params, file)
    data = params.get("data")
    root = cast(Any, data.get("root") if isinstance(data, dict) else None)
    if fault := name_fault(root):
        raise UserError(f"{file}: data.root {fault}")
    if Path(root).is_dir():
        check_tree(Path(root))


def check_formats(params: dict[str, Any], file: Path) -> None:
    """Raise UserError if export.formats is no list although dvc.yaml or the params file asks for one."""
    stages, export = file.with_name("dvc.yaml"), params.get("export")
    asked = stages.is_file() and "${export.formats}" in stages.read_text("utf8")
    formats = cast(Any, export.get("formats") if isinstance(export, dict) else None)
    if (asked or "export" in params) and not isinstance(formats, list):
        raise UserError(f"{file}: export.formats must be a list, as [] or [onnx], found {formats!r}")
