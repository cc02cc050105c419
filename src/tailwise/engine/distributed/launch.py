"""Several processes on one machine: the same script in each, started and restarted by torch's elastic launcher.

A process that is lost is worth another start. A person's mistake and Ctrl-C are not: the process that meets one leaves
word in a folder that all of them share, ends well, and so do the others; the launcher tells what happened, once.

On several machines ``torchrun`` starts the script instead; then nothing here does anything.
"""

import os
import signal
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from tailwise.core.errors import UserError, describe_error
from tailwise.core.files import write_text
from tailwise.core.params.runtime import Runtime
from tailwise.core.system.parent import PARENT
from tailwise.engine.distributed.device import find_device

WORD = "TAILWISE_WORD"
"""Environment: the folder that has ``first``, the number of process 0; ``stop`` when the launcher was interrupted;
``mistake-<rank>``, a text; ``interrupted`` when a process ended so."""

RESTARTS = 3
"""Times that all processes are started again, from the last state, when one of them was lost."""

GRACE_S = 15.0, 2.0
"""Seconds that the first process and the others have to end by themselves once another has left word.

Those that wait for it on a GPU would wait for minutes. The first may be writing weights.
"""

MEMORY = Path("/dev/shm")
"""A folder that a full disk leaves alone, on Linux."""


def processes(runtime: Runtime) -> int:
    """How many this one is to start; 1 is this one itself, which is so in each that was started."""
    if "WORLD_SIZE" in os.environ:
        return 1
    gpus = torch.cuda.device_count() if find_device(runtime.device, "runtime.device").type == "cuda" else 0
    count = max(gpus, 1) if runtime.devices == "auto" else runtime.devices
    if gpus and count > gpus:
        raise UserError(f"runtime.devices is {count}, but this machine has {gpus} GPUs")
    return count


def launch(count: int) -> None:
    """Run this stage in `count` processes; raises UserError for a mistake, or when they gave up, else
    KeyboardInterrupt after Ctrl-C or SIGTERM."""
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=RESTARTS,
        monitor_interval=0.5,
        signals_to_handle="SIGQUIT",  # SIGINT and SIGTERM are heard here, and SIGHUP is left to nohup
    )
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place, prefix="tailwise-", ignore_cleanup_errors=True) as name:
        folder, lost = Path(name), None
        os.environ |= {WORD: name, PARENT: str(os.getpid())}
        with _passed_on(folder):
            try:
                elastic_launch(config, sys.executable)("-m", "tailwise.core.stage", *sys.argv)
            except ChildFailedError as error:
                lost = error
            except SignalException as error:
                raise KeyboardInterrupt from error
        raise_mistake(folder, lost)


def raise_mistake(folder: Path, lost: ChildFailedError | None) -> None:
    """Raise what the processes left word of; the first of them knows most."""
    if mistakes := sorted(folder.glob("mistake-*")):
        raise UserError(mistakes[0].read_text(encoding="utf8"))
    if (folder / "interrupted").exists():
        raise KeyboardInterrupt
    if lost:
        raise UserError(f"a process was lost {RESTARTS + 1} times, see above") from lost


@contextmanager
def _passed_on(folder: Path) -> Iterator[None]:
    """Ctrl-C and SIGTERM go to the first process alone: the others do not leave it alone in a step, so it can end
    that one, and saves. Where it is not there yet, or the second time, they end all at once."""
    pressed: list[int] = []

    def hear(number, frame) -> None:
        pressed.append(number)
        if len(pressed) > 1 or not _interrupt_first(folder):
            raise KeyboardInterrupt

    heard = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, hear) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt_first(folder: Path) -> bool:
    """Ctrl-C for process 0, and none is started again; False where there is none."""
    (folder / "stop").touch()
    try:
        os.kill(int((folder / "first").read_text(encoding="utf8")), signal.SIGINT)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return True


@contextmanager
def worker_guard() -> Iterator[None]:
    """Within, a process that `launch` started tells it what ends it, and ends with the others; see `report_failure`."""
    if WORD in os.environ:
        folder, rank = Path(os.environ[WORD]), int(os.environ["RANK"])
        if rank == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # it comes from the launcher
            write_text(folder / "first", str(os.getpid()))
        if (folder / "stop").exists():
            (folder / "interrupted").touch()
        if _told(folder):  # another start does not mend it
            sys.exit(0)
        threading.Thread(target=_end_after_word, args=(folder, GRACE_S[rank > 0]), daemon=True).start()
    with report_failure():
        yield


@contextmanager
def report_failure() -> Iterator[None]:
    """Within, a mistake or Ctrl-C ends a process that `launch` started well, with word for the launcher.

    So does an error after another process has left word: its leaving is the cause. Use it once more within `join`, as
    the others notice at the end of that.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if WORD not in os.environ:
            raise
        folder = Path(os.environ[WORD])
        if (text := describe_error(error)) is not None:
            write_text(folder / f"mistake-{int(os.environ['RANK']):06}", text)
        elif isinstance(error, KeyboardInterrupt):
            (folder / "interrupted").touch()
        elif not _told(folder):
            raise
        sys.exit(0)


def _told(folder: Path) -> bool:
    return (folder / "interrupted").exists() or any(folder.glob("mistake-*"))


def _end_after_word(folder: Path, seconds: float) -> None:
    """End this process, wherever it waits, when it has not ended some seconds after word was left."""
    while not _told(folder):
        time.sleep(0.2)
    time.sleep(seconds)
    os._exit(0)
