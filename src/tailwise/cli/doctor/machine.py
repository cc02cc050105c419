"""Checks of processor cores, memory and shared memory."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tailwise.cli.doctor.finding import Finding
from tailwise.core.system.cores import cores
from tailwise.core.system.memory import free_bytes

GIB = 2**30
MEMORY_GIB, LEAST_MEMORY_GIB = 4.0, 1.0
"""Below the first there is a warning, below the second a problem."""
SHARED_GIB = 1.0
SHARED = Path("/dev/shm")


def check_cores(allowed: int | None = None, all_cores: int | None = None) -> Iterator[Finding]:
    """Cores that this process may use, of those of the machine."""
    allowed, all_cores = allowed or cores(), all_cores or os.cpu_count() or 1
    limit = f" of {all_cores}: a limit of the container or of the process" if allowed < all_cores else ""
    yield Finding("cores", "ok", f"{allowed}{limit}")


def check_memory(free: int | None = None) -> Iterator[Finding]:
    """Memory that can be allocated. free: bytes, by default of this machine"""
    free = free_bytes() if free is None else free
    if free is None:
        yield Finding("memory", "warning", "how much is free is unknown", "see that 4 GiB are free")
        return
    gib = free / GIB
    text = f"{gib:.1f} GiB free"
    if gib < MEMORY_GIB:
        status = "problem" if gib < LEAST_MEMORY_GIB else "warning"
        remedy = "end other programs, raise the container's limit, or lower runtime.workers and runtime.decoders"
        yield Finding("memory", status, f"{text}, less than {MEMORY_GIB:g}", remedy)
    else:
        yield Finding("memory", "ok", text)


def check_shared_memory(folder: Path = SHARED, needed_gib: float = SHARED_GIB) -> Iterator[Finding]:
    """Room for the batches that data-loading processes hand over."""
    remedy = "start the container with `--shm-size 2g`, or set runtime.workers: 0"
    if not folder.is_dir():
        yield Finding("shared memory", "warning", f"{folder} is absent", remedy)
        return
    gib = shutil.disk_usage(folder).free / GIB
    status = "ok" if gib >= needed_gib else "warning"
    less = "" if status == "ok" else f", less than {needed_gib:g}"
    yield Finding("shared memory", status, f"{gib:.1f} GiB free in {folder}{less}", "" if status == "ok" else remedy)
