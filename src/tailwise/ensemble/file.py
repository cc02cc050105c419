"""Reads an ensemble: ensemble.json, and the weights of its members beside it, pinned by their hashes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import read_json, regular
from tailwise.core.params.typed import convert

VERSION = 1
LARGEST = 2**24
"""Maximum size of ensemble.json in bytes."""
MOST = 1000
"""Members of an ensemble."""


@dataclass(frozen=True)
class WeightsFile:
    """path: where the member's pipeline wrote it; file: its name beside ensemble.json; sha256: of its content"""

    path: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Entry:
    """A member in ensemble.json. weight: 1 in sum over all; weights: None for a member of weight 0

    commit: None for files that no commit has
    """

    name: str
    commit: str | None
    weight: float
    weights: WeightsFile | None

    def __post_init__(self):
        if not 0 <= self.weight <= 1 or (self.weight > 0 and self.weights is None):
            raise ValueError("weight must be from 0 to 1, and a member that has one needs weights")
        if self.weights and Path(self.weights.file).name != self.weights.file:
            raise ValueError(f"weights.file must be a name without a folder, found {self.weights.file}")


@dataclass(frozen=True)
class Part:
    """A member that predicts. path: of its weights file; weight: above 0, 1 in sum over all"""

    path: Path
    weight: float


def read_ensemble(path: Path) -> list[Part]:
    """The members that predict; UserError for a file that is none, or weights that are absent or changed."""
    entries = _entries(path)
    total = sum(entry.weight for entry in entries)
    if not total:
        raise UserError(f"{path}: no member has a weight")
    return [
        Part(_checked(path, entry.weights), entry.weight / total) for entry in entries if entry.weights and entry.weight
    ]


def _entries(path: Path) -> list[Entry]:
    try:
        if (size := regular(path).stat().st_size) > LARGEST:
            raise UserError(f"{size} bytes, it has at most {LARGEST}")
        found = read_json(path)
        if not isinstance(found, dict) or found.get("version") != VERSION:
            raise UserError(f"needs version {VERSION}: write it again with `tailwise ensemble`")
        entries = convert(tuple[Entry, ...], found.get("members"), "members")
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except RecursionError as error:
        raise UserError(f"{path}: nested too deeply") from error
    except (UserError, ValueError) as error:
        raise UserError(f"{path}: not an ensemble: {str(error).removeprefix(f'{path}: ')}") from error
    if len(entries) > MOST:
        raise UserError(f"{path}: {len(entries)} members, at most {MOST} are read")
    return list(entries)


def _checked(ensemble: Path, weights: WeightsFile) -> Path:
    path = ensemble.parent / weights.file
    try:
        with open(regular(path), "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file, but {ensemble} needs it: run `tailwise ensemble` again") from error
    if found != weights.sha256:
        raise UserError(f"{path}: is not the file that {ensemble} names by its sha256: run `tailwise ensemble` again")
    return path
