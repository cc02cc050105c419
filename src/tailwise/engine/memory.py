"""Memory: how much a sample needs, and running out of it, told apart from other errors and survived."""

import gc
import os
from collections.abc import Callable
from typing import TypeVar

import torch

from tailwise.core.memory import free_bytes
from tailwise.engine.run import Run
from tailwise.engine.task import Task

SPARE, BESIDE = 0.8, 2.0
"""Share of the free memory that is used; what a sample needs, by what autograd keeps of it: gradients and scratch."""

Result = TypeVar("Result")

SPOKEN = ("can't allocate memory", "not enough memory", "out of memory", "bad allocation", "bad_alloc")
"""Words of torch's allocators; on a processor their error has no type of its own."""

ONEDNN = "could not create a primitive"
"""All that oneDNN says when it finds no room for a kernel; a primitive that it does not know it calls by its name."""


def out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    told = str(error)
    return isinstance(error, RuntimeError) and (told == ONEDNN or any(words in told for words in SPOKEN))


def free() -> None:
    """Give back what a failed attempt held; its traceback must be gone by then."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def afford(work: Callable[[], Result]) -> Result | None:
    """What the work returns; None if memory ran out, and then what it held is given back."""
    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
    free()
    return None


def kept_bytes(task: Task, run: Run, sample: int) -> int:
    """What autograd keeps of one training sample between forward and backward, in bytes, shared storage once."""
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    own = {p.untyped_storage().data_ptr() for p in task.model.parameters()}
    task.model.eval()
    batch = task.train.collate([task.train[sample]]).to(run.device)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), run.autocast():
        task.model(**batch.inputs)
    return sum(size for place, size in kept.items() if place not in own)


def halved_to_fit(batch_size: int, needed: float, free: float) -> int:
    """The batch, halved until so many bytes a sample are free; at least 1."""
    size = batch_size
    while size > 1 and size * needed > free:
        size //= 2
    return size


def affordable(task: Task, run: Run, sample: int) -> int:
    """Samples to compute at once, alike for all processes: ``training.accumulate: auto``."""
    free = free_bytes(torch.cuda.mem_get_info()[0] if run.device.type == "cuda" else None)
    size, needed = run.training.batch_size, BESIDE * kept_bytes(task, run, sample)
    if free is not None:
        share = SPARE * free / int(os.environ.get("LOCAL_WORLD_SIZE", 1))
        size = halved_to_fit(size, needed, share)
        sizes = f"{needed / 1e6:.1f} MB each, {share / 1e6:.0f} MB free"
        run.events.tell("auto", f"training.accumulate: auto is a micro-batch of {size}, {sizes}", micro_batch=size)
    return min(run.world.gather(size))
