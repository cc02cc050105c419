"""Work that may crash or hang, in processes that do not outlive the one that started them."""

import errno
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import connection, get_context, resource_tracker
from typing import Any, TypeVar

from tailwise.core.errors import UserError
from tailwise.core.system.parent import die_with_parent

Item, Result = TypeVar("Item"), TypeVar("Result")
Say = Callable[[str], None]
"""Called by the work before each part of it, with the part's name."""


def _begin(starter: int) -> None:
    """A worker's first act. Ctrl-C reaches it too, but is its starter's business. starter: number of its process"""
    die_with_parent(starter)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _block_sigint() -> Iterator[None]:
    """Processes started within never hear Ctrl-C, not even before `_begin`; for this one it waits until the end.

    The tracker of multiprocessing comes first, for its start would let Ctrl-C through again. The handler waits too:
    a signal may be met by another thread, whose mask this is not. In other threads than the main one, such as those of
    a cluster's worker, the handler is not theirs to change.
    """
    resource_tracker.ensure_running()
    pressed: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number)) if main else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if main:
            signal.signal(signal.SIGINT, handler)
    if pressed:
        raise KeyboardInterrupt


def map_in_processes(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """work(item) ... in order, in `workers` processes; in this one if there is one.

    A worker left behind by a killed stage would go on writing beside the next run's workers.
    """
    if workers <= 1:
        yield from map(work, items)
        return
    with shared_memory():
        pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_begin, initargs=(os.getpid(),))
    try:
        with _block_sigint():  # all are started as the first item is given
            results = pool.map(work, items)
        yield from results
    except BrokenProcessPool as error:
        raise WorkerLost("a worker process was lost: killed, crashed or out of memory") from error
    finally:
        pool.shutdown(cancel_futures=True)


class WorkerLost(UserError, RuntimeError):
    """A process ended that had work to do, and another would not do it either."""


@contextmanager
def shared_memory() -> Iterator[None]:
    """That there is no room for the locks that processes share names where they lie; by itself it names nothing."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, "/dev/shm") from error


def map_guarded(
    work: Callable[[Item, Say], Result],
    items: Iterable[Item],
    workers: int,
    timeout_s: float,
    without: Callable[[Item, str, str], Item],
    seen: Callable[[], object] = lambda: None,
) -> Iterator[tuple[int, Result]]:
    """(place of the item, work(item, say)) as they are done, by work that may crash its process or hang.

    work: at module level, for it travels to another process; calls say(part) before each part
    timeout_s: seconds a part may take
    without(item, part, reason): the item without a part that crashed or hung twice; it is tried again.
        reason: "crashed: ..." or "hangs: ..."
    seen: called as each part begins, not again when it is tried again
    Raises what the work raises; WorkerLost if a process is lost before its first part.
    """
    waiting = [_Job(place, item) for place, item in enumerate(items)][::-1]
    crew = [_Worker(work, timeout_s) for _ in range(min(workers, len(waiting)))]
    begun: set[tuple[int, str]] = set()
    try:
        while waiting or any(worker.job for worker in crew):
            for worker in crew:
                if waiting and not worker.job:
                    worker.start(waiting.pop())
            for job, kind, value in _messages(crew):
                if kind == "at":
                    if (job.place, value) not in begun:
                        begun.add((job.place, value))
                        seen()
                elif kind == "done":
                    yield job.place, value
                elif kind == "raised":
                    raise value
                else:
                    waiting.append(job.again(value, without))
    finally:
        for worker in crew:
            worker.stop()


@dataclass(frozen=True)
class _Job:
    """An item at its place; part: what it is at; tried: the parts that were lost once."""

    place: int
    item: Any
    part: str | None = None
    tried: frozenset[str] = frozenset()

    def again(self, reason: str, without: Callable) -> "_Job":
        """The same once more; without the part, if it was lost before."""
        if self.part is None:
            raise WorkerLost(f"a worker process was lost before it began: {reason}")
        if self.part in self.tried:
            return _Job(self.place, without(self.item, self.part, reason), None, self.tried)
        return _Job(self.place, self.item, None, self.tried | {self.part})


def _messages(crew: list["_Worker"]) -> list[tuple[_Job, str, Any]]:
    """Wait for a message or a deadline; (job, kind, value) of all that came, kind "lost" for a lost process."""
    busy = [worker for worker in crew if worker.job]
    patience = max(min(worker.deadline for worker in busy) - time.monotonic(), 0)
    connection.wait([worker.pipe for worker in busy], patience)
    return [message for worker in busy if (message := worker.poll())]


@dataclass
class _Worker:
    """A process and its job, None while it waits."""

    work: Callable
    timeout_s: float
    job: _Job | None = None
    deadline: float = 0.0
    pipe: connection.Connection = field(init=False)

    def __post_init__(self):
        self._open()

    def _open(self) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(os.getpid(), self.work, theirs), daemon=True)
        with _block_sigint():
            self.process.start()
        theirs.close()

    def start(self, job: _Job) -> None:
        try:
            self.pipe.send(job.item)
        except OSError:  # killed while it waited
            self.restart()
            self.pipe.send(job.item)
        self.job, self.deadline = job, time.monotonic() + self.timeout_s + _STARTING_S

    def poll(self) -> tuple[_Job, str, Any] | None:
        """What there is to say: a message that came, or that the time is over; the message counts first."""
        job = self.job
        if self.pipe.poll():
            kind, value = self._receive()
        elif time.monotonic() >= self.deadline:
            kind, value = "lost", f"hangs: no answer for {self.timeout_s:g} s"
        else:
            return None
        if kind == "at":
            self.job, self.deadline = replace(job, part=value), time.monotonic() + self.timeout_s
        else:
            self.job = None
        if kind == "lost":
            self.restart()
        return job, kind, value

    def _receive(self) -> tuple[str, Any]:
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return "lost", f"crashed: {_ending(self.process.exitcode)}"

    def restart(self) -> None:
        self.stop()
        self._open()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


_STARTING_S = 60
"""Room for a new process to import what it needs."""


def _ending(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit {status}"


def _serve(starter: int, work: Callable, pipe: connection.Connection) -> None:
    """A worker's life: an item in, messages out; it ends when there is nobody at the other end."""
    _begin(starter)
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        try:
            result = work(item, lambda part: pipe.send(("at", part)))
        except Exception as error:
            pipe.send(("raised", _portable(error)))
        else:
            pipe.send(("done", result))


def _portable(error: Exception) -> Exception:
    """The error with where it came from, as it arrives in another process; a RuntimeError if it cannot travel."""
    error.add_note("in a worker process:\n" + "".join(traceback.format_exception(error)))
    try:
        return pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError("".join(traceback.format_exception(error)))
