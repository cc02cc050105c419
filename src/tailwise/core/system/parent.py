"""Ties a process to its parent's lifetime. Standard library only, since stage.py imports it."""

import ctypes
import os
import signal
import sys

PARENT = "TAILWISE_PARENT"
"""Environment variable of a stage: process id of its parent, set by the shell in dvc.yaml or by `launch`."""


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when the process that started it dies (Linux).

    parent: the parent's process id, if known; if it is already dead, this process exits immediately (all systems)
    """
    if sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
    if parent not in (None, os.getppid()):
        os._exit(1)


def orphaned() -> bool:
    """Whether a process without a group of its own has a parent of another group, which cannot have started it.

    This happens if the parent died before its process id was read.
    """
    group = os.getpgrp()
    try:
        return group != os.getpid() and os.getpgid(os.getppid()) != group
    except ProcessLookupError:  # the parent is outside this container, or has just died, which the kernel signals
        return False
