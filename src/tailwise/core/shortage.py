"""Recognizes errors that mean out of memory, processes or threads, whichever library raised them."""

import errno
import resource

MESSAGES = (
    "failed to map segment",
    "cannot allocate memory",
    "can't allocate memory",
    "unable to allocate",
    "memory allocation still failed",
    "not enough memory",
    "bad_alloc",
    "memoryerror",
    "can't start new thread",
    "pthread_create failed",
)
"""Message fragments of the dynamic loader, OpenBLAS and torch, which raise no MemoryError."""


def shortage(error: BaseException) -> str | None:
    """The message for an error that means out of memory or processes; None for any other error."""
    if isinstance(error, MemoryError):
        return out_of_memory(str(error))
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return out_of_memory(str(error.filename or error.strerror))
    if isinstance(error, OSError) and error.errno == errno.EAGAIN:  # raised by fork
        return f"out of memory or processes: {error.strerror}; see ulimit -a"
    if isinstance(error, (ImportError, OSError, RuntimeError)):
        return shortage_in(str(error))
    return None


def shortage_in(text: str) -> str | None:
    """The message for the last line that reports a shortage; None if no line does."""
    lines = [line.strip() for line in text.splitlines() if any(words in line.lower() for words in MESSAGES)]
    return out_of_memory(lines[-1]) if lines else None


def out_of_memory(detail: str) -> str:
    """The message, with the memory limit if one is set. detail: the library's own message, or ""."""
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    limit = "" if most == resource.RLIM_INFINITY else f" (ulimit -v is {most // 1024})"
    return f"out of memory{limit}{f': {detail}' if detail else ''}"
