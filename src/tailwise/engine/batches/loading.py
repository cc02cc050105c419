"""Batches, loaded by this process or by workers that may be lost."""

# torch exposes the loader's workers only through a private class.
# pyright: reportPrivateUsage=false

import itertools
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from torch.utils.data import DataLoader, get_worker_info
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from tailwise.core.batch import Batch
from tailwise.core.errors import UserError
from tailwise.core.stage.events import Events
from tailwise.core.system.parent import die_with_parent
from tailwise.core.system.processes import shared_memory
from tailwise.engine.batches.memory import catch_oom
from tailwise.engine.contract.task import Samples

DEAD, RAISED = ("exited unexpectedly", "is killed by signal"), "in DataLoader worker process"
"""Starts of torch's messages for a dead worker and for an exception raised in a worker."""

WHERE = "in a container, shared memory, too: docker run --shm-size"
SHORT = f"out of memory while samples were loaded ({WHERE}): lower training.batch_size or runtime.workers"

_MultiProcessingDataLoaderIter._shutdown = True  # pyright: ignore[reportAttributeAccessIssue]
"""A default for iterators whose construction failed: torch sets it last, and its `__del__` would print a traceback."""

MOST = 3
"""How often workers may be lost at the same batch before loading fails."""


def load_steps(
    dataset: Samples, steps: Sequence[list[list[int]]], workers: int, events: Events | None = None
) -> Iterator[list[Batch]]:
    """The micro-batches of each optimizer step; worker processes are kept for all of them.

    Raises UserError if memory runs out: a step is fully loaded before it is computed.
    """
    batches = load_batches(dataset, list(itertools.chain.from_iterable(steps)), workers, events)
    for step in steps:
        loaded = catch_oom(partial(list[Batch], itertools.islice(batches, len(step))))
        if loaded is None:
            raise UserError(SHORT)
        yield loaded


def load_batches(
    dataset: Samples, lists: Sequence[list[int]], workers: int, events: Events | None = None
) -> Iterator[Batch]:
    """Batches in the order of `lists`, independent of the number of workers.

    If a worker is lost, new ones restart at the pending batch; raises UserError if that fails repeatedly.
    """
    done, lost, batches = 0, 0, None
    while done < len(lists):
        try:
            batches = batches or begin(dataset, lists[done:], workers)
            batch = next(batches)
        except Exception as error:
            if not (workers and is_loss(error)):
                raise
            batches, lost = None, lost + 1
            log_lost_worker(lost, events or Events())
        else:
            yield batch
            del batch
            done, lost = done + 1, 0


def is_loss(error: Exception) -> bool:
    """Whether an error means that a worker died, possibly while it was sending a batch."""
    text = str(error)
    gone = isinstance(error, RuntimeError) and any(words in text for words in DEAD)
    return RAISED not in text and (gone or isinstance(error, (ConnectionError, EOFError)))


def log_lost_worker(times: int, events: Events) -> None:
    if times == MOST:
        raise UserError(
            f"data workers were lost {times} times at the same batch, killed or out of memory ({WHERE}): lower"
            " runtime.workers, 0 needs none"
        )
    events.log("lost worker", "a data worker was lost: new ones restart at the pending batch")


def begin(dataset: Samples, lists: Sequence[list[int]], workers: int) -> Iterator[Batch]:
    """Batches until a worker is lost, which torch reports within 5 s, when its batch is asked for."""
    start = "fork" if workers and sys.platform == "linux" else None  # makes this process their parent
    how: dict[str, Any] = {
        "collate_fn": partial(collated, dataset),
        "num_workers": workers,
        "multiprocessing_context": start,
    }
    with keep_sigchld_handler(), shared_memory():
        return iter(
            DataLoader(
                cast(Any, dataset), batch_sampler=lists, worker_init_fn=partial(_init_worker, os.getpid()), **how
            )
        )


def collated(dataset: Samples, samples: list[Any]) -> Batch:
    """One batch; a worker moves it to shared memory, since torch would do so where a full /dev/shm goes unreported."""
    batch = dataset.collate(samples)
    if get_worker_info():
        for tensor in (*batch.inputs.values(), *batch.targets.values(), batch.index):
            tensor.share_memory_()
    return batch


@contextmanager
def keep_sigchld_handler() -> Generator[None]:
    """Removes torch's SIGCHLD handler, which could raise anywhere, even inside a checkpoint write."""
    before = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCHLD, before if callable(before) else signal.SIG_DFL)


def _init_worker(starter: int, worker: int) -> None:
    """Initialize a worker. It inherits the lock on the run's state, so it must die with its parent.

    Ctrl-C terminates it silently.
    """
    die_with_parent(starter)
