"""How a run computes: what may change its result, and what may not."""

import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Literal

import torch

from tailwise.core.cores import Auto
from tailwise.core.errors import UserError
from tailwise.core.events import Events
from tailwise.core.runtime import Runtime
from tailwise.engine.guards import Stability
from tailwise.engine.record import Record
from tailwise.engine.recovery import Recovery
from tailwise.engine.world import World


@dataclass(frozen=True)
class Training:
    """Shared by all phases; every field may change the result.

    seed: of all randomness
    batch_size: samples an optimizer step
    accumulate: micro-batches a step is computed in; their gradients add up to the same step, but that each micro-batch
        draws its own dropout. auto: as few as the free memory allows
    threads: of the processor; another number rounds differently
    precision: on CUDA; a processor always computes in float32
    """

    seed: int
    batch_size: int
    accumulate: int | Auto
    threads: int
    precision: Literal["float32", "bf16"]

    def __post_init__(self):
        if self.seed < 0:
            raise ValueError(f"seed must not be negative, found {self.seed}")
        parts = 1 if self.accumulate == "auto" else self.accumulate
        if min(self.batch_size, parts, self.threads) < 1:
            raise ValueError("batch_size, accumulate and threads must be at least 1")
        if self.batch_size % parts:
            raise ValueError(f"batch_size {self.batch_size} is no multiple of accumulate {parts}")

    @property
    def micro_batch(self) -> int:
        """Samples that are computed at once, at most."""
        return self.batch_size if self.accumulate == "auto" else self.batch_size // self.accumulate


@dataclass(frozen=True)
class Run:
    """One call of the engine.

    name: the phase's, part of every seed
    recovery: where state is kept; None keeps none, and so do all processes but the first
    save_every: seconds of work that a kill may cost; the state is kept between two steps or two batches of judging
    observers: called with the history of records after each epoch; they return nothing
    stability: what is done about faults
    events: the log
    world: the processes that train together
    """

    name: str
    training: Training
    device: torch.device
    workers: int = 0
    recovery: Recovery | None = None
    save_every: float = 60.0
    observers: tuple[Callable[[list[Record]], None], ...] = ()
    stability: Stability = Stability()
    events: Events = field(default_factory=Events)
    world: World = World()

    def autocast(self):
        """bf16 where asked for and on CUDA; elsewhere nothing."""
        if self.training.precision == "bf16" and self.device.type == "cuda":
            return torch.autocast("cuda", torch.bfloat16)
        return nullcontext()


def start(training: Training, runtime: Runtime) -> torch.device:
    """Fix threads and deterministic kernels for this process; returns the device to use.

    Raises UserError for a device that is not there, and for threads that OpenMP would wait for and never give.
    """
    check_threads(training.threads)
    torch.set_num_threads(training.threads)
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms(True) without loading a compiler
    torch.backends.cudnn.benchmark = False
    device = find_device(runtime.device, "runtime.device")
    if device.type == "cuda" and "LOCAL_RANK" in os.environ:  # one of several processes of a machine
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    return device


def check_threads(threads: int) -> None:
    """Raise UserError where a limit from outside is below `training.threads`: torch then hangs in its first product."""
    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    if limit.strip().isdecimal() and int(limit) < threads:
        raise UserError(f"OMP_THREAD_LIMIT={limit} is below training.threads {threads}: unset it, or lower training.threads")


def find_device(wanted: str, key: str) -> torch.device:
    """auto (CUDA where there is one), cpu or cuda as a device; `key` is where it was asked for, for the message."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError(f"{key} is cuda, but this machine has none: use auto or cpu")
    found = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(found if wanted == "auto" else wanted)
