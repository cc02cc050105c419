"""Checks of disks: free space, writable folders, and how DVC links files from its cache."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tailwise.cli.doctor.child import Failure, ask
from tailwise.cli.doctor.finding import Finding

GIB = 2**30
FREE_GIB = 5.0
"""Below this much free disk there is a warning, below a tenth of it a problem."""
FEW_FILES = 10_000
WRITTEN = (".", ".dvc", ".dvc/tmp", ".resume", ".cache", ".logs", "data", "reports")
"""Folders of the project that stages and DVC write into; those that are absent are made when needed."""


def check_storage(
    root: Path, free_gib: float = FREE_GIB, probe: Callable[..., dict[str, Any]] = ask
) -> Iterator[Finding]:
    """All checks of disks. root: the project's folder"""
    folders = {"the project": root, "temporary files": Path(tempfile.gettempdir())}
    writable = [*(root / name for name in WRITTEN), folders["temporary files"]]
    try:
        dvc = probe("dvc", str(root))
    except Failure as error:
        yield Finding("dvc", "problem", f"cannot open {root}: {error}", "mend what the message names; see `dvc doctor`")
    else:
        folders["DVC's cache"] = Path(dvc["cache"])
        writable += [Path(dvc["cache"]), Path(dvc["index"])]
        yield link_type(dvc)
    for name, folder in folders.items():
        yield from check_disk(name, folder, free_gib)
    yield from check_writable(writable)


def check_disk(name: str, folder: Path, free_gib: float = FREE_GIB) -> Iterator[Finding]:
    """Free space and free inodes of the disk of a folder that need not exist yet."""
    check, there = f"disk of {name}", existing(folder)
    free = shutil.disk_usage(there).free / GIB
    text = f"{free:.1f} GiB free in {there}"
    if free < free_gib:
        status = "problem" if free < free_gib / 10 else "warning"
        yield Finding(check, status, f"{text}, less than {free_gib:g}", f"{ROOM} or use another disk")
    else:
        yield Finding(check, "ok", text)
    found = os.statvfs(there)
    if found.f_files and found.f_favail < FEW_FILES:
        yield Finding(check, "warning", f"{found.f_favail} more files fit in {there}", f"{ROOM}, see df -i")


ROOM = "free some space (`dvc gc --workspace`, `make clean-cache`)"


def existing(folder: Path) -> Path:
    """The folder, or the next one above it that exists."""
    return next(each for each in (folder, *folder.absolute().parents) if each.is_dir())


def check_writable(folders: list[Path]) -> Iterator[Finding]:
    """Whether files can be written into those folders that exist, by writing one: modes do not stop root."""
    faults = [(folder, fault) for folder in folders if folder.is_dir() and (fault := write_fault(folder))]
    for folder, fault in faults:
        yield Finding("writable folders", "problem", f"{folder}: {fault}", f"see `ls -ld {folder}` and `mount`")
    if not faults:
        yield Finding("writable folders", "ok", "the project, DVC's folders and temporary files")


def write_fault(folder: Path) -> str:
    """Why no file can be written there; empty if it can."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def link_type(dvc: dict[str, Any]) -> Finding:
    """What DVC does to put a file of its cache into the project. dvc: of `probe.dvc`"""
    configured = ", ".join(dvc["types"])
    if not dvc["works"]:
        remedy = "run `dvc config cache.type hardlink,symlink,copy`"
        return Finding("dvc link type", "problem", f"none of {configured} works from {dvc['cache']}", remedy)
    if (used := dvc["works"][0]) == "copy":
        text = f"copy (of {configured}): every output is on disk twice"
        return Finding("dvc link type", "warning", text, "have cache and project on one disk: `dvc cache dir PATH`")
    return Finding("dvc link type", "ok", f"{used} (of {configured})")
