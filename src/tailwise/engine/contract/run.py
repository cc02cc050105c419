"""Settings of a run: those that may change its result, and those that may not."""

import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Literal

import torch

from tailwise.core.errors import UserError
from tailwise.core.params.runtime import Runtime
from tailwise.core.stage.events import Events
from tailwise.core.system.cores import Auto
from tailwise.core.system.memory import keep_freed_memory
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.contract.record import EpochRecord
from tailwise.engine.distributed.device import find_device
from tailwise.engine.distributed.world import World


@dataclass(frozen=True)
class Training:
    """Shared by all phases; every field may change the result.

    seed: seed of all randomness
    batch_size: samples per optimizer step
    accumulate: micro-batches per step. The gradient is the same for any number, except that each micro-batch draws its
        own dropout mask. auto: as few as the free memory allows
    threads: CPU threads; the number affects rounding
    precision: on CUDA; the CPU always computes in float32
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
            raise ValueError(f"batch_size {self.batch_size} is not a multiple of accumulate {parts}")

    @property
    def micro_batch(self) -> int:
        """Samples per micro-batch."""
        return self.batch_size if self.accumulate == "auto" else self.batch_size // self.accumulate


@dataclass(frozen=True)
class Stability:
    """guards: check each step before the optimizer update; without guards a non-finite value ends the run
    spike_factor: a loss above this multiple of its running median is a spike, if it is also far outside its spread
    max_rollbacks: number of rollbacks before the next simpler model takes over
    """

    guards: bool = True
    spike_factor: float = 2.0
    max_rollbacks: int = 8

    def __post_init__(self):
        if self.spike_factor <= 1:
            raise ValueError(f"spike_factor must be above 1, found {self.spike_factor:g}")
        if self.max_rollbacks < 0:
            raise ValueError(f"max_rollbacks must not be negative, found {self.max_rollbacks}")


@dataclass(frozen=True)
class Run:
    """One call of the engine.

    name: the phase's, part of every seed
    recovery: where state is saved; None on all ranks but 0, and to save none
    save_every: maximum seconds of work lost to a kill; the state is saved between steps or validation batches
    observers: called with the history of records after each epoch; they return nothing
    stability: settings of the guards
    events: event log
    world: the training processes
    """

    name: str
    training: Training
    device: torch.device
    workers: int = 0
    recovery: Recovery | None = None
    save_every: float = 60.0
    observers: tuple[Callable[[list[EpochRecord]], None], ...] = ()
    stability: Stability = Stability()
    events: Events = field(default_factory=Events)
    world: World = World()

    def autocast(self):
        """bf16 autocast if enabled and on CUDA; otherwise a no-op."""
        if self.training.precision == "bf16" and self.device.type == "cuda":
            return torch.autocast("cuda", torch.bfloat16)
        return nullcontext()


def start(training: Training, runtime: Runtime) -> torch.device:
    """Fix threads, memory and deterministic kernels of this process; returns the device to use.

    Raises UserError for a missing device, and if OpenMP's thread limit is below `threads`.
    """
    check_threads(training.threads)
    keep_freed_memory()
    torch.set_num_threads(training.threads)
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms(True) without loading a compiler
    # filling takes a twentieth of a step, and nothing reads such memory
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue]
    torch.backends.cudnn.benchmark = False
    device = find_device(runtime.device, "runtime.device")
    if device.type == "cuda" and "LOCAL_RANK" in os.environ:  # one of several processes on this machine
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    return device


def check_threads(threads: int) -> None:
    """Raise UserError if OMP_THREAD_LIMIT is below `training.threads`: torch would hang in its first matmul."""
    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    if limit.strip().isdecimal() and int(limit) < threads:
        raise UserError(
            f"OMP_THREAD_LIMIT={limit} is below training.threads {threads}: unset it, or lower training.threads"
        )
