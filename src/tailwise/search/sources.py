"""The code and data that trials are made from: a study keeps to those that its first trial had."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tailwise.compare.git import WORKSPACE, content, git
from tailwise.compare.lock import read_lock
from tailwise.compare.revision import METRICS
from tailwise.core.errors import UserError

SOURCES = "sources"
"""Attribute of a study: {path: hash} of code and data."""
DIGITS = 16
"""Of a hash."""


def sources_of(folder: Path) -> dict[str, str]:
    """{path: hash} of what dvc.lock records as sources of the figures; empty without a dvc.lock.

    Of files that git knows or would add: as they are now. Of others, such as raw data: as dvc.lock records them.
    """
    recorded = read_lock(content(folder, None, "dvc.lock"), WORKSPACE).sources(METRICS)
    listed = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
    known = git(folder, "--literal-pathspecs", *listed, *recorded) if recorded else ""
    files = [PurePosixPath(name) for name in sorted({*(known or "").split("\0")} - {""})]
    below = {path: [file for file in files if file.is_relative_to(path)] for path in recorded}
    return {path: _hash_of(folder, below[path]) if below[path] else md5[:DIGITS] for path, md5 in recorded.items()}


def _hash_of(folder: Path, files: Iterable[PurePosixPath]) -> str:
    """Of names and contents; a file that was removed has none."""
    digest = hashlib.sha256()
    for file in files:
        if (path := folder / file).is_file():
            digest.update(f"{file}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:DIGITS]


def keep_sources(study: Any, file: Path, now: Mapping[str, str]) -> None:
    """Note what a study's first trial is made from; UserError if later ones would be made from other code or data.

    study: of Optuna; file: of the search; now: from `sources_of`
    """
    then = study.user_attrs.get(SOURCES)
    if then == now or not now:
        return
    if then is None or not study.get_trials(deepcopy=False):
        study.set_user_attr(SOURCES, dict(now))
        return
    changed = next(path for path in [*now, *then] if now.get(path) != then.get(path))
    raise UserError(
        f"{file}: the study {study.study_name} was begun with another {changed}: `git stash` or `git checkout` brings "
        "that back, or copy the file under another name"
    )
