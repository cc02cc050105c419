"""Check that a file lock in the project's folder keeps out another process."""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tailwise.cli.doctor.finding import Finding

OTHER = """
import fcntl, sys
try:
    fcntl.flock(open(sys.argv[1], "a"), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(10)
sys.exit(11)
"""
"""The other process: exits with KEPT_OUT if the lock is held, with GOT_IT if it gets the lock."""
KEPT_OUT, GOT_IT = 10, 11
REMEDY = "move the project to a local disk, or mount the share with locks (NFS: v4, or without nolock)"


def check_locks(folder: Path, lock: Callable[[int, int], object] = fcntl.flock) -> Iterator[Finding]:
    """Whether locks exclude. lock: what takes the lock here, for tests"""
    try:
        file, name = tempfile.mkstemp(prefix=".tailwise-lock-", dir=folder)
    except OSError as error:
        yield Finding("file locks", "problem", f"{folder}: {error.strerror}", "make the project's folder writable")
        return
    try:
        fault = try_lock(file, name, lock)
    finally:
        os.close(file)
        os.unlink(name)
    if fault:
        yield Finding("file locks", "problem", f"{folder}: {fault}: two runs could overwrite each other", REMEDY)
    else:
        yield Finding("file locks", "ok", f"they exclude other processes in {folder}")


def try_lock(file: int, name: str, lock: Callable[[int, int], object]) -> str:
    """What is wrong with locks on this open file; empty if they work."""
    try:
        lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return f"a lock cannot be taken ({error.strerror})"
    if (status := _other(name)) != KEPT_OUT:
        return "locks do not exclude" if status == GOT_IT else f"another process cannot lock (exit {status})"
    fcntl.flock(file, fcntl.LOCK_UN)
    return "" if _other(name) == GOT_IT else "a lock is not released"


def _other(name: str) -> int:
    """Exit status of a process that tries the lock."""
    return subprocess.run([sys.executable, "-c", OTHER, name], capture_output=True).returncode
