"""How much more memory this process can allocate, and what becomes of what it frees."""

import ctypes
import os
import resource
from contextlib import suppress
from pathlib import Path

from tailwise.core.system.cgroups import groups, read_fields, read_number


def free_bytes(device_free: int | None = None, root: Path = Path("/")) -> int | None:
    """Bytes that this process can still allocate; None if unknown.

    device_free: free bytes of the accelerator, returned as they are. On the CPU the result is the minimum of the
    machine's available memory, what each enclosing cgroup has left, and the remaining address space (`ulimit -v`).
    """
    if device_free is not None:
        return device_free
    known = [_machine(root), *(_group(folder) for folder in groups("memory", root)), _address_space(root)]
    found = [left for left in known if left is not None]
    return max(min(found), 0) if found else None


def _machine(root: Path) -> int | None:
    with suppress(OSError, StopIteration):
        lines = (root / "proc/meminfo").read_text(encoding="utf8").splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1])
    return None


def _group(folder: Path) -> int | None:
    """A cgroup's limit minus its usage; reclaimable page cache does not count as used."""
    for limit, used, reclaimable in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        most, now = read_number(folder / limit), read_number(folder / used)
        if most is not None and now is not None:
            return most - now + min(read_fields(folder / "memory.stat").get(reclaimable, 0), now)
    return None


def _address_space(root: Path) -> int | None:
    """Bytes left under `ulimit -v`; None without a limit."""
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(OSError):
        pages = int((root / "proc/self/statm").read_text(encoding="utf8").split()[0])
        return None if most == resource.RLIM_INFINITY else most - pages * os.sysconf("SC_PAGE_SIZE")
    return None


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's mallopt(3)."""
KEPT_BYTES = 2**30


def keep_freed_memory() -> None:
    """Let this process reuse what it frees instead of handing it back to the system; no effect without glibc.

    glibc returns each large block, and a step of training asks for the same blocks again: filling their pages anew
    takes a seventh of the time of a step of a small net on a processor (bench/freed.py).
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
