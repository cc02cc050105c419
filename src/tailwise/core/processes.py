"""Processes that do not outlive the one that started them."""

import ctypes
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item, Result = TypeVar("Item"), TypeVar("Result")


def die_with_parent() -> None:
    """Have the kernel kill this process when the process that started it dies (Linux)."""
    if sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def map_in_processes(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> list[Result]:
    """[work(item) ...] in order, in `workers` processes; in this one if there is one.

    A worker left behind by a killed stage would go on writing beside the next run's workers.
    """
    if workers <= 1:
        return list(map(work, items))
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=die_with_parent) as pool:
        return list(pool.map(work, items))
