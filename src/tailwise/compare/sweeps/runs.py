"""Runs the cells of a sweep as DVC experiments, some at a time.

Each is a `dvc exp run --temp` of its own process: DVC's queue never takes up a task whose worker was killed, and here
such a task is put back. The first one goes ahead alone until it reaches a stage that depends on the seed: what all runs
share is then in DVC's run cache, where the others find it.
"""

import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tailwise.compare.git import experiments
from tailwise.compare.sweeps.costs import Watch, write_costs
from tailwise.compare.sweeps.pipeline import Pipeline
from tailwise.compare.sweeps.sweep import Cell

SOURCES = Path(__file__).parents[3]
"""The folder of the package tailwise."""
TRIES, TRIES_LOCKED = 3, 30
"""Of a run whose process was killed, and of one that found DVC locked, as by another run that is being saved."""
PAUSE = 2.0
"""Seconds before another try."""
KEPT_LINES = 30
KILLED = re.compile(r"exited with -\d+")
LOCKED = re.compile(r"Unable to acquire lock|is busy, it is being blocked")
"""Printed by DVC where a stage was killed, and where another DVC of this folder holds a lock."""
STARTED = re.compile(r"Running stage '|Stage '.+' didn't change|Stage '.+' is cached|Verifying data sources")

Command = Callable[[Cell, str], list[str]]
Beside = Callable[["subprocess.Popen[str]", Watch], AbstractContextManager[object]]
"""Makes what goes on beside a run, of its process and of what has been read of its output."""


def dvc_command(cell: Cell, target: str) -> list[str]:
    """DVC, bound to this process."""
    changes = [word for override in cell.words for word in ("-S", override)]
    child = [sys.executable, "-u", "-m", "tailwise.compare.sweeps.child", str(os.getpid())]
    return [*child, "exp", "run", "--temp", "--name", cell.name, *changes, target]


def _nothing(process: "subprocess.Popen[str]", watch: Watch) -> AbstractContextManager[object]:
    return nullcontext()


@dataclass
class Runner:
    """folder: of the pipeline; target: the last stage that a run makes; say: is given a line for people

    starting: held from a run's start until it has taken its copy of the workspace
    grouped: runs are process groups of their own, which `interrupt` ends
    """

    folder: Path
    target: str
    pipeline: Pipeline
    say: Callable[[str], None] = print
    command: Command = dvc_command
    grouped: bool = False
    starting: AbstractContextManager[object] = field(default_factory=threading.Lock)
    _logging: threading.Lock = field(default_factory=threading.Lock)
    shared_done: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    _running: set[subprocess.Popen[str]] = field(default_factory=set)

    def run_all(self, cells: Sequence[Cell], workers: int) -> dict[str, str]:
        """{name: why it failed} of the cells that failed; all others are experiments now."""
        with ThreadPoolExecutor(workers) as pool:
            try:
                reasons = list(pool.map(self._worked, cells, [number == 0 for number in range(len(cells))]))
            except BaseException:  # Ctrl-C among them: nothing goes on behind the user's back
                self.stop()
                raise
        return {cell.name: reason for cell, reason in zip(cells, reasons) if reason}

    def _worked(self, cell: Cell, first: bool) -> str | None:
        """Run a cell, again where its process was killed; the reason if it failed."""
        try:
            if not first:
                self.shared_done.wait()
            if self.stopped.is_set():
                return "stopped"
            reason = self.run(cell)
            self.say(f"{cell}: {'done' if reason is None else f'failed: {reason}'}")
            return reason
        finally:
            self.shared_done.set()

    def run(self, cell: Cell, beside: Beside = _nothing, ended: Callable[[], bool] = lambda: False) -> str | None:
        """Run a cell, again where its process was killed; why it failed, None if its experiment is there.

        beside: makes the context of each try; ended: whether the run was ended on purpose
        """
        for number in itertools.count(1):
            reason, tries = self._tried(cell, beside)
            if number >= tries or ended() or self.stopped.is_set():
                return reason
            self.say(f"{cell}: put back: {reason}")
            time.sleep(PAUSE)

    def _tried(self, cell: Cell, beside: Beside) -> tuple[str | None, int]:
        """(why it failed, or None; how often to try what ends so)"""
        watch = Watch()
        process, lines = self._followed(cell, watch, beside)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self._running.discard(process)
        if process.returncode == 0 and (commits := experiments(self.folder).get(cell.name)):
            peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            with self._logging:
                write_costs(self.folder, commits[-1], watch, peak, self.pipeline.costly)
            return None, 1
        return _reason(process.returncode, lines), _tries(process.returncode, lines)

    def _followed(self, cell: Cell, watch: Watch, beside: Beside) -> tuple["subprocess.Popen[str]", list[str]]:
        """Run DVC until it has printed all; its process and the last lines.

        The next one starts only when this one has taken its copy of the workspace.
        """
        lines: deque[str] = deque(maxlen=KEPT_LINES)
        with ExitStack() as running, ExitStack() as starting:
            starting.enter_context(self.starting)
            process = self._begun(cell)
            running.enter_context(beside(process, watch))
            for line in process.stdout or ():
                lines.append(line.strip())
                if STARTED.search(line):
                    starting.close()
                if watch.see(line) in self.pipeline.seeded:
                    self.shared_done.set()
        watch.end()
        return process, list(lines)

    def _begun(self, cell: Cell) -> "subprocess.Popen[str]":
        """Start DVC, with this code on its path and its output in a pipe."""
        path = [str(SOURCES), *filter(None, [os.environ.get("PYTHONPATH")])]
        process = subprocess.Popen(
            self.command(cell, self.target),
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0 if self.grouped else None,
        )
        self._running.add(process)
        if self.stopped.is_set():  # while it waited for its turn
            self.stop()
        return process

    def stop(self) -> None:
        """End the runs, also those that wait for their turn."""
        self.stopped.set()
        self.shared_done.set()
        for process in list(self._running):
            if self.grouped:
                interrupt(process)
            else:
                with suppress(OSError):
                    process.send_signal(signal.SIGTERM)


def _tries(status: int, lines: Sequence[str]) -> int:
    """How often to try a run that ends so."""
    if any(map(LOCKED.search, lines)):
        return TRIES_LOCKED
    return TRIES if status < 0 or any(map(KILLED.search, lines)) else 1


def interrupt(process: "subprocess.Popen[str]", number: int = signal.SIGINT) -> None:
    """Signal a run that is a process group: its stage saves its state and ends, then DVC removes its copy."""
    with suppress(OSError):
        os.killpg(process.pid, number)


def _reason(status: int, lines: Sequence[str]) -> str:
    """The last error that was printed."""
    if status < 0:
        return f"killed by signal {-status}"
    told = [line for line in lines if line]
    errors = [line.removeprefix("ERROR: ") for line in told if line.startswith("ERROR: ")]
    return (errors or told or [f"exit {status}"])[-1]
