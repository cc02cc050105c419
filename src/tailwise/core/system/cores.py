"""How many processor cores this process may use, and how many processes `auto` means by them."""

import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

from tailwise.core.system.cgroups import groups, read_number

Auto = Literal["auto"]

MOST_WORKERS = 8
"""Processes that load training data: beyond, reading the clip store is no longer what an epoch waits for."""


def cores(root: Path = Path("/")) -> int:
    """The least of the cores this process may run on and, rounded up, those its control groups pay for; at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    shares = [share for folder in groups("cpu", root) if (share := _quota(folder))]
    return max(min([allowed, *map(math.ceil, shares)]), 1)


def _quota(folder: Path) -> float | None:
    """Cores' worth of time that a control group has; None without a limit."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = (folder / "cpu.max").read_text(encoding="utf8").split()
        return None if quota == "max" else int(quota) / int(period)
    quota, period = (read_number(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    return quota / period if quota and period else None


def workers_beside(threads: int, of: int, processes: int = 1) -> int:
    """The cores that `threads` training threads leave over, at most MOST_WORKERS; 0 where none is left.

    processes: that train on this machine, each with so many threads and an even share of the cores
    """
    return min(max(of // processes - threads, 0), MOST_WORKERS)


def data_workers(wanted: int | Auto, threads: int) -> int:
    """`runtime.workers` as a number, which is printed where it was left to `auto`. threads: those that train

    It is that of one process; ``torchrun`` says in LOCAL_WORLD_SIZE how many a machine has.
    """
    if wanted != "auto":
        return wanted
    found, processes = cores(), int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    number = workers_beside(threads, found, processes)
    shared = f", processes: {processes}" if processes > 1 else ""
    print(f"runtime.workers: auto is {number}; cores: {found}{shared}, training.threads: {threads}", flush=True)
    return number


def decode_workers(wanted: int | Auto) -> int:
    """`runtime.decoders` as a number: every core, printed where it was left to `auto`."""
    if wanted != "auto":
        return wanted
    found = cores()
    print(f"runtime.decoders: auto is {found}, one a core", flush=True)
    return found
