"""Check what DVC reads of params.yaml before any stage runs: ``tailwise preflight``, before ``dvc repro``.

DVC 3.67 resolves data.root as a dependency before any stage runs. If it is no text, DVC says "unexpected error"; if it
is a URL, DVC asks for a plugin; and of a link to a folder DVC sees nothing, so that no stage would run. It makes
a stage for each item of LOOPS; if one is of another type, it says "unexpected error", too.
"""

import re
from pathlib import Path
from typing import Any, cast

from tailwise.compare.lock import ABSENT, lookup
from tailwise.core.errors import UserError
from tailwise.core.params.config import read_file
from tailwise.core.params.upgrade import COMMAND, upgrade
from tailwise.data.tables.checks.root import check_tree, name_fault

LOOPS = {
    ("export", "formats"): (list, "a list, as [] or [onnx]"),
    ("distillation", "teachers"): (dict, "a mapping, as {} or {large: teachers/large.safetensors}"),
}
"""{(section, key) that a stage of dvc.yaml loops over: (its type, the type in words)}"""
OF_A_LOOP = ("item", "key")
"""What dvc.yaml calls the items of a loop."""


def check(file: Path = Path("params.yaml")) -> None:
    """Raise UserError if data.root can be no folder, if DVC would not see all that is in it, or for a wrong loop.

    A folder that is absent is left to the stage `check`, as a stage may make it.
    """
    params = read_file(file)
    if changes := upgrade(params):  # DVC would only say that a parameter is missing
        raise UserError(f"{file}: of an earlier version ({changes[0]}): run `{COMMAND}`")
    check_loops(params, file)
    check_keys(params, file)
    data = params.get("data")
    root = cast(Any, data.get("root") if isinstance(data, dict) else None)
    if fault := name_fault(root):
        raise UserError(f"{file}: data.root {fault}")
    if Path(root).is_dir():
        check_tree(Path(root))


def check_loops(params: dict[str, Any], file: Path) -> None:
    """Raise UserError for a key of LOOPS of another type, if dvc.yaml or the params file asks for it."""
    stages = file.with_name("dvc.yaml")
    text = stages.read_text("utf8") if stages.is_file() else ""
    for (section, key), (kind, wanted) in LOOPS.items():
        values = params.get(section)
        found = cast(Any, values.get(key) if isinstance(values, dict) else None)
        if (f"${{{section}.{key}}}" in text or section in params) and not isinstance(found, kind):
            raise UserError(f"{file}: {section}.{key} must be {wanted}, found {found!r}")


def check_keys(params: dict[str, Any], file: Path) -> None:
    """Raise UserError for a key of a section that dvc.yaml reads and the params file lacks."""
    stages = file.with_name("dvc.yaml")
    for key in re.findall(r"\$\{(\w+(?:\.\w+)+)\}", stages.read_text("utf8") if stages.is_file() else ""):
        if key.partition(".")[0] not in OF_A_LOOP and lookup(params, key) is ABSENT:
            raise UserError(
                f"{file}: has no {key}, which dvc.yaml reads: add it, CHANGELOG.md names the keys of a version"
            )
