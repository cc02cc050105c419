"""Memory: estimates a sample's needs, and detects and recovers from out-of-memory errors."""

import errno
import gc
import os
from collections.abc import Callable
from functools import partial
from typing import TypeVar, cast

import torch

from tailwise.core.errors import UserError
from tailwise.core.system.memory import free_bytes
from tailwise.engine.batches.dry_forward import dry_forward
from tailwise.engine.contract.run import Run
from tailwise.engine.contract.task import Task

SPARE, BESIDE = 0.8, 2.0
"""Share of the free memory to use; and memory per sample relative to its saved tensors, for gradients and scratch."""

TOO_LARGE = "out of memory with one sample at a time: a smaller window or model"

Result = TypeVar("Result")

MESSAGES = (
    "can't allocate memory",
    "cannot allocate memory",
    "unable to allocate",
    "unable to mmap",
    "unable to write to file </torch",
    "not enough memory",
    "out of memory",
    "bad allocation",
    "bad_alloc",
    "caught memoryerror",
)
"""Words of torch's allocators, whose error on a processor has no type of its own; of its shared memory, in which data
workers leave what they load; and of its account of a worker's MemoryError."""

ONEDNN = "could not create a primitive"
"""All that oneDNN says when it finds no room for a kernel; a primitive that it does not know it calls by its name."""


def out_of_memory(error: BaseException) -> bool:
    message = str(error)
    if isinstance(error, OSError):
        return os.strerror(errno.ENOMEM) in message
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and (
        message == ONEDNN or any(words in message.lower() for words in MESSAGES)
    )


def free() -> None:
    """Free the memory of a failed attempt, whose traceback must be released first."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def catch_oom(work: Callable[[], Result]) -> Result | None:
    """The result of the work; None if memory ran out, after freeing what it held."""
    try:
        return work()
    except (RuntimeError, MemoryError, OSError) as error:
        if not out_of_memory(error):
            raise
        error.__traceback__ = None  # torch's frames may refer to the error, which keeps their tensors alive
    free()
    return None


def catch_oom_in_all(work: Callable[[], Result], run: Run) -> Result:
    """The result of the work on a single sample; UserError in all processes if memory ran out in one."""
    found = catch_oom(work)
    if run.world.any(found is None):
        raise UserError(f"{run.name}: {TOO_LARGE}")
    return cast(Result, found)


def kept_bytes(task: Task, run: Run, sample: int) -> int:
    """Bytes of the tensors that autograd saves for the backward pass of one sample; shared storage counts once.

    Excludes what gradient checkpointing recomputes. Leaves the model in evaluation mode.
    """
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    own = {t.untyped_storage().data_ptr() for t in [*task.model.parameters(), *task.model.buffers()]}
    hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
    with dry_forward(task, run, [sample]) as batch, hooks, run.autocast():
        task.model(**batch.inputs)
    return sum(size for place, size in kept.items() if place not in own)


def halved_to_fit(batch_size: int, needed: float, free: float) -> int:
    """The largest batch / 2^k that fits into the free bytes; at least 1."""
    size = batch_size
    while size > 1 and size * needed > free:
        size //= 2
    return size


def free_share(device: torch.device) -> float | None:
    """Bytes of free memory available to this process; None if unknown.

    Each process has its own GPU; CPU memory is shared by all training processes of the machine.
    """
    on_gpu = device.type == "cuda"
    left = free_bytes(torch.cuda.mem_get_info()[0] if on_gpu else None)
    sharers = 1 if on_gpu else int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    return None if left is None else SPARE * left / sharers


def auto_micro_batch(task: Task, run: Run, sample: int) -> int:
    """The micro-batch for ``training.accumulate: auto``: the minimum over processes, logged by rank 0.

    Raises UserError if memory runs out with a single training sample.
    """
    free()
    share, size = free_share(run.device), run.training.batch_size
    needed = BESIDE * catch_oom_in_all(partial(kept_bytes, task, run, sample), run)
    size = size if share is None else halved_to_fit(size, needed, share)
    spare = "free memory unknown" if share is None else f"{share / 1e6:.0f} MB free"
    size, sizes = min(run.world.gather((size, f"{needed / 1e6:.1f} MB each, {spare}")))
    if run.world.rank == 0:
        run.events.log("auto", f"training.accumulate: auto is a micro-batch of {size}, {sizes}", micro_batch=size)
    return size
