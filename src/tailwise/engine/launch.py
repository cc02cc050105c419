"""Several processes on one machine: the same script in each, started and restarted by torch's elastic launcher.

On several machines ``torchrun`` starts the script instead; then nothing here does anything.
"""

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from tailwise.core.errors import UserError
from tailwise.core.runtime import Runtime
from tailwise.engine.run import find_device

MISTAKE = "TAILWISE_MISTAKE"
"""Environment: where a process writes a person's mistake, as to start it again would not mend it."""

RESTARTS = 3
"""Times that all processes are started again, from the last state, when one of them was lost."""


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
    """Run this stage in `count` processes; raises UserError when they gave up."""
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=RESTARTS,
        monitor_interval=0.5,
    )
    with tempfile.TemporaryDirectory() as folder:
        mistake = Path(folder) / "mistake"
        os.environ[MISTAKE] = str(mistake)
        try:
            elastic_launch(config, sys.executable)("-m", "tailwise.core.stage", *sys.argv)
        except ChildFailedError as error:
            if not mistake.exists():
                raise UserError(f"a process was lost {RESTARTS + 1} times, see above") from error
        if mistake.exists():
            raise UserError(mistake.read_text(encoding="utf8"))


@contextmanager
def answerable() -> Iterator[None]:
    """Within, a person's mistake ends a process that `launch` started well, and is told by the one that did."""
    try:
        yield
    except UserError as error:
        if MISTAKE not in os.environ:
            raise
        Path(os.environ[MISTAKE]).write_text(str(error), encoding="utf8")
        sys.exit(0)
