"""A process that does not outlive the one that started it. Standard library only, as stage.py needs it."""

import ctypes
import os
import signal
import sys

PARENT = "TAILWISE_PARENT"
"""Environment of a stage: the number of the process that starts it, as the shell in dvc.yaml or `launch` knows it."""


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when the process that started it dies (Linux).

    parent: its number, where it is known; if it has died before, this one ends at once, on every system
    """
    if sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
    if parent not in (None, os.getppid()):
        os._exit(1)


def orphaned() -> bool:
    """Whether a process without a group of its own has a parent of another group, which cannot have started it.

    It is so where the starter died before anybody could ask for its number.
    """
    group = os.getpgrp()
    try:
        return group != os.getpid() and os.getpgid(os.getppid()) != group
    except ProcessLookupError:  # the parent is outside of this container, or died just now, and the kernel has told
        return False
