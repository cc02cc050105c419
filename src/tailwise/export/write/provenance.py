"""Where a weights file comes from, as the dvc.lock of its pipeline proves: by its MD5, never by its name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tailwise.core.errors import UserError
from tailwise.core.files import read_json
from tailwise.core.params.typed import is_section

LOCK = "dvc.lock"
CERTIFICATE = "certificate.json"
LARGEST_LOCK = 2**25
"""Bytes."""
DERIVED = ("chosen", "epochs", "models", "teachers", "weights")
"""Folders of data/ with what stages derive from the data and params: not named as training data."""


@dataclass(frozen=True)
class Origin:
    """stage: that wrote the weights; data: {path: MD5} of the prepared splits and the index that this stage read
    all are empty where it is not known
    certificate: the targets of the certificate of these weights, and what became of them
    """

    stage: str = ""
    data: dict[str, str] = field(default_factory=dict[str, str])
    certificate: dict[str, Any] = field(default_factory=dict[str, Any])


def find_origin(weights: Path, lock: Path | None = None) -> Origin:
    """What the dvc.lock in a folder above the weights says of this very file; UserError for a `lock` that is wrong.

    lock: another file; with it UserError where it does not have these weights
    """
    place = lock or next((folder / LOCK for folder in weights.absolute().parents if (folder / LOCK).is_file()), None)
    if place is None:
        return Origin()
    stages, digest = read_stages(place), md5(weights)
    name = next((name for name, stage in stages.items() if made(stage, digest)), None)
    if name is None:
        if lock is not None:
            raise UserError(f"{lock}: has no stage that wrote {weights}: give the dvc.lock of its run")
        return Origin()
    data = {path: of for path, of in entries(stages[name], "deps").items() if is_data(path)}
    return Origin(name, data, certificate_of(stages, digest, place.parent))


def read_stages(path: Path) -> dict[str, Any]:
    """{stage: what it read and wrote}; UserError for a file that is no dvc.lock."""
    import yaml

    try:
        if path.stat().st_size > LARGEST_LOCK:
            raise UserError(f"{path}: too large for a dvc.lock")
        found = yaml.load(path.read_text("utf8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: not a dvc.lock of DVC: {str(error).splitlines()[0]}") from error
    stages = found.get("stages") if is_section(found) else None
    if not is_section(stages):
        raise UserError(f"{path}: not a dvc.lock of DVC: it has no stages")
    return stages


def entries(stage: Any, kind: str) -> dict[str, str]:
    """{path: MD5} of what a stage read (deps) or wrote (outs)."""
    listed = stage.get(kind) if is_section(stage) else None
    return dict(_entries(listed if isinstance(listed, list) else []))


def _entries(listed: list[Any]) -> Iterator[tuple[str, str]]:
    for each in listed:
        if is_section(each) and isinstance(each.get("path"), str) and isinstance(each.get("md5"), str):
            yield each["path"], each["md5"]


def made(stage: Any, digest: str) -> bool:
    """Whether a stage wrote the file, and is none that copied it, as select_model does."""
    return digest in entries(stage, "outs").values() and digest not in entries(stage, "deps").values()


def is_data(path: str) -> bool:
    """Whether a path below a pipeline's folder is of its data, not of code, requirements, reports or DERIVED."""
    first, *rest = Path(path).parts
    return first == "data" and rest[:1] != [] and rest[0] not in DERIVED


def certificate_of(stages: dict[str, Any], digest: str, folder: Path) -> dict[str, Any]:
    """{"file", "verdicts", "targets"} of the certificate that a stage wrote from these weights; {} without one."""
    for stage in stages.values():
        if digest not in entries(stage, "deps").values():
            continue
        for path, of in entries(stage, "outs").items():
            if Path(path).name == CERTIFICATE and (folder / path).is_file() and md5(folder / path) == of:
                return figures_of(folder / path)
    return {}


def figures_of(path: Path) -> dict[str, Any]:
    """The verdicts and targets of a certificate; UserError for another file."""
    found = read_json(path)
    if not is_section(found) or not is_section(found.get("verdicts")) or not isinstance(found.get("targets"), list):
        raise UserError(f"{path}: no certificate of the stage certify")
    return {"verdicts": found["verdicts"], "targets": found["targets"]}


def md5(path: Path) -> str:
    """As DVC has it, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
