"""Runs work that may crash its process or hang, such as decoding damaged files, without losing the run."""

import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import connection, get_context
from typing import Any, TypeVar

from tailwise.core.system.processes import WorkerLost, block_sigint, init_worker

Item = TypeVar("Item")
Result = TypeVar("Result")
Report = Callable[[str], None]
"""Callback that the work calls with a part's name before it starts that part of an item."""

STARTUP_S = 60
"""Extra time for the imports of a new process."""


def map_guarded(
    work: Callable[[Item, Report], Result],
    items: Iterable[Item],
    workers: int,
    timeout_s: float,
    without: Callable[[Item, str, str], Item],
    on_part: Callable[[], object] = lambda: None,
) -> Iterator[tuple[int, Result]]:
    """Yields (index of the item, work(item, report)) as they finish, from work that may crash its process or hang.

    work: a module-level function (it is pickled); it calls report(part) before each part
    timeout_s: seconds a part may take
    without(item, part, reason): returns the item without a part that crashed or hung twice; the item is then retried.
        reason: "crashed: ..." or "hangs: ..."
    on_part: called when a part starts for the first time
    Raises the work's exceptions; WorkerLost if a process dies before its first part.
    """
    queue = [Job(index, item) for index, item in enumerate(items)][::-1]
    pool = [Worker(work, timeout_s) for _ in range(min(workers, len(queue)))]
    begun: set[tuple[int, str]] = set()
    try:
        while queue or any(worker.job for worker in pool):
            assign(queue, pool)
            for job, message in receive(pool):
                match message:
                    case Begun(part):
                        if (job.index, part) not in begun:
                            begun.add((job.index, part))
                            on_part()
                    case Done(result):
                        yield job.index, result
                    case Failed(error):
                        raise error
                    case Lost(reason):
                        queue.append(job.retry(reason, without))
    finally:
        for worker in pool:
            worker.stop()


@dataclass(frozen=True)
class Begun:
    """A part begins."""

    part: str


@dataclass(frozen=True)
class Done:
    """The item is done."""

    result: Any


@dataclass(frozen=True)
class Failed:
    """The work raised."""

    error: Exception


@dataclass(frozen=True)
class Lost:
    """The process crashed or hung."""

    reason: str


Message = Begun | Done | Failed | Lost


@dataclass(frozen=True)
class Job:
    """An item and its index. part: the current part; suspects: parts that lost a process once"""

    index: int
    item: Any
    part: str | None = None
    suspects: frozenset[str] = frozenset()

    def retry(self, reason: str, without: Callable[[Any, str, str], Any]) -> "Job":
        """The job to retry, without its current part if that part lost a process before."""
        if self.part is None:
            raise WorkerLost(f"a worker process was lost before it began: {reason}")
        if self.part in self.suspects:
            return Job(self.index, without(self.item, self.part, reason), None, self.suspects)
        return Job(self.index, self.item, None, self.suspects | {self.part})


@dataclass
class Worker:
    """A process and its job; None while idle."""

    work: Callable[[Any, Report], Any]
    timeout_s: float
    job: Job | None = None
    deadline: float = 0.0
    pipe: connection.Connection = field(init=False)

    def __post_init__(self):
        self._open()

    def _open(self) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(os.getpid(), self.work, theirs), daemon=True)
        with block_sigint():
            self.process.start()
        theirs.close()

    def start(self, job: Job) -> None:
        try:
            self.pipe.send(job.item)
        except OSError:  # killed while idle
            self.restart()
            self.pipe.send(job.item)
        self.job, self.deadline = job, time.monotonic() + self.timeout_s + STARTUP_S

    def poll(self) -> tuple[Job, Message] | None:
        """The next message, or Lost after the deadline; a message that has arrived comes first."""
        if (job := self.job) is None:
            return None
        if self.pipe.poll():
            message = self._receive()
        elif time.monotonic() >= self.deadline:
            message = Lost(f"hangs: no answer for {self.timeout_s:g} s")
        else:
            return None
        if isinstance(message, Begun):
            self.job, self.deadline = replace(job, part=message.part), time.monotonic() + self.timeout_s
        else:
            self.job = None
        if isinstance(message, Lost):
            self.restart()
        return job, message

    def _receive(self) -> Message:
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return Lost(f"crashed: {exit_text(self.process.exitcode or 0)}")

    def restart(self) -> None:
        self.stop()
        self._open()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def assign(queue: list[Job], pool: list[Worker]) -> None:
    """Give each idle worker a job."""
    for worker in pool:
        if queue and not worker.job:
            worker.start(queue.pop())


def receive(pool: list[Worker]) -> list[tuple[Job, Message]]:
    """Wait for a message or a deadline; returns all messages that arrived."""
    busy = [worker for worker in pool if worker.job]
    timeout = max(min(worker.deadline for worker in busy) - time.monotonic(), 0)
    connection.wait([worker.pipe for worker in busy], timeout)
    return [found for worker in busy if (found := worker.poll())]


def exit_text(status: int) -> str:
    """An exit status as text: the signal's name if a signal killed the process."""
    return signal.Signals(-status).name if status < 0 else f"exit {status}"


def serve(parent: int, work: Callable[[Any, Report], Any], pipe: connection.Connection) -> None:
    """A worker's loop: receive an item, send messages; ends when the other end of the pipe is closed."""
    init_worker(parent)
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        try:
            result = work(item, lambda part: pipe.send(Begun(part)))
        except Exception as error:
            pipe.send(Failed(portable(error)))
        else:
            pipe.send(Done(result))


def portable(error: Exception) -> Exception:
    """The error with its traceback as a note, or a RuntimeError with the same text if it cannot be pickled."""
    error.add_note("in a worker process:\n" + "".join(traceback.format_exception(error)))
    try:
        return pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError("".join(traceback.format_exception(error)))
