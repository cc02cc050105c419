"""Checks of the data root: a folder all of whose files DVC can record."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import kind_of
from tailwise.core.stage.folders import pipeline_folder
from tailwise.data.tables.spelling import quote

ADVICE = "put the clips and their annotations into one, as data/own"


def name_fault(root) -> str | None:
    """What is wrong with the value of data.root, whatever is on disk; None if nothing is."""
    if not isinstance(root, str) or not root:
        return f"must name a folder, found {quote(root)}: {ADVICE}"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", root):
        return f"must name a folder of this machine, found the address {quote(root)}: download it, and name its folder"
    if root.startswith("~"):
        return f"must name a folder, found {quote(root)}: write the home folder's own path instead of ~"
    return None


UNTRACKED = (
    "which has what git and DVC track alone: before `dvc exp run` with --temp or --queue, `dvc add` the folder and"
    " `git add` the .dvc file, or set data.root in params.yaml to the folder's absolute path"
)


def check_root(root: Path) -> None:
    """Raise UserError unless the data root is a folder with something in it."""
    advice = "put the clips and their annotations there, or set data.root in params.yaml"
    try:
        exists = root.exists()
    except OSError as error:  # a name that is too long, a folder above that may not be read
        raise UserError(f"data.root {root}: {error.strerror}; {advice}") from error
    if not exists and (pipeline_folder() / root).exists():
        raise UserError(f"{root}: is not in this experiment's copy of the repository, {UNTRACKED}")
    if not exists:
        raise UserError(f"{root}: no such folder; {advice}")
    if not root.is_dir():
        raise UserError(f"{root}: is no folder; {advice}")
    if not any(root.iterdir()):
        raise UserError(f"{root}: is empty; {advice}")


def check_tree(root: Path) -> None:
    """Raise UserError for what lies below the data root and DVC does not see, or cannot read.

    DVC 3.67 records a file behind a link, and a root that is one, by its content. It does not go into a folder behind a
    link, so that nothing there is recorded; it fails at a link to nothing, and waits at a pipe.
    """
    for entry in _below(root):
        if entry.is_symlink():
            _check_link(entry)
        elif not entry.is_file() and not entry.is_dir():
            kind = kind_of(entry.stat().st_mode)
            raise UserError(f"{entry.path}: is {kind}, no file and no folder: DVC cannot read it; take it away")


def _check_link(entry: os.DirEntry) -> None:
    target = quote(os.readlink(entry.path))
    if os.path.isdir(entry.path):
        how = "move the folder itself there, or gather the data in one real folder"
        known = "known to DVC by `dvc add`, or by its absolute path as data.root in params.yaml"
        unseen = "DVC does not look into it, so that changes there would go unnoticed"
        raise UserError(f"{entry.path}: is a link to the folder {target}, and {unseen}; {how}, {known}")
    if not os.path.exists(entry.path):
        raise UserError(f"{entry.path}: is a link to {target}, where nothing is: repair it or take it away")
    if not os.path.isfile(entry.path):
        kind = kind_of(os.stat(entry.path).st_mode)
        raise UserError(f"{entry.path}: is a link to {kind}, {target}: DVC cannot read it; take it away")


def _below(root: Path) -> Iterator[os.DirEntry]:
    """All that lies below a folder, in order; links are not followed."""
    folders = [str(root)]
    while folders:
        with os.scandir(folders.pop()) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        yield from entries
        folders += [entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]
