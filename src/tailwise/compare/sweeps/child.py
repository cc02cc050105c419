"""DVC in a process that dies with its parent: ``python -m tailwise.compare.sweeps.child PARENT ARGUMENT...``.

The stages of this project die with DVC, so that a killed sweep leaves nothing running. DVC runs every experiment that
waits in its stash: also one that a killed process has left there, or that another process has put there just now, which
then finds none (measured, 3.67). Here it runs the one that ``--name`` names.
"""

import sys
from typing import Any

from tailwise.core.system.parent import die_with_parent


def main() -> int:
    die_with_parent(int(sys.argv[1]))
    from dvc.cli import main as dvc

    if "--name" in (arguments := sys.argv[2:]):
        run_only(arguments[arguments.index("--name") + 1])
    return dvc(arguments)


def run_only(name: str) -> None:
    """Have DVC see only experiments of this name in its stash, and before its own no older one."""
    from dvc.repo.experiments.queue.tempdir import TempDirQueue
    from dvc.repo.experiments.stash import ExpStash

    stash: Any = ExpStash
    listed, put = stash.stash_revs.fget, TempDirQueue.put

    def own(self: Any) -> dict[str, Any]:
        return {commit: entry for commit, entry in listed(self).items() if entry.name == name}

    def put_alone(self: Any, *arguments: Any, **options: Any) -> Any:
        self.stash.remove_revs(own(self.stash).values())
        return put(self, *arguments, **options)

    stash.stash_revs = property(own)
    TempDirQueue.put = put_alone


if __name__ == "__main__":
    sys.exit(main())
