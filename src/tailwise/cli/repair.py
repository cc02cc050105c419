"""Remove files that a kill left truncated: ``tailwise repair``, before ``dvc repro``.

DVC 3.67 rewrites `.dvc/tmp/rwlock` and `dvc.lock` in place, and refuses to start if a kill truncated one of them
(https://github.com/treeverse/dvc/issues/7615). Neither is needed: the first lists running processes, and the stages
that the second forgets come back from DVC's run cache.

DVC also keeps an index of the outputs of each state of all lock files, outside of the repository. It writes the index
in many small transactions and never checks it. What a killed `dvc checkout` or `dvc status` left out of the index,
every later `dvc checkout` removes from the workspace.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
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
    """Remove the truncated files of a DVC repository; returns a line for each. Skips files of a running DVC."""
    tmp = root / ".dvc" / "tmp"
    checks = [(tmp / "rwlock", tmp / "rwlock.lock", is_json)]
    checks += [(path, tmp / "lock", is_lockfile) for path in lockfiles(root)]
    truncated = [path for path, lock, valid in checks if remove_invalid(path, lock, valid)]
    done = [
        f"{path.relative_to(root)} was truncated by a kill and is removed; DVC writes it again" for path in truncated
    ]
    with exclusive(tmp / "lock") as locked:
        if locked and (index := index_of(root)) and clear_index(index):
            done.append(INDEX)
    return done + [f"{part.relative_to(root)} was left by a killed stage and is removed" for part in remove_left(root)]


INDEX = "DVC's index was truncated by a kill and is emptied; `dvc checkout` brings back what it removed"


def remove_invalid(path: Path, lock: Path, valid: Callable[[Path], bool]) -> bool:
    """Remove a file that is not valid, unless DVC holds the lock; whether it was removed."""
    with exclusive(lock) as locked:
        if not locked or not path.exists() or valid(path):
            return False
        path.unlink()
        return True


def lockfiles(root: Path) -> list[Path]:
    """The dvc.lock of every pipeline: in the root and in folders."""
    return [root / "dvc.lock", *sorted(root.glob("pipelines/*/dvc.lock"))]


@contextmanager
def exclusive(lock: Path) -> Iterator[bool]:
    """Holds a lock of DVC within the block; False if DVC holds it, or if there is no lock file: DVC never ran."""
    held = None
    with suppress(zc.lockfile.LockError):
        held = zc.lockfile.LockFile(str(lock)) if lock.exists() else None
    try:
        yield held is not None
    finally:
        if held:
            held.close()


def is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf8"))
    except json.JSONDecodeError:
        return False
    return True


def is_lockfile(path: Path) -> bool:
    """Whether DVC can read the file; one with conflict markers of git counts as valid, for the user to resolve."""
    try:
        COMPILED_LOCKFILE_SCHEMA(load_yaml(path))
    except (ParseError, Invalid):
        return "<<<<<<<" in path.read_text(encoding="utf8")
    return True


def index_of(root: Path) -> Path | None:
    """The file of DVC's index, at the path from DVC's settings; None if DVC cannot open the repository."""
    with suppress(DvcException), Repo(str(root)) as repo:
        return Path(repo.site_cache_dir) / "index" / "data" / "db.db"
    return None


TRUNCATED = """
WITH below(id, level, filled) AS (
    SELECT id, 0, 1 FROM nodes WHERE pid IS NULL
    UNION ALL
    SELECT nodes.id, level + 1, coalesce(has_value, 0) FROM nodes JOIN below ON nodes.pid = below.id
)
SELECT EXISTS (SELECT 1 FROM below WHERE level > 3 AND NOT filled) OR EXISTS (
    SELECT 1 FROM below WHERE level = 2 AND NOT EXISTS (
        SELECT 1 FROM nodes AS storage JOIN nodes AS out ON out.pid = storage.id WHERE storage.pid = below.id
    )
)
"""
"""SQL: whether the index is incomplete. Levels: "tree", a state of the lock files, "repo" or "local", then folders and
files. In a complete index each of those has a value, folders get theirs last, and every state has children."""


def clear_index(path: Path) -> bool:
    """Empty an incomplete index, unless a process has it open; whether it was emptied."""
    if not path.exists() or is_open(path):
        return False
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(path, timeout=0)) as index:
        if index.execute(TRUNCATED).fetchone()[0]:
            index.execute("DELETE FROM nodes WHERE pid IS NOT NULL")
            index.commit()
            return True
    return False


def is_open(path: Path) -> bool:
    """Whether a process that this one may inspect has the file open (Linux)."""
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(entry) == str(path):
                return True
    return False


WRITTEN = ("reports", "data/models", "data/chosen", ".logs", ".resume", ".cache")
"""Folders that stages write into and that DVC does not empty first."""


def remove_left(root: Path) -> list[Path]:
    """Remove the temporary files of killed stages, of all pipelines; those of running processes stay."""
    folders = [home / name for home in (root, *sorted(root.glob("pipelines/*"))) for name in WRITTEN]
    parts = [part for folder in folders for part in sorted(folder.rglob(".*.*"))]
    return [part for part in parts if remove_part(part, is_alive)]


def repository(folder: Path) -> Path:
    """The DVC repository that contains a folder; the folder itself outside one."""
    return next((around for around in (folder, *folder.parents) if (around / ".dvc").is_dir()), folder)
