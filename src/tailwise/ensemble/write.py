"""Writes an ensemble as files, see `ensemble.file`."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tailwise.core.errors import UserError
from tailwise.core.files import write_json, write_parts
from tailwise.ensemble.file import VERSION, Entry, WeightsFile
from tailwise.ensemble.members import Member

BLOCK = 2**22
"""Bytes of a weights file in memory."""
COPY = re.compile(r"member-[0-9]+\.safetensors")
"""Names of the copies beside ensemble.json."""


def write_ensemble(path: Path, members: Sequence[Member], weights: np.ndarray, facts: Mapping[str, Any]) -> None:
    """Copy the weights of the members that count, then write ensemble.json. facts: what it has besides

    Copies of an earlier, larger ensemble are removed.
    Raises UserError for weights that are not those which DVC recorded, or that a copy would replace.
    """
    for member in members:
        _check_kept(path.parent, member)
    entries = [_entry(path.parent, place, *each) for place, each in enumerate(zip(members, weights.tolist()), 1)]
    write_json(path, {"version": VERSION, "members": [asdict(entry) for entry in entries], **facts})
    _remove_others(path.parent, {entry.weights.file for entry in entries if entry.weights})


def _check_kept(folder: Path, member: Member) -> None:
    """Raise UserError for weights in the place of a copy, also where a link leads there."""
    for place in (member.file.parent.resolve() / member.file.name, member.file.resolve()):
        if place.parent == folder.resolve() and COPY.fullmatch(place.name):
            raise UserError(f"{member.file}: its place is for copies of this ensemble: move it, or give another --out")


def _remove_others(folder: Path, names: Collection[str]) -> None:
    """Remove the copies that the ensemble does not name."""
    for file in folder.iterdir():
        if COPY.fullmatch(file.name) and file.name not in names:
            file.unlink()


def _entry(folder: Path, place: int, member: Member, weight: float) -> Entry:
    if not weight:
        return Entry(member.name, member.commit, 0.0, None)
    name = f"member-{place}.safetensors"
    sha256 = _copy(member, folder / name)
    return Entry(member.name, member.commit, weight, WeightsFile(member.path, name, sha256))


def _copy(member: Member, target: Path) -> str:
    """The sha256 of what was copied, which must be what DVC recorded."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()

    def blocks() -> Iterator[bytes]:
        with open(member.file, "rb") as file:
            while block := file.read(BLOCK):
                md5.update(block)
                sha256.update(block)
                yield block
        if member.md5 not in (None, md5.hexdigest()):
            raise UserError(
                f"{member.name}: the content of {member.path} is not what dvc.lock records: `dvc repro`, or remove the "
                "damaged file from DVC's cache and `dvc fetch`"
            )

    write_parts(target, blocks())
    return sha256.hexdigest()
