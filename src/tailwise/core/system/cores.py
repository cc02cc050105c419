"""How many CPU cores this process may use, and how many worker processes `auto` starts."""

import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

from tailwise.core.system.cgroups import groups, read_number

Auto = Literal["auto"]

MOST_WORKERS = 8
"""Data-loading processes; with more, reading the clip store is no longer the bottleneck."""


def cores(root: Path = Path("/")) -> int:
    """The cores in this process's affinity mask, limited by its cgroup CPU quota (rounded up); at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shares = [share for folder in groups("cpu", root) if (share := _quota(folder))]
    return max(min([allowed, *map(math.ceil, shares)]), 1)


def _quota(folder: Path) -> float | None:
    """A cgroup's CPU quota in cores; None without a limit."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (folder / "cpu.max").read_text(encoding="utf8").split()
        return None if quota == "max" else int(quota) / int(period)
    quota, period = (read_number(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    return quota / period if quota and period else None


def spare_cores(threads: int, of: int, processes: int = 1) -> int:
    """The cores that `threads` training threads leave over, at most MOST_WORKERS; 0 where none is left.

    processes: training processes on this machine, each with `threads` threads and an equal share of the cores
    """
    return min(max(of // processes - threads, 0), MOST_WORKERS)


def data_workers(wanted: int | Auto, threads: int) -> int:
    """`runtime.workers` as a number per training process; prints the number if it is `auto`.

    threads: training threads per process. LOCAL_WORLD_SIZE, set by ``torchrun``, gives the processes per machine.
    """
    if wanted != "auto":
        return wanted
    found, processes = cores(), int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    number = spare_cores(threads, found, processes)
    shared = f", processes: {processes}" if processes > 1 else ""
    print(f"runtime.workers: auto is {number}; cores: {found}{shared}, training.threads: {threads}", flush=True)
    return number


def decode_workers(wanted: int | Auto) -> int:
    """`runtime.decoders` as a number; prints it if it is `auto`, which means all cores."""
    if wanted != "auto":
        return wanted
    found = cores()
    print(f"runtime.decoders: auto is {found}, one a core", flush=True)
    return found
