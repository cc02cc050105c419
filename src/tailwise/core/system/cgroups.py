"""Linux cgroup limits of this process, as set by a container or a cluster's job scheduler.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/. Without cgroups nothing is found.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

MOUNT = "sys/fs/cgroup"


def groups(controller: str, root: Path = Path("/")) -> Iterator[Path]:
    """Folders of this process's cgroup and its ancestors, whose limits all apply (cgroup v1 and v2).

    Inside a container its own cgroup is at the root of the mount, whatever path the kernel reports.
    """
    for line in _lines(root / "proc/self/cgroup"):
        number, controllers, path = line.split(":", 2)
        names = controllers.split(",")
        if number != "0" and controller not in names:
            continue
        tops = [root / MOUNT] if number == "0" else [root / MOUNT / name for name in {controllers, controller}]
        parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
        for top in tops:
            folders = [top.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
            yield from (folder for folder in folders if folder.is_dir())


def read_number(path: Path) -> int | None:
    """The number in a file; None if it cannot be read or means no limit ("max", -1)."""
    with suppress(OSError, ValueError):
        number = int(path.read_text(encoding="utf8"))
        return None if number < 0 else number
    return None


def read_fields(path: Path) -> dict[str, int]:
    """{name: number} of a file with one pair per line."""
    pairs = [line.split() for line in _lines(path)]
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _lines(path: Path) -> list[str]:
    with suppress(OSError):
        return path.read_text(encoding="utf8").splitlines()
    return []
