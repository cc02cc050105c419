"""Running out of memory: told apart from other errors, and survived."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

Result = TypeVar("Result")

SPOKEN = ("can't allocate memory", "not enough memory", "out of memory", "bad allocation")
"""Words of torch's allocators; on a processor their error has no type of its own."""


def out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in SPOKEN)


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
