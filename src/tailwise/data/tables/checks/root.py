"""Checks of the data root: it must be a folder whose files DVC can all track."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import kind_of
from tailwise.core.stage.folders import pipeline_folder
from tailwise.data.tables.spelling import quote

ADVICE = "put the raw files and their annotations into one, such as data/own"


def name_fault(root) -> str | None:
    """What is wrong with the value of data.root, without looking at the disk; None if nothing is."""
    if not isinstance(root, str) or not root:
        return f"must name a folder, found {quote(root)}: {ADVICE}"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", root):
        return f"must name a folder, found the URL {quote(root)}: download it, and name its folder"
    if root.startswith("~"):
        return f"must name a folder, found {quote(root)}: write the absolute path instead of ~"
    return None


UNTRACKED = (
    "which contains only what git and DVC track: before `dvc exp run` with --temp or --queue, `dvc add` the folder and"
    " `git add` the .dvc file, or set data.root in params.yaml to the folder's absolute path"
)


def check_root(root: Path) -> None:
    """Raise UserError unless the data root is a non-empty folder."""
    advice = "put the raw files and their annotations there, or set data.root in params.yaml"
    try:
        exists = root.exists()
    except OSError as error:  # a name that is too long, or a parent folder without read permission
        raise UserError(f"data.root {root}: {error.strerror}; {advice}") from error
    if not exists and (pipeline_folder() / root).exists():
        raise UserError(f"{root}: is not in this experiment's copy of the repository, {UNTRACKED}")
    if not exists:
        raise UserError(f"{root}: no such folder; {advice}")
    if not root.is_dir():
        raise UserError(f"{root}: is not a folder; {advice}")
    if not any(root.iterdir()):
        raise UserError(f"{root}: is empty; {advice}")


def check_tree(root: Path) -> None:
    """Raise UserError for anything below the data root that DVC does not track or cannot read.

    DVC 3.67 tracks a linked file, and a root that is a link, by content. It does not descend into a linked folder, so
    nothing there is tracked; it fails on a broken link and blocks on a pipe.
    """
    for entry in _below(root):
        if entry.is_symlink():
            _check_link(entry)
        elif not entry.is_file() and not entry.is_dir():
            kind = kind_of(entry.stat().st_mode)
            raise UserError(f"{entry.path}: is {kind}, not a file or folder: DVC cannot read it; remove it")


def _check_link(entry: os.DirEntry) -> None:
    target = quote(os.readlink(entry.path))
    if os.path.isdir(entry.path):
        how = "move the folder itself there, or put all data into one real folder"
        known = "tracked by `dvc add`, or named by its absolute path as data.root in params.yaml"
        unseen = "DVC does not descend into it, so changes there would go unnoticed"
        raise UserError(f"{entry.path}: is a link to the folder {target}, and {unseen}; {how}, {known}")
    if not os.path.exists(entry.path):
        raise UserError(f"{entry.path}: is a link to {target}, which does not exist: repair or remove it")
    if not os.path.isfile(entry.path):
        kind = kind_of(os.stat(entry.path).st_mode)
        raise UserError(f"{entry.path}: is a link to {kind}, {target}: DVC cannot read it; remove it")


def _below(root: Path) -> Iterator[os.DirEntry]:
    """All entries below a folder, sorted by name; does not follow links."""
    folders = [str(root)]
    while folders:
        with os.scandir(folders.pop()) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        yield from entries
        folders += [entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]
