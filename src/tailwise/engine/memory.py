"""Running out of memory: told apart from other errors, and survived."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

Result = TypeVar("Result")

SPOKEN = ("can't allocate memory", "not enough memory", "out of memory", "bad allocation")
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
