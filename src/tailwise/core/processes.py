"""Processes that do not outlive the one that started them, and work that may crash or hang in them."""

import ctypes
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from typing import Any, TypeVar

Item, Result = TypeVar("Item"), TypeVar("Result")
Say = Callable[[str], None]
"""Called by the work before each part of it, with the part's name."""


def die_with_parent() -> None:
    """Have the kernel kill this process when the process that started it dies (Linux)."""
    if sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def _begin() -> None:
    """A worker's first act. Ctrl-C reaches it too, but is its starter's business."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def map_in_processes(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """work(item) ... in order, in `workers` processes; in this one if there is one.

    A worker left behind by a killed stage would go on writing beside the next run's workers.
    """
    if workers <= 1:
        yield from map(work, items)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_begin) as pool:
        yield from pool.map(work, items)


def map_guarded(
    work: Callable[[Item, Say], Result],
    items: Iterable[Item],
    workers: int,
    timeout_s: float,
    without: Callable[[Item, str, str], Item],
) -> Iterator[tuple[int, Result]]:
    """(place of the item, work(item, say)) as they are done, by work that may crash its process or hang.

    work: at module level, for it travels to another process; calls say(part) before each part
    timeout_s: seconds a part may take
    without(item, part, reason): the item without the part that crashed or hung; it is tried again.
        reason: "crashed: ..." or "hangs: ..."
    Raises what the work raises; RuntimeError if a process is lost before its first part.
    """
    waiting = list(enumerate(items))[::-1]
    crew = [_Worker(work) for _ in range(min(workers, len(waiting)))]
    try:
        while waiting or any(worker.busy for worker in crew):
            for worker in crew:
                if waiting and not worker.busy:
                    worker.start(*waiting.pop(), timeout_s)
            yield from _answers(crew, waiting, timeout_s, without)
    finally:
        for worker in crew:
            worker.stop()


def _answers(crew: list["_Worker"], waiting: list, timeout_s: float, without: Callable) -> Iterator[tuple[int, Any]]:
    """Wait for one message or one deadline; the results that came."""
    busy = [worker for worker in crew if worker.busy]
    patience = max(min(worker.deadline for worker in busy) - time.monotonic(), 0)
    ready = connection.wait([worker.pipe for worker in busy], patience)
    for worker in busy:
        if worker.pipe in ready:
            kind, value = worker.receive(timeout_s)
        elif time.monotonic() >= worker.deadline:
            kind, value = "lost", f"hangs: no answer for {timeout_s:g} s"
        else:
            continue
        if kind == "done":
            yield worker.place, value
        elif kind == "raised":
            raise value
        elif kind == "lost":
            place, item, part = worker.place, worker.item, worker.part
            worker.restart()
            if part is None:
                raise RuntimeError(f"a worker process was lost before it began: {value}")
            waiting.append((place, without(item, part, value)))


@dataclass
class _Worker:
    """A process and what it is at; busy while it holds an item."""

    work: Callable
    busy: bool = False
    place: int = -1
    item: Any = None
    part: str | None = None
    deadline: float = 0.0
    pipe: connection.Connection = field(init=False)

    def __post_init__(self):
        self._open()

    def _open(self) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(self.work, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def start(self, place: int, item: Any, timeout_s: float) -> None:
        self.busy, self.place, self.item, self.part = True, place, item, None
        self.deadline = time.monotonic() + timeout_s + _STARTING_S
        self.pipe.send(item)

    def receive(self, timeout_s: float) -> tuple[str, Any]:
        """The next message; ("lost", reason) if the process is gone."""
        try:
            kind, value = self.pipe.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            return "lost", f"crashed: {_ending(self.process.exitcode)}"
        if kind == "at":
            self.part, self.deadline = value, time.monotonic() + timeout_s
        else:
            self.busy = False
        return kind, value

    def restart(self) -> None:
        self.stop()
        self.busy = False
        self._open()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


_STARTING_S = 60
"""Room for a new process to import what it needs."""


def _ending(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit {status}"


def _serve(work: Callable, pipe: connection.Connection) -> None:
    """A worker's life: an item in, messages out."""
    _begin()
    while True:
        item = pipe.recv()
        try:
            pipe.send(("done", work(item, lambda part: pipe.send(("at", part)))))
        except Exception as error:
            pipe.send(("raised", error))
