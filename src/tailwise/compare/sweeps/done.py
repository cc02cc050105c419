"""Whether the experiment of a cell is there."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tailwise.compare.revision import IGNORED, SEED, Revision, flat, read_revision
from tailwise.compare.sweeps.sweep import Cell
from tailwise.core.errors import UserError


def is_done(folder: Path, cell: Cell, there: Mapping[str, Sequence[str]]) -> bool:
    """Whether the cell's experiment exists with figures of the same params. there: {name: commits}"""
    return read_done(folder, cell, there) is not None


def read_done(folder: Path, cell: Cell, there: Mapping[str, Sequence[str]]) -> Revision | None:
    """The cell's experiment; None without one. Raises UserError if it has other params, or figures of others."""
    if cell.name not in there:
        return None
    found = read_revision(folder, cell.name)
    wanted = {key: value for key, value in flat(cell.params) if key.split(".")[0] not in IGNORED}
    if {**found.params, SEED: found.seed} != wanted:
        raise UserError(f"{cell.name}: is an experiment with other params: `dvc exp remove {cell.name}` lets it run")
    return found
