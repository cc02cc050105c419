"""Worker processes that exit when the process that started them dies."""

import errno
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, resource_tracker
from typing import TypeVar

from tailwise.core.errors import UserError
from tailwise.core.system.parent import die_with_parent

Item = TypeVar("Item")
Result = TypeVar("Result")


def init_worker(parent: int) -> None:
    """Have a worker die with its parent, by the parent's process id, and ignore Ctrl-C: the parent handles it."""
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def block_sigint() -> Generator[None]:
    """Blocks SIGINT for processes started in the block, even before `init_worker`; defers it for this process.

    Starts multiprocessing's resource tracker first, since that start unblocks SIGINT. Replaces the handler as well as
    the mask, since another thread may receive the signal; only the main thread may set a handler.
    """
    resource_tracker.ensure_running()
    received: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, frame: received.append(number)) if main else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if main:
            signal.signal(signal.SIGINT, handler)
    if received:
        raise KeyboardInterrupt


def map_in_processes(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yields work(item) in order, computed by `workers` processes, or by this one where workers is 1.

    Workers die with this process: otherwise a killed stage's workers would keep writing during the next run.
    """
    if workers <= 1:
        yield from map(work, items)
        return
    with shared_memory():
        pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=init_worker, initargs=(os.getpid(),))
    try:
        with block_sigint():  # the pool starts all workers at its first item
            results = pool.map(work, items)
        yield from results
    except BrokenProcessPool as error:
        raise WorkerLost("a worker process was lost: killed, crashed or out of memory") from error
    finally:
        pool.shutdown(cancel_futures=True)


class WorkerLost(UserError, RuntimeError):
    """A worker process died, and retrying in another would fail too."""


@contextmanager
def shared_memory() -> Generator[None]:
    """Adds /dev/shm to the error raised when shared memory is full, which has no file name."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, "/dev/shm") from error
