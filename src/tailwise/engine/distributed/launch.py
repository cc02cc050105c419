"""Several processes on one machine: the same script in each, started and restarted by torch's elastic launcher.

The launcher restarts all processes when one is lost. A user error or Ctrl-C must not cause a restart: the process
records it in a shared folder and exits with 0, as do the others; the launcher reports it once.

On several machines ``torchrun`` starts the script instead, and this module does nothing.
"""

import os
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import torch
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from tailwise.core.errors import UserError, describe_error
from tailwise.core.files import write_text
from tailwise.core.params.runtime import Runtime
from tailwise.core.system.parent import PARENT
from tailwise.engine.distributed.device import find_device

SHARED = "TAILWISE_SHARED"
"""Environment: the shared folder. It holds ``first``, the process id of rank 0; ``stop`` once the launcher was
interrupted; ``mistake-<rank>``, a user error's text; ``interrupted`` once a process was."""

RESTARTS = 3
"""How often all processes are restarted from the last state after one was lost."""

GRACE_S = 15.0, 2.0
"""Seconds that rank 0 and the other ranks have to exit once a failure is recorded.

On a GPU a rank would wait minutes for a lost one. Rank 0 may be writing weights.
"""

MEMORY = Path("/dev/shm")
"""In memory on Linux, so a full disk does not matter."""


def processes(runtime: Runtime) -> int:
    """Number of processes to start; 1, also in started processes, means to train in this one."""
    if "WORLD_SIZE" in os.environ:
        return 1
    gpus = torch.cuda.device_count() if find_device(runtime.device, "runtime.device").type == "cuda" else 0
    count = max(gpus, 1) if runtime.devices == "auto" else runtime.devices
    if gpus and count > gpus:
        raise UserError(f"runtime.devices is {count}, but this machine has {gpus} GPUs")
    return count


def launch(count: int) -> None:
    """Run this stage in `count` processes.

    Raises UserError for a recorded user error or after too many restarts; KeyboardInterrupt after Ctrl-C or SIGTERM."""
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=RESTARTS,
        monitor_interval=0.5,
        signals_to_handle="SIGQUIT",  # SIGINT and SIGTERM are handled here; SIGHUP is left to nohup
    )
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place, prefix="tailwise-", ignore_cleanup_errors=True) as name:
        folder, lost = Path(name), None
        os.environ |= {SHARED: name, PARENT: str(os.getpid())}
        with _forward_interrupts(folder):
            try:
                elastic_launch(config, sys.executable)("-m", "tailwise.core.stage", *sys.argv)
            except ChildFailedError as error:
                lost = error
            except SignalException as error:
                raise KeyboardInterrupt from error
        raise_mistake(folder, lost)


def raise_mistake(folder: Path, lost: ChildFailedError | None) -> None:
    """Raise the failure that the processes recorded, the lowest rank's first."""
    if mistakes := sorted(folder.glob("mistake-*")):
        raise UserError(mistakes[0].read_text(encoding="utf8"))
    if (folder / "interrupted").exists():
        raise KeyboardInterrupt
    if lost:
        raise UserError(f"a process was lost {RESTARTS + 1} times, see above") from lost


@contextmanager
def _forward_interrupts(folder: Path) -> Generator[None]:
    """Forwards Ctrl-C and SIGTERM to rank 0 alone, which finishes its step with the others and saves.

    Before rank 0 exists, and the second time, interrupts at once.
    """
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1 or not _interrupt_first(folder):
            raise KeyboardInterrupt

    handled = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt_first(folder: Path) -> bool:
    """Send SIGINT to rank 0 and prevent restarts; False if there is no rank 0."""
    (folder / "stop").touch()
    try:
        os.kill(int((folder / "first").read_text(encoding="utf8")), signal.SIGINT)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True


@contextmanager
def worker_guard() -> Generator[None]:
    """Makes a process that `launch` started exit when any of them records a failure, and record its own.

    Does nothing in other processes. See `report_failure`.
    """
    if SHARED in os.environ:
        folder, rank = Path(os.environ[SHARED]), int(os.environ["RANK"])
        if rank == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # the launcher sends it
            write_text(folder / "first", str(os.getpid()))
        if (folder / "stop").exists():
            (folder / "interrupted").touch()
        if _failed(folder):  # a restart does not help
            sys.exit(0)
        threading.Thread(target=_exit_after_failure, args=(folder, GRACE_S[rank > 0]), daemon=True).start()
    with report_failure():
        yield


@contextmanager
def report_failure() -> Generator[None]:
    """Turns a user error or Ctrl-C into a clean worker exit and records it for the launcher.

    Also exits cleanly on any error after another process has recorded a failure, which is then the cause. Enter it
    again within `join`: leaving `join` makes the other processes fail.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if SHARED not in os.environ:
            raise
        folder = Path(os.environ[SHARED])
        if (text := describe_error(error)) is not None:
            write_text(folder / f"mistake-{int(os.environ['RANK']):06}", text)
        elif isinstance(error, KeyboardInterrupt):
            (folder / "interrupted").touch()
        elif not _failed(folder):
            raise
        sys.exit(0)


def _failed(folder: Path) -> bool:
    return (folder / "interrupted").exists() or any(folder.glob("mistake-*"))


def _exit_after_failure(folder: Path, seconds: float) -> None:
    """Exit this process some seconds after a failure was recorded, whatever it waits for."""
    while not _failed(folder):
        time.sleep(0.2)
    time.sleep(seconds)
    os._exit(0)
