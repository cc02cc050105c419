"""Check this machine and say what to mend: ``tailwise doctor``. Nothing is imported that may be broken."""

import argparse
import json
import math
from pathlib import Path

from tailwise.cli.doctor.accelerator import check_torch
from tailwise.cli.doctor.finding import Check, Finding, as_json, findings
from tailwise.cli.doctor.installed import check_optional, check_packages, check_python
from tailwise.cli.doctor.locks import check_locks
from tailwise.cli.doctor.machine import check_cores, check_memory, check_shared_memory
from tailwise.cli.doctor.storage import FREE_GIB, check_storage
from tailwise.cli.doctor.video import check_decoders
from tailwise.core.errors import UserError


def add_doctor(one: argparse.ArgumentParser) -> None:
    """Arguments of `doctor`."""
    one.add_argument("--json", action="store_true", dest="as_json", help="print JSON instead of lines")
    free = "free disk below which there is a warning, and below a tenth of it a problem; default: %(default)g"
    one.add_argument("--free-gib", type=float, default=FREE_GIB, metavar="X", help=free)
    one.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Print what was found. Raises UserError at the end if there is a problem."""
    if not (math.isfinite(args.free_gib) and args.free_gib >= 0):
        raise UserError(f"--free-gib must be 0 or more, found {args.free_gib:g}")
    found: list[Finding] = []
    for one in findings(checks(project(Path.cwd()), args.free_gib)):
        found.append(one)
        if not args.as_json:
            print(one, flush=True)
    if args.as_json:
        print(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    if problems := [one.check for one in found if one.status == "problem"]:
        raise UserError(f"{len(problems)} of {len(found)} checks found a problem: {', '.join(problems)}")


def checks(root: Path, free_gib: float = FREE_GIB) -> dict[str, Check]:
    """{name: check} of all, the quick ones first."""
    return {
        "python": check_python,
        "packages": lambda: check_packages(root),
        "optional packages": lambda: check_optional(root),
        "cores": check_cores,
        "memory": check_memory,
        "shared memory": check_shared_memory,
        "file locks": lambda: check_locks(root),
        "storage": lambda: check_storage(root, free_gib),
        "decoders": check_decoders,
        "torch": check_torch,
    }


def project(folder: Path) -> Path:
    """The DVC repository that contains a folder; the folder itself outside one."""
    return next((around for around in (folder, *folder.parents) if (around / ".dvc").is_dir()), folder)
