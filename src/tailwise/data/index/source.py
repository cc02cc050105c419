"""The `data` section: where the raw data is, who reads it, and what must hold of it whoever does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tailwise.core.errors import UserError
from tailwise.core.folders import pipeline_folder
from tailwise.data.index.contents import fill_content
from tailwise.data.index.leaks import Leak, find_leaks
from tailwise.data.index.rows import Index
from tailwise.data.index.soccernet import Soccernet
from tailwise.data.index.table import Table

NAMED = 5
"""Leaks that a refusal names; more would not be read."""


@dataclass(frozen=True)
class Source:
    """root: folder of raw clips and annotations
    leaks: what to do about content or a group in two splits
    reader: of the annotations
    """

    root: str
    leaks: Literal["refuse", "warn"]
    reader: Soccernet | Table

    def __post_init__(self):
        if not self.root:
            raise ValueError("root must name a folder")


@dataclass(frozen=True)
class Checked:
    """An index that can be trained on. leaks: to warn of"""

    index: Index
    leaks: list[Leak]


def read_source(source: Source) -> Checked:
    """All that is labelled; raises UserError for anything that is wrong with it."""
    root = Path(source.root)
    check_root(root)
    index = source.reader.read(root)
    check_classes(index, root)
    index, stubs = fill_content(index, root)
    leaks = find_leaks(index, stubs)
    if leaks and source.leaks == "refuse":
        raise UserError(refusal(root, leaks))
    return Checked(index, leaks)


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


def check_classes(index: Index, root: Path) -> None:
    """Raise UserError for a split without a sample, and for a class that cannot be learned."""
    for split, rows in index.rows.items():
        if not rows:
            raise UserError(f"{root}: no sample in the split {split}; each split needs one")
    for head, classes in index.heads.items():
        if len(classes) < 2:
            raise UserError(f"{root}: head {head} has the classes {list(classes)}; it needs two or more")
        where = {split: {row[head] for row in rows} for split, rows in index.rows.items()}
        for split, labels in where.items():
            if not labels - {""}:
                raise UserError(
                    f"{root}: head {head}: no sample of the split {split} has a label; label one, or leave it"
                )
        for name in classes:
            if name not in where["train"]:
                others = " and ".join(split for split in where if name in where[split]) or "no split"
                advice = "move one to train (drawn splits: by another seed), or leave the class out"
                raise UserError(f"{root}: head {head}: {name!r} has no training sample, it is in {others}; {advice}")


def refusal(root: Path, leaks: list[Leak]) -> str:
    """One line about leaks that are not to be."""
    named = "; ".join(leak.text for leak in leaks[:NAMED])
    more = f"; and {len(leaks) - NAMED} more" if len(leaks) > NAMED else ""
    how = "keep each in one split (drawn splits: by a common group)"
    advice = f"{how}, or let data.leaks: warn in params.yaml turn this into a warning"
    return f"{root}: {named}{more}: {advice}"
