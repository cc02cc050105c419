"""Clear away what a kill left half-written by DVC itself: ``python -m tailwise.mend``, before ``dvc repro``.

DVC 3.67 rewrites `.dvc/tmp/rwlock` and `dvc.lock` in place, and refuses to start once a kill has
cut one of them off (https://github.com/treeverse/dvc/issues/7615). Both can be done without: the
first says who is at work, and the stages that the second forgets come back from DVC's run cache.
"""

import json
from pathlib import Path

import zc.lockfile
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from dvc.utils.serialize import ParseError, load_yaml
from voluptuous import Invalid


def mend(root: Path) -> list[str]:
    """Remove what is cut off below the project's root; returns a line for each. A DVC at work is left alone."""
    tmp, done = root / ".dvc" / "tmp", []
    for path, guard, whole in (
        (tmp / "rwlock", tmp / "rwlock.lock", whole_rwlock),
        (root / "dvc.lock", tmp / "lock", whole_lockfile),
    ):
        if not path.exists() or not guard.exists():
            continue
        try:
            held = zc.lockfile.LockFile(str(guard))
        except zc.lockfile.LockError:
            continue
        try:
            if not whole(path):
                path.unlink()
                done.append(f"{path.relative_to(root)} was cut off by a kill and is made anew")
        finally:
            held.close()
    return done


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


if __name__ == "__main__":
    for line in mend(Path()):
        print(line)
