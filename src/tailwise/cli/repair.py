"""Clear away what a kill left half-written: ``python -m tailwise.cli.repair``, before ``dvc repro``.

DVC 3.67 rewrites `.dvc/tmp/rwlock` and `dvc.lock` in place, and refuses to start once a kill has
cut one of them off (https://github.com/treeverse/dvc/issues/7615). Both can be done without: the
first says who is at work, and the stages that the second forgets come back from DVC's run cache.

It also keeps an index of what each state of all lock files has made, outside of the repository,
writes it in many small transactions, and never looks whether it is whole. What a killed
`dvc checkout` or `dvc status` left out, each later `dvc checkout` removes from the workspace.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import zc.lockfile
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from dvc.utils.serialize import ParseError, load_yaml
from voluptuous import Invalid

from tailwise.core.files import is_alive, remove_part


def repair(root: Path) -> list[str]:
    """Remove what is cut off in a DVC repository; returns a line for each. A DVC at work is left alone."""
    tmp, done = root / ".dvc" / "tmp", []
    for path in (tmp / "rwlock", *lockfiles(root)):
        guard, whole = (tmp / "rwlock.lock", whole_rwlock) if path.name == "rwlock" else (tmp / "lock", whole_lockfile)
        with alone(guard) as allowed:
            if allowed and path.exists() and not whole(path):
                path.unlink()
                done.append(f"{path.relative_to(root)} was cut off by a kill and is made anew")
    with alone(tmp / "lock") as allowed:
        if allowed and (index := index_of(root)) and clear_index(index):
            done.append(INDEX)
    return done + [f"{part.relative_to(root)} was left by a killed stage and is removed" for part in clear_parts(root)]


INDEX = "DVC's index was cut off by a kill and is made anew; `dvc checkout` brings back what it removed"


def lockfiles(root: Path) -> list[Path]:
    """Of the pipeline in the root and of those in folders."""
    return [root / "dvc.lock", *sorted(root.glob("pipelines/*/dvc.lock"))]


@contextmanager
def alone(guard: Path) -> Iterator[bool]:
    """Whether no DVC holds its lock; none can take it within. No lock file: DVC was never at work."""
    held = None
    with suppress(zc.lockfile.LockError):
        held = zc.lockfile.LockFile(str(guard)) if guard.exists() else None
    try:
        yield held is not None
    finally:
        if held:
            held.close()


def whole_rwlock(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf8"))
    except json.JSONDecodeError:
        return False
    return True


def whole_lockfile(path: Path) -> bool:
    """Whether DVC can read it; git's marks of a conflict are left for a person."""
    try:
        COMPILED_LOCKFILE_SCHEMA(load_yaml(path))
    except (ParseError, Invalid):
        return "<<<<<<<" in path.read_text(encoding="utf8")
    return True


def index_of(root: Path) -> Path | None:
    """DVC's index of a repository, which lies where DVC's settings say; None where DVC cannot work at all."""
    with suppress(DvcException), Repo(str(root)) as repo:
        return Path(repo.site_cache_dir) / "index" / "data" / "db.db"
    return None


CUT_OFF = """
WITH below(id, level, filled) AS (
    SELECT id, 0, 1 FROM nodes WHERE pid IS NULL
    UNION ALL
    SELECT nodes.id, level + 1, coalesce(has_value, 0) FROM nodes JOIN below ON nodes.pid = below.id
)
SELECT EXISTS (SELECT 1 FROM below WHERE level > 3 AND NOT filled) OR EXISTS (
    SELECT 1 FROM below WHERE level = 2 AND NOT EXISTS (
        SELECT 1 FROM nodes AS place JOIN nodes AS out ON out.pid = place.id WHERE place.pid = below.id
    )
)
"""
"""Whether the index is not whole. Levels: "tree", a state of the lock files, "repo" or "local", then a folder or file
each. All of these have a value in the end, folders last; and a state that nothing is below was just begun."""


def clear_index(path: Path) -> bool:
    """Empty an index that is not whole, unless a process has it open; whether that was done."""
    if not path.exists() or is_open(path):
        return False
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(path, timeout=0)) as index:
        if index.execute(CUT_OFF).fetchone()[0]:
            index.execute("DELETE FROM nodes WHERE pid IS NOT NULL")
            index.commit()
            return True
    return False


def is_open(path: Path) -> bool:
    """Whether a process that this one may ask has the file open (Linux)."""
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(entry) == str(path):
                return True
    return False


WRITTEN = ("reports", "data/models", "data/chosen", ".logs", ".resume", ".cache")
"""Folders that stages write into and DVC does not empty before."""


def clear_parts(root: Path) -> list[Path]:
    """Remove what stages wrote when they were killed, of all pipelines; writers that are alive keep theirs."""
    folders = [home / name for home in (root, *sorted(root.glob("pipelines/*"))) for name in WRITTEN]
    parts = [part for folder in folders for part in sorted(folder.rglob(".*.*"))]
    return [part for part in parts if remove_part(part, is_alive)]


def repository(folder: Path) -> Path:
    """The DVC repository around a folder, itself where there is none."""
    return next((around for around in (folder, *folder.parents) if (around / ".dvc").is_dir()), folder)


if __name__ == "__main__":
    for line in repair(repository(Path.cwd())):
        print(line)
